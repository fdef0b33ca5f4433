package state

import (
	"database/sql"
	"slices"
	"time"
)

// Kind is what a trigger came from.
type Kind string

// Kinds of triggers. All but Base and Redo end in an amendment of that origin.
const (
	KindIssue     Kind = "issue"     // somebody commented /amend
	KindGuideline Kind = "guideline" // a guideline came, changed, or went
	KindSpec      Kind = "spec"      // a spec was edited by hand
	KindRefresh   Kind = "refresh"   // the week turned
	KindInit      Kind = "init"      // a product without a spec is to get one
	KindBase      Kind = "base"      // the default branch moved under an open change
	KindRedo      Kind = "redo"      // somebody asked for an open change to be made anew on the default branch
)

// Asks says whether a trigger of the kind asks for something of a product: the others are about a merge request itself.
func (k Kind) Asks() bool { return k != KindBase && k != KindRedo }

// TriggerState is how far a trigger has come.
type TriggerState string

// The states of triggers. Those that wait, are worked on, asked about or open go on; the others are ends.
const (
	TriggerWaiting   TriggerState = "waiting"   // for its turn
	TriggerWorking   TriggerState = "working"   // now
	TriggerAsked     TriggerState = "asked"     // for somebody's answer
	TriggerOpen      TriggerState = "open"      // in an open merge request
	TriggerMerged    TriggerState = "merged"    // and that was merged
	TriggerDeclined  TriggerState = "declined"  // or closed
	TriggerAnswered  TriggerState = "answered"  // nothing was to do, or nothing could be done, and the asker knows why
	TriggerFailed    TriggerState = "failed"    // no proven change came about
	TriggerCancelled TriggerState = "cancelled" // somebody took it back
)

// GoesOn says whether more is to come of a trigger in the state.
func (s TriggerState) GoesOn() bool {
	switch s {
	case TriggerWaiting, TriggerWorking, TriggerAsked, TriggerOpen:
		return true
	}
	return false
}

// Trigger is what starts work on a product.
type Trigger struct {
	ID, ProductID int64
	Kind          Kind
	// Key is what it came from, such as a comment: one trigger each. Hash is what it asks for, on which spec: what was declined is not
	// asked for again.
	Key, Hash string
	State     TriggerState
	// Issue is the number of the issue or merge request where it is discussed; 0 if there is none.
	Issue int
	// ChangeID is the change that it is part of, CampaignID its campaign; 0 if there is none.
	ChangeID, CampaignID int64
	Created, Updated     time.Time
	TriggerData
}

// TriggerData is what else is known of a trigger.
type TriggerData struct {
	// Author asked, in the words Requirement, at URL, in Comment.
	Author      string `json:"author,omitempty"`
	Requirement string `json:"requirement,omitempty"`
	URL         string `json:"url,omitempty"`
	Comment     int64  `json:"comment,omitempty"`
	// At is when it was asked.
	At time.Time `json:"at"`
	// Supersede are earlier checks that the asker lets go, as N or N:check. AssumeYes takes assumed answers.
	Supersede []string `json:"supersede,omitempty"`
	AssumeYes bool     `json:"assume_yes,omitempty"`
	// Refines says that it belongs to the open change, whose merge request it was asked at.
	Refines bool `json:"refines,omitempty"`
	// KeepOpen says that Issue is not to be closed once the requirement is met: it is not the asker's issue but a merge request.
	KeepOpen bool `json:"keep_open,omitempty"`
	// Again counts how often somebody had it tried again.
	Again int `json:"again,omitempty"`
	// Questions wait for answers, Answers are those that were given so far; Round counts how often was asked.
	Questions []Question `json:"questions,omitempty"`
	Answers   []Answer   `json:"answers,omitempty"`
	Round     int        `json:"round,omitempty"`
	AskedAt   time.Time  `json:"asked_at,omitzero"`
	Reminded  bool       `json:"reminded,omitempty"`
	// Status is the comment that tells how far it is; 0 while there is none.
	Status int64 `json:"status,omitempty"`
	// Reason says why it ended as it did, or why it waits.
	Reason string `json:"reason,omitempty"`
	// Title is the guideline's, or the commit's.
	Title string `json:"title,omitempty"`
	// Guideline is its id, Revision the adopted text's, Before the commit of the guideline repository with the earlier text, Commit that
	// with the new one, and Withdrawn says that there is no new one. Source is the repository's key.
	Guideline string `json:"guideline,omitempty"`
	Revision  string `json:"revision,omitempty"`
	Source    string `json:"source,omitempty"`
	Commit    string `json:"commit,omitempty"`
	Before    string `json:"before,omitempty"`
	Withdrawn bool   `json:"withdrawn,omitempty"`
	// Earlier is what the guideline said before it was edited; empty if it is new.
	Earlier string `json:"earlier,omitempty"`
	// Evidence is what a refresh found out of date.
	Evidence []string `json:"evidence,omitempty"`
	// Order names the work on it, under which the model's answers are kept; it stays the same while questions wait for answers.
	Order string `json:"order,omitempty"`
	// Attempts counts how often it was tried in vain.
	Attempts int `json:"attempts,omitempty"`
	// Tokens are those that it cost so far, Seconds how long the work took.
	Tokens  int     `json:"tokens,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

// Answer is what was said to a question; Assumed that nobody said it.
type Answer struct {
	Ask     string `json:"ask"`
	Answer  string `json:"answer"`
	Assumed bool   `json:"assumed,omitempty"`
}

// Assumed is the answer to a question that nobody answers.
func (q Question) Assumed() Answer { return Answer{Ask: q.Ask, Answer: q.Assume, Assumed: true} }

// Question is something that is unclear, with what is assumed if nobody says.
type Question struct {
	Ask    string `json:"ask"`
	Assume string `json:"assume"`
}

// AddTrigger keeps a trigger and returns its id; fresh is false if one with its key is there already, whose id it then is.
func (t *Tx) AddTrigger(x Trigger) (id int64, fresh bool, err error) {
	known, ok, err := one(t, scalar[int64], `select id from triggers where product_id = ? and key = ?`, x.ProductID, x.Key)
	if err != nil || ok {
		return known, false, err
	}
	id, err = t.insert(`insert into triggers (product_id, kind, key, hash, state, issue, change_id, campaign_id, created_at, updated_at, data) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		x.ProductID, x.Kind, x.Key, x.Hash, x.State, x.Issue, optional(x.ChangeID), optional(x.CampaignID), millis(t.now), millis(t.now), encoded(x.TriggerData))
	return id, true, err
}

