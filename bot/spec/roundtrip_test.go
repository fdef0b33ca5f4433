package spec

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// awkward are texts that YAML readers stumble over.
var awkward = []string{"plain text", "yes", "1.0", "010", "a: b", "# no comment", "- dash", "'single'", `"double"`, "null", "~", "2026-01-01",
	"line\nline", "line\n\n  indented\nline\n", "  leading", "\nleading break", "trailing \nspace", "trailing breaks\n\n\n", "tab\tinside", "\ttab", "{a}", "[b]",
	"*c", "&d", "!e", "%f", "@g", "`h", "|", ">", "é ü 日本", "🙂", "a\\b", "x\u0085y", "x\u2028y", "carriage\rreturn", "win\r\ndows", "\u0000nul", "\ufeffbom",
	"select *\nfrom orders\nwhere amount < 0 -- bad\n", "<tbd>", strings.Repeat("long ", 60)}

// maker makes random specs and amendments.
type maker struct{ *rand.Rand }

func (m maker) text() string { return awkward[m.IntN(len(awkward))] }

func (m maker) maybe() string {
	if m.IntN(2) == 0 {
		return ""
	}
	return m.text()
}

func (m maker) name() string {
	return string(rune('a'+m.IntN(26))) + []string{"", "_x", " y", "Z", "é"}[m.IntN(5)]
}

func (m maker) value() any {
	return []any{m.text(), int64(m.IntN(100)), float64(m.IntN(10)), 1e21, -0.25, 1e-7, true, false}[m.IntN(8)]
}

func several[T any](m maker, n int, one func() T) []T {
	var out []T
	for range m.IntN(n + 1) {
		out = append(out, one())
	}
	return out
}

func (m maker) column() Column {
	c := Column{Name: m.text(), Type: m.text(), Unit: m.maybe(), Description: m.text(), Why: m.text(), Unique: m.IntN(2) == 0,
		Values: several(m, 3, m.value), Classification: m.maybe(), References: m.maybe(), Deprecated: m.maybe()}
	if m.IntN(2) == 0 {
		n := m.IntN(2) == 0
		c.Nullable = &n
	}
	return c
}

func (m maker) table() Table {
	return Table{Name: m.name(), Description: m.text(), Why: m.text(), Key: several(m, 2, m.text), Columns: append(several(m, 4, m.column), m.column()), Deprecated: m.maybe()}
}

func (m maker) spec() *Spec {
	s := &Spec{Spec: 1, Product: "orders", Version: "1.2.0", Owner: Owner{m.text(), m.maybe()}, Purpose: m.text(), Tags: several(m, 3, m.text),
		Inputs: several(m, 2, func() Input { return Input{"customers", "t", "^1.0"} }), Tables: append([]Table{}, several(m, 3, m.table)...)}
	if m.IntN(2) == 0 {
		s.Custom = map[string]any{m.text(): m.value(), "deep": map[string]any{m.text(): []any{m.value(), map[string]any{"x": m.value()}}}}
	}
	return s
}

func (m maker) expectation() Expectation {
	return []Expectation{{AddTable: m.text()}, {Reorder: m.text()}, {RenameColumn: &Rename{m.text(), m.text()}}, {ChangeType: &Alteration{m.text(), m.text()}},
		{ChangeNull: &Alteration{m.text(), m.IntN(2) == 0}}, {ChangeKey: &Alteration{m.text(), append([]string{}, several(m, 2, m.text)...)}},
		{ChangeMeaning: &Meaning{m.text(), m.text()}}, {ChangeValues: &ColumnChange{m.text(), m.maybe()}}, {DropRows: &RowChange{m.text(), m.maybe()}},
		{ChangeSeed: &SeedChange{m.text(), m.maybe()}}, {ChangeTest: &TestChange{m.text(), m.text()}}}[m.IntN(11)]
}

