package spec

import (
	"encoding/json"
	"strings"
	"testing"
)

// sample is a spec with two tables to change.
func sample() *Spec {
	no := false
	return &Spec{
		Spec: 1, Product: "orders", Version: "1.2.0", Owner: Owner{Team: "commerce"}, Purpose: "Records orders.", Tags: []string{"finance"},
		Tables: []Table{
			{Name: "orders", Description: "One row for each order.", Why: "Analysis.", Key: []string{"id"}, Columns: []Column{
				{Name: "id", Type: "BIGINT", Description: "Number.", Why: "Name."},
				{Name: "amount", Type: "DECIMAL(10,2)", Unit: "USD", Description: "Total.", Why: "Invoices.", Nullable: &no},
				{Name: "state", Type: "VARCHAR", Description: "State.", Why: "Flow.", Values: []any{"open", "done"}},
			}},
			{Name: "lines", Description: "One row for each line.", Why: "Detail.", Columns: []Column{
				{Name: "order_id", Type: "BIGINT", Description: "Order.", Why: "Join.", References: "orders.id"},
			}},
		},
		Custom: map[string]any{"cost": int64(3)},
	}
}

func TestDiff(t *testing.T) {
	yes, no := true, false
	tests := []struct {
		name    string
		change  func(s *Spec)
		renames []Rename
		want    string
	}{
		{"nothing", func(s *Spec) {}, nil, ""},
		{"version only", func(s *Spec) { s.Version = "9.0.0" }, nil, ""},
		{"nullable true is absent", func(s *Spec) { s.Tables[0].Columns[2].Nullable = &yes }, nil, ""},
		{"empty is absent", func(s *Spec) { s.Inputs = []Input{}; s.Tables[1].Key = []string{} }, nil, ""},
		{"product", func(s *Spec) {
			s.Owner.Contact, s.Purpose, s.Tags, s.Custom = "a@b.c", "Else.", append(s.Tags, "eu"), nil
			s.Inputs = []Input{{Product: "customers", Table: "customers"}}
		}, nil, `change_meaning product owner {"team":"commerce"} => {"contact":"a@b.c","team":"commerce"}
change_meaning product purpose Records orders. => Else.
change_meaning product tags finance => finance, eu
change_meaning product inputs  => [{"product":"customers","table":"customers"}]
change_meaning product custom {"cost":3} => `},
		{"tables come and go", func(s *Spec) { s.Tables[1].Name = "items" }, nil, "drop_table lines\nadd_table items"},
		{"table renamed", func(s *Spec) { s.Tables[1].Name = "items" }, []Rename{{"lines", "items"}}, "rename_table lines -> items"},
		{"rename to what was there", func(s *Spec) {}, []Rename{{"lines", "orders"}, {"orders.id", "orders.amount"}}, ""},
		{"column renamed", func(s *Spec) { s.Tables[0].Columns[1].Name = "total" }, []Rename{{"orders.amount", "orders.total"}}, "rename_column orders.amount -> orders.total"},
		{"column not declared as renamed", func(s *Spec) { s.Tables[0].Columns[1].Name = "total" }, nil, "drop_column orders.amount\nadd_column orders.total"},
		{"key and references follow renames", func(s *Spec) {
			s.Tables[0].Name, s.Tables[0].Columns[0].Name, s.Tables[0].Key = "sales", "sale_id", []string{"sale_id"}
			s.Tables[1].Columns[0].References = "sales.sale_id"
		}, []Rename{{"orders", "sales"}, {"orders.id", "sales.sale_id"}}, "rename_table orders -> sales\nrename_column orders.id -> sales.sale_id"},
		{"column of renamed table by old name", func(s *Spec) {
			s.Tables[1].Name, s.Tables[1].Columns[0].Name, s.Tables[1].Columns[0].Type = "items", "o", "INTEGER"
		}, []Rename{{"lines.order_id", "lines.o"}, {"lines", "items"}},
			"rename_table lines -> items\nrename_column lines.order_id -> items.o\nchange_type items.o BIGINT => INTEGER"},
		{"two renamed", func(s *Spec) { s.Tables[0].Columns[1].Name = "total"; s.Tables[0].Columns[2].Name = "status" },
			[]Rename{{"orders.amount", "orders.total"}, {"orders.state", "orders.status"}},
			"rename_column orders.amount -> orders.total\nrename_column orders.state -> orders.status"},
		{"type", func(s *Spec) { s.Tables[0].Columns[1].Type = "DECIMAL(12,2)" }, nil, "change_type orders.amount DECIMAL(10,2) => DECIMAL(12,2)"},
		{"type spelt otherwise", func(s *Spec) { s.Tables[0].Columns[1].Type = "decimal(10, 2)" }, nil, "change_meaning orders.amount type DECIMAL(10,2) => decimal(10, 2)"},
		{"name spelt otherwise", func(s *Spec) { s.Tables[1].Name = "Lines" }, nil, "change_meaning Lines name lines => Lines"},
		{"null", func(s *Spec) { s.Tables[0].Columns[1].Nullable = nil; s.Tables[0].Columns[2].Nullable = &no }, nil,
			"change_null orders.amount not null => nullable\nchange_null orders.state nullable => not null"},
		{"into the key", func(s *Spec) { s.Tables[1].Key = []string{"order_id"} }, nil, "change_key lines none => (order_id)"},
		{"out of the key", func(s *Spec) { s.Tables[0].Key = nil }, nil, "change_key orders (id) => none"},
		{"meaning", func(s *Spec) {
			c := &s.Tables[0].Columns[1]
			c.Unit, c.Description, c.Why, c.Unique, c.Values, c.Classification, c.References, c.Deprecated = "EUR", "d", "w", true, []any{int64(1)}, "pii", "lines.order_id", "old"
		}, nil, `change_meaning orders.amount unit USD => EUR
change_meaning orders.amount description Total. => d
change_meaning orders.amount why Invoices. => w
change_meaning orders.amount unique false => true
change_meaning orders.amount values  => [1]
change_meaning orders.amount classification  => pii
change_meaning orders.amount references  => lines.order_id
change_meaning orders.amount deprecated  => old`},
		{"table's meaning", func(s *Spec) { s.Tables[1].Description, s.Tables[1].Why, s.Tables[1].Deprecated = "d", "w", "x" }, nil,
			"change_meaning lines description One row for each line. => d\nchange_meaning lines why Detail. => w\nchange_meaning lines deprecated  => x"},
		{"reorder", func(s *Spec) { c := s.Tables[0].Columns; c[0], c[1] = c[1], c[0] }, nil, "reorder orders id, amount, state => amount, id, state"},
		{"added in the middle is no reorder", func(s *Spec) {
			c := s.Tables[0].Columns
			s.Tables[0].Columns = append([]Column{{Name: "new", Type: "DATE"}}, c...)
		}, nil, "add_column orders.new"},
		{"tables change places", func(s *Spec) { s.Tables[0], s.Tables[1] = s.Tables[1], s.Tables[0] }, nil,
			"change_meaning product tables orders, lines => lines, orders"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			head := sample()
			tt.change(head)
			var lines []string
			for _, c := range Diff(sample(), head, tt.renames) {
				line := c.Kind + " " + c.On
				if c.To != "" {
					line += " -> " + c.To
				}
				if c.Field != "" {
					line += " " + c.Field
				}
				if c.Old != "" || c.New != "" {
					line += " " + c.Old + " => " + c.New
				}
				lines = append(lines, line)
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("changes:\n%s\nwant:\n%s", got, tt.want)
			}
			if same := Hash(sample()) == Hash(head); same != (len(lines) == 0) {
				t.Errorf("the hashes are equal: %v, but there are %d changes", same, len(lines))
			}
		})
	}
}

