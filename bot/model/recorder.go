package model

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
)

// exchangeFile is the name of a recorded exchange: its number and stage.
var exchangeFile = regexp.MustCompile(`^([0-9]{2,6})-([a-z0-9][a-z0-9_-]{0,39})\.md$`)

// asker answers requests: a Client, or another Recorder or Player.
type asker interface {
	Ask(ctx context.Context, r Request) (Answer, error)
}

// Recorder asks another, and writes each exchange into a folder: one folder for one change, one file for each exchange.
// It is safe for concurrent use; exchanges are numbered in the order in which the answers come.
type Recorder struct {
	dir   string
	to    asker
	scrub *Scrubber
	mu    sync.Mutex
	count int
	// places are where long texts were said, by their hash.
	places map[[sha256.Size]byte]place
}

// NewRecorder makes the folder dir, which must not hold a recording yet, so that two are never mixed.
// What scrub takes out is not written; nil takes out only what looks like a secret.
func NewRecorder(dir string, to asker, scrub *Scrubber) (*Recorder, error) {
	if scrub == nil {
		scrub = NewScrubber()
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("record into %s: %w", dir, err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("record into %s: %w", dir, err)
	}
	for _, e := range entries {
		if exchangeFile.MatchString(e.Name()) {
			return nil, fmt.Errorf("record into %s: it holds a recording already (%s); name another folder, or empty this one", dir, e.Name())
		}
	}
	return &Recorder{dir: dir, to: to, scrub: scrub, places: map[[sha256.Size]byte]place{}}, nil
}

// Ask passes r on and records what comes of it. What keeps the model from answering (no connection, no key, no budget) is
// no exchange. An answer that cannot be recorded is returned beside the error.
func (r *Recorder) Ask(ctx context.Context, request Request) (Answer, error) {
	answer, err := r.to.Ask(ctx, request)
	var failure *Error
	if err != nil && (!errors.As(err, &failure) || !failure.ofModel()) {
		return answer, err
	}
	if failure != nil {
		failure = &Error{Kind: failure.Kind, Message: r.scrub.Text(failure.Message), Text: r.scrub.Text(failure.Text)}
	}
	kept := r.write(Exchange{Request: r.scrub.request(request), Answer: r.scrub.answer(answer), Failure: failure})
	return answer, errors.Join(err, kept)
}

func (r *Recorder) write(x Exchange) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := fmt.Sprintf("%02d-%s.md", r.count+1, x.Request.Stage)
	x.shared = r.share(x.Request.Messages)
	data, err := x.MarshalText()
	if err == nil {
		err = replaceFile(r.dir, name, data)
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", filepath.Join(r.dir, name), err)
	}
	r.count++
	return nil
}

// replaceFile writes a file for its owner only, so that it is there as a whole or not at all.
func replaceFile(dir, name string, data []byte) error {
	f, err := os.CreateTemp(dir, ".exchange-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone already if all went well
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
