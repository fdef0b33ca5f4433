package author

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/bot/spec"
)

// accept takes an answer, or says what is wrong with it.
func (d *drafting) accept(ctx context.Context, answer string) (faults []string, err error) {
	if err := d.head.reset(d.base); err != nil {
		return nil, err
	}
	if err := d.writeShown(); err != nil {
		return nil, err
	}
	if faults, err := d.apply(answer, proposal.AmendRules(1)); err != nil || len(faults) > 0 {
		return faults, err
	}
	text, err := os.ReadFile(d.head.name(spec.SpecFile))
	if err != nil {
		return nil, err
	}
	said, _, problems := spec.ParseSpec(spec.SpecFile, text)
	if text, err = os.ReadFile(d.head.name(spec.EntryFile(1))); err != nil {
		return nil, err
	}
	a, _, more := spec.ParseAmendment(spec.EntryFile(1), text)
	problems = append(problems, more...)
	if problems.Err() != nil || said == nil || a == nil {
		return lines(problems), nil
	}
	s, faults := d.hold(d.facts, d.draft, said)
	if len(faults) > 0 {
		return faults, nil
	}
	amendment, faults, err := d.holdAmendment(ctx, s, a)
	if err != nil || len(faults) > 0 {
		return faults, err
	}
	return d.try(ctx, s, amendment)
}

// writeShown puts the draft into the head as the model sees it.
func (d *drafting) writeShown() error {
	s, err := spec.MarshalSpec(d.shown)
	if err != nil {
		return err
	}
	a, err := spec.MarshalAmendment(d.first)
	if err != nil {
		return err
	}
	return errors.Join(d.head.write(spec.SpecFile, s), d.head.write(spec.EntryFile(1), a))
}

// holdAmendment takes the reading and the checks from what the model says; all else of the first amendment is not the model's.
func (d *drafting) holdAmendment(ctx context.Context, s *spec.Spec, said *spec.Amendment) (*spec.Amendment, []string, error) {
	h := holder{change: d.change, facts: d.facts}
	h.words("reading", said.Reading)
	a := *d.first
	a.Reading = strings.TrimSpace(said.Reading)
	derived, err := d.derivedChecks(ctx, s, d.facts)
	if err != nil {
		return nil, nil, err
	}
	taken := map[string]bool{}
	for _, c := range d.first.Checks {
		taken[c.Name] = true // also of a key that the model replaced
	}
	a.Checks = append([]spec.Check{}, derived...)
	for _, c := range said.Checks {
		h.words("the check "+c.Name, c.Name)
		if !taken[c.Name] {
			a.Checks = append(a.Checks, c)
		}
		taken[c.Name] = true
	}
	return &a, h.faults, nil
}

// settle writes a draft into the head and verifies it.
func (d *drafting) settle(ctx context.Context, s *spec.Spec, a *spec.Amendment) error {
	full := *a
	if full.Reading != noReading {
		full.Reading += "\n" + d.facts.interfaceSentence()
	}
	full.Result = spec.Hash(s)
	text, err := spec.MarshalSpec(s)
	if err != nil {
		return err
	}
	if err := d.head.write(spec.SpecFile, text); err != nil {
		return err
	}
	if err := d.writeAmendment(&full); err != nil {
		return err
	}
	d.best = nil
	if _, err = d.measure(ctx); err != nil {
		return err
	}
	d.out.ToFill = d.waits(s, &full)
	return nil
}

// try verifies a draft. Checks that do not hold are sent back once and dropped then; all else that fails is sent back.
func (d *drafting) try(ctx context.Context, s *spec.Spec, a *spec.Amendment) (faults []string, err error) {
	if err := d.settle(ctx, s, a); err != nil {
		return nil, err
	}
	failing, faults := d.wrong()
	if len(failing) == 0 || len(faults) > 0 || !d.lenient {
		for _, name := range failing {
			faults = append(faults, fmt.Sprintf("The check %q does not hold today: %s. Correct it, or leave it out; a draft says what is.", name, d.saidOf(name)))
		}
		d.lenient = d.lenient || len(failing) > 0
		return faults, nil
	}
	kept := *a
	kept.Checks = nil
	for _, c := range a.Checks {
		if why, fails := d.failsAs(c.Name, failing); fails {
			d.note("a check was dropped because it does not hold today: %q (%s)", c.Name, why)
			continue
		}
		kept.Checks = append(kept.Checks, c)
	}
	if err := d.settle(ctx, s, &kept); err != nil {
		return nil, err
	}
	failing, faults = d.wrong()
	for _, name := range failing {
		faults = append(faults, fmt.Sprintf("The check %q does not hold today.", name))
	}
	return faults, nil
}

// failsAs says why a check is among those that fail.
func (d *drafting) failsAs(name string, failing []string) (why string, fails bool) {
	for _, f := range failing {
		if f == name {
			return d.saidOf(name), true
		}
	}
	return "", false
}
