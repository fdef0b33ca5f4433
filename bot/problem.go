// Package bot holds the nouns that every ability of Codicil shares and the decisions that need nothing but them.
package bot

import (
	"fmt"
	"sort"
	"strings"
)

// Severity says whether a Problem stops work.
type Severity string

// The two severities. The zero value counts as SeverityError.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is something that a person must mend, at a place in a file.
// Line and Column count from 1; 0 means that the whole file (or, without Column, the whole line) is meant.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Severity Severity `json:"severity"`
	// Message says what is wrong and what to do, in one sentence without a final full stop.
	Message string `json:"message"`
}

// String is the form file:line:column: message that editors and CI systems recognise.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
		if p.Column > 0 {
			fmt.Fprintf(&b, ":%d", p.Column)
		}
	}
	b.WriteString(": ")
	if p.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// Problems is a list of problems; as an error it prints one a line.
type Problems []Problem

// Error prints every problem on its own line, in order of file and place.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps.Sorted() {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted returns a copy in order of file, line and column.
func (ps Problems) Sorted() Problems {
	out := append(Problems(nil), ps...)
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return out
}

// Err returns the errors among ps as an error, or nil if there are none; warnings do not count.
func (ps Problems) Err() error {
	var errs Problems
	for _, p := range ps {
		if p.Severity != SeverityWarning {
			errs = append(errs, p)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}
