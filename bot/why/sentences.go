package why

import (
	"fmt"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/spec"
)

const (
	changedNote   = "The product changed since: run codicil verify to know how it stands now."
	promisedAlong = "Promised in the same amendments:"
)

// setting says what kind of thing it is and where.
func (s *Story) setting() string {
	of := s.Product + " " + s.Version
	switch {
	case s.Gone != nil:
		return "was a " + s.Kind + " of the product " + of
	case s.Kind == KindProduct:
		return "data product, version " + s.Version
	case s.Kind == KindTable:
		return "table of the product " + of
	}
	return "column of the product " + of
}

func (s *Story) owner() string {
	if s.Owner.Contact == "" {
		return s.Owner.Team
	}
	return s.Owner.Team + ", " + s.Owner.Contact
}

// whereItWent tells what became of a name that the spec has no more, in one sentence for each step.
func (s *Story) whereItWent() string {
	var out []string
	at := s.Asked
	started := false
	for _, e := range s.Renames {
		if started = started || same(e.From, at); started {
			out = append(out, fmt.Sprintf("%s was renamed to %s by amendment %d.", e.From, e.To, e.By))
		}
	}
	if s.Gone != nil {
		out = append(out, fmt.Sprintf("%s was dropped by amendment %d.", s.Gone.From, s.Gone.By))
	}
	return strings.Join(out, " ")
}

// formerly lists earlier names.
func (s *Story) formerly() string {
	var out []string
	for _, e := range s.Renames {
		out = append(out, fmt.Sprintf("%s, until amendment %d", e.From, e.By))
	}
	return strings.Join(out, "; ")
}

// untold says that the ledger is silent.
func (s *Story) untold() string {
	return fmt.Sprintf("No amendment speaks of it: the ledger of %s does not tell how it came about.", s.Product)
}

// unheld says that there are no checks.
func (s *Story) unheld() string {
	if s.Gone != nil {
		return "Nothing, since it is gone."
	}
	return "No check reads it."
}

// asker says where an amendment came from: when, who, and what for.
func (a Amendment) asker() string {
	var parts []string
	if a.At != nil {
		parts = append(parts, a.At.UTC().Format("2 January 2006"))
	}
	if a.Author != "" {
		parts = append(parts, a.Author)
	}
	return strings.Join(append(parts, a.origin()), " · ")
}

// origin says what kind of thing an amendment came from.
func (a Amendment) origin() string {
	switch a.Origin {
	case spec.OriginBootstrap:
		return "the beginning"
	case spec.OriginGuideline:
		text := strings.TrimSpace("guideline " + a.Guideline)
		if a.Revision != "" {
			text += " at " + a.Revision
		}
		return text
	case spec.OriginRefresh:
		return "regular refresh"
	case spec.OriginSpec:
		return "edited by hand"
	}
	return a.Origin
}

// words are the requirement: a person's in quotation marks.
func (a Amendment) words() string {
	return "“" + strings.TrimSpace(markup.Plain(a.Requirement)) + "”"
}

// mark says that an amendment is not done yet, or no longer binds.
func (a Amendment) mark() string {
	if a.Pending {
		return "not implemented yet"
	}
	for _, r := range a.Superseded {
		if r.All {
			return fmt.Sprintf("superseded by amendment %d", r.By)
		}
	}
	return ""
}

// broke says what an option would have broken; a requirement that the story tells anyhow is not repeated.
func (s *Story) broke(r Rejected) string {
	var told []string
	var out []string
	for _, b := range r.Breaks {
		if b.Requirement == "" || s.tells(b.Amendment) {
			told = append(told, fmt.Sprint(b.Amendment))
			continue
		}
		out = append(out, fmt.Sprintf("amendment %d, “%s”", b.Amendment, markup.Cut(markup.Plain(b.Requirement), 120)))
	}
	switch len(told) {
	case 0:
	case 1:
		out = append([]string{"amendment " + told[0]}, out...)
	default:
		out = append([]string{"amendments " + strings.Join(told, ", ")}, out...)
	}
	if len(out) == 0 {
		return ""
	}
	return "It would have broken " + strings.Join(out, "; ") + "."
}

// tells says whether an amendment is part of the story.
func (s *Story) tells(amendment int) bool {
	for _, a := range s.Amendments {
		if a.ID == amendment {
			return true
		}
	}
	return false
}

func (r Retirement) what() string {
	if r.All {
		return "all checks"
	}
	quoted := make([]string, len(r.Checks))
	for i, c := range r.Checks {
		quoted[i] = "“" + c + "”"
	}
	return strings.Join(quoted, ", ")
}

func (r Retirement) retiresText() string {
	return fmt.Sprintf("%s of amendment %d, because: %s", r.what(), r.Amendment, r.Because)
}

// since says what a later amendment took back, with the reason unless the story tells it there.
func (s *Story) since(r Retirement) string {
	text := fmt.Sprintf("amendment %d retired %s", r.By, r.what())
	if s.tells(r.By) {
		return text
	}
	return text + ", because: " + r.Because
}

// retired says who took a check back, with the reason unless the story tells it there.
func (s *Story) retired(c Check) string {
	text := fmt.Sprintf("of amendment %d, retired by amendment %d", c.Amendment, c.RetiredBy)
	if s.tells(c.RetiredBy) {
		return text
	}
	return text + ", because: " + c.Because
}

// from says which amendment a check belongs to.
func (c Check) from() string {
	var parts []string
	if c.Amendment > 0 {
		parts = append(parts, fmt.Sprintf("amendment %d", c.Amendment))
	}
	if c.Guideline != "" {
		parts = append(parts, "guideline "+markup.Plain(c.Guideline))
	}
	if c.Pending {
		parts = append(parts, "not implemented yet")
	}
	if c.Relation == ByContract {
		parts = append(parts, "spec")
	}
	return strings.Join(parts, ", ")
}

// standing says how many checks hold, when that was found out and what was compared with.
func (s *Story) standing(now time.Time) string {
	v := s.Verified
	if v == nil {
		return "not verified yet: run codicil verify"
	}
	holds := 0
	for _, c := range s.Checks {
		if c.Status == bot.Pass {
			holds++
		}
	}
	note := fmt.Sprintf("%d of %d hold, verified %s", holds, len(s.Checks), ago(v.At, now))
	if holds == len(s.Checks) {
		note = "all hold, verified " + ago(v.At, now)
	}
	if v.Base != "" {
		note += " against " + markup.Plain(v.Base)
	}
	return note
}

// ago is the age of something in one number; its date if it is older than a month, or now is not known.
func ago(at, now time.Time) string {
	age := now.Sub(at)
	count := func(n int, unit string) string {
		if n == 1 {
			return "1 " + unit + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, unit)
	}
	switch {
	case now.IsZero(), age > 30*24*time.Hour, age < -time.Minute:
		return "on " + at.UTC().Format("2 January 2006 15:04 MST")
	case age < time.Minute:
		return "just now"
	case age < time.Hour:
		return count(int(age.Minutes()), "minute")
	case age < 48*time.Hour:
		return count(int(age.Hours()), "hour")
	}
	return count(int(age.Hours()/24), "day")
}
