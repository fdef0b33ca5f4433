// Package web shows on pages of its own what the bot does, and has buttons to pause campaigns and to have what was given up done again.
package web

import (
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"time"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/state"
)

//go:embed html
var files embed.FS

// Options say what pages show. Fields are needed unless said otherwise.
type Options struct {
	DB  *state.DB
	Log *slog.Logger
	// Account is asked for unless it is zero. Without one, only requests to names of this machine are answered.
	Account Account
	// Secrets are taken out of all texts, besides what looks like one; nil knows no more than that.
	Secrets *model.Scrubber
	// Sweep is how often the bot looks through the forge, and Silence how long no webhook may come before it is said: see [standing.Options].
	Sweep, Silence time.Duration
	// Version is the program's, Currency that of prices, which may be empty.
	Version, Currency string
	// Buttons are what the buttons do, as part of a transaction.
	Buttons Buttons
}

// Buttons are what the buttons of pages do.
type Buttons struct {
	// RunJob and MakeWrite have a job or a write that was given up done again.
	RunJob, MakeWrite func(ctx context.Context, tx *state.Tx, id int64) error
	// Campaign has a campaign looked at after it was paused or resumed: it tells so, and goes on or does not.
	Campaign func(ctx context.Context, tx *state.Tx, campaign int64) error
}

// pages answers requests.
type pages struct {
	Options
	templates map[string]*template.Template
}

// names are those of the pages' templates.
var names = []string{"overview", "products", "product", "campaigns", "campaign", "trouble", "spending", "problem"}

// Handler is the pages. It is safe for concurrent use. The error is one of the program.
func Handler(o Options) (http.Handler, error) {
	p := &pages{Options: o, templates: map[string]*template.Template{}}
	frame, err := template.New("frame.html").Funcs(functions).ParseFS(files, "html/frame.html", "html/parts.html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	for _, name := range names {
		t, err := frame.Clone()
		if err == nil {
			t, err = t.ParseFS(files, "html/"+name+".html")
		}
		if err != nil {
			return nil, fmt.Errorf("read the page %s: %w", name, err)
		}
		p.templates[name] = t
	}
	static, err := fs.Sub(files, "html")
	if err != nil {
		return nil, fmt.Errorf("read the pages: %w", err)
	}
	mux := http.NewServeMux()
	for pattern, page := range map[string]http.HandlerFunc{
		"GET /style.css": http.FileServerFS(static).ServeHTTP, "GET /icon.svg": http.FileServerFS(static).ServeHTTP,
		"GET /{$}": p.overview, "GET /products": p.products, "GET /products/{id}": p.product, "GET /campaigns": p.campaigns, "GET /campaigns/{id}": p.campaign,
		"GET /trouble": p.trouble, "GET /spending": p.spending,
		"POST /campaigns/{id}/pause": p.pause(true), "POST /campaigns/{id}/resume": p.pause(false),
		"POST /trouble/jobs/{id}": p.again("job", o.Buttons.RunJob), "POST /trouble/writes/{id}": p.again("write", o.Buttons.MakeWrite),
		"/": p.none,
	} {
		mux.HandleFunc(pattern, page)
	}
	return p.guard(mux), nil
}

// none is the answer to what is no page, or can't be done to one.
func (p *pages) none(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		p.problem(w, r, http.StatusMethodNotAllowed, "This page can only be looked at.")
		return
	}
	p.problem(w, r, http.StatusNotFound, "There is no such page.")
}
