package spec

import (
	"fmt"
	"strings"
)

// DeclaredBy says whether e expects c. A new or dropped table covers its columns; a rename must name both ends; what a
// type, a nullability or a key becomes must agree.
func (c Change) DeclaredBy(e Expectation) bool {
	switch c.Kind {
	case AddTable:
		return named(c.On, e.AddTable)
	case DropTable:
		return named(c.On, e.DropTable)
	case RenameTable:
		return e.RenameTable != nil && named(c.On, e.RenameTable.From) && named(c.To, e.RenameTable.To)
	case AddColumn:
		table, _, _ := SplitColumn(c.On)
		return named(c.On, e.AddColumn) || named(table, e.AddTable)
	case DropColumn:
		table, _, _ := SplitColumn(c.On)
		return named(c.On, e.DropColumn) || named(table, e.DropTable)
	case RenameColumn:
		return e.RenameColumn != nil && c.renamedBy(*e.RenameColumn)
	case ChangeType:
		return e.ChangeType != nil && named(c.On, e.ChangeType.On) && normalType(c.New) == normalType(fmt.Sprint(e.ChangeType.To))
	case ChangeNull:
		return e.ChangeNull != nil && named(c.On, e.ChangeNull.On) && c.New == alterationText(e.ChangeNull.To)
	case ChangeKey:
		return e.ChangeKey != nil && named(c.On, e.ChangeKey.On) && SameName(c.New, alterationText(e.ChangeKey.To))
	case ChangeMeaning:
		return c.meantBy(e)
	case Reorder:
		return named(c.On, e.Reorder)
	}
	return false
}

// named says whether a name is given, and is that of what changed.
func named(on, name string) bool { return name != "" && SameName(on, strings.TrimSpace(name)) }

// renamedBy compares a column's rename end by end; if the table was renamed too, either of its names will do.
func (c Change) renamedBy(r Rename) bool {
	oldTable, oldColumn, _ := SplitColumn(c.On)
	newTable, newColumn, _ := SplitColumn(c.To)
	fromTable, from, ok := SplitColumn(r.From)
	toTable, to, ok2 := SplitColumn(r.To)
	isTable := func(name string) bool { return SameName(name, oldTable) || SameName(name, newTable) }
	return ok && ok2 && isTable(fromTable) && isTable(toTable) && SameName(from, oldColumn) && SameName(to, newColumn)
}

// meantBy says whether e declares a changed field. A part of a field, such as owner.team, stands for the whole field;
// another spelling of a name or type is also covered by what declares the name or type.
func (c Change) meantBy(e Expectation) bool {
	if m := e.ChangeMeaning; m != nil {
		field, _, _ := strings.Cut(m.Field, ".")
		return named(c.On, m.On) && SameName(field, c.Field)
	}
	switch c.Field {
	case "name":
		r := e.RenameTable
		if _, _, ok := SplitColumn(c.On); ok && e.RenameColumn != nil {
			r = e.RenameColumn
		}
		return r != nil && named(c.On, r.From) && named(c.On, r.To)
	case "type":
		return e.ChangeType != nil && named(c.On, e.ChangeType.On) && normalType(c.New) == normalType(fmt.Sprint(e.ChangeType.To))
	}
	return false
}
