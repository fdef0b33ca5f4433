// Package config reads codicil.yaml, in which whoever runs Codicil says which model works for it and within which limits.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/spec"
)

// SchemaID identifies the JSON Schema of codicil.yaml.
const SchemaID = spec.SchemaBase + "config-1.json"

// Config is a codicil.yaml.
type Config struct {
	Model      Model        `json:"model,omitempty"`
	GitHub     GitHub       `json:"github,omitempty"`
	Guidelines []Guidelines `json:"guidelines,omitempty"`
	Server     Server       `json:"server,omitempty"`
	Commits    Commits      `json:"commits,omitempty"`
	Refresh    Refresh      `json:"refresh,omitempty"`
	Limits     Limits       `json:"limits,omitempty"`
	Questions  Questions    `json:"questions,omitempty"`
}

// Model says which model is asked, and within which limits.
type Model struct {
	BaseURL string `json:"base_url,omitempty"` // "" if not said
	Key     Secret `json:"key,omitempty"`      // the zero Secret if not said
	Name    string `json:"name,omitempty"`     // "" if not said
	Stages  Stages `json:"stages,omitempty"`
	// Data is schema, masked or all; masked by default.
	Data string `json:"data,omitempty" jsonschema:"enum=schema,enum=masked,enum=all"`
	// Rounds of repair are author.DefaultRounds by default; 0 means none.
	Rounds   int      `json:"rounds,omitempty" jsonschema:"minimum=0"`
	Budget   Budget   `json:"budget,omitempty"`
	Timeouts Timeouts `json:"timeouts,omitempty"`
	// Prices are in Currency, for a million tokens; a model that is absent costs an unknown amount.
	Prices   model.Prices `json:"prices,omitempty"`
	Currency string       `json:"currency,omitempty"` // such as USD; "" if not said
}

// Stages name another model for one stage of the work; "" stands for the one of all stages.
type Stages struct {
	Draft     string `json:"draft,omitempty"`
	Refine    string `json:"refine,omitempty"`
	Amend     string `json:"amend,omitempty"`
	Implement string `json:"implement,omitempty"`
	Repair    string `json:"repair,omitempty"`
	Review    string `json:"review,omitempty"`
	Mend      string `json:"mend,omitempty"`
}

// Budget limits what one change may spend. Zero fields, the default, do not limit.
type Budget struct {
	Tokens  int     `json:"tokens,omitempty" jsonschema:"minimum=0"`
	Cost    float64 `json:"cost,omitempty" jsonschema:"minimum=0"`
	Minutes float64 `json:"minutes,omitempty" jsonschema:"minimum=0"`
}

// Timeouts say how patient to be, as durations such as 90s or 15m. Those that are not said are model.Limits' own.
type Timeouts struct {
	Idle  string `json:"idle,omitempty"`
	Total string `json:"total,omitempty"`
	Wait  string `json:"wait,omitempty"`
}

// Default is the configuration where nothing is said.
func Default() Config {
	c := Config{Model: Model{Data: "masked", Rounds: author.DefaultRounds}}
	c.fillIn()
	return c
}

// Schema returns the JSON Schema (2020-12) of codicil.yaml.
func Schema() []byte { return spec.SchemaOf(SchemaID, "Codicil configuration", Config{}, described) }

var validator = sync.OnceValue(func() *spec.Validator { return spec.NewValidator(SchemaID, Schema(), Config{}) })

// Parse reads a codicil.yaml; file names it in problems, and its folder is where relative paths begin.
func Parse(file string, data []byte) (Config, bot.Problems) {
	// Secrets are looked at first, since what is said of an ordinary value would quote it.
	if problems := inlineSecrets(file, data); len(problems) > 0 {
		return Config{}, problems
	}
	c := Default()
	source, problems := validator().Parse(file, data, &c)
	if len(problems) > 0 {
		return Config{}, problems
	}
	if problems := append(c.check(source), c.checkBot(source)...); len(problems) > 0 {
		return Config{}, problems.Sorted()
	}
	for pointer, secret := range c.secrets() {
		secret.folder = filepath.Dir(file)
		secret.at = bot.Problem{File: file}
		secret.at.Line, secret.at.Column = source.At(pointer)
	}
	return c, nil
}

// secrets are all secrets, by where they stand.
func (c *Config) secrets() map[string]*Secret {
	all := map[string]*Secret{"/model/key": &c.Model.Key, "/github/app/key": &c.GitHub.App.Key, "/github/token": &c.GitHub.Token, "/server/account/password": &c.Server.Account.Password}
	for i := range c.GitHub.WebhookSecrets {
		all[fmt.Sprintf("/github/webhook_secrets/%d", i)] = &c.GitHub.WebhookSecrets[i]
	}
	return all
}

// Load reads the codicil.yaml at a path. The error is bot.Problems where the file is at fault.
func Load(file string) (Config, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Config{}, fmt.Errorf("read the configuration: there is no file %s; name a codicil.yaml with --config or $CODICIL_CONFIG", file)
	case err != nil:
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	case !info.Mode().IsRegular():
		return Config{}, fmt.Errorf("read the configuration: %s is not a file; name the codicil.yaml itself", file)
	case info.Size() > spec.MaxFileSize:
		return Config{}, bot.Problems{spec.TooLarge(file, info.Size())}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c, problems := Parse(file, data)
	return c, problems.Err()
}
