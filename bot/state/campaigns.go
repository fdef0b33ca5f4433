package state

import "time"

// CampaignState is how far a campaign has come.
type CampaignState string

// The states of campaigns.
const (
	CampaignCanary  CampaignState = "canary"  // on a few products first
	CampaignRunning CampaignState = "running" // on all
	CampaignPaused  CampaignState = "paused"  // by somebody
	CampaignOver    CampaignState = "over"    // all is decided
)

// Campaign is all the work that one revision of a guideline, or one night of refreshes, starts.
type Campaign struct {
	ID int64
	// Key is what it is for, such as a guideline and its revision: one campaign each.
	Key     string
	State   CampaignState
	Created time.Time
	CampaignData
}

// CampaignData is what else is known of a campaign.
type CampaignData struct {
	Kind  Kind   `json:"kind"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"`
	// Guideline and Revision are those of its rule, Source is the key of the repository that holds it, Before and Commit are that repository's
	// commits with the earlier text and with this one, and Withdrawn says that the rule went.
	Guideline string `json:"guideline,omitempty"`
	Revision  string `json:"revision,omitempty"`
	Source    string `json:"source,omitempty"`
	Before    string `json:"before,omitempty"`
	Commit    string `json:"commit,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
	// Products tells by product's id what was found there, for those for which nothing had to be changed.
	Products map[int64]Finding `json:"products,omitempty"`
	// Request is the merge request of the guideline repository that brought it; 0 if none did.
	Request int `json:"request,omitempty"`
	// Reason says why it ended before all was decided; empty if it did not.
	Reason string `json:"reason,omitempty"`
	// Canary is how many merge requests have to be merged before the others are opened.
	Canary int `json:"canary,omitempty"`
}

// Finding is what a campaign found at a product.
type Finding struct {
	// What is compliant, not_applicable, to_change or unknown.
	What string `json:"what"`
	Why  string `json:"why,omitempty"`
}

// What campaigns find.
const (
	FoundCompliant     = "compliant"
	FoundNotApplicable = "not_applicable"
	FoundToChange      = "to_change"
	FoundUnknown       = "unknown"
)

// AddCampaign keeps a campaign; if there is one with its key, that one is returned, and fresh is false.
func (t *Tx) AddCampaign(c Campaign) (_ Campaign, fresh bool, err error) {
	known, ok, err := one(t, scanCampaign, selectCampaign+` where key = ?`, c.Key)
	if err != nil || ok {
		return known, false, err
	}
	c.ID, err = t.insert(`insert into campaigns (key, state, created_at, data) values (?, ?, ?, ?)`, c.Key, c.State, millis(t.now), encoded(c.CampaignData))
	c.Created = t.now
	return c, true, err
}

// SaveCampaign keeps what became of a campaign.
func (t *Tx) SaveCampaign(c Campaign) error {
	_, err := t.exec(`update campaigns set state = ?, data = ? where id = ?`, c.State, encoded(c.CampaignData), c.ID)
	return err
}

// Held says whether a campaign waits for a person's word: its canaries are decided, and one was not merged.
func (t *Tx) Held(c Campaign) (held bool, err error) {
	if c.State != CampaignCanary {
		return false, nil
	}
	triggers, err := t.TriggersOfCampaign(c.ID)
	for _, x := range triggers {
		if x.State.GoesOn() {
			return false, err
		}
		held = held || x.State == TriggerDeclined || x.State == TriggerFailed
	}
	return held, err
}

// PauseCampaign stops a campaign, or has it go on where it was; one that is held by its canaries goes on without them, and one that is over stays
// so. It returns the campaign as it is then; ok is false
// if there is none.
func (t *Tx) PauseCampaign(id int64, pause bool) (c Campaign, ok bool, err error) {
	c, ok, err = t.Campaign(id)
	if err != nil || !ok || c.State == CampaignOver {
		return c, ok, err
	}
	held, err := t.Held(c)
	if err != nil {
		return c, true, err
	}
	switch {
	case pause:
		c.State = CampaignPaused
	case c.State == CampaignPaused && c.Canary > 0:
		c.State = CampaignCanary // it runs at once if enough of them are merged
	case c.State == CampaignPaused || held:
		c.State = CampaignRunning
	}
	return c, true, t.SaveCampaign(c)
}

// Campaign is the campaign with an id.
func (t *Tx) Campaign(id int64) (c Campaign, ok bool, err error) {
	return one(t, scanCampaign, selectCampaign+` where id = ?`, id)
}

// Campaigns are all campaigns, the newest first.
func (t *Tx) Campaigns() ([]Campaign, error) {
	return all(t, scanCampaign, selectCampaign+` order by id desc`)
}

const selectCampaign = `select id, key, state, created_at, data from campaigns`

func scanCampaign(s scanner) (c Campaign, err error) {
	err = s.Scan(&c.ID, &c.Key, &c.State, moment{&c.Created}, document[CampaignData]{&c.CampaignData})
	return c, err
}
