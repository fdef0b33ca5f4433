package author_test

import (
	"os"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/product"
)

// TestOrders amends an example product: the number of articles in each order.
func TestOrders(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../../deploy/examples/commerce")); err != nil {
		t.Fatal(err)
	}
	job := author.Job{Tree: product.Tree{Root: root, Label: "commerce"}, Path: "orders", Requirement: "How many different articles does each order hold?"}
	s := good(t)
	s.answers[author.StageRefine] = []string{strings.ReplaceAll(clear, "item_count, the sum of quantities", "article_count")}
	s.answers[author.StageAmend] = []string{`EDIT: spec.yaml
` + "```" + `
<<<<<<< SEARCH
  - name: order_lines
    description: One row for each article in an order.
=======
      - name: article_count
        type: INTEGER
        unit: count
        description: How many different articles the order holds, returned ones included.
        why: Warehouse planning asked how many bins a picker has to visit.
        nullable: false
  - name: order_lines
    description: One row for each article in an order.
>>>>>>> REPLACE
` + "```\n\n" + file("amendments/0005.yaml", `id: 5
requirement: as asked
origin: {kind: issue}
reading: A new column article_count.
affects: [orders.article_count]
expects: [{add_column: orders.article_count}]
checks:
  - name: article_count is the number of different skus
    sql: |
      select o.order_id from orders as o
      left join (select order_id, count(distinct sku) as n from order_lines group by order_id) as l using (order_id)
      where o.article_count is distinct from coalesce(l.n, 0)
change: <tbd>
`)}
	s.answers[author.StageImplement] = []string{did + "EDIT: models/orders.sql\n```\n<<<<<<< SEARCH\n        sum(quantity - returned_quantity) as item_count\n=======\n        sum(quantity - returned_quantity) as item_count,\n        count(distinct sku) as article_count\n>>>>>>> REPLACE\n" +
		"<<<<<<< SEARCH\n    cast(coalesce(t.item_count, 0) as integer) as item_count\n=======\n    cast(coalesce(t.item_count, 0) as integer) as item_count,\n    cast(coalesce(t.article_count, 0) as integer) as article_count\n>>>>>>> REPLACE\n```\n"}
	o := amend(t, s, job)
	wantKind(t, o, author.Done)
	if err := o.Write(false); err != nil {
		t.Fatal(err)
	}
	for _, p := range o.Prompts {
		t.Logf("%s: %d tokens", p.Stage, p.Tokens)
		if p.Tokens > 30_000 {
			t.Errorf("the prompt of %s has %d tokens", p.Stage, p.Tokens)
		}
	}
}
