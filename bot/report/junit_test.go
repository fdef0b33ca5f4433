package report

import (
	"bytes"
	"encoding/xml"
	"io"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

func TestJUnitGolden(t *testing.T) {
	for name, r := range map[string]*bot.Report{"junit.xml": failing(), "junit-pass.xml": passing()} {
		var b bytes.Buffer
		if err := JUnit(&b, r); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		counts(t, b.Bytes())
	}
}

// counts checks that the numbers say what the elements are, and that every required attribute is there.
func counts(t *testing.T, data []byte) {
	t.Helper()
	type suite struct {
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Skipped  int        `xml:"skipped,attr"`
		Attrs    []xml.Attr `xml:",any,attr"`
		Cases    []struct {
			Failure *struct{} `xml:"failure"`
			Skipped *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	}
	var doc struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Skipped  int      `xml:"skipped,attr"`
		Suites   []suite  `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	var all suite
	for _, s := range doc.Suites {
		failures, skipped := 0, 0
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
			if c.Skipped != nil {
				skipped++
			}
		}
		if len(s.Cases) != s.Tests || failures != s.Failures || skipped != s.Skipped {
			t.Errorf("a suite says %d tests, %d failures, %d skipped and has %d, %d, %d", s.Tests, s.Failures, s.Skipped, len(s.Cases), failures, skipped)
		}
		has := map[string]bool{}
		for _, a := range s.Attrs {
			has[a.Name.Local] = true
		}
		for _, name := range []string{"name", "errors", "time", "timestamp", "hostname", "id", "package"} {
			if !has[name] {
				t.Errorf("a suite lacks %s", name)
			}
		}
		all.Tests, all.Failures, all.Skipped = all.Tests+s.Tests, all.Failures+failures, all.Skipped+skipped
	}
	if doc.Tests != all.Tests || doc.Failures != all.Failures || doc.Skipped != all.Skipped {
		t.Errorf("the totals are not the sums of the suites")
	}
}

func TestJUnitHoldsAnyText(t *testing.T) {
	r := failing()
	for i := range r.Results {
		r.Results[i].Message = "]]> \x00\x1b[2J \ufffe <b> & \xff \u202e"
	}
	var b bytes.Buffer
	if err := JUnit(&b, r); err != nil {
		t.Fatal(err)
	}
	d := xml.NewDecoder(&b)
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
