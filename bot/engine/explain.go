package engine

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// located is an error of DuckDB about text, which began at byte before in what DuckDB was given.
type located struct {
	err    error
	text   string
	before int
}

// Error is the error's own text.
func (l *located) Error() string { return l.err.Error() }

// Unwrap is DuckDB's error.
func (l *located) Unwrap() error { return l.err }

// at notes what SQL err is about; nil stays nil.
func at(err error, text string, before int) error {
	if err == nil {
		return nil
	}
	return &located{err, text, before}
}

// spoken is an error as DuckDB writes it with errors_as_json.
type spoken struct {
	Type     string `json:"exception_type"`
	Message  string `json:"exception_message"`
	Subtype  string `json:"error_subtype"`
	Position string `json:"position"`
	Stack    string `json:"stack_trace"`
}

// explain makes any error of the child one for people.
func explain(err error) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Error{Kind: KindCancelled, Message: "the statement was stopped"}
	}
	message := err.Error()
	var own *duckdb.Error
	if errors.As(err, &own) {
		message = own.Msg
	}
	said := read(message)
	e := &Error{Kind: kindOf(said), Message: tidy(said.Message), Detail: clip(said.Stack)}
	var l *located
	if n, convErr := strconv.Atoi(said.Position); convErr == nil && errors.As(err, &l) {
		e.Line, e.Column = place(l.text, n-l.before, said.Subtype)
	}
	if e.Kind == KindCrash {
		e.Message = "DuckDB broke off with an internal error: " + e.Message
	}
	return e
}

// read takes apart a message of DuckDB: JSON, with the kind of error before it or not, or plain text.
func read(message string) spoken {
	var s spoken
	if i := strings.Index(message, "{"); i >= 0 {
		if json.Unmarshal([]byte(message[i:]), &s) == nil && s.Message != "" {
			return s
		}
	}
	if kind, rest, ok := strings.Cut(message, " Error: "); ok && len(kind) < 40 {
		return spoken{Type: kind, Message: rest}
	}
	return spoken{Message: message}
}

// kindOf sorts DuckDB's exceptions.
func kindOf(s spoken) Kind {
	switch strings.ToLower(s.Type) {
	case "out of memory":
		return KindMemory
	case "permission":
		return KindDenied
	case "interrupt":
		return KindCancelled
	case "fatal", "internal":
		return KindCrash
	case "io":
		if strings.Contains(s.Message, "Permission denied") || strings.Contains(s.Message, "Operation not permitted") {
			return KindDenied
		}
		if strings.Contains(s.Message, "No space left") || strings.Contains(s.Message, "File too large") {
			return KindMemory
		}
	}
	if strings.Contains(s.Message, "configuration has been locked") {
		return KindDenied
	}
	return KindSQL
}

// tidy shortens a message of DuckDB to what helps: no stack, no picture of the line, no advice on its settings.
func tidy(message string) string {
	for _, end := range []string{"\n\nStack Trace", "\nStack Trace", "\n\nLINE ", "\nLINE ", "\n\nPossible solutions", "\nThis error signals"} {
		message, _, _ = strings.Cut(message, end)
	}
	return clip(strings.Join(strings.Fields(message), " "))
}

// clip keeps a text within a few kB.
func clip(s string) string {
	const most = 4 << 10
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + " …"
}

// place is the line and column of DuckDB's position n in text; 0, 0 if it is not in there. DuckDB counts characters in
// syntax errors, bytes in all others.
func place(text string, n int, subtype string) (line, column int) {
	if n < 0 {
		return 0, 0
	}
	characters := subtype == "SYNTAX_ERROR"
	line, column = 1, 1
	for i, r := range text {
		if characters && n == 0 || !characters && i >= n {
			return line, column
		}
		if characters {
			n--
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
	if characters && n > 0 || !characters && n > len(text) {
		return 0, 0
	}
	return line, column
}

// validText says whether DuckDB can take text at all.
func validText(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }
