package author

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/survey"
)

// longestWords is how long a description or a why may be, in bytes.
const longestWords = 2000

// hold compares what a model made of a draft with the facts. The spec that it returns has the model's words and promises in the facts'
// frame: what exists, and of which type, is no matter of opinion.
func (c *change) hold(f *facts, draft, said *spec.Spec) (*spec.Spec, []string) {
	h := holder{change: c, facts: f}
	h.same("product", said.Product, draft.Product)
	h.same("version", said.Version, draft.Version)
	h.same("owner", said.Owner, draft.Owner)
	h.same("inputs", said.Inputs, draft.Inputs)
	out := *draft
	out.Purpose, out.Tags, out.Tables = said.Purpose, said.Tags, nil
	h.words("purpose", said.Purpose)
	for _, tag := range said.Tags {
		h.words("tags", tag)
	}
	for _, t := range said.Tables {
		if _, ok := draft.Table(t.Name); !ok {
			h.fault("%s: there is no such table in the build, or it is internal; take it out", t.Name)
		}
	}
	for i, t := range draft.Tables {
		own, ok := said.Table(t.Name)
		if !ok {
			h.fault("%s: the table is missing; it is part of the interface", t.Name)
			continue
		}
		out.Tables = append(out.Tables, h.table(&f.tables[i], &t, own))
	}
	return &out, h.faults
}

// holder collects what a model's draft says against the facts.
type holder struct {
	change *change
	facts  *facts
	faults []string
}

func (h *holder) fault(format string, args ...any) {
	h.faults = append(h.faults, fmt.Sprintf(format, args...))
}

// same refuses to have a field changed that was given.
func (h *holder) same(field string, said, given any) {
	if !reflect.DeepEqual(said, given) && !(reflect.ValueOf(said).Kind() == reflect.Slice && reflect.ValueOf(said).Len()+reflect.ValueOf(given).Len() == 0) {
		h.fault("%s: it is not yours to change; leave it as it stands in the draft", field)
	}
}

// words refuses texts that are longer than anyone reads, or hold what does not belong into a text.
func (h *holder) words(where, text string) {
	switch {
	case len(text) > longestWords:
		h.fault("%s: the text is longer than %d bytes; say it in a sentence or two", where, longestWords)
	case markup.PlainLines(strings.TrimRight(text, "\n")) != strings.TrimRight(text, "\n"):
		h.fault("%s: the text holds control characters, characters that hide or turn text, or blanks at the ends of lines; write plain text", where)
	}
}

// table holds one table to the facts.
func (h *holder) table(f *survey.Table, draft, said *spec.Table) spec.Table {
	out := *said
	out.Name, out.Columns = draft.Name, nil
	h.words(draft.Name, said.Description)
	h.words(draft.Name, said.Why)
	if said.Deprecated != "" {
		h.fault("%s: nothing is deprecated by being drafted; take that out", draft.Name)
	}
	for _, c := range said.Columns {
		if _, ok := f.Column(c.Name); !ok {
			h.fault("%s.%s: the table has no such column; take it out", draft.Name, c.Name)
		}
	}
	for i := range f.Columns {
		own, ok := said.Column(f.Columns[i].Name)
		if !ok {
			h.fault("%s.%s: the column is missing; the table has it", draft.Name, f.Columns[i].Name)
			continue
		}
		out.Columns = append(out.Columns, h.column(draft.Name+"."+f.Columns[i].Name, &f.Columns[i], &draft.Columns[i], own))
	}
	return out
}

// column holds one column to the facts.
func (h *holder) column(where string, f *survey.Column, draft, said *spec.Column) spec.Column {
	out := *said
	out.Name = f.Name
	h.words(where, said.Description)
	h.words(where, said.Why)
	h.words(where, said.Unit)
	h.words(where, said.Classification)
	shown := h.change.shownType(f)
	if !survey.SameType(said.Type, shown) {
		h.fault("%s: its type is %s, as the build has it, and not %s; leave it", where, shown, said.Type)
	}
	if shown != f.Type || said.Type == shown {
		out.Type = f.Type
	}
	if said.Deprecated != "" {
		h.fault("%s: nothing is deprecated by being drafted; take that out", where)
	}
	if f.Personal && len(said.Values) > 0 {
		h.fault("%s: its values may be personal, so none are listed; take `values` out", where)
	}
	if h.change.author.Portrait.Data == portrait.Schema && len(said.Values) == 0 {
		out.Values = draft.Values // which the model could not see
	}
	return out
}

// opened lists the columns that look personal and are left unclassified.
func (f *facts) opened(s *spec.Spec) (out []string) {
	for i := range f.tables {
		t, ok := s.Table(f.tables[i].Name)
		if !ok {
			continue
		}
		for j := range f.tables[i].Columns {
			col := &f.tables[i].Columns[j]
			if c, ok := t.Column(col.Name); ok && col.Personal && strings.TrimSpace(c.Classification) == "" {
				out = append(out, fmt.Sprintf("%s.%s looks personal, and the draft leaves it open: its values may be shown from now on", t.Name, col.Name))
			}
		}
	}
	return out
}
