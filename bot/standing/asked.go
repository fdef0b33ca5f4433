package standing

import (
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/state"
)

// products lists those that are not gone, or the one that is wanted.
func (r *reader) products(s *Standing) error {
	all, err := r.EveryProduct()
	if err != nil {
		return err
	}
	merged, err := r.CountChanges(state.ChangeMerged)
	if err != nil {
		return err
	}
	under := map[int64]int{}
	triggers, err := r.TriggersIn(state.TriggerWaiting, state.TriggerWorking, state.TriggerAsked, state.TriggerOpen)
	if err != nil {
		return err
	}
	for _, x := range triggers {
		under[x.ProductID]++
	}
	open, err := r.ChangesIn(state.ChangeReady, state.ChangeOpen)
	if err != nil {
		return err
	}
	current := map[int64]state.Change{}
	for _, c := range open {
		current[c.ProductID] = c
	}
	for _, p := range all {
		if p.Gone && r.o.Product != p.ID || !r.wanted(p.ID) {
			continue
		}
		x := Product{ID: p.ID, Name: r.text(p.Name), Path: r.text(p.Path), Repository: r.in(p), URL: r.link(r.repositories[p.RepositoryID].URL), Owner: r.text(p.Owner),
			Unreadable: r.text(p.Unreadable), Gone: p.Gone, Inputs: []string{}, Under: under[p.ID], Merged: merged[p.ID], Open: current[p.ID].Number, OpenURL: r.link(current[p.ID].URL)}
		for _, i := range p.Inputs { // one for each table
			if name := r.text(i); !slices.Contains(x.Inputs, name) {
				x.Inputs = append(x.Inputs, name)
			}
		}
		s.Products = append(s.Products, x)
	}
	return nil
}

// ends are the states in which a trigger came to no change.
var ends = []state.TriggerState{state.TriggerAnswered, state.TriggerFailed, state.TriggerDeclined, state.TriggerCancelled}

// triggers reads what is under way, and what came to nothing.
func (r *reader) triggers(s *Standing) error {
	under, err := r.TriggersIn(state.TriggerWaiting, state.TriggerWorking, state.TriggerAsked)
	if err != nil {
		return err
	}
	for _, x := range under {
		switch {
		case !r.wanted(x.ProductID):
		case x.State == state.TriggerWorking:
			s.Working = append(s.Working, r.trigger(x))
		default:
			s.Waiting = append(s.Waiting, r.trigger(x))
		}
	}
	var over []state.Trigger
	if r.o.Product != 0 {
		if over, err = r.TriggersOf(r.o.Product, ends...); err != nil {
			return err
		}
		slices.Reverse(over)
		if !r.o.Whole {
			over = over[:min(len(over), recent)]
		}
	} else if over, err = r.LatestTriggers(recent, ends...); err != nil {
		return err
	}
	for _, x := range over {
		s.NotDone = append(s.NotDone, r.trigger(x))
	}
	return nil
}

// trigger is a trigger in words.
func (r *reader) trigger(x state.Trigger) Trigger {
	p := r.known[x.ProductID]
	out := Trigger{ID: x.ID, ProductID: x.ProductID, Product: r.text(p.Name), Repository: r.in(p), Kind: string(x.Kind), State: string(x.State), What: r.what(x),
		By: r.text(x.Author), URL: r.link(x.URL), Why: r.text(x.Reason), Attempts: x.Attempts, Change: x.ChangeID, Campaign: x.CampaignID, Created: x.Created, Updated: x.Updated}
	if x.State == state.TriggerAsked {
		for _, q := range x.Questions {
			out.Questions = append(out.Questions, r.text(q.Ask))
		}
	}
	return out
}

// what says what a trigger asks for.
func (r *reader) what(x state.Trigger) string {
	switch x.Kind {
	case state.KindBase:
		return "The default branch moved: the open change is proven on it."
	case state.KindRedo:
		return "The open change is made anew on the default branch."
	case state.KindRefresh:
		if len(x.Evidence) > 0 {
			return r.text(strings.Join(x.Evidence, " "))
		}
	case state.KindGuideline:
		if x.Title != "" {
			title := r.text(x.Title)
			if x.Withdrawn {
				title += " (withdrawn)"
			}
			return title
		}
	}
	if x.Requirement != "" {
		return r.text(x.Requirement)
	}
	return r.text(x.Title)
}

// changes reads the changes that are open, and those that ended lately.
func (r *reader) changes(s *Standing) error {
	open, err := r.ChangesIn(state.ChangeWorking, state.ChangeReady, state.ChangeOpen)
	if err != nil {
		return err
	}
	var over []state.Change
	if r.o.Product != 0 {
		all, err := r.ChangesOf(r.o.Product)
		if err != nil {
			return err
		}
		slices.Reverse(all)
		for _, c := range all {
			// What was abandoned is told by its triggers, unless there was a merge request.
			ended := c.State == state.ChangeMerged || c.State == state.ChangeDeclined || c.State == state.ChangeAbandoned && c.Number != 0
			if ended && (r.o.Whole || len(over) < recent) {
				over = append(over, c)
			}
		}
	} else if over, err = r.LatestChanges(recent, state.ChangeMerged, state.ChangeDeclined); err != nil {
		return err
	}
	for _, c := range open {
		// A change that is worked on and was never published shows as what is being done.
		if r.wanted(c.ProductID) && (c.State != state.ChangeWorking || c.Number != 0) {
			if err := r.change(&s.Open, c); err != nil {
				return err
			}
		}
	}
	for _, c := range over {
		if err := r.change(&s.Ended, c); err != nil {
			return err
		}
	}
	return nil
}

// change adds a change in words.
func (r *reader) change(to *[]Change, c state.Change) error {
	p := r.known[c.ProductID]
	out := Change{ID: c.ID, UID: c.UID, ProductID: c.ProductID, Product: r.text(p.Name), Repository: r.in(p), State: string(c.State), Title: r.text(c.Title), Number: c.Number, URL: r.link(c.URL),
		Verdict: r.text(c.Verdict), Impact: r.text(c.Impact), Draft: c.Draft, Approved: c.Approved, Branch: r.text(c.Branch), ClosedBy: r.text(c.ClosedBy), Why: r.text(c.Reason),
		Spent: r.spent[c.UID], Created: c.Created, Updated: c.Updated, Asked: []Trigger{}}
	triggers, err := r.TriggersOfChange(c.ID)
	for _, x := range triggers {
		out.Asked = append(out.Asked, r.trigger(x))
	}
	if out.Title == "" && len(out.Asked) > 0 {
		out.Title = out.Asked[0].What
	}
	*to = append(*to, out)
	return err
}
