package compare

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/engine"
)

// open starts a session with the tables b and h made from the two queries.
func open(t *testing.T, base, head string) *engine.Session {
	t.Helper()
	s, err := engine.Start(t.Context(), engine.Options{AllowUnconfined: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Exec(t.Context(), "CREATE TABLE b AS "+base+"; CREATE TABLE h AS "+head); err != nil {
		t.Fatal(err)
	}
	return s
}

// columns makes the columns of a pair from names and types.
func columns(defs ...[2]string) []Column {
	var out []Column
	for _, d := range defs {
		out = append(out, Column{Base: d[0], Head: d[0], Type: d[1], BaseType: d[1], HeadType: d[1],
			Float: d[1] == "DOUBLE", Numeric: d[1] != "VARCHAR"})
	}
	return out
}

const orders = "SELECT i AS id, 'c' || i % 3 AS customer, CAST(i * 1.5 AS DECIMAL(10,2)) AS amount FROM range(100) r(i)"

// collated is orders with a case and a collation that tells no cases apart.
func collated(function string) string {
	return "SELECT i AS id, " + function + "('c' || i % 3) COLLATE nocase AS customer, CAST(i * 1.5 AS DECIMAL(10,2)) AS amount FROM range(100) r(i)"
}

// summary is a result in one line.
func summary(p Pair, r *Result) string {
	out := fmt.Sprintf("%d→%d key=%v lost %d/%d gained %d/%d dup %d", r.BaseRows, r.HeadRows, r.ByKey, r.Lost.Outside, r.Lost.Count, r.Gained.Outside, r.Gained.Count, r.Duplicated.Count)
	if r.KeyFault != "" {
		out += " (" + r.KeyFault + ")"
	}
	for _, c := range r.Columns {
		out += fmt.Sprintf(" %s %d/%d", p.Columns[c.Index].Base, c.Outside, c.Changed)
		if c.NullsGained+c.NullsLost > 0 {
			out += fmt.Sprintf(" null+%d-%d", c.NullsGained, c.NullsLost)
		}
		if c.Factor != 0 {
			out += fmt.Sprintf(" ×%g", c.Factor)
		}
	}
	return out
}

func TestTables(t *testing.T) {
	three := columns([2]string{"id", "BIGINT"}, [2]string{"customer", "VARCHAR"}, [2]string{"amount", "DECIMAL(10,2)"})
	money := columns([2]string{"customer", "VARCHAR"}, [2]string{"total", "DOUBLE"})
	cases := []struct {
		name       string
		base, head string
		columns    []Column
		key        []int
		lost       Allowance
		gained     Allowance
		change     Allowance // of the last column
		want       string
	}{
		{name: "same", head: orders, want: "100→100 key=true lost 0/0 gained 0/0 dup 0"},
		{name: "same in another order", head: orders + " ORDER BY i DESC", want: "100→100 key=true lost 0/0 gained 0/0 dup 0"},
		{name: "same without key", head: orders + " ORDER BY i DESC", key: []int{}, want: "100→100 key=false lost 0/0 gained 0/0 dup 0"},
		{name: "lost", head: orders + " WHERE i >= 2", want: "100→98 key=true lost 2/2 gained 0/0 dup 0"},
		{name: "lost and allowed", head: orders + " WHERE i >= 2", lost: Allowance{Where: []string{"id = 1 -- only one"}}, want: "100→98 key=true lost 1/2 gained 0/0 dup 0"},
		{name: "gained without key", head: orders + " UNION ALL SELECT 999, 'x', 1", key: []int{}, gained: Allowance{Any: true}, want: "100→101 key=false lost 0/0 gained 0/1 dup 0"},
		{name: "duplicated", head: orders + " UNION ALL (" + orders + " LIMIT 3)", want: "100→103 key=false lost 0/0 gained 3/3 dup 3 (the key has duplicates)"},
		{name: "key turns NULL", head: "SELECT CASE WHEN id = 7 THEN NULL ELSE id END AS id, customer, amount FROM (" + orders + ")", want: "100→100 key=false lost 0/0 gained 0/0 dup 0 (the key has NULLs) id 1/1 null+1-0"},
		{name: "a NULL key does not hide a duplicate", head: "SELECT CASE WHEN id = 7 THEN 8 WHEN id = 9 THEN NULL ELSE id END AS id, customer, amount FROM (" + orders + ")", want: "100→100 key=false lost 0/0 gained 0/0 dup 0 (the key has NULLs) id 2/2 null+1-0"},
		{name: "changed", head: "SELECT id, customer, CASE WHEN id % 10 = 0 THEN amount + 1 ELSE amount END AS amount FROM (" + orders + ")", want: "100→100 key=true lost 0/0 gained 0/0 dup 0 amount 10/10"},
		{name: "changed within where", head: "SELECT id, customer, CASE WHEN id % 10 = 0 THEN amount + 1 ELSE amount END AS amount FROM (" + orders + ")", change: Allowance{Where: []string{"id < 50", "id = 50"}}, want: "100→100 key=true lost 0/0 gained 0/0 dup 0 amount 4/10"},
		{name: "changed without key", head: "SELECT id, customer, CASE WHEN id % 10 = 0 THEN amount + 1 ELSE amount END AS amount FROM (" + orders + ")", key: []int{}, change: Allowance{Where: []string{"id < 50"}}, want: "100→100 key=false lost 0/0 gained 0/0 dup 0 amount 5/10"},
		{name: "factor", head: "SELECT id, customer, CAST(amount * 100 AS DECIMAL(10,2)) AS amount FROM (" + orders + ")", want: "100→100 key=true lost 0/0 gained 0/0 dup 0 amount 99/99 ×100"},
		{name: "factor without key", head: "SELECT id, customer, CAST(amount * 100 AS DECIMAL(10,2)) AS amount FROM (" + orders + ")", key: []int{}, want: "100→100 key=false lost 0/0 gained 0/0 dup 0 amount 99/99 ×100"},
		{name: "nulls", head: "SELECT id, customer, nullif(amount, 3) AS amount FROM (" + orders + ")", want: "100→100 key=true lost 0/0 gained 0/0 dup 0 amount 1/1 null+1-0"},
		{name: "emptied", head: orders + " LIMIT 0", want: "100→0 key=true lost 100/100 gained 0/0 dup 0"},
		{name: "all other keys, one twice", head: "SELECT * REPLACE (CASE WHEN id = 1 THEN 1002 ELSE id + 1000 END AS id) FROM (" + orders + ")", want: "100→100 key=false lost 0/0 gained 0/0 dup 0 (the key has duplicates) id 100/100"},
		{name: "noise", columns: money, key: []int{}, base: "SELECT 'a' AS customer, 0.1::DOUBLE + 0.2 AS total UNION ALL SELECT 'a', 7", head: "SELECT 'a' AS customer, 0.1::DOUBLE + 0.2::DOUBLE + 1e-16::DOUBLE AS total UNION ALL SELECT 'a', 7.0000000000001", want: "2→2 key=false lost 0/0 gained 0/0 dup 0"},
		{name: "cents", columns: money, key: []int{}, base: "SELECT 'a' AS customer, 100.01::DOUBLE AS total UNION ALL SELECT 'b', 7", head: "SELECT 'a' AS customer, 100.02::DOUBLE AS total UNION ALL SELECT 'b', 7", want: "2→2 key=false lost 0/0 gained 0/0 dup 0 total 1/1"},
		{name: "noise by key", columns: money, key: []int{0}, base: "SELECT 'a' AS customer, 0.3::DOUBLE AS total UNION ALL SELECT 'b', 'inf'::DOUBLE", head: "SELECT 'b' AS customer, 5::DOUBLE AS total UNION ALL SELECT 'a', 0.1::DOUBLE + 0.2::DOUBLE", want: "2→2 key=true lost 0/0 gained 0/0 dup 0 total 1/1"},
		{name: "a collation hides nothing", base: collated("lower"), head: collated("upper"), want: "100→100 key=true lost 0/0 gained 0/0 dup 0 customer 100/100"},
		{name: "a collation on one side", head: collated("lower") + " ORDER BY i DESC", want: "100→100 key=true lost 0/0 gained 0/0 dup 0"},
		{name: "a collation without key", base: collated("lower"), head: collated("upper") + " LIMIT 90", key: []int{}, want: "100→90 key=false lost 100/100 gained 90/90 dup 0"},
		{name: "a collation in the key", columns: columns([2]string{"id", "VARCHAR"}, [2]string{"amount", "DECIMAL(10,2)"}), base: "SELECT ('k' || i) COLLATE nocase AS id, i::DECIMAL(10,2) AS amount FROM range(5) r(i)",
			head: "SELECT ('k' || i) AS id, i::DECIMAL(10,2) AS amount FROM range(4) r(i) UNION ALL SELECT 'K4', 4", want: "5→5 key=true lost 1/1 gained 1/1 dup 0"},
		{name: "nothing in common to pair by", head: "SELECT id + 5000 AS id, customer || '!' AS customer, amount + 1 AS amount FROM (" + orders + ") LIMIT 2", base: orders + " LIMIT 2", key: []int{}, want: "2→2 key=false lost 2/2 gained 2/2 dup 0"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.base == "" {
				c.base = orders
			}
			if c.columns == nil {
				c.columns = three
			}
			if c.key == nil {
				c.key = []int{0}
			}
			p := Pair{Base: "b", Head: "h", Columns: append([]Column(nil), c.columns...), Key: c.key, Lost: c.lost, Gained: c.gained}
			p.Columns[len(p.Columns)-1].Changes = c.change
			r, err := Tables(t.Context(), open(t, c.base, c.head), p)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, summary(p, r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExamplesHideClassifiedValues(t *testing.T) {
	p := Pair{Base: "b", Head: "h", Columns: columns([2]string{"id", "BIGINT"}, [2]string{"customer", "VARCHAR"}, [2]string{"amount", "DECIMAL(10,2)"}), Key: []int{0}}
	p.Columns[1].Hidden = true
	for _, key := range [][]int{{0}, {}} {
		p.Key = key
		s := open(t, orders, "SELECT id, upper(customer) AS customer, amount FROM ("+orders+") WHERE id <> 3")
		if len(key) == 0 {
			s = open(t, orders, "SELECT id, upper(customer) AS customer, amount FROM ("+orders+")")
		}
		r, err := Tables(context.Background(), s, p)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Columns) != 1 || len(r.Columns[0].Examples) != examples {
			t.Fatalf("result %+v, want one column with %d examples", r, examples)
		}
		for _, e := range r.Columns[0].Examples {
			if *e.Old != withheld || *e.New != withheld {
				t.Errorf("shown %q → %q, want both withheld", *e.Old, *e.New)
			}
			for _, c := range e.Key {
				if c.Column == "customer" && *c.Value != withheld {
					t.Errorf("key shows %q", *c.Value)
				}
			}
		}
	}
}
