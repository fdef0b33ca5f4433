package guideline

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codicil-dev/codicil/bot/spec"
)

var update = flag.Bool("update", false, "rewrite golden files")

const money = `---
id: money-in-decimal
title: Money is exact
applies_to: "'finance' in tags"
checks:
  - name: no money in floating point
    cel: tables.all(t, t.columns.all(c, c.unit == '' || !(c.type in ['FLOAT', 'DOUBLE'])))
---

Money is kept in DECIMAL, because cents add up.
`

func TestParse(t *testing.T) {
	g, problems := Parse("money.md", []byte(money))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if g.ID != "money-in-decimal" || g.Title != "Money is exact" || len(g.Checks) != 1 || g.File != "money.md" || len(g.Revision) != 12 {
		t.Errorf("guideline: %+v", g)
	}
	if want := "Money is kept in DECIMAL, because cents add up."; g.Prose != want {
		t.Errorf("prose %q, want %q", g.Prose, want)
	}
	crlf, problems := Parse("money.md", []byte("\ufeff"+strings.ReplaceAll(money, "\n", "\r\n")))
	if len(problems) > 0 || crlf.Prose != g.Prose || crlf.Revision == g.Revision {
		t.Errorf("with BOM and CRLF: %+v, %v", crlf, problems)
	}
}

