package model

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// example is an exchange with everything in it.
func example() Exchange {
	return Exchange{
		Number: 1,
		Request: Request{
			Stage: "implement", Model: "gpt-x", MaxTokens: 4000,
			Messages: []Message{
				{Role: System, Text: "You keep data products.\n"},
				{Role: User, Text: "Put whole files in fences:\n\n~~~~ sql\nselect 1\n~~~~\n\n## Answer\n\n```\nx\n```"},
				{Role: Assistant, Text: "", ToolCalls: []ToolCall{{"call_1", "run_sql", `{"sql": "select <count(*)> from \"a\\b\""}`}}},
				{Role: ToolRole, CallID: "call_1", Text: "n\r\n12  \r\n"},
				{Role: User, Text: ""},
			},
			Tools:  []Tool{{"run_sql", "Runs a query.\nOnly reads.", json.RawMessage("{\n  \"type\": \"object\"\n}")}},
			Schema: &Schema{Name: "numbers", JSON: json.RawMessage(`{"type":"array"}`), Fenced: true},
		},
		Answer: Answer{
			Text: "Größe 数 👩‍💻 ends in a blank \n```json\n[1]\n```\n\n", JSON: json.RawMessage("[1]"), Thinking: "hm", Finish: "stop",
			ToolCalls: []ToolCall{{"call_2", "read_file", "not \x00 JSON \\ \xff"}},
			Usage:     Usage{In: 1200, Cached: 800, Out: 300, Thinking: 20},
			Asides:    []Message{{Role: Assistant, Text: "[]"}, {Role: User, Text: "That does not fit."}},
		},
	}
}

func TestExchangeIsReadable(t *testing.T) {
	data, err := example().MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "01-implement.md")
	if *update {
		if err := os.WriteFile(golden, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(data)); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{"as written": string(data), "checked out for Windows": strings.ReplaceAll(string(data), "\n", "\r\n")} {
		got, err := ParseExchange("01-implement.md", []byte(text))
		if err != nil {
			t.Fatal(name, err)
		}
		got.Number = 1
		if diff := cmp.Diff(example(), got, cmp.AllowUnexported(Exchange{})); diff != "" {
			t.Error(name, diff)
		}
	}
}

