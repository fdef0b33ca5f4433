package model

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	openai "github.com/sashabaranov/go-openai"
)

func TestAnswer(t *testing.T) {
	piecemeal := stream(
		`{"choices":[{"delta":{"role":"assistant","content":null}}]}`,
		`{"choices":[{"delta":{"reasoning_content":"hm"}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"run_sql","arguments":""}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"sql\":"}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c2","function":{"name":"read_file","arguments":"{}"}}]}}]}`,
		`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"select 1\"}"}}]}}]}`,
		`{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}`, counted12, "[DONE]")
	noIndex := stream(
		`{"choices":[{"delta":{"tool_calls":[{"id":"c1","function":{"name":"run_sql","arguments":"{}"}},{"id":"c2","function":{"name":"read_file","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}`, "[DONE]")
	whole := status(200, `{"choices":[{"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":{"prompt_tokens":100,"completion_tokens":20}}`)
	slowly := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for range 1000 {
			w.Write([]byte(": keepalive\r\n\r\n"))
			w.(http.Flusher).Flush()
			time.Sleep(time.Second)
		}
		w.Write([]byte("event: message\nid: 7\ndata:" + piece("ok", "stop") + "\r\n\r\ndata: [DONE]"))
	}
	count := Usage{In: 100, Out: 20, Cached: 60, Thinking: 5}
	calls := func(arguments string) []ToolCall {
		return []ToolCall{{"c1", "run_sql", arguments}, {"c2", "read_file", "{}"}}
	}
	for name, test := range map[string]struct {
		from http.HandlerFunc
		want Answer
	}{
		"text":               {saying("An order\nis a wish.  "), Answer{Text: "An order\nis a wish.  ", Finish: "stop", Usage: count}},
		"tool calls":         {piecemeal, Answer{Thinking: "hm", ToolCalls: calls(`{"sql":"select 1"}`), Finish: "tool_calls", Usage: count}},
		"calls, no index":    {noIndex, Answer{ToolCalls: calls("{}"), Finish: "tool_calls", Usage: Usage{In: 16, Out: 2, Estimated: true}}},
		"not streamed":       {whole, Answer{Text: "ok", Finish: "stop", Usage: Usage{In: 100, Out: 20}}},
		"not streamed, late": {after(4*time.Minute, whole), Answer{Text: "ok", Finish: "stop", Usage: Usage{In: 100, Out: 20}}},
		"no type": {func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = nil
			w.Write([]byte("data: " + piece("ok", "stop") + "\n\n"))
		}, Answer{Text: "ok", Finish: "stop", Usage: Usage{In: 16, Out: 1, Estimated: true}}},
		"kept alive":       {slowly, Answer{Text: "ok", Finish: "stop", Usage: Usage{In: 16, Out: 1, Estimated: true}}},
		"no reason":        {stream(piece("ok", ""), "[DONE]"), Answer{Text: "ok", Usage: Usage{In: 16, Out: 1, Estimated: true}}},
		"no end":           {stream(piece("ok", "stop")), Answer{Text: "ok", Finish: "stop", Usage: Usage{In: 16, Out: 1, Estimated: true}}},
		"another's words":  {stream(piece("ok", "END_TURN"), counted12), Answer{Text: "ok", Finish: "stop", Usage: count}},
		"thinks aloud":     {saying("<think>\nhm\n</think>\n\nok"), Answer{Text: "ok", Thinking: "\nhm\n", Finish: "stop", Usage: count}},
		"DeepSeek's count": {stream(piece("ok", "stop"), `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_cache_hit_tokens":8}}`), Answer{Text: "ok", Finish: "stop", Usage: Usage{In: 9, Out: 1, Cached: 8}}},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, handlers{test.from}, nil, func(t *testing.T, e *endpoint, c *Client) {
				got, err := c.Ask(t.Context(), question("implement"))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
				sent := e.requests()[0]
				if sent["stream"] != true || cmp.Diff(sent["stream_options"], map[string]any{"include_usage": true}) != "" {
					t.Errorf("sent %v", sent)
				}
			})
		})
	}
}

