package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// heading begins the task of each stage.
var heading = regexp.MustCompile(`(?m)^# The task: (\w+)`)

// scripted is an OpenAI-compatible endpoint that answers each task from the file answers/TASK.md of a folder, where TASK is the first word
// of the task's heading. A file answers/TASK-2.md answers the second request of that task, and so on. The task, the model's name and
// what it was authorized by are written to the file asked beside the folder, a line for each request.
func scripted(t *testing.T, folder string) http.Handler {
	var mu sync.Mutex
	asked := map[string]int{}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Model    string
			Messages []struct{ Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		task := "unknown"
		for _, m := range body.Messages {
			if found := heading.FindStringSubmatch(m.Content); found != nil {
				task = found[1]
			}
		}
		mu.Lock()
		asked[task]++
		n := asked[task]
		note(t, filepath.Join(filepath.Dir(folder), "asked"), fmt.Sprintln(task, body.Model, r.Header.Get("Authorization")))
		mu.Unlock()
		text, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%s-%d.md", task, n)))
		if err != nil {
			text, err = os.ReadFile(filepath.Join(folder, task+".md"))
		}
		if err != nil {
			http.Error(w, `{"error": {"message": "there is no answer to the task `+task+`"}}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": "1", "object": "chat.completion", "model": "scripted", "usage": map[string]int{"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
			"choices": []map[string]any{{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": strings.ReplaceAll(string(text), "'''", "```")}}},
		})
	})
}

// note appends text to a file.
func note(t *testing.T, file, text string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err != nil {
		t.Error(err)
		return
	}
	_ = f.Close()
}

// TestAmendScripts runs codicil amend against an endpoint that answers from the script's folder answers.
func TestAmendScripts(t *testing.T) {
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/amend",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			server := httptest.NewServer(scripted(t, filepath.Join(e.WorkDir, "answers")))
			e.Defer(server.Close)
			e.Setenv("OPENAI_BASE_URL", server.URL+"/v1")
			e.Setenv("OPENAI_API_KEY", "secret-key-of-the-test")
			e.Setenv("OPENAI_MODEL", "scripted")
			e.Setenv("CODICIL_CACHE", cache)
			e.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(e.WorkDir, ".gitconfig"))
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			return os.WriteFile(filepath.Join(e.WorkDir, ".gitconfig"),
				[]byte("[user]\n\tname = Jane\n\temail = jane@example.com\n[init]\n\tdefaultBranch = main\n"), 0o600)
		},
	})
}
