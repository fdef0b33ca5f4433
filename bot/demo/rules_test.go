package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// long is how long anything may take at most; on a machine that does nothing else, it takes a second or two.
const long = 6 * time.Minute

// shop is a small product: a table of amounts, from one seed or from another product.
type shop struct {
	owner, name, tag, says, from string // from is the product that it reads
}

// shops are four small products of three owners: orders, which revenue of another owner reads; items, whose price says what it includes; and letters,
// which has no amount.
var shops = []shop{
	{owner: "commerce", name: "orders", tag: "commerce", says: "What it came to."},
	{owner: "commerce", name: "items", tag: "commerce", says: "Gross price."},
	{owner: "finance", name: "revenue", tag: "finance", says: "What was sold.", from: "orders"},
	{owner: "marketing", name: "letters", tag: "marketing"},
}

// spec is the product's spec.yaml; its amount is described as the text says, and more are further columns.
func (s shop) spec(says string, more ...string) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "spec: 1\nproduct: %s\nversion: 1.0.0\nowner: {team: shop}\npurpose: What the shop needs of %s.\ntags: [%s]\n", s.name, s.name, s.tag)
	if s.from != "" {
		fmt.Fprintf(b, "inputs: [{product: %s, table: %s, version: ^1.0}]\n", s.from, s.from)
	}
	fmt.Fprintf(b, "tables:\n  - name: %s\n    description: One row for each of %s.\n    why: Everything starts from it.\n    key: [id]\n    columns:\n", s.name, s.name)
	b.WriteString("      - {name: id, type: BIGINT, description: Number of it., why: Names it.}\n")
	if s.says != "" {
		fmt.Fprintf(b, "      - {name: amount, type: \"DECIMAL(10,2)\", unit: USD, description: %s, why: Invoices need it., nullable: false}\n", says)
	}
	for _, c := range more {
		b.WriteString("      - " + c + "\n")
	}
	return b.String()
}

// model is the product's one model, with further columns.
func (s shop) model(more ...string) string {
	columns := []string{"id"}
	if s.says != "" {
		columns = append(columns, "cast(price * quantity as decimal(10, 2)) as amount")
	}
	from := "raw_" + s.name
	if s.from != "" {
		columns[1], from = "amount", s.from
	}
	return "select\n    " + strings.Join(append(columns, more...), ",\n    ") + "\nfrom " + from + "\n"
}

func (s shop) bootstrap() string {
	return fmt.Sprintf("id: 1\nrequirement: We need %s.\norigin: {kind: bootstrap}\nreading: A table of %s.\nexpects: [{add_table: %s}]\nchecks:\n  - name: numbers count from one\n    sql: select id from %s where id < 1\nchange: Made it.\n", s.name, s.name, s.name, s.name)
}

func (s shop) files() map[string]string {
	files := map[string]string{"spec.yaml": s.spec(s.says), "amendments/0001.yaml": s.bootstrap(), "models/" + s.name + ".sql": s.model(),
		"tests/positive.sql": "select * from " + s.name + " where id < 0\n"}
	if s.from == "" {
		files["seeds/raw_"+s.name+".csv"] = "id,price,quantity\n1,2.50,2\n2,1.00,1\n3,2.50,1\n"
	}
	return files
}

