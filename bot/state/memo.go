package state

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
)

// Memo is what the bot's texts on a forge hide of what the database knows, so that a lost database can be rebuilt from them. Whoever may edit
// the bot's texts may edit it, which is who may command the bot.
type Memo struct {
	// Product is the product's name, Path its folder.
	Product string `json:"product"`
	Path    string `json:"path"`
	// Change is that of a merge request; nil in a comment.
	Change   *Change   `json:"change,omitempty"`
	Triggers []Trigger `json:"triggers"`
	// Campaign is that of a campaign's comment, without what was found at products; nil elsewhere.
	Campaign *Campaign `json:"campaign,omitempty"`
}

// mostMemo is how many bytes a memo may unpack to.
const mostMemo = 4 << 20

// Hide adds a memo to a text, out of people's sight, if both have no more bytes than most; a memo that has no room is left out.
func (m Memo) Hide(text string, most int) string {
	if m.Change != nil {
		c := *m.Change
		c.Publication = nil
		m.Change = &c
	}
	if m.Campaign != nil {
		c := *m.Campaign
		c.Products = nil // they are looked at again
		m.Campaign = &c
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(encoded(m))) // a buffer takes all
	_ = z.Close()
	line := "<!-- codicil:state " + base64.URLEncoding.EncodeToString(packed.Bytes()) + " -->\n"
	if len(text)+len(line)+1 > most {
		return text
	}
	if text != "" && text[len(text)-1] != '\n' {
		text += "\n"
	}
	return text + line
}

var memoLine = regexp.MustCompile(`(?m)^<!-- codicil:state ([A-Za-z0-9_=-]+) -->\r?$`)

// FindMemo reads the memo that a text hides, the last one if there are several; ok is false if there is none. It means something only in
// a text that the bot wrote.
func FindMemo(text string) (m Memo, ok bool, err error) {
	all := memoLine.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return m, false, nil
	}
	packed, err := base64.URLEncoding.DecodeString(all[len(all)-1][1])
	if err != nil {
		return m, false, fmt.Errorf("read a memo: %w", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return m, false, fmt.Errorf("read a memo: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(z, mostMemo+1))
	if err != nil {
		return m, false, fmt.Errorf("read a memo: %w", err)
	}
	if len(plain) > mostMemo {
		return m, false, fmt.Errorf("read a memo: it is larger than %d bytes", mostMemo)
	}
	if err := json.Unmarshal(plain, &m); err != nil {
		return m, false, fmt.Errorf("read a memo: %w", err)
	}
	return m, true, nil
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
