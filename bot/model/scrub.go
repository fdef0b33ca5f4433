package model

import (
	"regexp"
	"slices"
	"strings"
)

// scrubbed stands where a secret was.
const scrubbed = "•••"

// What looks like a secret, whoever's it is. The first group, if there is one, stays.
var secretForms = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token)\s+)[^\s"'•]+`),
	regexp.MustCompile(`()\bsk-[A-Za-z0-9_-]{20,}`),
	regexp.MustCompile(`()(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}|glpat-[A-Za-z0-9_-]{20,})`),
	regexp.MustCompile(`()\bAKIA[0-9A-Z]{16}\b`),
	regexp.MustCompile(`()-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----`),
}

// Scrubber takes secrets out of text. It is safe for concurrent use, and the zero value knows only what looks like one.
type Scrubber struct{ words []string }

// NewScrubber returns a Scrubber of secrets, beside what looks like a key, a forge's token or an Authorization header.
// Secrets of fewer than 6 bytes are left in, since they would be found in ordinary words.
func NewScrubber(secrets ...string) *Scrubber {
	s := &Scrubber{}
	for _, w := range secrets {
		if w = strings.TrimSpace(w); len(w) >= 6 {
			s.words = append(s.words, w)
		}
	}
	slices.SortFunc(s.words, func(a, b string) int { return len(b) - len(a) }) // one may hold another
	return s
}

// Text returns text with each secret replaced by •••.
func (s *Scrubber) Text(text string) string {
	for _, w := range s.words {
		text = strings.ReplaceAll(text, w, scrubbed)
	}
	for _, f := range secretForms {
		text = f.ReplaceAllString(text, "${1}"+scrubbed)
	}
	return text
}

// messages returns a copy of ms without secrets.
func (s *Scrubber) messages(ms []Message) []Message {
	out := slices.Clone(ms)
	for i := range out {
		out[i].Text = s.Text(out[i].Text)
		out[i].ToolCalls = s.calls(out[i].ToolCalls)
	}
	return out
}

func (s *Scrubber) calls(cs []ToolCall) []ToolCall {
	out := slices.Clone(cs)
	for i := range out {
		out[i].Arguments = s.Text(out[i].Arguments)
	}
	return out
}

// request returns r without secrets.
func (s *Scrubber) request(r Request) Request {
	r.Messages = s.messages(r.Messages)
	r.Tools = slices.Clone(r.Tools)
	for i := range r.Tools {
		r.Tools[i].Description = s.Text(r.Tools[i].Description)
		r.Tools[i].Parameters = []byte(s.Text(string(r.Tools[i].Parameters)))
	}
	if r.Schema != nil {
		schema := *r.Schema
		schema.JSON = []byte(s.Text(string(schema.JSON)))
		r.Schema = &schema
	}
	return r
}

// answer returns a without secrets.
func (s *Scrubber) answer(a Answer) Answer {
	a.Text, a.Thinking = s.Text(a.Text), s.Text(a.Thinking)
	if a.JSON != nil {
		a.JSON = []byte(s.Text(string(a.JSON)))
	}
	a.ToolCalls, a.Asides = s.calls(a.ToolCalls), s.messages(a.Asides)
	return a
}
