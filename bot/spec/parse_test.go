package spec

import (
	"strings"
	"testing"
)

const minimal = `spec: 1
product: orders
version: 1.2.0
owner: {team: commerce-data}
purpose: Records orders.
tables:
  - name: orders
    description: One row for each order.
    why: Analysis starts from the order.
    key: [order_id]
    columns:
      - name: order_id
        type: BIGINT
        description: The order's number.
        why: To name the order.
`

// swapped is minimal with pairs of texts replaced.
func swapped(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(minimal) }

func TestParseSpecProblems(t *testing.T) {
	lastLine := "        why: To name the order.\n"
	tests := []struct{ name, data, want string }{
		{"all at once", swapped("version: 1.2.0", "version: 1.0", "    description: One", "    descripton: One",
			lastLine, "        nullable: yes\n        values: [010, ~]\n"),
			`s.yaml:3:10: version must be a string: put quotes around 1.0
s.yaml:8:5: unknown key "descripton"; did you mean "description"?
s.yaml:12:9: missing key "why": say why the column exists
s.yaml:15:19: nullable must be true or false, not yes: write true without quotes
s.yaml:16:18: 010 is not a plain decimal number: put quotes around it if it is text, else write it as in 8 or 0.5
s.yaml:16:23: entry 2 of values is NULL: remove it; whether NULL is accepted is said by nullable`},
		{"empty", "", "s.yaml: the file is empty: write it, or delete it"},
		{"only comments", "# nothing\n", "s.yaml: the file is empty: write it, or delete it"},
		{"only a marker", "---\n", "s.yaml: the file is empty: write it, or delete it"},
		{"a list", "- a\n", `s.yaml:1:1: the file must be a mapping of keys to values, such as "spec: 1"; indent the rest below its keys`},
		{"not UTF-8", "spec: 1\npurpose: caf\xe9\n", "s.yaml:2:13: the file is not UTF-8 text here: save it as UTF-8"},
		{"UTF-16", "\xff\xfes\x00p\x00", "s.yaml:1:1: the file is not UTF-8 text here: save it as UTF-8"},
		{"control character", "spec: \x01\n", "s.yaml:1:1: the file has a control character: save it as plain text"},
		{"tab", "spec: 1\nowner:\n\tteam: x\n", "s.yaml:3:1: the line is indented with a tab: use spaces"},
		{"bad indentation", "spec: 1\nowner:\n  team: x\n contact: y\n", "s.yaml:4:2: a key with a colon is expected here: mend the indentation, or put quotes around the text"},
		{"colon in text", "spec: 1\npurpose: this: that\n", "s.yaml:2:1: a colon followed by a space is not allowed inside unquoted text: put quotes around the text, or mend the indentation"},
		{"open quote", "spec: 1\npurpose: \"this\nversion: 1\n", "s.yaml:2:1: the quoted text is not closed: add the closing quote"},
		{"open bracket", "spec: 1\ntags: [a, b\nversion: x\n", "s.yaml:2:1: the list that begins with [ is not closed: add a comma or ]"},
		{"two documents", minimal + "---\nspec: 1\n", "s.yaml:16:1: a second YAML document begins here: keep one document to a file"},
		{"duplicate key", swapped("purpose:", "product: x\npurpose:"), `s.yaml:5:1: the key "product" is already given on line 2: keep one of the two`},
		{"anchor and alias", swapped("Records orders.", "&p Records", "The order's number.", "*p"),
			"s.yaml:5:10: anchors (&p) are not allowed: write the value out where it is used\ns.yaml:14:22: aliases (*p) are not allowed: write the value out"},
		{"merge key", "spec: 1\n<<: {product: x}\n", "s.yaml:2:1: merge keys (<<) are not allowed: write the keys out"},
		{"tag", swapped("Records orders.", "!!python/object:os.system x"), "s.yaml:5:10: tags (!!python/object:os.system) are not allowed: write the plain value, in quotes if it is text"},
		{"key that is no text", minimal + "custom: {1: a, yes: b}\n", "s.yaml:16:10: the key 1 must be text: put quotes around it"},
		{"deep", minimal + "custom: {a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}\n",
			"s.yaml:16:43: the file is nested more than 32 levels deep here: flatten it"},
		{"very deep", minimal + "custom: {a: " + strings.Repeat("[", 100000), "s.yaml:16:1: the file is nested more than 32 levels deep: flatten it"},
		{"large", "#" + strings.Repeat("x", MaxFileSize), "s.yaml: the file has 1048577 bytes, more than the 1048576 that are allowed: shorten it"},
		{"everything missing", "tags: [a]\n", `s.yaml:1:1: missing key "owner": say who answers for the product, such as owner: {team: commerce-data}
s.yaml:1:1: missing key "product": give the product a name, such as orders
s.yaml:1:1: missing key "purpose": say what the product is for
s.yaml:1:1: missing key "spec": add spec: 1 as the first line
s.yaml:1:1: missing key "tables": list the tables that the product offers, or write tables: []
s.yaml:1:1: missing key "version": begin with version: 0.1.0`},
		{"another format", swapped("spec: 1", "spec: 2"), "s.yaml:1:7: spec must be 1, not 2: this program knows no other"},
		{"product's name", swapped("product: orders", "product: Orders!"),
			`s.yaml:2:10: product cannot be "Orders!": use lower-case letters, digits, - and _, and begin with a letter`},
		{"version", swapped("1.2.0", "v1.2"), `s.yaml:3:10: version is not a semantic version: write three numbers, as in 1.2.0, instead of "v1.2"`},
		{"owner is text", swapped("{team: commerce-data}", "commerce-data"), "s.yaml:4:8: owner must be a mapping of keys to values, not a string"},
		{"empty texts", swapped("Records orders.", "''", "The order's number.", ""),
			"s.yaml:5:10: purpose is empty: say what the product is for\ns.yaml:14:9: description is empty: say what the column holds"},
		{"tags as text", swapped("purpose:", "tags: finance\npurpose:"), "s.yaml:5:7: tags must be a list: write [finance]"},
		{"tags left empty", swapped("purpose:", "tags:\npurpose:"), "s.yaml:5:1: tags is empty: write a list, or [] for none"},
		{"unit left empty", minimal + "        unit:\n", "s.yaml:16:9: unit is empty: give it a value, or remove the key"},
		{"date in a text", swapped("Records orders.", "12"), "s.yaml:5:10: purpose must be a string: put quotes around 12"},
		{"quoted boolean", minimal + "        unique: 'true'\n", "s.yaml:16:17: unique must be true or false, not true: write true or false without quotes"},
		{"alias for a key", minimal + "        primary_key: true\n        enum: [a]\n",
			`s.yaml:16:9: unknown key "primary_key": remove it or move it below custom; the keys here are name, type, unit, description, why, nullable, unique, values, classification, references, deprecated` +
				"\n" + `s.yaml:17:9: unknown key "enum"; did you mean "values"?`},
		{"no columns", swapped("    columns:\n", "    columns: []\ncustom:\n  x:\n"), "s.yaml:11:14: columns is empty: list the table's columns"},
		{"table's name", swapped("name: orders", "name: a.b.c"), `s.yaml:7:11: name cannot be "a.b.c": write a table as name or schema.name`},
		{"table's second name", swapped("name: orders", "name: Main.orders"), `s.yaml:7:11: Main.orders is another name of orders: write orders`},
		{"table's second name in quotes", swapped("name: orders", `name: '"main".orders'`), `s.yaml:7:11: "main".orders is another name of orders: write orders`},
		{"constraint", swapped("purpose:", "inputs: [{product: customers, table: customers, version: latest}]\npurpose:"),
			`s.yaml:5:58: version "latest" is not a constraint: write one such as ^1.0 or >=1.2 <3`},
		{"numbers", minimal + "        values: [0x1F, 1_000, .inf, 99999999999999999999, 0.10000000000000000001, 1e999]\n",
			`s.yaml:16:18: 0x1F is not a plain decimal number: put quotes around it if it is text, else write it as in 8 or 0.5
s.yaml:16:24: 1_000 is not a plain decimal number: put quotes around it if it is text, else write it as in 8 or 0.5
s.yaml:16:31: .inf is not a plain decimal number: put quotes around it if it is text, else write it as in 8 or 0.5
s.yaml:16:37: 99999999999999999999 is too long a number to be kept exactly: put quotes around it
s.yaml:16:59: 0.10000000000000000001 is too long a number to be kept exactly: put quotes around it
s.yaml:16:83: 1e999 is too long a number to be kept exactly: put quotes around it`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, _, problems := ParseSpec("s.yaml", []byte(tt.data))
			if got := problems.Error(); got != tt.want {
				t.Errorf("problems:\n%s\nwant:\n%s", got, tt.want)
			}
			if s != nil {
				t.Error("a spec in spite of problems")
			}
		})
	}
}

