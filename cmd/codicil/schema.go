package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/spec"
)

// schemaNames are the schemas that can be printed, in the order of the help text.
var schemaNames = []string{"spec", "amendment", "guideline", "product", "config", "report"}

// schemaOf returns a schema by its name.
func schemaOf(name string) ([]byte, bool) {
	switch name {
	case "guideline":
		return guideline.Schema(), true
	case "product":
		return product.ConfigSchema(), true
	case "config":
		return config.Schema(), true
	case "report":
		return report.Schema(), true
	}
	schema, ok := spec.Schemas()[name+"-1.json"]
	return schema, ok
}

func (c *cli) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:       "schema " + strings.Join(schemaNames, "|"),
		Short:     "Print the JSON Schema of a format, for editors",
		Args:      cobra.ExactArgs(1),
		ValidArgs: schemaNames,
		RunE: func(_ *cobra.Command, args []string) error {
			schema, ok := schemaOf(args[0])
			if !ok {
				return fmt.Errorf("there is no schema %q; it is one of %s", args[0], strings.Join(schemaNames, ", "))
			}
			_, err := fmt.Fprintln(c.stdout, strings.TrimSpace(string(schema)))
			return err
		},
	}
}
