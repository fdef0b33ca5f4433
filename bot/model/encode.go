package model

import (
	"encoding/json"
	"strings"
	"sync"

	openai "github.com/sashabaranov/go-openai"
)

// sending is a request in the endpoint's form.
type sending struct {
	openai.ChatCompletionRequest
	tokens int // an estimate of the prompt
}

// habit is what an endpoint turned out not to offer for one model.
type habit struct {
	noStream   bool // answers cannot be streamed
	noUsage    bool // stream_options is refused
	noSchema   bool // response_format is refused
	noTools    bool // tools are refused
	newLimit   bool // max_completion_tokens is wanted in the place of max_tokens
	badSchemas map[string]bool
}

// habits are those of all models of an endpoint.
type habits struct {
	mu sync.Mutex
	of map[string]habit
}

func (h *habits) get(model string) habit {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.of[model]
}

// fenced says whether the request's schema must be asked for in the prompt.
func (h habit) fenced(s *Schema) bool {
	return s != nil && (s.Fenced || h.noSchema || h.badSchemas[string(s.JSON)])
}

// learn reports whether e says that something in sent is not offered, so that r should be sent again without.
func (h *habits) learn(r Request, sent sending, e *Error) bool {
	if e.Kind != Rejected && e.Kind != UnknownModel { // "this model's … is not supported" reads like an unknown model
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	was := h.of[r.Model]
	said := strings.ToLower(e.said)
	speaks := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(said, w) {
				return true
			}
		}
		return false
	}
	switch {
	case sent.StreamOptions != nil && speaks("stream_options", "stream options", "include_usage"):
		was.noUsage = true
	case sent.ResponseFormat != nil && speaks("invalid schema"):
		bad := map[string]bool{string(r.Schema.JSON): true}
		for s := range was.badSchemas {
			bad[s] = true
		}
		was.badSchemas = bad
	case sent.ResponseFormat != nil && speaks("response_format", "response format", "json_schema", "json schema", "structured output", "guided"):
		was.noSchema = true
	case len(sent.Tools) > 0 && speaks("tool", "function call"):
		was.noTools = true
	case *oldLimit(&sent.ChatCompletionRequest) > 0 && speaks("max_completion_tokens"):
		was.newLimit = true
	case sent.Stream && speaks("stream"):
		was.noStream = true
	default:
		return false
	}
	if h.of == nil {
		h.of = map[string]habit{}
	}
	h.of[r.Model] = was
	return true
}

// encode brings the conversation into the endpoint's form. plain leaves out the schema.
func (t *talk) encode(plain bool) sending {
	r := t.request
	has := t.client.habits.get(r.Model)
	fenced := has.fenced(r.Schema)
	out := openai.ChatCompletionRequest{Model: r.Model, Stream: !has.noStream}
	if out.Stream && !has.noUsage {
		out.StreamOptions = &openai.StreamOptions{IncludeUsage: true}
	}
	if has.newLimit || limitIsNew(r.Model) {
		out.MaxCompletionTokens = r.MaxTokens
	} else {
		*oldLimit(&out) = r.MaxTokens
	}
	asked := r
	asked.Messages = t.conversation(fenced)
	for _, m := range asked.Messages {
		out.Messages = append(out.Messages, encodeMessage(m))
	}
	for _, tool := range r.Tools {
		if has.noTools {
			break
		}
		out.Tools = append(out.Tools, openai.Tool{Type: openai.ToolTypeFunction, Function: &openai.FunctionDefinition{
			Name: tool.Name, Description: tool.Description, Parameters: tool.Parameters,
		}})
	}
	if r.Schema != nil && !fenced && !plain {
		out.ResponseFormat = &openai.ChatCompletionResponseFormat{
			Type: openai.ChatCompletionResponseFormatTypeJSONSchema,
			JSONSchema: &openai.ChatCompletionResponseFormatJSONSchema{
				Name: r.Schema.Name, Schema: json.RawMessage(r.Schema.JSON), Strict: true,
			},
		}
	}
	return sending{out, asked.Tokens()}
}

// limitIsNew says whether go-openai itself insists on max_completion_tokens for a model.
func limitIsNew(model string) bool {
	probe := openai.ChatCompletionRequest{Model: model}
	*oldLimit(&probe) = 1
	return openai.NewReasoningValidator().Validate(probe) != nil
}

func encodeMessage(m Message) openai.ChatCompletionMessage {
	out := openai.ChatCompletionMessage{Role: string(m.Role), Content: m.Text, ToolCallID: m.CallID}
	if m.Text == "" && m.Role != Assistant {
		out.Content = "(empty)" // go-openai leaves out empty text, and endpoints refuse a message without
	}
	for _, c := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, openai.ToolCall{
			ID: c.ID, Type: openai.ToolTypeFunction, Function: openai.FunctionCall{Name: c.Name, Arguments: c.Arguments},
		})
	}
	return out
}

// oldLimit is the field for the limit of tokens that endpoints other than OpenAI's own know best.
func oldLimit(r *openai.ChatCompletionRequest) *int {
	//lint:ignore SA1019 it is deprecated by one vendor only
	return &r.MaxTokens
}
