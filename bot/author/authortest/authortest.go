// Package authortest is a small product of orders, with what a model writes that is asked for the number of items in each, for tests.
package authortest

// The product, by its files: spec.yaml, amendments/0001.yaml, models/orders.sql and seeds/lines.csv.
const (
	Spec = `spec: 1
product: orders
version: 1.0.0
owner: {team: shop}
purpose: What customers ordered.
tables:
  - name: orders
    description: One row for each order.
    why: Revenue starts from the order.
    key: [order_id]
    columns:
      - {name: order_id, type: BIGINT, description: Number of the order., why: Names the order.}
      - {name: amount, type: "DECIMAL(10,2)", unit: USD, description: What it came to., why: Invoices need it., nullable: false}
`
	First = `id: 1
requirement: We need orders.
origin: {kind: bootstrap}
reading: A table of orders.
expects: [{add_table: orders}]
checks:
  - name: amount is the sum of the lines
    sql: select order_id from orders join (select order_id, sum(price * quantity) as total from lines group by 1) using (order_id) where amount <> total
change: Made it.
`
	Model = "select order_id, cast(sum(price * quantity) as decimal(10,2)) as amount\nfrom lines\ngroup by order_id\n"
	Lines = "order_id,sku,price,quantity\n1,a,2.50,2\n1,b,1.00,1\n2,a,2.50,1\n"
)

// The product with the number of items: its spec and model, and the check that proves it.
const (
	CountedSpec  = Spec + "      - {name: item_count, type: INTEGER, unit: count, description: Number of items., why: The warehouse plans with it., nullable: false}\n"
	CountedModel = "select order_id, cast(sum(price * quantity) as decimal(10,2)) as amount, cast(sum(quantity) as integer) as item_count\nfrom lines\ngroup by order_id\n"
	CountedCheck = "select order_id from orders left join (select order_id, sum(quantity) as n from lines group by 1) using (order_id) where item_count is distinct from n"
)
