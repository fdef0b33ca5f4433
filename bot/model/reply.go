package model

import (
	"bytes"
	"encoding/json"
	"strings"

	openai "github.com/sashabaranov/go-openai"
)

// Why an answer ended, in OpenAI's words.
const (
	finishStop     = "stop"
	finishLength   = "length"
	finishCalls    = "tool_calls"
	finishFiltered = "content_filter"
)

// reply is what one request was answered with, as far as it has come.
type reply struct {
	text, thinking, refusal string // once the answer is whole
	calls                   []ToolCall
	finish                  string
	usage                   *usage // nil if the endpoint did not count

	said, thought, refused []byte   // what has come so far
	arguments              [][]byte // of calls
	bytes                  int      // of all that
	limit                  int      // of all that but thought
}

// usage is OpenAI's count of tokens with DeepSeek's field for the cached ones.
type usage struct {
	openai.Usage
	CacheHits int `json:"prompt_cache_hit_tokens"`
}

// event is one piece of a streamed answer, or the whole of one that is not.
type event struct {
	Choices []struct {
		Delta        openai.ChatCompletionStreamChoiceDelta `json:"delta"`
		Message      openai.ChatCompletionMessage           `json:"message"`
		FinishReason string                                 `json:"finish_reason"`
	} `json:"choices"`
	Usage *usage          `json:"usage"`
	Error json.RawMessage `json:"error"`
}

// empty says whether nothing was answered. A refusal is an answer.
func (r *reply) empty() bool {
	return strings.TrimSpace(r.text) == "" && len(r.calls) == 0 && r.refusal == "" && r.finish != finishFiltered
}

// add takes in one event of a stream.
func (r *reply) add(data []byte) error {
	var e event
	if err := json.Unmarshal(data, &e); err != nil {
		return fault(NotCompatible, "the stream of the answer holds something that is not OpenAI's form: %s", excerpt(string(data)))
	}
	if len(e.Error) > 0 && !bytes.Equal(e.Error, []byte("null")) {
		return brokenOff(data)
	}
	if e.Usage != nil && e.Usage.PromptTokens+e.Usage.CompletionTokens > 0 {
		r.usage = e.Usage
	}
	for _, c := range e.Choices[:min(1, len(e.Choices))] {
		r.said = append(r.said, c.Delta.Content...)
		r.refused = append(r.refused, c.Delta.Refusal...)
		r.thought = append(r.thought, c.Delta.ReasoningContent...)
		r.bytes += len(c.Delta.Content) + len(c.Delta.Refusal) + len(c.Delta.ReasoningContent)
		for _, call := range c.Delta.ToolCalls {
			r.call(call)
		}
		r.finished(c.FinishReason)
	}
	return r.fits()
}

// call takes in a piece of a tool call. Pieces without an index belong to the last call, unless they bring another id.
func (r *reply) call(piece openai.ToolCall) {
	at := len(r.calls) - 1
	switch {
	case piece.Index != nil:
		at = max(0, min(*piece.Index, len(r.calls)))
	case at < 0 || piece.ID != "" && piece.ID != r.calls[at].ID:
		at++
	}
	if at == len(r.calls) {
		r.calls, r.arguments = append(r.calls, ToolCall{}), append(r.arguments, nil)
	}
	c := &r.calls[at]
	if c.ID == "" {
		c.ID = piece.ID
	}
	if c.Name == "" {
		c.Name = piece.Function.Name
	}
	r.arguments[at] = append(r.arguments[at], piece.Function.Arguments...)
	r.bytes += len(piece.Function.Arguments)
}

// decode takes in an answer that came in one piece from the endpoint base.
func (r *reply) decode(data []byte, base string) error {
	var e event
	if err := json.Unmarshal(data, &e); err != nil || len(e.Choices) == 0 {
		if len(e.Error) > 0 && string(e.Error) != "null" {
			return brokenOff(data)
		}
		return notCompatible(base, string(data))
	}
	c := e.Choices[0]
	r.said, r.refused, r.thought = []byte(c.Message.Content), []byte(c.Message.Refusal), []byte(c.Message.ReasoningContent)
	for _, part := range c.Message.MultiContent {
		r.said = append(r.said, part.Text...)
	}
	r.bytes = len(r.said) + len(r.refused) + len(r.thought)
	if e.Usage != nil && e.Usage.PromptTokens+e.Usage.CompletionTokens > 0 {
		r.usage = e.Usage
	}
	for i, call := range c.Message.ToolCalls {
		call.Index = &i
		r.call(call)
	}
	r.finished(c.FinishReason)
	r.close()
	return r.fits()
}

// finished notes why the answer ended, in OpenAI's words where another vendor's are known.
func (r *reply) finished(why string) {
	switch strings.ToLower(why) {
	case "", "null":
		return
	case "end_turn", "eos", "stop_sequence":
		why = finishStop
	case "max_tokens", "model_length":
		why = finishLength
	case "tool_use", "function_call":
		why = finishCalls
	case "safety", "recitation", "prohibited_content", "blocklist":
		why = finishFiltered
	}
	r.finish = strings.ToLower(why)
}

func (r *reply) fits() error {
	if r.bytes-len(r.thought) > r.limit {
		return tooLarge(r.limit)
	}
	return nil
}

// close puts the pieces together, and moves a block in which local models think aloud out of the text.
func (r *reply) close() {
	r.text, r.thinking, r.refusal = string(r.said), string(r.thought), string(r.refused)
	for i, a := range r.arguments {
		r.calls[i].Arguments = string(a)
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(r.text, " \n"), "<think>")
	if !ok {
		return
	}
	if thought, text, closed := strings.Cut(rest, "</think>"); closed {
		r.thinking, r.text = r.thinking+thought, strings.TrimLeft(text, "\n")
	}
}

// spent returns what the request used. Where the endpoint did not count, that is estimated: nothing for one that was
// turned away, else the prompt and what came of the answer.
func (r *reply) spent(prompt int, err error) Usage {
	if r.usage == nil {
		if err != nil && r.bytes == 0 {
			return Usage{}
		}
		return Usage{In: prompt, Out: tokensOf(r.bytes), Thinking: tokensOf(len(r.thought)), Estimated: true}
	}
	u := Usage{In: r.usage.PromptTokens, Out: r.usage.CompletionTokens, Cached: r.usage.CacheHits}
	if d := r.usage.PromptTokensDetails; d != nil && d.CachedTokens > 0 {
		u.Cached = d.CachedTokens
	}
	if d := r.usage.CompletionTokensDetails; d != nil {
		u.Thinking = d.ReasoningTokens
	}
	u.Cached = min(u.Cached, u.In)
	return u
}