func TestToolsAreSent(t *testing.T) {
	within(t, handlers{saying("ok")}, nil, func(t *testing.T, e *endpoint, c *Client) {
		r := question("implement")
		r.MaxTokens = 77
		r.Tools = []Tool{{"run_sql", "Runs a query.", json.RawMessage(`{"type":"object"}`)}}
		r.Messages = append(r.Messages, Message{Role: Assistant, ToolCalls: []ToolCall{{"c1", "run_sql", "{}"}}}, Message{Role: ToolRole, CallID: "c1"})
		if _, err := c.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		got, _ := json.Marshal(e.requests()[0])
		want := `{"max_tokens":77,"messages":[{"content":"Be brief.","role":"system"},{"content":"What is an order?","role":"user"},` +
			`{"role":"assistant","tool_calls":[{"function":{"arguments":"{}","name":"run_sql"},"id":"c1","type":"function"}]},` +
			`{"content":"(empty)","role":"tool","tool_call_id":"c1"}],"model":"m","stream":true,"stream_options":{"include_usage":true},` +
			`"tools":[{"function":{"description":"Runs a query.","name":"run_sql","parameters":{"type":"object"}},"type":"function"}]}`
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestHabits holds that a client learns what an endpoint refuses, once, and that this costs no waiting.
func TestHabits(t *testing.T) {
	refusing := func(says string) http.HandlerFunc { return status(400, problem(says, "")) }
	list := saying("[1]")
	fenced := saying("Here it is:\n\n```json\n[1]\n```\n")
	oneInPiece := status(200, `{"choices":[{"message":{"content":"[1]"},"finish_reason":"stop"}]}`)
	for name, test := range map[string]struct {
		refusal, answer http.HandlerFunc
		gone, there     string
	}{
		"no usage":      {refusing("Unrecognized request argument supplied: stream_options"), list, "stream_options", "stream"},
		"no streaming":  {refusing("streaming is not supported"), oneInPiece, "stream_options", "model"},
		"no schema":     {refusing("this model does not support response_format json_schema"), fenced, "response_format", "stream_options"},
		"no such model": {refusing("response_format for model m is not supported"), fenced, "response_format", "stream_options"},
		"bad schema":    {refusing("Invalid schema for response_format 'numbers'"), fenced, "response_format", "stream_options"},
		"no tools":      {refusing("m does not support tools"), list, "tools", "response_format"},
		"new limit":     {refusing("Unsupported parameter: 'max_tokens', use 'max_completion_tokens'"), list, "max_tokens", "max_completion_tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			within(t, handlers{test.refusal, test.answer}, nil, func(t *testing.T, e *endpoint, c *Client) {
				start := time.Now()
				r := question("refine")
				r.MaxTokens, r.Schema = 50, numbers
				r.Tools = []Tool{{"run_sql", "Runs a query.", json.RawMessage(`{"type":"object"}`)}}
				for range 2 {
					got, err := c.Ask(t.Context(), r)
					if err != nil || string(got.JSON) != "[1]" {
						t.Fatal(got, err)
					}
				}
				all := e.requests()
				if len(all) != 3 || time.Since(start) != 0 {
					t.Fatalf("%d requests in %s", len(all), time.Since(start))
				}
				for _, sent := range all[1:] {
					if _, still := sent[test.gone]; still || sent[test.there] == nil {
						t.Errorf("sent %v", sent)
					}
				}
			})
		})
	}
}

var numbers = &Schema{Name: "numbers", JSON: json.RawMessage(`{"type":"array","items":{"type":"integer"},"minItems":1}`)}

