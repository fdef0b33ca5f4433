// Package model asks an OpenAI-compatible endpoint, and keeps what was asked and answered.
package model

import (
	"encoding/json"
	"fmt"
	"regexp"
	"time"
)

// Role says who speaks in a Message.
type Role string

// The roles of a conversation.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
	ToolRole  Role = "tool" // the result of a tool call
)

// Message is one turn of a conversation.
type Message struct {
	Role Role   `json:"role"`
	Text string `json:"text"`
	// ToolCalls are what an Assistant asked for; empty for the other roles.
	ToolCalls []ToolCall `json:"tool_calls,omitempty"`
	// CallID names the call that a ToolRole message answers; empty for the other roles.
	CallID string `json:"call_id,omitempty"`
}

// Tool is a function that the model may ask its caller to run.
type Tool struct {
	Name        string
	Description string
	// Parameters is the JSON Schema of its arguments, an object.
	Parameters json.RawMessage
}

// ToolCall is one wish of the model to have a Tool run.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Arguments string `json:"arguments"` // a JSON text, as the model wrote it; it may not fit the tool's Parameters
}

// Schema asks for an answer in JSON.
type Schema struct {
	// Name is made of letters, digits, - and _, at most 64 of them.
	Name string
	// JSON is a JSON Schema without references to other documents.
	JSON json.RawMessage
	// Fenced asks for a fenced block even where the endpoint can hold the model to a schema,
	// so that it can reason in prose first.
	Fenced bool
}

// Request is one thing asked of a model.
type Request struct {
	// Stage says what for, for example "implement": letters, digits, - and _. Usage is counted by it.
	Stage    string
	Model    string
	Messages []Message
	Tools    []Tool
	// Schema is nil for free text.
	Schema *Schema
	// MaxTokens is the most that one answer may be long; 0 leaves that to the endpoint.
	MaxTokens int
	// Progress, if not nil, is called often and from the goroutine that asks.
	Progress func(Progress)
}

// Progress says how far a request has come.
type Progress struct {
	Stage, Model string
	// Tokens is an estimate of what has been answered so far, thinking included.
	Tokens int
	// Wait is how long is waited before the request is made again, because of Problem; mostly 0.
	Wait    time.Duration
	Problem string
}

// Usage counts tokens.
type Usage struct {
	In       int `json:"in" yaml:"in"`                                 // all of the prompt, Cached included
	Cached   int `json:"cached,omitempty" yaml:"cached,omitempty"`     // the part of In that the endpoint had cached
	Out      int `json:"out" yaml:"out"`                               // all of the answer, Thinking included
	Thinking int `json:"thinking,omitempty" yaml:"thinking,omitempty"` // the part of Out that is not shown
	// Estimated says that the endpoint did not count some of it.
	Estimated bool `json:"estimated,omitempty" yaml:"estimated,omitempty"`
}

// Add returns the sum of u and v.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.In + v.In, u.Cached + v.Cached, u.Out + v.Out, u.Thinking + v.Thinking, u.Estimated || v.Estimated}
}

// Total is In and Out together.
func (u Usage) Total() int { return u.In + u.Out }

// Answer is what came of a Request. As JSON it can be stored and comes back the same.
type Answer struct {
	// Text is what the model said, verbatim; pieces of an answer that was cut off are joined.
	Text string `json:"text"`
	// JSON is the part of Text that fits the request's Schema; nil without one, and beside ToolCalls.
	JSON      json.RawMessage `json:"json,omitempty"`
	ToolCalls []ToolCall      `json:"tool_calls,omitempty"`
	// Thinking is what the endpoint showed of the model's reasoning before Text.
	Thinking string `json:"thinking,omitempty"`
	// Usage counts every exchange that led here, those that were asked again included.
	Usage Usage `json:"usage"`
	// Finish is why the model stopped: "stop", "tool_calls", or the endpoint's own word.
	Finish string `json:"finish,omitempty"`
	// Asides are the turns between the request and this answer: pieces that were cut off, answers that
	// did not fit the schema, and what was said to them.
	Asides []Message `json:"asides,omitempty"`
}

var (
	stageForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}$`)
	schemaForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// check reports what would make r an unusable request.
func (r Request) check() error {
	switch {
	case !stageForm.MatchString(r.Stage):
		return fmt.Errorf("ask a model: stage %q is not made of small letters, digits, - and _", r.Stage)
	case r.Model == "":
		return fmt.Errorf("ask a model for %s: no model is named; set one in the configuration", r.Stage)
	case len(r.Messages) == 0:
		return fmt.Errorf("ask a model for %s: no message is given", r.Stage)
	case r.Schema != nil && !schemaForm.MatchString(r.Schema.Name):
		return fmt.Errorf("ask a model for %s: schema name %q is not made of letters, digits, - and _", r.Stage, r.Schema.Name)
	}
	for i, m := range r.Messages {
		switch m.Role {
		case System, User, Assistant, ToolRole:
		default:
			return fmt.Errorf("ask a model for %s: message %d has the unknown role %q", r.Stage, i+1, m.Role)
		}
	}
	for _, t := range r.Tools {
		if !schemaForm.MatchString(t.Name) || !json.Valid(t.Parameters) {
			return fmt.Errorf("ask a model for %s: tool %q needs a plain name and parameters in JSON", r.Stage, t.Name)
		}
	}
	return nil
}
