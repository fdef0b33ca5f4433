package standing

import (
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/state"
)

// Outcomes are what a campaign can come to at a product, in the order in which they are told.
var outcomes = []string{Compliant, NotApplicable, Opened, Merged, Red, Declined, Answered, UnderWay, Held, Unknown}

// Outcomes are what a campaign can come to at a product, in the order in which they are told.
func Outcomes() []string { return slices.Clone(outcomes) }

// What a campaign can come to at a product.
const (
	Compliant     = "compliant"
	NotApplicable = "not applicable"
	Opened        = "opened"
	Merged        = "merged"
	Red           = "red"
	Declined      = "declined"
	Answered      = "answered"  // nothing was to do, or nothing could be done
	UnderWay      = "under way" // it is worked on, or waits for its turn or an answer
	Held          = "held"      // it comes later: the campaign is paused, tries others first, or the owner has enough open
	Unknown       = "unknown"   // it could not be found out
)

// campaigns reads the campaigns that go on, and of those that are over the latest.
func (r *reader) campaigns(s *Standing) error {
	all, err := r.Campaigns()
	if err != nil {
		return err
	}
	over := 0
	for _, c := range all {
		if c.State == state.CampaignOver {
			over++
		}
		if c.State == state.CampaignOver && over > recent && c.ID != r.o.Campaign && !(r.o.Whole && r.o.Product != 0) {
			continue
		}
		if err := r.campaign(s, c); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) campaign(s *Standing, c state.Campaign) error {
	out := Campaign{ID: c.ID, Kind: string(c.Kind), State: string(c.State), Title: r.text(c.Title), URL: r.link(c.URL), Guideline: r.text(c.Guideline), Withdrawn: c.Withdrawn,
		Why: r.text(c.Reason), Created: c.Created, Counts: map[string]int{}, Products: []Member{}}
	// A turn of the week is over once it was begun: nothing is left to be paused.
	if c.Kind == state.KindGuideline {
		out.CanPause = c.State == state.CampaignRunning || c.State == state.CampaignCanary
		out.CanResume = c.State == state.CampaignPaused
	}
	triggers, err := r.TriggersOfCampaign(c.ID)
	if err != nil {
		return err
	}
	members := map[int64]Member{}
	for id, f := range c.Products {
		members[id] = Member{ProductID: id, Outcome: found(f), Why: r.text(f.Why)}
	}
	for _, x := range triggers {
		m := Member{ProductID: x.ProductID, Why: r.text(x.Reason)}
		var change state.Change
		if x.ChangeID != 0 {
			if change, _, err = r.Change(x.ChangeID); err != nil {
				return err
			}
		}
		m.Outcome, m.Number, m.URL = outcome(x, change), change.Number, r.link(change.URL)
		members[x.ProductID] = m
	}
	for id, m := range members {
		p := r.known[id]
		m.Product, m.Repository = r.text(p.Name), r.in(p)
		if p.ID == 0 {
			m.Product = "product " + strconv.FormatInt(id, 10)
		}
		out.Counts[m.Outcome]++
		out.Products = append(out.Products, m)
	}
	slices.SortFunc(out.Products, func(a, b Member) int {
		if d := slices.Index(outcomes, a.Outcome) - slices.Index(outcomes, b.Outcome); d != 0 {
			return d
		}
		return strings.Compare(a.Repository+"/"+a.Product, b.Repository+"/"+b.Product)
	})
	if _, bound := members[r.o.Product]; r.o.Product == 0 || bound {
		s.Campaigns = append(s.Campaigns, out)
	}
	return nil
}

// found is the outcome where nothing was begun.
func found(f state.Finding) string {
	switch f.What {
	case state.FoundCompliant:
		return Compliant
	case state.FoundNotApplicable:
		return NotApplicable
	case state.FoundToChange:
		return Held
	}
	return Unknown
}

// outcome is what a trigger of a campaign came to.
func outcome(x state.Trigger, c state.Change) string {
	switch x.State {
	case state.TriggerMerged:
		return Merged
	case state.TriggerDeclined, state.TriggerCancelled:
		return Declined
	case state.TriggerFailed:
		return Red
	case state.TriggerAnswered:
		return Answered
	case state.TriggerOpen:
		if c.Draft {
			return Red
		}
		return Opened
	}
	return UnderWay
}
