package author

import (
	"context"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// StageDraft is the one stage of Draft.
const StageDraft = "draft"

// drafting is the work on a draft.
type drafting struct {
	*change
	facts *facts
	// draft is what the facts alone say, and first its amendment; shown is how the model sees it.
	draft, shown *spec.Spec
	first        *spec.Amendment
	// lenient says that checks which do not hold were sent back once already.
	lenient bool
}

// Draft drafts the spec of a product that is there already but has none. What exists, of which type, and what names one row are
// taken from a real build; the model adds the words, and checks of its own that hold today. Without a model, placeholders stand where
// the words belong. Nothing in the folder but spec.yaml and the first amendment is written; see [Outcome.Write].
func (a *Author) Draft(ctx context.Context, n Newcomer, withModel bool) (*Outcome, error) {
	n.Requirement, n.Origin.Kind = draftRequirement, spec.OriginBootstrap
	return a.work(ctx, n.Job, func(c *change, ctx context.Context, folder string) error {
		c.out.wanted, c.unspecified = wantedDraft, true
		start, err := c.openBare(ctx, folder, n)
		if err != nil {
			return err
		}
		if err := c.bareFiles(); err != nil {
			return err
		}
		if err := c.buildStart(ctx, start); err != nil {
			return err
		}
		if err := c.testStart(ctx, start); err != nil {
			return err
		}
		d := &drafting{change: c}
		if err := d.begin(ctx, n); err != nil {
			return err
		}
		if withModel {
			err = d.write(ctx)
		} else {
			err = d.settle(ctx, d.draft, d.first)
		}
		if err != nil {
			return err
		}
		return d.conclude()
	})
}

// failsAtStart notes what fails in the products that read this one, before there is any spec of it.
func (c *change) failsAtStart(ctx context.Context, start *scratch) (*bot.Report, error) {
	report, err := c.author.Verifier.Verify(ctx, c.input(start, nil))
	if err != nil {
		return nil, err
	}
	for _, r := range report.Results {
		if r.Status == bot.Fail && r.Product != c.product.Name() {
			c.failedBefore[result(r)] = true
		}
	}
	return report, nil
}

// testStart runs the product's own tests: what fails before a spec is drafted would make any spec look wrong.
func (c *change) testStart(ctx context.Context, start *scratch) error {
	report, err := c.failsAtStart(ctx, start)
	if err != nil {
		return err
	}
	for _, r := range report.Results {
		if r.Status == bot.Fail && r.Area == bot.AreaTests && r.Product == c.product.Name() {
			return c.end(Failed, "The product's own test %s fails as it is, so a spec would be drafted from what is wrong; mend that first: %s", r.Name, c.plainPlace(start, r.Message))
		}
	}
	return nil
}

// begin makes the draft of the facts.
func (d *drafting) begin(ctx context.Context, n Newcomer) (err error) {
	if d.facts, err = d.gather(ctx); err != nil {
		return err
	}
	if len(d.facts.tables) == 0 {
		return d.end(Failed, "Every table is internal, so there is nothing that a reader could rely on.")
	}
	d.draft = d.draftSpec(n, d.facts)
	d.out.Found = d.facts.lines()
	d.shown = d.forModel(d.draft, d.facts)
	d.first, err = d.draftAmendment(ctx, d.draft, d.facts)
	d.first.Reading = noReading
	return err
}

// write has the model write the words, until they are accepted.
func (d *drafting) write(ctx context.Context) error {
	task, err := d.task(ctx)
	if err != nil {
		return err
	}
	text, err := prompts.Draft(task)
	if err != nil {
		return err
	}
	talk := d.with(text)
	for sent := 0; ; sent++ {
		d.say("drafting the spec")
		a, between, err := d.consult(ctx, StageDraft, talk, nil)
		if err != nil {
			return err
		}
		faults, err := d.accept(ctx, a.Text)
		if err != nil || len(faults) == 0 {
			return err
		}
		again, err := prompts.Faults(faults)
		if err != nil {
			return err
		}
		talk = append(append(talk, between...), assistant(cut(a.Text, maxShown)), user(again))
		if sent == maxSentBack {
			d.keepBest()
			d.out.Faults = faults
			return d.end(Failed, "No draft came about that agrees with the product, in %d attempts. The last one: %s. What the data alone tell is to be had with --no-model.",
				sent+1, cut(strings.Join(faults, "; "), 600))
		}
	}
}

// task shows the product, and what is to be done.
func (d *drafting) task(ctx context.Context) (task prompts.DraftTask, err error) {
	options, err := d.portraitOptions()
	if err != nil {
		return task, err
	}
	data, err := portrait.Of(ctx, d.product, d.build, d.author.Verifier.Builder, options)
	if err != nil {
		return task, err
	}
	data.Spec = "" // it names nothing yet
	if data.Readers, err = d.readers(); err != nil {
		return task, err
	}
	if d.prefix, err = d.opening(data); err != nil {
		return task, err
	}
	s, err := spec.MarshalSpec(d.shown)
	if err != nil {
		return task, err
	}
	asShown := *d.first
	asShown.Origin = spec.Origin{Kind: d.first.Origin.Kind}
	a, err := spec.MarshalAmendment(&asShown)
	if err != nil {
		return task, err
	}
	task = prompts.DraftTask{Spec: string(s), Amendment: string(a), Path: spec.EntryFile(1), Interface: d.facts.interfaceSentence(), Masked: d.author.Portrait.Data == portrait.Masked}
	for _, t := range d.facts.tables {
		for i, k := range t.Keys {
			if i > 0 {
				task.Keys = append(task.Keys, t.Name+": "+strings.Join(k, ", "))
			}
		}
	}
	return task, nil
}
