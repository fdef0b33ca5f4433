package demo

import (
	"context"
	"fmt"
	"slices"

	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
)

// MergeRequest is what a play came to at one product.
type MergeRequest struct {
	Product string `json:"product"`
	// Origin is issue, guideline, spec, refresh, or person for one that a person opened.
	Origin string `json:"origin"`
	URL    string `json:"url"`
	// State is open, draft, merged or closed.
	State   string  `json:"state"`
	Verdict string  `json:"verdict"`
	Checks  []Check `json:"checks"`
}

// Check is a check at its newest commit.
type Check struct {
	Name       string `json:"name"`
	Conclusion string `json:"conclusion"`
	Title      string `json:"title"`
}

// Answer is what somebody was told in place of a merge request.
type Answer struct {
	Product string `json:"product"`
	Origin  string `json:"origin"`
	URL     string `json:"url"`
	State   string `json:"state"`
	Text    string `json:"text"`
}

// Results are what a play came to.
type Results struct {
	// Model says what answered for the model.
	Model         string         `json:"model"`
	MergeRequests []MergeRequest `json:"merge_requests"`
	Answers       []Answer       `json:"answers"`
	// Campaigns count what guidelines found.
	Campaigns []Campaign `json:"campaigns"`
	// Missing are the things that should have come and did not.
	Missing []string `json:"missing"`
}

// Campaign counts what a guideline found at how many products.
type Campaign struct {
	Title         string `json:"title"`
	Compliant     int    `json:"compliant"`
	NotApplicable int    `json:"not_applicable"`
	ToChange      int    `json:"to_change"`
}

// Results gathers what came of the play.
func (p *Play) Results(ctx context.Context) (r Results, err error) {
	r.MergeRequests, r.Answers, r.Campaigns, r.Missing = []MergeRequest{}, []Answer{}, []Campaign{}, []string{}
	var changes []state.Change
	of := map[int64]state.Product{}
	in := map[int64]state.Repository{}
	origins := map[int64]string{}
	err = p.Bot.DB().View(ctx, func(tx *state.Tx) error {
		products, err := tx.Products()
		if err != nil {
			return err
		}
		for _, one := range products {
			of[one.ID] = one
			if in[one.ID], _, err = tx.RepositoryOf(one.RepositoryID); err != nil {
				return err
			}
			theirs, err := tx.ChangesOf(one.ID)
			if err != nil {
				return err
			}
			changes = append(changes, theirs...)
			triggers, err := tx.TriggersOf(one.ID)
			if err != nil {
				return err
			}
			for _, x := range triggers {
				if x.ChangeID != 0 && origins[x.ChangeID] == "" {
					origins[x.ChangeID] = string(x.Kind)
				}
				if x.ChangeID == 0 && (x.State == state.TriggerAnswered || x.State == state.TriggerFailed) && x.Kind.Asks() {
					r.Answers = append(r.Answers, Answer{Product: one.Name, Origin: string(x.Kind), URL: x.URL, State: string(x.State), Text: x.Reason})
				}
			}
		}
		campaigns, err := tx.Campaigns()
		for _, c := range campaigns {
			if c.Kind == state.KindGuideline {
				r.Campaigns = append(r.Campaigns, count(c))
			}
		}
		return err
	})
	if err != nil {
		return r, err
	}
	for _, c := range changes {
		if c.Number == 0 {
			continue
		}
		m := MergeRequest{Product: of[c.ProductID].Name, Origin: origins[c.ID], URL: c.URL, State: string(c.State), Verdict: c.Verdict}
		if c.Draft && m.State == "open" {
			m.State = "draft"
		}
		if m.Checks, err = p.checks(ctx, in[c.ProductID].Repo, c.Head); err != nil {
			return r, err
		}
		r.MergeRequests = append(r.MergeRequests, m)
	}
	if err := p.brought(ctx, &r); err != nil {
		return r, err
	}
	r.Missing = append(r.Missing, missing(r)...)
	return r, nil
}

// brought adds the person's pull request.
func (p *Play) brought(ctx context.Context, r *Results) error {
	if p.pull == 0 {
		return nil
	}
	repo := forge.Repo{Host: Host, Owner: "commerce", Name: Repository}
	mr, err := p.Town.host.MergeRequest(ctx, repo, p.pull)
	if err != nil {
		return err
	}
	m := MergeRequest{Product: "orders", Origin: originPerson, URL: mr.URL, State: "open", Verdict: "none"}
	if !mr.Open {
		m.State = "closed"
	}
	if m.Checks, err = p.checks(ctx, repo, mr.HeadSHA); err != nil {
		return err
	}
	for _, c := range m.Checks {
		m.Verdict = map[string]string{string(forge.Success): "pass", string(forge.Failure): "fail", string(forge.Neutral): "review"}[c.Conclusion]
	}
	r.MergeRequests = append(r.MergeRequests, m)
	return nil
}

func (p *Play) checks(ctx context.Context, repo forge.Repo, sha string) (out []Check, err error) {
	found, err := p.Town.host.Checks(ctx, repo, sha, message.CheckName)
	for _, c := range found {
		out = append(out, Check{Name: c.Name, Conclusion: string(c.Conclusion), Title: c.Title})
	}
	return out, err
}

func count(c state.Campaign) (out Campaign) {
	out.Title = c.Title
	for _, f := range c.Products {
		switch f.What {
		case state.FoundCompliant:
			out.Compliant++
		case state.FoundNotApplicable:
			out.NotApplicable++
		case state.FoundToChange:
			out.ToChange++
		}
	}
	return out
}

// missing is what should have come and did not, and what should not have come.
func missing(r Results) (out []string) {
	left := slices.Clone(r.MergeRequests)
	answers := slices.Clone(r.Answers)
	for _, e := range Expects() {
		if e.Answer {
			i := slices.IndexFunc(answers, func(a Answer) bool { return a.Product == e.Product && a.Origin == e.Origin })
			if i < 0 {
				out = append(out, fmt.Sprintf("%s, %s: an answer", e.Product, e.Origin))
				continue
			}
			answers = slices.Delete(answers, i, i+1)
			continue
		}
		i := slices.IndexFunc(left, func(m MergeRequest) bool { return m.Product == e.Product && m.Origin == e.Origin })
		if i < 0 {
			out = append(out, fmt.Sprintf("%s, %s: a merge request", e.Product, e.Origin))
			continue
		}
		if m := left[i]; !slices.Contains(e.Verdicts, m.Verdict) || len(m.Checks) == 0 {
			out = append(out, fmt.Sprintf("%s, %s: the verdict is %s with %d checks", e.Product, e.Origin, m.Verdict, len(m.Checks)))
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, m := range left {
		out = append(out, fmt.Sprintf("%s, %s: a merge request that nothing asked for", m.Product, m.Origin))
	}
	for _, a := range answers {
		out = append(out, fmt.Sprintf("%s, %s: an answer that was not expected: %s", a.Product, a.Origin, a.Text))
	}
	return out
}
