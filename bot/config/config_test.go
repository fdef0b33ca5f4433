package config

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

var update = flag.Bool("update", false, "rewrite golden files")

const whole = `model:
  base_url: https://models.example.com/v1
  key: {env: MODELS_KEY}
  name: big
  stages: {review: other, implement: bigger}
  data: schema
  rounds: 0
  budget: {tokens: 400000, cost: 2.50, minutes: 0.5}
  prices: {big: {in: 1.25, cached: 0.125, out: 10}}
  currency: USD
  timeouts: {idle: 2m, total: 15m, wait: 90s}
`

func TestParse(t *testing.T) {
	c, problems := Parse("etc/codicil.yaml", []byte(whole))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := Model{
		BaseURL: "https://models.example.com/v1", Key: Secret{Env: "MODELS_KEY"}, Name: "big", Stages: Stages{Review: "other", Implement: "bigger"},
		Data: "schema", Budget: Budget{Tokens: 400000, Cost: 2.5, Minutes: 0.5}, Timeouts: Timeouts{"2m", "15m", "90s"},
		Prices: model.Prices{"big": {In: 1.25, Cached: 0.125, Out: 10}}, Currency: "USD",
	}
	if diff := cmp.Diff(want, c.Model, cmpopts.IgnoreUnexported(Secret{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"": "big", author.StageReview: "other", author.StageImplement: "bigger"}, c.Model.Names()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(model.Limits{Idle: 2 * time.Minute, Total: 15 * time.Minute, LongestWait: 90 * time.Second}, c.Model.Timeouts.Limits()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(model.Budget{Tokens: 400000, Cost: 2.5, Duration: 30 * time.Second}, c.Model.Budget.Account()); diff != "" {
		t.Error(diff)
	}
}

func TestDefaults(t *testing.T) {
	c, problems := Parse("codicil.yaml", []byte("model: {name: big}\n"))
	if len(problems) > 0 || c.Model.Rounds != author.DefaultRounds || c.Model.Data != "masked" || !c.Model.Key.IsZero() {
		t.Error(c, problems)
	}
}

func TestEveryStageCanBeNamed(t *testing.T) {
	stages := reflect.TypeFor[Stages]()
	var m Model
	value := reflect.ValueOf(&m.Stages).Elem()
	for i := range stages.NumField() {
		value.Field(i).SetString(stages.Field(i).Tag.Get("json"))
	}
	for stage, name := range m.Names() {
		if stage != "" && name != stage+",omitempty" {
			t.Errorf("the stage %s takes the model of the key %s", stage, name)
		}
	}
	for _, stage := range []string{author.StageRefine, author.StageAmend, author.StageImplement, author.StageRepair, author.StageReview, author.StageMend} {
		if m.Names()[stage] == "" {
			t.Errorf("no key names the model of the stage %s", stage)
		}
	}
	if len(m.Names()) != stages.NumField()+1 {
		t.Errorf("%d keys and %d names", stages.NumField(), len(m.Names())-1)
	}
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":        {"model:\n  rouns: 3\n", `codicil.yaml:2:3: unknown key "rouns"; did you mean "rounds"?`},
		"unknown part":       {"forge: {}\n", `codicil.yaml:1:1: unknown key "forge": remove it; the keys here are model, github, guidelines, server, commits, refresh, limits, questions`},
		"unknown stage":      {"model:\n  stages: {think: x}\n", `codicil.yaml:2:12: unknown key "think": remove it; the keys here are draft, refine, amend, implement, repair, review, mend`},
		"unknown price":      {"model:\n  prices: {m: {in: 1, out: 2, thought: 3}}\n", `codicil.yaml:2:31: unknown key "thought": remove it; the keys here are in, out, cached`},
		"price without out":  {"model:\n  prices: {m: {in: 1}}\n", `codicil.yaml:2:15: missing key "out": add it`},
		"negative price":     {"model:\n  prices: {a/b: {in: 1, out: -2}}\n", `codicil.yaml:2:17: a price of a/b is less than nothing: correct it`},
		"data":               {"model:\n  data: some\n", `codicil.yaml:2:9: data cannot be "some": write one of schema, masked, all`},
		"rounds":             {"model: {rounds: -1}\n", `codicil.yaml:1:17: rounds must be at least 0`},
		"rounds in words":    {"model: {rounds: three}\n", `codicil.yaml:1:17: rounds must be a whole number, not three: write it without quotes, as in 1`},
		"cost":               {"model: {budget: {cost: -0.5}}\n", `codicil.yaml:1:24: cost must be at least 0`},
		"currency":           {"model: {currency: dollars}\n", `codicil.yaml:1:19: currency is written as three capital letters such as USD, not "dollars"`},
		"timeout":            {"model:\n  timeouts:\n    idle: 2 minutes\n", `codicil.yaml:3:11: idle cannot be "2 minutes": write a duration such as 90s or 15m`},
		"no time":            {"model: {timeouts: {total: 0s}}\n", `codicil.yaml:1:27: total cannot be "0s": write a duration such as 90s or 15m`},
		"address":            {"model:\n  base_url: localhost:11434\n", `codicil.yaml:2:13: base_url is not a web address such as http://localhost:11434/v1`},
		"password":           {"model:\n  base_url: https://me:sk-secret@host/v1\n", `codicil.yaml:2:13: base_url holds a user name or password; set the key (OPENAI_API_KEY) instead`},
		"empty":              {"# nothing\n", "codicil.yaml: the file is empty: write it, or delete it"},
		"inline":             {"model:\n  key: sk-secret\n", "codicil.yaml:2:8: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"inline and more":    {"model:\n  rouns: 1\n  key: [sk-secret]\n", "codicil.yaml:3:8: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"as a value":         {"model: {key: {value: sk-secret}}\n", "codicil.yaml:1:14: the secret comes from something else than env, file or command: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"},
		"as a key":           {"model: {key: {sk-secret: }}\n", "codicil.yaml:1:14: the secret comes from something else than env, file or command: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"},
		"as the name":        {"model: {key: {env: sk-secret}}\n", "codicil.yaml:1:20: env is the name of an environment variable, such as OPENAI_API_KEY, not the secret itself"},
		"two sources":        {"model: {key: {env: A, file: b}}\n", "codicil.yaml:1:14: the secret needs exactly one source: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"},
		"no source":          {"model: {key: }\n", "codicil.yaml:1:9: the secret needs exactly one source: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"},
		"a token inline":     {"github:\n  token: sk-secret\n", "codicil.yaml:2:10: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"an App's inline":    {"github: {app: {id: 1, key: sk-secret}}\n", "codicil.yaml:1:28: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"a webhook's inline": {"github:\n  webhook_secrets:\n    - {env: HOOK}\n    - sk-secret\n", "codicil.yaml:4:7: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"no list of them":    {"github: {webhook_secrets: sk-secret}\n", "codicil.yaml:1:27: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"a password inline":  {"server: {account: {user: ops, password: sk-secret}}\n", "codicil.yaml:1:41: a secret is not written into this file: write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}, and if this was a real one, replace it where it was made"},
		"half an account":    {"server: {account: {user: ops}}\n", "codicil.yaml:1:19: an account needs both a user and a password: add what is missing"},
		"a user with colon":  {"server: {account: {user: 'a:b', password: {env: P}}}\n", "codicil.yaml:1:26: a browser can't send a user's name with a colon: choose another"},
		"empty command":      {"model: {key: {command: []}}\n", "codicil.yaml:1:24: command is empty: give it a value, or remove the key"},
		"a shell command":    {"model: {key: {command: pass show openai}}\n", "codicil.yaml:1:24: command must be a list: write [pass show openai]"},
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := Parse("codicil.yaml", []byte(c.text))
			if got := problems.Error(); got != c.want || strings.Contains(got, "sk-secret") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "codicil.yaml")
	if _, err := Load(file); err == nil || !strings.Contains(err.Error(), "there is no file "+file) {
		t.Error(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "is not a file") {
		t.Error(err)
	}
	if err := os.WriteFile(file, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(file); err != nil || c.Model.Name != "big" {
		t.Error(c, err)
	}
}

// TestReadme holds that the example that people copy is right.
func TestReadme(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(text), "```yaml\n# yaml-language-server: $schema="+SchemaID+"\n")
	example, _, _ = strings.Cut(example, "```")
	c, problems := Parse("README.md", []byte(example))
	if len(problems) > 0 || c.Model.Name != "big-model" || c.Model.Timeouts.Wait == "" {
		t.Error(c, problems)
	}
}

func TestSchema(t *testing.T) {
	golden := filepath.Join("testdata", "config-1.json")
	if *update {
		if err := os.WriteFile(golden, Schema(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(Schema())); diff != "" {
		t.Errorf("run go test -update and look at the difference:\n%s", diff)
	}
	for _, v := range []any{Config{}, Model{}, Stages{}, Budget{}, Timeouts{}, Secret{}, model.Price{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			if f := typ.Field(i); f.IsExported() && described[typ.Name()+"."+f.Name] == "" {
				t.Errorf("%s.%s has no description", typ.Name(), f.Name)
			}
		}
	}
}