func TestParseAmendmentProblems(t *testing.T) {
	swapped := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(amendment("1")) }
	tests := []struct{ name, data, want string }{
		{"id", swapped("id: 1", "id: 0"), "a.yaml:1:5: id must be at least 1"},
		{"origin", swapped("kind: issue", "kind: mail"), `a.yaml:3:16: kind cannot be "mail": write one of bootstrap, issue, guideline, refresh, spec`},
		{"guideline without id", swapped("kind: issue", "kind: guideline"), `a.yaml:3:9: missing key "id": name the guideline by its id`},
		{"time", swapped("kind: issue", "kind: issue, at: yesterday"), "a.yaml:3:27: at is not a time: write it as 2026-11-22T09:00:00Z"},
		{"date without time", swapped("kind: issue", "kind: issue, at: 2026-11-22"), "a.yaml:3:27: at is not a time: write it as 2026-11-22T09:00:00Z"},
		{"hash", swapped("change: Done.", "base: 12ab\nchange: Done."), `a.yaml:7:7: base must be sha256: and hexadecimal digits, not "12ab"`},
		{"hash in text", swapped("change: Done.", "base: md5:12ab\nchange: Done."), `a.yaml:7:7: base must be sha256: and hexadecimal digits, not "md5:12ab"`},
		{"check of neither kind", swapped("checks: []", "checks: [{name: x}]"), "a.yaml:6:10: entry 1 of checks has neither sql nor cel: give it one of them"},
		{"check of both kinds", swapped("checks: []", "checks: [{name: x, sql: select 1, cel: 'true'}]"), "a.yaml:6:10: entry 1 of checks has both sql and cel: make two checks of it"},
		{"expects two things", swapped("expects: []", "expects: [{add_column: a.b, drop_column: a.c}]"), "a.yaml:5:11: entry 1 of expects names 2 kinds of change: make an entry of each"},
		{"expects nothing", swapped("expects: []", "expects: [{}]"), "a.yaml:5:11: entry 1 of expects is empty: give it one kind of change, such as add_column: orders.item_count"},
		{"expects the unknown", swapped("expects: []", "expects: [{add_colum: a.b}]"), `a.yaml:5:12: unknown key "add_colum"; did you mean "add_column"?`},
		{"alterations", swapped("expects: []", "expects: [{change_type: {on: a.b, to: 3}}, {change_null: {on: a.b, to: 'no'}}, {change_key: {on: a, to: b}}]"),
			"a.yaml:5:39: to must be a string: put quotes around 3\na.yaml:5:72: to must be true or false, not no: write false without quotes\na.yaml:5:105: to must be a list: write [b]"},
		{"tables' second names", swapped("expects: []", "affects: [main.a]\nexpects: [{add_table: main.a}, {rename_column: {from: main.a.b, to: a.c}}, {add_rows: {table: main.a}}, {add_column: main.a}, {drop_table: other.a}, {change_values: {column: '\"MAIN\".a.b'}}]"),
			"a.yaml:5:11: main.a is another name of a: write a\na.yaml:6:23: main.a is another name of a: write a\na.yaml:6:55: main.a.b is another name of a.b: write a.b\n" +
				"a.yaml:6:95: main.a is another name of a: write a\na.yaml:6:175: \"MAIN\".a.b is another name of a.b: write a.b"},
		{"asked for in the far future", swapped("kind: issue", "kind: issue, at: 2999-01-01T00:00:00Z"), "a.yaml:3:27: nobody asked for it in the year 2999: write when it was asked for"},
		{"asked for long ago", swapped("kind: issue", "kind: issue, at: 1969-12-31T00:00:00Z"), "a.yaml:3:27: nobody asked for it in the year 1969: write when it was asked for"},
		{"supersedes", swapped("change: Done.", "supersedes: [{amendment: 1, checks: []}]\nchange: Done."),
			"a.yaml:7:14: missing key \"because\": say why\na.yaml:7:37: checks is empty: give it a value, or remove the key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, _, problems := ParseAmendment("a.yaml", []byte(tt.data))
			if got := problems.Error(); got != tt.want {
				t.Errorf("problems:\n%s\nwant:\n%s", got, tt.want)
			}
			if a != nil {
				t.Error("an amendment in spite of problems")
			}
		})
	}
}

