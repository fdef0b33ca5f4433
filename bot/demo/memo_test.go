package demo_test

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/resync"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/forge/github"
)

// rebuilt has a database rebuilt beside the bot's own, with some webhook secrets, and hands it to look.
func (p *play) rebuilt(look func(r resync.Result, tx *state.Tx), secrets ...string) {
	p.Helper()
	log := slog.New(slog.DiscardHandler)
	host, err := github.New(github.Options{Host: demo.Host, BaseURL: p.town.API() + "/", App: &github.App{ID: p.town.App.ID, Key: []byte(p.town.App.PrivateKey)}, Log: log})
	p.do(err)
	c := config.Default()
	c.GitHub.BaseURL = p.town.API() + "/"
	o := service.Options{Config: c, Host: host, Verifier: &verify.Verifier{Builder: &product.Builder{Threads: 1}, Log: log, Now: time.Now, Version: "test"}, Data: p.TempDir(), Log: log, Now: time.Now, Version: "test"}
	for _, s := range secrets {
		o.Secrets = append(o.Secrets, []byte(s))
	}
	bot, err := service.New(p.Context(), o)
	p.do(err)
	defer bot.Close()
	r, err := bot.Resync(p.Context())
	p.do(err)
	p.do(bot.DB().View(p.Context(), func(tx *state.Tx) error { look(r, tx); return nil }))
}

var hiddenMemo = regexp.MustCompile(`<!-- codicil:state \S+ -->\n?`)

// memoOf is the line that hides a memo in a text.
func memoOf(text string) string { return hiddenMemo.FindString(text) }

// Whoever may write to a repository may edit what the bot wrote there, and what it hides in it: a database is rebuilt only from what the bot itself hid,
// where it hid it, and it is told what was not believed.
func TestMemosAreSealed(t *testing.T) {
	t.Parallel()
	p := street(t, map[string][]tiny.Product{"commerce": {{Name: "memos"}, {Name: "other"}}, "finance": {{Name: "apart"}}}, demo.Options{}, &tiny.Model{})
	h, away := p.house("commerce", "memos"), p.house("finance", "apart")
	issue, abroad := h.asks("jane", "add a column size"), away.asks("omar", "add a column size")
	c, theirs := h.opened(0), away.opened(0)
	h.hears(issue, "is ready to be looked at")
	away.hears(abroad, "is ready to be looked at")
	h.quiet()
	was, foreign := h.thread(c.Number).Body, memoOf(away.thread(theirs.Number).Body)
	mine := memoOf(was)
	if mine == "" || foreign == "" {
		t.Fatalf("no memo is hidden:\n%s", was)
	}
	guess, err := state.NewSeal([]byte("a guess"))
	h.must(err)
	lie := state.Memo{Product: "other", Path: "commerce/other", Change: &c, Triggers: h.triggers("memos")}
	for _, x := range []struct {
		what, memo, why string
	}{
		{"with another after it", mine + guess.Hide(lie, "", message.Limit), ""},
		{"sealed by somebody else", guess.Hide(lie, "", message.Limit), "was changed"},
		{"taken away", "", "tells nothing of itself"},
		{"of another repository", foreign, "hidden elsewhere"},
		{"of a comment", memoOf(h.remark1(issue)), "hidden elsewhere"},
	} {
		h.must(h.town.Person("jane").Edit(h.Context(), h.owner, demo.Repository, c.Number, "Sizes", strings.Replace(was, mine, x.memo, 1)))
		h.rebuilt(func(r resync.Result, tx *state.Tx) {
			open, told := 2, strings.Join(r.Unbelieved, "\n")
			if x.why != "" {
				open = 1
			}
			if r.Open != open || r.Declined+r.Merged != 0 || (x.why == "") != (told == "") || !strings.Contains(told, x.why) || x.why != "" && !strings.Contains(told, fmt.Sprintf("merge request #%d", c.Number)) {
				t.Errorf("a memo %s: %+v", x.what, r)
			}
			all, err := tx.Products()
			h.must(err)
			for _, one := range all {
				changes, err := tx.ChangesOf(one.ID)
				h.must(err)
				if n := len(changes); (n > 0) != (one.Name == "apart" || one.Name == "memos" && x.why == "") {
					t.Errorf("a memo %s: %d changes of %s", x.what, n, one.Name)
				}
			}
		}, tapSecret)
	}
	h.must(h.town.Person("jane").Edit(h.Context(), h.owner, demo.Repository, c.Number, "Sizes", was))
	h.keysAreNotForged(issue, c)
	for _, x := range []struct {
		secrets []string
		open    int
	}{{[]string{"the next one", tapSecret}, 2}, {[]string{"the next one"}, 0}} {
		p.rebuilt(func(r resync.Result, _ *state.Tx) {
			if r.Open != x.open || (len(r.Unbelieved) == 0) != (x.open > 0) {
				t.Errorf("with the secrets %q: %+v", x.secrets, r)
			}
		}, x.secrets...)
	}
}

// remark1 is the bot's one comment at an issue.
func (h house) remark1(issue int) string {
	h.Helper()
	for _, r := range h.thread(issue).Remarks {
		if r.Author == "codicil[bot]" {
			return r.Body
		}
	}
	h.Fatalf("the bot said nothing at #%d", issue)
	return ""
}

// keysAreNotForged has somebody make the bot's comment say that it is what was written under another key: that must not keep the bot from writing that.
func (h house) keysAreNotForged(issue int, c state.Change) {
	h.Helper()
	was := h.remark1(issue)
	asked := h.triggers(h.product)[0]
	for key, kept := range map[string]bool{
		work.StatusKey(asked):                        true,
		"change/" + c.UID + "/9/push":                false,
		"comment/" + demo.Host + "/finance/data/1/0": false,
	} {
		text := "<!-- codicil:comment " + base64.URLEncoding.EncodeToString([]byte(key)) + " -->\n" + was + "\n" + outbox.Mark(key) + "\n"
		for _, r := range h.thread(issue).Remarks {
			if r.Author == "codicil[bot]" {
				h.must(h.town.Person("jane").EditComment(h.Context(), h.owner, demo.Repository, r.ID, text))
			}
		}
		h.rebuilt(func(_ resync.Result, tx *state.Tx) {
			if _, ok, err := tx.Write(key); err != nil || ok != kept {
				h.Errorf("the write %s is there: %v, %v", key, ok, err)
			}
		}, tapSecret)
	}
}
