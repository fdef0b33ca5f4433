// Package pages shows a local forge to people in a browser, and lets them act on it as any of its users.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/forge/localforge"
)

//go:embed html
var files embed.FS

// security is what a browser is told of every page: nothing comes from elsewhere, nothing runs.
const security = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// pages serve one forge.
type pages struct {
	forge     *localforge.Forge
	log       *slog.Logger
	templates *template.Template
	rest      http.Handler // the forge's own addresses
}

// Handler serves the forge's pages at / and its other addresses as the forge itself does. Pages act as whomever the reader chooses and ask for no
// password, so that they answer only to the forge's own address and to those of this machine, and take no form from another site.
func Handler(f *localforge.Forge, log *slog.Logger) (http.Handler, error) {
	templates, err := template.New("").Funcs(functions).ParseFS(files, "html/*.html")
	if err != nil {
		return nil, fmt.Errorf("read the templates of the pages: %w", err)
	}
	p := &pages{forge: f, log: log, templates: templates, rest: f.Handler()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.index)
	mux.HandleFunc("GET /style.css", p.style)
	mux.HandleFunc("GET /{owner}/{name}", p.repository)
	mux.HandleFunc("GET /{owner}/{name}/issues/{number}", p.thread)
	mux.HandleFunc("GET /{owner}/{name}/pull/{number}", p.thread)
	mux.HandleFunc("GET /{owner}/{name}/blob/{ref}/{path...}", p.file)
	mux.HandleFunc("GET /{owner}/{name}/commit/{sha}", p.commit)
	mux.HandleFunc("GET /{owner}/{name}/runs/{id}", p.check)
	mux.HandleFunc("POST /{owner}/{name}/issues", p.open)
	mux.HandleFunc("POST /{owner}/{name}/issues/{number}", p.act)
	guarded := p.guard(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		name, _, _ := strings.Cut(rest, "/")
		if first == "api" || strings.HasSuffix(name, ".git") {
			p.rest.ServeHTTP(w, r)
			return
		}
		guarded.ServeHTTP(w, r)
	}), nil
}

// guard refuses what does not come from the pages themselves: a name that somebody made to lead here, and forms of other sites.
func (p *pages) guard(h http.Handler) http.Handler {
	own := ""
	if u, err := url.Parse(p.forge.URL()); err == nil {
		own = u.Host
	}
	h = http.NewCrossOriginProtection().Handler(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Host != own && !loopback(r.Host) {
			http.Error(w, "these pages are for this machine only", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Security-Policy", security)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Referrer-Policy", "same-origin")
		h.ServeHTTP(w, r)
	})
}

// loopback says whether a host, with or without a port, is this machine.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// frame is what every page shows around its own content.
type frame struct {
	Title  string
	As     string // who acts, unless the reader chooses another
	People []string
	Repo   *localforge.Repository // nil on pages of no repository
	Fault  string                 // why what was asked was not done
	Data   any
}

// show sends a page.
func (p *pages) show(w http.ResponseWriter, r *http.Request, status int, name string, f frame) {
	f.People = p.forge.People()
	if c, err := r.Cookie("as"); err == nil {
		f.As = c.Value
	}
	var out bytes.Buffer
	if err := p.templates.ExecuteTemplate(&out, name, f); err != nil {
		p.log.Error("show a page", "page", name, "error", err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // a reader that is gone needs no page
}

func (p *pages) missing(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusNotFound, "missing.html", frame{Title: "Not found"})
}

func (p *pages) style(w http.ResponseWriter, r *http.Request) {
	http.ServeFileFS(w, r, files, "html/style.css")
}

func (p *pages) index(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, http.StatusOK, "index.html", frame{Title: "Repositories", Data: p.forge.Repositories()})
}

// repositoryPage is what the page of a repository shows.
type repositoryPage struct {
	Files         []string
	More          int // how many files are not shown
	Readme        string
	Issues, Pulls []localforge.Issue
}

// mostFiles is how many files a repository's page lists.
const mostFiles = 200

func (p *pages) repository(w http.ResponseWriter, r *http.Request) {
	p.showRepository(w, r, http.StatusOK, "")
}

func (p *pages) showRepository(w http.ResponseWriter, r *http.Request, status int, fault string) {
	repo, ok := p.forge.Repository(r.PathValue("owner"), r.PathValue("name"))
	if !ok {
		p.missing(w, r)
		return
	}
	var page repositoryPage
	for _, i := range p.forge.Issues(repo.Owner, repo.Name) {
		if i.Pull == nil {
			page.Issues = append(page.Issues, i)
		} else {
			page.Pulls = append(page.Pulls, i)
		}
	}
	names, err := p.forge.Files(r.Context(), repo.Owner, repo.Name, repo.DefaultBranch)
	if err != nil {
		p.log.Error("list files", "repository", repo.Owner+"/"+repo.Name, "error", err)
	}
	page.More = max(0, len(names)-mostFiles)
	page.Files = names[:len(names)-page.More]
	page.Readme, _ = p.forge.File(r.Context(), repo.Owner, repo.Name, repo.DefaultBranch, "README.md")
	p.show(w, r, status, "repository.html", frame{Title: repo.Owner + "/" + repo.Name, Repo: &repo, Fault: fault, Data: page})
}

// filePage is what the page of a file shows.
type filePage struct {
	Ref, Path, Text string
	Markdown        bool
}

func (p *pages) file(w http.ResponseWriter, r *http.Request) {
	repo, ok := p.forge.Repository(r.PathValue("owner"), r.PathValue("name"))
	if !ok {
		p.missing(w, r)
		return
	}
	page := filePage{Ref: r.PathValue("ref"), Path: r.PathValue("path")}
	page.Text, ok = p.forge.File(r.Context(), repo.Owner, repo.Name, page.Ref, page.Path)
	if !ok {
		p.missing(w, r)
		return
	}
	page.Markdown = strings.HasSuffix(page.Path, ".md")
	p.show(w, r, http.StatusOK, "file.html", frame{Title: page.Path, Repo: &repo, Data: page})
}

// threadPage is what the page of an issue or merge request shows.
type threadPage struct {
	localforge.Thread
	Files []fileDiff
}

func (p *pages) thread(w http.ResponseWriter, r *http.Request) { p.showThread(w, r, http.StatusOK, "") }

func (p *pages) showThread(w http.ResponseWriter, r *http.Request, status int, fault string) {
	number, _ := strconv.Atoi(r.PathValue("number")) // what is no number is no issue's
	repo, ok := p.forge.Repository(r.PathValue("owner"), r.PathValue("name"))
	if !ok {
		p.missing(w, r)
		return
	}
	t, ok := p.forge.Thread(repo.Owner, repo.Name, number)
	if !ok {
		p.missing(w, r)
		return
	}
	page := threadPage{Thread: t}
	if t.Pull != nil {
		text, err := p.forge.Diff(r.Context(), repo.Owner, repo.Name, t.Pull.BaseSHA, t.Pull.HeadSHA)
		if err != nil {
			p.log.Error("show a difference", "repository", repo.Owner+"/"+repo.Name, "number", number, "error", err)
		}
		page.Files = readDiff(text)
	}
	p.show(w, r, status, "thread.html", frame{Title: t.Title, Repo: &repo, Fault: fault, Data: page})
}