func TestDeclaredBy(t *testing.T) {
	tests := []struct {
		change Change
		expect string
		want   bool
	}{
		{Change{Kind: AddTable, On: "orders"}, `{"add_table": "Orders"}`, true},
		{Change{Kind: AddTable, On: "orders"}, `{"add_table": "lines"}`, false},
		{Change{Kind: AddColumn, On: "orders.a"}, `{"add_table": "orders"}`, true},
		{Change{Kind: AddColumn, On: "s.orders.a"}, `{"add_column": "s.orders.a"}`, true},
		{Change{Kind: AddColumn, On: "orders.a"}, `{"drop_column": "orders.a"}`, false},
		{Change{Kind: DropColumn, On: "orders.a"}, `{"drop_table": "orders"}`, true},
		{Change{Kind: DropTable, On: "orders"}, `{"drop_column": "orders.a"}`, false},
		{Change{Kind: RenameTable, On: "a", To: "b"}, `{"rename_table": {"from": "a", "to": "b"}}`, true},
		{Change{Kind: RenameTable, On: "a", To: "b"}, `{"rename_table": {"from": "a", "to": "c"}}`, false},
		{Change{Kind: RenameColumn, On: "t.a", To: "u.b"}, `{"rename_column": {"from": "t.a", "to": "t.b"}}`, true},
		{Change{Kind: RenameColumn, On: "t.a", To: "t.b"}, `{"rename_column": {"from": "t.a", "to": "t.c"}}`, false},
		{Change{Kind: RenameColumn, On: "t.a", To: "t.b"}, `{"rename_column": {"from": "x.a", "to": "x.b"}}`, false},
		{Change{Kind: ChangeType, On: "t.a", New: "DECIMAL(12,2)"}, `{"change_type": {"on": "t.a", "to": "decimal(12, 2)"}}`, true},
		{Change{Kind: ChangeType, On: "t.a", New: "DECIMAL(12,2)"}, `{"change_type": {"on": "t.a", "to": "DOUBLE"}}`, false},
		{Change{Kind: ChangeType, On: "t.a", New: "ENUM('a')"}, `{"change_type": {"on": "t.a", "to": "ENUM('A')"}}`, false},
		{Change{Kind: ChangeNull, On: "t.a", New: "not null"}, `{"change_null": {"on": "t.a", "to": false}}`, true},
		{Change{Kind: ChangeNull, On: "t.a", New: "nullable"}, `{"change_null": {"on": "t.a", "to": false}}`, false},
		{Change{Kind: ChangeKey, On: "t", New: "(a, b)"}, `{"change_key": {"on": "t", "to": ["a", "b"]}}`, true},
		{Change{Kind: ChangeKey, On: "t", New: "none"}, `{"change_key": {"on": "t", "to": []}}`, true},
		{Change{Kind: ChangeKey, On: "t", New: "(a)"}, `{"change_key": {"on": "t", "to": ["a", "b"]}}`, false},
		{Change{Kind: ChangeMeaning, On: "t.a", Field: "unit"}, `{"change_meaning": {"on": "t.a", "field": "unit"}}`, true},
		{Change{Kind: ChangeMeaning, On: "t.a", Field: "unit"}, `{"change_meaning": {"on": "t.a", "field": "why"}}`, false},
		{Change{Kind: ChangeMeaning, On: "product", Field: "owner"}, `{"change_meaning": {"on": "product", "field": "owner.team"}}`, true},
		{Change{Kind: Reorder, On: "t"}, `{"reorder": "t"}`, true},
	}
	for _, tt := range tests {
		var e Expectation
		if err := json.Unmarshal([]byte(tt.expect), &e); err != nil {
			t.Fatal(err)
		}
		if got := tt.change.DeclaredBy(e); got != tt.want {
			t.Errorf("%+v declared by %s: %v, want %v", tt.change, e, got, tt.want)
		}
	}
}
