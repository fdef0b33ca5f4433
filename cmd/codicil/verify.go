package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/programs"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/uv"
	"github.com/codicil-dev/codicil/bot/verify"
)

// verifyFlags are the flags of codicil verify. The values here are the defaults.
type verifyFlags struct {
	base, format, failOn, guidelines string
	with                             []string
	declare, readers, verbose        bool
	building                         buildFlags
}

// buildFlags are the flags of commands that build products.
type buildFlags struct {
	cache           string
	noCache         bool
	memory          string
	threads         int
	timeout         time.Duration
	allowUnconfined bool
}

func (f *buildFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cache, "cache", "", "folder for builds; default $CODICIL_CACHE, or codicil in the user's cache")
	cmd.Flags().BoolVar(&f.noCache, "no-cache", false, "build everything anew and keep nothing")
	cmd.Flags().StringVar(&f.memory, "memory", "2GB", "memory for one build")
	cmd.Flags().IntVar(&f.threads, "threads", 0, "threads for one build; 0 is one a core")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 5*time.Minute, "time for one statement")
	cmd.Flags().BoolVar(&f.allowUnconfined, "allow-unconfined", false, "run models even where the system offers no confinement")
}

func (c *cli) verifyCommand() *cobra.Command {
	f := &verifyFlags{}
	cmd := &cobra.Command{
		Use:   "verify [DIR]",
		Short: "Prove that products honour their specs, and tell what readers would notice",
		Long: strings.TrimSpace(`
Verify builds every product below DIR as it is on disk (the head) and as it
was (the base), runs all checks and tests, and compares the output.

The base is the commit where HEAD left the default branch; on the default
branch it is HEAD while there are uncommitted changes, else HEAD's parent.
A folder to compare with is written as a path, such as --base ./before.

Exit status: 0 nothing fails, 1 something fails, 2 it could not be run.`),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return c.verify(cmd.Context(), dir, f)
		},
	}
	cmd.Flags().StringVar(&f.base, "base", "", "commit, branch or tag to compare with, or a folder (in a repository written as ./DIR)")
	cmd.Flags().StringVar(&f.format, "format", "text", "text, markdown, json, junit or observability")
	cmd.Flags().StringVar(&f.failOn, "fail-on", "fail", "exit with 1 on: fail, or also on review")
	cmd.Flags().StringVar(&f.guidelines, "guidelines", "", "folder or git URL of the organisation's guidelines")
	cmd.Flags().StringArrayVar(&f.with, "with", nil, "folder with products that inputs may come from (may be repeated)")
	cmd.Flags().BoolVar(&f.readers, "readers", false, "verify also the products of the same tree that read those in DIR")
	cmd.Flags().BoolVar(&f.declare, "declare", false, "draft the amendment that an undeclared difference lacks")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "list also what passed")
	f.building.add(cmd)
	return cmd
}

// verify runs codicil verify.
func (c *cli) verify(ctx context.Context, dir string, f *verifyFlags) (err error) {
	render, ok := c.renderers(f)[f.format]
	if !ok {
		return fmt.Errorf("there is no format %q; it is text, markdown, json, junit or observability", f.format)
	}
	if f.failOn != "fail" && f.failOn != "review" {
		return fmt.Errorf("--fail-on is fail or review, not %q", f.failOn)
	}
	bar := c.startProgress()
	defer bar.stop()
	in, release, err := c.input(ctx, dir, f, bar)
	if err != nil {
		return err
	}
	defer release()
	builder, closeCache, err := c.builder(f.building, bar)
	if err != nil {
		return err
	}
	defer closeCache()
	verifier := &verify.Verifier{Builder: builder, Log: c.log(), Now: time.Now, Version: version()}
	r, err := verifier.Verify(ctx, in)
	if err != nil {
		return err
	}
	bar.stop()
	if err := c.remember(f.building, in, r); err != nil {
		c.log().Warn("the results are not kept for codicil why", "error", err)
	}
	if err := render(c.stdout, r); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if f.declare {
		if err := c.declare(ctx, in, r); err != nil {
			return err
		}
	}
	if r.Verdict == bot.VerdictFail || f.failOn == "review" && r.Verdict == bot.VerdictReview {
		return failure{}
	}
	return nil
}

