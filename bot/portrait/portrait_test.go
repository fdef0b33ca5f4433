package portrait_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/prompts"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// shop is a tiny product with a classified column under several names.
func shop() files {
	return files{
		"shop/spec.yaml": `spec: 1
product: shop
version: 1.0.0
owner: {team: t}
purpose: Sells things.
tables:
  - name: people
    description: One row for each person.
    why: Orders need a buyer.
    key: [person_id]
    columns:
      - {name: person_id, type: INTEGER, description: d, why: w}
      - {name: contact, type: VARCHAR, description: d, why: w, classification: pii}
      - {name: country, type: VARCHAR, description: d, why: w}
      - {name: since, type: DATE, description: d, why: w}
      - {name: bracket, type: VARCHAR, description: d, why: w}
  - name: spending
    description: One row for each country.
    why: Asked for.
    columns:
      - {name: country, type: VARCHAR, description: d, why: w}
      - {name: total, type: "DECIMAL(38,2)", description: d, why: w}
`,
		"shop/amendments/0001.yaml":  "id: 1\nrequirement: I need people\norigin: {kind: bootstrap}\nreading: r\nexpects: [{add_table: people}]\nchecks:\n  - name: people have an id\n    sql: SELECT * FROM people WHERE person_id IS NULL\nchange: c\n",
		"shop/models/stg_people.sql": "select id as person_id, lower(handle) as reach, nation as country, since, amount, handle as \"Other Name\"\nfrom raw_people\nwhere id > 0 and nation is not null",
		"shop/models/people.sql": `select person_id, reach as contact, country, since,
  case when amount > 100 then 'high' when amount > 10 then 'middle' else 'low' end as bracket
from stg_people`,
		"shop/models/spending.sql": `select country, sum(amount)::DECIMAL(38,2) as total
from stg_people
where case when amount > 100 then 'high' when amount > 10 then 'middle' else 'low' end <> 'low'
group by country`,
		"shop/tests/countries.sql": "select * from people where country is null",
		"shop/seeds/raw_people.csv": "id,handle,phone,nation,since,amount\n" +
			"1,MARKER1@x.org,+49 MARKER,DE,2024-01-02,5\n2,MARKER2@x.org,,DE,2024-02-03,50\n3,,+1 MARKER,US,2025-03-04,500\n4,MARKER4@x.org,,US,,700\n",
	}
}

func TestGolden(t *testing.T) {
	b := build(t, shop().write(t), "shop")
	for _, c := range []struct {
		name    string
		options portrait.Options
		without bool
	}{
		{name: "masked"},
		{name: "schema", options: portrait.Options{Data: portrait.Schema}},
		{name: "all", options: portrait.Options{Data: portrait.All}},
		{name: "unbuilt", without: true},
		{name: "small", options: portrait.Options{Budget: 1000, Focus: []string{"spending"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown := b
			if c.without {
				shown.build = nil
			}
			got := text(t, shown.draw(t, c.options))
			file := filepath.Join("testdata", c.name+".md")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if leaks := strings.Contains(got, "MARKER") || strings.Contains(strings.ToUpper(got), "@X.ORG"); leaks != (c.name == "all") {
				t.Errorf("withheld values shown: %v", leaks)
			}
		})
	}
}

func TestExamples(t *testing.T) {
	tree := product.Tree{Root: "../../deploy/examples", Label: "examples"}
	root, err := filepath.Abs(tree.Root)
	if err != nil {
		t.Fatal(err)
	}
	tree.Root = root
	for _, dir := range []string{"commerce/customers", "commerce/orders", "finance/invoices", "marketing/email_engagement", "marketing/customer_segments"} {
		t.Run(dir, func(t *testing.T) {
			b := build(t, tree, dir)
			data := b.draw(t, portrait.Options{})
			got := text(t, data)
			if n := estimate(got); n > portrait.DefaultBudget {
				t.Errorf("%d tokens", n)
			}
			if len(data.Omitted) > 0 {
				t.Errorf("left out: %v", data.Omitted)
			}
			if len(data.Files) == 0 || len(data.Tables) != len(b.build.Tables)+len(b.build.Inputs) {
				t.Errorf("%d files, %d tables", len(data.Files), len(data.Tables))
			}
			for _, cell := range personal(t, filepath.Join(root, dir)) {
				if strings.Contains(got, cell) {
					t.Errorf("it shows %q", cell)
				}
			}
			if testing.Verbose() {
				t.Logf("%d tokens\n%s", estimate(got), strings.Join(data.Overlap, "\n"))
			}
		})
	}
}

// personal are all values of columns that are personal in the examples.
func personal(t *testing.T, dir string) []string {
	t.Helper()
	at := map[string][]int{"crm_customers": {1, 2, 3}, "email_sends": {3}}
	var out []string
	for seed, columns := range at {
		data, err := os.ReadFile(filepath.Join(dir, "seeds", seed+".csv"))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(data), "\n")[1:] {
			fields := strings.Split(line, ",")
			for _, c := range columns {
				if c < len(fields) && len(fields[c]) > 6 && !strings.Contains(fields[c], `"`) {
					out = append(out, fields[c])
				}
			}
		}
	}
	return out
}

