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
	// Senders is how many webhooks each app is sent at a time. 0 means one, so that they arrive in the order in which things happened.
	Senders int
	// Deliveries is how many webhooks of each app are kept to be listed and sent again; 0 means 5000.
	Deliveries int
	// Sent is told of each webhook before it is sent, by the event's name; nil means nobody is. It must be safe for concurrent use.
	Sent func(event string, payload []byte)
	// Sync has each change on the disk before it is answered.
	Sync bool
}

// Forge is one forge. It is safe for concurrent use.
type Forge struct {
	dir, url string
	now      func() time.Time
	log      *slog.Logger
	hooks    *courier
	routes   http.Handler // the REST API
	facts    facts
	faults   faultState
	limits   limits
	pushing  locks
	most     int // deliveries of an app that are kept
	sent     func(event string, payload []byte)

	mu   sync.Mutex    // of all below, and of each request of the API while it is answered
	kept map[int64]int // about how many deliveries of an app there are
	*store
}

// Open opens the forge in a folder, as it was left. Close it after use.
func Open(o Options) (*Forge, error) {
	f := &Forge{dir: o.Dir, url: strings.TrimSuffix(o.URL, "/"), now: o.Now, log: o.Log, most: o.Deliveries, sent: o.Sent, kept: map[int64]int{}}
	if f.now == nil {
		f.now = time.Now
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	if f.most <= 0 {
		f.most = mostDeliveries
	}
	s, err := openStore(o.Dir, f.now)
	if err != nil {
		return nil, fmt.Errorf("open the forge in %s: %w", o.Dir, err)
	}
	f.store, s.sync = s, o.Sync
	for id := range f.apps.rows {
		f.kept[id] = len(f.deliveries.of(id, nil))
	}
	f.routes = f.rest()
	f.hooks = newCourier(f, o.Senders)
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

// Handler serves the REST API below /api/v3/, the other API at /api/graphql, and git repositories at /OWNER/NAME.git.
func (f *Forge) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/v3/", http.StripPrefix("/api/v3", f.routes))
	mux.Handle("POST /api/graphql", f.graphQL())
	mux.Handle("/{owner}/{name}/{rest...}", f.git())
	return mux
}

// gitDir is the bare repository of r.
func (f *Forge) gitDir(r *repo) string { return filepath.Join(f.dir, "git", fmt.Sprint(r.ID)+".git") }
