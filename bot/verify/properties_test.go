package verify_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

// dbtProperties say of the shop what its spec says.
const dbtProperties = `models:
  - name: orders
    description: One row for each order.
    config: {contract: {enforced: true}}
    columns:
      - {name: id, data_type: integer, description: The order., data_tests: [unique, not_null]}
      - {name: status, data_type: string, description: Its state.}
      - {name: amount, data_type: "numeric(10,2)", description: Its total.}
`

// TestProperties has the properties files of a dbt project say something else than the spec.
func TestProperties(t *testing.T) {
	// Built as plain SQL, since what is compared is text.
	project := files{"dbt_project.yml": "name: shop\nprofile: shop\n", "models/orders.yml": dbtProperties, "product.yaml": "runner: sql\n"}
	says := func(line int, parts ...string) func(*testing.T, *bot.Report) {
		return func(t *testing.T, r *bot.Report) {
			got := find(t, r, "contract/dbt/orders")
			for _, part := range parts {
				if !strings.Contains(got.Message, part) {
					t.Errorf("%q does not say %q", got.Message, part)
				}
			}
			if got.File != "models/orders.yml" || got.Line != line {
				t.Errorf("at %s:%d", got.File, got.Line)
			}
		}
	}
	run(t, []trial{
		{name: "the same", base: project, verdict: pass, check: func(t *testing.T, r *bot.Report) { find(t, r, "contract/dbt/orders") }},
		{name: "another description", base: project, head: files{"models/orders.yml": edit(dbtProperties, "Its state.", "Its price.")}, verdict: review, results: []string{"review contract/dbt/orders"},
			check: says(7, "orders.status, description: spec.yaml says Its state., dbt's properties say Its price.", "correct the one that is wrong")},
		{name: "less", base: project, head: files{"models/orders.yml": edit(dbtProperties, ", not_null", "")}, verdict: review, results: []string{"review contract/dbt/orders"},
			check: says(2, "orders.id, not_null: spec.yaml says never empty, dbt's properties say nothing", "writes what they leave out")},
		{name: "no YAML", base: project, head: files{"models/orders.yml": "models: ["}, verdict: review, results: []string{"review contract/dbt"}},
	})
}
