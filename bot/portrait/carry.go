package portrait

import (
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/lineage"
)

// carry withholds the columns of a model's table that may hold what is withheld in the tables that it reads, under
// whatever name. What is withheld there for its looks alone passes for open where a spec names the column without
// classifying it.
func (k *knowledge) carry(s *sheet, m source) {
	flow, err := lineage.FlowOf(m.tree)
	if m.tree == nil || err != nil {
		s.hideWhole()
		return
	}
	strict, wide, ok := k.incoming(m)
	if !ok {
		k.hideUnknown(s)
	}
	names, all := flow.Reached(strict.names)
	more, any := flow.Reached(wide.names)
	for _, c := range s.columns {
		name := strings.ToLower(c.Name)
		switch {
		case all || strict.brings(flow, names, name):
			s.hidden[name], s.personal[name] = true, false
		case !k.rules.known[name] && (any || wide.brings(flow, more, name)):
			s.hidden[name], s.personal[name] = true, true
		}
	}
}

// stream is what flows into a model: the columns of the tables that it reads that are withheld.
type stream struct {
	names map[string]bool
	// known are all columns of those tables.
	known map[string]bool
}

// incoming are the columns that are withheld for being classified, and all that are withheld; ok is false if the model reads
// a table that is not known.
func (k *knowledge) incoming(m source) (strict, wide stream, ok bool) {
	strict = stream{names: map[string]bool{}, known: map[string]bool{}}
	wide = stream{names: map[string]bool{}, known: map[string]bool{}}
	ok = true
	for _, read := range m.reads {
		sheets := k.called(read)
		ok = ok && len(sheets) > 0
		for _, from := range sheets {
			from.flow(&strict, &wide)
		}
	}
	return strict, wide, ok
}

// called are the tables that a model may mean: the one of that name or, if the name goes by way of a database, all that
// end in the same way.
func (k *knowledge) called(read string) []*sheet {
	if s, ok := k.sheet(read); ok {
		return []*sheet{s}
	}
	var out []*sheet
	last := read[strings.LastIndexByte(read, '.')+1:]
	for _, s := range k.sheets {
		if strings.ToLower(s.name) == last || strings.HasSuffix(strings.ToLower(s.label), "."+last) {
			out = append(out, s)
		}
	}
	return out
}

// flow adds the table's columns to what flows into a model.
func (s *sheet) flow(strict, wide *stream) {
	for _, c := range s.columns {
		name := strings.ToLower(c.Name)
		strict.known[name], wide.known[name] = true, true
		if !s.hidden[name] {
			continue
		}
		wide.names[name] = true
		if !s.personal[name] {
			strict.names[name] = true
		}
	}
}

// numbered is the end that DuckDB gives to a name that is there already.
var numbered = regexp.MustCompile(`([_:]\d+)+$`)

// brings says whether the output column of that name may hold what flows in: it is reached, it is a second one of a reached
// name, or DuckDB made up its name.
func (s stream) brings(flow lineage.Flow, reached map[string]bool, name string) bool {
	if len(s.names) == 0 {
		return false
	}
	return reached[name] || reached[numbered.ReplaceAllString(name, "")] || !flow.Knows(name) && !s.known[name]
}
