package author

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/product"
)

func TestFocus(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for name, text := range map[string]string{
		"spec.yaml": `spec: 1
product: shop
version: 1.0.0
owner: {team: t}
purpose: p
tables:
  - name: orders
    columns: [{name: order_id, type: BIGINT, description: d, why: w}, {name: net_amount, type: BIGINT, description: d, why: w}, {name: country, type: VARCHAR, description: d, why: w}]
    description: d
    why: w
  - name: refunds
    columns: [{name: refund_id, type: BIGINT, description: d, why: w}, {name: country, type: VARCHAR, description: d, why: w}]
    description: d
    why: w
  - name: deliveries
    columns: [{name: Delivery_Day, type: DATE, description: d, why: w}, {name: country, type: VARCHAR, description: d, why: w}]
    description: d
    why: w
  - name: audit.logins
    columns: [{name: seen, type: DATE, description: d, why: w}, {name: country, type: VARCHAR, description: d, why: w}]
    description: d
    why: w
`,
		"models/orders.sql":                "select 1\n",
		"models/staging/stg_orders.sql":    "select 1\n",
		"tests/no_order_without_a_day.sql": "select 1\n",
		"seeds/raw_orders.csv":             "id\n1\n",
	} {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p, problems := product.Load(product.Tree{Root: root, Label: "test"}, ".")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	built := &product.Build{Tables: []product.Table{
		{Schema: "main", Name: "raw_orders", Columns: []product.Column{{Name: "id"}}},
		{Schema: "main", Name: "orders", Columns: []product.Column{{Name: "ORDER_ID"}}},
	}}
	for _, c := range []struct {
		requirement string
		want        []string
		build       *product.Build
	}{
		{requirement: "I want to see the number of items in each ORDER.", want: []string{"models/orders.sql", "orders"}},
		{requirement: "The net amount is wrong", want: []string{"orders.net_amount"}},
		{requirement: "Rename `orders.net_amount`, please", want: []string{"models/orders.sql", "orders", "orders.net_amount"}},
		{requirement: "On which day is it delivered? See Delivery_Days.", want: []string{"deliveries", "deliveries.delivery_day"}},
		{requirement: "A delivery has a day", want: []string{"deliveries"}},
		{requirement: "Which country?"},
		{requirement: "Show the country of a refund", want: []string{"refunds", "refunds.country"}},
		{requirement: "look at audit.logins", want: []string{"audit.logins"}},
		{requirement: "Reordered goods, borders and net weights"},
		{requirement: "stg_orders.sql drops rows", want: []string{"models/orders.sql", "models/staging/stg_orders.sql", "orders"}},
		{requirement: "tests/no_order_without_a_day.sql fails", want: []string{"models/orders.sql", "orders", "tests/no_order_without_a_day.sql"}},
		{requirement: "What is in the raw orders?", want: []string{"models/orders.sql", "orders", "raw_orders"}, build: built},
		{requirement: "Zeige die Länge und 数量"},
		{requirement: ""},
	} {
		if diff := cmp.Diff(c.want, focus(c.requirement, p, c.build)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", c.requirement, diff)
		}
	}
}
