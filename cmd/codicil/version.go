package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/engine"
)

// stamped is set by release builds: -ldflags "-X main.stamped=v1.2.3".
var stamped string

// version is the program's version: what the build was stamped with, else the module's version, else the commit.
func version() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, modified := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				modified = "+changes"
			}
		}
	}
	if len(revision) < 12 {
		return "devel"
	}
	return "devel-" + revision[:12] + modified
}

func (c *cli) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.stdout, "codicil %s (DuckDB %s, %s, %s/%s)\n", version(), engine.DuckDBVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
