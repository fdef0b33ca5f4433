package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Change is one difference between two specs of a product.
type Change struct {
	// Kind is one of the kinds of expectation that the spec alone shows, AddTable to Reorder.
	Kind string
	// On is the table (orders), the column (orders.amount) or ProductTarget. It is head's name, but for drops and
	// renames base's.
	On string
	// To is head's name, for renames; else empty.
	To string
	// Field is the name of the field in spec.yaml, for ChangeMeaning.
	Field string
	// Old and New are the values as plain text; empty where there is none.
	Old, New string
}

// Diff lists what differs from base to head, their versions left out: first the product, then tables in base's order,
// then those that are new. A rename, of a table or a table.column, is recognised if it is declared in renames, from is
// in base only and to is in head only. What a rename or a new key brings with it (a reference to the new name, a key
// column that becomes not null) is not listed again. Diff is empty if and only if the hashes of both specs are equal.
func Diff(base, head *Spec, renames []Rename) []Change {
	d := &differ{base: base, head: head, renames: renames}
	d.pairTables()
	d.product()
	for i := range base.Tables {
		bt := &base.Tables[i]
		ht, ok := d.tables[bt]
		switch {
		case !ok:
			d.add(Change{Kind: DropTable, On: bt.Name})
			continue
		case !SameName(bt.Name, ht.Name):
			d.add(Change{Kind: RenameTable, On: bt.Name, To: ht.Name})
		case bt.Name != ht.Name:
			d.meaning(ht.Name, "name", bt.Name, ht.Name)
		}
		d.table(bt, ht)
	}
	for i := range head.Tables {
		if !d.taken[&head.Tables[i]] {
			d.add(Change{Kind: AddTable, On: head.Tables[i].Name})
		}
	}
	return d.changes
}

