package refresh

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/lint"
	"github.com/codicil-dev/codicil/bot/mirror"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// findings are what is out of date at a product.
type findings struct {
	evidence []string
	// rule is the first guideline in force that is not kept; nil if there is none.
	rule *guideline.Guideline
	// source and commit are where it is.
	source, commit string
	// fingerprint is of all that was looked at, and hash of what was found, for the spec as it is.
	fingerprint, hash string
	// wait says why nothing was looked at this time; empty if all was.
	wait string
}

// look finds out what is out of date. Where somebody asked for it, that includes what was declined before.
func (r *Refresher) look(ctx context.Context, p state.Product, in state.Repository, asked bool) (f findings, err error) {
	m := r.Library.Mirror(in.Repository)
	if err := m.Fetch(ctx); err != nil {
		return f, err
	}
	head, ok, err := m.Resolve(ctx, in.DefaultBranch)
	if err != nil {
		return f, err
	}
	if !ok {
		return f, fmt.Errorf("there is no branch %s", in.DefaultBranch)
	}
	doc, err := workspace.DocumentAt(ctx, m, head, p.Path)
	var problems bot.Problems
	switch {
	case errors.As(err, &problems):
		f.evidence = []string{"The spec or ledger can't be read: " + err.Error()}
		f.fingerprint = sum(f.evidence)
		f.hash = f.fingerprint
		return f, nil
	case err != nil:
		return f, err
	case workspace.HandEdited(nil, doc):
		f.wait = "its spec was edited by hand, which is seen to first"
		return f, nil
	}
	rules, _, err := r.Book.InForce(ctx, in.Repo, r.DB.Now())
	if err != nil {
		return f, err
	}
	if err := r.unkept(ctx, &f, subject{product: p, in: in, head: head, doc: doc, asked: asked}, rules); err != nil {
		return f, err
	}
	warnings, err := r.warnings(ctx, m, head, p)
	if err != nil {
		return f, err
	}
	f.evidence = append(f.evidence, warnings...)
	is := spec.Fingerprint(doc.Spec, doc.Ledger.IDs())
	f.hash = sum(append([]string{is}, f.evidence...))
	inputs := []string{is, "engine " + engine.Version()}
	for _, g := range rules {
		inputs = append(inputs, g.ID+"@"+g.Revision)
	}
	f.fingerprint = sum(append(inputs, f.evidence...))
	return f, nil
}

// warnings are what lint finds worth a second look.
func (r *Refresher) warnings(ctx context.Context, m *mirror.Mirror, head string, p state.Product) (out []string, err error) {
	dir, err := os.MkdirTemp(r.Scratch, "codicil-refresh-")
	if err != nil {
		return nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(dir)
	if _, err := m.Export(ctx, head, spec.SpecFile, dir); err != nil {
		return nil, err
	}
	session, err := engine.Start(ctx, r.Verifier.Builder.Options())
	if err != nil {
		return nil, err
	}
	defer session.Close()
	if err := session.Lock(ctx); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	_, problems, err := lint.Lint(ctx, root.FS(), []string{p.Path}, session)
	if err != nil {
		return nil, err
	}
	for _, x := range problems {
		if x.Severity == bot.SeverityWarning {
			out = append(out, x.String())
		}
	}
	sort.Strings(out)
	return slices.Compact(out), nil
}

func sum(texts []string) string {
	s := sha256.Sum256([]byte(strings.Join(texts, "\x00")))
	return hex.EncodeToString(s[:12])
}
