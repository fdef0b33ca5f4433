package odcs

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func is(b bool) *bool { return &b }

// everything is a product that uses every field of a spec and of an amendment.
func everything() *spec.Document {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	s := &spec.Spec{
		Spec: 1, Product: "orders", Version: "1.2.0-rc.1", Owner: spec.Owner{Team: "commerce-data", Contact: "commerce-data@example.com"},
		Purpose: "Records customer purchase orders,\nfor revenue: and order analysis.", Tags: []string{"finance", "yes"},
		Inputs: []spec.Input{{Product: "customers", Table: "customers", Version: "^1.0"}, {Product: "fx", Table: "main.rates"}},
		Tables: []spec.Table{
			{Name: "orders", Description: "One row for each order placed.", Why: "Revenue starts from the order.", Key: []string{"order_id", "Day"}, Deprecated: "until 2027", Columns: []spec.Column{
				{Name: "day", Type: "DATE", Description: "The day.", Why: "For sums.", Nullable: is(false)},
				{Name: "order_id", Type: "BIGINT", Description: "The order.", Why: "To name it.", Unique: true},
				{Name: "order_amount", Type: "DECIMAL(10,2)", Unit: "USD", Description: "Total value.", Why: "For invoices.", Nullable: is(false), Deprecated: "use net"},
				{Name: "status", Type: "VARCHAR(10)", Description: "Where it is.", Why: "To follow it.", Nullable: is(true), Values: []any{"new", "paid", "true", "2026-01-01"}},
				{Name: "grade", Type: "utinyint", Description: "How good.", Why: "To rank.", Values: []any{int64(1), 2.5, true}},
				{Name: "customer_id", Type: "UUID", Description: "Who.", Why: "To join.", Classification: "pii", References: "customers.customer_id"},
				{Name: "previous", Type: "BIGINT", Description: "The order before.", Why: "For chains.", References: "orders.order_id"},
				{Name: "lines", Type: `STRUCT("a b" INTEGER, c VARCHAR[])[]`, Description: "Lines.", Why: "Asked for."},
				{Name: "kind", Type: "ENUM('a', 'b')", Description: "Kind.", Why: "Asked for."},
				{Name: "odd", Type: "my_own_type", Description: "Odd.", Why: "Asked for."},
			}},
			{Name: "mart.empty day", Description: NotStated, Why: NotStated, Columns: []spec.Column{{Name: "weird / name~1", Type: "INTEGER[3]", Description: "x", Why: "y"}}},
		},
		Custom: map[string]any{"contact_hours": "9-17", "limits": map[string]any{"rows": int64(9), "share": 0.5, "on": true, "none": nil, "list": []any{"a", int64(1)}}},
	}
	first := spec.Amendment{
		ID: 1, Requirement: "Keep the orders", Origin: spec.Origin{Kind: spec.OriginBootstrap}, Reading: "As they are.",
		Expects: []spec.Expectation{}, Checks: []spec.Check{{Name: "positive", SQL: "select * from orders where order_amount < 0; -- never"}, {Name: "old", SQL: "select 1 where false"}}, Change: "All.",
	}
	second := spec.Amendment{
		ID: 2, Requirement: "I want to see \"the number\" of items: @all\nplease", Origin: spec.Origin{Kind: spec.OriginIssue, URL: "https://example.com/1", Author: "jane", At: &at},
		Reading: "A new column.", Questions: []spec.Question{{Ask: "Returned?", Answer: "No"}}, Affects: []string{"orders.item_count"},
		Expects: []spec.Expectation{
			{AddColumn: "orders.item_count"}, {RenameTable: &spec.Rename{From: "a", To: "b"}}, {ChangeType: &spec.Alteration{On: "orders.day", To: "DATE"}},
			{ChangeNull: &spec.Alteration{On: "orders.day", To: true}}, {ChangeKey: &spec.Alteration{On: "orders", To: []string{"order_id"}}},
			{ChangeMeaning: &spec.Meaning{On: "product", Field: "purpose"}}, {ChangeValues: &spec.ColumnChange{Column: "orders.grade", Where: "grade > 1"}},
			{DropRows: &spec.RowChange{Table: "orders", Where: "true"}}, {ChangeSeed: &spec.SeedChange{Seed: "orders"}}, {ChangeTest: &spec.TestChange{Test: "tests/a.sql", Because: "wrong"}},
		},
		Checks:     []spec.Check{{Name: "sums", SQL: "select o.* from \"mart\".\"empty day\" o\n-- all of them"}, {Name: "tagged", CEL: `"finance" in spec.tags`}},
		Supersedes: []spec.Supersession{{Amendment: 1, Checks: []string{"old"}, Because: "narrower"}}, Rejected: []spec.Rejection{{Option: "Reuse", Breaks: []int{1}}},
		Base: "sha256:00ff", Result: "sha256:11ee", Change: spec.ToBeDone,
	}
	return &spec.Document{Spec: s, Ledger: spec.Ledger{Entries: []spec.Entry{{Amendment: first}, {Amendment: second}}}}
}

