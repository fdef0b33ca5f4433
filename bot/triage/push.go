package triage

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
	"github.com/codicil-dev/codicil/forge"
)

// push looks at a branch that moved.
func (t *Triage) push(ctx context.Context, e forge.Event) (end, error) {
	branch, ok := strings.CutPrefix(e.Push.Ref, "refs/heads/")
	if !ok {
		return nothing("not a branch")
	}
	if branch == e.Repository.DefaultBranch && !e.Push.Deleted {
		return t.defaultBranch(ctx, e.Repository)
	}
	if strings.HasPrefix(branch, mirror.BranchPrefix) {
		return nothing("a branch of the bot")
	}
	return nothing("not the default branch")
}

// news is what is new on a default branch.
type news struct {
	repository forge.Repository
	mirror     *mirror.Mirror
	// before and after are commits; before is empty where the branch is looked at for the first time.
	before, after string
	changed       []string // paths
	products      []state.Product
	// holds is how many products there are, those beyond the limit among them.
	holds      int
	edits      []edit
	guidelines []revision
	// rules is the check of a commit of a guideline repository; nil if it is none.
	rules *forge.Check
}

// edit is a spec that was edited by hand.
type edit struct {
	path, hash, author, words, url, title string
	// commit is the last one that edited it.
	commit string
	at     time.Time
}

// defaultBranch looks at all that came to a default branch since it was last looked at, whichever event tells of it.
func (t *Triage) defaultBranch(ctx context.Context, r forge.Repository) (end, error) {
	var known state.Repository
	if err := t.DB.View(ctx, func(tx *state.Tx) (err error) {
		known, _, err = tx.Repository(r.Key())
		return err
	}); err != nil {
		return end{}, err
	}
	n := news{repository: r, mirror: t.Library.Mirror(r), before: known.Looked}
	folders, crowd, err := t.lookedAfter(ctx, known)
	if err != nil {
		return end{}, err
	}
	if err := n.mirror.Fetch(ctx); err != nil {
		return end{}, err
	}
	var there bool
	if n.after, there, err = n.mirror.Resolve(ctx, r.DefaultBranch); err != nil {
		return end{}, err
	}
	switch {
	case !there:
		return nothing("there is no %s", r.DefaultBranch)
	case n.after == n.before && (crowd == state.Crowd{} || crowd.Limit == t.MostProducts):
		return end{outcome: n.after[:8] + " was looked at already", do: keepRenewed(known, r)}, nil
	}
	if n.products, n.holds, err = workspace.Scan(ctx, n.mirror, n.after, t.MostProducts, folders); err != nil {
		return end{}, fmt.Errorf("look for products in %s: %w", r, err)
	}
	if n.holds > len(n.products) {
		t.Log.Warn("a repository holds more products than are looked after", "repository", r.String(), "products", n.holds, "limit", t.MostProducts)
	}
	if err := t.compare(ctx, &n); err != nil {
		return end{}, err
	}
	if t.Guidelines(r.Repo) {
		if err := t.revisions(ctx, &n); err != nil {
			return end{}, err
		}
	}
	return end{outcome: n.String(), do: func(tx *state.Tx) error { return t.keep(ctx, tx, n) }}, nil
}

// lookedAfter are the folders of a repository's products that are looked after, and what was said if there were more.
func (t *Triage) lookedAfter(ctx context.Context, r state.Repository) (folders map[string]bool, crowd state.Crowd, err error) {
	folders = map[string]bool{}
	err = t.DB.View(ctx, func(tx *state.Tx) error {
		if r.ID == 0 {
			return nil
		}
		products, err := tx.ProductsIn(r.ID)
		for _, p := range products {
			folders[p.Path] = true
		}
		if err == nil {
			crowd, err = tx.Crowd(r.Key())
		}
		return err
	})
	return folders, crowd, err
}

// String says in a few words what is new.
func (n news) String() string {
	return fmt.Sprintf("%s at %s: %d products, %d specs edited by hand, %d guidelines changed", n.repository, n.after[:8], len(n.products), len(n.edits), len(n.guidelines))
}

// keepRenewed keeps what the host says of a repository, if it says something else than before; it is nil if there is nothing to keep.
func keepRenewed(known state.Repository, r forge.Repository) func(*state.Tx) error {
	if known.Repository == r {
		return nil
	}
	return func(tx *state.Tx) error {
		_, err := tx.SaveRepository(r)
		return err
	}
}

