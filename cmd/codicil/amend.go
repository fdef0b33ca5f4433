package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/repo"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

// amendFlags are the flags of codicil amend. The values in amendCommand are the defaults.
type amendFlags struct {
	diff, yes, keepRed, verbose bool
	answers, format, guidelines string
	supersede, with             []string
	record, replay, model, data string
	rounds, maxTokens           int
	maxMinutes                  float64
	building                    buildFlags
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
--model or $OPENAI_MODEL. What is sent are the product's files and results.

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
	cmd.Flags().BoolVar(&f.diff, "diff", false, "print the change and write nothing")
	cmd.Flags().StringVar(&f.answers, "answers", "", "file with answers to questions, one a line")
	cmd.Flags().BoolVarP(&f.yes, "yes", "y", false, "take the assumed answers, and record them")
	cmd.Flags().StringArrayVar(&f.supersede, "supersede", nil, "let an earlier amendment's check be retired: N or N:check (may be repeated)")
	cmd.Flags().BoolVar(&f.keepRed, "keep-red", false, "write the best attempt even if something fails")
	cmd.Flags().StringVar(&f.record, "record", "", "folder to record the exchanges with the model in")
	cmd.Flags().StringVar(&f.replay, "replay", "", "folder with a recording to answer from, without a network")
	cmd.Flags().StringVar(&f.model, "model", "", "name of the model; default $OPENAI_MODEL")
	cmd.Flags().StringVar(&f.data, "data", "masked", "values that the model may see: schema (none), masked (none that is classified or looks personal) or all")
	cmd.Flags().IntVar(&f.rounds, "rounds", author.DefaultRounds, "rounds of repair")
	cmd.Flags().IntVar(&f.maxTokens, "max-tokens", 0, "most tokens to spend, in and out together; 0 for no limit")
	cmd.Flags().Float64Var(&f.maxMinutes, "max-minutes", 0, "most minutes to spend; 0 for no limit")
	cmd.Flags().StringVar(&f.format, "format", "text", "text, markdown or json")
	cmd.Flags().StringVar(&f.guidelines, "guidelines", "", "folder or git URL of the organisation's guidelines")
	cmd.Flags().StringArrayVar(&f.with, "with", nil, "folder with products that inputs may come from (may be repeated)")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "list also what passed")
	f.building.add(cmd)
	return cmd
}

// amend runs codicil amend.
func (c *cli) amend(ctx context.Context, requirement, dir string, f *amendFlags) error {
	render, ok := c.outcomeRenderers(f)[f.format]
	if !ok {
		return fmt.Errorf("there is no format %q; it is text, markdown or json", f.format)
	}
	data, ok := map[string]portrait.Mode{"masked": portrait.Masked, "schema": portrait.Schema, "all": portrait.All}[f.data]
	if !ok {
		return fmt.Errorf("--data is schema, masked or all, not %q", f.data)
	}
	job, err := c.job(ctx, requirement, dir, f)
	if err != nil {
		return err
	}
	bar := c.startProgress()
	defer bar.stop()
	a, release, err := c.author(ctx, f, bar)
	if err != nil {
		return err
	}
	defer release()
	a.Portrait.Data = data
	o, err := a.Amend(ctx, job)
	bar.stop()
	if err != nil {
		return err
	}
	return c.deliver(o, f, render)
}