// SaveTrigger keeps what became of a trigger.
func (t *Tx) SaveTrigger(x Trigger) error {
	_, err := t.exec(`update triggers set hash = ?, state = ?, issue = ?, change_id = ?, campaign_id = ?, updated_at = ?, data = ? where id = ?`,
		x.Hash, x.State, x.Issue, optional(x.ChangeID), optional(x.CampaignID), millis(t.now), encoded(x.TriggerData), x.ID)
	return err
}

// Trigger is the trigger with an id.
func (t *Tx) Trigger(id int64) (x Trigger, ok bool, err error) {
	return one(t, scanTrigger, selectTrigger+` where id = ?`, id)
}

// TriggersOf are a product's triggers in any of some states, or in all if none is named, the oldest first.
func (t *Tx) TriggersOf(product int64, states ...TriggerState) ([]Trigger, error) {
	return all(t, scanTrigger, selectTrigger+` where product_id = ? and (? = '[]' or state in (select value from json_each(?))) order by id`, product, encodedStates(states), encodedStates(states))
}

// TriggersIn are all triggers in any of some states, the oldest first.
func (t *Tx) TriggersIn(states ...TriggerState) ([]Trigger, error) {
	return all(t, scanTrigger, selectTrigger+` where state in (select value from json_each(?)) order by id`, encodedStates(states))
}

// TriggersAt are the triggers that are discussed at an issue of a repository, the oldest first.
func (t *Tx) TriggersAt(repository int64, issue int) ([]Trigger, error) {
	return all(t, scanTrigger, selectTrigger+` where issue = ? and product_id in (select id from products where repository_id = ?) order by id`, issue, repository)
}

// TriggersOfChange are the triggers that a change serves, with those about its merge request, the oldest first.
func (t *Tx) TriggersOfChange(change int64) ([]Trigger, error) {
	return all(t, scanTrigger, selectTrigger+` where change_id = ? order by id`, change)
}

// AskedOf are the triggers that asked for what a change brings, the oldest first.
func (t *Tx) AskedOf(change int64) ([]Trigger, error) {
	served, err := t.TriggersOfChange(change)
	return slices.DeleteFunc(served, func(x Trigger) bool { return !x.Kind.Asks() }), err
}

// TriggersOfCampaign are the triggers that a campaign started.
func (t *Tx) TriggersOfCampaign(campaign int64) ([]Trigger, error) {
	return all(t, scanTrigger, selectTrigger+` where campaign_id = ? order by id`, campaign)
}

// WasDeclined says whether the same was asked of a product before and declined.
func (t *Tx) WasDeclined(product int64, hash string) (bool, error) {
	_, ok, err := one(t, scalar[int], `select 1 from triggers where product_id = ? and hash = ? and hash != '' and state = ? limit 1`, product, hash, TriggerDeclined)
	return ok, err
}

func encodedStates(states []TriggerState) string {
	if states == nil {
		return "[]"
	}
	return encoded(states)
}

const selectTrigger = `select id, product_id, kind, key, hash, state, issue, change_id, campaign_id, created_at, updated_at, data from triggers`

func scanTrigger(s scanner) (x Trigger, err error) {
	var change, campaign sql.NullInt64
	err = s.Scan(&x.ID, &x.ProductID, &x.Kind, &x.Key, &x.Hash, &x.State, &x.Issue, &change, &campaign, moment{&x.Created}, moment{&x.Updated}, document[TriggerData]{&x.TriggerData})
	x.ChangeID, x.CampaignID = change.Int64, campaign.Int64
	return x, err
}
