package message

import (
	"fmt"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/spec"
)

// kindInit is the kind of a trigger that has a first spec drafted.
const kindInit = "init"

// mostTitle is how many characters a title has at most; GitHub takes 256.
const mostTitle = 120

// Title is the merge request's title, one line: the product, whether it may break readers, and what changes.
func (c Change) Title() string {
	name := markup.Cut(markup.Plain(c.Product), 50)
	if c.impact() == bot.ImpactMajor {
		name += " (breaking)"
	}
	return markup.Title(clip(name+": "+c.what(), mostTitle-10), mostTitle)
}

// what says in a few words what changes.
func (c Change) what() string {
	if t := c.newest(); t.Kind == spec.OriginGuideline && t.Guideline != nil && t.Guideline.Title != "" {
		return lowered(t.Guideline.Title)
	} else if t.Kind == spec.OriginRefresh {
		return "refresh, " + lowered(c.said())
	}
	if c.newest().Kind == kindInit {
		return "its first spec, drafted from what is there"
	}
	ds := c.differences()
	sort.SliceStable(ds, func(i, j int) bool { return ds[i].Breaking && !ds[j].Breaking })
	var phrases []string
	seen := map[string]bool{}
	for _, d := range ds {
		if p := c.phrase(d); p != "" && !seen[p] {
			seen[p] = true
			phrases = append(phrases, p)
		}
	}
	switch n := len(phrases); {
	case n == 0:
		return lowered(c.said())
	case n == 1:
		return phrases[0]
	case n == 2:
		return phrases[0] + "; " + phrases[1]
	default:
		return fmt.Sprintf("%s; %s and %d more", phrases[0], phrases[1], n-2)
	}
}

// newest is the trigger that came last.
func (c Change) newest() Trigger {
	if len(c.Triggers) == 0 {
		return Trigger{}
	}
	return c.Triggers[len(c.Triggers)-1]
}

// said is what the change is called where nothing that was observed names it.
func (c Change) said() string {
	if a := c.amendment(); a != nil && !a.Pending() && a.Change != "" {
		return firstSentence(a.Change)
	}
	if a := c.amendment(); a != nil && a.Requirement != "" {
		return firstSentence(a.Requirement)
	}
	if r := c.newest().Requirement; r != "" {
		return firstSentence(r)
	}
	return "a change"
}

// phrase is a difference in a few words; empty for those that a title leaves out.
func (c Change) phrase(d bot.Difference) string {
	at := d.Column
	if at == "" {
		at = d.Table
	}
	switch d.Kind {
	case bot.ColumnAdded, bot.TableAdded:
		if of := c.described(d); of != "" {
			return at + ", " + lowered(of)
		}
		return "new " + at
	case bot.ColumnRemoved, bot.TableRemoved:
		return "drops " + at
	case bot.ColumnRenamed, bot.TableRenamed:
		return d.Old + " is now " + d.New
	case bot.TypeChanged, bot.TypeNarrowed, bot.TypeWidened:
		return at + " is now " + d.New
	case bot.ValuesChanged:
		return "other values in " + at
	case bot.MeaningChanged:
		if d.Field == "deprecated" && d.New != "" {
			return "deprecates " + at
		}
	case bot.AcceptedWidened:
		return "more values in " + at
	case bot.RowsLost, bot.GrainChanged, bot.KeyLost, bot.TableEmptied, bot.NotNullLost:
		return firstSentence(d.Message)
	}
	return ""
}

// described is what the spec says of a new table or column, its first clause.
func (c Change) described(d bot.Difference) string {
	if c.Spec == nil {
		return ""
	}
	t, ok := c.Spec.Table(d.Table)
	if !ok {
		return ""
	}
	if d.Column == "" {
		return firstSentence(t.Description)
	}
	if col, ok := t.Column(d.Column); ok {
		return firstSentence(col.Description)
	}
	return ""
}

// lowered begins with a small letter, unless the first word has a capital within it or is a single one, and has no full stop.
func lowered(s string) string {
	s = strings.TrimRight(strings.TrimSpace(s), ".")
	word, _, _ := strings.Cut(s, " ")
	runes := []rune(s)
	if first := []rune(word); len(first) < 2 || strings.ToLower(string(first[1:])) != string(first[1:]) {
		return s
	}
	return strings.ToLower(string(runes[:1])) + string(runes[1:])
}
