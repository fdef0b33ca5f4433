// Package evidence is the shape in which every source says what it found out of date at a product, and what it could not be asked.
package evidence

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Source names what said something, such as [OSV].
type Source string

// The sources.
const (
	OSV       Source = "osv"       // known vulnerabilities
	EndOfLife Source = "endoflife" // support of release cycles
	Versions  Source = "versions"  // newer and yanked releases
	Building  Source = "building"  // deprecations reported while building
	Guideline Source = "guideline" // guidelines newer than adopted
	Checks    Source = "checks"    // checks of the ledger that have gone weak
)

// Severity says how bad a finding is. The zero value, [Unknown], is for what nobody rated.
type Severity string

// The severities; their words and limits are those of CVSS 3.1, section 5 (https://www.first.org/cvss/v3.1/specification-document).
const (
	Unknown  Severity = ""
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

func (s Severity) rank() int {
	switch s {
	case Low:
		return 1
	case Medium:
		return 2
	case High:
		return 3
	case Critical:
		return 4
	}
	return 0
}

// AtLeast says whether s is as bad as least or worse. Unknown is at least Unknown only.
func (s Severity) AtLeast(least Severity) bool { return s.rank() >= least.rank() }

// Max is the worse of two severities.
func (s Severity) Max(other Severity) Severity {
	if other.rank() > s.rank() {
		return other
	}
	return s
}

// Finding is one thing that is out of date. All of its text is foreign: who shows it must make it harmless.
type Finding struct {
	Source Source `json:"source"`
	// Product is the data product; empty where the source does not know it.
	Product string `json:"product,omitempty"`
	// Subject is the package, engine, guideline or check that is meant.
	Subject string `json:"subject"`
	// Has is the version or state that the product has, Wants what would mend it; empty if nothing is known to.
	Has   string `json:"has,omitempty"`
	Wants string `json:"wants,omitempty"`
	// Severity is Unknown where nobody rated it.
	Severity Severity `json:"severity,omitempty"`
	// Title says in one line what is wrong, URL where to read more.
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	// ID names the matter at the source: an advisory, a release cycle, a check and what ails it. Aliases are its names elsewhere, sorted.
	ID      string   `json:"id,omitempty"`
	Aliases []string `json:"aliases,omitempty"`
	// At is when the source said so, which may be before it was asked if its answer was kept.
	At time.Time `json:"at,omitzero"`
	// File and Line are where the product says what it has; Line is 0 for the whole file.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
}

// String is the finding in one line, such as people and the model are told: where, what, why, what mends it and where to read more.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File)
		if f.Line > 0 {
			fmt.Fprintf(&b, ":%d", f.Line)
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Subject)
	if f.Has != "" {
		b.WriteString(" " + f.Has)
	}
	b.WriteString(": " + f.Title)
	if f.Severity != Unknown {
		fmt.Fprintf(&b, " [%s]", f.Severity)
	}
	if f.Wants != "" {
		b.WriteString("; " + f.Wants + " would mend it")
	}
	names := append([]string(nil), f.Aliases...)
	if f.Source == OSV && f.ID != "" {
		names = append([]string{f.ID}, names...)
	}
	if len(names) > 0 {
		b.WriteString(" (" + strings.Join(names, ", ") + ")")
	}
	if f.URL != "" {
		b.WriteString(" " + f.URL)
	}
	return b.String()
}

// about is what makes two findings one and the same matter, whatever the source says of it now.
type about struct {
	source                     Source
	product, subject, id, file string
}

func (f Finding) about() about { return about{f.Source, f.Product, f.Subject, f.ID, f.File} }

// compare orders findings: by product, the worse first, then by where they came from.
func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Product, b.Product), cmp.Compare(b.Severity.rank(), a.Severity.rank()), cmp.Compare(a.Source, b.Source),
		cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Has, b.Has), cmp.Compare(a.Wants, b.Wants), cmp.Compare(a.Title, b.Title), cmp.Compare(a.URL, b.URL), a.At.Compare(b.At),
	)
}

// NotAsked is a source that could not be asked, of everything or of one subject. It is never the same as finding nothing.
type NotAsked struct {
	Source Source `json:"source"`
	// Product and Subject are what it was to be asked about; empty for all.
	Product string `json:"product,omitempty"`
	Subject string `json:"subject,omitempty"`
	// Why is for people, in a few words.
	Why string `json:"why"`
}

// Error names the source and why it was not asked.
func (n NotAsked) Error() string {
	about := ""
	if n.Subject != "" {
		about = " about " + n.Subject
	}
	return string(n.Source) + " was not asked" + about + ": " + n.Why
}

// covers says whether what n could not be asked includes the matter of f.
func (n NotAsked) covers(f Finding) bool {
	return n.Source == f.Source && (n.Product == "" || n.Product == f.Product) && (n.Subject == "" || n.Subject == f.Subject)
}

// longest is how many characters a line of a source may have.
const longest = 300

// Line makes one line of what a source wrote: no control or format characters, no double spaces, at most 300 characters.
func Line(text string) string {
	if len(text) > 8*longest { // what is cut off is not worth going through
		text = text[:8*longest]
	}
	text = strings.ToValidUTF8(text, "")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, text)
	runes := []rune(text)
	if len(runes) > longest {
		return strings.TrimRight(string(runes[:longest-1]), " ") + "…"
	}
	return text
}
