package web

import (
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/codicil-dev/codicil/bot/standing"
)

// functions are what the templates call.
var functions = template.FuncMap{
	"ago": ago, "stamp": stamp, "iso": iso, "thousands": thousands, "cost": cost, "outcomes": standing.Outcomes,
	"verdict": verdictOf, "class": class, "kind": kind, "words": words,
	"sum": func(a, b int) int { return a + b }, "dict": dict, "times": times, "title": untitled,
}

// dict is what a template gives to a part: names and values in turn.
func dict(pairs ...any) (map[string]any, error) {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("%v is no name", pairs[i])
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// ago is how long before now something was.
func ago(at, now time.Time) string {
	if at.IsZero() {
		return "never"
	}
	if d := now.Sub(at); d >= time.Second {
		return standing.Span(d) + " ago"
	}
	if d := at.Sub(now); d >= time.Second {
		return "in " + standing.Span(d)
	}
	return "just now"
}

// stamp is a time to the minute, and iso for programs.
func stamp(at time.Time) string { return at.UTC().Format("2 Jan 2006, 15:04 UTC") }
func iso(at time.Time) string   { return at.UTC().Format(time.RFC3339) }

// thousands groups the digits of a number.
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// cost is what was spent, as far as prices are known.
func cost(s standing.Spent, currency string) string {
	switch {
	case s.Requests == 0:
		return "nothing"
	case s.CostKnown:
		return fmt.Sprintf("%.2f %s", s.Cost, currency)
	case s.Cost > 0:
		return fmt.Sprintf("over %.2f %s", s.Cost, currency)
	}
	return "no price known"
}

// verdictOf is how a change stands, in a word or two.
func verdictOf(c standing.Change) string {
	switch {
	case c.State == "merged" || c.State == "declined" || c.State == "abandoned":
		return c.State
	case c.Draft || c.Verdict == "fail":
		return "red"
	case c.Verdict == "review":
		return "review"
	case c.Verdict == "pass":
		return "green"
	case c.Verdict != "":
		return c.Verdict
	}
	return c.State
}

// class is the colour of a state or outcome.
func class(state string) string {
	switch state {
	case "green", "pass", "open", "opened", standing.Compliant, "running":
		return "good"
	case "red", "fail", "failed":
		return "bad"
	case "merged", "over":
		return "done"
	case "review", "asked", "paused", "canary", "held", "unknown":
		return "warn"
	case "working", "ready", standing.UnderWay:
		return "busy"
	}
	return "calm"
}

// kind says what something was asked by.
func kind(k string) string {
	if said, ok := map[string]string{
		"issue": "asked for", "guideline": "guideline", "spec": "spec edited", "refresh": "week's turn", "init": "first spec", "base": "branch moved", "redo": "made anew",
	}[k]; ok {
		return said
	}
	return k
}

// words are the words of a state that is not one itself.
func words(state string) string {
	if said, ok := map[string]string{"asked": "waits for an answer", "waiting": "waits for its turn", "answered": "answered"}[state]; ok {
		return said
	}
	return state
}

// times is how often something was tried.
func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// untitled stands for the title that a change has not got.
func untitled(c standing.Change) string {
	if c.State == "abandoned" {
		return "It came to nothing."
	}
	return "It is not on the forge yet."
}
