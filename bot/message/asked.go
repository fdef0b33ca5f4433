package message

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/forge"
)

// asked quotes what was asked for, by whom and where.
func (c Change) asked(p *markup.Page) {
	var units []string
	for _, t := range c.Triggers {
		units = append(units, c.quoted(t))
	}
	if n := len(units); n > 0 {
		units[n-1] = strings.TrimSuffix(units[n-1], "\n")
	}
	p.Add(importanceAsked, "requirements", "", "", units...)
}

// quoted is one trigger.
func (c Change) quoted(t Trigger) string {
	text, by := t.Requirement, origin(t.Kind)
	if g := t.Guideline; g != nil {
		by = "Guideline **" + markup.Link(clip(g.Title, mostCell), g.URL) + "**"
		if g.Revision != "" {
			by += " at revision " + markup.Code(clip(g.Revision, 12))
		}
		if g.Rule != "" {
			return by + ":\n\n" + rule(g.Rule) + before(g.Before) + "\n"
		}
	} else if where := c.where(t); where != "" {
		by += " " + where
	}
	switch {
	case t.Author == "":
	case t.Kind == spec.OriginSpec:
		by += ", by " + cell(t.Author)
	default:
		by += ", asked for by " + cell(t.Author)
	}
	if strings.TrimSpace(text) == "" {
		return by + "\n\n"
	}
	return by + ":\n\n" + paragraphs("> ", text, mostText) + "\n"
}

var boldStart = regexp.MustCompile(`^\*\*([^*]{1,60})\*\*(.*)$`)

// rule is a guideline's prose quoted; of its Markdown, a bold beginning of a paragraph is kept.
func rule(text string) string {
	var out []string
	for _, l := range strings.Split(markup.PlainLines(markup.Cut(text, mostText)), "\n") {
		shown := markup.Escape(strings.ReplaceAll(l, "**", ""))
		if m := boldStart.FindStringSubmatch(strings.TrimSpace(l)); m != nil && strings.TrimSpace(m[1]) == m[1] {
			shown = "**" + markup.Escape(m[1]) + "** " + strings.TrimSpace(markup.Escape("x" + strings.ReplaceAll(m[2], "**", ""))[1:])
		}
		out = append(out, strings.TrimRight("> "+shown, " ")+"\n")
	}
	return strings.Join(out, "")
}

// before is what an edited guideline said before, folded.
func before(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	return "\n<details><summary>What it said before</summary>\n\n" + rule(text) + "\n</details>\n"
}

// where is a link to the place where a trigger was asked for.
func (c Change) where(t Trigger) string {
	lead, shown := "of ", ""
	switch {
	case t.Issue > 0 && (t.Repo.IsZero() || t.Repo.Key() == c.Repo.Key()):
		shown = fmt.Sprintf("issue %d", t.Issue)
	case t.Issue > 0:
		shown = fmt.Sprintf("issue %d of %s", t.Issue, clip(t.Repo.String(), mostCell))
	case t.URL != "" && t.Kind == spec.OriginSpec:
		lead, shown = "", "in this change"
	case t.URL != "":
		lead, shown = "", "given here"
	}
	if shown == "" {
		return ""
	}
	return lead + markup.Link(shown, t.URL)
}

// closing are the lines that tie the merge request to its issues, each once. Only those that the merge shall close are closed.
func (c Change) closing() string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, t := range c.Triggers {
		if t.Issue <= 0 {
			continue
		}
		own := t.Repo.IsZero() || t.Repo.Key() == c.Repo.Key()
		text := fmt.Sprintf("For %s.", reference(t.Repo, t.Issue))
		if own {
			text = fmt.Sprintf("For #%d.", t.Issue)
		}
		if own && !t.KeepOpen && t.Kind == spec.OriginIssue {
			text = fmt.Sprintf("Closes #%d", t.Issue)
		}
		if !seen[text] {
			seen[text] = true
			b.WriteString("\n" + text + "\n")
		}
	}
	return b.String()
}

// reference is an issue of another repository, as hosts link it; without a link where the names are none that a host gives.
func reference(r forge.Repo, issue int) string {
	name := r.String()
	if strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789._-/") != "" || len(name) > 200 {
		return fmt.Sprintf("issue %d of %s", issue, cell(name))
	}
	return fmt.Sprintf("%s#%d", name, issue)
}
