// Package deploy holds what comes with the program: example products and guidelines, and what the demonstration plays.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed all:examples
var examples embed.FS

// Examples are the example products by domain, and the folder guidelines.
func Examples() fs.FS {
	sub, err := fs.Sub(examples, "examples")
	if err != nil {
		panic("deploy: " + err.Error()) // the folder is embedded above
	}
	return sub
}
