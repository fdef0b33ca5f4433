// Package weak finds the checks of a product's ledger that prove nothing any more: those that hold whatever the data, that are about data
// which are gone, or that nothing could break.
package weak

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/evidence"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Kind is what ails a check.
type Kind string

// The kinds.
const (
	// Constant reads no table, or is a condition that doesn't depend on the spec.
	Constant Kind = "constant"
	// Contradiction asks for rows that cannot be, whatever the data: DuckDB's optimizer says so.
	Contradiction Kind = "contradiction"
	// Gone reads tables or columns that the product does not have any more.
	Gone Kind = "gone"
	// Empty could be broken only by values of a table or column that has none.
	Empty Kind = "empty"
	// Unbreakable held with whatever the tables were filled: missing rows, rows twice, and all kinds of values in all columns that it reads.
	Unbreakable Kind = "unbreakable"
)

// severities say how much is lost. What was only tried out counts least.
var severities = map[Kind]evidence.Severity{Constant: evidence.Medium, Contradiction: evidence.Medium, Gone: evidence.Medium, Empty: evidence.Low, Unbreakable: evidence.Low}

// Check is a check that has gone weak.
type Check struct {
	// Amendment is the id of its amendment, Name its name.
	Amendment int
	Name      string
	Kind      Kind
	// Why is for people, in one sentence without a final full stop. It holds no value of the data.
	Why string
	// On is the table or table.column that Gone and Empty are about.
	On string
	// File and Line are where the check stands.
	File string
	Line int
}

// Looker looks at checks. Its fields are needed unless said otherwise.
type Looker struct {
	// Options are the engine's for a session that reads files and folders, as of [product.Builder.Options].
	Options func(readOnly ...string) engine.Options
	Now     func() time.Time
	// Patience is how long one check may take; 30s if 0.
	Patience time.Duration
}

// Subject is a product with its spec, its ledger and a complete build on its own data.
type Subject struct {
	Document *spec.Document
	Build    *product.Build
}

// Fingerprint is the same as long as Look would find the same, so that it need not be asked again.
func (s Subject) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", engine.Version(), s.Build.Key, spec.Hash(s.Document.Spec))
	for _, e := range s.Document.Ledger.Entries {
		fmt.Fprintf(h, "%q %q\n", e.File, e.Data)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Report is what Look finds, as evidence about a product.
func (l *Looker) Report(ctx context.Context, s Subject) (evidence.Report, error) {
	checks, unsure, err := l.Look(ctx, s)
	if err != nil {
		return evidence.Report{}, err
	}
	r := evidence.Report{NotAsked: unsure}
	for _, c := range checks {
		id := string(c.Kind)
		if c.On != "" {
			id += " " + c.On
		}
		r.Findings = append(r.Findings, evidence.Finding{
			Source: evidence.Checks, Product: s.Build.Product, Subject: fmt.Sprintf("%04d: %s", c.Amendment, c.Name), ID: evidence.Line(id),
			Severity: severities[c.Kind], Title: evidence.Line(c.Why), At: l.Now(), File: c.File, Line: c.Line,
		})
	}
	return r.Sorted(), nil
}

// Look finds the checks that bind and have gone weak, in the order of the ledger, and those of which it couldn't be told in time. Checks of
// amendments that are not implemented yet are left out. The error is for what stood in the way of looking at all.
func (l *Looker) Look(ctx context.Context, s Subject) (weak []Check, unsure []evidence.NotAsked, err error) {
	if s.Document.Spec == nil {
		return nil, nil, errors.New("look at checks: the spec can't be read")
	}
	if err := s.Build.Failed(); err != nil {
		return nil, nil, fmt.Errorf("look at checks: %w", err)
	}
	var r *room
	defer func() {
		if r != nil {
			r.close()
		}
	}()
	for _, a := range s.Document.Ledger.Active() {
		if a.Pending {
			continue
		}
		var found *Check
		var why string
		if a.Check.CEL != "" {
			found = celCheck(a.Check.CEL, s.Document.Spec)
		} else {
			if r == nil {
				if r, err = l.open(ctx, s); err != nil {
					return nil, nil, fmt.Errorf("look at checks: %w", err)
				}
			}
			found, why = l.sqlCheck(ctx, r, a)
			if ctx.Err() != nil {
				return nil, nil, fmt.Errorf("look at checks: %w", context.Cause(ctx))
			}
		}
		if why != "" {
			unsure = append(unsure, evidence.NotAsked{Source: evidence.Checks, Product: s.Build.Product, Subject: fmt.Sprintf("%04d: %s", a.Amendment, a.Check.Name), Why: evidence.Line(why)})
			if !r.alive(ctx) {
				r.close()
				r = nil
			}
		}
		if found != nil {
			found.Amendment, found.Name = a.Amendment, a.Check.Name
			found.File, found.Line = placeOf(s.Document.Ledger, a)
			weak = append(weak, *found)
		}
	}
	return weak, unsure, nil
}

// placeOf is where a check stands.
func placeOf(ledger spec.Ledger, a spec.ActiveCheck) (file string, line int) {
	e, ok := ledger.Entry(a.Amendment)
	if !ok {
		return "", 0
	}
	for i, c := range e.Amendment.Checks {
		if c.Name == a.Check.Name {
			line, _ = e.Source.At(fmt.Sprintf("/checks/%d/name", i))
		}
	}
	return e.File, line
}

// sqlCheck looks at one check; why says what kept it from being told.
func (l *Looker) sqlCheck(ctx context.Context, r *room, a spec.ActiveCheck) (found *Check, why string) {
	patience := l.Patience
	if patience == 0 {
		patience = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := r.judge(ctx, a)
	var e *engine.Error
	switch {
	case err == nil:
		return found, ""
	case ctx.Err() != nil:
		return nil, fmt.Sprintf("it took longer than %s to find out", patience)
	case errors.As(err, &e) && e.Kind == engine.KindSQL:
		return nil, "it could not be tried out"
	}
	return nil, "the engine gave up on it"
}
