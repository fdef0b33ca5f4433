package author_test

import (
	"fmt"
	"strings"
)

// warehouse is a product such as a company has: of each of several entities a staging model, an intermediate one and a table of
// the spec, and over them a summary of customers; each with its reasons, amendments, tests and seeds. Three entities make ten models; more than three bring a
// second summary, so that six make twenty models with 63 columns.
type warehouse struct {
	entities []string
	// rows are those of each seed.
	rows int
}

// names are what a shop keeps books of.
var names = []string{"orders", "payments", "refunds", "shipments", "subscriptions", "tickets"}

func newWarehouse(entities, rows int) warehouse { return warehouse{names[:entities], rows} }

// large says whether there is a second summary.
func (w warehouse) large() bool { return len(w.entities) > 3 }

// fill puts an entity into a text: E is its name, S one of it.
func fill(text, entity string) string {
	return strings.NewReplacer("{E}", entity, "{S}", strings.TrimSuffix(entity, "s")).Replace(text)
}

// files are all files of the product.
func (w warehouse) files() map[string]string {
	out := map[string]string{"spec.yaml": w.spec(), "amendments/0001.yaml": w.bootstrap()}
	for _, e := range w.entities {
		out["models/staging/stg_"+e+".sql"] = fill(stagingModel, e)
		out["models/intermediate/int_"+e+"_priced.sql"] = fill(pricedModel, e)
		out["models/"+e+".sql"] = fill(entityModel, e)
		out["tests/"+e+"_refer_to_customers.sql"] = fill("-- Nothing is booked on nobody.\nselect {S}_id, customer_id\nfrom {E}\nwhere customer_id is null or customer_id <= 0\n", e)
		out["seeds/raw_"+e+".csv"] = w.seed(e)
	}
	out["models/customer_activity.sql"] = w.activity()
	if w.large() {
		out["models/daily_totals.sql"] = w.daily()
	}
	out["tests/activity_adds_up.sql"] = "-- Every booking is counted for exactly one customer.\nselect n, m\nfrom (select sum(" + w.entities[0] + "_count) as n from customer_activity), (select count(*) as m from " + w.entities[0] + ")\nwhere n is distinct from m\n"
	for i := range 7 {
		out[fmt.Sprintf("amendments/%04d.yaml", i+2)] = fill(fmt.Sprintf(laterAmendment, i+2, laterColumns[i], laterWhys[i], i), w.entities[i%len(w.entities)])
	}
	return out
}

const stagingModel = `-- {E} as the shop exports them, typed and named as in the rest of the warehouse.
-- The export repeats a {S} whenever its state changes: only its newest state counts.
with newest as (
    select *
    from raw_{E}
    qualify row_number() over (partition by id order by updated_at desc, status) = 1
)

select
    cast(id as bigint) as {S}_id,
    cast(customer as bigint) as customer_id,
    cast(gross as decimal(12, 2)) as gross_amount,
    cast(discount as decimal(5, 4)) as discount_rate,
    cast(quantity as integer) as quantity,
    lower(trim(status)) as status,
    upper(trim(country)) as country,
    cast(created_at as timestamp) as created_at,
    cast(updated_at as timestamp) as updated_at
from newest
where customer > 0
`

const pricedModel = `-- What each {S} came to after its discount, and how long it took to settle.
with discounted as (
    select
        {S}_id,
        customer_id,
        gross_amount,
        cast(gross_amount * (1 - coalesce(discount_rate, 0)) as decimal(12, 2)) as net_amount,
        quantity,
        status,
        country,
        created_at,
        updated_at
    from stg_{E}
)

select
    *,
    cast(created_at as date) as created_on,
    cast(date_diff('hour', created_at, updated_at) as integer) as hours_to_settle,
    status in ('settled', 'closed') as is_settled
from discounted
`

const entityModel = `-- One row for each {S}, in its newest state.
select
    {S}_id,
    customer_id,
    gross_amount,
    net_amount,
    status,
    country,
    created_on,
    hours_to_settle,
    is_settled
from int_{E}_priced
`

func (w warehouse) activity() string {
	var ctes, columns, joins strings.Builder
	for i, e := range w.entities {
		ctes.WriteString(fill(",\n\n{E}_of as (\n    select customer_id, count(*) as n, sum(net_amount) as total\n    from {E}\n    group by customer_id\n)", e))
		if i < 2 {
			columns.WriteString(fill(",\n    cast(coalesce({E}_of.n, 0) as bigint) as {E}_count,\n    cast(coalesce({E}_of.total, 0) as decimal(14, 2)) as {E}_total", e))
		}
		joins.WriteString(fill("left join {E}_of using (customer_id)\n", e))
	}
	parts := make([]string, len(w.entities))
	for i, e := range w.entities {
		parts[i] = "select customer_id from " + e
	}
	return "-- One row for each customer that ever did anything.\nwith customers as (\n    " + strings.Join(parts, "\n    union\n    ") + "\n)" + ctes.String() +
		"\n\nselect\n    customer_id" + columns.String() + "\nfrom customers\n" + joins.String()
}

