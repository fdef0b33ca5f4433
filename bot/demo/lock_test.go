package demo_test

import (
	"encoding/json"
	"strings"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/state"
)

// Where a conversation is locked, the bot can't speak: its work goes on all the same, questions take what would be assumed, and nothing is tried for ever.
func aConversationIsLocked(h house) {
	jane := h.town.Person("jane")
	issue := h.opens("jane", "Sizes", "")
	h.must(jane.Lock(h.Context(), h.owner, demo.Repository, issue))
	h.says("jane", issue, "/amend locked: add a column size, I am unsure")
	c := h.opened(0)
	if c.Draft || !strings.Contains(h.file(c.Branch, "amendments/0002.yaml"), "(assumed)") {
		h.Errorf("the change is not what would be assumed: %+v", c)
	}
	if said := h.bots(issue); len(said) > 0 || len(h.thread(issue).Reactions) > 0 {
		h.Errorf("the bot spoke in a locked conversation:\n%s", strings.Join(said, "\n---\n"))
	}
	h.says("jane", issue, "/amend locked: is there a column cents?")
	h.until("what needs no change is answered", func() bool { return len(h.triggers("locked", state.TriggerAnswered)) == 1 }, nil)
	h.until("what could not be said is given up", func() bool { return len(h.pending(issue)) == 0 }, func() string { return strings.Join(h.pending(issue), "\n") })
	// Unlocked, it is heard again.
	h.must(jane.Unlock(h.Context(), h.owner, demo.Repository, issue))
	h.says("jane", issue, "/codicil status")
	h.hears(issue, "| **locked** |")
	// A merge request whose conversation is locked is brought up to date, and merged.
	h.must(jane.Lock(h.Context(), h.owner, demo.Repository, c.Number))
	second := h.asks("jane", "add a column weight")
	h.hears(second, "is ready to be looked at", c.URL)
	if mr := h.thread(c.Number); !strings.Contains(mr.Body, "add a column weight") || !strings.Contains(h.file(c.Branch, "models/locked.sql"), "as weight") {
		h.Errorf("it was not brought up to date:\n%s", mr.Body)
	}
	h.says("jane", c.Number, "/amend add a column length")
	h.until("it is refined", func() bool { return strings.Contains(h.file(c.Branch, "models/locked.sql"), "as length") }, nil)
	h.until("the change is open", func() bool { return h.change().State == state.ChangeOpen }, nil)
	h.merges(c.Number)
	h.hears(second, "is merged")
	h.until("the issues are closed", func() bool { return h.thread(issue).State == "closed" && h.thread(second).State == "closed" }, nil)
}

// pending are the writes at an issue that are to be tried again.
func (h house) pending(issue int) (keys []string) {
	h.Helper()
	h.view(func(tx *state.Tx) error {
		writes, err := tx.WritesIn(state.WritePending)
		for _, w := range writes {
			var op outbox.Operation
			if err := json.Unmarshal([]byte(w.Payload), &op); err != nil {
				return err
			}
			if op.Repo.Owner == h.owner && op.Number == issue {
				keys = append(keys, w.Key+": "+w.Error)
			}
		}
		return err
	})
	return keys
}