func TestSchema(t *testing.T) {
	r := question("refine")
	r.Schema = numbers
	t.Run("fits", func(t *testing.T) {
		within(t, handlers{saying("[1, 2]\n")}, nil, func(t *testing.T, e *endpoint, c *Client) {
			got, err := c.Ask(t.Context(), r)
			if err != nil || string(got.JSON) != "[1, 2]" || got.Text != "[1, 2]\n" {
				t.Error(got, err)
			}
			format, _ := json.Marshal(e.requests()[0]["response_format"])
			if want := `{"json_schema":{"name":"numbers","schema":{"items":{"type":"integer"},"minItems":1,"type":"array"},"strict":true},"type":"json_schema"}`; string(format) != want {
				t.Errorf("sent %s", format)
			}
		})
	})
	t.Run("sent back", func(t *testing.T) {
		within(t, handlers{saying("[]"), saying(`["a", 2]`), saying("I would say [1]."), saying("[3]")}, nil, func(t *testing.T, e *endpoint, c *Client) {
			got, err := c.Ask(t.Context(), r)
			if err != nil || string(got.JSON) != "[3]" || len(got.Asides) != 6 || got.Usage.In != 400 {
				t.Fatal(got, err)
			}
			for i, says := range []string{"minItems", "at /0: got string, want integer", "no JSON in it"} {
				if !strings.Contains(got.Asides[2*i+1].Text, says) {
					t.Errorf("sent back with %q, not %q", got.Asides[2*i+1].Text, says)
				}
			}
			if last := e.requests()[3]["messages"].([]any); len(last) != 8 {
				t.Errorf("the last request has %d messages", len(last))
			}
		})
	})
	t.Run("wrong five times", func(t *testing.T) {
		within(t, handlers{saying(`[1.5]`)}, nil, func(t *testing.T, e *endpoint, c *Client) {
			got, err := c.Ask(t.Context(), r)
			var known *Error
			if !errors.As(err, &known) || known.Kind != WrongSchema || known.Text != "[1.5]" || len(e.requests()) != 5 || got.Usage.Out != 100 {
				t.Fatal(got, err)
			}
			if !strings.Contains(err.Error(), `5 answers in a row did not fit the schema "numbers"; the last one: - at /0: got number, want integer`) {
				t.Error(err)
			}
		})
	})
	t.Run("fenced when asked", func(t *testing.T) {
		within(t, handlers{saying("First\n```json\n[0]\n```\nno, rather\n```json\n[1]\n```")}, nil, func(t *testing.T, e *endpoint, c *Client) {
			free := r
			free.Schema = &Schema{Name: numbers.Name, JSON: numbers.JSON, Fenced: true}
			got, err := c.Ask(t.Context(), free)
			last := e.requests()[0]["messages"].([]any)[1].(map[string]any)["content"].(string)
			if err != nil || string(got.JSON) != "[1]" || !strings.Contains(last, "What is an order?\n\nEnd your answer") || !strings.Contains(last, `"minItems":1`) {
				t.Error(got, err, last)
			}
		})
	})
	t.Run("needs another document", func(t *testing.T) {
		c, _ := NewClient(Config{Key: "k"})
		bad := question("refine")
		bad.Schema = &Schema{Name: "x", JSON: json.RawMessage(`{"$ref":"file:///etc/passwd"}`)}
		if _, err := c.Ask(t.Context(), bad); err == nil || !strings.Contains(err.Error(), "complete in itself") {
			t.Error(err)
		}
	})
}

func TestContinued(t *testing.T) {
	r := question("implement")
	r.Schema = &Schema{Name: "any", JSON: json.RawMessage(`{"type":"object"}`)}
	answers := handlers{finishing(`{"sql": "select a, b, c, d, e, f, `, "length"), finishing(`{"sql": "select a, b, c, d, e, f, g from `, "length"), saying(`orders"}`)}
	within(t, answers, nil, func(t *testing.T, e *endpoint, c *Client) {
		got, err := c.Ask(t.Context(), r)
		if err != nil || string(got.JSON) != `{"sql": "select a, b, c, d, e, f, g from orders"}` || got.Finish != "stop" || got.Usage.Out != 60 {
			t.Fatal(got, err)
		}
		all := e.requests()
		if all[0]["response_format"] == nil || all[1]["response_format"] != nil || len(all[2]["messages"].([]any)) != 6 {
			t.Errorf("sent %v", all)
		}
	})
}

