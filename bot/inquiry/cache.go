package inquiry

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Cache keeps answers in a folder, a file each. Several processes may share one: a file is complete or not there. A nil Cache keeps nothing.
type Cache struct{ folder string }

// keepUnused is how long an answer is kept. It must be longer than any age that is asked for.
const keepUnused = 60 * 24 * time.Hour

// newPrefix begins the names of files that are being written.
const newPrefix = "new-"

// OpenCache opens the cache in a folder, which is made if need be, and drops what is older than 60 days.
func OpenCache(folder string, now time.Time) (*Cache, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("open cache of answers: %w", err)
	}
	c := &Cache{folder: folder}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("open cache of answers: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		age := now.Sub(info.ModTime())
		if strings.HasSuffix(e.Name(), suffix) && age > keepUnused || strings.HasPrefix(e.Name(), newPrefix) && age > time.Hour {
			_ = os.Remove(filepath.Join(folder, e.Name())) // housekeeping: a file that stays does no harm
		}
	}
	return c, nil
}

const suffix = ".answer"

// kept is a file of the cache.
type kept struct {
	// Key is of the question, At is when it was answered.
	Key    string          `json:"key"`
	At     time.Time       `json:"at"`
	Answer json.RawMessage `json:"answer"`
}

// keyOf names a question.
func keyOf(method, where string, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s\n%s", method, where, body)
	return hex.EncodeToString(h.Sum(nil))
}

// find is the answer to a question and when it was given; ok is false if there is none, or only a damaged one.
func (c *Cache) find(key string) (answer []byte, at time.Time, ok bool) {
	if c == nil {
		return nil, time.Time{}, false
	}
	data, err := os.ReadFile(filepath.Join(c.folder, key+suffix))
	var k kept
	if err != nil || json.Unmarshal(data, &k) != nil || k.Key != key {
		return nil, time.Time{}, false
	}
	return k.Answer, k.At, true
}

// keep writes an answer down.
func (c *Cache) keep(key string, answer []byte, at time.Time) (err error) {
	if c == nil {
		return nil
	}
	data, err := json.Marshal(kept{key, at, answer})
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(c.folder, newPrefix)
	if errors.Is(err, fs.ErrNotExist) { // somebody tidied up
		if err = os.MkdirAll(c.folder, 0o700); err == nil {
			f, err = os.CreateTemp(c.folder, newPrefix)
		}
	}
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(data); err != nil {
		_ = f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(c.folder, key+suffix))
}
