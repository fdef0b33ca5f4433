package product

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
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

	source *spec.Source
}

// SeedConfig says how one seed is read.
type SeedConfig struct {
	// Types are DuckDB types by column name; other columns are inferred from all rows.
	Types map[string]string `json:"types"`
}

// ConfigSchema returns the JSON Schema (2020-12) of product.yaml.
func ConfigSchema() []byte {
	return spec.SchemaOf(ConfigSchemaID, "Codicil product configuration", Config{}, map[string]string{
		"Config":           "How a product is built, where the defaults do not fit.",
		"Config.Seeds":     "Column types of seeds, by table name.",
		"SeedConfig":       "How one seed is read.",
		"SeedConfig.Types": "DuckDB types by column name, such as sku: VARCHAR. Columns that are left out are inferred from all rows.",
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