func (w warehouse) daily() string {
	return fill("-- What was booked on each day, by country.\nselect\n    created_on as day,\n    country,\n    cast(count(*) as bigint) as {E}_count,\n    cast(sum(net_amount) as decimal(14, 2)) as net_total\nfrom {E}\ngroup by created_on, country\n", w.entities[0])
}

func (w warehouse) seed(entity string) string {
	var b strings.Builder
	b.WriteString("id,customer,gross,discount,quantity,status,country,created_at,updated_at\n")
	for i := range w.rows {
		fmt.Fprintf(&b, "%d,%d,%d.%02d,0.%02d,%d,%s,%s,2025-%02d-%02d 08:%02d:00,2025-12-%02d 10:00:00\n", i+1, i*7919%997+1, i*31%900+5, i%100, i%30, i%7+1,
			[]string{"settled", "open", "closed"}[i%3], []string{"DE", "US", "FR", "GB"}[i%4], i%11+1, i%28+1, (i+len(entity))%60, i%31+1)
	}
	return b.String()
}

// column is a column of the spec.
func column(name, typ, more, description, why string) string {
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf("      - {name: %s, type: %q%s, description: %q, why: %q}\n", name, typ, more, description, why)
}

const specHead = `spec: 1
product: warehouse
version: 1.4.0
owner: {team: commerce-data, contact: commerce-data@example.com}
purpose: Keeps the books of the shop in one place, so that finance, support and planning read the same numbers.
tags: [finance, commerce]
tables:
`

func (w warehouse) spec() string {
	var b strings.Builder
	b.WriteString(specHead)
	for _, e := range w.entities {
		b.WriteString(fill("  - name: {E}\n    description: One row for each {S}, in its newest state.\n    why: Finance closes the month on {E}, and support looks single ones up.\n    key: [{S}_id]\n    columns:\n", e))
		for _, c := range []string{
			column("{S}_id", "BIGINT", "nullable: false", "Number of the {S}, as the shop gave it.", "Support finds a {S} by the number that the customer reads out."),
			column("customer_id", "BIGINT", "nullable: false", "The customer whose {S} it is.", "Not asked for explicitly, needed to add up what each customer does."),
			column("gross_amount", "DECIMAL(12,2)", "unit: USD", "What the {S} came to before any discount.", "The list price is what discounts are judged against in the quarterly review."),
			column("net_amount", "DECIMAL(12,2)", "unit: USD", "What the {S} came to after its discount.", "Finance books this amount; it has to agree with the ledger to the cent."),
			column("status", "VARCHAR", "values: [open, settled, closed]", "Where the {S} stands by its newest state.", "Open ones are chased every Monday by the back office."),
			column("country", "VARCHAR", "", "Country of the {S}, as an ISO 3166 code.", "Taxes and the sales regions are both told apart by country."),
			column("created_on", "DATE", "", "Day on which the {S} was made, in UTC.", "Every report of the planning team is by day or by week of this date."),
			column("hours_to_settle", "INTEGER", "unit: hours", "Hours between making the {S} and its newest state.", "Support promised to settle within two days, and is measured by it."),
			column("is_settled", "BOOLEAN", "", "Whether nothing more will happen to the {S}.", "Finance leaves out of the accruals what is settled."),
		} {
			b.WriteString(fill(c, e))
		}
	}
	b.WriteString("  - name: customer_activity\n    description: One row for each customer that ever did anything.\n    why: Marketing picks customers by what they did before.\n    key: [customer_id]\n    columns:\n")
	b.WriteString(column("customer_id", "BIGINT", "nullable: false", "The customer.", "Names the row; marketing joins its lists by it."))
	for _, e := range w.entities[:min(2, len(w.entities))] {
		b.WriteString(fill(column("{E}_count", "BIGINT", "unit: count", "How many {E} the customer has.", "Customers with many {E} are treated as regulars."), e))
		b.WriteString(fill(column("{E}_total", "DECIMAL(14,2)", "unit: USD", "Sum of the net amounts of these {E}.", "The regulars are ranked by what they bring."), e))
	}
	if !w.large() {
		return b.String()
	}
	b.WriteString("  - name: daily_totals\n    description: What was booked on each day, by country.\n    why: The morning report starts from it.\n    key: [day, country]\n    columns:\n")
	b.WriteString(column("day", "DATE", "", "Day on which it was made, in UTC.", "The morning report shows the last fourteen days."))
	b.WriteString(column("country", "VARCHAR", "", "Country, as an ISO 3166 code.", "Each sales region reads its own countries."))
	b.WriteString(fill(column("{E}_count", "BIGINT", "unit: count", "How many {E} were made.", "A sudden drop is how an outage of the shop was noticed once."), w.entities[0]))
	b.WriteString(column("net_total", "DECIMAL(14,2)", "unit: USD", "Sum of their net amounts.", "It is compared with what the bank says was paid in."))
	return b.String()
}

