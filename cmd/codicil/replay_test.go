package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

var reword = flag.Bool("reword", false, "write the recordings anew with the prompts as they are now, and note which answers were given to other words")

// trial is a run of codicil with a reader behind the model's endpoint, as testdata/replay/NAME/run.yaml describes it. Beside it are
// the recording and, unless Product names one of the examples, the product in a file tree.txtar.
type trial struct {
	About string `yaml:"about"`
	// Args are the arguments without --replay; DIR stands for the product's folder.
	Args []string `yaml:"args"`
	// Product is the product's folder in the examples, or in tree.txtar. Bare takes its spec and ledger away first.
	Product string `yaml:"product"`
	Bare    bool   `yaml:"bare"`
	// Answers are the lines of --answers.
	Answers []string `yaml:"answers"`
	// Kind is how it ended, Rounds how often it was repaired, Says words of the explanation or the reading.
	Kind   author.Kind `yaml:"kind"`
	Rounds int         `yaml:"rounds"`
	Says   []string    `yaml:"says"`
	// Changes are files that the change must touch, Keeps files that it must leave alone.
	Changes []string `yaml:"changes"`
	Keeps   []string `yaml:"keeps"`
}

// TestReplays runs the trials again without a network. After a change of the prompts they fail, and say where: try the prompts on a
// model again, or, for a change of words alone, run it with -reword.
func TestReplays(t *testing.T) {
	names, err := filepath.Glob("testdata/replay/*/run.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no trials: ", err)
	}
	cache := t.TempDir()
	for _, name := range names {
		folder := filepath.Dir(name)
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			var tr trial
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			d := yaml.NewDecoder(strings.NewReader(string(data)))
			d.KnownFields(true)
			if err := d.Decode(&tr); err != nil {
				t.Fatal(err)
			}
			tr.replay(t, folder, cache)
		})
	}
}

