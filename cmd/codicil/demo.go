package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/apart"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/terminal"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/deploy"
)

// replays are runs of the tests whose recordings the demonstration answers from as well.
//
//go:embed testdata/replay/unit/recording testdata/replay/vague/recording testdata/replay/list_price/recording
var replays embed.FS

// demoFlags are the flags of codicil demo.
type demoFlags struct {
	once    bool
	format  string
	dir     string
	forge   string
	verbose bool
}

func (c *cli) demoCommand() *cobra.Command {
	f := &demoFlags{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the bot at work, with a forge of its own, no account and no key",
		Long: strings.TrimSpace(`
Demo starts a Git forge on this machine with ten example products of three
owners and a guideline repository, lets the bot run there, and plays what
people do: wishes on issues, questions and answers, a wish that conflicts, a
new guideline, a pull request that drifts, a spec edited by hand, and a week
that turns. The model's answers are recorded ones, unless OPENAI_BASE_URL,
OPENAI_API_KEY or OPENAI_MODEL is set. It stays up to be looked at.

Exit status with --once: 0 all came as expected, 1 something is missing.`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.demo(cmd.Context(), f) },
	}
	cmd.Flags().BoolVar(&f.once, "once", false, "end after the play")
	cmd.Flags().StringVar(&f.format, "format", "text", "text or json, for what came of it")
	cmd.Flags().StringVar(&f.dir, "dir", "", "folder for the forge and the bot; default a temporary one")
	cmd.Flags().StringVar(&f.forge, "forge", "127.0.0.1:0", "address of the forge; it must be this machine's own")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "show the bot's log")
	return cmd
}

// demo runs codicil demo.
func (c *cli) demo(ctx context.Context, f *demoFlags) error {
	if f.format != "text" && f.format != "json" {
		return fmt.Errorf("there is no format %q; it is text or json", f.format)
	}
	dir, remove, err := demoFolder(f.dir)
	if err != nil {
		return err
	}
	defer remove()
	builds := filepath.Join(dir, "builds")
	cache, err := product.OpenCache(builds)
	if err != nil {
		return err
	}
	defer cache.Close()
	log := slog.New(slog.DiscardHandler)
	if f.verbose {
		log = c.serverLog(true)
	}
	verifier := &verify.Verifier{Builder: &product.Builder{Cache: cache, Threads: 1}, Log: log, Now: time.Now, Version: version()}
	setup, answers, err := c.demoModel(ctx, builds)
	if err != nil {
		return err
	}
	say := func(text string) { c.tell(text) }
	say("Starting a forge and the bot. Answers of the model: " + answers + ".")
	town, err := demo.Found(ctx, demo.Options{Dir: dir, Examples: deploy.Examples(), Authors: authors(setup, log), Verifier: verifier, Log: log, Now: time.Now, Version: version(), Forge: f.forge})
	if err != nil {
		return err
	}
	defer town.Close()
	bot, err := town.Bot(ctx)
	if err != nil {
		return err
	}
	defer bot.Close()
	running, stop := context.WithCancel(ctx)
	watched, end := context.WithCancelCause(ctx) // there is nothing to be seen without the bot
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		end(errors.Join(errors.New("the bot ended"), bot.Run(running, town.Listener())))
	}()
	defer func() { stop(); <-ended }()
	say("The forge is at " + town.URL() + " (look at it with a browser).")
	play := &demo.Play{Town: town, Bot: bot, Script: deploy.Demo(), Say: say}
	played := play.Run(watched)
	if watched.Err() != nil && ctx.Err() == nil {
		played = context.Cause(watched)
	}
	results, err := play.Results(context.WithoutCancel(ctx))
	if err != nil {
		return errors.Join(played, err)
	}
	if results.Model = answers; played != nil {
		results.Missing = append(results.Missing, played.Error())
	}
	if err := c.showResults(results, f.format); err != nil {
		return err
	}
	if !f.once && played == nil {
		say("The forge stays up at " + town.URL() + ". Merge, close, comment, or open an issue with /amend. Ctrl-C ends it.")
		<-watched.Done()
		if ctx.Err() == nil {
			return context.Cause(watched)
		}
		return nil
	}
	if len(results.Missing) > 0 {
		return failure{}
	}
	return nil
}

// demoFolder is where the demonstration keeps all; remove removes it if it is temporary.
func demoFolder(dir string) (folder string, remove func(), err error) {
	if dir != "" {
		entries, err := os.ReadDir(dir)
		switch {
		case err == nil && len(entries) > 0:
			return "", nil, fmt.Errorf("--dir: %s is not empty; name a new folder", dir)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", nil, fmt.Errorf("--dir: %w", err)
		}
		abs, err := filepath.Abs(dir)
		return abs, func() {}, errors.Join(err, os.MkdirAll(dir, 0o700))
	}
	folder, err = os.MkdirTemp("", "codicil-demo-")
	return folder, func() { _ = os.RemoveAll(folder) }, err
}

// demoModel is what answers for the model: the environment's, or recordings.
func (c *cli) demoModel(ctx context.Context, cache string) (s apart.Setup, answers string, err error) {
	m := config.Default().Model
	if c.getenv("OPENAI_BASE_URL")+c.getenv("OPENAI_API_KEY")+c.getenv("OPENAI_MODEL") != "" {
		if err := c.fromEnvironment(&m); err != nil {
			return s, "", err
		}
		s, err = c.setup(ctx, m, buildFlags{memory: "2GB"})
		s.Cache = cache
		return s, "asked of " + m.Name, err
	}
	m.Name = "recorded"
	return apart.Setup{Model: m, Recorded: true, Cache: cache, Threads: 1, Version: version()}, "recorded", nil
}

// tell writes a line of progress to standard error, with the time, wrapped at the terminal's width.
func (c *cli) tell(text string) {
	lead := time.Now().Format("15:04:05") + "  "
	for _, line := range terminal.Wrap(markup.Plain(text), c.width()-len(lead)) {
		fmt.Fprintln(c.stderr, lead+line)
		lead = strings.Repeat(" ", len(lead))
	}
}

// showResults writes what came of the play.
func (c *cli) showResults(r demo.Results, format string) error {
	if format == "json" {
		out := json.NewEncoder(c.stdout)
		out.SetIndent("", "  ")
		out.SetEscapeHTML(false)
		return out.Encode(r)
	}
	fmt.Fprintf(c.stdout, "\n%-8s%-26s%-12s%s\n", "VERDICT", "PRODUCT", "ORIGIN", "STATE")
	for _, m := range r.MergeRequests {
		fmt.Fprintf(c.stdout, "%-8s%-26s%-12s%s\n        %s\n", m.Verdict, m.Product, m.Origin, m.State, m.URL)
	}
	for _, a := range r.Answers {
		fmt.Fprintf(c.stdout, "\n%s (%s) was answered instead: %s\n", a.Product, a.Origin, a.URL)
		c.indented(c.stdout, a.Text)
	}
	for _, g := range r.Campaigns {
		fmt.Fprintf(c.stdout, "\nThe guideline “%s”: %d to change, %d compliant, %d not bound by it.\n", markup.Plain(g.Title), g.ToChange, g.Compliant, g.NotApplicable)
	}
	for _, what := range r.Missing {
		fmt.Fprintf(c.stdout, "\nmissing: %s\n", markup.Plain(what))
	}
	return nil
}

func (c *cli) indented(w io.Writer, text string) {
	for _, line := range terminal.Wrap(markup.Plain(text), c.width()-2) {
		fmt.Fprintln(w, "  "+line)
	}
}
