package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestTown runs the commands that need a forge and a bot as people do: each script in testdata/town has a forge of its own, with three products, and a
// configuration in $CODICIL_CONFIG. Beside the usual commands, guideline FILE commits a guideline, until WORDS COMMAND… runs a command until it prints
// some words, and tamper changes what the bot's merge requests hide.
func TestTown(t *testing.T) {
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/town",
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"guideline": commitGuideline, "until": until, "tamper": tamper},
		Setup: func(e *testscript.Env) error {
			e.Setenv("CODICIL_CACHE", cache)
			e.Setenv("HOME", e.WorkDir)
			return townOf(e)
		},
	})
}

// patience is how long a script waits for a bot on a machine that has much else to do.
const patience = 4 * time.Minute

// townKey finds a script's town.
type townKey struct{}

// townOf founds a script's town, and configures a bot for it.
func townOf(e *testscript.Env) error {
	examples := tiny.Files(map[string][]tiny.Product{"commerce": {{Name: "orders"}}, "finance": {{Name: "bills"}}, "marketing": {{Name: "mails"}}}).(fstest.MapFS)
	town, err := demo.Found(context.Background(), demo.Options{Dir: filepath.Join(e.WorkDir, "town"), Examples: examples, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"})
	if err != nil {
		return err
	}
	e.Defer(func() { _ = town.Close() })
	if err := town.Listener().Close(); err != nil {
		return err
	}
	endpoint := httptest.NewServer(&tiny.Model{})
	e.Defer(endpoint.Close)
	town.SetHook(town.App.ID, town.Webhook(), hookSecret)
	e.Values[townKey{}] = town
	e.Setenv("APP_KEY", town.App.PrivateKey)
	e.Setenv("HOOK_SECRET", hookSecret)
	e.Setenv("MODEL_KEY", modelKey)
	conf := filepath.Join(e.WorkDir, "codicil.yaml")
	e.Setenv("CODICIL_CONFIG", conf)
	return os.WriteFile(conf, fmt.Appendf(nil, `github:
  base_url: %s/
  app: {id: %d, key: {env: APP_KEY}}
  webhook_secrets: [{env: HOOK_SECRET}]
  write_interval: 1ms
guidelines: [{repository: %s/%s, governs: [commerce, finance, marketing]}]
server: {webhooks: "%s", data: %s, visibility: 2s}
limits: {canary: 1}
refresh: {schedule: "off"}
model: {name: tiny, base_url: "%s/v1", key: {env: MODEL_KEY}}
`, town.API(), town.App.ID, demo.Rules, demo.RulesRepository, town.Listener().Addr(), filepath.Join(e.WorkDir, "data"), endpoint.URL), 0o600)
}

func townIn(ts *testscript.TestScript) *demo.Town { return ts.Value(townKey{}).(*demo.Town) }

// commitGuideline waits until the bot knows what is in force, which starts nothing.
func commitGuideline(ts *testscript.TestScript, _ bool, args []string) {
	db, err := state.OpenReadOnly(context.Background(), ts.MkAbs("data/codicil.db"), time.Now)
	ts.Check(err)
	looked := false
	for end := time.Now().Add(patience); !looked && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		ts.Check(db.View(context.Background(), func(tx *state.Tx) error {
			all, err := tx.Repositories()
			looked = slices.ContainsFunc(all, func(r state.Repository) bool { return r.Owner == demo.Rules && r.Looked != "" })
			return err
		}))
	}
	ts.Check(db.Close())
	_, err = townIn(ts).Commit(context.Background(), localforge.Commit{Owner: demo.Rules, Name: demo.RulesRepository, By: "ada", Message: "A guideline", Write: map[string]string{args[0]: ts.ReadFile(args[0])}})
	ts.Check(err)
}

// until runs a command until its output has some words.
func until(ts *testscript.TestScript, _ bool, args []string) {
	var text []byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		c := exec.CommandContext(context.Background(), args[1], args[2:]...)
		c.Dir = ts.MkAbs(".")
		c.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.Getenv("HOME"), "CODICIL_CONFIG=" + ts.Getenv("CODICIL_CONFIG")}
		text, _ = c.CombinedOutput()
		if strings.Contains(string(text), args[0]) {
			return
		}
	}
	ts.Fatalf("%q does not say %q in time, but:\n%s", strings.Join(args[1:], " "), args[0], text)
}

// tamper has people change one letter of what the bot's merge requests hide.
func tamper(ts *testscript.TestScript, _ bool, _ []string) {
	town := townIn(ts)
	for owner, writer := range map[string]string{"commerce": "jane", "finance": "omar"} {
		for _, i := range town.Issues(owner, demo.Repository) {
			before, memo, ok := strings.Cut(i.Body, "<!-- codicil:state ")
			if !ok {
				continue
			}
			other := "A"
			if memo[0] == 'A' {
				other = "B"
			}
			ts.Check(town.Person(writer).Edit(context.Background(), owner, demo.Repository, i.Number, i.Title, before+"<!-- codicil:state "+other+memo[1:]))
		}
	}
}
