package triage

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// A spec that is edited to and fro is followed to where it is last, and one of which only the layout changes is followed once.
func TestEditsToAndFro(t *testing.T) {
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "codicil.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	log := slog.New(slog.DiscardHandler)
	nothing := queue.Line{Handler: func(context.Context, string) error { return nil }, Workers: 1, Timeout: time.Minute, Attempts: 1}
	q, err := queue.New(t.Context(), db, map[string]queue.Line{"product": nothing}, time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	tri := New(&Triage{DB: db, Queue: q, Lines: Lines{Product: "product"}, Log: log})
	for _, c := range []struct {
		what string
		// edits are the hashes of the specs, one commit each; what waits after the first is begun.
		edits string
		begun bool
		want  string // the states of the triggers, by their first letters
	}{
		{"one", "a", false, "w"},
		{"one on top of another", "ab", false, "cw"},
		{"back to the first", "aba", false, "ccw"},
		{"another layout", "aa", false, "w"},
		{"another layout while it is worked on", "aa", true, "o"},
		{"another while it is open", "ab", true, "ow"},
		{"back to what is open", "aba", true, "oc"},
	} {
		err := db.Update(t.Context(), func(tx *state.Tx) error {
			in, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "forge", Owner: "org", Name: c.what}})
			if err != nil {
				return err
			}
			p, err := tx.Promise(in.ID, "orders")
			if err != nil {
				return err
			}
			for i, hash := range c.edits {
				commit := string(rune('0'+i)) + "123456789"
				if err := tri.keepEdit(t.Context(), tx, news{}, p, edit{hash: string(hash), commit: commit, words: "Edited."}); err != nil {
					return err
				}
				all, err := tx.TriggersOf(p.ID)
				if err != nil {
					return err
				}
				if i == 0 && c.begun {
					all[0].State = state.TriggerOpen
					if err := tx.SaveTrigger(all[0]); err != nil {
						return err
					}
				}
			}
			got := ""
			all, err := tx.TriggersOf(p.ID)
			for _, x := range all {
				got += string(x.State[:1])
			}
			if got != c.want {
				t.Errorf("%s: %s, want %s", c.what, got, c.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
