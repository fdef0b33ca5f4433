package uv

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// UnreachableError says that the package index did not answer as one does. It may be tried again later.
type UnreachableError struct {
	// Detail is what uv, or the request, said.
	Detail string
}

// Error says so, with the detail.
func (e *UnreachableError) Error() string {
	return "the package index does not answer: " + e.Detail
}

// FullError says that what uv fetched and unpacked would take more room than an owner has.
type FullError struct {
	// Limit is in bytes.
	Limit int64
}

// Error names the limit.
func (e *FullError) Error() string {
	return fmt.Sprintf("the packages take more than the %d MB that an owner's Python environments may take", e.Limit>>20)
}

// unreachable are what uv says when it had no proper answer from the index.
var unreachable = regexp.MustCompile(`Failed to fetch|error sending request|could not be queried|Failed to download|network connectivity is disabled`)

// mismatch is what uv says of a file that is not what a hash promised, which a second try does not mend.
var mismatch = regexp.MustCompile(`Hash mismatch`)

// theirs are what uv says when the fault is in what the product wrote, or in what the index has.
var theirs = regexp.MustCompile(`No solution found|[Cc]ouldn't parse|Failed to parse|Hash mismatch|no usable wheels|doesn't have (a source distribution|a wheel)|` +
	`requires a Python|Failed to install|Python requirement|hash|is not compatible|TOML parse error|no .project. table|metadata|not found in the|needs to be updated|` +
	`unsatisfiable|[Ii]nvalid|was not found|conflict`)

// failure is the error for a run of uv that did not end well.
func (t *Tool) failure(c command, err error, said string) error {
	said = shorten(said)
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return fmt.Errorf("run uv %s: %w", c.args[0], err)
	}
	if unreachable.MatchString(said) && !mismatch.MatchString(said) {
		return &UnreachableError{Detail: said}
	}
	if c.pins == nil || exit.ExitCode() < 0 || !theirs.MatchString(said) {
		return fmt.Errorf("run uv %s: %w: %s", strings.Join(c.args[:min(2, len(c.args))], " "), err, said)
	}
	file, line := c.pins.place(said)
	return bot.Problems{{File: file, Line: line, Severity: bot.SeverityError, Message: said}}
}

// shorten makes one line of what uv says, without its decoration and its warnings, of 2000 bytes at most.
func shorten(said string) string {
	var parts []string
	for _, l := range strings.Split(said, "\n") {
		l = strings.TrimSpace(strings.TrimLeft(l, " ×╰─▶│├"))
		if l == "" || strings.HasPrefix(l, "warning:") || strings.HasPrefix(l, "Resolved ") || strings.Trim(l, "^~") == "" ||
			strings.HasPrefix(l, "Using ") || strings.HasPrefix(l, "hint: Consider") {
			continue
		}
		l = strings.TrimPrefix(strings.TrimPrefix(l, "error: "), "cause: ")
		parts = append(parts, l)
	}
	text := strings.TrimSuffix(strings.Join(parts, "; "), ".")
	if len(text) > 2000 {
		text = strings.ToValidUTF8(text[:2000], "") + "…"
	}
	return text
}

// position is where uv says that a file does not parse.
var position = regexp.MustCompile("in `([^`]+)` at (?:position|line) (\\d+)|`?([A-Za-z0-9_./-]+\\.(?:txt|in|toml|lock))`?:(\\d+):(\\d+)")

// place finds the file and line that uv speaks of: the position that it names, or else the first pin whose package it names.
func (p *pins) place(said string) (file string, line int) {
	for _, m := range position.FindAllStringSubmatch(said, -1) { // the innermost comes last
		if m[1] != "" && p.files[m[1]] != nil {
			offset, _ := strconv.Atoi(m[2])
			content := p.files[m[1]]
			file, line = m[1], 1+strings.Count(string(content[:min(offset, len(content))]), "\n")
		}
		if m[3] != "" && p.files[m[3]] != nil {
			file = m[3]
			line, _ = strconv.Atoi(m[4])
		}
	}
	if file != "" {
		return file, line
	}
	first := len(said)
	file = p.main
	for name, at := range p.where() {
		is := regexp.MustCompile(`(?i)(^|[^A-Za-z0-9._-])` + strings.ReplaceAll(regexp.QuoteMeta(name), "-", "[-_.]+") + `($|[^A-Za-z0-9._-])`)
		if found := is.FindStringIndex(said); found != nil && found[0] < first {
			first, file, line = found[0], at.file, at.line
		}
	}
	return file, line
}

// spot is a line of a file.
type spot struct {
	file string
	line int
}

// where are the lines on which packages are asked for, by normalised name.
func (p *pins) where() map[string]spot {
	at := map[string]spot{}
	for _, l := range p.lines {
		if _, known := at[l.name]; !known || !l.constraint {
			at[l.name] = spot{l.file, l.from}
		}
	}
	for _, d := range p.project.dependencies {
		if _, known := at[d.name]; !known {
			at[d.name] = spot{projectFile, d.line}
		}
	}
	for _, l := range p.lock.packages {
		if _, known := at[l.name]; !known {
			at[l.name] = spot{lockFile, l.line}
		}
	}
	return at
}