// many is a product of n models in a chain of staging and final models, with a long ledger.
func many(n, amendments, lines int) files {
	f := files{}
	var tables strings.Builder
	for i := range n {
		name := fmt.Sprintf("m%02d", i)
		from := "raw"
		if i%10 > 0 {
			from = fmt.Sprintf("m%02d", i-1)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "-- Model %d adds its own measures.\nselect *", i)
		for j := range lines {
			fmt.Fprintf(&b, ",\n  round(coalesce(amount, 0) * %d.%02d, 2) as measure_%s_%d", i+1, j, name, j)
		}
		fmt.Fprintf(&b, "\nfrom %s\n", from)
		f["big/models/"+name+".sql"] = b.String()
		if i%10 == 9 {
			fmt.Fprintf(&tables, "  - name: %s\n    description: d\n    why: w\n    columns:\n      - {name: id, type: INTEGER, description: d, why: w}\n", name)
		}
	}
	if tables.Len() == 0 {
		tables.WriteString("  []\n")
	}
	f["big/spec.yaml"] = "spec: 1\nproduct: big\nversion: 1.0.0\nowner: {team: t}\npurpose: p\ntables:\n" + tables.String()
	for i := range amendments {
		f[fmt.Sprintf("big/amendments/%04d.yaml", i+1)] = fmt.Sprintf("id: %d\nrequirement: I want number %d\norigin: {kind: bootstrap}\nreading: %s\nexpects: [{add_table: m09}]\nchecks:\n  - name: check %d\n    sql: SELECT 1 WHERE false\nchange: c\n",
			i+1, i+1, strings.Repeat("It was read in this way. ", 40), i+1)
	}
	f["big/seeds/raw.csv"] = "id,amount\n1,2.5\n2,3.5\n"
	f["big/tests/t.sql"] = "select * from m19 where id is null\n"
	return f
}

