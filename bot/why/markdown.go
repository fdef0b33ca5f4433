package why

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// Markdown writes s for an issue, a merge request or a wiki. All text that is not the program's own goes through
// package markup. The error is that of w.
func Markdown(w io.Writer, s *Story) error {
	m := &marker{}
	m.head(s)
	m.parts(s)
	m.history(s)
	m.checks(s)
	_, err := io.WriteString(w, m.String())
	return err
}

// marker writes the Markdown form into memory.
type marker struct{ strings.Builder }

func (m *marker) line(format string, args ...any) { fmt.Fprintf(m, format+"\n", args...) }

// item is a list item, after a line that stands apart from the list.
func (m *marker) item(label, text string) {
	if text != "" {
		m.line("- **%s:** %s", label, markup.Escape(text))
	}
}

func (m *marker) head(s *Story) {
	m.line("## %s\n\n%s\n", markup.Code(s.Name), markup.Escape(sentence(s.setting())))
	if s.Asked != "" || s.Gone != nil {
		m.line("**%s**\n", markup.Escape(s.whereItWent()))
	}
	if s.Description != "" {
		m.line("%s\n", markup.Escape(s.Description))
	}
	m.item("Why", s.Why)
	for _, f := range s.Facts {
		m.line("- **%s:** %s", sentence(f.Name), markup.Escape(f.Value))
	}
	if s.Asked == "" {
		m.item("Formerly", s.formerly())
	}
	m.item("Owner", s.owner())
}

func (m *marker) parts(s *Story) {
	if len(s.Parts) == 0 {
		return
	}
	title, first, second := "Columns", "column", "type"
	if s.Kind == KindProduct {
		title, first, second = "Tables", "table", "size and grain"
	}
	m.line("\n### %s\n\n| %s | what it is | %s |\n|---|---|---|", title, first, second)
	for _, p := range s.Parts {
		m.line("| %s | %s | %s |", markup.Code(p.Name), markup.Escape(p.Description), markup.Escape(p.Facts))
	}
}

func (m *marker) history(s *Story) {
	m.line("\n### How it came about")
	if len(s.Amendments) == 0 {
		m.line("\n%s", markup.Escape(s.untold()))
	}
	for _, a := range s.Amendments {
		m.amendment(s, a)
	}
}

func (m *marker) amendment(s *Story, a Amendment) {
	m.line("\n**%d.** %s", a.ID, m.asker(a))
	if mark := a.mark(); mark != "" {
		m.line("\n*%s*", sentence(mark))
	}
	m.line("\n> %s\n", markup.Escape(strings.TrimSpace(a.Requirement)))
	if s.Kind != KindProduct {
		m.item("Read as", a.Reading)
		for _, q := range a.Questions {
			m.line("- **Asked:** %s **Answered:** %s", markup.Escape(q.Ask), markup.Escape(q.Answer))
		}
		m.item("Expected", strings.Join(a.Expects, "; "))
	}
	if !a.Pending {
		m.item("Done", a.Change)
	}
	for _, r := range a.Rejected {
		if s.Kind == KindProduct {
			break
		}
		m.item("Not done", strings.TrimSpace(ended(r.Option)+" "+s.broke(r)))
	}
	for _, r := range a.Retires {
		m.item("Retires", r.retiresText())
	}
	for _, r := range a.Superseded {
		m.item("Since", s.since(r))
	}
}

// asker is Amendment.asker with its link.
func (m *marker) asker(a Amendment) string {
	if a.URL == "" {
		return markup.Escape(a.asker())
	}
	return markup.Link(a.asker(), a.URL)
}

func (m *marker) checks(s *Story) {
	m.line("\n### What holds it")
	if len(s.Checks) == 0 {
		m.line("\n%s", s.unheld())
	} else {
		m.line("\n%s.", markup.Escape(sentence(s.standing(time.Time{}))))
		if s.Verified != nil && s.Verified.Changed {
			m.line("\n**%s**", changedNote)
		}
		m.line("\n| | check | of | |\n|---|---|---|---|")
		for _, c := range s.Checks {
			sign, _ := new(texter).status(c.Status)
			message := c.Message
			if c.Status == bot.Pass || s.Verified == nil {
				message = ""
			}
			m.line("| %s | %s | %s | %s |", sign, markup.Escape(c.Name), markup.Escape(c.from()), markup.Escape(message))
		}
	}
	if len(s.Retired) > 0 {
		m.line("\n### What no longer holds it\n")
		for _, c := range s.Retired {
			m.line("- %s, %s", markup.Escape(c.Name), markup.Escape(s.retired(c)))
		}
	}
}

// sentence begins with a capital.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// ended closes a sentence that lacks its full stop.
func ended(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}
