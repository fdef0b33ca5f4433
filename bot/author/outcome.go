package author

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Kind is how the work on a requirement ended.
type Kind string

// The kinds of outcome. Only Done brings a change that is ready.
const (
	Done       Kind = "done"
	Asked      Kind = "asked"     // questions wait for answers
	Met        Kind = "met"       // the product does so already
	Conflict   Kind = "conflict"  // an earlier amendment forbids it
	Elsewhere  Kind = "elsewhere" // it does not belong into this product
	Failed     Kind = "failed"    // no proven change came about
	OverBudget Kind = "over_budget"
	Drafted    Kind = "drafted" // a draft holds, but for what only a person can fill in
)

// Outcome is what came of a job.
type Outcome struct {
	Kind Kind `json:"kind"`
	// Explanation is for the asker, in plain sentences. It may hold what a model wrote.
	Explanation string `json:"explanation"`
	// Product is the product's name; empty if its spec could not be read.
	Product     string `json:"product,omitempty"`
	Requirement string `json:"requirement"`
	// Reading is how the requirement was understood, Questions what was asked, with the answers that would be assumed.
	Reading   string     `json:"reading,omitempty"`
	Questions []Question `json:"questions,omitempty"`
	// Amendments are the earlier amendments that matter, for Met and Conflict; Options are ways out of a conflict.
	Amendments []int    `json:"amendments,omitempty"`
	Options    []Option `json:"options,omitempty"`
	// Amendment is the new amendment, nil if it did not come so far.
	Amendment *spec.Amendment `json:"amendment,omitempty"`
	// Weakens lists what the change retires or lets change of earlier checks, tests and seeds: to be looked at first.
	Weakens []string `json:"weakens,omitempty"`
	// Files are the paths that change, from the product's folder, and Diff the whole change.
	Files []string `json:"files,omitempty"`
	Diff  string   `json:"diff,omitempty"`
	// Found is what a draft was made from, a line for each table of the interface, then what is internal.
	Found []string `json:"found,omitempty"`
	// ToFill lists the places of a draft that only a person can write.
	ToFill []string `json:"to_fill,omitempty"`
	// Report is the verification of the best round; nil if it did not come so far.
	Report *bot.Report `json:"report,omitempty"`
	// OverlapBefore and OverlapAfter are how many parts the product's models have in common at the base and in the best round; nil if
	// it did not come so far.
	OverlapBefore *int `json:"overlap_before,omitempty"`
	OverlapAfter  *int `json:"overlap_after,omitempty"`
	// Rounds is how many rounds of repair there were.
	Rounds int `json:"rounds"`
	// Review is what the review said, Notes remarks of it and on the work.
	Review string   `json:"review,omitempty"`
	Notes  []string `json:"notes,omitempty"`
	// Faults say why the model's last answer was not accepted, for Failed.
	Faults  []string    `json:"faults,omitempty"`
	Prompts []Prompt    `json:"prompts,omitempty"`
	Spent   model.Spent `json:"spent"`
	Seconds float64     `json:"seconds"`
	// Currency is that of the cost; empty if nobody said.
	Currency string `json:"currency,omitempty"`

	job  Job
	sums map[string]string
	// wanted is what the work was for, if it is no change: "draft" or "product".
	wanted string
	// fresh says that the product's folder is still to be made.
	fresh bool
	// asked are the requirements of the earlier amendments.
	asked map[int]string
	// files are the texts of Files after the change; absent where they are deleted.
	files map[string]string
}

// Option is a way out of a conflict.
type Option struct {
	Option string `json:"option"`
	// Supersedes are the checks that would have to be retired for it, as the flag --supersede takes them.
	Supersedes []string `json:"supersedes,omitempty"`
}

// Prompt is the size of one request.
type Prompt struct {
	Stage  string `json:"stage"`
	Tokens int    `json:"tokens"`
}

// FileChange is a file as a change leaves it, by its path from the product's folder.
type FileChange struct {
	Path string
	Text string
	// Deleted says that it goes; Text is empty then.
	Deleted bool
}

// Changes are Files with their texts.
func (o *Outcome) Changes() (out []FileChange) {
	for _, name := range o.Files {
		text, ok := o.files[name]
		out = append(out, FileChange{Path: name, Text: text, Deleted: !ok})
	}
	return out
}

// Rest is what the JSON form of an outcome leaves out, and what it takes to make the outcome whole again.
type Rest struct {
	// Files are the texts of the files that change; those of Outcome.Files that are not in it are deleted.
	Files map[string]string
	// Asked are the requirements of the earlier amendments.
	Asked map[int]string
}

// Rest is what the JSON form leaves out.
func (o *Outcome) Rest() Rest { return Rest{Files: o.files, Asked: o.asked} }

// Restore makes an outcome that was read from JSON whole, so that it tells its changes. It can't be written into a tree any more.
func (o *Outcome) Restore(r Rest) { o.files, o.asked = r.Files, r.Asked }

