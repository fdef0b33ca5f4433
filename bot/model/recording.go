package model

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Exchange is one request and what came of it, as a Recorder keeps it and a Player reads it.
//
// What was said in an earlier exchange of the same recording need not stand there again: a message may name the exchange and its place
// there. [ReadRecording] puts it in.
//
// As text it is a head in YAML, and then sections: a heading that says what follows, and between two fences the text,
// verbatim but for what Escape describes. One line break after the opening fence and one before the closing fence
// belong to the fences. The fence of a section is longer than any run of tildes in it, so that no text can close it.
type Exchange struct {
	Number  int // from 1, in the order in which the answers came
	Request Request
	Answer  Answer
	// Failure is set if the model's answer was an error: Refused, Empty, CutOff or WrongSchema.
	Failure *Error

	// shared are the messages of the request, by index, whose text stands in another exchange.
	shared map[int]place
}

// head is the YAML at the beginning of a recorded exchange.
type head struct {
	Recording int    `yaml:"recording"` // the version of the form
	Stage     string `yaml:"stage"`
	Model     string `yaml:"model"`
	MaxTokens int    `yaml:"max_tokens,omitempty"`
	Finish    string `yaml:"finish,omitempty"`
	Failure   Kind   `yaml:"failure,omitempty"`
	Usage     Usage  `yaml:"usage"`
}

const recordingForm = 1

// attributes stand behind the opening fence of a section, as JSON.
type attributes struct {
	Escaped bool   `json:"escaped,omitempty"`
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	// Text is a tool's description.
	Text string `json:"text,omitempty"`
	// Fenced is that of a schema.
	Fenced bool `json:"fenced,omitempty"`
	// As is the place where the text of a message stands that is not written here.
	As *place `json:"as,omitempty"`
}

// What the headings say.
const (
	headAsked    = "Asked: "         // and a role
	headAside    = "In between: "    // and a role
	headCalled   = "Tool call"       // of the message before
	headOffered  = "Tool offered"    // to the model: its parameters
	headSchema   = "Schema wanted"   //
	headThinking = "Thinking"        //
	headAnswer   = "Answer"          // the text
	headChosen   = "Answer: JSON"    // the part of the text that fits the schema
	headWish     = "Answer: call"    // of a tool
	headFailure  = "Failure"         // its message
	headSaid     = "Failure: answer" // what the model said
)

// MarshalText writes x as described at Exchange.
func (x Exchange) MarshalText() ([]byte, error) {
	h := head{recordingForm, x.Request.Stage, x.Request.Model, x.Request.MaxTokens, x.Answer.Finish, "", x.Answer.Usage}
	if x.Failure != nil {
		h.Failure = x.Failure.Kind
	}
	top, err := yaml.Marshal(h)
	if err != nil {
		return nil, err
	}
	w := &sectionWriter{}
	fmt.Fprintf(w, "---\n%s---\n", top)
	for _, t := range x.Request.Tools {
		w.section(headOffered, string(t.Parameters), attributes{Name: t.Name, Text: t.Description})
	}
	if s := x.Request.Schema; s != nil {
		w.section(headSchema, string(s.JSON), attributes{Name: s.Name, Fenced: s.Fenced})
	}
	w.messages(headAsked, x.Request.Messages, x.shared)
	w.messages(headAside, x.Answer.Asides, nil)
	if x.Failure != nil {
		w.section(headFailure, x.Failure.Message, attributes{})
		w.section(headSaid, x.Failure.Text, attributes{})
		return w.Bytes(), nil
	}
	if x.Answer.Thinking != "" {
		w.section(headThinking, x.Answer.Thinking, attributes{})
	}
	w.section(headAnswer, x.Answer.Text, attributes{})
	if x.Answer.JSON != nil {
		w.section(headChosen, string(x.Answer.JSON), attributes{})
	}
	w.calls(headWish, x.Answer.ToolCalls)
	return w.Bytes(), nil
}

// sectionWriter writes the sections of an exchange.
type sectionWriter struct{ bytes.Buffer }

func (w *sectionWriter) messages(heading string, ms []Message, shared map[int]place) {
	for i, m := range ms {
		a := attributes{ID: m.CallID}
		if as, ok := shared[i]; ok {
			m.Text, a.As = "", &as
		}
		w.section(heading+string(m.Role), m.Text, a)
		w.calls(headCalled, m.ToolCalls)
	}
}

func (w *sectionWriter) calls(heading string, cs []ToolCall) {
	for _, c := range cs {
		w.section(heading, c.Arguments, attributes{ID: c.ID, Name: c.Name})
	}
}

func (w *sectionWriter) section(heading, text string, a attributes) {
	if a.Escaped = fragile(text); a.Escaped {
		text = escape(text)
	}
	info := ""
	if a != (attributes{}) {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(a); err != nil {
			panic(err) // strings and booleans always encode
		}
		info = " " + strings.TrimSpace(b.String())
	}
	mark := fence(text, '~')
	fmt.Fprintf(w, "\n## %s\n\n%s%s\n%s\n%s\n", heading, mark, info, text, mark)
}