func TestValuesKeepTheirTypes(t *testing.T) {
	s, _, problems := ParseSpec("s.yaml", []byte(minimal+"        values: [yes, NO, on, 2026-01-01, 12:30:45, '010', 1, -2.5, 1.0, true, null_ish]\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []any{"yes", "NO", "on", "2026-01-01", "12:30:45", "010", int64(1), -2.5, 1.0, true, "null_ish"}
	got := s.Tables[0].Columns[0].Values
	for i := range want {
		if i >= len(got) || got[i] != want[i] {
			t.Fatalf("values %#v, want %#v", got, want)
		}
	}
}

func TestSourceAt(t *testing.T) {
	_, source, _ := ParseSpec("s.yaml", []byte("\ufeff"+minimal))
	for pointer, want := range map[string][2]int{
		"":                                 {1, 1},
		"/version":                         {3, 10},
		"/owner/team":                      {4, 15},
		"/tables/0/columns/0/type":         {13, 15},
		"/tables/0/columns/0/unit":         {12, 9},
		"/tables/0/columns/7/type":         {12, 7},
		"/tables/3/columns/7/type":         {7, 3},
		"/nothing":                         {1, 1},
		"/tables/0/columns/0/name/further": {12, 15},
	} {
		if line, column := source.At(pointer); line != want[0] || column != want[1] {
			t.Errorf("%s is at %d:%d, want %d:%d", pointer, line, column, want[0], want[1])
		}
	}
	if line, column := source.KeyAt("/version"); line != 3 || column != 1 {
		t.Errorf("the key is at %d:%d", line, column)
	}
	if line, column := (*Source)(nil).At("/x"); line != 0 || column != 0 {
		t.Errorf("without a source: %d:%d", line, column)
	}
}
