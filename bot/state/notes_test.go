package state_test

import (
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

func TestWhatWasToldLatelyIsKnownByTheBeginningOfItsKey(t *testing.T) {
	db, clock := open(t)
	update(t, db, func(tx *state.Tx) error {
		_, err := tx.Receive(state.Delivery{Host: "github.com", GUID: "1", Key: "1/merge_request/7/opened/abc/2026/x", Received: tx.Now()})
		return err
	})
	began := *clock
	*clock = clock.Add(30 * time.Minute)
	update(t, db, func(tx *state.Tx) error {
		for _, c := range []struct {
			host, prefix string
			after        time.Time
			want         bool
		}{
			{"github.com", "1/merge_request/7/opened/abc/", began.Add(-time.Minute), true},
			{"github.com", "1/merge_request/7/opened/abc/", began.Add(time.Minute), false},
			{"github.com", "1/merge_request/7/opened/abd/", began.Add(-time.Minute), false},
			{"github.com", "1/merge_request/7/opened/ab/", began.Add(-time.Minute), false},
			{"example.com", "1/merge_request/7/opened/abc/", began.Add(-time.Minute), false},
		} {
			if got, err := tx.KnowsLike(c.host, c.prefix, c.after); err != nil || got != c.want {
				t.Errorf("%+v: %v, %v", c, got, err)
			}
		}
		return nil
	})
}

func TestWhatIsWrongWithARepositoryIsKeptUntilItIsMended(t *testing.T) {
	db, clock := open(t)
	update(t, db, func(tx *state.Tx) error {
		if err := tx.SetTrouble("github.com/acme/a", state.Trouble{Since: *clock, Why: "forbidden"}); err != nil {
			return err
		}
		return tx.SetCrowd("github.com/acme/b", state.Crowd{Holds: 3, Limit: 2})
	})
	read := func(tx *state.Tx) (troubles map[string]state.Trouble, crowds map[string]state.Crowd) {
		troubles, err := tx.Troubles()
		if err != nil {
			t.Fatal(err)
		}
		if crowds, err = tx.Crowds(); err != nil {
			t.Fatal(err)
		}
		return troubles, crowds
	}
	update(t, db, func(tx *state.Tx) error {
		troubles, crowds := read(tx)
		if x := troubles["github.com/acme/a"]; len(troubles) != 1 || x.Why != "forbidden" || !x.Since.Equal(*clock) {
			t.Errorf("troubles %+v", troubles)
		}
		if len(crowds) != 1 || crowds["github.com/acme/b"] != (state.Crowd{Holds: 3, Limit: 2}) {
			t.Errorf("crowds %+v", crowds)
		}
		if err := tx.SetTrouble("github.com/acme/a", state.Trouble{}); err != nil {
			return err
		}
		return tx.SetCrowd("github.com/acme/b", state.Crowd{})
	})
	update(t, db, func(tx *state.Tx) error {
		if troubles, crowds := read(tx); len(troubles)+len(crowds) != 0 {
			t.Errorf("%v and %v are still there", troubles, crowds)
		}
		return nil
	})
}
