package demo_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// parrot is another App's bot: it answers each comment of the bot's with commands, and with what the bot said.
type parrot struct {
	house
	host *github.Host
	repo forge.Repo
	said atomic.Int64
}

// newParrot installs a parrot at the house's owner.
func newParrot(h house) *parrot {
	h.Helper()
	p := &parrot{house: h, repo: forge.Repo{Host: demo.Host, Owner: h.owner, Name: demo.Repository}}
	s := httptest.NewServer(p)
	h.Cleanup(s.Close)
	app, err := h.town.AddApp("parrot", s.URL, tapSecret)
	h.must(err)
	p.host = p.as(app)
	_, err = h.town.Install(app.ID, h.owner)
	h.must(err)
	return p
}

// as is the forge as an App sees it.
func (p *parrot) as(app *localforge.App) *github.Host {
	p.Helper()
	host, err := github.New(github.Options{Host: demo.Host, BaseURL: p.town.API() + "/", App: &github.App{ID: app.ID, Key: []byte(app.PrivateKey)}, Log: slog.New(slog.DiscardHandler)})
	p.must(err)
	return host
}

func (p *parrot) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.WriteHeader(http.StatusAccepted)
	var said struct {
		Action  string
		Issue   struct{ Number int }
		Comment struct {
			Body string
			User struct{ Login string }
		}
	}
	if json.NewDecoder(r.Body).Decode(&said) != nil || r.Header.Get("X-GitHub-Event") != "issue_comment" || said.Action != "created" || said.Comment.User.Login != "codicil[bot]" {
		return
	}
	if p.said.Add(1) > 20 {
		p.Error("the two talk and talk")
		return
	}
	for _, text := range []string{said.Comment.Body, "/codicil status", "/codicil refresh", "/amend chatty: add a column evil", "1. never\n/answer 1. never"} {
		if _, err := p.host.CreateComment(p.Context(), p.repo, said.Issue.Number, text); err != nil {
			p.Errorf("the parrot says %q: %v", text, err)
		}
	}
}

// otherBotsCommandNothing has another App's bot, and the bot's own login, say what people may: nothing starts, nothing is answered, and the two don't
// keep each other talking.
func otherBotsCommandNothing(h house) {
	p := newParrot(h)
	issue := h.opens("ada", "Sizes", "We want to see sizes.")
	for _, host := range []*github.Host{p.host, p.as(h.town.App)} {
		for _, text := range []string{"/amend chatty: add a column evil", "/codicil refresh", "/codicil help", "/amned chatty"} {
			_, err := host.CreateComment(h.Context(), p.repo, issue, text)
			h.must(err)
		}
	}
	h.quiet()
	own := len(h.bots(issue)) // what was said by its login, and not by it
	if own != 4 || len(h.triggers("chatty")) != 0 {
		h.Fatalf("the bot answers programs:\n%s", strings.Join(h.bots(issue), "\n---\n"))
	}
	before := p.said.Load()
	h.says("jane", issue, "/amend chatty: add a column size, I am unsure")
	h.hears(issue, "2 things are unclear")
	h.quiet()
	h.says("jane", issue, "1. yes\n2. yes")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	h.says("jane", c.Number, "/codicil why chatty.size")
	h.hears(c.Number, "chatty.size")
	h.quiet()
	if n := len(h.triggers("chatty")); n != 1 {
		h.Errorf("%d wishes were taken up", n)
	}
	if now, there := len(h.bots(issue))-own, len(h.bots(c.Number)); now != 2 || there != 1 {
		h.Errorf("the bot said %d things at the issue and %d at the merge request", now, there)
	}
	if n := p.said.Load() - before; n != 3 {
		h.Errorf("the parrot heard %d things", n)
	}
	for _, column := range []string{"evil", "never"} {
		if text := h.file(c.Branch, "models/chatty.sql") + h.file(c.Branch, "amendments/0002.yaml"); strings.Contains(text, column) {
			h.Errorf("what a program said was taken:\n%s", text)
		}
	}
}
