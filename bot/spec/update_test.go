package spec

import (
	"strings"
	"testing"
)

// commented is a spec.yaml as people write them.
const commented = `# Who edits this tells the team.
spec: 1
product: "orders"   # its identity
version: 1.2.0

owner: {team: commerce-data, contact: 'a@example.com'} # on call
purpose: >
  Records orders,
  for revenue.
tags: [finance,  eu]

# What we offer.
tables:
  # The orders.
  - name: orders
    description: One row for each
      order placed.
    key: [ order_id ]     # the grain
    why: "Analysis starts here."
    columns:
      - name: order_id
        why: To name it.   # obviously
        type: BIGINT
        description: 'The number.'

      # Money.
      - name: amount
        type: DECIMAL(10,2)
        unit: USD
        description: |
          Total of the order.

          With tax.
        why: Invoices.
        nullable: false

  - {name: lines, description: Lines., why: Detail., columns: [{name: id, type: BIGINT, description: d, why: w}]}

custom:
  # kept for finance
  cost_centre: 12
  links:
  - a
  - b
`

func TestUpdateSpec(t *testing.T) {
	tests := []struct {
		name   string
		change func(s *Spec)
		swap   []string // pairs of old and new text
	}{
		{"nothing", func(s *Spec) {}, nil},
		{"version", func(s *Spec) { s.Version = "1.3.0" }, []string{"version: 1.2.0", "version: 1.3.0"}},
		{"quoted", func(s *Spec) { s.Product = "sales" }, []string{`"orders"  `, `"sales"  `}},
		{"in brackets", func(s *Spec) { s.Owner.Contact = "it's, me" }, []string{`'a@example.com'`, `'it''s, me'`}},
		{"key in brackets goes", func(s *Spec) { s.Owner.Contact = "" }, []string{`{team: commerce-data, contact: 'a@example.com'}`, `{team: commerce-data}`}},
		{"folded becomes one line", func(s *Spec) { s.Purpose = "Less." }, []string{"purpose: >\n  Records orders,\n  for revenue.\n", "purpose: Less.\n"}},
		{"a tag more", func(s *Spec) { s.Tags = append(s.Tags, "x") }, []string{"[finance,  eu]", "[finance, eu, x]"}},
		{"no tags", func(s *Spec) { s.Tags = nil }, []string{"tags: [finance,  eu]\n", ""}},
		{"key", func(s *Spec) { s.Tables[0].Key = []string{"order_id", "amount"} }, []string{"[ order_id ]", "[order_id, amount]"}},
		{"text over two lines", func(s *Spec) { s.Tables[0].Description = "Short." }, []string{"One row for each\n      order placed.", "Short."}},
		{"literal", func(s *Spec) { s.Tables[0].Columns[1].Description = "Total.\nWithout tax.\n" },
			[]string{"          Total of the order.\n\n          With tax.\n", "          Total.\n          Without tax.\n"}},
		{"new field", func(s *Spec) { s.Tables[0].Columns[1].Classification = "pii" },
			[]string{"nullable: false\n", "nullable: false\n        classification: pii\n"}},
		{"new field in the middle", func(s *Spec) { s.Tables[0].Columns[0].Unit = "1" },
			[]string{"        type: BIGINT\n", "        type: BIGINT\n        unit: \"1\"\n"}},
		{"field goes", func(s *Spec) { s.Tables[0].Columns[1].Unit = "" }, []string{"        unit: USD\n", ""}},
		{"new column", func(s *Spec) {
			s.Tables[0].Columns = append(s.Tables[0].Columns, Column{Name: "items", Type: "INTEGER", Description: "Count.", Why: "Wanted."})
		}, []string{"nullable: false\n", "nullable: false\n\n      - name: items\n        type: INTEGER\n        description: Count.\n        why: Wanted.\n"}},
		{"column goes with its comment", func(s *Spec) { s.Tables[0].Columns = s.Tables[0].Columns[:1] },
			[]string{commented[strings.Index(commented, "      # Money."):strings.Index(commented, "\n  - {name: lines")], ""}},
		{"column renamed", func(s *Spec) { s.Tables[0].Columns[1].Name = "total" }, []string{"name: amount", "name: total"}},
		{"columns change places", func(s *Spec) { c := s.Tables[0].Columns; c[0], c[1] = c[1], c[0] }, []string{
			commented[strings.Index(commented, "      - name: order_id"):strings.Index(commented, "\n  - {name: lines")],
			commented[strings.Index(commented, "      # Money."):strings.Index(commented, "\n  - {name: lines")] + "\n" +
				commented[strings.Index(commented, "      - name: order_id"):strings.Index(commented, "\n      # Money.")],
		}},
		{"inside brackets", func(s *Spec) { s.Tables[1].Columns[0].Type = "INTEGER" }, []string{"{name: id, type: BIGINT", "{name: id, type: INTEGER"}},
		{"table goes", func(s *Spec) { s.Tables = s.Tables[:1] },
			[]string{commented[strings.Index(commented, "  - {name: lines"):strings.Index(commented, "\ncustom")], ""}},
		{"custom", func(s *Spec) { s.Custom["cost_centre"] = int64(13); s.Custom["links"] = []any{"a", "c", "b"} },
			[]string{"cost_centre: 12", "cost_centre: 13", "  - a\n", "  - a\n  - c\n"}},
		{"inputs are new", func(s *Spec) { s.Inputs = []Input{{Product: "customers", Table: "customers", Version: "^1.0"}} },
			[]string{"tags: [finance,  eu]\n", "tags: [finance,  eu]\ninputs:\n  - {product: customers, table: customers, version: ^1.0}\n"}},
	}
	for _, tt := range tests {
		for _, form := range []struct{ name, eol, bom string }{{"plain", "\n", ""}, {"crlf", "\r\n", "\ufeff"}} {
			t.Run(tt.name+" "+form.name, func(t *testing.T) {
				old := form.bom + strings.ReplaceAll(commented, "\n", form.eol)
				s, _, problems := ParseSpec("s.yaml", []byte(old))
				if len(problems) > 0 {
					t.Fatal(problems)
				}
				tt.change(s)
				got, err := UpdateSpec([]byte(old), s)
				if err != nil {
					t.Fatal(err)
				}
				want := form.bom + strings.ReplaceAll(strings.NewReplacer(tt.swap...).Replace(commented), "\n", form.eol)
				if string(got) != want {
					t.Errorf("text:\n%s\nwant:\n%s", got, want)
				}
			})
		}
	}
}
