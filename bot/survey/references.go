package survey

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Target is a column that others may refer to: the only column of a key.
type Target struct {
	Table, Column, Type string
	// From is the table as queries call it.
	From string
	// Own says that it is a table of this product.
	Own bool
}

// name is the target as specs write it.
func (t Target) name() string { return t.Table + "." + t.Column }

// findReferences finds columns that name rows of other tables: their names say so, and all their values are found there.
func findReferences(ctx context.Context, session *engine.Session, tables []Table, others []Target) error {
	// Others come first: what is read of others is where it comes from.
	targets := append(others[:len(others):len(others)], ownTargets(tables)...)
	for i := range tables {
		t := &tables[i]
		for j := range t.Columns {
			col := &t.Columns[j]
			for _, to := range targets {
				if col.Filled == 0 || !t.mayRefer(col, to) || refersBack(tables, t, to) {
					continue
				}
				found, err := contains(ctx, session, t.From, col.Name, to)
				if err != nil {
					return fmt.Errorf("look for the values of %s.%s in %s: %w", t.Name, col.Name, to.name(), err)
				}
				if found {
					col.References, col.Values = to.name(), nil
					break
				}
			}
		}
	}
	return nil
}

// ownTargets are the product's own.
func ownTargets(tables []Table) (out []Target) {
	for _, t := range tables {
		if len(t.Keys) == 0 || len(t.Keys[0]) != 1 {
			continue
		}
		if c, ok := t.Column(t.Keys[0][0]); ok {
			out = append(out, Target{t.Name, c.Name, c.Type, t.From, true})
		}
	}
	return out
}

// mayRefer says whether a column's name and type let one expect that it refers to a target.
func (t *Table) mayRefer(c *Column, to Target) bool {
	if to.Own && spec.SameName(t.Name, to.Table) || !SameType(c.Type, to.Type) {
		return false
	}
	if len(t.Keys) > 0 && len(t.Keys[0]) == 1 && spec.SameName(t.Keys[0][0], c.Name) && strings.HasPrefix(strings.ToLower(c.Name), rowName(t.Name)+"_") {
		return false // order_id of orders names its own rows
	}
	name, column := strings.ToLower(c.Name), strings.ToLower(to.Column)
	one := rowName(to.Table)
	return name == one+"_"+column || name == one+"_id" || name == column && (column != "id" && column != "name" && column != "code")
}

// rowName is a table's name for one of its rows: order for orders.
func rowName(table string) string {
	_, name := product.SplitName(strings.ToLower(table))
	return Singular(name)
}

// refersBack says whether the target's table refers to this one already, so that the two would only say the same.
func refersBack(tables []Table, t *Table, to Target) bool {
	if !to.Own {
		return false
	}
	other, ok := Find(tables, to.Table)
	if !ok {
		return false
	}
	for _, c := range other.Columns {
		if table, _, ok := spec.SplitColumn(c.References); ok && spec.SameName(table, t.Name) {
			return true
		}
	}
	return false
}

// contains says whether every value of a column is one of the target's.
func contains(ctx context.Context, session *engine.Session, from, column string, to Target) (bool, error) {
	name := engine.Ident(column)
	rows, err := session.Query(ctx, "SELECT 1 FROM "+from+" WHERE "+name+" IS NOT NULL AND "+name+" NOT IN (SELECT "+engine.Ident(to.Column)+" FROM "+to.From+
		" WHERE "+engine.Ident(to.Column)+" IS NOT NULL) LIMIT 1", 1)
	if err != nil {
		return false, err
	}
	return len(rows.Values) == 0, nil
}