func TestBudget(t *testing.T) {
	b := build(t, many(60, 3, 6).write(t), "big")
	for _, budget := range []int{4000, 8000, 0} {
		data := b.draw(t, portrait.Options{Budget: budget, Focus: []string{"m19"}, Estimate: estimate})
		got := estimate(text(t, data))
		if budget == 0 {
			budget = portrait.DefaultBudget
		}
		if got > budget {
			t.Errorf("%d tokens of %d", got, budget)
		}
		if got < budget*6/10 {
			t.Errorf("only %d tokens of %d are used", got, budget)
		}
		names := paths(data.Files)
		for _, want := range []string{"models/m19.sql", "models/m18.sql", "tests/t.sql"} {
			if !slices.Contains(names, want) {
				t.Errorf("budget %d lacks %s: %v", budget, want, names)
			}
		}
		last := ""
		if len(data.Omitted) > 0 {
			last = data.Omitted[len(data.Omitted)-1]
		}
		if files, tables := len(data.Files)+len(data.Omitted)-1, len(data.Tables)+strings.Count(last, ",")+1; files != 62 || tables != 61 || !strings.HasPrefix(last, "what these tables hold: ") {
			t.Errorf("%d files, %d tables, %d left out", len(data.Files), len(data.Tables), len(data.Omitted))
		}
	}
	data := b.draw(t, portrait.Options{Budget: 4000, Focus: []string{"m19"}, Want: []string{"models/m55.sql", "models/m56.sql", "nowhere.sql"}})
	for _, want := range []string{"models/m55.sql", "models/m56.sql"} {
		if !slices.Contains(paths(data.Files), want) {
			t.Errorf("%s was asked for and left out", want)
		}
	}
	if !slices.Contains(data.Omitted, "nowhere.sql (it can't be read)") {
		t.Errorf("left out: %v", data.Omitted)
	}
}

func paths(list []prompts.File) []string {
	var out []string
	for _, f := range list {
		out = append(out, f.Path)
	}
	return out
}

func TestLongLedger(t *testing.T) {
	b := build(t, many(2, 30, 1).write(t), "big")
	whole := b.draw(t, portrait.Options{})
	if strings.Contains(text(t, whole), "# Shortened") {
		t.Error("a ledger that fits is shortened")
	}
	data := b.draw(t, portrait.Options{Budget: 8000})
	if len(data.Ledger) != 30 || !strings.HasPrefix(data.Ledger[0].Text, "# Shortened") || strings.HasPrefix(data.Ledger[29].Text, "# Shortened") {
		t.Fatalf("ledger of %d: %.80q … %.80q", len(data.Ledger), data.Ledger[0].Text, data.Ledger[len(data.Ledger)-1].Text)
	}
	if short := data.Ledger[0].Text; !strings.Contains(short, "I want number 1") || !strings.Contains(short, "check 1") || strings.Contains(short, "read in this way") {
		t.Errorf("shortened to %s", short)
	}
	if n := estimate(text(t, data)); n > 8000 {
		t.Errorf("%d tokens", n)
	}
}

// TestTwentyModels holds the promise that a prompt about a product of 20 models stays below 30,000 tokens.
func TestTwentyModels(t *testing.T) {
	b := build(t, many(20, 12, 20).write(t), "big")
	system, err := prompts.System()
	if err != nil {
		t.Fatal(err)
	}
	n := estimate(system) + estimate(text(t, b.draw(t, portrait.Options{Estimate: estimate})))
	t.Logf("%d tokens", n)
	if n >= 30000 {
		t.Errorf("%d tokens", n)
	}
}

func TestOverlap(t *testing.T) {
	b := build(t, shop().write(t), "shop")
	said, err := portrait.Repeats(t.Context(), b.product, b.builder)
	if err != nil {
		t.Fatal(err)
	}
	want := "models/people.sql and models/spending.sql both compute: CASE WHEN ((amount > 100)) THEN ('high') WHEN ((amount > 10)) THEN ('middle') ELSE 'low' END"
	if len(said.Sentences) == 0 || !strings.HasPrefix(said.Sentences[0], want) || said.Share <= 0 {
		t.Errorf("share %v: %v", said.Share, said.Sentences)
	}
	twin := shop()
	twin["shop/models/spending.sql"] = "select country, sum(amount)::DECIMAL(38,2) as total from stg_people where amount > 7 group by country"
	said, err = portrait.Repeats(t.Context(), build(t, twin.write(t), "shop").product, b.builder)
	if err != nil {
		t.Fatal(err)
	}
	if len(said.Sentences) > 0 || said.Share != 0 {
		t.Errorf("a false alarm, share %v: %v", said.Share, said.Sentences)
	}
}