// renderers are the formats of a report.
func (c *cli) renderers(f *verifyFlags) map[string]func(io.Writer, *bot.Report) error {
	return map[string]func(io.Writer, *bot.Report) error{
		"text": func(w io.Writer, r *bot.Report) error {
			return report.Text(w, r, report.TextOptions{Width: c.width(), Colour: c.coloured(), Verbose: f.verbose})
		},
		"markdown":      func(w io.Writer, r *bot.Report) error { return report.Markdown(w, r, report.MarkdownOptions{}) },
		"json":          report.JSON,
		"junit":         report.JUnit,
		"observability": report.Observability,
	}
}

// builder makes a builder by the flags; close it after use.
func (c *cli) builder(f buildFlags, bar *progress) (*product.Builder, func(), error) {
	memory, err := bytesOf(f.memory)
	if err != nil {
		return nil, nil, fmt.Errorf("--memory: %w", err)
	}
	folder, err := c.buildsFolder(f)
	if err != nil {
		return nil, nil, err
	}
	cache, err := product.OpenCache(folder)
	if err != nil {
		return nil, nil, err
	}
	runner, done, err := c.programs(f)
	if err != nil {
		return nil, nil, errors.Join(err, cache.Close())
	}
	b := &product.Builder{Cache: cache, Memory: memory, Threads: f.threads, StatementTimeout: f.timeout, AllowUnconfined: f.allowUnconfined, Progress: bar.say, Programs: runner}
	return b, func() { done(); _ = cache.Close() }, nil
}

// programs is what runs the programs of products; call done after use.
func (c *cli) programs(f buildFlags) (r *programs.Runner, done func(), err error) {
	folder, err := c.cacheFolder(f)
	if err != nil {
		return nil, nil, err
	}
	done = func() {}
	if folder == "" {
		if folder, err = os.MkdirTemp("", "codicil-python-"); err != nil {
			return nil, nil, fmt.Errorf("make a folder for Python environments: %w", err)
		}
		done = func() { _ = os.RemoveAll(folder) }
	}
	return &programs.Runner{UV: uv.Options{Cache: filepath.Join(folder, "python")}}, done, nil
}

// buildsFolder is where builds are kept; empty for nowhere.
func (c *cli) buildsFolder(f buildFlags) (string, error) {
	folder, err := c.cacheFolder(f)
	if folder != "" {
		folder = filepath.Join(folder, "builds")
	}
	return folder, err
}

// cacheFolder is where builds and the last results are kept; empty for nowhere.
func (c *cli) cacheFolder(f buildFlags) (string, error) {
	switch {
	case f.noCache:
		return "", nil
	case f.cache != "":
		return f.cache, nil
	case c.getenv("CODICIL_CACHE") != "":
		return c.getenv("CODICIL_CACHE"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", nil // without a home folder nothing is kept
	}
	return filepath.Join(dir, "codicil"), nil
}

// bytesOf reads a size such as 512MB or 2GB.
func bytesOf(s string) (int64, error) {
	units := []struct {
		name  string
		bytes int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"G", 1 << 30}, {"M", 1 << 20}}
	upper := strings.ToUpper(strings.TrimSpace(s))
	for _, u := range units {
		if digits, ok := strings.CutSuffix(upper, u.name); ok {
			var n int64
			if _, err := fmt.Sscanf(strings.TrimSpace(digits), "%d", &n); err == nil && n > 0 && n < 1<<20 {
				return n * u.bytes, nil
			}
		}
	}
	return 0, fmt.Errorf("%q is not a size; write one such as 512MB or 2GB", s)
}
