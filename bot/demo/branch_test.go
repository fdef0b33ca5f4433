package demo_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// pushes sets a branch to a commit as a person's forced push does; an empty commit deletes it.
func (h house) pushes(branch, sha string) {
	h.Helper()
	h.must(h.town.Push(h.Context(), h.owner, demo.Repository, branch, sha, h.writer))
}

// The bot's branch is set back to an older commit: what was dropped is not claimed, nothing is built there until somebody says so, and then all comes back.
func aBranchIsSetBack(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	first := c.Head
	second := h.asks("jane", "add a column weight")
	h.hears(second, "is ready to be looked at", c.URL)
	both := h.change().Head
	h.pushes(c.Branch, first)
	h.until("it is noticed", func() bool { return h.change().Foreign == first }, nil)
	third := h.asks("jane", "add a column length")
	h.hears(third, "waits", "lacks some of what merge request", "/codicil rebase")
	h.says("jane", c.Number, "/amend add a column depth")
	h.hears(c.Number, "was not changed", "lacks some of what merge request")
	if text := h.file(c.Branch, "models/rewound.sql"); strings.Contains(text, "as weight") || h.change().Head != both {
		h.Errorf("what somebody took away came back unasked:\n%s", text)
	}
	h.says("jane", c.Number, "/codicil rebase")
	h.hears(third, "is ready to be looked at", c.URL)
	now := h.change()
	for _, column := range []string{"as size", "as weight", "as length"} {
		if text := h.file(now.Branch, "models/rewound.sql"); now.Number != c.Number || !strings.Contains(text, column) {
			h.Errorf("#%d lacks %q:\n%s", now.Number, column, text)
		}
	}
	// Put back to where the bot left it, it is as if nothing had been.
	h.pushes(now.Branch, first)
	h.until("it is noticed", func() bool { return h.change().Foreign == first }, nil)
	fourth := h.asks("jane", "add a column width")
	h.hears(fourth, "waits", "lacks some of what merge request")
	h.pushes(now.Branch, now.Head)
	h.hears(fourth, "is ready to be looked at", c.URL)
	h.show(c.Number)
}

// The bot's branch is set to a person's commit that has nothing to do with it, which is never overwritten; a squash by hand is as good as the bot's own.
func aBranchIsSetElsewhere(h house) {
	h.asks("jane", "add a column size")
	c := h.opened(0)
	files := map[string]string{}
	for _, name := range []string{"spec.yaml", "amendments/0002.yaml", "models/replaced.sql"} {
		files[name] = h.file(c.Branch, name)
	}
	squashed := h.commits("squashed", "All in one", files)
	h.pushes(c.Branch, squashed)
	h.until("it is noticed", func() bool { return h.change().Foreign == squashed }, nil)
	second := h.asks("jane", "add a column weight")
	h.hears(second, "is ready to be looked at", c.URL)
	if text := h.file(c.Branch, "models/replaced.sql"); !strings.Contains(text, "as size") || !strings.Contains(text, "as weight") {
		h.Errorf("it was not built on what somebody squashed:\n%s", text)
	}
	own := h.commits("own", "Mine", map[string]string{"models/replaced_clean.sql": h.file("", "models/replaced_clean.sql") + "-- mine\n"})
	h.pushes(c.Branch, own)
	h.until("it is noticed", func() bool { return h.change().Foreign == own }, nil)
	h.until("it is verified as a person's", func() bool {
		mr := h.thread(c.Number)
		return mr.Pull.HeadSHA == own && len(mr.Checks) > 0 && mr.Checks[0].Status == "completed"
	}, nil)
	third := h.asks("jane", "add a column length")
	h.hears(third, "waits", "lacks some of what merge request")
	h.says("jane", c.Number, "/codicil rebase")
	h.hears(c.Number, "holds commits of", "not overwritten")
	if sha := h.thread(c.Number).Pull.HeadSHA; sha != own {
		h.Errorf("the person's commit was overwritten with %s", sha)
	}
	// Closed, its product's next merge request leaves that branch alone as well.
	h.must(h.town.Person("jane").Close(h.Context(), h.owner, demo.Repository, c.Number))
	next := h.opened(c.Number)
	h.hears(third, "is ready to be looked at", next.URL)
	if next.Branch == c.Branch || h.thread(c.Number).Pull.HeadSHA != own {
		h.Errorf("the next change is on %s, over the person's commit", next.Branch)
	}
}

// The bot's branch is deleted under its open merge request, which the forge closes: that declines it, also while more is made for it.
func aBranchIsDeleted(h house) {
	issue := h.asks("jane", "add a column size")
	c := h.opened(0)
	second := h.asks("jane", "add a column weight, slowly")
	h.hears(second, "Implementing the whole spec**")
	h.pushes(c.Branch, "")
	h.hears(issue, "was closed without being merged")
	h.says("jane", second, "/codicil cancel")
	h.hears(second, "the work was cancelled")
	h.says("jane", issue, "/codicil retry")
	next := h.opened(c.Number)
	h.hears(issue, "is ready to be looked at", next.URL)
	if wishes := h.triggers("pruned", state.TriggerFailed); len(wishes) > 0 || next.Draft {
		h.Errorf("it failed: %+v", wishes)
	}
	h.merges(next.Number)
	h.hears(issue, "is merged")
}

// A push that no webhook told of is found by a sweep.
func TestAPushIsSwept(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("items", "Net price.", 3)
	p := settleShops(t, m, nil)
	p.push("commerce", "jane", "", "Say more", map[string]string{"commerce/items/spec.yaml": shopOf("items").spec("Gross price of it.")})
	c := p.open("items")
	p.idle()
	p.town.SetFaults(localforge.Faults{Hooks: localforge.HookFaults{Lost: 1}})
	sha := p.push("commerce", "jane", c.Branch, "Mine", map[string]string{"commerce/items/models/items.sql": "-- mine\n" + shopOf("items").model()})
	p.do(p.bot.Sweep(t.Context()))
	p.wait("it is noticed and verified", long, func() bool {
		thread, _ := p.town.Thread("commerce", demo.Repository, c.Number)
		return p.change("items").Foreign == sha && len(thread.Checks) > 0 && thread.Checks[0].Status == "completed"
	})
	p.remark(c.Number, "everything holds")
	p.do(p.bot.Sweep(t.Context()))
	p.idle()
	p.remark(c.Number, "everything holds")
}
