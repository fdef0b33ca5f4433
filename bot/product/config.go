package product

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// ConfigFile is the name of the file that says how a product is built, where the defaults do not fit.
const ConfigFile = "product.yaml"

// ConfigSchemaID identifies the JSON Schema of product.yaml.
const ConfigSchemaID = spec.SchemaBase + "product-1.json"

// Config is a product.yaml. The zero value is the default.
type Config struct {
	// Seeds declares the types of seeds' columns, by the seed's table name.
	Seeds map[string]SeedConfig `json:"seeds,omitempty"`
	// Runner is what builds the product: sql (the models, by DuckDB), dbt or command (a program). Empty is command where Command is given, dbt where
	// there is a dbt_project.yml, and else sql.
	Runner string `json:"runner,omitempty"`
	// Command is the program; nil for the sql runner.
	Command *CommandConfig `json:"command,omitempty"`

	source *spec.Source
}

// SeedConfig says how one seed is read.
type SeedConfig struct {
	// Types are DuckDB types by column name; other columns are inferred from all rows.
	Types map[string]string `json:"types"`
}

// CommandConfig says which program makes a product's tables.
type CommandConfig struct {
	// Build is the program with its arguments, run in the product's folder. It leaves each table in the folder that CODICIL_OUTPUT names, as
	// TABLE.parquet, TABLE.csv or SCHEMA.TABLE.parquet, or all of them in a DuckDB file.
	Build []string `json:"build"`
	// Test is run after it, with the tables there; what it exits with says whether the tests hold. Empty for none.
	Test []string `json:"test,omitempty"`
	// Network are the hosts with ports, as host:port, that the program may reach; none by default.
	Network []string `json:"network,omitempty"`
}

// Runners, as product.yaml names them.
const (
	RunnerSQL     = "sql"
	RunnerCommand = "command"
	RunnerDBT     = "dbt"
)

// dbtProject is the file by which a dbt project is known.
const dbtProject = "dbt_project.yml"

// Runner is what builds the product.
func (p *Product) Runner() string {
	switch {
	case p.Config.Runner != "":
		return p.Config.Runner
	case p.Config.Command != nil:
		return RunnerCommand
	}
	if info, err := os.Lstat(filepath.Join(p.Dir(), dbtProject)); err == nil && info.Mode().IsRegular() {
		return RunnerDBT
	}
	return RunnerSQL
}

// ConfigSchema returns the JSON Schema (2020-12) of product.yaml.
func ConfigSchema() []byte {
	return spec.SchemaOf(ConfigSchemaID, "Codicil product configuration", Config{}, map[string]string{
		"Config":                "How a product is built, where the defaults do not fit.",
		"Config.Seeds":          "Column types of seeds, by table name.",
		"Config.Runner":         "What builds the product: sql (models, by DuckDB), dbt or command (a program). By default command where a command is given, dbt where there is a dbt_project.yml, else sql.",
		"Config.Command":        "The program that makes the tables.",
		"CommandConfig":         "A program that makes a product's tables, in a sandbox.",
		"CommandConfig.Build":   "The program with its arguments, run in the product's folder. It leaves its tables in the folder that CODICIL_OUTPUT names: TABLE.parquet, TABLE.csv or a DuckDB file.",
		"CommandConfig.Test":    "Run after the build; its exit code says whether the tests hold.",
		"CommandConfig.Network": "Hosts with ports, as host:port, that it may reach; none by default.",
		"SeedConfig":            "How one seed is read.",
		"SeedConfig.Types":      "DuckDB types by column name, such as sku: VARCHAR. Columns that are left out are inferred from all rows.",
	})
}

var configValidator = sync.OnceValue(func() *spec.Validator {
	return spec.NewValidator(ConfigSchemaID, ConfigSchema(), Config{})
})

// ParseConfig reads a product.yaml; file names it in problems.
func ParseConfig(file string, data []byte) (Config, bot.Problems) {
	var c Config
	source, problems := configValidator().Parse(file, data, &c)
	if len(problems) > 0 {
		return Config{}, problems
	}
	c.source = source
	problems = append(problems, c.checkRunner(file)...)
	for seed, s := range c.Seeds {
		for column, typ := range s.Types {
			t, err := sqltype.Parse(typ)
			if err == nil && t.Family() != sqltype.Opaque {
				continue
			}
			line, col := source.At("/seeds/" + pointer(seed) + "/types/" + pointer(column))
			problems = append(problems, bot.Problem{File: file, Line: line, Column: col, Message: fmt.Sprintf("%q is not a DuckDB type; write one such as VARCHAR, INTEGER or DECIMAL(10,2)", typ)})
		}
	}
	return c, problems.Sorted()
}

// checkRunner is what is wrong with the runner.
func (c Config) checkRunner(file string) (problems bot.Problems) {
	refuse := func(at, format string, args ...any) {
		line, column := c.source.At(at)
		problems = append(problems, bot.Problem{File: file, Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
	}
	switch c.Runner {
	case "", RunnerSQL, RunnerCommand, RunnerDBT:
	default:
		refuse("/runner", "there is no runner %q; write %s, %s or %s", c.Runner, RunnerSQL, RunnerDBT, RunnerCommand)
	}
	switch {
	case c.Command == nil && c.Runner == RunnerCommand:
		refuse("/runner", "the runner command needs a program; add command: {build: [python, build.py]}")
	case c.Command != nil && c.Runner != "" && c.Runner != RunnerCommand:
		refuse("/command", "the runner %s runs no other program; take the command out, or the runner", c.Runner)
	case c.Command != nil && (len(c.Command.Build) == 0 || c.Command.Build[0] == ""):
		refuse("/command/build", "no program is named; write one such as [python, build.py]")
	}
	if c.Command == nil {
		return problems
	}
	for i, n := range c.Command.Network {
		if host, port, err := net.SplitHostPort(n); err != nil || host == "" || !isPort(port) {
			refuse(fmt.Sprintf("/command/network/%d", i), "%q is no host with a port; write one such as api.example.com:443", n)
		}
	}
	return problems
}

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n > 0 && n < 1<<16
}

// LoadConfig reads the product.yaml of the folder dir; without one the configuration is the default.
func LoadConfig(fsys fs.FS, dir string) (Config, bot.Problems) {
	name := path.Join(dir, ConfigFile)
	refuse := func(format string, args ...any) (Config, bot.Problems) {
		return Config{}, bot.Problems{{File: name, Message: fmt.Sprintf(format, args...)}}
	}
	info, err := fs.Lstat(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Config{}, nil
	case err != nil:
		return refuse("the file is not readable (%v): mend its permissions", errorOnly(err))
	case !info.Mode().IsRegular():
		return refuse("the file is a link or a special file: replace it with a regular file")
	case info.Size() > spec.MaxFileSize:
		return Config{}, bot.Problems{spec.TooLarge(name, info.Size())}
	}
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return refuse("the file is not readable (%v): mend its permissions", errorOnly(err))
	}
	return ParseConfig(name, data)
}

// configProblem is a problem with the key of product.yaml that a JSON pointer names.
func (p *Product) configProblem(pointer, message string) bot.Problem {
	line, column := p.Config.source.KeyAt(pointer)
	return bot.Problem{File: p.file(ConfigFile), Line: line, Column: column, Message: message}
}
