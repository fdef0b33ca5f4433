package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/codicil-dev/codicil/bot"
)

// cli is what commands have of the outside world.
type cli struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
	colour         string // auto, always or never
	quiet          bool
}

// Exit statuses.
const (
	exitFine   = 0
	exitFails  = 1
	exitNotRun = 2
)

// failure is the end of a command that did its work and found something wrong, which it has told already.
type failure struct{}

// Error is for whoever prints it all the same.
func (failure) Error() string { return "something fails" }

// status tells the user what went wrong, and returns the exit status.
func (c *cli) status(err error) int {
	var fails failure
	var problems bot.Problems
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &fails):
		return exitFails
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(c.stderr, "codicil: interrupted; nothing was changed")
	case errors.As(err, &problems):
		fmt.Fprintln(c.stderr, problems.Error())
	default:
		fmt.Fprintf(c.stderr, "codicil: %v\n", err)
	}
	return exitNotRun
}

// root is the whole command tree.
func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "codicil",
		Short: "Keeps data products true to their specs",
		Long: strings.TrimSpace(`
Codicil keeps a spec beside each data product: what it must be, and why.
It proves that the product honours its whole spec, and tells what a reader
of its output would notice, before a change is merged.`),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	root.PersistentFlags().StringVar(&c.colour, "color", "auto", "colour: auto, always or never")
	root.PersistentFlags().BoolVarP(&c.quiet, "quiet", "q", false, "show no progress")
	root.AddCommand(c.lintCommand(), c.verifyCommand(), c.amendCommand(), c.repairCommand(), c.initCommand(), c.newCommand(), c.whyCommand(), c.serveCommand(), c.syncCommand(), c.statusCommand(), c.campaignCommand(), c.demoCommand(), c.exportCommand(), c.importCommand(), c.schemaCommand(), c.versionCommand())
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

// coloured says whether standard output shall have colour.
func (c *cli) coloured() bool {
	switch c.colour {
	case "always":
		return true
	case "never":
		return false
	}
	return c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb" && isTerminal(c.stdout)
}

// width is how many columns the terminal has; 80 where there is none.
func (c *cli) width() int {
	if f, ok := c.stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// log writes warnings for people to standard error.
func (c *cli) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(c.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
