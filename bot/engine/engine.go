// Package engine runs DuckDB in a confined child process and answers for its crashes.
package engine

import (
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// Options say what a session works on and what it may use.
type Options struct {
	// Database is the name of the database file in WriteDir, made of letters, digits, dot, dash and underscore;
	// empty means a database in memory. A path is accepted if it lies directly in WriteDir.
	Database string
	// ReadOnly are files and folders that the trusted SQL before Lock may read.
	ReadOnly []string
	// WriteDir is the one folder that may be written, for the database and for what does not fit into memory.
	// Empty means a folder of the session's own, which is removed with it.
	WriteDir string
	// Memory is DuckDB's limit in bytes; 0 means DefaultMemory.
	Memory int64
	// Threads is how many threads DuckDB uses; 0 means one for each CPU.
	Threads int
	// StatementTimeout limits each request; 0 means DefaultStatementTimeout.
	StatementTimeout time.Duration
	// SpillSize and FileSize limit, in bytes, what is written outside memory: all spilled data, and any one file;
	// 0 means DefaultSpillSize and DefaultFileSize.
	SpillSize, FileSize int64
	// AllowUnconfined goes on where nothing can confine the child.
	AllowUnconfined bool
	// Without makes the session run as on a system that lacks these protections; it is there for tests.
	Without []sandbox.Protection
}

// What an Options field that is zero stands for.
const (
	DefaultMemory           = 2 << 30
	DefaultStatementTimeout = 5 * time.Minute
	DefaultSpillSize        = 16 << 30
	DefaultFileSize         = 64 << 30
)

// MaxResult is how many bytes of text one Query may return.
const MaxResult = 64 << 20

// headroom is what the program needs besides DuckDB's own limit, a result of MaxResult on its way included, and
// perThread what each thread's stack and heap need on top, in bytes.
const (
	headroom  = 1 << 30
	perThread = 64 << 20
)

// processMemory is the limit of the child's memory: what DuckDB may use and a quarter more, because DuckDB does not
// count all that it allocates, and the headroom.
func (o Options) processMemory() int64 {
	if raceDetector {
		return 0 // it takes terabytes
	}
	return o.Memory + o.Memory/4 + headroom + int64(o.Threads)*perThread
}

// withDefaults fills what is zero.
func (o Options) withDefaults() Options {
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	if o.Threads == 0 {
		o.Threads = runtime.NumCPU()
	}
	if o.StatementTimeout == 0 {
		o.StatementTimeout = DefaultStatementTimeout
	}
	if o.SpillSize == 0 {
		o.SpillSize = DefaultSpillSize
	}
	if o.FileSize == 0 {
		o.FileSize = DefaultFileSize
	}
	return o
}

// Rows are the result of a query, each value as DuckDB's VARCHAR text and nil for NULL.
type Rows struct {
	Columns []string    `json:"columns"`
	Types   []string    `json:"types"`
	Values  [][]*string `json:"values"`
	// More says that there were rows beyond the limit.
	More bool `json:"more,omitempty"`
}

// Tree is what DuckDB's parser makes of a text.
type Tree struct {
	// JSON is the parse tree as json_serialize_sql writes it; nil if there is an error.
	JSON json.RawMessage `json:"json,omitempty"`
	// Err says why the text is not made of SELECT statements; nil if it is.
	Err *ParseError `json:"err,omitempty"`
	// Statements is the number of statements; 0 for an empty text. After a syntax error it is an estimate.
	Statements int `json:"statements"`
}

// ParseError is a text that is not made of SELECT statements.
type ParseError struct {
	// Message is without final full stop.
	Message string `json:"message"`
	// Line and Column count from 1, columns in characters; 0 if the place is not known.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Error is line:column: message.
func (e *ParseError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}
