package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/portrait"
)

// modelFlags are the flags of commands that have a model work. The defaults are those of the configuration.
type modelFlags struct {
	config                      string
	record, replay, model, data string
	rounds, maxTokens           int
	maxCost, maxMinutes         float64
	answers, guidelines         string
	with                        []string
	none                        bool // no model is asked
	// given says whether a flag was given, so that it goes before the configuration.
	given func(flag string) bool
}

func (f *modelFlags) add(cmd *cobra.Command) {
	standard := config.Default().Model
	f.given = cmd.Flags().Changed
	cmd.Flags().StringVar(&f.config, "config", "", "the configuration, a codicil.yaml; default $CODICIL_CONFIG. Flags go before it")
	cmd.Flags().StringVar(&f.answers, "answers", "", "file with answers to questions, one a line")
	cmd.Flags().StringVar(&f.record, "record", "", "folder to record the exchanges with the model in")
	cmd.Flags().StringVar(&f.replay, "replay", "", "folder with a recording to answer from, without a network")
	cmd.Flags().StringVar(&f.model, "model", "", "name of the model for all stages; default $OPENAI_MODEL")
	cmd.Flags().StringVar(&f.data, "data", standard.Data, "values that the model may see: schema (none), masked (none that is classified or looks personal) or all")
	cmd.Flags().IntVar(&f.rounds, "rounds", standard.Rounds, "rounds of repair")
	cmd.Flags().IntVar(&f.maxTokens, "max-tokens", standard.Budget.Tokens, "most tokens to spend, in and out together; 0 for no limit")
	cmd.Flags().Float64Var(&f.maxCost, "max-cost", standard.Budget.Cost, "most to spend, in the currency of the configuration's prices; 0 for no limit")
	cmd.Flags().Float64Var(&f.maxMinutes, "max-minutes", standard.Budget.Minutes, "most minutes to spend; 0 for no limit")
	cmd.Flags().StringVar(&f.guidelines, "guidelines", "", "folder or git URL of the organisation's guidelines")
	cmd.Flags().StringArrayVar(&f.with, "with", nil, "folder with products that inputs may come from (may be repeated)")
}

// settings are the model's by the flags, else the configuration, else the environment. A codicil.yaml that lies in a repository is not
// looked for: whoever writes there must not choose an endpoint or a command for whoever works on it.
func (c *cli) settings(f modelFlags) (config.Model, error) {
	file := f.config
	if file == "" {
		file = c.getenv("CODICIL_CONFIG")
	}
	read := config.Default()
	if file != "" {
		var err error
		if read, err = config.Load(file); err != nil {
			return config.Model{}, err
		}
	}
	m := read.Model
	f.override(&m)
	if err := c.fromEnvironment(&m); err != nil {
		return m, err
	}
	if m.Name == "" && f.replay != "" {
		m.Name = "recorded" // a recording answers under any name
	}
	return m, f.sensible()
}

// fromEnvironment fills in what the configuration leaves to the environment.
func (c *cli) fromEnvironment(m *config.Model) error {
	if m.BaseURL == "" {
		m.BaseURL = c.getenv("OPENAI_BASE_URL")
	}
	if m.Name == "" {
		m.Name = c.getenv("OPENAI_MODEL")
	}
	_, err := modeOf(m.Data)
	return err
}

// override puts the flags that were given in place of the configuration.
func (f modelFlags) override(m *config.Model) {
	if f.given("model") {
		m.Name, m.Stages = f.model, config.Stages{}
	}
	if f.given("data") {
		m.Data = f.data
	}
	if f.given("rounds") {
		m.Rounds = f.rounds
	}
	if f.given("max-tokens") {
		m.Budget.Tokens = f.maxTokens
	}
	if f.given("max-cost") {
		m.Budget.Cost = f.maxCost
	}
	if f.given("max-minutes") {
		m.Budget.Minutes = f.maxMinutes
	}
}

// sensible refuses numbers that mean nothing.
func (f modelFlags) sensible() error {
	for flag, n := range map[string]float64{"rounds": float64(f.rounds), "max-tokens": float64(f.maxTokens), "max-cost": f.maxCost, "max-minutes": f.maxMinutes} {
		if n < 0 {
			return fmt.Errorf("--%s cannot be less than 0", flag)
		}
	}
	return nil
}

// modeOf is how much of the data the model may see.
func modeOf(data string) (portrait.Mode, error) {
	mode, ok := map[string]portrait.Mode{"masked": portrait.Masked, "schema": portrait.Schema, "all": portrait.All}[data]
	if !ok {
		return mode, fmt.Errorf("--data is schema, masked or all, not %q", data)
	}
	return mode, nil
}
