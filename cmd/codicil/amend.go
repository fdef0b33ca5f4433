package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/report"
)

// amendFlags are the flags of codicil amend. The values in amendCommand are the defaults.
type amendFlags struct {
	yes       bool
	supersede []string
	authorFlags
}

// authorFlags are the flags of commands that have an author do a job.
type authorFlags struct {
	deliverFlags
	working  modelFlags
	building buildFlags
}

func (f *authorFlags) add(cmd *cobra.Command) {
	f.deliverFlags.add(cmd)
	f.working.add(cmd)
	f.building.add(cmd)
}

// deliverFlags are the flags of commands that end in a change and a report of it.
type deliverFlags struct {
	diff, keepRed, verbose bool
	format                 string
}

func (f *deliverFlags) add(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.diff, "diff", false, "print the change and write nothing")
	cmd.Flags().BoolVar(&f.keepRed, "keep-red", false, "write the best attempt even if something fails")
	cmd.Flags().StringVar(&f.format, "format", "text", "text, markdown or json")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "list also what passed")
}

func (c *cli) amendCommand() *cobra.Command {
	f := &amendFlags{}
	cmd := &cobra.Command{
		Use:   "amend REQUIREMENT [DIR]",
		Short: "Change a product for a new requirement, and prove that all earlier ones still hold",
		Long: strings.TrimSpace(`
Amend has a model write the new spec of the product in DIR with an amendment,
implement the whole spec, and repair what fails. All is proven by machine, as
codicil verify does, before the work tree is written.

The model is asked at $OPENAI_BASE_URL with $OPENAI_API_KEY; name it with
--model or $OPENAI_MODEL, or say all this, and prices and limits, in a
codicil.yaml (--config). What is sent are the product's files and results.

Exit status: 0 the change is proven (or nothing needs to change), 1 no change
came about and the report says why, 2 it could not be run.`),
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 2 {
				dir = args[1]
			}
			return c.amend(cmd.Context(), args[0], dir, f)
		},
	}
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "take the assumed answers, and record them")
	cmd.Flags().StringArrayVar(&f.supersede, "supersede", nil, "let an earlier amendment's check be retired: N or N:check (may be repeated)")
	f.authorFlags.add(cmd)
	return cmd
}

// amend runs codicil amend.
func (c *cli) amend(ctx context.Context, requirement, dir string, f *amendFlags) error {
	job, err := c.job(ctx, requirement, dir)
	if err != nil {
		return err
	}
	job.AssumeYes = f.yes
	if job.Supersede, err = supersedes(f.supersede); err != nil {
		return err
	}
	return c.work(ctx, f.authorFlags, func(a *author.Author) (*author.Outcome, error) { return a.Amend(ctx, job) })
}

// work has an author do a job, and delivers what came of it.
func (c *cli) work(ctx context.Context, f authorFlags, do func(*author.Author) (*author.Outcome, error)) error {
	render, err := c.outcomeRenderer(f.deliverFlags)
	if err != nil {
		return err
	}
	bar := c.startProgress()
	defer bar.stop()
	a, release, err := c.author(ctx, f.working, f.building, bar)
	if err != nil {
		return err
	}
	defer release()
	o, err := do(a)
	bar.stop()
	if err != nil {
		return err
	}
	return c.deliver(o, f.deliverFlags, render)
}

// deliver writes the change and the report.
func (c *cli) deliver(o *author.Outcome, f deliverFlags, render func(io.Writer, *author.Outcome) error) error {
	reportTo := c.stdout
	if f.diff && f.format != "json" {
		reportTo = c.stderr
		if _, err := io.WriteString(c.stdout, o.Diff); err != nil {
			return err
		}
	}
	good := o.Kind == author.Done || o.Kind == author.Drafted
	if !f.diff && len(o.Files) > 0 && (good || f.keepRed) {
		if err := o.Write(f.keepRed); err != nil {
			return err
		}
	}
	if err := render(reportTo, o); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if good || o.Kind == author.Met {
		return nil
	}
	return failure{}
}

// outcomeRenderer is the format of the report.
func (c *cli) outcomeRenderer(f deliverFlags) (func(io.Writer, *author.Outcome) error, error) {
	switch f.format {
	case "text":
		return func(w io.Writer, o *author.Outcome) error {
			return o.Text(w, report.TextOptions{Width: c.width(), Colour: c.coloured(), Verbose: f.verbose})
		}, nil
	case "markdown":
		return func(w io.Writer, o *author.Outcome) error { return o.Markdown(w, report.MarkdownOptions{}) }, nil
	case "json":
		return func(w io.Writer, o *author.Outcome) error { return o.JSON(w) }, nil
	}
	return nil, fmt.Errorf("there is no format %q; it is text, markdown or json", f.format)
}
