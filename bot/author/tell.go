package author

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// heading says in a few words how the work ended.
func (o *Outcome) heading() string {
	switch o.Kind {
	case Done:
		switch o.wanted {
		case wantedDraft:
			return "The draft is proven"
		case wantedProduct:
			return "The product is built and proven"
		}
		return "The change is proven"
	case Drafted:
		return "A draft waits to be filled in"
	case Asked:
		return "There are questions"
	case Met:
		return "The product does so already"
	case Conflict:
		return "An earlier amendment forbids it"
	case Elsewhere:
		return "It belongs elsewhere"
	case OverBudget:
		return "The budget is spent"
	}
	switch o.wanted {
	case wantedDraft:
		return "No draft came about"
	case wantedProduct:
		return "No proven product came about"
	}
	return "No proven change came about"
}

// sign stands before the heading.
func (o *Outcome) sign() string {
	switch o.Kind {
	case Done, Met:
		return "✓"
	case Asked, Conflict, Elsewhere, Drafted:
		return "!"
	}
	return "✗"
}

// form is how a section's entries are shown.
type form int

const (
	prose    form = iota // paragraphs
	quoted               // what somebody else said, in paragraphs
	bullets              // a list
	numbered             // a list whose numbers matter
	paths                // names of files
)

// section is a part of the report.
type section struct {
	title   string
	form    form
	entries []entry
}

// entry is a sentence or so, with what is to be typed or looked at below it.
type entry struct {
	text string
	code []string
}

// sections collects what is not empty.
type sections []section

func (s *sections) add(title string, f form, texts ...string) {
	var entries []entry
	for _, t := range texts {
		entries = append(entries, entry{text: t})
	}
	s.addEntries(title, f, entries)
}

func (s *sections) addEntries(title string, f form, entries []entry) {
	var full []entry
	for _, e := range entries {
		if strings.TrimSpace(e.text) != "" {
			full = append(full, e)
		}
	}
	if len(full) > 0 {
		*s = append(*s, section{title, f, full})
	}
}

// urgent are the parts of the report that a person must act on or look at first.
func (o *Outcome) urgent() (out sections) {
	out.add("To be looked at first", bullets, o.Weakens...)
	if o.Kind == Asked {
		var questions []string
		for _, q := range o.Questions {
			questions = append(questions, fmt.Sprintf("%s (otherwise: %s)", q.Ask, q.Assume))
		}
		out.add("Questions", numbered, questions...)
	}
	if o.Kind == Met || o.Kind == Conflict {
		var earlier []string
		for _, id := range o.Amendments {
			earlier = append(earlier, o.named(id))
		}
		out.add("Earlier amendments", bullets, earlier...)
	}
	var options []entry
	for _, p := range o.Options {
		e := entry{text: p.Option}
		for _, s := range p.Supersedes {
			e.code = append(e.code, "--supersede "+shellQuoted(s))
		}
		options = append(options, e)
	}
	out.addEntries("Ways out", bullets, options)
	out.add("To be filled in", bullets, few(o.ToFill, 8)...)
	out.add("What was wrong with the last answer", bullets, o.Faults...)
	return out
}

// background are the other parts.
func (o *Outcome) background() (out sections) {
	if o.wanted == wantedDraft { // nobody asked for anything
		out.add("What was found", bullets, o.Found...)
	} else {
		out.add("Requirement", quoted, o.Requirement)
	}
	out.add("How it was read", prose, o.Reading)
	if a := o.Amendment; a != nil {
		var answers, rejected []string
		for _, q := range a.Questions {
			answers = append(answers, q.Ask+" — "+q.Answer)
		}
		out.add("Asked and answered", bullets, answers...)
		for _, r := range a.Rejected {
			rejected = append(rejected, r.Option+o.wouldBreak(r.Breaks))
		}
		out.add("Options turned down", bullets, rejected...)
	}
	out.add("Review", prose, o.Review)
	out.add("Notes", bullets, o.Notes...)
	out.add("Files", paths, o.Files...)
	return out
}

// few is a list cut to so many entries, with how many more there are.
func few(list []string, most int) []string {
	if len(list) <= most+1 {
		return list
	}
	return append(slices.Clone(list[:most]), fmt.Sprintf("and %d more", len(list)-most))
}

// wouldBreak says which amendments an option would have broken.
func (o *Outcome) wouldBreak(breaks []int) string {
	if len(breaks) == 0 {
		return ""
	}
	var names []string
	for _, id := range breaks {
		names = append(names, o.named(id))
	}
	return " — would break " + strings.Join(names, ", ")
}

// named is an earlier amendment by its number and what was asked for.
func (o *Outcome) named(id int) string {
	asked := strings.TrimRight(strings.Join(strings.Fields(o.asked[id]), " "), ".")
	if asked == "" {
		return fmt.Sprintf("amendment %d", id)
	}
	if short := cut(asked, mostAsked); len(short) < len(asked) {
		whole := strings.LastIndexByte(short, ' ')
		if whole < 1 {
			whole = mostAsked
		}
		asked = cut(asked, whole)
	}
	return fmt.Sprintf("amendment %d (%s)", id, asked)
}

// mostAsked is how many bytes of an earlier requirement are shown beside the number of its amendment.
const mostAsked = 100

// red says that the verification matters more than what was asked.
func (o *Outcome) red() bool { return o.Kind == Failed || o.Kind == OverBudget }

// shellQuoted is a text as one word of a shell that expands nothing in it.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// JSON writes all of the outcome for programs.
func (o *Outcome) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(o)
}
