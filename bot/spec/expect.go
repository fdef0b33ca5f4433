package spec

import (
	"fmt"
	"strings"
)

// The kinds of expectation, and of Change as far as the spec alone shows them.
const (
	AddTable      = "add_table"
	DropTable     = "drop_table"
	RenameTable   = "rename_table"
	AddColumn     = "add_column"
	DropColumn    = "drop_column"
	RenameColumn  = "rename_column"
	ChangeType    = "change_type"
	ChangeNull    = "change_null"
	ChangeKey     = "change_key"
	ChangeMeaning = "change_meaning"
	Reorder       = "reorder"
	ChangeValues  = "change_values"
	ChangeRows    = "change_rows"
	AddRows       = "add_rows"
	DropRows      = "drop_rows"
	ChangeSeed    = "change_seed"
	ChangeTest    = "change_test"
)

// part is one kind of expectation that is set: what it is about, and how a person would say it.
type part struct{ kind, on, text string }

// parts lists the kinds that are set.
func (e Expectation) parts() []part {
	var out []part
	add := func(set bool, kind string, on func() (on, text string)) {
		if set {
			o, t := on()
			out = append(out, part{kind, o, t})
		}
	}
	plain := func(kind, verb, on string) {
		add(on != "", kind, func() (string, string) { return on, verb + " " + on })
	}
	plain(AddTable, "add table", e.AddTable)
	plain(DropTable, "drop table", e.DropTable)
	plain(AddColumn, "add column", e.AddColumn)
	plain(DropColumn, "drop column", e.DropColumn)
	plain(Reorder, "reorder columns of", e.Reorder)
	rename := func(kind, noun string, r *Rename) {
		add(r != nil, kind, func() (string, string) { return r.From, "rename " + noun + " " + r.From + " to " + r.To })
	}
	rename(RenameTable, "table", e.RenameTable)
	rename(RenameColumn, "column", e.RenameColumn)
	alter := func(kind, noun string, a *Alteration) {
		add(a != nil, kind, func() (string, string) { return a.On, "change " + noun + " of " + a.On + " to " + alterationText(a.To) })
	}
	alter(ChangeType, "type", e.ChangeType)
	alter(ChangeNull, "nullability", e.ChangeNull)
	alter(ChangeKey, "key", e.ChangeKey)
	add(e.ChangeMeaning != nil, ChangeMeaning, func() (string, string) {
		return e.ChangeMeaning.On, "change " + e.ChangeMeaning.Field + " of " + e.ChangeMeaning.On
	})
	add(e.ChangeValues != nil, ChangeValues, func() (string, string) {
		return e.ChangeValues.Column, "change values of " + e.ChangeValues.Column + where(e.ChangeValues.Where)
	})
	rows := func(kind, verb string, r *RowChange) {
		add(r != nil, kind, func() (string, string) { return r.Table, verb + " " + r.Table + where(r.Where) })
	}
	rows(ChangeRows, "change rows of", e.ChangeRows)
	rows(AddRows, "add rows to", e.AddRows)
	rows(DropRows, "drop rows from", e.DropRows)
	add(e.ChangeSeed != nil, ChangeSeed, func() (string, string) {
		return e.ChangeSeed.Seed, "change seed " + e.ChangeSeed.Seed + where(e.ChangeSeed.Where)
	})
	add(e.ChangeTest != nil, ChangeTest, func() (string, string) {
		return e.ChangeTest.Test, "change test " + e.ChangeTest.Test + ": " + e.ChangeTest.Because
	})
	return out
}

// where is the condition as it follows a text.
func where(condition string) string {
	if condition == "" {
		return ""
	}
	return " where " + strings.Join(strings.Fields(condition), " ")
}

// alterationText is what something becomes.
func alterationText(to any) string {
	switch to := to.(type) {
	case bool:
		if to {
			return "nullable"
		}
		return "not null"
	case []string:
		return keyText(to)
	case []any:
		key := make([]string, len(to))
		for i, k := range to {
			key[i] = fmt.Sprint(k)
		}
		return keyText(key)
	}
	return fmt.Sprint(to)
}

// keyText is a key in parentheses, or "none".
func keyText(key []string) string {
	if len(key) == 0 {
		return "none"
	}
	return "(" + strings.Join(key, ", ") + ")"
}

// Kind is the one kind that is set, such as AddTable; "" if none is, or several are.
func (e Expectation) Kind() string {
	if p := e.parts(); len(p) == 1 {
		return p[0].kind
	}
	return ""
}

// On is the table, column, seed or test that the expectation is about, for renames the old name; "" if Kind is.
func (e Expectation) On() string {
	if p := e.parts(); len(p) == 1 {
		return p[0].on
	}
	return ""
}

// String is a short form for people, such as "add column orders.item_count".
func (e Expectation) String() string {
	p := e.parts()
	texts := make([]string, len(p))
	for i := range p {
		texts[i] = p[i].text
	}
	return strings.Join(texts, " and ")
}
