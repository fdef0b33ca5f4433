package refresh_test

import (
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

// A turn that fell into a time in which the bot was down comes at its start, once; before the first one, none is missed.
func TestAMissedTurnIsMadeUpFor(t *testing.T) {
	s := open(t, kept, nil)
	later, soon := func(t time.Time) time.Time { return t.Add(time.Hour) }, func(t time.Time) time.Time { return t }
	for _, c := range []struct {
		what, night string
		next        func(time.Time) time.Time
		turn        bool
		want        int
	}{
		{"before the first", "1", soon, false, 0},
		{"a first", "1", nil, true, 1},
		{"not due", "2", later, false, 1},
		{"due", "2", soon, false, 2},
		{"due, and made up for in that night", "2", soon, false, 2},
	} {
		var err error
		if c.turn {
			err = s.refresher.Turn(t.Context(), c.night)
		} else {
			err = s.refresher.CatchUp(t.Context(), c.night, c.next)
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := s.db.View(t.Context(), func(tx *state.Tx) error {
			all, err := tx.Campaigns()
			if len(all) != c.want {
				t.Errorf("%s: %d turns, want %d", c.what, len(all), c.want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}
