package spec

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// ledgerOf makes a ledger of amendments with checks a and b each, named with the id.
func ledgerOf(supersedes ...[]Supersession) Ledger {
	var l Ledger
	for i, s := range supersedes {
		id := i + 1
		l.Entries = append(l.Entries, Entry{Amendment: Amendment{ID: id, Supersedes: s, Change: "Done.",
			Checks: []Check{{Name: fmt.Sprint("a", id)}, {Name: fmt.Sprint("b", id)}}}})
	}
	return l
}

func TestActiveAndRetired(t *testing.T) {
	tests := []struct {
		name            string
		ledger          Ledger
		active, retired string
	}{
		{"none", ledgerOf(nil, nil), "1.a1 1.b1 2.a2 2.b2", ""},
		{"one check", ledgerOf(nil, []Supersession{{1, []string{"a1"}, "why"}}), "1.b1 2.a2 2.b2", "1.a1 by 2: why"},
		{"all checks", ledgerOf(nil, []Supersession{{1, nil, "why"}}), "2.a2 2.b2", "1.a1 by 2: why, 1.b1 by 2: why"},
		{"unknown check", ledgerOf(nil, []Supersession{{1, []string{"z"}, "why"}}), "1.a1 1.b1 2.a2 2.b2", ""},
		{"itself and a later one do not count", ledgerOf([]Supersession{{1, nil, "x"}, {2, nil, "x"}}, nil), "1.a1 1.b1 2.a2 2.b2", ""},
		{"the first counts", ledgerOf(nil, []Supersession{{1, []string{"a1"}, "first"}}, []Supersession{{1, nil, "second"}}),
			"2.a2 2.b2 3.a3 3.b3", "1.a1 by 2: first, 1.b1 by 3: second"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var active, retired []string
			for _, c := range tt.ledger.Active() {
				active = append(active, fmt.Sprintf("%d.%s", c.Amendment, c.Check.Name))
			}
			for _, c := range tt.ledger.Retired() {
				retired = append(retired, fmt.Sprintf("%d.%s by %d: %s", c.Amendment, c.Check.Name, c.By, c.Because))
			}
			if got := strings.Join(active, " "); got != tt.active {
				t.Errorf("active %s, want %s", got, tt.active)
			}
			if got := strings.Join(retired, ", "); got != tt.retired {
				t.Errorf("retired %s, want %s", got, tt.retired)
			}
		})
	}
	if ids := ledgerOf(nil, nil, nil).IDs(); !reflect.DeepEqual(ids, []int{1, 2, 3}) {
		t.Errorf("ids %v", ids)
	}
}

func TestExpectationText(t *testing.T) {
	tests := []struct {
		e              Expectation
		kind, on, text string
	}{
		{Expectation{}, "", "", ""},
		{Expectation{AddTable: "t", DropTable: "u"}, "", "", "add table t and drop table u"},
		{Expectation{AddTable: "orders"}, AddTable, "orders", "add table orders"},
		{Expectation{DropTable: "orders"}, DropTable, "orders", "drop table orders"},
		{Expectation{RenameTable: &Rename{"a", "b"}}, RenameTable, "a", "rename table a to b"},
		{Expectation{AddColumn: "orders.n"}, AddColumn, "orders.n", "add column orders.n"},
		{Expectation{DropColumn: "orders.n"}, DropColumn, "orders.n", "drop column orders.n"},
		{Expectation{RenameColumn: &Rename{"o.a", "o.b"}}, RenameColumn, "o.a", "rename column o.a to o.b"},
		{Expectation{ChangeType: &Alteration{"o.a", "DATE"}}, ChangeType, "o.a", "change type of o.a to DATE"},
		{Expectation{ChangeNull: &Alteration{"o.a", false}}, ChangeNull, "o.a", "change nullability of o.a to not null"},
		{Expectation{ChangeKey: &Alteration{"o", []string{"a", "b"}}}, ChangeKey, "o", "change key of o to (a, b)"},
		{Expectation{ChangeMeaning: &Meaning{"o.a", "unit"}}, ChangeMeaning, "o.a", "change unit of o.a"},
		{Expectation{Reorder: "o"}, Reorder, "o", "reorder columns of o"},
		{Expectation{ChangeValues: &ColumnChange{"o.a", "x >\n  1"}}, ChangeValues, "o.a", "change values of o.a where x > 1"},
		{Expectation{ChangeRows: &RowChange{"o", ""}}, ChangeRows, "o", "change rows of o"},
		{Expectation{AddRows: &RowChange{"o", "x"}}, AddRows, "o", "add rows to o where x"},
		{Expectation{DropRows: &RowChange{"o", "x"}}, DropRows, "o", "drop rows from o where x"},
		{Expectation{ChangeSeed: &SeedChange{"s", ""}}, ChangeSeed, "s", "change seed s"},
		{Expectation{ChangeTest: &TestChange{"tests/a.sql", "wrong"}}, ChangeTest, "tests/a.sql", "change test tests/a.sql: wrong"},
	}
	for _, tt := range tests {
		if kind, on, text := tt.e.Kind(), tt.e.On(), tt.e.String(); kind != tt.kind || on != tt.on || text != tt.text {
			t.Errorf("got %q, %q, %q; want %q, %q, %q", kind, on, text, tt.kind, tt.on, tt.text)
		}
	}
}

func TestHash(t *testing.T) {
	a, _, problems := ParseSpec("s.yaml", []byte(minimal))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	same, _, problems := ParseSpec("s.yaml", []byte(`# another order, other quotes
tables:
- columns:
  - {why: "To name the order.", description: "The order's number.", type: 'BIGINT', name: order_id, nullable: true, unique: false}
  key:
  - order_id
  why: Analysis starts from the order.
  description: One row for each order.
  name: "orders"
tags: []
purpose: 'Records orders.'
owner:
  team: commerce-data
version: 9.9.9
product: orders
spec: 1
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	const want = "sha256:"
	if Hash(a) != Hash(same) || !strings.HasPrefix(Hash(a), want) || len(Hash(a)) != len(want)+64 {
		t.Errorf("hashes %s and %s", Hash(a), Hash(same))
	}
	if Fingerprint(a, []int{1, 2}) != Fingerprint(same, []int{1, 2}) || Fingerprint(a, []int{1}) == Fingerprint(a, []int{1, 2}) || Fingerprint(a, nil) == Hash(a) {
		t.Error("fingerprints do not depend on spec and ids alone")
	}
}
