package author

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/spec"
)

// round is the state of a change that was verified.
type round struct {
	report    *bot.Report
	amendment *spec.Amendment
	// fails are the results that fail, one line each with how many rows; titles name them for people.
	fails, titles []string
	// text are the results as a model sees them, work is the difference without spec and amendment.
	text, work string
	// changed, files and diff are the whole change.
	changed []string
	files   map[string]string
	diff    string
	// broken says that the head does not build; told only of rounds without a base.
	broken bool
	// stands are objections of the review that were not met.
	stands []string
	// overlap is how many parts the models have in common; nil if they could not be read.
	overlap *int
}

// same says whether r fails as other does.
func (r *round) same(other *round) bool { return slices.Equal(r.fails, other.fails) }

// names lists some of what fails.
func (r *round) names(most int) string {
	names := slices.Clone(r.titles)
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("and %d more", len(r.titles)-most))
	}
	return strings.Join(names, ", ")
}

// verify verifies the head, and makes it the best round so far.
func (c *change) verify(ctx context.Context) error {
	_, err := c.measure(ctx)
	return err
}

// measure verifies the head. The best round is the one with the fewest failures.
func (c *change) measure(ctx context.Context) (*round, error) {
	c.say("verifying")
	problems, err := c.lint(ctx, c.head)
	if err != nil {
		return nil, err
	}
	found, err := c.author.Verifier.Verify(ctx, c.input(c.head, c.base))
	if err != nil {
		return nil, err
	}
	if raised, err := c.raiseVersion(found); err != nil {
		return nil, err
	} else if raised {
		if found, err = c.author.Verifier.Verify(ctx, c.input(c.head, c.base)); err != nil {
			return nil, err
		}
	}
	if err := c.proveFresh(ctx, found); err != nil {
		return nil, err
	}
	r, err := c.judged(found, problems)
	if err != nil {
		return nil, err
	}
	c.attempted(r)
	if c.best == nil || len(r.fails) < len(c.best.fails) {
		if err := c.overlap(ctx, c.head, &r.overlap); err != nil {
			return nil, err
		}
		c.best = r
	}
	return r, nil
}

// judged is the round that a report and lint's problems make of the head.
func (c *change) judged(found *bot.Report, problems bot.Problems) (r *round, err error) {
	r = &round{amendment: c.amendment, report: c.cleaned(found)}
	for _, line := range lines(problems) {
		r.report.Results = append(r.report.Results, bot.Result{Product: c.product.Name(), ID: "build/lint/" + line, Area: bot.AreaBuild,
			Name: "the files are in order", Status: bot.Fail, Message: c.clean(line)})
		r.report.Verdict = bot.VerdictFail
	}
	r.fails, r.titles = failing(r.report, c.product.Name())
	if r.changed, r.files, err = changes(c.from(), c.head); err != nil {
		return nil, err
	}
	r.diff = unified(c.from(), r.changed, r.files)
	r.work = r.diff
	if c.amendment != nil {
		since, texts, err := changes(c.base, c.head)
		if err != nil {
			return nil, err
		}
		r.work = unified(c.base, since, texts, spec.SpecFile, spec.EntryFile(c.amendment.ID))
	}
	r.text, err = c.plainReport(r.report)
	return r, err
}

// cleaned takes the scratch's place on this machine out of a report. What failed before in a product that reads this one is not this
// change's to mend: it is shown, and does not fail the change.
func (c *change) cleaned(r *bot.Report) *bot.Report {
	of := map[string][]bot.Result{}
	for i := range r.Results {
		r.Results[i].Message = c.clean(r.Results[i].Message)
		if x := &r.Results[i]; x.Status == bot.Fail && c.failedBefore[result(*x)] {
			x.Status, x.Message = bot.Review, "it failed before this change as well: "+x.Message
		}
		of[r.Results[i].Product] = append(of[r.Results[i].Product], r.Results[i])
	}
	for i := range r.Products {
		r.Products[i].Verdict = bot.VerdictOf(of[r.Products[i].Product])
	}
	r.Verdict = bot.VerdictOf(r.Results)
	for i := range r.Notes {
		r.Notes[i] = c.clean(r.Notes[i])
	}
	return r
}

// failing lists what fails: as lines to compare, and by names.
func failing(r *bot.Report, own string) (fails, titles []string) {
	for _, res := range r.Results {
		if res.Status != bot.Fail {
			continue
		}
		var rows int64
		if res.Sample != nil {
			rows = res.Sample.Total
		}
		fails = append(fails, fmt.Sprintf("%s %s %d %s", res.Product, res.ID, rows, res.Message))
		title := res.Name
		if res.Product != own {
			title = res.Product + ": " + title
		}
		titles = append(titles, title)
	}
	slices.Sort(fails)
	return fails, titles
}

// plainReport is a report as a model sees it: without colours, without what differs from run to run, and without rows if no values
// may be shown.
func (c *change) plainReport(r *bot.Report) (string, error) {
	same := *r
	same.At, same.Seconds, same.Codicil, same.Notes = time.Time{}, 0, "", nil
	same.Results = slices.Clone(r.Results)
	for i := range same.Results {
		if x := &same.Results[i]; x.Area == bot.AreaGuidelines && x.File != "" {
			x.File = path.Base(x.File) // guidelines lie in another place on each machine
		}
	}
	if c.author.Portrait.Data == portrait.Schema {
		same.Differences = slices.Clone(r.Differences)
		for i := range same.Results {
			same.Results[i].Sample = nil
		}
		for i := range same.Differences {
			same.Differences[i].Examples = nil
		}
	}
	var b bytes.Buffer
	err := report.Text(&b, &same, report.TextOptions{Width: 120, Focus: c.product.Name(), NoAdvice: true})
	return b.String(), err
}

// raiseVersion sets the spec's version to the least that the observed impact allows, if it is less.
func (c *change) raiseVersion(r *bot.Report) (raised bool, err error) {
	least := ""
	for _, p := range r.Products {
		if p.Product == c.product.Name() {
			least = p.LeastVersion
		}
	}
	text, err := os.ReadFile(c.head.name(spec.SpecFile))
	if err != nil {
		return false, err
	}
	s, _, problems := spec.ParseSpec(spec.SpecFile, text)
	if problems.Err() != nil || s == nil {
		return false, nil
	}
	want, err := semver.NewVersion(least)
	if err != nil {
		return false, nil // there is nothing to compare with
	}
	if now, err := semver.NewVersion(s.Version); err == nil && !now.LessThan(want) {
		return false, nil
	}
	s.Version = want.String()
	out, err := spec.UpdateSpec(text, s)
	if err != nil {
		return false, fmt.Errorf("raise the version to %s: %w", want, err)
	}
	return true, c.head.write(spec.SpecFile, out)
}
