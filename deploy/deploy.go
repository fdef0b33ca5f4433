// Package deploy holds what comes with the program: example products and guidelines, and what the demonstration plays.
package deploy

import (
	"embed"
	"io/fs"
)

//go:embed all:examples
var examples embed.FS

//go:embed all:demo
var demo embed.FS

// Examples are the example products by domain, and the folder guidelines.
func Examples() fs.FS { return within(examples, "examples") }

// Demo is what the demonstration plays besides: the folders guidelines (new ones), edits (of specs, by product), and recordings of a model.
func Demo() fs.FS { return within(demo, "demo") }

func within(all embed.FS, folder string) fs.FS {
	sub, err := fs.Sub(all, folder)
	if err != nil {
		panic("deploy: " + err.Error()) // the folder is embedded above
	}
	return sub
}