func export(t *testing.T, doc *spec.Document) []byte {
	t.Helper()
	out, err := Export(doc)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, out)
	return out
}

// valid checks an export against the standard's schema, read again from its text.
func valid(t *testing.T, contract []byte) {
	t.Helper()
	if err := check(read(t, contract)); err != nil {
		t.Errorf("the contract is not valid: %v", err)
	}
}

// read is a contract as a tree, read by the YAML library alone.
func read(t *testing.T, contract []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := yaml.Unmarshal(contract, &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := toTree(json.RawMessage(data))
	if err != nil {
		t.Fatal(err)
	}
	return tree.(map[string]any)
}

func ledger(amendments []spec.Amendment) spec.Ledger {
	var l spec.Ledger
	for _, a := range amendments {
		l.Entries = append(l.Entries, spec.Entry{Amendment: a})
	}
	return l
}

func TestSpecRoundTrip(t *testing.T) {
	small := &spec.Document{Spec: &spec.Spec{Spec: 1, Product: "p", Version: "0.1.0", Owner: spec.Owner{Team: "t"}, Purpose: "x", Tables: []spec.Table{}}}
	for name, doc := range map[string]*spec.Document{"everything": everything(), "small": small} {
		t.Run(name, func(t *testing.T) {
			contract := export(t, doc)
			goldenFile(t, filepath.Join("testdata", name+".golden.yaml"), contract)
			s, amendments, problems := Import("c.yaml", contract)
			if problems.Err() != nil {
				t.Fatal(problems)
			}
			if d := cmp.Diff(doc.Spec, s, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("the spec changed:\n%s", d)
			}
			var want []spec.Amendment
			for _, e := range doc.Ledger.Entries {
				want = append(want, e.Amendment)
			}
			if d := cmp.Diff(want, amendments, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("the amendments changed:\n%s", d)
			}
		})
	}
}

func goldenFile(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s differs:\n%s", path, d)
	}
}

func TestContractRoundTrip(t *testing.T) {
	files, _ := filepath.Glob("testdata/contracts/*.yaml")
	if len(files) == 0 {
		t.Fatal("no contracts")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, amendments, problems := Import(file, data)
			if problems.Err() != nil {
				t.Fatal(problems)
			}
			saved, err := yaml.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			again, _, refused := spec.ParseSpec("spec.yaml", saved)
			if refused != nil {
				t.Fatalf("the imported spec cannot be saved:\n%v\n%s", refused, saved)
			}
			out := export(t, &spec.Document{Spec: again, Ledger: ledger(amendments)})
			if d := cmp.Diff(read(t, data), read(t, out)); d != "" {
				t.Errorf("the contract changed:\n%s", d)
			}
			goldenFile(t, strings.TrimSuffix(file, ".odcs.yaml")+".golden", []byte(problems.Error()+"\n---\n"+string(saved)))
		})
	}
}

func TestWarnings(t *testing.T) {
	_, _, problems := Import("c.yaml", []byte("apiVersion: v3.1.0\nkind: DataContract\nid: a\nname: A b\nversion: '1'\nstatus: active\nschema:\n  - name: t\n    properties:\n      - name: c\n"))
	want := []string{
		"c.yaml:1:1: warning: the contract does not say what the product is for; say it in spec.yaml",
		"c.yaml:1:1: warning: the contract does not say which team owns the product; say it in spec.yaml",
		"c.yaml:8:5: warning: the contract does not say what t holds; say it in spec.yaml",
		"c.yaml:8:5: warning: the contract does not say why t exists; say it in spec.yaml",
		"c.yaml:10:9: warning: the contract does not say which type t.c has: VARCHAR is assumed; correct it in spec.yaml",
		"c.yaml:10:9: warning: the contract does not say what t.c is; say it in spec.yaml",
		"c.yaml:10:9: warning: the contract does not say why t.c exists; say it in spec.yaml",
	}
	for _, w := range want {
		if !strings.Contains(problems.Error(), w) {
			t.Errorf("no %q in\n%s", w, problems.Error())
		}
	}
	if problems.Err() != nil {
		t.Error("warnings count as errors")
	}
}

