package author_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
)

// What a good model makes of nothing, when asked how many items each sku sold.
const (
	salesWanted = "How many items of each article did we sell?"
	salesSpec   = `spec: 1
product: sales
version: 1.0.0
owner: {team: shop}
purpose: Says how many items of each article were sold.
tables:
  - name: sales
    description: One row for each article that was ever sold.
    why: The buyers order more of what sells.
    key: [sku]
    columns:
      - {name: sku, type: VARCHAR, description: The article., why: Names the article.}
      - {name: items, type: BIGINT, unit: count, description: How many items were sold., why: The buyers asked for it., nullable: false}
`
	salesCheck = "select sku from (select upper(sku) as sku, sum(quantity) as n from sold group by 1) left join sales using (sku) where items is distinct from n"
	salesModel = "select upper(sku) as sku, cast(sum(quantity) as bigint) as items from sold group by 1\n"
	salesSeed  = "sku,quantity\na,1\nA,2\nb,0\n"
)

func salesLedger(check string) string {
	return "id: 1\nrequirement: mine\norigin: {kind: issue}\nreading: Counted from the seed sold (sku, quantity).\nexpects: [{add_table: sales}]\nchecks:\n  - name: items are all counted\n    sql: " + check + "\nchange: <tbd>\n"
}

func salesAmends(words, check string) string {
	return file("spec.yaml", words) + file("amendments/0001.yaml", salesLedger(check))
}

func salesImplements(files ...string) string {
	out := "```json\n{\"change\": \"Counted what was sold.\", \"rejected\": []}\n```\n"
	for i := 0; i < len(files); i += 2 {
		out += file(files[i], files[i+1])
	}
	return out
}

// maker is a model that builds sales well.
func maker(t *testing.T) *script {
	return &script{t: t, answers: map[string][]string{
		author.StageRefine: {clear}, author.StageAmend: {salesAmends(salesSpec, salesCheck)}, author.StageReview: {approves},
		author.StageImplement: {salesImplements("models/sales.sql", salesModel, "seeds/sold.csv", salesSeed, "tests/counted.sql", "select * from sales where items < 0\n")},
	}}
}

// nothing is a product that is to be made in a folder beside the shop.
func nothing(t *testing.T) author.Newcomer {
	t.Helper()
	files := map[string]string{}
	for name, text := range shop() {
		files["shop/"+name] = text
	}
	job := put(t, files)
	job.Path, job.Requirement = "deep/sales", salesWanted
	return author.Newcomer{Job: job, Owner: spec.Owner{Team: "shop"}}
}

