package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// marker is the argument by which the binary knows that it is an engine's child.
const marker = "codicil-engine-child"

// maxFrame is the longest message that is read, from a child that may no longer be its own master. Values of
// MaxResult bytes can grow sixfold in JSON.
const maxFrame = 8 * MaxResult

// The operations of a request.
const (
	opOpen   = "open"
	opExec   = "exec"
	opQuery  = "query"
	opPlan   = "plan"
	opParse  = "parse"
	opLock   = "lock"
	opCancel = "cancel"
	opClose  = "close"
)

// request is one message to the child. opCancel stops the request of its ID and has no reply of its own.
type request struct {
	ID         uint64        `json:"id"`
	Op         string        `json:"op"`
	SQL        string        `json:"sql,omitempty"`
	Limit      int           `json:"limit,omitempty"`
	Statements []string      `json:"statements,omitempty"`
	Timeout    time.Duration `json:"timeout,omitempty"`
	Open       *opening      `json:"open,omitempty"`
}

// opening is what the child needs to open the database.
type opening struct {
	Dir      string `json:"dir"`
	Database string `json:"database"`
	Spill    string `json:"spill"`
	Memory   int64  `json:"memory"`
	MaxSpill int64  `json:"max_spill"`
	Threads  int    `json:"threads"`
}

// reply is the answer to the request of that ID.
type reply struct {
	ID    uint64 `json:"id"`
	Err   *Error `json:"err,omitempty"`
	Rows  *Rows  `json:"rows,omitempty"`
	Trees []Tree `json:"trees,omitempty"`
	Plan  *Plan  `json:"plan,omitempty"`
}

// writeFrame writes v as JSON behind its length.
func writeFrame(w io.Writer, v any) error {
	var b bytes.Buffer
	b.Write([]byte{0, 0, 0, 0})
	if err := json.NewEncoder(&b).Encode(v); err != nil {
		return err
	}
	if b.Len() > maxFrame {
		return fmt.Errorf("a message of %d bytes is over the limit of %d", b.Len(), maxFrame)
	}
	binary.BigEndian.PutUint32(b.Bytes(), uint32(b.Len()-4))
	_, err := w.Write(b.Bytes())
	return err
}

// readFrame reads what writeFrame wrote. Memory grows with what arrives, not with what is announced.
func readFrame(r io.Reader, v any) error {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > maxFrame {
		return fmt.Errorf("a message of %d bytes is over the limit of %d", n, maxFrame)
	}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, int64(n)); err != nil {
		return err
	}
	return json.Unmarshal(b.Bytes(), v)
}