func TestImportRefuses(t *testing.T) {
	head := "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\n"
	for name, c := range map[string]struct{ text, want string }{
		"empty":        {"", "c.yaml: the file is empty"},
		"no yaml":      {"a: [", "c.yaml:1:"},
		"a list":       {"- a\n", "c.yaml:1:1:"},
		"something":    {"openapi: 3.0.0\n", "c.yaml:1:1: this is not an Open Data Contract"},
		"no version":   {"kind: DataContract\nid: a\n", `no "apiVersion"`},
		"dcs":          {"dataContractSpecification: 1.1.0\nid: a\n", "c.yaml:1:28: this follows the Data Contract Specification"},
		"version 2":    {"apiVersion: v2.2.2\nkind: DataContract\n", "c.yaml:1:13: this is a contract of version 2"},
		"version 9":    {"apiVersion: v9.0.0\nkind: DataContract\n", "c.yaml:1:13: version \"v9.0.0\" of the standard is not known"},
		"kind":         {strings.Replace(head, "DataContract", "Table", 1), "c.yaml:2:7: kind does not follow the standard"},
		"unknown key":  {head + "colour: red\n", "c.yaml:1:1: the contract does not follow the standard: additional properties 'colour' not allowed"},
		"wrong type":   {head + "schema:\n  - name: t\n    properties:\n      - name: 7\n", "c.yaml:9:15: schema.0.properties.0.name does not follow the standard"},
		"alias bomb":   {"a: &a [x]\nb: &b [*a, *a]\n", "anchors (&a) are not allowed"},
		"too large":    {head + "# " + strings.Repeat("x", 1<<20), "more than the 1048576 that are allowed"},
		"deep":         {head + "customProperties: [{property: a, value: " + strings.Repeat("[", 60) + strings.Repeat("]", 60) + "}]\n", "nested more than"},
		"foreign ours": {head + "customProperties:\n  - property: codicilInputs\n    value: 3\n", "c.yaml:7:5: codicilInputs is not in the form"},
		"bad ledger":   {head + "customProperties:\n  - property: codicilAmendments\n    value: [{id: 1}]\n", "c.yaml:8:13: amendment 1 of codicilAmendments"},
	} {
		t.Run(name, func(t *testing.T) {
			s, _, problems := Import("c.yaml", []byte(c.text))
			if s != nil || problems.Err() == nil || !strings.Contains(problems.Error(), c.want) {
				t.Errorf("wanted %q, got %v", c.want, problems)
			}
		})
	}
}

// TestChangesAfterAnImport shows that what was kept does not undo what the spec says now.
func TestChangesAfterAnImport(t *testing.T) {
	data, err := os.ReadFile("testdata/contracts/quality.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, _, problems := Import("c.yaml", data)
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	table := &s.Tables[0]
	grade, _ := table.Column("grade")
	if d := cmp.Diff([]any{int64(1), int64(2), int64(3)}, grade.Values); d != "" {
		t.Fatal(d)
	}
	grade.Values, grade.Type, grade.Why = []any{int64(1)}, "TINYINT", "To rank."
	table.Columns = append(table.Columns[1:], spec.Column{Name: "new", Type: "DATE", Description: "d", Why: "w"})
	tree := read(t, export(t, &spec.Document{Spec: s}))
	properties := tree["schema"].([]any)[0].(map[string]any)["properties"].([]any)
	var names []string
	for _, p := range properties {
		names = append(names, p.(map[string]any)["name"].(string))
	}
	if d := cmp.Diff([]string{"UniqueID", "grade", "new"}, names); d != "" {
		t.Error(d)
	}
	changed := properties[1].(map[string]any)
	if changed["physicalType"] != "TINYINT" {
		t.Errorf("the type is still %v", changed["physicalType"])
	}
	rules, _ := json.Marshal(changed["quality"])
	for _, want := range []string{`"validValues":[1]`, "few are bad", "Grades are given by people."} {
		if !strings.Contains(string(rules), want) {
			t.Errorf("no %s in %s", want, rules)
		}
	}
	if _, err := Export(nil); err == nil {
		t.Error("nothing was exported without an error")
	}
}

func FuzzImport(f *testing.F) {
	files, _ := filepath.Glob("testdata/contracts/*.yaml")
	for _, file := range files {
		data, _ := os.ReadFile(file)
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, amendments, problems := Import("c.yaml", []byte(text))
		if (s == nil) != (problems.Err() != nil) {
			t.Fatalf("a spec and errors, or neither: %v", problems)
		}
		if s == nil {
			return
		}
		out, err := Export(&spec.Document{Spec: s, Ledger: ledger(amendments)})
		if err != nil {
			t.Fatal(err)
		}
		own, _, _ := spec.ReadYAML("a", []byte(text))
		again, _, refused := spec.ReadYAML("b", out)
		if refused != nil {
			t.Fatal(bot.Problems(refused))
		}
		if !same(own, again) {
			t.Errorf("the contract changed:\n%s", cmp.Diff(plain(own), plain(again)))
		}
	})
}
