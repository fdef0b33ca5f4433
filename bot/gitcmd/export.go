package gitcmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// hashes reads as the list of entries' objects, one a line.
type hashes struct {
	entries []Entry
	rest    string
}

// Read implements io.Reader.
func (h *hashes) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if h.rest == "" {
			if len(h.entries) == 0 {
				break
			}
			h.rest, h.entries = h.entries[0].Hash+"\n", h.entries[1:]
		}
		copied := copy(p[n:], h.rest)
		n, h.rest = n+copied, h.rest[copied:]
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Sizes adds up the sizes of the entries' content in bytes, and returns the entries whose content is not here, as in a partial clone.
func (g Git) Sizes(ctx context.Context, entries []Entry) (total int64, missing []Entry, err error) {
	if len(entries) == 0 {
		return 0, nil, nil
	}
	err = g.stream(ctx, func(out *bufio.Reader) error {
		for _, e := range entries {
			line, err := out.ReadString('\n')
			if err != nil {
				return fmt.Errorf("read %s: %w", e.Path, err)
			}
			size, absent, err := parseHeader(line)
			if err != nil {
				return fmt.Errorf("read %s: %w", e.Path, err)
			}
			if absent {
				missing = append(missing, e)
			}
			total += size
		}
		return nil
	}, &hashes{entries: entries}, "cat-file", "--batch-check", "--buffer")
	return total, missing, err
}

// TooLargeError says that something is larger than is allowed.
type TooLargeError struct {
	// What is too large.
	What string
	// Size and Limit are in bytes; Size is the least that it is.
	Size, Limit int64
}

// Error names what is too large, its size and the limit.
func (e *TooLargeError) Error() string {
	return fmt.Sprintf("%s %d bytes, more than the %d that are allowed", e.What, e.Size, e.Limit)
}

// Write writes the files below the folder dir, each as it is stored: nothing is filtered or checked out. The files are not
// executable, and belong to the user alone. A file that is there already is an error.
func (g Git) Write(ctx context.Context, entries []Entry, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if len(entries) == 0 {
		return nil
	}
	return g.stream(ctx, func(out *bufio.Reader) error {
		for _, e := range entries {
			if err := writeFile(out, e, root); err != nil {
				return err
			}
		}
		return nil
	}, &hashes{entries: entries}, "cat-file", "--batch", "--buffer")
}

// writeFile copies one object of the batch.
func writeFile(content *bufio.Reader, e Entry, root *os.Root) error {
	header, err := content.ReadString('\n')
	if err != nil {
		return fmt.Errorf("read %s: %w", e.Path, err)
	}
	size, missing, err := parseHeader(header)
	if missing {
		err = errors.New("its content is not in this clone")
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", e.Path, err)
	}
	name := filepath.FromSlash(e.Path)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, content, size)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", e.Path, err)
	}
	_, err = content.Discard(1) // the newline after each object
	return err
}

// ReadEach hands the content of many objects to a function, one after another in their order, read by one process. What is larger than limit bytes comes
// without its content, as tooLarge. An object that is not here is an error.
func (g Git) ReadEach(ctx context.Context, entries []Entry, limit int64, each func(e Entry, data []byte, tooLarge bool) error) error {
	if len(entries) == 0 {
		return nil
	}
	return g.stream(ctx, func(out *bufio.Reader) error {
		for _, e := range entries {
			data, tooLarge, err := readNext(out, e, limit)
			if err != nil {
				return err
			}
			if err := each(e, data, tooLarge); err != nil {
				return err
			}
		}
		return nil
	}, &hashes{entries: entries}, "cat-file", "--batch", "--buffer")
}

// readNext reads one object of the batch.
func readNext(content *bufio.Reader, e Entry, limit int64) (data []byte, tooLarge bool, err error) {
	header, err := content.ReadString('\n')
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", e.Path, err)
	}
	size, missing, err := parseHeader(header)
	if missing {
		err = errors.New("its content is not in this clone")
	}
	if err != nil {
		return nil, false, fmt.Errorf("read %s: %w", e.Path, err)
	}
	if tooLarge = size > limit; tooLarge {
		_, err = io.CopyN(io.Discard, content, size)
	} else {
		data = make([]byte, size)
		_, err = io.ReadFull(content, data)
	}
	if err == nil {
		_, err = content.Discard(1) // the newline after each object
	}
	return data, tooLarge, err
}

// Read returns the content of one object; ok is false if it is not here. More than limit bytes give a *TooLargeError.
func (g Git) Read(ctx context.Context, e Entry, limit int64) (data []byte, ok bool, err error) {
	err = g.stream(ctx, func(out *bufio.Reader) error {
		header, err := out.ReadString('\n')
		if err != nil {
			return err
		}
		size, missing, err := parseHeader(header)
		if err != nil || missing {
			return err
		}
		if size > limit {
			return &TooLargeError{What: e.Path + " holds", Size: size, Limit: limit}
		}
		data, ok = make([]byte, size), true
		_, err = io.ReadFull(out, data)
		return err
	}, strings.NewReader(e.Hash+"\n"), "cat-file", "--batch")
	return data, ok && err == nil, err
}

// Text runs a command and returns the first limit bytes of its output; whole is false if there is more.
func (g Git) Text(ctx context.Context, limit int64, args ...string) (text string, whole bool, err error) {
	full := errors.New("enough")
	err = g.stream(ctx, func(out *bufio.Reader) error {
		data, err := io.ReadAll(io.LimitReader(out, limit+1))
		text, whole = string(data), int64(len(data)) <= limit
		if err == nil && !whole {
			text, err = text[:limit], full
		}
		return err
	}, nil, args...)
	if errors.Is(err, full) {
		err = nil
	}
	return text, whole, err
}