// deliver writes the change and the report.
func (c *cli) deliver(o *author.Outcome, f *amendFlags, render func(io.Writer, *author.Outcome) error) error {
	reportTo := c.stdout
	if f.diff && f.format != "json" {
		reportTo = c.stderr
		if _, err := io.WriteString(c.stdout, o.Diff); err != nil {
			return err
		}
	}
	good := o.Kind == author.Done
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

// outcomeRenderers are the formats of the report.
func (c *cli) outcomeRenderers(f *amendFlags) map[string]func(io.Writer, *author.Outcome) error {
	return map[string]func(io.Writer, *author.Outcome) error{
		"text": func(w io.Writer, o *author.Outcome) error {
			return o.Text(w, report.TextOptions{Width: c.width(), Colour: c.coloured(), Verbose: f.verbose})
		},
		"markdown": func(w io.Writer, o *author.Outcome) error { return o.Markdown(w, report.MarkdownOptions{}) },
		"json":     func(w io.Writer, o *author.Outcome) error { return o.JSON(w) },
	}
}

// job finds the one product in or below dir.
func (c *cli) job(ctx context.Context, requirement, dir string, f *amendFlags) (author.Job, error) {
	now := time.Now().UTC().Truncate(time.Second)
	job := author.Job{Requirement: requirement, AssumeYes: f.yes, Origin: spec.Origin{Kind: spec.OriginIssue, At: &now}}
	abs, err := existingFolder(dir)
	if err != nil {
		return job, err
	}
	under := "."
	job.Tree = product.Tree{Root: abs, Label: dir}
	r, err := repo.Open(ctx, abs)
	switch {
	case err == nil:
		if rel, ok := r.Relative(abs); ok {
			job.Tree, under = product.Tree{Root: r.Root, Label: "the work tree"}, rel
		}
		job.Origin.Author, _ = r.User(ctx)
	case !errors.Is(err, repo.ErrNotRepository):
		return job, err
	}
	found, err := product.Find(job.Tree, under)
	switch {
	case err != nil:
		return job, err
	case len(found) == 0:
		return job, fmt.Errorf("no product in %s: a product is a folder with a %s", dir, product.SpecFile)
	case len(found) > 1:
		return job, fmt.Errorf("there are %d products below %s (%s); name the folder of one", len(found), dir, strings.Join(found, ", "))
	}
	job.Path = found[0]
	for _, s := range f.supersede {
		id, check, _ := strings.Cut(s, ":")
		n, err := strconv.Atoi(strings.TrimSpace(id))
		if err != nil || n < 1 {
			return job, fmt.Errorf("--supersede: %q is not N or N:check, such as 3:amounts are positive", s)
		}
		job.Supersede = append(job.Supersede, author.Supersede{Amendment: n, Check: strings.TrimSpace(check)})
	}
	return job, nil
}

// author makes an author by the flags; release it after use.
func (c *cli) author(ctx context.Context, f *amendFlags, bar *progress) (*author.Author, func(), error) {
	var undo []func()
	release := func() {
		for i := len(undo) - 1; i >= 0; i-- {
			undo[i]()
		}
	}
	builder, closeCache, err := c.builder(f.building, bar)
	if err != nil {
		return nil, release, err
	}
	undo = append(undo, closeCache)
	account := model.NewAccount(model.Budget{Tokens: f.maxTokens, Duration: time.Duration(f.maxMinutes * float64(time.Minute))}, nil, model.Spent{}, time.Now)
	a := &author.Author{
		Account: account, Say: bar.say, Rounds: f.rounds, Models: map[string]string{"": c.modelName(f)},
		Verifier: &verify.Verifier{Builder: builder, Log: c.log(), Now: time.Now, Version: version()},
		Progress: func(p model.Progress) { bar.say(fmt.Sprintf("%s: %d tokens so far %s", p.Stage, p.Tokens, p.Problem)) },
	}
	if f.rounds == 0 {
		a.Rounds = -1
	}
	if a.Questions, err = c.questions(f, bar); err != nil {
		return nil, release, err
	}
	for _, w := range f.with {
		folder, err := existingFolder(w)
		if err != nil {
			return nil, release, fmt.Errorf("--with: %w", err)
		}
		a.With = append(a.With, product.Tree{Root: folder, Label: w})
	}
	if f.guidelines != "" {
		a.GuidelinesGiven = true
		a.Guidelines, err = loadGuidelines(ctx, f.guidelines, func() (string, error) {
			folder, err := os.MkdirTemp("", "codicil-")
			undo = append(undo, func() { _ = os.RemoveAll(folder) })
			return folder, err
		})
		if err != nil {
			return nil, release, err
		}
	}
	return a, release, c.connect(a, f, account, &undo)
}

// modelName is the name of the model; a recording answers under any.
func (c *cli) modelName(f *amendFlags) string {
	switch {
	case f.model != "":
		return f.model
	case c.getenv("OPENAI_MODEL") != "":
		return c.getenv("OPENAI_MODEL")
	case f.replay != "":
		return "recorded"
	}
	return ""
}

// connect gives the author its model: an endpoint, or a recording.
func (c *cli) connect(a *author.Author, f *amendFlags, account *model.Account, undo *[]func()) error {
	scrub := model.NewScrubber(c.getenv("OPENAI_API_KEY"))
	if f.replay != "" {
		if f.record != "" {
			return errors.New("--record and --replay do not go together; leave one out")
		}
		player, err := model.NewPlayer(f.replay, scrub, account)
		if err != nil {
			return fmt.Errorf("--replay: %w", err)
		}
		a.Asker = player
		return nil
	}
	if a.Models[""] == "" {
		return errors.New("no model is named; use --model, or set OPENAI_MODEL")
	}
	client, err := model.NewClient(model.Config{BaseURL: c.getenv("OPENAI_BASE_URL"), Key: c.getenv("OPENAI_API_KEY"), Account: account})
	if err != nil {
		return err
	}
	*undo = append(*undo, client.Close)
	a.Asker = client
	if f.record == "" {
		return nil
	}
	recorder, err := model.NewRecorder(f.record, client, scrub)
	if err != nil {
		return fmt.Errorf("--record: %w", err)
	}
	a.Asker = recorder
	return nil
}

// listNumber begins an answer in a numbered list.
var listNumber = regexp.MustCompile(`^[0-9]+[.)]\s+`)

// questions says how questions are answered: from a file, at a terminal, or not at all.
func (c *cli) questions(f *amendFlags, bar *progress) (func(context.Context, []author.Question) ([]string, error), error) {
	if f.answers != "" {
		data, err := os.ReadFile(f.answers)
		if err != nil {
			return nil, fmt.Errorf("--answers: %w", err)
		}
		var left []string
		for _, line := range strings.Split(string(data), "\n") {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				left = append(left, listNumber.ReplaceAllString(line, ""))
			}
		}
		return func(_ context.Context, questions []author.Question) ([]string, error) {
			if len(left) < len(questions) {
				return nil, author.ErrNoAnswer
			}
			answers := left[:len(questions)]
			left = left[len(questions):]
			return answers, nil
		}, nil
	}
	if in, ok := c.stdin.(*os.File); !ok || !isTerminal(in) {
		return nil, nil
	}
	lines := bufio.NewReader(c.stdin)
	return func(ctx context.Context, questions []author.Question) ([]string, error) {
		bar.stop()
		return c.prompt(ctx, lines, questions)
	}, nil
}

// prompt asks a person at the terminal; an empty line takes what would be assumed.
func (c *cli) prompt(ctx context.Context, lines *bufio.Reader, questions []author.Question) ([]string, error) {
	var answers []string
	for i, q := range questions {
		fmt.Fprintf(c.stderr, "%d. %s\n   [%s] ", i+1, markup.Plain(q.Ask), markup.Plain(q.Assume))
		typed := make(chan string, 1)
		ended := make(chan error, 1)
		go func() {
			line, err := lines.ReadString('\n')
			if err != nil {
				ended <- err
				return
			}
			typed <- strings.TrimSpace(line)
		}()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ended:
			return nil, author.ErrNoAnswer
		case line := <-typed:
			if line == "" {
				line = q.Assume + " (assumed)"
			}
			answers = append(answers, line)
		}
	}
	return answers, nil
}
