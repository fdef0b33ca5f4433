package engine

import "fmt"

// Kind says what went wrong.
type Kind string

// The kinds of Error.
const (
	// KindSQL is a statement that DuckDB cannot run: the author's mistake or the data's.
	KindSQL Kind = "sql"
	// KindTimeout is a request that took longer than allowed, KindCancelled one whose caller gave up.
	KindTimeout   Kind = "timeout"
	KindCancelled Kind = "cancelled"
	// KindMemory is a request that needs more memory, or more space to spill, than allowed.
	KindMemory Kind = "memory"
	// KindCrash is a child that ended by itself or whose database broke.
	KindCrash Kind = "crash"
	// KindDenied is a reach for files, network, extensions or configuration.
	KindDenied Kind = "denied"
	// KindClosed is a request to a session that was closed, or whose child ended at an earlier request.
	KindClosed Kind = "closed"
)

// Error is why a request had no result.
type Error struct {
	Kind Kind `json:"kind"`
	// Message is what DuckDB says, in short, or what became of the child.
	Message string `json:"message"`
	// Line and Column are the place in the SQL, counted from 1 and in characters; 0 if it is not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
	// Detail is what else was said: candidates, a stack, the last output of the child; a few kB at most.
	Detail string `json:"detail,omitempty"`
}

// Error is the message, with line:column before it where they are known.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}