// Asked are the requirements of the product's earlier amendments by their numbers.
func (o *Outcome) Asked() map[int]string { return maps.Clone(o.asked) }

// Green says that a change came about and holds.
func (o *Outcome) Green() bool {
	return o.Kind == Drafted || o.Kind == Done && o.Report != nil && o.Report.Verdict != bot.VerdictFail
}

// Write makes the change in the work tree: all of it or nothing, and only if the tree is still what the change was proven
// against. Only an outcome that is Done and does not fail its verification may be written, or a draft, unless keepRed.
func (o *Outcome) Write(keepRed bool) (err error) {
	switch {
	case len(o.Files) == 0:
		return fmt.Errorf("there is no change to write: %s", o.Explanation)
	case !o.Green() && !keepRed:
		return fmt.Errorf("the change is not proven, so it is not written: %s", o.Explanation)
	}
	if err = unchanged(o.job.Tree, o.job.Path, o.sums); err != nil {
		return err
	}
	if o.fresh {
		unmake, err := o.makeFolder()
		if err != nil {
			return fmt.Errorf("make the product's folder: %w", err)
		}
		defer func() {
			if err != nil {
				unmake()
			}
		}()
	}
	root, err := os.OpenRoot(filepath.Join(o.job.Tree.Root, filepath.FromSlash(o.job.Path)))
	if err != nil {
		return fmt.Errorf("write the change: %w", err)
	}
	defer root.Close()
	var p proposal.Proposal
	for _, name := range o.Files {
		if text, ok := o.files[name]; ok {
			p.Files = append(p.Files, proposal.File{Action: proposal.Write, Path: name, Text: text})
		} else {
			p.Files = append(p.Files, proposal.File{Action: proposal.Delete, Path: name})
		}
	}
	// The rules hold once more: what they refuse can't be among the files, unless this program is at fault.
	rules := mendRules()
	if o.Amendment != nil {
		rules = implementRules().With(spec.SpecFile, spec.EntryFile(o.Amendment.ID))
	}
	if _, faults, err := proposal.Apply(root, p, rules); err != nil || len(faults) > 0 {
		if err == nil {
			err = fmt.Errorf("%s", faults[0])
		}
		return fmt.Errorf("write the change: %w", err)
	}
	return nil
}

// keepBest puts the best round into the outcome.
func (c *change) keepBest() {
	if c.best == nil {
		return
	}
	c.out.Report, c.out.files, c.out.Diff = c.best.report, c.best.files, c.best.diff
	c.out.Amendment = c.best.amendment
	c.out.Files = slices.Clone(c.best.changed)
	sort.Strings(c.out.Files)
	c.out.Weakens, c.out.OverlapAfter = Weakens(c.out.Amendment), c.best.overlap
}

// conclude judges the best round.
func (c *change) conclude() error {
	c.keepBest()
	if c.refreshing && len(c.best.fails) == 0 && c.best.onlyWords() {
		c.out.Files, c.out.Diff, c.out.files, c.out.Amendment, c.out.Weakens = nil, "", nil, nil, nil
		return c.end(Met, "Nothing in the implementation was to be changed: %s", c.best.amendment.Change)
	}
	if len(c.best.fails) > 0 && c.attempts >= leastAttempts && len(c.broken) > 0 {
		return c.forbidden(c.broken, fmt.Sprintf("In each of %d attempts at meeting the spec as it was edited, all held but what was promised before.", c.attempts))
	}
	if len(c.best.fails) > 0 {
		return c.end(Failed, "After %s this still fails: %s. Nothing was written.", counted(c.out.Rounds, "round of repair", "rounds of repair"), c.best.names(3))
	}
	if len(c.best.stands) > 0 {
		return c.end(Failed, "The review holds against it: %s. Nothing was written.", c.best.stands[0])
	}
	return c.end(Done, "%s", c.out.Amendment.Change)
}

// Weakens lists what an amendment lets go of earlier promises.
func Weakens(a *spec.Amendment) []string {
	if a == nil {
		return nil
	}
	var out []string
	for _, s := range a.Supersedes {
		what := "all checks"
		for i, check := range s.Checks {
			if what += fmt.Sprintf(", %q", check); i == 0 {
				what = fmt.Sprintf("the check %q", check)
			}
		}
		out = append(out, fmt.Sprintf("retires %s of amendment %d, because: %s", what, s.Amendment, s.Because))
	}
	for _, x := range a.Expects {
		switch {
		case x.ChangeTest != nil:
			out = append(out, fmt.Sprintf("lets the test %s change, because: %s", x.ChangeTest.Test, x.ChangeTest.Because))
		case x.ChangeSeed != nil:
			out = append(out, fmt.Sprintf("lets rows of the seed %s change", x.ChangeSeed.Seed))
		}
	}
	return out
}
