package lint

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/engine"
)

// session starts a DuckDB that only parses.
func session(t *testing.T) *engine.Session {
	t.Helper()
	s, err := engine.Start(context.Background(), engine.Options{AllowUnconfined: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestExamples holds the published examples to the rules.
func TestExamples(t *testing.T) {
	root := "../../deploy/examples"
	if _, err := os.Stat(root); err != nil {
		t.Skip("there are no examples yet")
	}
	_, problems, err := Lint(context.Background(), os.DirFS(root), nil, session(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := problems.Err(); err != nil {
		t.Error(err)
	}
	t.Log(problems)
}

const goodSpec = `spec: 1
product: orders
version: 1.2.0
owner: {team: commerce}
purpose: Records customer orders for analysis.
inputs: [{product: customers, table: customers, version: ^1.0}]
tables:
  - name: orders
    description: One row for each order placed.
    why: Revenue starts from the order.
    key: [order_id]
    columns:
      - name: order_id
        type: INTEGER
        description: Number of the order.
        why: Names the row on invoices.
      - name: amount
        type: DECIMAL(10,2)
        description: Total value in dollars.
        why: Goes on the invoice.
        nullable: false
      - name: status
        type: VARCHAR(8)
        description: Where the order stands.
        why: Cancelled orders are no revenue.
        values: [open, paid]
      - name: customer_id
        type: INTEGER
        description: Who ordered.
        why: Joins the customer.
        references: customers.customer_id
`

const goodFirst = `id: 1
requirement: Give us orders.
origin: {kind: bootstrap}
reading: One table of orders.
affects: [orders]
expects: [{add_table: orders}]
checks:
  - name: amounts are positive
    sql: select * from orders where amount < 0
change: Built it.
`

const goodSecond = `id: 2
requirement: Call the total amount and show the status.
origin: {kind: issue}
reading: A rename and a new column.
affects: [orders.total, orders.amount, orders.status, orders.note]
expects:
  - rename_column: {from: orders.total, to: orders.amount}
  - add_column: orders.status
  - drop_column: orders.note
  - change_type: {on: orders.amount, to: "DECIMAL(10,2)"}
  - change_values: {column: orders.amount, where: "order_id > 3 and orders.total is null"}
checks:
  - name: status is known
    sql: |
      select *
      from orders
      where status is null
  - name: orders has a key
    cel: tables.all(t, size(t.key) > 0)
rejected: [{option: Keep both, breaks: [1]}]
change: Done.
`

// good is a tree of two products without a problem.
func good() map[string]string {
	return map[string]string{
		"orders/spec.yaml":              goodSpec,
		"orders/amendments/0001.yaml":   goodFirst,
		"orders/amendments/0002.yaml":   goodSecond,
		"orders/models/orders.sql":      "select 1 as order_id -- one\n;\n",
		"orders/seeds/raw.csv":          "a\n1\n",
		"orders/tests/none.sql":         "select * from orders where false",
		"customers/seeds/customers.csv": "customer_id\n1\n",
		"customers/spec.yaml": `spec: 1
product: customers
version: 1.4.0
owner: {team: crm}
purpose: Knows who buys.
tables:
  - name: customers
    description: One row for each person who ever bought.
    why: Orders point here.
    columns:
      - {name: customer_id, type: BIGINT, description: Number of the person., why: Joins everything.}
`,
		".hidden/spec.yaml":        "broken",
		"node_modules/x/spec.yaml": "broken",
	}
}

// lintAll runs Lint over files.
func lintAll(t *testing.T, s *engine.Session, files map[string]string, links map[string]string) []string {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		fsys[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	for name, target := range links {
		fsys[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
	}
	_, problems, err := Lint(context.Background(), fsys, nil, s)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range problems {
		out = append(out, p.String())
	}
	return out
}

func TestGood(t *testing.T) {
	if got := lintAll(t, session(t), good(), nil); len(got) > 0 {
		t.Errorf("problems:\n%s", strings.Join(got, "\n"))
	}
}

func TestRules(t *testing.T) {
	s := session(t)
	const specFile, first, second = "orders/spec.yaml", "orders/amendments/0001.yaml", "orders/amendments/0002.yaml"
	for _, c := range []struct {
		name     string
		file     string
		old, new string // replaced in the file; an empty old replaces it all
		want     []string
	}{
		{"key", specFile, "key: [order_id]", "key: [order_idd]", []string{"orders/spec.yaml:11:11: the key names order_idd, which is no column of orders: name one that is (did you mean order_id?)"}},
		{"key twice", specFile, "key: [order_id]", "key: [order_id, ORDER_ID]", []string{"orders/spec.yaml:11:21: the key names ORDER_ID twice: name it once"}},
		{"nullable key", specFile, "why: Names the row on invoices.", "why: Names the row on invoices.\n        nullable: true", []string{"orders/spec.yaml:11:11: the key names order_id, which is nullable: a key is never NULL, so take one of them out"}},
		{"unknown type", specFile, "type: VARCHAR(8)", "type: VARCHARR", []string{"orders/spec.yaml:23:15: VARCHARR is no type that DuckDB knows: use one of its types (did you mean VARCHAR?)"}},
		{"broken type", specFile, "type: VARCHAR(8)", "type: VARCHAR(", []string{`orders/spec.yaml:23:15: parse type "VARCHAR(": it ends where a type should follow: write a DuckDB type such as INTEGER, VARCHAR or DECIMAL(10,2)`}},
		{"value too long", specFile, "values: [open, paid]", "values: [open, refundable]", []string{"orders/spec.yaml:26:24: the accepted value refundable of orders.status is longer than VARCHAR(8) allows: shorten it, or widen the type"}},
		{"value of another kind", specFile, "values: [open, paid]", "values: [open, 7]", []string{"orders/spec.yaml:26:24: the accepted value 7 of orders.status is no text, but the type is VARCHAR(8): put it in quotes"}},
		{"value twice", specFile, "values: [open, paid]", "values: [open, open]", []string{"orders/spec.yaml:26:24: the accepted value open of orders.status is there twice: delete one"}},
		{"blank why", specFile, "why: Goes on the invoice.", `why: " "`, []string{"orders/spec.yaml:20:14: column orders.amount lacks a why: write one"}},
		{"why repeats the name", specFile, "why: Goes on the invoice.", "why: The amount.", []string{"orders/spec.yaml:20:14: warning: column orders.amount has a why that only repeats its name: say what the name does not"}},
		{"drafted owner", specFile, "owner: {team: commerce}", "owner: {team: <team>}", []string{"orders/spec.yaml:4:15: the owner is still the draft's <team>: write which team answers for the product"}},
		{"drafted description", specFile, "One row for each order placed.", "<what one row is>", []string{"orders/spec.yaml:9:18: table orders has a description that is still the draft's <what one row is>: write it"}},
		{"drafted requirement", second, "change: Done.", "change: <say what was done>", []string{"orders/amendments/0002.yaml:21:9: change is still the draft's <say what was done>: write it"}},
		{"not implemented yet", second, "change: Done.", "change: <tbd>", nil},
		{"placeholder", specFile, "why: Goes on the invoice.", "why: TODO", []string{"orders/spec.yaml:20:14: warning: column orders.amount has a why that is a placeholder: write it"}},
		{"column twice", specFile, "name: customer_id", "name: Status", []string{"orders/spec.yaml:27:15: the column Status is on line 22 already: rename or delete one"}},
		{"reference to no table", specFile, "references: customers.customer_id", "references: custommers.customer_id", []string{"orders/spec.yaml:31:21: the reference custommers.customer_id leads to no table of this product or its inputs: correct it, or add the input (did you mean customers?)"}},
		{"reference to no column", specFile, "references: customers.customer_id", "references: customers.id", []string{"orders/spec.yaml:31:21: the reference customers.id leads to no column of customers: name one that it has"}},
		{"input table", specFile, "table: customers,", "table: customer,", []string{
			"orders/spec.yaml:6:38: the product customers has no table customer: name one that it has (did you mean customers?)",
			"orders/spec.yaml:31:21: the reference customers.customer_id leads to no table of this product or its inputs: correct it, or add the input (did you mean customer?)"}},
		{"input version", specFile, "version: ^1.0", "version: ^2.0", []string{"orders/spec.yaml:6:58: ^2.0 does not allow version 1.4.0 of customers, the one in customers: adapt to it and change the constraint"}},
		{"unknown input", specFile, "product: customers, table: customers", "product: elsewhere, table: customers", nil},
		{"circle", "customers/spec.yaml", "tables:", "inputs: [{product: orders, table: orders}]\ntables:", []string{"customers/spec.yaml:6:10: products read each other in a circle, customers → orders → customers: take one of the inputs out"}},
		{"two of a name", "customers/spec.yaml", "product: customers", "product: orders", []string{"orders/spec.yaml:2:10: the product orders is in customers already: rename one"}},
		{"nested", "orders/inner/spec.yaml", "", "", []string{"orders/inner/spec.yaml: the file is empty", "orders/inner/spec.yaml: this product lies inside the product in orders: move it out"}},

		{"check twice", second, "name: status is known", "name: amounts are positive", []string{`orders/amendments/0002.yaml:13:11: amendment 1 has a check named "amounts are positive" already: give this one a name of its own`}},
		{"SQL in a block", second, "      from orders\n", "      from orders as oops x\n", []string{`orders/amendments/0002.yaml:16:27: the check "status is known" is not one SELECT: syntax error at or near "x"`}},
		{"SQL on the line", first, "select * from orders where amount < 0", "select * from orders whre amount < 0", []string{`orders/amendments/0001.yaml:9:36: the check "amounts are positive" is not one SELECT: syntax error at or near "amount"`}},
		{"writing check", first, "select * from orders where amount < 0", "delete from orders", []string{`orders/amendments/0001.yaml:9:10: the check "amounts are positive" is not one SELECT: only SELECT statements are allowed here; this is a DELETE`}},
		{"check reads a file", first, "select * from orders where amount < 0", "select * from read_csv('/etc/passwd'), 'x.parquet'", []string{
			`orders/amendments/0001.yaml:9:10: the check "amounts are positive" reads files with read_csv, which only seeds may bring: put the file among the seeds and read its table`,
			`orders/amendments/0001.yaml:9:10: the check "amounts are positive" reads the file x.parquet, which only seeds may bring: put the file among the seeds and read its table`}},
		{"CEL", second, "size(t.key) > 0", "size(t.key) >", []string{`orders/amendments/0002.yaml:19:37: the check "orders has a key" is no CEL expression: Syntax error`}},
		{"where", second, "order_id > 3 and orders.total is null", "order_id > 3) or (true", []string{`orders/amendments/0002.yaml:11:64: where is not one expression: syntax error at or near ")"`}},
		{"where column", second, "order_id > 3 and", "order_no > 3 and", []string{"orders/amendments/0002.yaml:11:51: where uses order_no, which is no column of the table, before or after: name one that is"}},
		{"affects", second, "orders.status, orders.note]", "orders.statuss]", []string{"orders/amendments/0002.yaml:5:40: it affects orders.statuss, which is no table or column of the product, before or after: name one that is (did you mean orders.status?)"}},
		{"column not added", second, "add_column: orders.status", "add_column: orders.state", []string{"orders/amendments/0002.yaml:8:17: it expects to add column orders.state, but the spec has no such column (did you mean orders.status?): correct the spec or the amendment"}},
		{"column not dropped", second, "drop_column: orders.note", "drop_column: orders.customer_id", []string{
			"orders/amendments/0002.yaml:5:55: it affects orders.note,",
			"orders/amendments/0002.yaml:9:18: it expects to drop column orders.customer_id, but the spec still has it: correct the spec or the amendment"}},
		{"renamed to nothing", second, "to: orders.amount}", "to: orders.amnt}", []string{"orders/amendments/0002.yaml:5:11: it affects orders.total,", "orders/amendments/0002.yaml:7:45: it expects to rename column orders.total to orders.amnt, but the spec has no orders.amnt (did you mean orders.amount?): correct the spec or the amendment", "where uses orders.total"}},
		{"another type", second, `to: "DECIMAL(10,2)"`, "to: BIGINT", []string{"orders/amendments/0002.yaml:10:42: it expects to change type of orders.amount to BIGINT, but in the spec it is DECIMAL(10,2): correct the spec or the amendment"}},
		{"another nullability", second, "drop_column: orders.note", "drop_column: orders.note\n  - change_null: {on: orders.amount, to: true}", []string{"orders/amendments/0002.yaml:10:42: it expects to change nullability of orders.amount to nullable, but in the spec it is not null: correct the spec or the amendment"}},
		{"another key", second, "drop_column: orders.note", "drop_column: orders.note\n  - change_key: {on: orders, to: [status]}", []string{"orders/amendments/0002.yaml:10:34: it expects to change key of orders to (status), but in the spec the key is (order_id): correct the spec or the amendment"}},
		{"unknown field", second, "drop_column: orders.note", "drop_column: orders.note\n  - change_meaning: {on: orders, field: unit}", []string{"orders/amendments/0002.yaml:10:41: orders has no field unit: name one of name, description, why, deprecated"}},
		{"supersedes itself", second, "change: Done.", "supersedes: [{amendment: 2, because: x}]\nchange: Done.", []string{"orders/amendments/0002.yaml:21:26: amendment 2 cannot supersede amendment 2: only earlier ones"}},
		{"supersedes no check", second, "change: Done.", "supersedes: [{amendment: 1, checks: [amounts are positiv], because: x}]\nchange: Done.", []string{`orders/amendments/0002.yaml:21:38: amendment 1 has no check named "amounts are positiv": name one that it has (did you mean amounts are positive?)`}},
		{"breaks nothing", second, "breaks: [1]", "breaks: [7]", []string{"orders/amendments/0002.yaml:20:41: there is no amendment 7 to break: name one that exists"}},
		{"no proof", second, "checks:\n  - name: status is known\n    sql: |\n      select *\n      from orders\n      where status is null\n  - name: orders has a key\n    cel: tables.all(t, size(t.key) > 0)", "checks: []", []string{"orders/amendments/0002.yaml:12:9: warning: amendment 2 expects to add column orders.status but has no check that proves it: add one that fails without the change"}},
		{"hand edit", second, "change: Done.", "result: sha256:00\nchange: Done.", []string{"orders/spec.yaml: warning: spec.yaml was edited by hand since amendment 2: run `codicil verify --declare` to draft the amendment that declares it"}},
		{"gap", "orders/amendments/0004.yaml", "", strings.NewReplacer("id: 1", "id: 4", "amounts are", "totals are").Replace(goodFirst), []string{"orders/amendments/0004.yaml: amendment 3 is missing before this one: restore amendments/0003.yaml"}},

		{"reads nothing known", "orders/models/orders.sql", "", "select order_id from ordrs", []string{"orders/models/orders.sql: the model reads ordrs, which no model, seed or input makes: correct the name, or write it (did you mean orders?)"}},
		{"test reads nothing known", "orders/tests/none.sql", "", "with x as (select * from main.raw) select * from x, customers, \"customers\".customers, lines", []string{"orders/tests/none.sql: the test reads lines, which no model, seed or input makes: correct the name, or write it"}},
		{"product.yaml", "orders/product.yaml", "", "seed: {}\n", []string{`orders/product.yaml:1:1: unknown key "seed"`}},
		{"two statements", "orders/models/orders.sql", "", "select 1; select 2", []string{"orders/models/orders.sql: the model holds 2 statements: write one SELECT"}},
		{"writing model", "orders/models/orders.sql", "", "-- x\ncopy orders to 'x'", []string{"orders/models/orders.sql:2:1: the model is not one SELECT: only SELECT statements are allowed here; this is a COPY"}},
		{"attaching test", "orders/tests/none.sql", "", "attach 'x'", []string{"orders/tests/none.sql:1:1: the test is not one SELECT: only SELECT statements are allowed here; this is an ATTACH"}},
		{"empty model", "orders/models/orders.sql", "", " \n", []string{"orders/models/orders.sql: the file is empty; write one SELECT, or delete the file"}},
		{"only a comment", "orders/models/orders.sql", "", "-- later", []string{"orders/models/orders.sql: the model holds no statement: write one SELECT"}},
		{"binary model", "orders/models/orders.sql", "", "PAR1\x00", []string{"orders/models/orders.sql: the file holds NUL bytes, so it is a binary file and not SQL; delete it"}},
		{"latin-1 model", "orders/models/orders.sql", "", "select '\xe9'", []string{"orders/models/orders.sql: the file is not UTF-8 text; convert it"}},
		{"model and seed", "orders/seeds/Orders.csv", "", "a\n1\n", []string{"orders/seeds/Orders.csv: this makes the table orders, as orders/models/orders.sql does: rename one"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := good()
			if c.old == "" {
				files[c.file] = c.new
			} else {
				if !strings.Contains(files[c.file], c.old) {
					t.Fatalf("%q is not in %s", c.old, c.file)
				}
				files[c.file] = strings.Replace(files[c.file], c.old, c.new, 1)
			}
			check(t, c.want, lintAll(t, s, files, nil))
		})
	}
}

func TestTableThatNothingMakes(t *testing.T) {
	files := good()
	delete(files, "orders/models/orders.sql")
	check(t, []string{
		"orders/spec.yaml:8:11: no model or seed makes the table orders: write models/orders.sql, or take the table out",
		"orders/tests/none.sql: the test reads orders, which no model, seed or input makes: correct the name, or write it",
	}, lintAll(t, session(t), files, nil))
}

// check compares problems; a want is a part of its problem.
func check(t *testing.T, want, got []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("(-want +got)\n%s", cmp.Diff(want, got))
		return
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestLinks(t *testing.T) {
	s := session(t)
	for _, c := range []struct{ name, target, want string }{
		{"orders/notes", "../../etc", "orders/notes: this is a link that leads out of the product: replace it with what it leads to"},
		{"orders/models/more.sql", "orders.sql", "orders/models/more.sql: this is a link: replace it with the file itself"},
		{"orders/seeds/x.csv", "/etc/passwd", "orders/seeds/x.csv: this is a link that leads out"},
		{"orders/readme", "models", ""},
	} {
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		check(t, want, lintAll(t, s, good(), map[string]string{c.name: c.target}))
	}
}

func TestChosenFolders(t *testing.T) {
	s := session(t)
	fsys := fstest.MapFS{}
	for name, text := range good() {
		fsys[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, "why: Orders point here.", `why: " "`, 1))}
	}
	products, problems, err := Lint(context.Background(), fsys, []string{"orders"}, s)
	if err != nil || len(problems) > 0 || len(products) != 1 {
		t.Errorf("products %v, problems %v, error %v", products, problems, err)
	}
	for dir, want := range map[string]string{"nowhere": "no such folder", "orders/models": "no spec.yaml in or below"} {
		if _, _, err := Lint(context.Background(), fsys, []string{dir}, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("lint %s: %v, want %q", dir, err, want)
		}
	}
}
