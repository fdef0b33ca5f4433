package author_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

var recordFrom = flag.String("record-from", "", "base URL of an OpenAI-compatible endpoint to record the plays from that have no recording yet")

// demo holds what the demonstration plays: guidelines that are new, specs edited by hand, and recordings with what each is of.
const demo = "../../deploy/demo"

// play is a piece of work that the demonstration has done from a recording, as recordings/NAME/play.yaml describes it.
type play struct {
	About  string `yaml:"about"`
	Origin string `yaml:"origin"`
	// Product is its folder in the examples.
	Product string `yaml:"product"`
	// Guideline is the id of the one to adopt. Requirement is what was said with a hand edit, whose spec.yaml lies in edits/PRODUCT.
	Guideline   string      `yaml:"guideline"`
	Requirement string      `yaml:"requirement"`
	Evidence    []string    `yaml:"evidence"`
	Kind        author.Kind `yaml:"kind"`
}

// demoGuidelines are those in force in the plays: of the examples, and the new ones.
func demoGuidelines(t *testing.T) (out []guideline.Guideline) {
	t.Helper()
	for _, folder := range []string{"../../deploy/examples/guidelines", demo + "/guidelines"} {
		found, problems := guideline.LoadAll(os.DirFS(folder), folder)
		if len(problems) > 0 || len(found) == 0 {
			t.Fatal(folder, problems)
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b guideline.Guideline) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// exampleTree is a copy of the example products as one tree.
func exampleTree(t *testing.T) product.Tree {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(root, os.DirFS("../../deploy/examples")); err != nil {
		t.Fatal(err)
	}
	return product.Tree{Root: root, Label: "the work tree"}
}

// exactly is a verifier whose tables hold the same rows in the same order each time.
func exactly() *verify.Verifier {
	return &verify.Verifier{
		Builder: &product.Builder{Cache: cache, AllowUnconfined: true, StatementTimeout: 60 * time.Second, Threads: 1},
		Log:     slog.New(slog.DiscardHandler), Now: time.Now, Version: "test",
	}
}

// TestPlays runs the demonstration's recordings. With -record-from, those that are missing are recorded.
func TestPlays(t *testing.T) {
	names, err := filepath.Glob(demo + "/recordings/*/play.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no plays: ", err)
	}
	for _, name := range names {
		t.Run(filepath.Base(filepath.Dir(name)), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			var p play
			d := yaml.NewDecoder(bytes.NewReader(data))
			d.KnownFields(true)
			if err := d.Decode(&p); err != nil {
				t.Fatal(err)
			}
			p.run(t, filepath.Join(filepath.Dir(name), "recording"))
		})
	}
}

// run has the work of a play done, from its recording or to make one.
func (p play) run(t *testing.T, recording string) {
	a := &author.Author{Models: map[string]string{"": "recorded"}, Verifier: exactly(), Guidelines: demoGuidelines(t), GuidelinesGiven: true}
	_, err := os.Stat(recording)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case missing && *recordFrom == "":
		t.Skip("it is not recorded yet")
	case missing:
		client, err := model.NewClient(model.Config{BaseURL: *recordFrom, Key: "none", Limits: model.Limits{Idle: time.Hour, Total: time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		fresh, err := os.MkdirTemp("", "play-") // which stays if it comes to nothing, since answers are dear
		if err != nil {
			t.Fatal(err)
		}
		recorder, err := model.NewRecorder(fresh, client, nil)
		if err != nil {
			t.Fatal(err)
		}
		a.Asker = recorder
		defer func() {
			if t.Failed() {
				t.Log("what was recorded is in ", fresh)
			} else if err := errors.Join(os.CopyFS(recording, os.DirFS(fresh)), os.RemoveAll(fresh)); err != nil {
				t.Error(err)
			}
		}()
	default:
		shelf, err := model.OpenShelf(recording, os.DirFS(recording))
		if err != nil {
			t.Fatal(err)
		}
		a.Asker = shelf.Reader(nil, nil)
	}
	o, err := p.work(t, a)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, p.Kind)
	if err := o.Write(false); err != nil {
		t.Error(err)
	}
	t.Logf("%s\n%s", o.Explanation, o.Diff)
}

// work does what a play's origin asks for, as the bot does.
func (p play) work(t *testing.T, a *author.Author) (*author.Outcome, error) {
	job := author.Job{Tree: exampleTree(t), Path: p.Product, Requirement: p.Requirement, Evidence: p.Evidence}
	ctx := context.Context(t.Context())
	switch p.Origin {
	case spec.OriginGuideline:
		i := slices.IndexFunc(a.Guidelines, func(g guideline.Guideline) bool { return g.ID == p.Guideline })
		if i < 0 {
			t.Fatal("there is no guideline", p.Guideline)
		}
		job.Guideline = &a.Guidelines[i]
		return a.Adopt(ctx, job)
	case spec.OriginSpec:
		before := exampleTree(t)
		job.TreeBefore = &before
		edited, err := os.ReadFile(filepath.Join(demo, "edits", filepath.FromSlash(p.Product), spec.SpecFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(job.Tree.Root, filepath.FromSlash(p.Product), spec.SpecFile), edited, 0o644); err != nil {
			t.Fatal(err)
		}
		return a.Follow(ctx, job)
	case spec.OriginRefresh:
		return a.Refresh(ctx, job)
	}
	t.Fatalf("the origin %q is not known", p.Origin)
	return nil, nil
}

// TestDemoGuideline says which products the demonstration's new guideline concerns: they are what its campaign shows.
func TestDemoGuideline(t *testing.T) {
	t.Parallel()
	tree := exampleTree(t)
	got := map[string][]string{}
	for _, g := range demoGuidelines(t) {
		if g.ID != "points-in-time-come-with-their-day" {
			continue
		}
		dirs, err := product.Find(tree, ".")
		if err != nil {
			t.Fatal(err)
		}
		for _, dir := range dirs {
			c, err := exactly().Complies(t.Context(), verify.Input{Head: tree, Under: dir}, g)
			if err != nil {
				t.Fatal(err)
			}
			state := map[[2]bool]string{{true, true}: "keep it", {true, false}: "don't", {false, false}: "need not"}[[2]bool{c.Applies, c.Complies}]
			got[state] = append(got[state], dir)
		}
	}
	want := map[string][]string{
		"don't":    {"commerce/customers", "commerce/inventory", "commerce/returns"},
		"keep it":  {"commerce/orders", "finance/invoices", "finance/payments_reconciliation", "finance/revenue"},
		"need not": {"marketing/attribution", "marketing/customer_segments", "marketing/email_engagement"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