func TestParseProblems(t *testing.T) {
	tests := []struct{ name, data, want string }{
		{"empty", "", "g.md:1:1: the file has no front matter: begin it with a line ---, the keys id, title, applies_to and checks, and a line ---"},
		{"not closed", "---\nid: x\n", "g.md:1:1: the front matter is not closed: end it with a line ---"},
		{"nothing in it", "---\n---\nText.\n", "g.md: the file is empty: write it, or delete it"},
		{"no list of checks", "---\nid: x\ntitle: X\napplies_to: true\nchecks:\n---\nText.\n",
			"g.md:4:13: applies_to must be a string: put quotes around true\n" +
				"g.md:5:1: checks is empty: write a list, or [] for none"},
		{"unknown and missing", "---\nID: x\ntitel: X\nseverity: high\napplies_to: 'true'\nchecks: []\n---\nText.\n",
			"g.md:2:1: unknown key \"ID\"; did you mean \"id\"?\n" +
				"g.md:3:1: unknown key \"titel\"; did you mean \"title\"?\n" +
				"g.md:4:1: unknown key \"severity\": remove it; the keys here are id, title, applies_to, checks"},
		{"bad expressions", "---\nid: x\ntitle: X\napplies_to: tags.all(t, )\nchecks:\n  - name: c\n    cel: |\n      true &&\n      nothing.here\n---\nText.\n",
			"g.md:4:25: applies_to is not a CEL condition: Syntax error: mismatched input ')' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n" +
				"g.md:9:7: cel is not a CEL condition: undeclared reference to 'nothing'"},
		{"no prose", "---\nid: x\ntitle: X\napplies_to: 'true'\nchecks: []\n---\n",
			"g.md: warning: the guideline has no prose: say the rule and its why below the front matter"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, problems := Parse("g.md", []byte(tt.data))
			if got := problems.Error(); got != tt.want {
				t.Errorf("problems:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

func TestApplies(t *testing.T) {
	no := false
	s := &spec.Spec{Spec: 1, Product: "orders", Tags: []string{"finance"}, Owner: spec.Owner{Team: "data"}, Tables: []spec.Table{{
		Name: "orders", Key: []string{"id"}, Columns: []spec.Column{{Name: "id", Type: "BIGINT"}, {Name: "amount", Type: "DOUBLE", Unit: "USD", Nullable: &no}, {Name: "note", Type: "VARCHAR"}},
	}}}
	tests := []struct {
		expr, err string
		want      bool
	}{
		{"'finance' in tags", "", true},
		{"'finance' in spec.tags && spec.owner.team == 'data' && owner.contact == ''", "", true},
		{"product.startsWith('ord') && sets.contains(tags, ['finance'])", "", true},
		{"tables.exists(t, t.columns.exists(c, c.classification == 'pii'))", "", false},
		{"spec.tables[0].columns.map(c, c.nullable) == [false, false, true]", "", true},
		{"size(inputs) == 0 && size(custom) == 0 && purpose == ''", "", true},
		{"spec.nothing == 1", "guideline x: applies_to: no such key: nothing: correct the expression", false},
		{"spec.product", "guideline x: applies_to: line 1, column 1 of the expression: it gives a value of type string: write a condition that is true or false", false},
		{"1 + 1", "guideline x: applies_to: line 1, column 1 of the expression: it gives a value of type int: write a condition that is true or false", false},
		{"lists.range(100000).all(a, lists.range(100000).all(b, a + b >= 0))", "guideline x: applies_to: operation cancelled: actual cost limit exceeded: correct the expression", false},
	}
	for _, tt := range tests {
		t.Run(tt.expr, func(t *testing.T) {
			g := Guideline{ID: "x", AppliesTo: tt.expr}
			got, err := g.Applies(s)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if got != tt.want || text != tt.err {
				t.Errorf("got %v, %q; want %v, %q", got, text, tt.want, tt.err)
			}
		})
	}
}

func TestRule(t *testing.T) {
	for prose, want := range map[string]string{
		"# Money is exact\n\n**Rule.** Money is a `DECIMAL`,\nnever a DOUBLE.\n\n**Why.** Cents add up.": "Money is a DECIMAL, never a DOUBLE.",
		"# Money\r\n\r\nRule: Be exact.\r\n\r\nMore.":                                                    "Be exact.",
		"# Money\n\nMoney is kept in DECIMAL.\n\nRules are rules.":                                       "Money is kept in DECIMAL.",
		"# Money": "",
		"":        "",
	} {
		if got := (&Guideline{Prose: prose}).Rule(); got != want {
			t.Errorf("%q: %q, want %q", prose, got, want)
		}
	}
}

func TestLoadAll(t *testing.T) {
	files := fstest.MapFS{
		"README.md":           {Data: []byte(money)},
		".github/x.md":        {Data: []byte(money)},
		"CONTRIBUTING.md":     {Data: []byte("# Hello\n")},
		"finance/money.md":    {Data: []byte(money)},
		"finance/twice.md":    {Data: []byte(money)},
		"finance/big.md":      {Data: []byte(money + strings.Repeat("x", spec.MaxFileSize))},
		"owners/bad.md":       {Data: []byte("---\nid: x\n---\n")},
		"owners/a-good.md":    {Data: []byte(strings.Replace(money, "money-in-decimal", "a-good", 1))},
		"owners/notes.txt":    {Data: []byte(money)},
		"owners/.hidden.md":   {Data: []byte(money)},
		"owners/deep/link.md": {Data: []byte("x"), Mode: os.ModeSymlink},
	}
	got, problems := LoadAll(files, "rules")
	var ids []string
	for _, g := range got {
		ids = append(ids, g.ID)
	}
	if want := "a-good money-in-decimal"; strings.Join(ids, " ") != want {
		t.Errorf("ids %v, want %s", ids, want)
	}
	want := `rules/finance/big.md: the file has more than the 1048576 bytes that are allowed: shorten it
rules/finance/twice.md:2:5: the id "money-in-decimal" is already that of rules/finance/money.md: choose another
rules/owners/bad.md:2:1: missing key "applies_to": write a CEL expression over the spec, or 'true' for every product
rules/owners/bad.md:2:1: missing key "checks": list the checks that prove it, or write checks: []
rules/owners/bad.md:2:1: missing key "title": give the guideline a title
rules/owners/deep/link.md: the file is a symbolic link: replace it with the file itself`
	if problems.Error() != want {
		t.Errorf("problems:\n%s\nwant:\n%s", problems.Error(), want)
	}
}

func TestSchema(t *testing.T) {
	golden := filepath.Join("testdata", "guideline-1.json")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != string(Schema()) {
		t.Error("the schema differs from its golden file; run go test -update and look at the difference")
	}
}

func FuzzParseGuideline(f *testing.F) {
	f.Add([]byte(money))
	f.Add([]byte("---\r\nid: x\r\n---"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, problems := Parse("g.md", data)
		if (g == nil) != (problems.Err() != nil) {
			t.Fatalf("guideline %v with problems %v", g, problems)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, p := range problems {
			if p.Line > lines || p.Line < 0 || p.Message == "" {
				t.Errorf("problem outside of the %d lines: %v", lines, p)
			}
		}
	})
}
