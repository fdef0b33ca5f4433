package author_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

// curious asks for tools before it answers as its script does.
type curious struct {
	*script
	// calls are made at the beginning of each stage, one a turn; forever repeats the last.
	calls   map[string][]model.ToolCall
	forever bool
	made    map[string]int
	// told is what each call of a stage returned.
	told map[string][]string
}

func (c *curious) Ask(ctx context.Context, r model.Request) (model.Answer, error) {
	if last := r.Messages[len(r.Messages)-1]; last.Role == model.ToolRole {
		c.told[r.Stage] = append(c.told[r.Stage], last.Text)
	}
	calls, n := c.calls[r.Stage], c.made[r.Stage]
	if n < len(calls) || c.forever && len(calls) > 0 {
		c.made[r.Stage]++
		call := calls[min(n, len(calls)-1)]
		call.ID = fmt.Sprint(n)
		return model.Answer{Text: "Let me look.", ToolCalls: []model.ToolCall{call}}, nil
	}
	return c.script.Ask(ctx, r)
}

func query(sql, of string) model.ToolCall {
	args, _ := json.Marshal(map[string]string{"sql": sql, "of": of})
	return model.ToolCall{Name: "query", Arguments: string(args)}
}

func look(path string) model.ToolCall {
	args, _ := json.Marshal(map[string]string{"path": path})
	return model.ToolCall{Name: "read_file", Arguments: string(args)}
}

func wonder(t *testing.T, calls map[string][]model.ToolCall) *curious {
	return &curious{script: good(t), calls: calls, made: map[string]int{}, told: map[string][]string{}}
}

func TestModelLooksAround(t *testing.T) {
	t.Parallel()
	c := wonder(t, map[string][]model.ToolCall{
		author.StageRefine: {query("select sku, quantity from lines order by all", ""), look("../../etc/passwd"), query("select * from orders", "head"), query("drop table orders", ""),
			{Name: "shell", Arguments: "{}"}, {Name: "query", Arguments: "select 1"}},
		author.StageAmend:     {look("models/orders.sql")},
		author.StageImplement: {look("spec.yaml"), query("select count(*) as n from orders", "base")},
		author.StageRepair:    {query("select order_id, item_count from orders order by 1", "head"), look("models/orders.sql"), query("select item_count from orders", "base")},
	})
	wrong := strings.Replace(newModel, "sum(price * quantity)", "sum(price)", 1)
	c.answers[author.StageImplement] = []string{implements(wrong)}
	c.answers[author.StageRepair] = []string{file("models/orders.sql", newModel)}
	a := newAuthor(c.script)
	a.Asker = c
	o, err := a.Amend(t.Context(), put(t, shop()))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	for stage, want := range map[string][]string{
		author.StageRefine:    {"a,1\na,2\nb,1", "is not a file of this product", "Nothing was changed yet", "can't be run", "There is no tool", "are not the JSON object"},
		author.StageAmend:     {"sum(price * quantity)"},
		author.StageImplement: {"item_count", "n\n2"},
		author.StageRepair:    {"1,3\n2,1", "sum(price) as", "item_count"},
	} {
		for i, part := range want {
			if i >= len(c.told[stage]) || !strings.Contains(c.told[stage][i], part) {
				t.Errorf("%s: call %d was told %q, want %q", stage, i+1, c.told[stage], part)
			}
		}
		for _, text := range c.told[stage] {
			if !strings.HasPrefix(text, "```") {
				t.Errorf("%s: what a tool returned is not fenced as data: %q", stage, text)
			}
		}
	}
	if got := c.told[author.StageRepair][2]; !strings.Contains(got, "can't be run") {
		t.Errorf("the base was asked for a column of the head: %q", got)
	}
	// What the model found out stays in its conversation when it repairs.
	if last := c.of(author.StageRepair); len(last) != 1 || !strings.Contains(fmt.Sprint(last[0].Messages), "n\n2") {
		t.Error("the repair does not know what the implementer was told")
	}
}

func TestModelLooksWithoutEnd(t *testing.T) {
	t.Parallel()
	c := wonder(t, map[string][]model.ToolCall{author.StageRefine: {look("spec.yaml")}})
	c.forever = true
	a := newAuthor(c.script)
	a.Asker = c
	o, err := a.Amend(t.Context(), put(t, shop()))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Failed)
	if n := c.made[author.StageRefine]; n > 40 {
		t.Errorf("%d calls were answered", n)
	}
	if last := c.told[author.StageRefine]; !strings.Contains(last[len(last)-1], "calls enough") {
		t.Errorf("the model was not told to answer: %q", last[len(last)-1])
	}
}

