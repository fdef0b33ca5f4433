package state_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

// products counts the products that a database shows.
func products(t *testing.T, db *state.DB) (n int) {
	t.Helper()
	err := db.View(context.Background(), func(tx *state.Tx) error {
		all, err := tx.Products()
		n = len(all)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestADatabaseIsLookedAtWhileItIsUsed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	if _, err := state.OpenReadOnly(t.Context(), file, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("where there is none: %v", err)
	}
	if used, err := state.InUse(file); used || err != nil {
		t.Errorf("where there is none: %v, %v", used, err)
	}
	db, err := state.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	product(t, db, "orders")
	if used, err := state.InUse(file); !used || err != nil {
		t.Errorf("while it is used: %v, %v", used, err)
	}
	look, err := state.OpenReadOnly(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := products(t, look); n != 1 {
		t.Errorf("%d products", n)
	}
	product(t, db, "rates")
	if n := products(t, look); n != 2 {
		t.Errorf("%d products after another was added", n)
	}
	if err := look.Update(t.Context(), func(*state.Tx) error { return nil }); err == nil {
		t.Error("it could be written")
	}
	if err := look.View(t.Context(), func(tx *state.Tx) error { return tx.Set("a", "b") }); err == nil {
		t.Error("it could be written by looking")
	}
	if err := errors.Join(look.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if used, err := state.InUse(file); used || err != nil {
		t.Errorf("afterwards: %v, %v", used, err)
	}
	if look, err = state.OpenReadOnly(t.Context(), file, nil); err != nil {
		t.Fatalf("afterwards: %v", err)
	}
	defer look.Close()
	if n := products(t, look); n != 2 {
		t.Errorf("%d products afterwards", n)
	}
}

func TestADatabaseIsOpenedOnceItIsLetGo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	db, err := state.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	type opened struct {
		db  *state.DB
		err error
	}
	second := make(chan opened)
	go func() {
		db, err := state.Open(context.Background(), file, nil)
		second <- opened{db, err}
	}()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := <-second; got.err != nil {
		t.Error(got.err)
	} else {
		got.db.Close()
	}
}

func TestNewerAndOlderTablesAreRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.db")
	db, err := state.Open(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().Exec(`insert into goose_db_version (version_id, is_applied) values (99, 1)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	var newer *state.NewerError
	if _, err := state.OpenReadOnly(t.Context(), file, nil); !errors.As(err, &newer) || newer.Has != 99 {
		t.Errorf("looked at: %v", err)
	}
	if _, err := state.Open(t.Context(), file, nil); !errors.As(err, &newer) || !strings.Contains(err.Error(), "run the newer one") {
		t.Errorf("opened: %v", err)
	}
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := state.OpenReadOnly(t.Context(), file, nil); err == nil {
		t.Error("something else was looked at as a database")
	}
}

func TestACampaignGoesOnWhereItWasPaused(t *testing.T) {
	db, _ := open(t)
	for name, c := range map[string]struct {
		campaign state.Campaign
		pauses   []bool
		want     state.CampaignState
	}{
		"running":                        {state.Campaign{State: state.CampaignRunning}, []bool{true}, state.CampaignPaused},
		"resumed":                        {state.Campaign{State: state.CampaignRunning}, []bool{true, false}, state.CampaignRunning},
		"a canary":                       {state.Campaign{State: state.CampaignCanary, CampaignData: state.CampaignData{Canary: 1}}, []bool{true, false}, state.CampaignCanary},
		"a canary that was never paused": {state.Campaign{State: state.CampaignCanary, CampaignData: state.CampaignData{Canary: 1}}, []bool{false}, state.CampaignCanary},
		"over":                           {state.Campaign{State: state.CampaignOver}, []bool{true, false, true}, state.CampaignOver},
	} {
		update(t, db, func(tx *state.Tx) error {
			c.campaign.Key = name
			kept, _, err := tx.AddCampaign(c.campaign)
			for _, pause := range c.pauses {
				if err == nil {
					kept, _, err = tx.PauseCampaign(kept.ID, pause)
				}
			}
			if kept.State != c.want {
				t.Errorf("%s: %s, want %s", name, kept.State, c.want)
			}
			return err
		})
	}
}

func TestDeadWritesAreRevived(t *testing.T) {
	db, _ := open(t)
	update(t, db, func(tx *state.Tx) error {
		w, err := tx.AddWrite(state.Write{Key: "a", Kind: "comment", Payload: "{}"})
		if err != nil {
			return err
		}
		if ok, err := tx.ReviveWrite(w.ID); ok || err != nil {
			t.Errorf("a write that is not dead: %v, %v", ok, err)
		}
		if err := errors.Join(tx.Trying(w.ID), tx.Wrote(w.ID, state.WriteDead, "", "no")); err != nil {
			return err
		}
		if ok, err := tx.ReviveWrite(w.ID); !ok || err != nil {
			t.Errorf("%v, %v", ok, err)
		}
		w, _, err = tx.WriteOf(w.ID)
		if w.State != state.WritePending || !w.Tried.IsZero() {
			t.Errorf("%+v", w)
		}
		return err
	})
}

func TestEventsAndSettingsAreLookedBackOn(t *testing.T) {
	db, clock := open(t)
	update(t, db, func(tx *state.Tx) error {
		for _, guid := range []string{"1", state.FoundPrefix + "2"} {
			if _, err := tx.Receive(state.Delivery{Host: "github.com", GUID: guid, Event: "push", Key: guid, Received: tx.Now()}); err != nil {
				return err
			}
		}
		return errors.Join(tx.Looked(1, "nothing"), tx.Set("swept/a", "1"), tx.Set("swept/b", "2"), tx.Set("sweptly", "3"))
	})
	*clock = clock.Add(time.Hour)
	update(t, db, func(tx *state.Tx) error {
		events, err := tx.Events(5)
		if err != nil || len(events) != 2 || !events[0].Found || events[1].Found || events[1].Outcome != "nothing" || events[1].Done.IsZero() || !events[0].Done.IsZero() {
			t.Errorf("%+v, %v", events, err)
		}
		settings, err := tx.Settings("swept/")
		if err != nil || len(settings) != 2 || settings["b"] != "2" {
			t.Errorf("%v, %v", settings, err)
		}
		made, err := tx.Made()
		if err != nil || time.Since(made) > time.Hour {
			t.Errorf("%v, %v", made, err)
		}
		n, err := tx.FoundSince("github.com", tx.Now().Add(-2*time.Hour))
		if n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		return nil
	})
}

func TestAPushThatIsDoneKeepsNoCommits(t *testing.T) {
	db, _ := open(t)
	update(t, db, func(tx *state.Tx) error {
		for _, end := range []state.WriteState{state.WriteDone, state.WriteDead} {
			key := "push/" + string(end)
			w, err := tx.AddWrite(state.Write{Key: key, Kind: "push", Payload: `{"kind":"push","bundle":"AAAA"}`})
			if err != nil {
				return err
			}
			if err := tx.Wrote(w.ID, end, "{}", ""); err != nil {
				return err
			}
			w, _, err = tx.Write(key)
			if kept := strings.Contains(w.Payload, "AAAA"); err != nil || kept != (end == state.WriteDead) || !strings.Contains(w.Payload, "push") {
				t.Errorf("a push that is %s keeps %s: %v", end, w.Payload, err)
			}
		}
		return nil
	})
}

func TestTheTextsOfOldWritesAreForgotten(t *testing.T) {
	db, clock := open(t)
	long := strings.Repeat("x", 3000)
	keys := map[string]string{"comment": `{"kind":"comment","body":"` + long + `"}`, "check": `{"kind":"set_check","check":{"Text":"` + long + `"}}`, "edit": `{"kind":"edit_comment","of":"comment","body":"` + long + `"}`}
	add := func(suffix string, done bool) {
		update(t, db, func(tx *state.Tx) error {
			for key, payload := range keys {
				w, err := tx.AddWrite(state.Write{Key: key + suffix, Kind: key, Payload: payload})
				if err == nil && done {
					err = tx.Wrote(w.ID, state.WriteDone, "{}", "")
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	add("/old", true)
	add("/waits", false)
	*clock = clock.Add(time.Hour)
	add("/new", true)
	update(t, db, func(tx *state.Tx) error {
		if _, err := tx.Forget(tx.Now()); err != nil {
			return err
		}
		for key := range keys {
			for suffix, kept := range map[string]bool{"/old": false, "/waits": true, "/new": true} {
				w, ok, err := tx.Write(key + suffix)
				if err != nil || !ok || strings.Contains(w.Payload, long) != kept || !strings.Contains(w.Payload, `"kind"`) || key == "edit" && !strings.Contains(w.Payload, `"of"`) {
					t.Errorf("%s%s: %.80s %v %v", key, suffix, w.Payload, ok, err)
				}
			}
		}
		return nil
	})
}
