package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/config"
)

// TestSettings holds that flags go before the file, and the file before the environment.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "codicil.yaml")
	text := "model: {base_url: 'http://file/v1', name: file, stages: {review: other}, data: schema, rounds: 7, budget: {tokens: 1, cost: 2, minutes: 3}}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	environment := map[string]string{"OPENAI_BASE_URL": "http://env/v1", "OPENAI_MODEL": "env"}
	whole := config.Model{BaseURL: "http://file/v1", Name: "file", Stages: config.Stages{Review: "other"}, Data: "schema", Rounds: 7, Budget: config.Budget{Tokens: 1, Cost: 2, Minutes: 3}}
	over := whole
	over.Name, over.Stages, over.Data, over.Rounds, over.Budget = "flag", config.Stages{}, "all", 0, config.Budget{Minutes: 0.5}
	for name, test := range map[string]struct {
		environment map[string]string
		flags       string
		want        config.Model
	}{
		"nothing":     {nil, "", config.Model{Data: "masked", Rounds: 3}},
		"environment": {environment, "", config.Model{BaseURL: "http://env/v1", Name: "env", Data: "masked", Rounds: 3}},
		"file":        {environment, "--config " + file, whole},
		"its name":    {map[string]string{"CODICIL_CONFIG": file}, "", whole},
		"flags":       {environment, "--config " + file + " --model flag --data all --rounds 0 --max-tokens 0 --max-cost 0 --max-minutes 0.5", over},
		"recording":   {nil, "--replay there", config.Model{Name: "recorded", Data: "masked", Rounds: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			var f modelFlags
			cmd := &cobra.Command{}
			f.add(cmd)
			if err := cmd.ParseFlags(strings.Fields(test.flags)); err != nil {
				t.Fatal(err)
			}
			c := &cli{getenv: func(key string) string { return test.environment[key] }}
			got, err := c.settings(f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(config.Secret{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
