package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/deploy"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// script answers each stage with a text, and counts.
type script struct {
	answers map[string]string
	mu      sync.Mutex
	asked   map[string]int
}

func (s *script) Ask(_ context.Context, r model.Request) (model.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked == nil {
		s.asked = map[string]int{}
	}
	s.asked[r.Stage]++
	text, ok := s.answers[r.Stage]
	if !ok {
		return model.Answer{}, fmt.Errorf("nothing is scripted for the stage %s", r.Stage)
	}
	return model.Answer{Text: text, Usage: model.Usage{In: 10, Out: 5}}, nil
}

func (s *script) times() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.asked {
		n += k
	}
	return n
}

// example is a file of the examples, with one text in it replaced by another.
func example(t testing.TB, name, old, text string) string {
	t.Helper()
	data, err := os.ReadFile("../../deploy/examples/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(old)) {
		t.Fatalf("%s has no %q", name, old)
	}
	return strings.Replace(string(data), old, text, 1)
}

// evidence is what the demonstration's recording of the week is of.
func evidence(t testing.TB) []string {
	t.Helper()
	data, err := os.ReadFile("../../deploy/demo/recordings/week/play.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		Evidence []string `yaml:"evidence"`
	}
	if err := yaml.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	return p.Evidence
}

// refreshes are the triggers that a week's turn started, by product.
func (p *play) refreshes() map[string][]state.Trigger {
	found := map[string][]state.Trigger{}
	p.view(func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, one := range products {
			all, err := tx.TriggersOf(one.ID)
			if err != nil {
				return err
			}
			for _, x := range all {
				if x.Kind == state.KindRefresh {
					found[one.Name] = append(found[one.Name], x)
				}
			}
		}
		return nil
	})
	return found
}

// weekTurned turns the week and has one merge request come of it, at attribution, with what lint finds there.
func (p *play) weekTurned() state.Change {
	p.Helper()
	if err := p.bot.Refresh(p.Context(), "first"); err != nil {
		p.Fatal(err)
	}
	p.idle()
	found := p.refreshes()
	if len(found) != 1 || len(found["attribution"]) != 1 {
		p.Fatalf("the week started %+v", found)
	}
	x := found["attribution"][0]
	if want := evidence(p.TB); !slices.Equal(x.Evidence, want) || x.Guideline != "" {
		p.Errorf("what is out of date (guideline %q) is not what the recording is of:\ngot  %s\nwant %s", x.Guideline, strings.Join(x.Evidence, "\n     "), strings.Join(want, "\n     "))
	}
	c := p.change("attribution")
	if x.State != state.TriggerOpen || c.State != state.ChangeOpen || c.Draft || c.Verdict == "fail" {
		p.Fatalf("the trigger is %s (%s), the change %+v", x.State, x.Reason, c)
	}
	return c
}

// TestTheWeekTurns has one product with something out of date among ten; what is found anew is not asked again.
func TestTheWeekTurns(t *testing.T) {
	performance := example(t, "marketing/attribution/models/channel_performance.sql", "group by all", "group by date_trunc('month', order_date), channel")
	attribution := example(t, "marketing/attribution/models/order_attribution.sql", "select *, cast(", "select order_id, order_date, touch_id, channel, campaign, touch_number, touch_count, cast(")
	s := &script{answers: map[string]string{
		author.StageRefine: "```json\n" + `{"verdict": "clear", "explanation": "Both constructs are there.", "reading": "Name the columns in both models; nothing in the output changes."}` + "\n```\n",
		author.StageImplement: "```json\n" + `{"change": "Named the columns that both models read and group by.", "rejected": []}` + "\n```\n" +
			"FILE: models/channel_performance.sql\n````\n" + performance + "````\n\nFILE: models/order_attribution.sql\n````\n" + attribution + "````\n",
		author.StageReview: "```json\n" + `{"summary": "The same rows, by name.", "objections": [], "remarks": []}` + "\n```\n",
	}}
	p := begin(t, func(*model.Account) asker { return s }, nil)
	c := p.weekTurned()
	changes, asked := p.changes(), s.times()
	if changes != 1 || asked == 0 {
		t.Errorf("%d changes, and the model was asked %d times", changes, asked)
	}
	for _, night := range []string{"first", "second"} {
		if err := p.bot.Refresh(t.Context(), night); err != nil {
			t.Fatal(err)
		}
		p.idle()
	}
	if again := p.change("attribution"); p.changes() != changes || again.Head != c.Head || s.times() != asked {
		t.Errorf("the second turn: %d changes, head %s of %s, the model asked %d times more", p.changes(), again.Head, c.Head, s.times()-asked)
	}
}

// changes counts the changes of all products.
func (p *play) changes() (n int) {
	p.view(func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, one := range products {
			of, err := tx.ChangesOf(one.ID)
			if err != nil {
				return err
			}
			n += len(of)
		}
		return nil
	})
	return n
}

// TestTheRecordedWeek turns the week as the demonstration does, after the new guideline came, with the demonstration's recordings.
func TestTheRecordedWeek(t *testing.T) {
	const all = "../../deploy/demo/recordings"
	for _, name := range []string{"week", "adopt_customers", "adopt_inventory", "adopt_returns"} {
		if _, err := os.Stat(all + "/" + name + "/recording"); err != nil {
			t.Skipf("%s is not recorded yet", name)
		}
	}
	p := begin(t, recordings(t, all), nil)
	files := map[string]string{}
	names, err := fs.Glob(deploy.Demo(), "guidelines/*.md")
	if err != nil || len(names) == 0 {
		t.Fatal("there is no new guideline: ", err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(deploy.Demo(), name)
		if err != nil {
			t.Fatal(err)
		}
		files[path.Base(name)] = string(text)
	}
	if _, err := p.town.Commit(t.Context(), localforge.Commit{Owner: demo.Rules, Name: demo.RulesRepository, By: "ada", Message: "A new guideline", Write: files}); err != nil {
		t.Fatal(err)
	}
	p.wait("the guideline reaches the products", 3*time.Minute, func() bool { return p.change("returns").State == state.ChangeOpen })
	p.idle()
	p.weekTurned()
}
