package state

import (
	"encoding/json"
	"time"
)

// ChangeState is how far a change has come.
type ChangeState string

// The states of changes.
const (
	ChangeWorking   ChangeState = "working"   // the author is at it
	ChangeReady     ChangeState = "ready"     // made and proven, and not all of it on the forge yet
	ChangeOpen      ChangeState = "open"      // its merge request is open
	ChangeMerged    ChangeState = "merged"    // and was merged
	ChangeDeclined  ChangeState = "declined"  // or closed
	ChangeAbandoned ChangeState = "abandoned" // came to nothing before there was a merge request
)

// Change is the work on one product, from its triggers to its merge request.
type Change struct {
	ID int64
	// UID names it everywhere: in commits, in the merge request, in the log.
	UID       string
	ProductID int64
	State     ChangeState
	Branch    string
	// Number is its merge request's; 0 while there is none.
	Number           int
	Created, Updated time.Time
	ChangeData
}

// ChangeData is what else is known of a change.
type ChangeData struct {
	URL string `json:"url,omitempty"`
	// Base is the commit of the default branch that it was proven on, Head the bot's newest commit of its branch.
	Base string `json:"base,omitempty"`
	Head string `json:"head,omitempty"`
	// Draft says that it is red, Approved that somebody approved it at its head.
	Draft    bool   `json:"draft,omitempty"`
	Approved bool   `json:"approved,omitempty"`
	Verdict  string `json:"verdict,omitempty"`
	Impact   string `json:"impact,omitempty"`
	// Publication is what is to be on the forge; see bot/publish. Its revision counts how often there was a new one.
	Publication json.RawMessage `json:"publication,omitempty"`
	Revision    int             `json:"revision,omitempty"`
	// Pushed says that somebody else's commit is on the branch.
	Foreign string `json:"foreign,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// ClosedBy is who closed or merged it.
	ClosedBy string `json:"closed_by,omitempty"`
	Title    string `json:"title,omitempty"`
	// Attempts counts how often it could not be put on its branch.
	Attempts int `json:"attempts,omitempty"`
}

// AddChange keeps a new change, and returns its id.
func (t *Tx) AddChange(c Change) (id int64, err error) {
	return t.insert(`insert into changes (uid, product_id, state, branch, number, created_at, updated_at, data) values (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.UID, c.ProductID, c.State, c.Branch, c.Number, millis(t.now), millis(t.now), encoded(c.ChangeData))
}

// SaveChange keeps what became of a change.
func (t *Tx) SaveChange(c Change) error {
	_, err := t.exec(`update changes set state = ?, branch = ?, number = ?, updated_at = ?, data = ? where id = ?`, c.State, c.Branch, c.Number, millis(t.now), encoded(c.ChangeData), c.ID)
	return err
}

// AbandonIfEmpty ends a change that nothing asks for any more, unless it is on the forge.
func (t *Tx) AbandonIfEmpty(id int64, reason string) error {
	c, ok, err := t.Change(id)
	if err != nil || !ok || c.State != ChangeWorking {
		return err
	}
	left, err := t.TriggersOfChange(id)
	if err != nil || len(left) > 0 {
		return err
	}
	c.State, c.Reason = ChangeAbandoned, reason
	return t.SaveChange(c)
}

// Change is the change with an id.
func (t *Tx) Change(id int64) (c Change, ok bool, err error) {
	return one(t, scanChange, selectChange+` where id = ?`, id)
}

// ChangeByUID is the change with a name.
func (t *Tx) ChangeByUID(uid string) (c Change, ok bool, err error) {
	return one(t, scanChange, selectChange+` where uid = ?`, uid)
}

// CurrentChange is the change of a product that is being worked on or open; a product has one at most.
func (t *Tx) CurrentChange(product int64) (c Change, ok bool, err error) {
	return one(t, scanChange, selectChange+` where product_id = ? and state in (?, ?, ?) order by id desc`, product, ChangeWorking, ChangeReady, ChangeOpen)
}

// ChangeAt is the newest change whose merge request has a number in a repository.
func (t *Tx) ChangeAt(repository int64, number int) (c Change, ok bool, err error) {
	return one(t, scanChange, selectChange+` where number = ? and product_id in (select id from products where repository_id = ?) order by id desc`, number, repository)
}

// ChangesIn are all changes in any of some states, the oldest first.
func (t *Tx) ChangesIn(states ...ChangeState) ([]Change, error) {
	return all(t, scanChange, selectChange+` where state in (select value from json_each(?)) order by id`, encoded(states))
}

// ChangesOf are all changes of a product, the oldest first.
func (t *Tx) ChangesOf(product int64) ([]Change, error) {
	return all(t, scanChange, selectChange+` where product_id = ? order by id`, product)
}

const selectChange = `select id, uid, product_id, state, branch, number, created_at, updated_at, data from changes`

func scanChange(s scanner) (c Change, err error) {
	err = s.Scan(&c.ID, &c.UID, &c.ProductID, &c.State, &c.Branch, &c.Number, moment{&c.Created}, moment{&c.Updated}, document[ChangeData]{&c.ChangeData})
	return c, err
}

// KeepAnswer keeps a model's answer in the work on a change, so that it is not asked and paid for again.
func (t *Tx) KeepAnswer(change, key, answer string) error {
	_, err := t.exec(`insert into answers (change, key, answer) values (?, ?, ?) on conflict (change, key) do update set answer = excluded.answer`, change, key, answer)
	return err
}

// Answer is an answer that was kept.
func (t *Tx) Answer(change, key string) (answer string, ok bool, err error) {
	return one(t, scalar[string], `select answer from answers where change = ? and key = ?`, change, key)
}

// DropAnswers forgets the answers of an order and of all its rounds, once nothing can go on with them. What they cost stays known.
func (t *Tx) DropAnswers(order string) error {
	_, err := t.exec(`delete from answers where (change = ? or substr(change, 1, length(?) + 1) = ? || '/') and key like 'answer/%'`, order, order, order)
	return err
}

// OpenIn are the changes whose merge requests are open in a repository.
func (t *Tx) OpenIn(repository int64) ([]Change, error) {
	return all(t, scanChange, selectChange+` where state in (?, ?) and number != 0 and product_id in (select id from products where repository_id = ?) order by id`, ChangeOpen, ChangeReady, repository)
}

// SetVerified notes that a commit of a person's was verified.
func (t *Tx) SetVerified(repository, commit string) error {
	return t.Set("verified/"+repository+"/"+commit, t.now.Format(time.RFC3339))
}

// Verified says whether a commit of a person's was verified.
func (t *Tx) Verified(repository, commit string) (bool, error) {
	_, ok, err := t.Setting("verified/" + repository + "/" + commit)
	return ok, err
}
