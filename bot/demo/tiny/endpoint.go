package tiny

import (
	"encoding/json"
	"net/http"
	"regexp"

	"github.com/codicil-dev/codicil/bot/model"
)

// stageLine names the stage in what is asked.
var stageLine = regexp.MustCompile(`(?m)^# The task: (\w+)`)

// ServeHTTP answers as an OpenAI-compatible endpoint does, in one piece, whatever the path. The stage is that of the task which was given last.
func (m *Model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct {
			Role    string `json:"role"`
			Content string `json:"content"`
		} `json:"messages"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var q model.Request
	for _, x := range asked.Messages {
		q.Messages = append(q.Messages, model.Message{Role: model.Role(x.Role), Text: x.Content})
		if found := stageLine.FindStringSubmatch(x.Content); found != nil && x.Role == string(model.User) {
			q.Stage = found[1]
		}
	}
	a, err := m.Ask(r.Context(), q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // who has gone needs no answer
		"object": "chat.completion", "model": "tiny",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]any{"role": "assistant", "content": a.Text}}},
		"usage":   map[string]int{"prompt_tokens": a.Usage.In, "completion_tokens": a.Usage.Out, "total_tokens": a.Usage.In + a.Usage.Out},
	})
}