// TestQueriesSeeNoSecrets asks for a classified column under each name that it may have.
func TestQueriesSeeNoSecrets(t *testing.T) {
	t.Parallel()
	files := shop()
	files["seeds/people.csv"] = "order_id,email\n1,jane@secret.example\n2,joe@secret.example\n"
	files["models/orders.sql"] = "select order_id, cast(sum(price * quantity) as decimal(10,2)) as amount, any_value(email) as email\nfrom lines join people using (order_id)\ngroup by order_id\n"
	mail := "      - {name: email, type: VARCHAR, classification: pii, description: Who., why: Support writes., nullable: false}\n"
	files["spec.yaml"] = shopSpec + mail
	files["amendments/0001.yaml"] = shopBootstrap
	sly := strings.Replace(files["models/orders.sql"], "any_value(email) as email", "any_value(email) as email, cast(sum(quantity) as integer) as item_count", 1)
	c := wonder(t, map[string][]model.ToolCall{
		author.StageRefine: {query("select email as e from orders", ""), query("select upper(email) from people", ""), look("seeds/people.csv")},
		author.StageRepair: {query("select * from orders", "head"), query("select x from helper", "head"), look("models/helper.sql")},
	})
	c.answers[author.StageAmend] = []string{file("spec.yaml", strings.Replace(newSpec, "      - {name: item_count", mail+"      - {name: item_count", 1)) + file("amendments/0002.yaml", amendment(itemCheck, ""))}
	c.answers[author.StageImplement] = []string{implements(strings.Replace(sly, "sum(price * quantity)", "sum(price)", 1)) + file("models/helper.sql", "select reverse(email) as x from people\n")}
	c.answers[author.StageRepair] = []string{file("models/orders.sql", sly)}
	a := newAuthor(c.script)
	a.Asker = c
	o, err := a.Amend(t.Context(), put(t, files))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	if len(c.told[author.StageRefine]) != 3 || len(c.told[author.StageRepair]) != 3 {
		t.Fatalf("not all was asked: %q", c.told)
	}
	for stage, texts := range c.told {
		for _, text := range texts {
			if strings.Contains(strings.ToLower(text), "secret.example") || strings.Contains(text, "elpmaxe") {
				t.Errorf("%s: a classified value was shown: %s", stage, text)
			}
		}
	}
	for _, r := range c.asked {
		for _, m := range r.Messages {
			if strings.Contains(m.Text, "secret.example") {
				t.Errorf("%s: a classified value was sent:\n%s", r.Stage, m.Text)
			}
		}
	}
}

// TestClassificationTakenAway has the new spec open a column that was classified: what was withheld before stays so until that is merged.
func TestClassificationTakenAway(t *testing.T) {
	t.Parallel()
	files := shop()
	files["seeds/words.csv"] = "order_id,word\n1,xyzzy\n2,plugh\n"
	files["models/orders.sql"] = "select order_id, cast(sum(price * quantity) as decimal(10,2)) as amount, any_value(word) as word\nfrom lines join words using (order_id)\ngroup by order_id\n"
	word := "      - {name: word, type: VARCHAR, classification: secret, description: Opens the box., why: The shop asks for it., nullable: false}\n"
	files["spec.yaml"] = shopSpec + word
	opened := strings.Replace(files["models/orders.sql"], "any_value(word) as word", "any_value(word) as word, cast(sum(quantity) as integer) as item_count", 1)
	c := wonder(t, map[string][]model.ToolCall{author.StageRepair: {query("select word as w from orders", "head"), query("select word as w from words", "head")}})
	c.answers[author.StageAmend] = []string{file("spec.yaml", strings.Replace(newSpec, "      - {name: item_count", strings.Replace(word, "classification: secret, ", "", 1)+"      - {name: item_count", 1)) +
		file("amendments/0002.yaml", strings.Replace(amendment(itemCheck, ""), "expects: [", "expects: [{change_meaning: {on: orders.word, field: classification}}, ", 1))}
	c.answers[author.StageImplement] = []string{implements(strings.Replace(opened, "sum(price * quantity)", "sum(price)", 1))}
	c.answers[author.StageRepair] = []string{file("models/orders.sql", opened)}
	a := newAuthor(c.script)
	a.Asker = c
	o, err := a.Amend(t.Context(), put(t, files))
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	if len(c.told[author.StageRepair]) != 2 {
		t.Fatalf("not all was asked: %q", c.told)
	}
	for _, r := range c.asked {
		for _, m := range r.Messages {
			if strings.Contains(m.Text, "xyzzy") {
				t.Errorf("%s: a value that was classified was sent:\n%s", r.Stage, m.Text)
			}
		}
	}
	for _, text := range c.told[author.StageRepair] {
		if strings.Contains(text, "xyzzy") {
			t.Errorf("a value that was classified was shown: %s", text)
		}
	}
}