func TestJoin(t *testing.T) {
	for _, test := range []struct{ text, more, want string }{
		{"select a\nfrom a_rather_long_table_name\nwhe", "from a_rather_long_table_name\nwhere b", "select a\nfrom a_rather_long_table_name\nwhere b"},
		{"select a\nfrom a_rather_long_table_name\nwhe", "re b", "select a\nfrom a_rather_long_table_name\nwhere b"},
		{"x\n    indented and long enough for one, \n", "indented and long enough for one,\n    two", "x\n    indented and long enough for one,\n    two"},
		{"x\n    indented and long enough for one,", "\n    two", "x\n    indented and long enough for one,\n    two"},
		{"1,2\n1,2\n", "1,2\n", "1,2\n1,2\n1,2\n"},
		{"short", "short and more", "short and more"},
		{"", "more", "more"},
		{"\n\n", "more", "\n\nmore"},
	} {
		if got := join(test.text, test.more); got != test.want {
			t.Errorf("join %q and %q: %q, not %q", test.text, test.more, got, test.want)
		}
	}
	for _, text := range []string{"", "a", "\n", "\n\n\n", strings.Repeat("é", 500), strings.Repeat("a\n", 50)} {
		if a := anchor(text); !strings.HasSuffix(text, a) || len(a) > longAnchor || text != "" && a == "" {
			t.Errorf("anchor of %q is %q", text, a)
		}
	}
}

func TestProgress(t *testing.T) {
	within(t, handlers{status(503, "busy secret-key-1", "Retry-After: 9"), saying(strings.Repeat("word ", 700))}, nil, func(t *testing.T, _ *endpoint, c *Client) {
		var seen []Progress
		r := question("verify")
		r.Progress = func(p Progress) { seen = append(seen, p) }
		if _, err := c.Ask(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if seen[0].Wait != 9*time.Second || !strings.Contains(seen[0].Problem, "503") || strings.Contains(seen[0].Problem, "secret") {
			t.Errorf("first %+v", seen[0])
		}
		if last := seen[len(seen)-1]; len(seen) != 5 || last.Tokens != 1000 || last.Stage != "verify" || seen[1].Tokens != 500 {
			t.Errorf("%+v", seen)
		}
	})
}

// TestTogether asks from many goroutines, of an endpoint whose habits are still to be learnt.
func TestTogether(t *testing.T) {
	within(t, handlers{func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.Header.Get("X-Body"), "stream_options") {
			status(400, problem("stream_options is not known", ""))(w, r)
			return
		}
		saying("ok")(w, r)
	}}, nil, func(t *testing.T, _ *endpoint, c *Client) {
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if got, err := c.Ask(t.Context(), question("refine")); err != nil || got.Text != "ok" {
					t.Error(got, err)
				}
			})
		}
		wg.Wait()
	})
}

// TestSpentOnWhatWasLost holds that an answer that was dropped is counted all the same.
func TestSpentOnWhatWasLost(t *testing.T) {
	within(t, handlers{dropping, saying("ok")}, nil, func(t *testing.T, _ *endpoint, c *Client) {
		got, err := c.Ask(t.Context(), question("refine"))
		if want := (Usage{In: 116, Out: 22, Cached: 60, Thinking: 5, Estimated: true}); err != nil || got.Usage != want {
			t.Errorf("%+v, %v", got.Usage, err)
		}
	})
}

// TestOwnRefusal holds that a request which go-openai itself will not send is neither repeated nor called a lost connection.
func TestOwnRefusal(t *testing.T) {
	within(t, handlers{saying("ok")}, nil, func(t *testing.T, e *endpoint, c *Client) {
		r := question("implement")
		r.Tools = []Tool{{"f", "", json.RawMessage("{}")}}
		r.Model = openai.GPT6Sol
		if _, err := c.Ask(t.Context(), r); !errors.Is(err, Rejected) || len(e.requests()) != 0 {
			t.Error(err)
		}
	})
}

