package model

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"
)

const (
	errorBytes = 16 << 10 // what is read of an answer that is an error
	junkBytes  = 4 << 10  // what is kept of a stream that is none
	// One token of an answer is about 4 bytes of text, and some 250 with what an event wraps around it.
	wrapping = 64
)

// incoming reads what an endpoint sends: every byte puts off the idle timeout, and too many are an error.
type incoming struct {
	*bufio.Reader
	from  io.Reader
	idle  *time.Timer
	after time.Duration
	limit int // of the answer
	left  int // of bytes
}

func newIncoming(from io.Reader, idle *time.Timer, after time.Duration, limit int) *incoming {
	in := &incoming{from: from, idle: idle, after: after, limit: limit, left: limit * wrapping}
	in.Reader = bufio.NewReaderSize(counted{in}, 32<<10)
	return in
}

// counted is the reading below the buffer of an incoming.
type counted struct{ *incoming }

// Read is io.Reader's, and an error once more came than an answer may be long.
func (c counted) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, tooLarge(c.limit)
	}
	n, err := c.from.Read(p[:min(len(p), c.left)])
	if n > 0 && c.idle != nil {
		c.idle.Reset(c.after)
	}
	c.left -= n
	return n, err
}

func tooLarge(limit int) *Error {
	return fault(TooLarge, "the answer is larger than the %d KiB that are accepted; ask for less", limit>>10)
}

// isStream says whether events follow, by their type or else by how they begin.
func (in *incoming) isStream(contentType string) bool {
	if strings.HasPrefix(strings.ToLower(contentType), "text/event-stream") {
		return true
	}
	start, _ := in.Peek(5)
	for _, field := range []string{"data:", "event", ":"} {
		if bytes.HasPrefix(start, []byte(field)) {
			return true
		}
	}
	return false
}

// all reads an answer in one piece. JSON may take a few times the room of the text in it.
func (in *incoming) all() ([]byte, error) {
	most := 4 * in.limit
	data, err := io.ReadAll(io.LimitReader(in, int64(most)+1))
	var known *Error
	switch {
	case errors.As(err, &known):
		return nil, known
	case err != nil:
		return nil, passing(Dropped, "the connection ended before the answer did: %v", err)
	case len(data) > most:
		return nil, tooLarge(in.limit)
	}
	return data, nil
}

// line reads up to the next line feed, or the end.
func (in *incoming) line() ([]byte, error) {
	var out []byte
	for {
		part, err := in.ReadSlice('\n')
		out = append(out, part...)
		if len(out) > 4*in.limit {
			return nil, tooLarge(in.limit)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return out, err
		}
	}
}

// some reads at most n bytes of an answer that is an error.
func (in *incoming) some(n int64) []byte {
	data, _ := io.ReadAll(io.LimitReader(in, n)) // half an error message is better than none
	return data
}

// events passes on the data lines of a stream of events, which is all that go-openai understands: comments that keep the
// connection alive would otherwise be taken for part of an error. It ends after the last event and after an error.
type events struct {
	in    *incoming
	ready []byte
	count int          // of data lines
	done  bool         // whether the endpoint said that it had finished
	over  bool         // whether nothing follows
	junk  bytes.Buffer // the beginning of what is no event
}

// Read implements io.Reader.
func (e *events) Read(p []byte) (int, error) {
	for len(e.ready) == 0 {
		if e.over {
			return 0, io.EOF
		}
		if err := e.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, e.ready)
	e.ready = e.ready[n:]
	return n, nil
}

// Close does nothing: the wire closes the connection.
func (e *events) Close() error { return nil }

func (e *events) next() error {
	line, err := e.in.line()
	data, isData := bytes.CutPrefix(bytes.TrimSpace(line), []byte("data:"))
	if !isData {
		if e.count == 0 && !bytes.HasPrefix(line, []byte(":")) && e.junk.Len() < junkBytes {
			e.junk.Write(line[:min(len(line), junkBytes)])
		}
		return err
	}
	if isLast := errors.Is(err, io.EOF) && whole(data); err != nil && !isLast {
		return err
	}
	data = bytes.TrimSpace(data)
	e.count++
	e.done = string(data) == "[DONE]"
	e.over = e.done || bytes.HasPrefix(data, []byte(`{"error":`))
	e.ready = append(append([]byte("data: "), data...), '\n')
	return nil
}

// whole says whether the data of a line that has no end is complete all the same.
func whole(data []byte) bool {
	data = bytes.TrimSpace(data)
	return string(data) == "[DONE]" || json.Valid(data)
}
