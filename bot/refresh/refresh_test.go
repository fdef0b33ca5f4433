package refresh_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/refresh"
	"github.com/codicil-dev/codicil/bot/rulebook"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/triage"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

func TestMain(m *testing.M) {
	os.Exit(m.Run())
}

const (
	spec = `spec: 1
product: orders
version: 1.0.0
owner: {team: shop}
purpose: What customers ordered.
tags: [sales]
tables:
  - name: orders
    description: One row for each order.
    why: Revenue starts from the order.
    key: [order_id]
    columns:
      - {name: order_id, type: INTEGER, description: Number of the order., why: Names the order.}
      - {name: amount, type: INTEGER, unit: USD, description: What it came to., why: Invoices need it., nullable: false}
`
	first    = "id: 1\nrequirement: We need orders.\norigin: {kind: bootstrap}\nreading: A table of orders.\nexpects: [{add_table: orders}]\nchecks: []\nchange: Made it.\n"
	model    = "select order_id, amount from lines\n"
	starred  = "select * from lines\n"
	lines    = "order_id,amount\n1,5\n2,7\n"
	kept     = "---\nid: rule\ntitle: Amounts have a unit\napplies_to: \"'sales' in tags\"\nchecks:\n  - name: amounts are positive\n    sql: select * from orders where amount <= 0\n---\n# Rule\n\nDo.\n"
	notKept  = "---\nid: rule\ntitle: Amounts are large\napplies_to: \"'sales' in tags\"\nchecks:\n  - name: amounts are large\n    sql: select * from orders where amount < 6\n---\n# Rule\n\nDo.\n"
	starSays = "orders/models/orders.sql:1:8: warning: the model of orders passes on all columns of lines by a *, so that one added there would be published too: name the columns"
)

// adopts is an amendment that adopts a revision of the rule.
func adopts(revision string) string {
	return "id: 2\nrequirement: The rule.\norigin: {kind: guideline, id: rule, revision: \"" + revision + "\"}\nreading: As it says.\nexpects: []\nchecks: []\nchange: Nothing.\n"
}

// shop is a repository with one product, a repository of guidelines, and what looks for what is out of date.
type shop struct {
	*testing.T
	refresher *refresh.Refresher
	db        *state.DB
	dirs      map[string]string
	orders    state.Product
	rule      state.Repository
	night     int
}