func TestBudget(t *testing.T) {
	prices := Prices{"m": {In: 1000, Out: 10000, Cached: 100}}
	for name, test := range map[string]struct {
		budget Budget
		prices Prices
		limit  string
		asks   int // that go well before
	}{
		"tokens":              {Budget{Tokens: 240}, nil, "tokens", 2},
		"tokens for a prompt": {Budget{Tokens: 130}, nil, "tokens", 1},
		"cost":                {Budget{Cost: 0.6}, prices, "cost", 3}, // 0.246 for each answer
		"unknown price":       {Budget{Cost: 100}, Prices{"n": {In: 1}}, "cost", 0},
		"none":                {Budget{}, nil, "", 5},
	} {
		t.Run(name, func(t *testing.T) {
			account := NewAccount(test.budget, test.prices, Spent{}, time.Now)
			within(t, handlers{saying("ok")}, func(c *Config) { c.Account = account }, func(t *testing.T, e *endpoint, c *Client) {
				for range test.asks {
					if _, err := c.Ask(t.Context(), question("refine")); err != nil {
						t.Fatal(err)
					}
				}
				if test.limit == "" {
					return
				}
				var over *BudgetError
				if _, err := c.Ask(t.Context(), question("refine")); !errors.As(err, &over) || over.Limit != test.limit {
					t.Error(err)
				}
				if len(e.requests()) != test.asks {
					t.Errorf("%d requests were made", len(e.requests()))
				}
			})
		})
	}
}

func TestDurationEndsARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := serve(t, hang)
		account := NewAccount(Budget{Duration: 3 * time.Minute}, nil, Spent{Elapsed: time.Minute}, time.Now)
		c := e.client(t, func(c *Config) { c.Account = account })
		start := time.Now()
		var over *BudgetError
		if _, err := c.Ask(t.Context(), question("refine")); !errors.As(err, &over) || over.Limit != "duration" || time.Since(start) != 2*time.Minute {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		if _, err := c.Ask(t.Context(), question("refine")); !errors.As(err, &over) || len(e.requests()) != 1 {
			t.Error(err)
		}
		c.Close()
		e.server.CloseClientConnections()
		e.server.Close()
	})
}

func TestAccount(t *testing.T) {
	prices := Prices{"m": {In: 1000, Out: 10000, Cached: 100}}
	a := NewAccount(Budget{Rounds: 2}, prices, Spent{}, time.Now)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			settle, err := a.reserve("refine", "m", 10)
			if err != nil {
				t.Error(err)
				return
			}
			settle(Usage{In: 100, Cached: 60, Out: 20})
		})
	}
	wg.Wait()
	settle, _ := a.reserve("review", "unpriced", 10)
	settle(Usage{In: 1, Out: 1})
	got := a.Spent()
	if s := got.Stages[0]; s.Requests != 50 || s.Usage.In != 5000 || s.Cost < 12.2999 || s.Cost > 12.3001 || !s.CostKnown {
		t.Errorf("%+v", s)
	}
	if got.Total.CostKnown || got.Stages[1].CostKnown || got.Total.Requests != 51 || a.holding.Total() != 0 {
		t.Errorf("%+v", got)
	}
	for range 2 {
		if err := a.Round(); err != nil {
			t.Error(err)
		}
	}
	var over *BudgetError
	if err := a.Round(); !errors.As(err, &over) || over.Limit != "rounds" {
		t.Error(err)
	}
	again := NewAccount(Budget{Tokens: 6002}, prices, a.Spent(), time.Now)
	if _, err := again.reserve("refine", "m", 1); !errors.As(err, &over) {
		t.Error("what was spent before a restart should count")
	}
	held := NewAccount(Budget{Tokens: 100}, nil, Spent{}, time.Now)
	if _, err := held.reserve("a", "m", 60); err != nil {
		t.Error(err)
	}
	if _, err := held.reserve("b", "m", 60); !errors.As(err, &over) {
		t.Error("requests under way should count")
	}
}