func (m maker) amendment() *Amendment {
	at := time.Date(2026, 11, 22, 9, m.IntN(60), 0, m.IntN(2)*1000, time.UTC)
	return &Amendment{ID: 1 + m.IntN(9), Requirement: m.text(), Origin: Origin{Kind: OriginIssue, URL: m.maybe(), Author: m.maybe(), At: &at}, Reading: m.text(),
		Questions: several(m, 2, func() Question { return Question{m.text(), m.maybe()} }), Affects: several(m, 2, m.text),
		Expects:    append([]Expectation{}, several(m, 3, m.expectation)...),
		Checks:     append([]Check{}, several(m, 3, func() Check { return Check{Name: m.text(), SQL: m.text()} })...),
		Supersedes: several(m, 2, func() Supersession { return Supersession{1, several(m, 2, m.text), m.text()} }),
		Rejected:   several(m, 2, func() Rejection { return Rejection{m.text(), several(m, 2, func() int { return 1 })} }), Change: m.text()}
}

func TestRoundTrip(t *testing.T) {
	for seed := range uint64(150) {
		m := maker{rand.New(rand.NewPCG(seed, 1))}
		s := m.spec()
		data, err := MarshalSpec(s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, _, problems := ParseSpec("s.yaml", data)
		if len(problems) > 0 || !reflect.DeepEqual(got, s) {
			t.Fatalf("seed %d: %v\n%#v\n%#v\n%s", seed, problems, got, s, data)
		}
		if again, err := UpdateSpec(data, s); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("seed %d: an update without a change changes the text: %v\n%s", seed, err, again)
		}
		a := m.amendment()
		data, err = MarshalAmendment(a)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		gotA, _, problems := ParseAmendment("a.yaml", data)
		if len(problems) > 0 || !reflect.DeepEqual(gotA, a) {
			t.Fatalf("seed %d: %v\n%#v\n%#v\n%s", seed, problems, gotA, a, data)
		}
	}
}

// mutate changes a few things of s.
func (m maker) mutate(s *Spec) {
	for range 1 + m.IntN(3) {
		t := &s.Tables[m.IntN(len(s.Tables))]
		c := &t.Columns[m.IntN(len(t.Columns))]
		switch m.IntN(12) {
		case 0:
			c.Description = m.text()
		case 1:
			c.Unit = m.maybe()
		case 2:
			c.Values = several(m, 3, m.value)
		case 3:
			t.Columns = append(t.Columns, m.column())
		case 4:
			if len(t.Columns) > 1 {
				t.Columns = t.Columns[1:]
			}
		case 5:
			m.Shuffle(len(t.Columns), func(i, j int) { t.Columns[i], t.Columns[j] = t.Columns[j], t.Columns[i] })
		case 6:
			s.Tables = append([]Table{m.table()}, s.Tables...)
		case 7:
			s.Tags = several(m, 3, m.text)
		case 8:
			s.Custom = map[string]any{m.text(): m.value()}
		case 9:
			s.Purpose, s.Owner.Contact = m.text(), m.maybe()
		case 10:
			m.Shuffle(len(s.Tables), func(i, j int) { s.Tables[i], s.Tables[j] = s.Tables[j], s.Tables[i] })
		case 11:
			t.Why, t.Deprecated = m.text(), m.maybe()
		}
	}
}

func TestUpdateSpecKeepsComments(t *testing.T) {
	lost := 0
	const runs = 150
	for seed := range uint64(runs) {
		m := maker{rand.New(rand.NewPCG(seed, 2))}
		s, _, problems := ParseSpec("s.yaml", []byte(commented))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		m.mutate(s)
		data, err := UpdateSpec([]byte(commented), s)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, _, problems := ParseSpec("s.yaml", data)
		if len(problems) > 0 || !equalValues(got, s) {
			t.Fatalf("seed %d: %v\n%s", seed, problems, data)
		}
		if !bytes.HasPrefix(data, []byte("# Who edits this tells the team.\n")) {
			lost++
			t.Logf("seed %d lost its comments", seed)
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d updates wrote the file anew", lost, runs)
	}
}
