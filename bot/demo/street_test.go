package demo_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// soon is how long anything may take that people wait for; the machine may be busy with other tests.
const soon = 4 * time.Minute

// street founds a town of tiny products.
func street(t testing.TB, owners map[string][]tiny.Product, o demo.Options, m *tiny.Model) *play {
	t.Helper()
	products := 0
	for _, of := range owners {
		for _, p := range of {
			if !p.Bare {
				products++
			}
		}
	}
	o.Examples = tiny.Files(owners)
	inner := o.Configure
	o.Configure = func(c *config.Config) {
		c.Limits.Changes = 3
		if inner != nil {
			inner(c)
		}
	}
	return settle(t, o, products, func(*model.Account) asker { return m })
}

// house is one product of the town with its owner's one repository, and the people who come there.
type house struct {
	*play
	owner, product string
	writer         string
}

func (p *play) house(owner, product string) house {
	return house{p, owner, product, map[string]string{"commerce": "jane", "finance": "omar", "marketing": "mia"}[owner]}
}

// opens opens an issue.
func (h house) opens(login, title, body string) int {
	h.Helper()
	n, err := h.town.Person(login).OpenIssue(context.Background(), h.owner, demo.Repository, title, body)
	if err != nil {
		h.Fatal(err)
	}
	return n
}

// says comments.
func (h house) says(login string, issue int, text string) int64 {
	h.Helper()
	id, err := h.town.Person(login).Comment(context.Background(), h.owner, demo.Repository, issue, text)
	if err != nil {
		h.Fatal(err)
	}
	return id
}

// asks opens an issue, and asks for something there; product is named, since the repository may hold others.
func (h house) asks(login, what string) int {
	h.Helper()
	n := h.opens(login, what, "We need this.")
	h.says(login, n, "/amend "+h.product+": "+what)
	return n
}

func (h house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h house) thread(n int) localforge.Thread {
	h.Helper()
	t, ok := h.town.Thread(h.owner, demo.Repository, n)
	if !ok {
		h.Fatalf("there is no #%d", n)
	}
	return t
}

// hidden are comments that nobody sees.
var hidden = regexp.MustCompile(`(?s)<!--.*?-->`)

// bots are the comments of the bot in a thread, as people see them.
func (h house) bots(n int) (out []string) {
	h.Helper()
	for _, r := range h.thread(n).Remarks {
		if r.Author == "codicil[bot]" {
			out = append(out, strings.TrimSpace(hidden.ReplaceAllString(r.Body, "")))
		}
	}
	return out
}

// hears waits until some comment of the bot at an issue holds all of some words.
func (h house) hears(n int, words ...string) string {
	h.Helper()
	var found string
	h.until(fmt.Sprintf("the bot says %q at %s#%d", words, h.owner, n), func() bool {
	comments:
		for _, c := range h.bots(n) {
			for _, w := range words {
				if !strings.Contains(c, w) {
					continue comments
				}
			}
			found = c
			return true
		}
		return false
	}, func() string { return strings.Join(h.bots(n), "\n\n---\n\n") })
	return found
}

// until waits for something to become true, and shows what there is if it does not.
func (h house) until(what string, is func() bool, shown func() string) {
	h.Helper()
	for end := time.Now().Add(soon); !is(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(end) {
			more := ""
			if shown != nil {
				more = ", but:\n" + shown()
			}
			h.Fatalf("%s: not within %v%s", what, soon, more)
		}
	}
}

// change is the newest change of the product.
func (h house) change() state.Change { return h.play.change(h.product) }

// opened waits for the product's newest change to be open, and returns it; after is the number of the merge request before it, or 0.
func (h house) opened(after int) state.Change {
	h.Helper()
	h.until("a merge request of "+h.product+" is open", func() bool {
		c := h.change()
		return c.State == state.ChangeOpen && c.Number != after
	}, func() string { return fmt.Sprintf("%+v", h.change()) })
	return h.change()
}

// quiet waits until the bot has nothing to do.
func (h house) quiet() {
	h.Helper()
	h.until("the bot has nothing to do", func() bool {
		if err := h.town.Settle(context.Background()); err != nil {
			return false
		}
		idle := false
		h.view(func(tx *state.Tx) error {
			left, err := tx.Unlooked()
			if err != nil || left > 0 {
				return err
			}
			idle, err = h.bot.Queue().IdleIn(tx, tx.Now().Add(5*time.Second))
			return err
		})
		return idle
	}, nil)
}

// merges merges a merge request of the bot.
func (h house) merges(number int) {
	h.Helper()
	h.must(h.town.Person(h.writer).Merge(context.Background(), h.owner, demo.Repository, number))
}

// file is a file of the product on a branch; "" for the default branch.
func (h house) file(branch, name string) string {
	h.Helper()
	if branch == "" {
		branch = "main"
	}
	text, ok := h.town.File(context.Background(), h.owner, demo.Repository, branch, h.owner+"/"+h.product+"/"+name)
	if !ok {
		h.Fatalf("there is no %s of %s on %s", name, h.product, branch)
	}
	return strings.TrimSuffix(text, "\n") + "\n"
}

// commits commits files of the product as a person does.
func (h house) commits(branch, message string, files map[string]string) string {
	h.Helper()
	write := map[string]string{}
	for name, text := range files {
		write[h.owner+"/"+h.product+"/"+name] = text
	}
	sha, err := h.town.Commit(context.Background(), localforge.Commit{Owner: h.owner, Name: demo.Repository, Branch: branch, By: h.writer, Message: message, Write: write})
	h.must(err)
	return sha
}

// there says whether a branch is there.
func (h house) there(branch string) bool {
	files, err := h.town.Files(context.Background(), h.owner, demo.Repository, branch)
	return err == nil && len(files) > 0
}

// show keeps a thread as Markdown, to be looked at; CODICIL_TEST_THREADS names the folder.
func (h house) show(n int) {
	dir := os.Getenv("CODICIL_TEST_THREADS")
	if dir == "" {
		return
	}
	t := h.thread(n)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s (#%d, %s, by %s)\n\n%s\n", t.Title, t.Number, t.State, t.Author, t.Body)
	for _, r := range t.Remarks {
		fmt.Fprintf(&b, "\n---\n**%s** %s %v\n\n%s\n", r.Author, r.Verdict, r.Reactions, r.Body)
	}
	for _, c := range t.Checks {
		fmt.Fprintf(&b, "\n---\ncheck %s: %s %s\n%s\n\n%s\n", c.Name, c.Status, c.Conclusion, c.Title, c.Summary)
	}
	h.must(os.MkdirAll(dir, 0o750))
	h.must(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.md", h.owner, n)), []byte(b.String()), 0o600))
}
