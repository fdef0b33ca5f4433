package state

// Memo is what the bot's texts on a forge hide of what the database knows, so that a lost database can be rebuilt from them; see [Seal].
type Memo struct {
	// Repository is the forge's id of where it is hidden.
	Repository int64 `json:"repository"`
	// Product is the product's name, Path its folder.
	Product string `json:"product"`
	Path    string `json:"path"`
	// Change is that of a merge request; nil in a comment.
	Change   *Change   `json:"change,omitempty"`
	Triggers []Trigger `json:"triggers"`
	// Campaign is that of a campaign's comment, without what was found at products; nil elsewhere.
	Campaign *Campaign `json:"campaign,omitempty"`
}

// Rebuild keeps a change, or a trigger that belongs to one, under the ids that they had: what is written on a forge is known by them. One whose id
// is taken is left as it is.
func (t *Tx) Rebuild(changes []Change, triggers []Trigger) error {
	for _, c := range changes {
		if _, err := t.exec(`insert into changes (id, uid, product_id, state, branch, number, created_at, updated_at, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
			c.ID, c.UID, c.ProductID, c.State, c.Branch, c.Number, millis(c.Created), millis(t.now), encoded(c.ChangeData)); err != nil {
			return err
		}
	}
	for _, x := range triggers {
		if _, err := t.exec(`insert into triggers (id, product_id, kind, key, hash, state, issue, change_id, campaign_id, created_at, updated_at, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict do nothing`,
			x.ID, x.ProductID, x.Kind, x.Key, x.Hash, x.State, x.Issue, optional(x.ChangeID), optional(x.CampaignID), millis(x.Created), millis(t.now), encoded(x.TriggerData)); err != nil {
			return err
		}
	}
	return nil
}

// RebuildCampaign keeps a campaign under the id that it had, and returns it as it is kept: the one with its key, if there is one. An id that is
// taken by another is not used.
func (t *Tx) RebuildCampaign(c Campaign) (Campaign, error) {
	if c.ID != 0 {
		created := c.Created
		if created.IsZero() {
			created = t.now
		}
		if _, err := t.exec(`insert into campaigns (id, key, state, created_at, data) values (?, ?, ?, ?, ?) on conflict do nothing`, c.ID, c.Key, c.State, millis(created), encoded(c.CampaignData)); err != nil {
			return c, err
		}
	}
	kept, _, err := t.AddCampaign(c)
	return kept, err
}

// IsNew says whether nothing was ever asked of any product.
func (t *Tx) IsNew() (bool, error) {
	_, ok, err := one(t, scalar[int], `select 1 from triggers union all select 1 from changes limit 1`)
	return !ok, err
}
