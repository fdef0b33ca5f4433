// Package localforge is a Git forge on this machine: bare git repositories behind git's own smart HTTP, and the part of GitHub's REST API and
// webhooks that a bot uses, with GitHub's answers and errors. It serves demonstrations and tests; it is no place for real work.
package localforge

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say how a Forge is to be.
type Options struct {
	// Dir holds the forge's state, its git repositories included. It is made if it is not there.
	Dir string
	// URL is where the Handler is served, such as http://127.0.0.1:4180, without a slash at the end.
	URL string
	// Now tells the time; nil means time.Now.
	Now func() time.Time
	// Log is told of requests and deliveries; nil means nobody is.
	Log *slog.Logger
}

// Forge is one forge. It is safe for concurrent use.
type Forge struct {
	dir, url string
	now      func() time.Time
	log      *slog.Logger
	hooks    *courier

	mu sync.Mutex // of all below, and of each request that writes
	*store
}

// Open opens the forge in a folder, as it was left. Close it after use.
func Open(o Options) (*Forge, error) {
	s, err := openStore(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open the forge in %s: %w", o.Dir, err)
	}
	f := &Forge{dir: o.Dir, url: strings.TrimSuffix(o.URL, "/"), now: o.Now, log: o.Log, store: s}
	if f.now == nil {
		f.now = time.Now
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	f.hooks = newCourier(f)
	return f, nil
}

// Close waits for deliveries under way and closes the forge.
func (f *Forge) Close() error {
	f.hooks.stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.file.Close()
}

// URL is where the forge is served.
func (f *Forge) URL() string { return f.url }

// API is the base address of the REST API, as GitHub Enterprise Server has it.
func (f *Forge) API() string { return f.url + "/api/v3" }

// time is the present, as GitHub writes it: in UTC and whole seconds.
func (f *Forge) time() time.Time { return f.now().UTC().Truncate(time.Second) }

// Handler serves the REST API below /api/v3/, and git repositories at /OWNER/NAME.git.
func (f *Forge) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/v3/", http.StripPrefix("/api/v3", f.rest()))
	mux.Handle("/{owner}/{name}/{rest...}", f.git())
	return mux
}

// gitDir is the bare repository of r.
func (f *Forge) gitDir(r *repo) string { return filepath.Join(f.dir, "git", fmt.Sprint(r.ID)+".git") }