// open opens a shop; the files are those of the product that differ.
func open(t *testing.T, guideline string, files map[string]string) *shop {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	git, err := mirror.Open(t.TempDir(), mirror.Options{AllowFile: true, Author: mirror.Person{Name: "Codicil", Email: "bot@example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { git.Close() })
	nothing := queue.Line{Handler: func(context.Context, string) error { return nil }, Workers: 1, Timeout: time.Minute, Attempts: 1}
	q, err := queue.New(t.Context(), db, map[string]queue.Line{"product": nothing, refresh.Line: nothing, outbox.Line: nothing}, time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := product.OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	library := workspace.Library{Cache: git, Credential: func(context.Context, forge.Repo) (forge.Credential, error) { return forge.Credential{}, nil }}
	rules := forge.Repo{Host: "forge", Owner: "org", Name: "rules"}
	s := &shop{T: t, db: db, dirs: map[string]string{}}
	s.refresher = &refresh.Refresher{
		DB: db, Queue: q, Outbox: &outbox.Outbox{DB: db, Queue: q, Log: log}, Library: library, Log: log, Products: "product", Scratch: t.TempDir(),
		Book:     rulebook.New([]rulebook.Source{{Repo: rules, Governs: []string{"org"}}}, db, library, log),
		Verifier: &verify.Verifier{Builder: &product.Builder{Cache: cache, AllowUnconfined: true, Threads: 1}, Log: log, Now: time.Now, Version: "test"},
	}
	all := map[string]string{"orders/spec.yaml": spec, "orders/amendments/0001.yaml": first, "orders/models/orders.sql": model, "orders/seeds/lines.csv": lines}
	for name, text := range files {
		all["orders/"+name] = text
	}
	s.rule = s.repository("rules", map[string]string{"rule.md": guideline})
	data := s.repository("data", all)
	if err := db.Update(t.Context(), func(tx *state.Tx) error {
		if err := tx.SaveProducts(data.ID, []state.Product{{Path: "orders", Name: "orders"}}); err != nil {
			return err
		}
		found, err := tx.ProductsIn(data.ID)
		s.orders = found[0]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// repository makes one of files.
func (s *shop) repository(name string, files map[string]string) (r state.Repository) {
	s.Helper()
	s.dirs[name] = s.TempDir()
	s.git(name, "init", "-q")
	s.commit(name, files)
	at := forge.Repository{Repo: forge.Repo{Host: "forge", Owner: "org", Name: name}, DefaultBranch: "main", CloneURL: "file://" + s.dirs[name]}
	if err := s.db.Update(s.Context(), func(tx *state.Tx) (err error) {
		r, err = tx.SaveRepository(at)
		return err
	}); err != nil {
		s.Fatal(err)
	}
	return r
}

// commit writes files on the default branch.
func (s *shop) commit(name string, files map[string]string) {
	s.Helper()
	for file, text := range files {
		to := filepath.Join(s.dirs[name], filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			s.Fatal(err)
		}
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			s.Fatal(err)
		}
	}
	s.git(name, "add", "-A")
	s.git(name, "commit", "-q", "-m", "Work")
}

func (s *shop) git(name string, args ...string) {
	s.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = s.dirs[name]
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dirs[name], "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_AUTHOR_NAME=Jane", "GIT_AUTHOR_EMAIL=jane@example.com",
		"GIT_COMMITTER_NAME=Jane", "GIT_COMMITTER_EMAIL=jane@example.com", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=init.defaultBranch", "GIT_CONFIG_VALUE_0=main"}
	if out, err := cmd.CombinedOutput(); err != nil {
		s.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// revision is that of the rule in force.
func (s *shop) revision() string {
	s.Helper()
	in, _, err := s.refresher.Book.InForce(s.Context(), forge.Repo{Host: "forge", Owner: "org", Name: "data"}, time.Now())
	if err != nil || len(in) != 1 {
		s.Fatal(in, err)
	}
	return in[0].Revision
}

// turn turns the week, and returns the triggers of refreshes that there are then.
func (s *shop) turn() (found []state.Trigger) {
	s.Helper()
	s.night++
	if err := s.refresher.Turn(s.Context(), fmt.Sprint(s.night)); err != nil {
		s.Fatal(err)
	}
	return s.run(triage.RefreshOrder{Product: s.orders.ID})
}

// run does a job of the line.
func (s *shop) run(o triage.RefreshOrder) (found []state.Trigger) {
	s.Helper()
	if err := s.refresher.Run(s.Context(), o.String()); err != nil {
		s.Fatal(err)
	}
	s.state(func(tx *state.Tx) (err error) {
		found, err = tx.TriggersOf(s.orders.ID)
		return err
	})
	return slices.DeleteFunc(found, func(x state.Trigger) bool { return x.Kind != state.KindRefresh })
}

func (s *shop) state(do func(*state.Tx) error) {
	s.Helper()
	if err := s.db.Update(s.Context(), do); err != nil {
		s.Fatal(err)
	}
}

// asked is a trigger of the rule's revision in a state.
func (s *shop) asked(kind state.Kind, is state.TriggerState, revision string) {
	s.Helper()
	s.state(func(tx *state.Tx) error {
		_, _, err := tx.AddTrigger(state.Trigger{ProductID: s.orders.ID, Kind: kind, Key: "earlier", Hash: "earlier", State: is, TriggerData: state.TriggerData{Guideline: "rule", Revision: revision}})
		return err
	})
}

func TestGuidelines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, guideline string
		files           map[string]string
		before          func(s *shop)
		want            string // what the only evidence begins with; empty if there must be none
	}{
		{"kept and adopted earlier", kept, map[string]string{"amendments/0002.yaml": adopts("r0")}, nil, ""},
		{"kept and never adopted", kept, nil, nil, ""},
		{"adopted earlier and not kept", notKept, map[string]string{"amendments/0002.yaml": adopts("r0")}, nil, `The guideline "Amounts are large" was adopted in revision r0; revision REV is in force: 1 of 1 check do not hold.`},
		{"never adopted and not kept", notKept, nil, nil, `The guideline "Amounts are large" is in force in revision REV and was never adopted: 1 of 1 check do not hold.`},
		{"of no concern", strings.Replace(notKept, "sales", "hr", 1), nil, nil, ""},
		{"broken by the guideline's own fault", strings.Replace(notKept, "'sales' in tags", "spec.nothing == 1", 1), nil, nil, ""},
		{"adopted in this revision", notKept, nil, func(s *shop) {
			s.commit("data", map[string]string{"orders/amendments/0002.yaml": adopts(s.revision())})
		}, ""},
		{"declined", notKept, nil, func(s *shop) { s.asked(state.KindGuideline, state.TriggerDeclined, s.revision()) }, ""},
		{"declined as a refresh", notKept, nil, func(s *shop) { s.asked(state.KindRefresh, state.TriggerDeclined, s.revision()) }, ""},
		{"declined in an earlier revision", notKept, nil, func(s *shop) { s.asked(state.KindGuideline, state.TriggerDeclined, "r0") }, `The guideline "Amounts are large" is in force`},
		{"in an open change", notKept, nil, func(s *shop) { s.asked(state.KindGuideline, state.TriggerOpen, s.revision()) }, ""},
		{"judged to be met", notKept, nil, func(s *shop) { s.asked(state.KindGuideline, state.TriggerAnswered, s.revision()) }, ""},
		{"tried in vain", notKept, nil, func(s *shop) { s.asked(state.KindGuideline, state.TriggerFailed, s.revision()) }, `The guideline "Amounts are large" is in force`},
		{"a campaign goes on", notKept, nil, func(s *shop) { s.campaign(state.CampaignPaused) }, ""},
		{"a campaign is over", notKept, nil, func(s *shop) { s.campaign(state.CampaignOver) }, `The guideline "Amounts are large" is in force`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open(t, c.guideline, c.files)
			if c.before != nil {
				c.before(s)
			}
			had := len(s.triggers())
			if s.turn(); c.want == "" {
				if got := s.triggers()[had:]; len(got) != 0 {
					t.Errorf("it started %+v", got)
				}
				return
			}
			got := s.triggers()[had:]
			if len(got) != 1 || len(got[0].Evidence) != 1 || !strings.HasPrefix(got[0].Evidence[0], strings.ReplaceAll(c.want, "REV", s.revision())) {
				t.Fatalf("it started %+v", got)
			}
			if x := got[0]; x.Kind != state.KindRefresh || x.Guideline != "rule" || x.Revision != s.revision() || x.Source != s.rule.Key() || x.Commit == "" {
				t.Errorf("%+v", x)
			}
		})
	}
}

// campaign is one of the rule's revision in a state, that has found work here.
func (s *shop) campaign(is state.CampaignState) {
	s.Helper()
	s.state(func(tx *state.Tx) error {
		_, _, err := tx.AddCampaign(state.Campaign{Key: "rule", State: is, CampaignData: state.CampaignData{Kind: state.KindGuideline, Guideline: "rule", Revision: s.revision(), Products: map[int64]state.Finding{s.orders.ID: {What: state.FoundToChange}}}})
		return err
	})
}

// triggers are all of the product.
func (s *shop) triggers() (found []state.Trigger) {
	s.Helper()
	s.state(func(tx *state.Tx) (err error) {
		found, err = tx.TriggersOf(s.orders.ID)
		return err
	})
	return found
}

// TestWarnings has what lint finds asked once, and again only when something else is to be said.
func TestWarnings(t *testing.T) {
	t.Parallel()
	s := open(t, kept, map[string]string{"models/orders.sql": starred})
	found := s.turn()
	if len(found) != 1 || !slices.Equal(found[0].Evidence, []string{starSays}) || found[0].Guideline != "" || found[0].State != state.TriggerWaiting || found[0].CampaignID != 0 {
		t.Fatalf("%+v", found)
	}
	if again := s.turn(); len(again) != 1 {
		t.Errorf("the same week again: %+v", again)
	}
	// Another guideline's text changes what the answer rests on, but what is found is in work already.
	s.commit("rules", map[string]string{"rule.md": strings.Replace(kept, "Do.", "Do it.", 1)})
	if again := s.turn(); len(again) != 1 {
		t.Errorf("the same is in work: %+v", again)
	}
	found[0].State = state.TriggerDeclined
	s.state(func(tx *state.Tx) error { return tx.SaveTrigger(found[0]) })
	s.commit("rules", map[string]string{"rule.md": kept})
	if again := s.turn(); len(again) != 1 {
		t.Errorf("the same was declined: %+v", again)
	}
	if again := s.run(triage.RefreshOrder{Product: s.orders.ID, Issue: 7, Key: "comment/1"}); len(again) != 2 {
		t.Errorf("somebody asks for it all the same: %+v", again)
	}
	s.commit("data", map[string]string{"orders/models/orders.sql": model})
	if again := s.turn(); len(again) != 2 {
		t.Errorf("nothing is out of date any more: %+v", again)
	}
}

// TestHandEdit leaves a spec that was edited by hand to the work that the edit starts, and looks at it afterwards.
func TestHandEdit(t *testing.T) {
	t.Parallel()
	s := open(t, kept, map[string]string{"models/orders.sql": starred, "amendments/0001.yaml": first + "result: sha256:" + strings.Repeat("0", 64) + "\n"})
	if found := s.turn(); len(found) != 0 {
		t.Errorf("%+v", found)
	}
	s.commit("data", map[string]string{"orders/amendments/0001.yaml": first})
	if found := s.turn(); len(found) != 1 {
		t.Errorf("%+v", found)
	}
}
