package service_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestThousandDeliveries has a thousand comments told of, a tenth of them repeated and a tenth out of order, of which each tenth asks for
// something: each of those is a trigger, once, and nothing else is.
func TestThousandDeliveries(t *testing.T) {
	w := begin(t)
	ctx := context.Background()
	jane := w.Person("jane")
	s := &story{town: w, most: time.Minute}
	issue := done(s, "open an issue", func() (int, error) { return jane.OpenIssue(ctx, "commerce", "shop", "Items", "How many?") })
	w.SetFaults(localforge.Faults{Seed: 1, Hooks: localforge.HookFaults{Repeated: 0.05, Renamed: 0.05, Shuffled: 0.1, Delay: 300 * time.Millisecond}})
	o, cache, err := w.setting.options(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	o.Config.Limits.Changes = 1
	b, err := service.New(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	listener, err := net.Listen("tcp", w.setting.Webhooks)
	if err != nil {
		t.Fatal(err)
	}
	running, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running, listener) }()
	random := rand.New(rand.NewPCG(1, 1))
	asked := map[int64]bool{}
	most := 1000
	if !whole() {
		most = 200
	}
	for n := range most {
		text := fmt.Sprintf("Talk %d.", n)
		if random.IntN(10) == 0 {
			text = fmt.Sprintf("/amend orders: wish %d", n)
		}
		id := done(s, "comment", func() (int64, error) { return jane.Comment(ctx, "commerce", "shop", issue, text) })
		if strings.HasPrefix(text, "/amend") {
			asked[id] = true
		}
	}
	if err := w.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	got := map[int64]int{}
	s.until("all deliveries are looked at", func() bool {
		n := 1
		clear(got)
		err := b.DB().View(ctx, func(tx *state.Tx) (err error) {
			if n, err = tx.Unlooked(); err != nil {
				return err
			}
			all, err := tx.Products()
			for _, p := range all {
				triggers, err := tx.TriggersOf(p.ID)
				if err != nil {
					return err
				}
				for _, x := range triggers {
					got[x.Comment]++
				}
			}
			return err
		})
		return err == nil && n == 0
	})
	stop()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if len(asked) < most/20 || len(got) != len(asked) {
		t.Errorf("%d triggers of %d wishes", len(got), len(asked))
	}
	for id, n := range got {
		if !asked[id] || n != 1 {
			t.Errorf("comment %d has %d triggers; it was a wish: %t", id, n, asked[id])
		}
	}
}

// TestOneProcess has a second bot on the same data refused, in words that say what to do.
func TestOneProcess(t *testing.T) {
	w := begin(t)
	p := run(t, w.setting, "")
	p.idle(0, time.Minute)
	second := exec.Command(os.Args[0])
	other := w.setting
	other.Webhooks = address(t)
	file := filepath.Join(t.TempDir(), "setting.json")
	if err := os.WriteFile(file, encoded(t, other), 0o600); err != nil {
		t.Fatal(err)
	}
	second.Env = append(os.Environ(), botVariable+"="+file)
	out, err := second.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is in use by another process; SQLite is for one bot") {
		t.Errorf("a second process: %v\n%s", err, out)
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// TestInterrupted interrupts the bot as Ctrl-C does while it works: it ends within its grace, and the next process finishes the work.
func TestInterrupted(t *testing.T) {
	w := begin(t)
	ctx := context.Background()
	s := &story{town: w, acts: asked, most: 2 * time.Minute}
	jane := w.Person("jane")
	p := run(t, w.setting, "")
	s.issue = done(s, "open an issue", func() (int, error) { return jane.OpenIssue(ctx, "commerce", "shop", "Items", "How many?") })
	s.ask = done(s, "ask", func() (int64, error) { return jane.Comment(ctx, "commerce", "shop", s.issue, want+" (yes to all)") })
	s.until("the wish is heard", func() bool { return len(s.remarks("commerce", "shop", s.issue, "")) > 0 })
	start := time.Now()
	if err := p.stop(); err != nil {
		t.Errorf("interrupted, the bot ended with %v", err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("it took %v to end", took)
	}
	p = run(t, w.setting, "")
	s.until("the bot asks back", func() bool { return len(s.remarks("commerce", "shop", s.issue, "If nobody says")) > 0 })
	p.idle(time.Second, time.Minute)
	if n := len(s.remarks("commerce", "shop", s.issue, "")); n != 2 {
		t.Errorf("%d comments:\n%s", n, w.tell())
	}
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
