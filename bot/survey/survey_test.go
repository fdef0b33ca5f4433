package survey_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/survey"
)

// TestOf surveys tables as a shop would have them.
func TestOf(t *testing.T) {
	builder := &product.Builder{AllowUnconfined: true, Threads: 1}
	session, err := engine.Start(t.Context(), builder.Options())
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	err = session.Exec(t.Context(), `
		CREATE TABLE customers AS SELECT 'C' || i AS customer_id, 'mail' || i || '@example.com' AS email FROM range(40) r(i);
		CREATE TABLE orders AS SELECT i AS order_id, CASE WHEN i % 5 > 0 THEN 'C' || (i % 40) END AS customer_id, ['open', 'paid', 'void'][1 + i % 3] AS status,
			cast(i * 1.25 AS DECIMAL(10,2)) AS amount, 'DE' AS country, i % 7 AS lines FROM range(100) r(i);
		CREATE TABLE lines AS SELECT o AS order_id, l AS line_number, 'x' AS note FROM range(100) a(o), range(3) b(l);
		CREATE TABLE twice AS SELECT i % 10 AS a_id FROM range(20) r(i);
		CREATE TABLE nothing (id INTEGER);`)
	if err != nil {
		t.Fatal(err)
	}
	table := func(name string, columns ...string) *product.Table {
		out := &product.Table{Schema: "main", Name: name}
		for _, c := range columns {
			column, typ, _ := strings.Cut(c, " ")
			out.Columns = append(out.Columns, product.Column{Name: column, Type: typ})
		}
		return out
	}
	found, err := survey.Of(t.Context(), session, []*product.Table{
		table("orders", "order_id BIGINT", "customer_id VARCHAR", "status VARCHAR", "amount DECIMAL(10,2)", "country VARCHAR", "lines BIGINT"),
		table("lines", "order_id BIGINT", "line_number BIGINT", "note VARCHAR"), table("twice", "a_id BIGINT"), table("nothing", "id INTEGER"),
	}, map[string]map[string]bool{"lines": {"note": true}}, []survey.Target{{Table: "customers", Column: "customer_id", Type: "VARCHAR", From: "customers"}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range found {
		line := f.Name
		if len(f.Keys) > 0 {
			line += " key " + strings.Join(f.Keys[0], "+")
		}
		for _, c := range f.Columns {
			if c.Filled < f.Rows {
				line += "; " + c.Name + " nullable"
			}
			if len(c.Values) > 0 {
				line += "; " + c.Name + " in " + strings.Join(c.Values, "|")
			}
			if c.References != "" {
				line += "; " + c.Name + " → " + c.References
			}
		}
		got = append(got, line)
	}
	want := []string{
		"orders key order_id; customer_id nullable; customer_id → customers.customer_id; status in open|paid|void",
		"lines key order_id+line_number; order_id → orders.order_id", "twice", "nothing",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if c, ok := found[1].Column("NOTE"); !ok || !c.Personal || c.Values != nil {
		t.Errorf("the column that may be confidential was looked at: %+v", c)
	}
}
