package campaign

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

// One product goes first; where nothing was to do there, another does. What a person declined holds the others up until a person says otherwise.
func TestWhoGoesFirst(t *testing.T) {
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	nothing := queue.Line{Handler: func(context.Context, string) error { return nil }, Workers: 1, Timeout: time.Minute, Attempts: 1}
	q, err := queue.New(t.Context(), db, map[string]queue.Line{"product": nothing}, time.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	r := &Runner{DB: db, Queue: q, Products: "product"}
	var c state.Campaign
	update := func(f func(tx *state.Tx) error) {
		t.Helper()
		if err := db.Update(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *state.Tx) error {
		in, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "forge", Owner: "org", Name: "data"}})
		if err != nil {
			return err
		}
		if err := tx.SaveProducts(in.ID, []state.Product{{Path: "a", Name: "a"}, {Path: "b", Name: "b"}, {Path: "c", Name: "c"}}); err != nil {
			return err
		}
		all, err := tx.ProductsIn(in.ID)
		if err != nil {
			return err
		}
		c = state.Campaign{Key: "k", State: state.CampaignCanary, CampaignData: state.CampaignData{Kind: state.KindGuideline, Canary: 1, Products: map[int64]state.Finding{}}}
		for _, p := range all {
			c.Products[p.ID] = state.Finding{What: state.FoundToChange}
		}
		c, _, err = tx.AddCampaign(c)
		return err
	})
	for _, step := range []struct {
		what    string
		becomes state.TriggerState // of the newest trigger, before
		resume  bool
		begun   int
		held    bool
	}{
		{what: "the first", begun: 1},
		{what: "while it is open", becomes: state.TriggerOpen, begun: 1},
		{what: "where nothing was to do", becomes: state.TriggerAnswered, begun: 2},
		{what: "after it was declined", becomes: state.TriggerDeclined, begun: 2, held: true},
		{what: "when somebody says so", resume: true, begun: 3},
	} {
		update(func(tx *state.Tx) error {
			triggers, err := tx.TriggersOfCampaign(c.ID)
			if err != nil {
				return err
			}
			if step.becomes != "" {
				x := triggers[len(triggers)-1]
				x.State = step.becomes
				if err := tx.SaveTrigger(x); err != nil {
					return err
				}
			}
			if step.resume {
				if _, _, err := tx.PauseCampaign(c.ID, false); err != nil {
					return err
				}
			}
			if err := r.start(t.Context(), tx, c.ID, texts{}); err != nil {
				return err
			}
			if triggers, err = tx.TriggersOfCampaign(c.ID); err != nil || len(triggers) != step.begun {
				t.Errorf("%s: %d are begun, want %d; %v", step.what, len(triggers), step.begun, err)
			}
			now, _, err := tx.Campaign(c.ID)
			if err != nil {
				return err
			}
			m, err := Summary(tx, now, 0)
			if m.Held != step.held {
				t.Errorf("%s: held %v, want %v", step.what, m.Held, step.held)
			}
			return err
		})
	}
}
