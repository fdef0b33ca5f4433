package github_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/forgetest"
	"github.com/codicil-dev/codicil/forge/github"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// patient makes comments, merge requests and checks as the bot does: where no answer tells whether one was made, it is looked for before it is
// made again. All else the adapter itself brings through.
type patient struct {
	*github.Host
	t *testing.T
}

// insist makes something until that is done or refused.
func insist[T any](p patient, make func() (T, error), find func() (T, bool, error)) (T, error) {
	for n := 1; ; n++ {
		v, err := make()
		_, unsure, again := forge.MayRetry(err)
		if !again || n > 20 {
			return v, err
		}
		p.t.Logf("again: %v", err)
		if !unsure {
			continue
		}
		if v, found, err := find(); err != nil || found {
			return v, err
		}
	}
}

func (p patient) CreateComment(ctx context.Context, repo forge.Repo, number int, body string) (forge.Comment, error) {
	return insist(p, func() (forge.Comment, error) { return p.Host.CreateComment(ctx, repo, number, body) }, func() (c forge.Comment, found bool, err error) {
		all, err := p.Comments(ctx, repo, number, time.Time{})
		for _, c := range all {
			if c.Body == body {
				return c, true, nil
			}
		}
		return c, false, err
	})
}

func (p patient) OpenMergeRequest(ctx context.Context, repo forge.Repo, n forge.NewMergeRequest) (forge.MergeRequest, error) {
	return insist(p, func() (forge.MergeRequest, error) { return p.Host.OpenMergeRequest(ctx, repo, n) }, func() (m forge.MergeRequest, found bool, err error) {
		all, err := p.MergeRequests(ctx, repo, forge.MergeRequestFilter{Head: n.Head})
		if err != nil || len(all) == 0 || all[0].Title != n.Title {
			return m, false, err
		}
		return all[0], true, nil
	})
}

func (p patient) CreateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error) {
	return insist(p, func() (forge.Check, error) { return p.Host.CreateCheck(ctx, repo, c) }, func() (forge.Check, bool, error) {
		all, err := p.Checks(ctx, repo, c.SHA, c.Name)
		if err != nil || len(all) == 0 {
			return c, false, err
		}
		c.ID = all[0].ID
		c, err = p.UpdateCheck(ctx, repo, c)
		return c, true, err
	})
}

// TestHostInTrouble holds the adapter to the same on a forge of which a fifth of the answers to the bot are failures.
func TestHostInTrouble(t *testing.T) {
	for name, faults := range map[string]localforge.Faults{
		"5xx before": {FailBefore: 0.2}, "5xx after": {FailAfter: 0.2}, "dropped after": {Drop: 0.2}, "primary limit": {HourlyLimit: 8, Hour: 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			start := time.Now()
			forgetest.Test(t, func(t *testing.T) *forgetest.Town {
				w := found(t, func(h http.Handler) http.Handler { return h }) // what is said is checked elsewhere
				p := w.people(patient{w.host(w.options()), t})
				w.SetFaults(faults)
				return untroubled(w.Forge, faults, p)
			})
			t.Logf("in %v", time.Since(start))
		})
	}
}

// untroubled has people's deeds go well.
func untroubled(f *localforge.Forge, faults localforge.Faults, p *forgetest.Town) *forgetest.Town {
	calm := func() (again func()) {
		f.SetFaults(localforge.Faults{})
		return func() {
			faults.Seed++ // the same request may go well the next time
			f.SetFaults(faults)
		}
	}
	open, comment, push, approve, merge := p.OpenIssue, p.Comment, p.Push, p.Approve, p.Merge
	p.OpenIssue = func(as, title, body string) int { defer calm()(); return open(as, title, body) }
	p.Comment = func(as string, number int, body string) int64 { defer calm()(); return comment(as, number, body) }
	p.Push = func(branch, file, text string) string { defer calm()(); return push(branch, file, text) }
	p.Approve = func(as string, number int) { defer calm()(); approve(as, number) }
	p.Merge = func(as string, number int) { defer calm()(); merge(as, number) }
	return p
}
