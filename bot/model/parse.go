package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot"
)

// ParseExchange reads what MarshalText wrote, or a person edited. file is for errors, which are bot.Problems with the
// line. Number is left 0.
func ParseExchange(file string, data []byte) (Exchange, error) {
	// A carriage return is always written escaped: one that is here came with a checkout for Windows.
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	p := &exchangeParser{file: file, lines: strings.Split(text, "\n")}
	x, err := p.exchange()
	if err != nil {
		return Exchange{}, err
	}
	return x, nil
}

// exchangeParser reads lines one after the other.
type exchangeParser struct {
	file    string
	lines   []string
	at      int // how many lines have been read
	heading int // the line of the section that is being read, from 1
	last    *Message
	x       Exchange
	seen    map[string]bool
}

func (p *exchangeParser) wrong(line int, format string, args ...any) error {
	return bot.Problems{{File: p.file, Line: line, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)}}
}

func (p *exchangeParser) exchange() (Exchange, error) {
	if err := p.head(); err != nil {
		return Exchange{}, err
	}
	p.seen = map[string]bool{}
	for ; p.at < len(p.lines); p.at++ {
		line := strings.TrimSpace(p.lines[p.at])
		if line == "" {
			continue
		}
		heading, ok := strings.CutPrefix(line, "## ")
		if !ok {
			return Exchange{}, p.wrong(p.at+1, "this stands outside the fences of a section")
		}
		p.at++
		p.heading = p.at
		text, a, err := p.body()
		if err == nil {
			err = p.section(strings.TrimSpace(heading), text, a)
		}
		if err != nil {
			return Exchange{}, err
		}
	}
	if !p.seen[headAnswer] && p.x.Failure == nil {
		return Exchange{}, p.wrong(len(p.lines), `the section "## Answer" is missing`)
	}
	if len(p.x.Request.Messages) == 0 {
		return Exchange{}, p.wrong(len(p.lines), `a section such as "## Asked: user" is missing`)
	}
	if f := p.x.Failure; f != nil {
		f.Stage, f.Model = p.x.Request.Stage, p.x.Request.Model
	}
	return p.x, nil
}

// head reads the YAML.
func (p *exchangeParser) head() error {
	end := 1
	for end < len(p.lines) && p.lines[end] != "---" {
		end++
	}
	if p.lines[0] != "---" || end == len(p.lines) {
		return p.wrong(1, "this is no recorded exchange: it does not begin with a head between two lines ---")
	}
	var h head
	d := yaml.NewDecoder(strings.NewReader(strings.Join(p.lines[1:end], "\n")))
	d.KnownFields(true)
	if err := d.Decode(&h); err != nil {
		return p.wrong(1, "the head cannot be read: %v", err)
	}
	switch {
	case h.Recording != recordingForm:
		return p.wrong(1, "the head says recording: %d, and only %d is known here", h.Recording, recordingForm)
	case !stageForm.MatchString(h.Stage):
		return p.wrong(1, "the head lacks a stage")
	}
	p.x.Request = Request{Stage: h.Stage, Model: h.Model, MaxTokens: h.MaxTokens}
	p.x.Answer = Answer{Finish: h.Finish, Usage: h.Usage}
	if h.Failure != "" {
		p.x.Failure = &Error{Kind: h.Failure}
		if !p.x.Failure.ofModel() {
			return p.wrong(1, "the head has the unknown failure %q", h.Failure)
		}
	}
	p.at = end + 1
	return nil
}

// body reads the fenced text of a section.
func (p *exchangeParser) body() (text string, a attributes, err error) {
	for p.at < len(p.lines) && strings.TrimSpace(p.lines[p.at]) == "" {
		p.at++
	}
	if p.at == len(p.lines) || !strings.HasPrefix(p.lines[p.at], "~~~") {
		return "", a, p.wrong(p.heading, "no fence of at least three ~ follows this heading")
	}
	open := strings.TrimRight(p.lines[p.at], " \t")
	info := strings.TrimLeft(open, "~")
	mark := open[:len(open)-len(info)]
	if info = strings.TrimSpace(info); info != "" {
		d := json.NewDecoder(strings.NewReader(info))
		d.DisallowUnknownFields()
		if err := d.Decode(&a); err != nil {
			return "", a, p.wrong(p.at+1, "what follows the fence cannot be read: %v", err)
		}
	}
	start := p.at + 1
	for p.at++; p.at < len(p.lines); p.at++ {
		if strings.TrimRight(p.lines[p.at], " \t") == mark {
			text = strings.Join(p.lines[start:p.at], "\n")
			break
		}
	}
	if p.at == len(p.lines) {
		return "", a, p.wrong(start, "the section that begins here has no closing fence %s", mark)
	}
	if a.Escaped {
		var ok bool
		if text, ok = unescape(text); !ok {
			return "", a, p.wrong(start, `in an escaped section only \\, \r, \xHH and \u{HEX} may follow a backslash`)
		}
	}
	return text, a, nil
}

// section puts what was read in its place.
func (p *exchangeParser) section(heading, text string, a attributes) error {
	x := &p.x
	call := ToolCall{ID: a.ID, Name: a.Name, Arguments: text}
	asked, isAsked := strings.CutPrefix(heading, headAsked)
	aside, isAside := strings.CutPrefix(heading, headAside)
	many := isAsked || isAside || heading == headCalled || heading == headWish || heading == headOffered
	if p.seen[heading] && !many {
		return p.wrong(p.heading, "this section is there twice")
	}
	p.seen[heading] = true
	switch {
	case isAsked:
		if a.As != nil {
			if text != "" {
				return p.wrong(p.heading, "a text that stands in another exchange can't stand here as well")
			}
			if x.shared == nil {
				x.shared = map[int]place{}
			}
			x.shared[len(x.Request.Messages)] = *a.As
		}
		return p.message(&x.Request.Messages, asked, text, a)
	case isAside:
		return p.message(&x.Answer.Asides, aside, text, a)
	case heading == headCalled && p.last != nil:
		p.last.ToolCalls = append(p.last.ToolCalls, call)
	case heading == headOffered:
		x.Request.Tools = append(x.Request.Tools, Tool{Name: a.Name, Description: a.Text, Parameters: []byte(text)})
	case heading == headSchema:
		x.Request.Schema = &Schema{Name: a.Name, JSON: []byte(text), Fenced: a.Fenced}
	case heading == headFailure && x.Failure != nil:
		x.Failure.Message = text
	case heading == headSaid && x.Failure != nil:
		x.Failure.Text = text
	case heading == headThinking:
		x.Answer.Thinking = text
	case heading == headAnswer:
		x.Answer.Text = text
	case heading == headChosen:
		x.Answer.JSON = []byte(text)
		if !json.Valid(bytes.TrimSpace(x.Answer.JSON)) {
			return p.wrong(p.heading, "this section is not JSON")
		}
	case heading == headWish:
		x.Answer.ToolCalls = append(x.Answer.ToolCalls, call)
	default:
		return p.wrong(p.heading, "the heading %q is not known, or not in this place", heading)
	}
	return nil
}

func (p *exchangeParser) message(to *[]Message, role, text string, a attributes) error {
	m := Message{Role: Role(role), Text: text, CallID: a.ID}
	if m.Role != System && m.Role != User && m.Role != Assistant && m.Role != ToolRole {
		return p.wrong(p.heading, "the role %q is not known", role)
	}
	*to = append(*to, m)
	p.last = &(*to)[len(*to)-1]
	return nil
}