func TestParseExchangeSaysWhere(t *testing.T) {
	const top = "---\nrecording: 1\nstage: refine\nmodel: m\nusage: {in: 1, out: 1}\n---\n"
	const asked = "## Asked: user\n\n~~~\nq\n~~~\n"
	const answer = "## Answer\n\n~~~\na\n~~~\n"
	if _, err := ParseExchange("f", []byte(top+asked+answer)); err != nil {
		t.Fatal(err)
	}
	for says, text := range map[string]string{
		"f:1: this is no recorded exchange":           "",
		"f:1: the head says recording: 2":             strings.Replace(top, "1", "2", 1) + asked + answer,
		"f:1: the head cannot be read":                strings.Replace(top, "model", "modell", 1) + asked + answer,
		"f:1: the head lacks a stage":                 strings.Replace(top, "refine", "../x", 1) + asked + answer,
		"f:1: the head has the unknown failure":       strings.Replace(top, "model", "failure: dropped\nmodel", 1) + asked,
		"f:7: this stands outside":                    top + "hello\n" + asked + answer,
		"f:7: the heading \"Askd\" is not known":      top + "## Askd\n~~~\n~~~\n~~~\n",
		"f:7: no fence of at least three ~":           top + "## Answer\ntext\n",
		"f:14: the section that begins here has no":   top + asked + "## Answer\n\n~~~~\na\n~~~\n",
		"f:17: this section is there twice":           top + asked + answer + answer,
		`f:17: the section "## Answer" is missing`:    top + asked + "## Thinking\n\n~~~\nx\n~~~\n",
		"a section such as \"## Asked: user\" is":     top + answer,
		"f:7: the role \"boss\" is not known":         top + "## Asked: boss\n~~~\nq\n~~~\n" + answer,
		`f:14: in an escaped section only`:            top + asked + "## Answer\n\n~~~ {\"escaped\":true}\n\\q\n~~~\n",
		"f:14: what follows the fence cannot be read": top + asked + "## Answer\n\n~~~ {\"size\":1}\n~~~\n",
		`"Tool call" is not known, or not in this`:    top + "## Tool call\n~~~\n~~~\n" + asked + answer,
	} {
		if _, err := ParseExchange("f", []byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}

// script is an asker that answers in order.
type script struct {
	answers []any
	at      int
}

func (s *script) Ask(context.Context, Request) (Answer, error) {
	defer func() { s.at++ }()
	switch a := s.answers[s.at].(type) {
	case error:
		return Answer{Usage: Usage{In: 5, Out: 1}}, a
	default:
		return a.(Answer), nil
	}
}

func ask(stage, text string) Request {
	return Request{Stage: stage, Model: "m", Messages: []Message{{Role: System, Text: "Be brief."}, {Role: User, Text: text}}}
}

func TestRecordAndReplay(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "change")
	scrub := NewScrubber("secret-key-1", "hunter22", "short")
	refused := &Error{Kind: Refused, Message: "the model will not answer: no", Text: "no", Stage: "review", Model: "m"}
	to := &script{answers: []any{
		Answer{Text: "which orders?", Usage: Usage{In: 10, Out: 2}, Finish: "stop"},
		fault(Dropped, "gone"),
		Answer{Text: "key hunter22", Asides: []Message{{Role: User, Text: "Authorization: Bearer abc"}}, ToolCalls: []ToolCall{{"c", "f", `"hunter22"`}}},
		Answer{Text: "two"}, refused,
	}}
	recorder, err := NewRecorder(dir, to, scrub)
	if err != nil {
		t.Fatal(err)
	}
	requests := []Request{ask("refine", "count items"), ask("implement", "lost"), ask("implement", "one secret-key-1 \r\n"), ask("implement", "two"), ask("review", "judge")}
	for i, r := range requests {
		if a, err := recorder.Ask(t.Context(), r); (i == 2 && a.Text != "key hunter22") || (err != nil) != (i == 1 || i == 4) {
			t.Fatal(i, a, err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for i, want := range []string{"01-refine.md", "02-implement.md", "03-implement.md", "04-review.md"} {
		info, err := os.Stat(filepath.Join(dir, want))
		if err != nil || info.Mode().Perm() != 0o600 || filepath.Base(files[i]) != want || len(files) != 4 {
			t.Fatal(files, err)
		}
		if data, _ := os.ReadFile(files[i]); strings.Contains(string(data), "secret-key-1") || strings.Contains(string(data), "hunter22") || strings.Contains(string(data), "abc") {
			t.Errorf("%s holds a secret:\n%s", want, data)
		}
	}
	if _, err := NewRecorder(dir, to, nil); err == nil || !strings.Contains(err.Error(), "holds a recording already (01-refine.md)") {
		t.Error(err)
	}

	account := NewAccount(Budget{}, Prices{}, Spent{}, time.Now)
	player, err := NewPlayer(dir, scrub, account)
	if err != nil {
		t.Fatal(err)
	}
	// Another order of stages, another model and other line ends are the same.
	other := requests[2]
	other.Model, other.MaxTokens = "another", 9
	other.Messages = []Message{{Role: System, Text: "Be brief.  "}, {Role: User, Text: "one secret-key-1"}}
	for _, play := range []struct {
		request Request
		text    string
	}{{other, "key •••"}, {requests[0], "which orders?"}, {requests[3], "two"}} {
		a, err := player.Ask(t.Context(), play.request)
		if err != nil || a.Text != play.text {
			t.Fatal(a, err)
		}
	}
	if diff := cmp.Diff([]string{"04-review.md"}, player.Left()); diff != "" {
		t.Error(diff)
	}
	a, err := player.Ask(t.Context(), requests[4])
	var failure *Error
	if !errors.As(err, &failure) || a.Usage.In != 5 {
		t.Fatal(err)
	}
	if diff := cmp.Diff(refused, failure, cmpopts.IgnoreUnexported(Error{})); diff != "" {
		t.Error(diff)
	}
	if s := account.Spent(); s.Total.Requests != 4 || s.Total.Usage.In != 15 || len(player.Left()) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestMissing(t *testing.T) {
	dir := t.TempDir()
	to := &script{answers: []any{Answer{Text: "1"}, Answer{Text: "2"}, Answer{Text: "3"}}}
	recorder, err := NewRecorder(dir, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("long ", 60)
	for _, r := range []Request{ask("refine", "a\nb\nc"), ask("implement", "x\ny"), ask("implement", "p\n"+long+"q")} {
		if _, err := recorder.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		name  string
		r     Request
		first int // how many of implement to play before
		says  []string
	}{
		{"no such stage", ask("review", "a"), 0, []string{"lacks request 1 of the stage review", "no exchange of that stage"}},
		{"another line", ask("refine", "a\nB\nc"), 0, []string{"request 1 of the stage refine", "01-refine.md", "message 2 (user), line 2", "recorded: b\n", "asked:    B\n"}},
		{"one line more", ask("refine", "a\nb\nc\nd"), 0, []string{"line 4", "recorded: (nothing more)", "asked:    d"}},
		{"not its turn", ask("implement", "p\n"+long+"q"), 0, []string{"request 1 of", "asked as in 03-implement.md, which is not its turn"}},
		{"nearest, long line", ask("implement", "p\n"+long+"r"), 0, []string{"the nearest is 03-implement.md", "long q\n", "long r\n", "recorded: …"}},
		{"too many", ask("implement", "x\ny\nz"), 2, []string{"request 3 of the stage implement", "the nearest is 02-implement.md"}},
		{"a tool more", Request{Stage: "refine", Model: "m", Messages: ask("refine", "a\nb\nc").Messages, Tools: []Tool{{Name: "f", Parameters: json.RawMessage("{}")}}}, 0, []string{"the tool f, line 1", "recorded: Be brief.", "asked:    f"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			player, err := NewPlayer(dir, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range []Request{ask("implement", "x\ny"), ask("implement", "p\n"+long+"q")}[:test.first] {
				if _, err := player.Ask(t.Context(), r); err != nil {
					t.Fatal(err)
				}
			}
			a, err := player.Ask(t.Context(), test.r)
			var missing *MissingError
			if !errors.As(err, &missing) || a.Text != "" {
				t.Fatal(a, err)
			}
			for _, says := range test.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("does not say %q: %v", says, err)
				}
			}
		})
	}
	if err := os.Remove(filepath.Join(dir, "02-implement.md")); err != nil {
		t.Fatal(err)
	}
	if _, err := NewPlayer(dir, nil, nil); err == nil || !strings.Contains(err.Error(), "exchange 02 is missing, of 3") {
		t.Error(err)
	}
	if _, err := NewPlayer(t.TempDir(), nil, nil); err == nil || !strings.Contains(err.Error(), "holds no exchange") {
		t.Error(err)
	}
}

func TestScrub(t *testing.T) {
	s := NewScrubber("abcdef", "abcdefghij", "tiny")
	for text, want := range map[string]string{
		"x abcdefghij y abcdef tiny":                                      "x ••• y ••• tiny",
		`{"Authorization": "Bearer xyz"}`:                                 `{"Authorization": "Bearer •••"}`,
		"curl -H 'authorization: token xyz' u":                            "curl -H 'authorization: token •••' u",
		"sk-proj-" + strings.Repeat("a1", 12) + ".":                       "•••.",
		"glpat-" + strings.Repeat("a", 20):                                "•••",
		"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\nrest": "•••\nrest",
		"task-force and desk-lamp":                                        "task-force and desk-lamp",
	} {
		if got := s.Text(text); got != want || s.Text(got) != got {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

// FuzzText holds that any text comes back from a recording as it was.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "\n", "~~~\n", "a \r\n\\x\x00", "\xff", "\u202e", "---\n## Answer"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, asked, answered string) {
		x := Exchange{Request: ask("refine", asked), Answer: Answer{Text: answered}}
		data, err := x.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		got, err := ParseExchange("f", data)
		if err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		if got.Request.Messages[1].Text != asked || got.Answer.Text != answered {
			t.Errorf("became %q, %q", got.Request.Messages[1].Text, got.Answer.Text)
		}
		if strings.Contains(string(data), "\r") || fragile(strings.TrimRight(string(data), " ")) {
			t.Errorf("fragile: %q", data)
		}
	})
}

// FuzzParseExchange holds that whatever can be read is written and read again as the same.
func FuzzParseExchange(f *testing.F) {
	data, _ := example().MarshalText()
	f.Add(data)
	f.Add([]byte("---\nrecording: 1\nstage: refine\nfailure: empty\n---\n## Asked: user\n~~~\nq\n~~~\n## Failure\n~~~\n~~~\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := ParseExchange("f", data)
		if err != nil {
			return
		}
		again, err := x.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		y, err := ParseExchange("f", again)
		if err != nil {
			t.Fatalf("%v in\n%s", err, again)
		}
		if diff := cmp.Diff(x, y, cmpopts.IgnoreUnexported(Error{}), cmp.AllowUnexported(Exchange{}), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSharedTexts holds that what is said in each request is written once, and read back everywhere.
func TestSharedTexts(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "change")
	long := strings.TrimSpace(strings.Repeat("The product as it is. ", 40))
	recorder, err := NewRecorder(dir, &script{answers: []any{Answer{Text: "a"}, Answer{Text: "b"}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := ask("refine", long)
	second := Request{Stage: "amend", Model: "m", Messages: append(slices.Clone(first.Messages), Message{Role: Assistant, Text: long}, Message{Role: User, Text: long + "and more"})}
	for _, r := range []Request{first, second} {
		if _, err := recorder.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "02-amend.md")
	data, _ := os.ReadFile(name)
	if n := strings.Count(string(data), long); n != 2 || !strings.Contains(string(data), `"as":{"exchange":1,"message":2}`) {
		t.Errorf("the text stands there %d times:\n%s", n, data)
	}
	got, err := ReadRecording(os.DirFS(dir), dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(second.Messages, got[1].Request.Messages); diff != "" {
		t.Error(diff)
	}
	for was, is := range map[string]string{`"exchange":1`: `"exchange":2`, `"message":2`: `"message":9`, `"exchange":1,"message":2`: `"exchange":1,"message":1`} {
		if err := os.WriteFile(name, []byte(strings.Replace(string(data), was, is, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadRecording(os.DirFS(dir), dir); err == nil || !strings.Contains(err.Error(), "02-amend.md: message 2 is said to be") {
			t.Errorf("%s: %v", is, err)
		}
	}
}
