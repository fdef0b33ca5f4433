package author

import (
	"context"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// target is a column that others may refer to: the only column of a key.
type target struct {
	table, column, typ string
	// from is the table as queries call it.
	from string
	// own says that it is a table of this product.
	own bool
}

// name is the target as specs write it.
func (t target) name() string { return t.table + "." + t.column }

// findReferences finds columns that name rows of other tables: their names say so, and all their values are found there.
func (c *change) findReferences(ctx context.Context, session *engine.Session, f *facts) error {
	targets, err := c.inputTargets() // first: what is read of others is where it comes from
	if err != nil {
		return err
	}
	targets = append(targets, f.targets()...)
	for i := range f.tables {
		t := &f.tables[i]
		for j := range t.columns {
			col := &t.columns[j]
			for _, to := range targets {
				if col.filled == 0 || !t.mayRefer(col, to) || f.refersBack(t, to) {
					continue
				}
				found, err := contains(ctx, session, t.from, col.name, to)
				if err != nil {
					return fmt.Errorf("look for the values of %s.%s in %s: %w", t.name, col.name, to.name(), err)
				}
				if found {
					col.references, col.values = to.name(), nil
					break
				}
			}
		}
	}
	return nil
}

// targets are the product's own.
func (f *facts) targets() (out []target) {
	for _, t := range f.tables {
		if len(t.keys) == 0 || len(t.keys[0]) != 1 {
			continue
		}
		if c, ok := t.column(t.keys[0][0]); ok {
			out = append(out, target{t.name, c.name, c.typ, t.from, true})
		}
	}
	return out
}

// inputTargets are those of the tables that are read of other products.
func (c *change) inputTargets() (out []target, err error) {
	around, err := c.around()
	if err != nil {
		return nil, err
	}
	for _, in := range c.product.Spec().Inputs {
		for _, p := range around {
			if p.Name() != in.Product {
				continue
			}
			t, ok := p.Spec().Table(in.Table)
			if !ok || len(t.Key) != 1 {
				continue
			}
			if col, ok := t.Column(t.Key[0]); ok {
				_, name := product.SplitName(t.Name)
				out = append(out, target{t.Name, col.Name, col.Type, engine.Ident(name), false})
			}
		}
	}
	return out, nil
}

// mayRefer says whether a column's name and type let one expect that it refers to a target.
func (t *tableFacts) mayRefer(c *columnFacts, to target) bool {
	if to.own && spec.SameName(t.name, to.table) || !sameType(c.typ, to.typ) {
		return false
	}
	if len(t.keys) > 0 && len(t.keys[0]) == 1 && spec.SameName(t.keys[0][0], c.name) && strings.HasPrefix(strings.ToLower(c.name), rowName(t.name)+"_") {
		return false // order_id of orders names its own rows
	}
	name, column := strings.ToLower(c.name), strings.ToLower(to.column)
	one := rowName(to.table)
	return name == one+"_"+column || name == one+"_id" || name == column && (column != "id" && column != "name" && column != "code")
}

// rowName is a table's name for one of its rows: order for orders.
func rowName(table string) string {
	_, name := product.SplitName(strings.ToLower(table))
	return singular(name)
}

// refersBack says whether the target's table refers to this one already, so that the two would only say the same.
func (f *facts) refersBack(t *tableFacts, to target) bool {
	if !to.own {
		return false
	}
	other, ok := f.table(to.table)
	if !ok {
		return false
	}
	for _, c := range other.columns {
		if table, _, ok := spec.SplitColumn(c.references); ok && spec.SameName(table, t.name) {
			return true
		}
	}
	return false
}

// contains says whether every value of a column is one of the target's.
func contains(ctx context.Context, session *engine.Session, from, column string, to target) (bool, error) {
	name := engine.Ident(column)
	rows, err := session.Query(ctx, "SELECT 1 FROM "+from+" WHERE "+name+" IS NOT NULL AND "+name+" NOT IN (SELECT "+engine.Ident(to.column)+" FROM "+to.from+
		" WHERE "+engine.Ident(to.column)+" IS NOT NULL) LIMIT 1", 1)
	if err != nil {
		return false, err
	}
	return len(rows.Values) == 0, nil
}
