package service_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/resync"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
)

// TestSync deletes the database, first while a question waits, and again after most of the story, and has it rebuilt from the forge each time:
// the same is open, merged, declined and waiting, nothing is written twice, and the work goes on.
func TestSync(t *testing.T) {
	w := begin(t)
	p := run(t, w.setting, "")
	s := &story{town: w, acts: asked | ruling, most: 2 * time.Minute}
	ctx := context.Background()
	jane := w.Person("jane")
	s.issue = done(s, "open an issue", func() (int, error) { return jane.OpenIssue(ctx, "commerce", "shop", "Items", "How many?") })
	s.ask = done(s, "ask", func() (int64, error) { return jane.Comment(ctx, "commerce", "shop", s.issue, want) })
	s.until("the bot asks back", func() bool { return len(s.remarks("commerce", "shop", s.issue, "If nobody says")) > 0 })
	p.idle(time.Second, time.Minute)
	p = w.lose(p, "orders: issue asked")
	s.reply = done(s, "answer", func() (int64, error) { return jane.Comment(ctx, "commerce", "shop", s.issue, "1. "+answer) })
	s.until("the merge request of orders is proven", func() bool { s.orders = s.proven("commerce", "shop", "orders", 2); return s.orders != 0 })
	s.rules(w.Person("omar"))
	s.until("the merge request of bills is proven", func() bool { s.bills = s.proven("finance", "books", "bills", 2); return s.bills != 0 })
	s.until("the rule has come to orders", func() bool { return s.proven("commerce", "shop", "orders", 3) != 0 })
	p.idle(time.Second, time.Minute)
	p = w.lose(p, "bills: change open", "bills: guideline open", "orders: change open", "orders: guideline open", "orders: issue open")
	done(s, "merge", func() (struct{}, error) { return struct{}{}, jane.Merge(ctx, "commerce", "shop", s.orders) })
	s.until("the issue is closed", func() bool { x, _ := w.Thread("commerce", "shop", s.issue); return x.State == "closed" })
	p.idle(10*time.Second, time.Minute)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	s.onForge()
	p = run(t, w.setting, "")
	p = w.lose(p, "bills: change open", "bills: guideline open", "orders: change merged", "orders: guideline merged", "orders: issue merged")
	before := w.tell()
	p.idle(10*time.Second, time.Minute)
	if diff := cmp.Diff(before, w.tell()); diff != "" {
		t.Errorf("the bot wrote again: %s", diff)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	s.onForge()
}

// lose stops the bot, deletes its database, rebuilds it, compares what is in it, and starts the bot again.
func (w *town) lose(p *process, want ...string) *process {
	w.Helper()
	if err := p.stop(); err != nil {
		w.Error(err)
	}
	before := w.work()
	for _, name := range []string{"codicil.db", "codicil.db-wal", "codicil.db-shm"} {
		_ = os.Remove(filepath.Join(w.setting.Data, name))
	}
	result := w.resync()
	w.Logf("rebuilt: %+v", result)
	after := w.work()
	if diff := cmp.Diff(before, after); diff != "" {
		w.Errorf("after the database was lost: %s", diff)
	}
	if !slices.Equal(want, after) {
		w.Errorf("work %q, want %q", after, want)
	}
	return run(w.T, w.setting, "")
}

func (w *town) resync() resync.Result {
	w.Helper()
	o, cache, err := w.setting.options(slog.New(slog.DiscardHandler))
	if err != nil {
		w.Fatal(err)
	}
	defer cache.Close()
	b, err := service.New(context.Background(), o)
	if err != nil {
		w.Fatal(err)
	}
	defer b.Close()
	r, err := b.Resync(context.Background())
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// work is what is open, merged, declined and waiting, as far as it is the bot's to go on with.
func (w *town) work() (out []string) {
	w.Helper()
	db, err := state.Open(context.Background(), filepath.Join(w.setting.Data, "codicil.db"), nil)
	if err != nil {
		w.Fatal(err)
	}
	defer db.Close()
	err = db.View(context.Background(), func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, p := range products {
			triggers, err := tx.TriggersOf(p.ID)
			if err != nil {
				return err
			}
			for _, x := range triggers {
				if x.Kind != state.KindBase && x.Kind != state.KindRedo {
					out = append(out, fmt.Sprintf("%s: %s %s", p.Name, x.Kind, x.State))
				}
			}
			changes, err := tx.ChangesOf(p.ID)
			if err != nil {
				return err
			}
			for _, c := range changes {
				if c.State != state.ChangeAbandoned {
					out = append(out, fmt.Sprintf("%s: change %s", p.Name, c.State))
				}
			}
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	slices.Sort(out)
	return out
}