// compare finds what changed since the branch was last looked at. Where that commit is gone, all counts as changed.
func (t *Triage) compare(ctx context.Context, n *news) error {
	if n.before == "" {
		return nil
	}
	if _, ok, err := n.mirror.Resolve(ctx, n.before); err != nil {
		return err
	} else if !ok {
		n.before = ""
		return nil
	}
	var err error
	if n.changed, err = n.mirror.ChangedFiles(ctx, n.before, n.after); err != nil {
		return err
	}
	changed := make(map[string]bool, len(n.changed))
	for _, name := range n.changed {
		changed[name] = true
	}
	var dirs []string
	for _, p := range n.products {
		if p.Unreadable == "" && changed[path.Join(p.Path, spec.SpecFile)] {
			dirs = append(dirs, p.Path)
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	after, err := workspace.DocumentsAt(ctx, n.mirror, n.after, dirs)
	if err != nil {
		return err
	}
	before, err := workspace.DocumentsAt(ctx, n.mirror, n.before, dirs)
	if err != nil {
		return err
	}
	var history []step // read once there is an edit
	for _, dir := range dirs {
		now := after[dir]
		if now.Err != nil {
			t.Log.Warn("a product's ledger can't be read", "repository", n.repository.String(), "product", dir, "error", now.Err)
			continue
		}
		// Where there was none that could be read, it came or was mended.
		if !workspace.HandEdited(before[dir].Document, now.Document) {
			continue
		}
		if history == nil {
			if history, err = n.history(ctx); err != nil {
				return err
			}
		}
		e, err := t.edited(ctx, *n, dir, now.Document, history)
		if err != nil {
			return err
		}
		n.edits = append(n.edits, e)
	}
	return nil
}

// step is a commit with the paths that it changed.
type step struct {
	mirror.Commit
	touched []string
}

// history are the commits that came, the oldest first. A first commit is left out: it has nothing before it.
func (n news) history(ctx context.Context) (steps []step, err error) {
	commits, err := n.mirror.Log(ctx, n.before, n.after)
	if err != nil {
		return nil, err
	}
	for _, c := range commits {
		if len(c.Parents) == 0 {
			continue
		}
		touched, err := n.mirror.ChangedFiles(ctx, c.Parents[0], c.SHA)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{c, touched})
	}
	return steps, nil
}

// edited says whose edit of a spec it was, and in which words.
func (t *Triage) edited(ctx context.Context, n news, dir string, doc *spec.Document, history []step) (edit, error) {
	e := edit{path: dir, hash: spec.Hash(doc.Spec), commit: n.after}
	file := path.Join(dir, spec.SpecFile)
	var words []string
	for _, c := range slices.Backward(history) { // the newest comes last, and counts
		if len(c.Parents) > 1 && len(words) > 0 || !slices.Contains(c.touched, file) {
			continue // a merge only repeats what it brings
		}
		e.author, e.at, e.title, e.commit = c.Author, c.Time, c.Subject, c.SHA
		e.url = n.repository.URL + "/commit/" + c.SHA
		words = append(words, strings.TrimSpace(c.Subject+"\n\n"+c.Body))
		host, ok := t.Hosts(n.repository.Host)
		if !ok {
			continue
		}
		requests, err := host.MergeRequestsOf(ctx, n.repository.Repo, c.SHA)
		if err != nil {
			return e, err
		}
		for _, mr := range requests {
			e.author, e.url, e.title = mr.Author.Login, mr.URL, mr.Title
			if text := strings.TrimSpace(mr.Title + "\n\n" + mr.Body); !slices.Contains(words, text) {
				words = append(words, text)
			}
		}
	}
	if e.at.IsZero() { // a history that does not lead from one to the other
		e.at = t.DB.Now()
	}
	e.words = strings.ToValidUTF8(strings.Join(words, "\n\n"), "\uFFFD") // git takes any bytes
	if len(e.words) > author.MaxRequirement {
		e.words = strings.ToValidUTF8(e.words[:author.MaxRequirement], "")
	}
	if strings.TrimSpace(e.words) == "" {
		e.words = "The spec was edited by hand."
	}
	return e, nil
}

// keep writes what is new, and what is to be done for it.
func (t *Triage) keep(ctx context.Context, tx *state.Tx, n news) error {
	r, err := tx.SaveRepository(n.repository)
	if err != nil {
		return err
	}
	if err := tx.SaveProducts(r.ID, n.products); err != nil {
		return err
	}
	crowd := state.Crowd{}
	if n.holds > len(n.products) {
		crowd = state.Crowd{Holds: n.holds, Limit: t.MostProducts}
	}
	if err := tx.SetCrowd(r.Key(), crowd); err != nil {
		return err
	}
	products, err := tx.ProductsIn(r.ID)
	if err != nil {
		return err
	}
	for _, p := range products {
		for _, e := range n.edits {
			if e.path == p.Path {
				if err := t.keepEdit(ctx, tx, n, p, e); err != nil {
					return err
				}
			}
		}
	}
	if n.before != "" {
		if err := t.proveAgain(ctx, tx, n, products); err != nil {
			return err
		}
	}
	for _, g := range n.guidelines {
		if err := t.keepRevision(ctx, tx, n, g); err != nil {
			return err
		}
	}
	if n.rules != nil {
		if err := t.Outbox.Later(ctx, tx, "guidelines/"+r.Key()+"/"+n.after, outbox.Operation{Kind: outbox.SetCheck, Repo: r.Repo, Check: n.rules}); err != nil {
			return err
		}
	}
	return tx.SetLooked(r.ID, n.after)
}

// keepEdit has a product made to meet its spec as it was edited.
func (t *Triage) keepEdit(ctx context.Context, tx *state.Tx, n news, p state.Product, e edit) error {
	earlier, err := tx.TriggersOf(p.ID)
	if err != nil {
		return err
	}
	before, hash := unfollowed(earlier, n.before), hashOf("spec", e.hash)
	seen := false
	for _, x := range earlier { // an edit on top of one that is not begun: both are one
		if x.Kind != state.KindSpec || !x.State.GoesOn() {
			continue
		}
		if x.Hash == hash { // only its layout is another
			seen = true
		} else if x.State == state.TriggerWaiting {
			x.State, x.Reason = state.TriggerCancelled, "A later edit of the spec takes its place."
			if err := tx.SaveTrigger(x); err != nil {
				return err
			}
		}
	}
	declined, err := tx.WasDeclined(p.ID, hash)
	if err != nil || declined || seen {
		return err
	}
	// The commit is part of the key: a spec may be edited back to what it was once before.
	_, err = t.want(ctx, tx, p, state.Trigger{Kind: state.KindSpec, Key: fmt.Sprintf("spec/%s@%.8s", e.hash, e.commit), Hash: hash, TriggerData: state.TriggerData{
		Author: e.author, Requirement: e.words, URL: e.url, Title: e.title, At: e.at, Before: before, Commit: e.commit}})
	return err
}

// unfollowed is the commit with the spec as the ledger has it: that before the first of a product's edits, as long as none of them, nor anything
// else, was merged since. What was declined or failed still stands in the spec, and not in the ledger.
func unfollowed(earlier []state.Trigger, before string) string {
	first := ""
	for _, x := range earlier {
		switch {
		case x.State == state.TriggerMerged || x.Kind == state.KindSpec && x.State == state.TriggerAnswered:
			first = ""
		case x.Kind == state.KindSpec && first == "":
			first = x.Before
		}
	}
	if first == "" {
		return before
	}
	return first
}

// proveAgain has changes under way proven again, once they are open, whose product, or what it reads, changed on the default branch.
func (t *Triage) proveAgain(ctx context.Context, tx *state.Tx, n news, here []state.Product) error {
	touched := map[string]bool{} // names of products
	for _, p := range here {
		prefix := strings.TrimPrefix(p.Path+"/", "./")
		touched[p.Name] = slices.ContainsFunc(n.changed, func(f string) bool { return strings.HasPrefix(f, prefix) })
	}
	open, err := tx.ChangesIn(state.ChangeWorking, state.ChangeReady, state.ChangeOpen)
	if err != nil {
		return err
	}
	for _, c := range open {
		p, ok, err := tx.Product(c.ProductID)
		if err != nil {
			return err
		}
		own := ok && slices.ContainsFunc(here, func(h state.Product) bool { return h.ID == p.ID }) && touched[p.Name]
		if !own && !slices.ContainsFunc(p.Inputs, func(name string) bool { return touched[name] }) {
			continue
		}
		if _, err := t.want(ctx, tx, p, state.Trigger{Kind: state.KindBase, Key: "base/" + n.after, ChangeID: c.ID, TriggerData: state.TriggerData{At: tx.Now(), Commit: n.after}}); err != nil {
			return err
		}
	}
	return nil
}

// want keeps a trigger and has the product worked on; fresh is false if the trigger was there already.
func (t *Triage) want(ctx context.Context, tx *state.Tx, p state.Product, x state.Trigger) (fresh bool, err error) {
	x.ProductID, x.State = p.ID, state.TriggerWaiting
	_, fresh, err = tx.AddTrigger(x)
	if err != nil || !fresh {
		return fresh, err
	}
	return true, t.rouse(ctx, tx, p.ID)
}

// rouse has a product worked on.
func (t *Triage) rouse(ctx context.Context, tx *state.Tx, product int64) error {
	if _, err := tx.Want(product); err != nil {
		return err
	}
	return t.Queue.Add(ctx, tx, t.Lines.Product, fmt.Sprint(product))
}