// replay runs a trial on a copy of its product.
func (tr trial) replay(t *testing.T, folder, cache string) {
	root := tr.tree(t, folder)
	product := filepath.Join(root, filepath.FromSlash(tr.Product))
	if tr.Bare {
		for _, gone := range []string{"spec.yaml", "amendments"} {
			if err := os.RemoveAll(filepath.Join(product, gone)); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The whole of it is one repository, so that products find each other.
	if out, err := exec.Command("git", "-c", "init.defaultBranch=main", "init", "-q", root).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	before := texts(t, product)
	var args []string
	for _, a := range tr.Args {
		args = append(args, strings.ReplaceAll(a, "DIR", product))
	}
	args = append(args, "--format", "json", "--guidelines", "../../deploy/examples/guidelines", "--cache", cache,
		"--threads", "1") // tables of the same rows lie in the same order, also where a query does not ask for one
	if len(tr.Answers) > 0 {
		file := filepath.Join(t.TempDir(), "answers")
		if err := os.WriteFile(file, []byte(strings.Join(tr.Answers, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--answers", file)
	}
	recording := filepath.Join(folder, "recording")
	env := map[string]string{"PATH": os.Getenv("PATH"), "HOME": t.TempDir(), "OPENAI_MODEL": "trial", "GIT_CEILING_DIRECTORIES": filepath.Dir(root)}
	if *reword {
		tr.reword(t, recording, args, env)
		return
	}
	o := tr.run(t, append(args, "--replay", recording), env)
	tr.judge(t, o, before, texts(t, product))
	exchanges, err := model.ReadRecording(os.DirFS(recording), recording)
	if err != nil || len(o.Prompts) != len(exchanges) {
		t.Errorf("%d exchanges of %d were asked for (%v)", len(o.Prompts), len(exchanges), err)
	}
}

// tree is a fresh folder with the products: the examples, or what the trial brings in tree.txtar. A folder in the repository would be
// one of its products.
func (tr trial) tree(t *testing.T, folder string) (root string) {
	t.Helper()
	root = t.TempDir()
	var source fs.FS = os.DirFS("../../deploy/examples")
	if own, err := txtar.ParseFile(filepath.Join(folder, "tree.txtar")); err == nil {
		if source, err = txtar.FS(own); err != nil {
			t.Fatal(err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.CopyFS(root, source); err != nil {
		t.Fatal(err)
	}
	return root
}

// run runs codicil, and returns the outcome that it prints.
func (tr trial) run(t *testing.T, args []string, env map[string]string) author.Outcome {
	t.Helper()
	var out, errs strings.Builder
	status := run(t.Context(), args, func(key string) string { return env[key] }, strings.NewReader(""), &out, &errs)
	var o author.Outcome
	if err := json.Unmarshal([]byte(out.String()), &o); err != nil {
		t.Fatalf("status %d: %v\n%s", status, err, errs.String())
	}
	good := tr.Kind == author.Done || tr.Kind == author.Met || tr.Kind == author.Drafted
	if (status == 0) != good {
		t.Errorf("status %d, ended as %s: %s\n%s", status, o.Kind, o.Explanation, strings.Join(o.Faults, "\n"))
	}
	return o
}

// judge compares what came of a trial with what must.
func (tr trial) judge(t *testing.T, o author.Outcome, before, after map[string]string) {
	t.Helper()
	if o.Kind != tr.Kind || o.Rounds != tr.Rounds {
		t.Errorf("ended as %s after %d rounds, want %s after %d: %s", o.Kind, o.Rounds, tr.Kind, tr.Rounds, o.Explanation)
	}
	for _, words := range tr.Says {
		if !strings.Contains(o.Explanation+o.Reading+fmt.Sprint(o.Questions, o.Options), words) {
			t.Errorf("nothing says %q: %s", words, o.Explanation)
		}
	}
	for _, name := range tr.Changes {
		if !slices.Contains(o.Files, name) || after[name] == before[name] {
			t.Errorf("%s did not change; files %v", name, o.Files)
		}
	}
	for name, text := range before {
		history := strings.HasPrefix(name, "amendments/") || slices.Contains(tr.Keeps, name)
		if (history || len(o.Files) == 0) && after[name] != text {
			t.Errorf("%s was changed", name)
		}
	}
	if o.Kind == author.Done && (o.Report == nil || o.Report.Verdict == "fail") {
		t.Error("it is done without a proof")
	}
}

// reword answers as the recording does, whatever is asked, and records that.
func (tr trial) reword(t *testing.T, recording string, args []string, env map[string]string) {
	exchanges, err := model.ReadRecording(os.DirFS(recording), recording)
	if err != nil {
		t.Fatal(err)
	}
	turn := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if turn == len(exchanges) {
			http.Error(w, `{"error": {"message": "more is asked than was recorded"}}`, http.StatusBadRequest)
			return
		}
		x := exchanges[turn]
		turn++
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(completion(x))
	}))
	defer server.Close()
	env["OPENAI_BASE_URL"], env["OPENAI_API_KEY"] = server.URL+"/v1", "none"
	fresh := filepath.Join(t.TempDir(), "recording")
	o := tr.run(t, append(args, "--record", fresh), env)
	if o.Kind != tr.Kind || turn != len(exchanges) {
		t.Fatalf("it ended as %s after %d of %d exchanges, so the answers do not fit any more: %s", o.Kind, turn, len(exchanges), o.Explanation)
	}
	tr.noteReworded(t, filepath.Dir(recording), exchanges, fresh)
	for _, step := range []error{os.RemoveAll(recording), os.CopyFS(recording, os.DirFS(fresh))} {
		if step != nil {
			t.Fatal(step)
		}
	}
}

// noteReworded lists the exchanges whose answers were given to other words than the recording now holds.
func (tr trial) noteReworded(t *testing.T, folder string, was []model.Exchange, fresh string) {
	is, err := model.ReadRecording(os.DirFS(fresh), fresh)
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(folder, "reworded.txt")
	old, _ := os.ReadFile(note)
	listed := strings.Split(strings.TrimSpace(string(old)), "\n")
	for i := range is {
		name := fmt.Sprintf("%02d-%s.md", i+1, is[i].Request.Stage)
		if !model.SameRequest(was[i].Request, is[i].Request) && !slices.Contains(listed, name) {
			listed = append(listed, name)
		}
	}
	slices.Sort(listed)
	text := strings.TrimSpace(strings.Join(listed, "\n"))
	if text == "" {
		return
	}
	if err := os.WriteFile(note, []byte(text+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// completion is an exchange's answer as an endpoint gives it.
func completion(x model.Exchange) map[string]any {
	type function struct {
		Name      string `json:"name"`
		Arguments string `json:"arguments"`
	}
	type call struct {
		ID       string   `json:"id"`
		Type     string   `json:"type"`
		Function function `json:"function"`
	}
	message := map[string]any{"role": "assistant", "content": x.Answer.Text}
	var calls []call
	for _, c := range x.Answer.ToolCalls {
		calls = append(calls, call{c.ID, "function", function{c.Name, c.Arguments}})
	}
	finish := "stop"
	if len(calls) > 0 {
		message["tool_calls"], finish = calls, "tool_calls"
	}
	u := x.Answer.Usage
	return map[string]any{"id": "1", "object": "chat.completion", "model": x.Request.Model,
		"usage":   map[string]int{"prompt_tokens": u.In, "completion_tokens": u.Out, "total_tokens": u.Total()},
		"choices": []map[string]any{{"index": 0, "finish_reason": finish, "message": message}}}
}

// texts are the files below a folder, none if it is not there.
func texts(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(folder, func(name string, d os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(folder, name)
		out[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
