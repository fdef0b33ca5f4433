package pages

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// commitPage is what the page of a commit shows.
type commitPage struct {
	SHA, Subject, Text, Author string
	At                         time.Time
	Files                      []fileDiff
}

func (p *pages) commit(w http.ResponseWriter, r *http.Request) {
	repo, ok := p.forge.Repository(r.PathValue("owner"), r.PathValue("name"))
	page := commitPage{SHA: r.PathValue("sha")}
	if ok {
		page.Subject, page.Author, page.At, ok = p.forge.CommitMessage(r.Context(), repo.Owner, repo.Name, page.SHA)
	}
	if !ok {
		p.missing(w, r)
		return
	}
	page.Subject, page.Text, _ = strings.Cut(page.Subject, "\n")
	text, err := p.forge.CommitDiff(r.Context(), repo.Owner, repo.Name, page.SHA)
	if err != nil {
		p.log.Error("show a commit", "repository", repo.Owner+"/"+repo.Name, "commit", page.SHA, "error", err)
	}
	page.Files = readDiff(text)
	p.show(w, r, http.StatusOK, "commit.html", frame{Title: page.Subject, Repo: &repo, Data: page})
}

// checkPage is what the page of a check run shows.
type checkPage struct {
	Check localforge.Check
	SHA   string
}

func (p *pages) check(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64) // what is no number is no check's
	repo, ok := p.forge.Repository(r.PathValue("owner"), r.PathValue("name"))
	var page checkPage
	if ok {
		page.Check, page.SHA, ok = p.forge.Check(repo.Owner, repo.Name, id)
	}
	if !ok {
		p.missing(w, r)
		return
	}
	p.show(w, r, http.StatusOK, "check.html", frame{Title: page.Check.Name, Repo: &repo, Data: page})
}
