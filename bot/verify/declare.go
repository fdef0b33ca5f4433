package verify

import (
	"fmt"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Placeholders of a drafted amendment that a person must replace.
const (
	SayRequirement = "<say in your own words what was asked for, and by whom>"
	SayReading     = "<say how it was understood>"
	SayChange      = "<say what was done>"
)

// Draft drafts the amendment that a product's undeclared differences lack; ok is false if there is none to declare. Base
// may be nil. Its requirement, reading and change are for a person to write, and so are checks where data changed.
func Draft(base, head *product.Product, report *bot.Report, now time.Time, author string) (a *spec.Amendment, ok bool) {
	entries := head.Document.Ledger.Entries
	id := 1
	if len(entries) > 0 {
		id = entries[len(entries)-1].Amendment.ID + 1
	}
	at := now.UTC().Truncate(time.Second)
	a = &spec.Amendment{
		ID: id, Requirement: SayRequirement, Reading: SayReading, Change: SayChange,
		Origin: spec.Origin{Kind: spec.OriginSpec, Author: author, At: &at},
		Result: spec.Hash(head.Spec()), Checks: []spec.Check{},
	}
	if base == nil {
		a.Origin.Kind = spec.OriginBootstrap
		if len(entries) > 0 {
			return nil, false
		}
		for _, t := range head.Spec().Tables {
			a.Expects = append(a.Expects, spec.Expectation{AddTable: t.Name})
			a.Affects = append(a.Affects, t.Name)
		}
		return a, true
	}
	fresh := fresh(base.Document.Ledger, head.Document.Ledger)
	a.Base = spec.Fingerprint(base.Spec(), base.Document.Ledger.IDs())
	if len(fresh) > 0 {
		a.Base = ""
	}
	d := drafter{amendment: a, head: head.Spec(), seen: map[string]bool{}}
	renames := append(declaredRenames(fresh), observedRenames(head.Name(), report)...)
	for _, c := range spec.Diff(base.Spec(), head.Spec(), renames) {
		if !declaredAmong(fresh, c) {
			d.change(c)
		}
	}
	for _, x := range report.Differences {
		if x.Product == head.Name() && !x.Declared {
			d.difference(x)
		}
	}
	return a, len(a.Expects) > 0
}

func declaredAmong(entries []spec.Entry, c spec.Change) bool {
	for _, e := range entries {
		for _, x := range e.Amendment.Expects {
			if c.DeclaredBy(x) {
				return true
			}
		}
	}
	return false
}

// observedRenames are renames that the comparison recognised by the values.
func observedRenames(name string, report *bot.Report) []spec.Rename {
	var out []spec.Rename
	for _, d := range report.Differences {
		if d.Product != name {
			continue
		}
		switch d.Kind {
		case bot.TableRenamed:
			out = append(out, spec.Rename{From: d.Old, To: d.New})
		case bot.ColumnRenamed:
			out = append(out, spec.Rename{From: d.Table + "." + d.Old, To: d.Table + "." + d.New})
		}
	}
	return out
}

// drafter collects expectations, each once.
type drafter struct {
	amendment *spec.Amendment
	head      *spec.Spec
	seen      map[string]bool
}

func (d *drafter) add(x spec.Expectation, affects string) {
	key := x.String()
	if d.seen[key] {
		return
	}
	d.seen[key] = true
	d.amendment.Expects = append(d.amendment.Expects, x)
	if affects != "" && affects != spec.ProductTarget && !containsString(d.amendment.Affects, affects) {
		d.amendment.Affects = append(d.amendment.Affects, affects)
	}
}

// change declares a change of the spec.
func (d *drafter) change(c spec.Change) {
	switch c.Kind {
	case spec.AddTable:
		d.add(spec.Expectation{AddTable: c.On}, c.On)
	case spec.DropTable:
		d.add(spec.Expectation{DropTable: c.On}, "")
	case spec.RenameTable:
		d.add(spec.Expectation{RenameTable: &spec.Rename{From: c.On, To: c.To}}, c.To)
	case spec.AddColumn:
		if table, _, ok := splitColumn(c.On); ok && d.seen[spec.Expectation{AddTable: table}.String()] {
			return
		}
		d.add(spec.Expectation{AddColumn: c.On}, c.On)
	case spec.DropColumn:
		d.add(spec.Expectation{DropColumn: c.On}, "")
	case spec.RenameColumn:
		d.add(spec.Expectation{RenameColumn: &spec.Rename{From: c.On, To: c.To}}, c.To)
	case spec.ChangeType:
		d.add(spec.Expectation{ChangeType: &spec.Alteration{On: c.On, To: c.New}}, c.On)
	case spec.ChangeNull:
		d.add(spec.Expectation{ChangeNull: &spec.Alteration{On: c.On, To: c.New == nullable}}, c.On)
	case spec.ChangeKey:
		d.add(spec.Expectation{ChangeKey: &spec.Alteration{On: c.On, To: d.key(c.On)}}, c.On)
	case spec.ChangeMeaning:
		d.add(spec.Expectation{ChangeMeaning: &spec.Meaning{On: c.On, Field: c.Field}}, c.On)
	case spec.Reorder:
		d.add(spec.Expectation{Reorder: c.On}, c.On)
	}
}

// key is the new key of a table, never nil.
func (d *drafter) key(table string) []string {
	if t, ok := d.head.Table(table); ok {
		return append([]string{}, t.Key...)
	}
	return []string{}
}

// difference declares what the comparison saw. A table that lost all its rows can't be declared.
func (d *drafter) difference(x bot.Difference) {
	column := x.Table + "." + x.Column
	switch x.Kind {
	case bot.TableAdded:
		d.add(spec.Expectation{AddTable: x.Table}, x.Table)
	case bot.TableRemoved:
		d.add(spec.Expectation{DropTable: x.Table}, "")
	case bot.TableRenamed:
		d.add(spec.Expectation{RenameTable: &spec.Rename{From: x.Old, To: x.New}}, x.New)
	case bot.ColumnAdded:
		d.add(spec.Expectation{AddColumn: column}, column)
	case bot.ColumnRemoved:
		d.add(spec.Expectation{DropColumn: column}, "")
	case bot.ColumnRenamed:
		d.add(spec.Expectation{RenameColumn: &spec.Rename{From: x.Table + "." + x.Old, To: column}}, column)
	case bot.ColumnsReordered:
		d.add(spec.Expectation{Reorder: x.Table}, x.Table)
	case bot.TypeWidened, bot.TypeNarrowed, bot.TypeChanged:
		d.add(spec.Expectation{ChangeType: &spec.Alteration{On: column, To: x.New}}, column)
	case bot.ValuesChanged:
		d.add(spec.Expectation{ChangeValues: &spec.ColumnChange{Column: column}}, column)
	case bot.NullShareUp:
		d.add(spec.Expectation{ChangeNull: &spec.Alteration{On: column, To: true}}, column)
	case bot.RowsLost:
		d.add(spec.Expectation{DropRows: &spec.RowChange{Table: x.Table}}, x.Table)
	case bot.RowsGained, bot.RowsDuplicated:
		d.add(spec.Expectation{AddRows: &spec.RowChange{Table: x.Table}}, x.Table)
	case bot.SeedChanged:
		d.add(spec.Expectation{ChangeSeed: &spec.SeedChange{Seed: x.Old}}, "")
	case bot.TestChanged, bot.TestRemoved:
		d.add(spec.Expectation{ChangeTest: &spec.TestChange{Test: x.Old, Because: fmt.Sprintf("<say why %s no longer holds>", x.Old)}}, "")
	}
}