// village is the shops as a town takes its examples, with guidelines by file.
func village(guidelines map[string]string) fstest.MapFS {
	fs := fstest.MapFS{}
	for _, s := range shops {
		for name, text := range s.files() {
			fs[path.Join(s.owner, s.name, name)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	for name, text := range guidelines {
		fs["guidelines/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fs
}

// keys is a guideline that all shops keep.
const keys = "---\nid: keys\ntitle: Tables have keys\napplies_to: 'true'\nchecks:\n  - {name: every table has a key, cel: 'tables.all(t, size(t.key) > 0)'}\n---\n# Keys\n\n**Rule.** Every table has a key.\n"

// gross is a guideline that orders and revenue don't keep, items does, and letters need not; word is what amounts have to say.
func gross(word string) string {
	return fmt.Sprintf("---\nid: gross\ntitle: Amounts say what they include\napplies_to: tables.exists(t, t.columns.exists(c, c.unit == 'USD'))\nchecks:\n  - name: amounts say %s\n    cel: tables.all(t, t.columns.all(c, c.unit != 'USD' || c.description.matches('%s')))\n---\n# Amounts\n\n**Rule.** A column in USD says whether it is %s.\n\n**Why.** They were mixed up.\n", word, word, word)
}

// pen answers for a model: each product's stages with texts in order, the last one again and again.
type pen struct {
	t  testing.TB
	mu sync.Mutex
	// answers are by product and stage.
	answers map[string]map[string][]string
	asked   map[string]int
	// prompts are what was asked, by product and stage.
	prompts map[string]string
}

const (
	isClear  = "```json\n" + `{"verdict": "clear", "explanation": "It is clear.", "reading": "As it says."}` + "\n```\n"
	approves = "```json\n{\"summary\": \"It keeps the spec.\", \"objections\": [], \"remarks\": []}\n```\n"
	changed  = "```json\n{\"change\": \"Did as the spec says.\"}\n```\n"
)

func newPen(t testing.TB) *pen {
	return &pen{t: t, answers: map[string]map[string][]string{}, asked: map[string]int{}, prompts: map[string]string{}}
}

// on adds an answer of a product's stage.
func (p *pen) on(product, stage, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers[product] == nil {
		p.answers[product] = map[string][]string{author.StageRefine: {isClear}, author.StageReview: {approves}}
	}
	p.answers[product][stage] = append(p.answers[product][stage], text)
}

// account is for begin.
func (p *pen) account(*model.Account) asker { return p }

func (p *pen) Ask(ctx context.Context, r model.Request) (model.Answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all strings.Builder
	for _, m := range r.Messages {
		all.WriteString(m.Text + "\n")
	}
	product := ""
	for _, name := range []string{"revenue", "orders", "items", "letters"} { // revenue first: it shows what it reads
		if strings.Contains(all.String(), "product: "+name+"\n") {
			product = name
			break
		}
	}
	key := product + "/" + r.Stage
	p.prompts[key] = all.String()
	texts := p.answers[product][r.Stage]
	if len(texts) == 0 {
		p.t.Errorf("nothing is scripted for %s, asked:\n%s", key, r.Messages[len(r.Messages)-1].Text)
		return model.Answer{}, fmt.Errorf("no answer for %s", key)
	}
	n := p.asked[key]
	p.asked[key]++
	return model.Answer{Text: texts[min(n, len(texts)-1)], Usage: model.Usage{In: 10, Out: 5}}, nil
}

// count is how often a model was asked for a product; all stages together.
func (p *pen) count(product string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, times := range p.asked {
		if strings.HasPrefix(key, product+"/") {
			n += times
		}
	}
	return n
}

func asFile(name, text string) string { return "FILE: " + name + "\n````\n" + text + "````\n\n" }

// describes has a model describe a product's amount anew, as amendment id.
func (p *pen) describes(name, says string, id int) {
	s := shopOf(name)
	entry := fmt.Sprintf("id: %d\nrequirement: x\norigin: {kind: guideline, id: gross}\nreading: The amount says what it includes.\nexpects: [{change_meaning: {on: %s.amount, field: description}}]\nchecks: []\nchange: <tbd>\n", id, name)
	p.on(name, author.StageAmend, asFile("spec.yaml", s.spec(says))+asFile(fmt.Sprintf("amendments/%04d.yaml", id), entry))
}

func shopOf(name string) shop {
	return shops[slices.IndexFunc(shops, func(s shop) bool { return s.name == name })]
}

// settle begins a play in the village.
func settleShops(t *testing.T, p *pen, configure func(*config.Config)) *play {
	t.Helper()
	return settle(t, demo.Options{Examples: village(map[string]string{"keys.md": keys}), Configure: configure}, len(shops), p.account)
}

// push commits files to a default branch, or to another.
func (p *play) push(owner, by, branch, message string, files map[string]string, remove ...string) (sha string) {
	p.Helper()
	name := demo.Repository
	if owner == demo.Rules {
		name = demo.RulesRepository
	}
	sha, err := p.town.Commit(p.Context(), localforge.Commit{Owner: owner, Name: name, Branch: branch, By: by, Message: message, Write: files, Remove: remove})
	if err != nil {
		p.Fatal(err)
	}
	return sha
}

// check is a check run as the forge tells of it.
type check struct {
	Name       string `json:"name"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	Output     struct{ Title, Summary, Text string }
}

// checks are those at a commit, by name; the newest of each.
func (p *play) checks(owner, sha string) map[string]check {
	p.Helper()
	name := demo.Repository
	if owner == demo.Rules {
		name = demo.RulesRepository
	}
	token, err := p.town.Token("ada")
	if err != nil {
		p.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.town.API()+"/repos/"+owner+"/"+name+"/commits/"+sha+"/check-runs", nil)
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	var list struct {
		Runs []check `json:"check_runs"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		p.Fatal(err)
	}
	out := map[string]check{}
	for _, c := range list.Runs {
		if _, there := out[c.Name]; !there {
			out[c.Name] = c
		}
	}
	return out
}

// campaigns are all, the newest first.
func (p *play) campaigns() (all []state.Campaign) {
	p.view(func(tx *state.Tx) (err error) {
		all, err = tx.Campaigns()
		return err
	})
	return all
}

// product is a product's id.
func (p *play) product(name string) (id int64) {
	p.view(func(tx *state.Tx) error {
		all, err := tx.Products()
		for _, x := range all {
			if x.Name == name {
				id = x.ID
			}
		}
		return err
	})
	return id
}

// open waits for the open merge request of a product, and returns its number.
func (p *play) open(product string) state.Change {
	p.Helper()
	p.wait("the merge request of "+product+" is open", long, func() bool { return p.change(product).State == state.ChangeOpen })
	return p.change(product)
}

// merged has somebody merge a product's open merge request, and waits until the bot knows.
func (p *play) merged(owner, by, product string) {
	p.Helper()
	c := p.open(product)
	if err := p.town.Person(by).Merge(p.Context(), owner, demo.Repository, c.Number); err != nil {
		p.Fatal(err)
	}
	p.wait("the merge is noted", long, func() (merged bool) { // a newer change may have begun
		p.view(func(tx *state.Tx) error {
			now, _, err := tx.ChangeByUID(c.UID)
			merged = now.State == state.ChangeMerged
			return err
		})
		return merged
	})
}

// idle waits until the bot has nothing to do.
func (p *play) idle() {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), long)
	defer cancel()
	p.wait("nothing is to be done", long, func() bool {
		if err := p.town.Settle(ctx); err != nil {
			p.Fatal(err)
		}
		idle := false
		p.view(func(tx *state.Tx) error {
			n, err := tx.Unlooked()
			if err != nil || n > 0 {
				return err
			}
			idle, err = p.bot.Queue().IdleIn(tx, tx.Now().Add(5*time.Second))
			return err
		})
		return idle
	})
}
