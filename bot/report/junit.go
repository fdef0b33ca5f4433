package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// The elements of JUnit XML, in the form that Jenkins and GitLab read (windyroad.com.au JUnit.xsd, Jenkins' xunit).
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Time     string       `xml:"time,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name      string      `xml:"name,attr"`
	ID        int         `xml:"id,attr"`
	Package   string      `xml:"package,attr"`
	Tests     int         `xml:"tests,attr"`
	Failures  int         `xml:"failures,attr"`
	Errors    int         `xml:"errors,attr"`
	Skipped   int         `xml:"skipped,attr"`
	Time      string      `xml:"time,attr"`
	Timestamp string      `xml:"timestamp,attr"`
	Hostname  string      `xml:"hostname,attr"`
	Cases     []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name      string        `xml:"name,attr"`
	Classname string        `xml:"classname,attr"`
	Time      string        `xml:"time,attr"`
	File      string        `xml:"file,attr,omitempty"`
	Line      int           `xml:"line,attr,omitempty"`
	Skipped   *junitSkipped `xml:"skipped"`
	Failure   *junitFailure `xml:"failure"`
	SystemOut string        `xml:"system-out,omitempty"`
}

type junitSkipped struct {
	Message string `xml:"message,attr"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Body    string `xml:",chardata"`
}

// JUnit writes r as JUnit XML: one suite for each product and area. A fail is a failure, a result that was not run is
// skipped with its reason, and a review passes with what is to be reviewed as its output: CI systems know no fourth
// outcome, and the exit status says what counts. Single results have no times of their own: they say 0.
// The error is that of w.
func JUnit(w io.Writer, r *bot.Report) error {
	out := junitSuites{Name: "codicil verify", Time: fmt.Sprintf("%.3f", r.Seconds)}
	for _, s := range sections(r) {
		for _, a := range s.areas() {
			suite := junitArea(s, a, r.At)
			suite.ID = len(out.Suites)
			out.Tests += suite.Tests
			out.Failures += suite.Failures
			out.Skipped += suite.Skipped
			out.Suites = append(out.Suites, suite)
		}
	}
	data, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("write the report as JUnit XML: %w", err)
	}
	_, err = io.WriteString(w, xml.Header+string(data)+"\n")
	return err
}

func junitArea(s *section, a bot.Area, at time.Time) junitSuite {
	suite := junitSuite{
		Name: xmlText(s.Product) + "." + xmlText(string(a)), Package: xmlText(s.Product), Time: "0.000",
		Timestamp: at.UTC().Format("2006-01-02T15:04:05"), Hostname: "localhost",
	}
	for _, r := range s.results {
		if r.Area != a {
			continue
		}
		c := junitCase{Name: xmlText(r.Name), Classname: suite.Name, Time: "0.000", File: xmlText(r.File), Line: r.Line}
		message := xmlText(r.Message)
		switch r.Status {
		case bot.Fail:
			suite.Failures++
			c.Failure = &junitFailure{Message: message, Type: string(a), Body: junitDetail(r)}
		case bot.NotRun:
			suite.Skipped++
			c.Skipped = &junitSkipped{Message: message}
		case bot.Review:
			c.SystemOut = "review: " + junitDetail(r)
		}
		suite.Tests++
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}

// junitDetail is all that is known of a result, as plain text.
func junitDetail(r bot.Result) string {
	var b strings.Builder
	b.WriteString(xmlText(r.Message) + "\n")
	if p := place(r); p != "" {
		b.WriteString(xmlText(p) + "\n")
	}
	if r.Sample != nil && len(r.Sample.Columns) > 0 {
		t := &texter{width: 120, Paint: terminal.NewPaint(false)}
		t.sample(r.Sample)
		b.WriteString(t.String())
	}
	return b.String()
}

// xmlText drops what XML 1.0 cannot hold.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF {
			return utf8.RuneError
		}
		return r
	}, markup.Plain(s))
}