func create(t *testing.T, s *script, n author.Newcomer) *author.Outcome {
	t.Helper()
	o, err := newAuthor(s).New(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestNew(t *testing.T) {
	t.Parallel()
	n, s := nothing(t), maker(t)
	o := create(t, s, n)
	wantKind(t, o, author.Done)
	if _, err := os.Stat(filepath.Join(n.Tree.Root, "deep")); err == nil {
		t.Error("the folder was made before anything was written")
	}
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	after := read(t, n.Tree.Root)
	for _, name := range []string{"spec.yaml", "amendments/0001.yaml", "models/sales.sql", "seeds/sold.csv", "tests/counted.sql"} {
		if after["deep/sales/"+name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	ledger := after["deep/sales/amendments/0001.yaml"]
	for _, want := range []string{"kind: bootstrap", salesWanted, "change: Counted what was sold.", "author: jane"} {
		if !strings.Contains(ledger, want) {
			t.Errorf("the amendment lacks %q:\n%s", want, ledger)
		}
	}
	for _, want := range []string{"It does not exist yet", "table orders (order_id): One row for each order.", "amount DECIMAL(10,2) in USD: What it came to."} {
		if !strings.Contains(s.all(), want) {
			t.Errorf("the model was not told %q", want)
		}
	}
	if _, err := newAuthor(s).New(t.Context(), n); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a second one ended with %v", err)
	}
}

// TestNewReadsNeighbours has the product read another one instead of inventing seeds.
func TestNewReadsNeighbours(t *testing.T) {
	t.Parallel()
	s := maker(t)
	words := strings.Replace(salesSpec, "tables:\n", "inputs: [{product: orders, table: orders, version: ^1.0}]\ntables:\n", 1)
	s.answers[author.StageAmend] = []string{salesAmends(strings.Replace(words, "product: orders", "product: bookings", 1), salesCheck),
		salesAmends(words, "select 'none' as sku where not exists (select 1 from sales)")}
	s.answers[author.StageImplement] = []string{salesImplements("models/sales.sql", "select 'all' as sku, cast(count(*) as bigint) as items from orders.orders\n")}
	o := create(t, s, nothing(t))
	wantKind(t, o, author.Done)
	if asked := s.of(author.StageAmend); len(asked) != 2 || !strings.Contains(asked[1].Messages[len(asked[1].Messages)-1].Text, "there is no product bookings here") {
		t.Error("an input that nobody offers was not sent back")
	}
}

// TestObstinateNew has models that will not do as they are asked.
func TestObstinateNew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stage, answer, want string
	}{
		"owner":      {author.StageAmend, salesAmends(strings.Replace(salesSpec, "{team: shop}", "{team: evil}", 1), salesCheck), "the owner is given"},
		"name":       {author.StageAmend, salesAmends(strings.Replace(salesSpec, "product: sales", "product: orders", 1), salesCheck), "is the product's identity"},
		"version":    {author.StageAmend, salesAmends(strings.Replace(salesSpec, "1.0.0", "9.0.0", 1), salesCheck), "the version is 1.0.0"},
		"no table":   {author.StageAmend, salesAmends(salesSpec[:strings.Index(salesSpec, "tables:")]+"tables: []\n", salesCheck), "it names no table"},
		"no check":   {author.StageAmend, file("spec.yaml", salesSpec) + file("amendments/0001.yaml", strings.Replace(salesLedger("x"), "checks:\n  - name: items are all counted\n    sql: x\n", "checks: []\n", 1)), "no check in SQL"},
		"no spec":    {author.StageAmend, file("amendments/0001.yaml", salesLedger(salesCheck)), "spec.yaml: it is missing"},
		"too early":  {author.StageAmend, salesAmends(salesSpec, salesCheck) + file("models/sales.sql", salesModel), "at most 2"},
		"says all":   {author.StageAmend, salesAmends(salesSpec, "select 1 where false"), "a check would notice if the tables were empty"},
		"no rows":    {author.StageImplement, salesImplements("models/sales.sql", strings.Replace(salesModel, "group", "where quantity > 99 group", 1), "seeds/sold.csv", salesSeed), "sales has rows"},
		"neighbour":  {author.StageImplement, salesImplements("../../shop/models/orders.sql", "select 1\n"), "../../shop/models/orders.sql"},
		"spec":       {author.StageImplement, salesImplements("spec.yaml", salesSpec, "models/sales.sql", salesModel), "spec.yaml"},
		"no product": {author.StageImplement, salesImplements("tests/counted.sql", "select 1 where false\n"), "still fail"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, s := nothing(t), maker(t)
			before := read(t, n.Tree.Root)
			s.answers[c.stage] = []string{c.answer}
			s.answers[author.StageRepair] = []string{"I see nothing wrong."}
			o := create(t, s, n)
			wantKind(t, o, author.Failed)
			if said := o.Explanation + strings.Join(o.Faults, "\n"); !strings.Contains(said, c.want) {
				t.Errorf("said %s, want %q", said, c.want)
			}
			if err := o.Write(false); err == nil {
				t.Error("it was written")
			}
			if after := read(t, n.Tree.Root); len(after) != len(before) {
				t.Error("the tree was changed")
			}
		})
	}
}

// TestNewIsRepaired goes through a round of repair and questions.
func TestNewIsRepaired(t *testing.T) {
	t.Parallel()
	n, s := nothing(t), maker(t)
	n.AssumeYes = true
	s.answers[author.StageRefine] = []string{"```json\n{\"verdict\": \"unclear\", \"explanation\": \"e\", \"questions\": [{\"ask\": \"Do gifts count?\", \"assume\": \"No\"}]}\n```\n", clear}
	s.answers[author.StageImplement] = []string{salesImplements("models/sales.sql", strings.Replace(salesModel, "sum(quantity)", "count(*)", 1), "seeds/sold.csv", salesSeed)}
	s.answers[author.StageRepair] = []string{file("models/sales.sql", salesModel)}
	o := create(t, s, n)
	wantKind(t, o, author.Done)
	if o.Rounds != 1 || len(o.Amendment.Questions) != 1 || o.Amendment.Questions[0].Answer != "No (assumed)" {
		t.Errorf("%d rounds, questions %v", o.Rounds, o.Amendment.Questions)
	}
}

// TestNewElsewhereChanged has somebody begin in the same folder meanwhile.
func TestNewElsewhereChanged(t *testing.T) {
	t.Parallel()
	n := nothing(t)
	o := create(t, maker(t), n)
	wantKind(t, o, author.Done)
	dir := filepath.Join(n.Tree.Root, "deep", "sales")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "notes.md"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := o.Write(false); err == nil || !strings.Contains(err.Error(), "is not empty any more") {
		t.Errorf("written over: %v", err)
	}
}

// TestNewAlone makes a product where there is no tree yet.
func TestNewAlone(t *testing.T) {
	t.Parallel()
	n := nothing(t)
	n.Tree.Root, n.Path = filepath.Join(t.TempDir(), "not", "Sales"), "."
	o := create(t, maker(t), n)
	wantKind(t, o, author.Done)
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	if len(read(t, n.Tree.Root)) != 5 {
		t.Error("it is not all there")
	}
}