func (w warehouse) bootstrap() string {
	var expects, checks []string
	for _, e := range w.entities {
		expects = append(expects, "{add_table: "+e+"}")
		checks = append(checks, fill("  - name: each {S} is there once\n    sql: select {S}_id from {E} group by {S}_id having count(*) > 1\n  - name: net is gross less the discount of the {E}\n    sql: |\n      select t.{S}_id, t.net_amount, r.gross, r.discount\n      from {E} as t\n      inner join raw_{E} as r on r.id = t.{S}_id\n      where t.net_amount is distinct from cast(r.gross * (1 - r.discount) as decimal(12, 2))\n", e))
	}
	if w.large() {
		expects = append(expects, "{add_table: daily_totals}")
	}
	return "id: 1\nrequirement: We need the books of the shop in one place, from the exports that we have today.\norigin: {kind: bootstrap, at: 2025-03-01T09:00:00Z}\n" +
		"reading: A table for each export with its newest state, one row for each customer, and totals by day and country.\n" +
		"expects: [" + strings.Join(append(expects, "{add_table: customer_activity}"), ", ") + "]\nchecks:\n" + strings.Join(checks, "") +
		"change: Wrote staging and intermediate models for each export, and the tables over them.\n"
}

// What the amendments after the first brought, each for another entity.
var (
	laterColumns = []string{"country", "hours_to_settle", "is_settled", "created_on", "status", "gross_amount", "net_amount"}
	laterWhys    = []string{
		"The sales regions want to see only what is theirs, and today they filter by hand in a spreadsheet.",
		"We promised to settle everything within two days and have no idea whether we do.",
		"The accruals must leave out what is settled; at the moment someone ticks it off on paper.",
		"Planning works by day, and everyone converts the timestamp in another way.",
		"The back office needs to know which ones are still open, every Monday morning.",
		"For the quarterly review we have to see what it would have been at list price.",
		"It has to agree with the general ledger to the cent, and it never does because of the rounding.",
	}
)

const laterAmendment = `id: %[1]d
requirement: "%[3]s"
origin: {kind: issue, url: "https://git.example.com/data/warehouse/issues/%[1]d1", author: jane, at: 2025-0%[1]d-11T09:00:00Z}
reading: >-
  The column %[2]s on {E}, from the newest state of each {S}. Nothing else changes: rows, amounts and keys stay as they
  are, and whoever reads the table by name of its columns notices nothing.
questions:
  - ask: Does it hold for {E} of customers who have left as well?
    answer: "Yes. They stay in the books for ten years."
affects: [{E}.%[2]s]
expects:
  - add_column: {E}.%[2]s
checks:
  - name: %[2]s of {E} is known for every {S} that the export brought (%[4]d)
    sql: |
      select r.id, t.{S}_id, t.%[2]s
      from raw_{E} as r
      left join {E} as t on t.{S}_id = r.id
      where r.customer > 0 and t.%[2]s is null
rejected:
  - option: A table of its own beside {E}, which every reader would have to join
    breaks: [1]
  - option: Leave it to the reports, each of which would work it out in its own way
    breaks: []
change: stg_{E} brings it in, int_{E}_priced works it out, and {E} shows it.
`

// What a good model answers when asked for the units of each order.
const (
	wantUnits   = "I want to see how many units each of the orders had"
	clearUnits  = "It is clear.\n```json\n" + `{"verdict": "clear", "explanation": "A new column.", "reading": "A new column unit_count on orders, the quantity of the order's newest state."}` + "\n```\n"
	unitsEdit   = "EDIT: spec.yaml\n````\n<<<<<<< SEARCH\n%s=======\n%s%s>>>>>>> REPLACE\n````\n\n"
	unitsAmends = "id: 9\nrequirement: as asked\norigin: {kind: issue}\nreading: A new column unit_count.\naffects: [orders.unit_count]\nexpects: [{add_column: orders.unit_count}]\n" +
		"checks:\n  - name: unit_count is the quantity of the order\n    sql: |\n      select r.id, o.unit_count, r.quantity\n      from raw_orders as r\n      left join orders as o on o.order_id = r.id\n      where o.unit_count is distinct from r.quantity\nchange: <tbd>\n"
	unitsDid = "I see two ways.\n```json\n{\"change\": \"orders shows the quantity.\", \"rejected\": [{\"option\": \"Put it into net_amount\", \"breaks\": [1]}]}\n```\n"
)

// amendsUnits is the new spec with its amendment.
func amendsUnits() string {
	last := fill(column("is_settled", "BOOLEAN", "", "Whether nothing more will happen to the {S}.", "Finance leaves out of the accruals what is settled."), "orders")
	units := column("unit_count", "INTEGER", "unit: count", "How many units the order had.", "Planning counts what leaves the store.")
	return fmt.Sprintf(unitsEdit, last, last, units) + file("amendments/0009.yaml", unitsAmends)
}

// implementsUnits is an implementation in which the column is taken from the expression.
func implementsUnits(expression string) string {
	return file("models/orders.sql", strings.Replace(fill(entityModel, "orders"), "    is_settled\n", "    is_settled,\n    cast("+expression+" as integer) as unit_count\n", 1))
}