// SplitColumn splits table.column or schema.table.column; ok is false if there is no table in name.
func SplitColumn(name string) (table, column string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || i == len(name)-1 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// differ compares two specs.
type differ struct {
	base, head *Spec
	renames    []Rename
	// tables pairs base's tables with head's; taken holds the latter.
	tables  map[*Table]*Table
	taken   map[*Table]bool
	changes []Change
}

func (d *differ) add(c Change) { d.changes = append(d.changes, c) }

// meaning records a changed field unless old and new are the same.
func (d *differ) meaning(on, field string, old, new any) {
	if o, n := plainText(old), plainText(new); !equalValues(old, new) {
		d.add(Change{Kind: ChangeMeaning, On: on, Field: field, Old: o, New: n})
	}
}

// pairTables finds the tables that are in both, by name or by a declared rename.
func (d *differ) pairTables() {
	d.tables, d.taken = map[*Table]*Table{}, map[*Table]bool{}
	pair := func(bt, ht *Table) {
		if _, ok := d.tables[bt]; !ok && !d.taken[ht] {
			d.tables[bt], d.taken[ht] = ht, true
		}
	}
	for i := range d.base.Tables {
		if ht, ok := d.head.Table(d.base.Tables[i].Name); ok {
			pair(&d.base.Tables[i], ht)
		}
	}
	for _, r := range d.renames {
		bt, inBase := d.base.Table(r.From)
		ht, inHead := d.head.Table(r.To)
		if inBase && inHead {
			pair(bt, ht)
		}
	}
}

// product compares what is no table's.
func (d *differ) product() {
	b, h := d.base, d.head
	d.meaning(ProductTarget, "spec", b.Spec, h.Spec)
	d.meaning(ProductTarget, "product", b.Product, h.Product)
	d.meaning(ProductTarget, "owner", b.Owner, h.Owner)
	d.meaning(ProductTarget, "purpose", b.Purpose, h.Purpose)
	d.meaning(ProductTarget, "tags", b.Tags, h.Tags)
	d.meaning(ProductTarget, "inputs", b.Inputs, h.Inputs)
	d.meaning(ProductTarget, "custom", b.Custom, h.Custom)
	var old, new []string
	for i := range b.Tables {
		if ht, ok := d.tables[&b.Tables[i]]; ok {
			old = append(old, ht.Name)
		}
	}
	for i := range h.Tables {
		if d.taken[&h.Tables[i]] {
			new = append(new, h.Tables[i].Name)
		}
	}
	d.meaning(ProductTarget, "tables", old, new)
}

// table compares two tables that are the same one.
func (d *differ) table(bt, ht *Table) {
	columns := d.pairColumns(bt, ht)
	d.meaning(ht.Name, "description", bt.Description, ht.Description)
	d.meaning(ht.Name, "why", bt.Why, ht.Why)
	d.meaning(ht.Name, "deprecated", bt.Deprecated, ht.Deprecated)
	if key := mappedKey(bt, columns); !slices.Equal(key, ht.Key) {
		d.add(Change{Kind: ChangeKey, On: ht.Name, Old: keyText(bt.Key), New: keyText(ht.Key)})
	}
	taken := map[*Column]bool{}
	var old, new []string
	for i := range bt.Columns {
		bc := &bt.Columns[i]
		hc, ok := columns[bc]
		switch {
		case !ok:
			d.add(Change{Kind: DropColumn, On: bt.Name + "." + bc.Name})
			continue
		case !SameName(bc.Name, hc.Name):
			d.add(Change{Kind: RenameColumn, On: bt.Name + "." + bc.Name, To: ht.Name + "." + hc.Name})
		}
		taken[hc] = true
		old = append(old, hc.Name)
		d.column(bt, ht, bc, hc)
	}
	for i := range ht.Columns {
		hc := &ht.Columns[i]
		if !taken[hc] {
			d.add(Change{Kind: AddColumn, On: ht.Name + "." + hc.Name})
			continue
		}
		new = append(new, hc.Name)
	}
	if !slices.Equal(old, new) {
		d.add(Change{Kind: Reorder, On: ht.Name, Old: strings.Join(old, ", "), New: strings.Join(new, ", ")})
	}
}

// pairColumns finds the columns that are in both tables, by name or by a declared rename. Either side of a rename may
// call the table by its old or its new name.
func (d *differ) pairColumns(bt, ht *Table) map[*Column]*Column {
	pairs, taken := map[*Column]*Column{}, map[*Column]bool{}
	pair := func(bc, hc *Column) {
		if _, ok := pairs[bc]; !ok && !taken[hc] {
			pairs[bc], taken[hc] = hc, true
		}
	}
	for i := range bt.Columns {
		if hc, ok := ht.Column(bt.Columns[i].Name); ok {
			pair(&bt.Columns[i], hc)
		}
	}
	isTable := func(name string) bool { return SameName(name, bt.Name) || SameName(name, ht.Name) }
	for _, r := range d.renames {
		fromTable, from, ok := SplitColumn(r.From)
		toTable, to, ok2 := SplitColumn(r.To)
		if !ok || !ok2 || !isTable(fromTable) || !isTable(toTable) {
			continue
		}
		bc, inBase := bt.Column(from)
		hc, inHead := ht.Column(to)
		if inBase && inHead {
			pair(bc, hc)
		}
	}
	return pairs
}

// mappedKey is the key of base's table in head's names.
func mappedKey(bt *Table, columns map[*Column]*Column) []string {
	key := slices.Clone(bt.Key)
	for i, k := range key {
		if bc, ok := bt.Column(k); ok && bc.Name == k {
			if hc, ok := columns[bc]; ok {
				key[i] = hc.Name
			}
		}
	}
	return key
}

// column compares two columns that are the same one.
func (d *differ) column(bt, ht *Table, bc, hc *Column) {
	on := ht.Name + "." + hc.Name
	if SameName(bc.Name, hc.Name) {
		d.meaning(on, "name", bc.Name, hc.Name)
	}
	if normalType(bc.Type) != normalType(hc.Type) {
		d.add(Change{Kind: ChangeType, On: on, Old: bc.Type, New: hc.Type})
	} else {
		d.meaning(on, "type", bc.Type, hc.Type)
	}
	if was, is := bt.IsNullable(bc), ht.IsNullable(hc); was != is && !keyExplains(bt, ht, bc, hc) {
		d.add(Change{Kind: ChangeNull, On: on, Old: alterationText(was), New: alterationText(is)})
	}
	d.meaning(on, "unit", bc.Unit, hc.Unit)
	d.meaning(on, "description", bc.Description, hc.Description)
	d.meaning(on, "why", bc.Why, hc.Why)
	d.meaning(on, "unique", bc.Unique, hc.Unique)
	d.meaning(on, "values", bc.Values, hc.Values)
	d.meaning(on, "classification", bc.Classification, hc.Classification)
	if !d.followed(bc.References, hc.References) {
		d.meaning(on, "references", bc.References, hc.References)
	}
	d.meaning(on, "deprecated", bc.Deprecated, hc.Deprecated)
}

// keyExplains says whether a changed nullability follows from the column's entering or leaving the key.
func keyExplains(bt, ht *Table, bc, hc *Column) bool {
	was, is := bt.InKey(bc.Name), ht.InKey(hc.Name)
	return is && !was || was && !is && (bc.Nullable == nil || *bc.Nullable)
}

// followed says whether head's reference is base's under the new name of its table or column.
func (d *differ) followed(old, new string) bool {
	oldTable, oldColumn, ok := SplitColumn(old)
	newTable, newColumn, ok2 := SplitColumn(new)
	bt, inBase := d.base.Table(oldTable)
	if !ok || !ok2 || !inBase || d.tables[bt] == nil || d.tables[bt].Name != newTable {
		return false
	}
	bc, inTable := bt.Column(oldColumn)
	if !inTable || bt.Name != oldTable || bc.Name != oldColumn {
		return false
	}
	hc := d.pairColumns(bt, d.tables[bt])[bc]
	return hc != nil && hc.Name == newColumn
}

// normalType is a type in upper case and without spaces, but for what stands in quotes.
func normalType(t string) string {
	var b strings.Builder
	var quote rune
	for _, c := range t {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
			b.WriteRune(c)
			continue
		case c == '\'' || c == '"':
			quote = c
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			continue
		}
		b.WriteString(strings.ToUpper(string(c)))
	}
	return b.String()
}

// plainText shows a field's value: texts as they are, lists with commas, all else as JSON.
func plainText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []string:
		return strings.Join(v, ", ")
	}
	c := canonical(v)
	if isEmpty(c) {
		return ""
	}
	data, err := json.Marshal(c)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
