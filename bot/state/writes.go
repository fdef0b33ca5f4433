package state

import (
	"database/sql"
	"time"
)

// WriteState is how far a write on a forge has come.
type WriteState string

// The states of writes.
const (
	WritePending WriteState = "pending"
	WriteDone    WriteState = "done"
	WriteDead    WriteState = "dead" // refused for good; Error says why
)

// Write is something that the bot writes on a forge, once.
type Write struct {
	ID int64
	// Key names it: what has a key is written once, whoever asks how often.
	Key  string
	Kind string
	// Repository is the key of where.
	Repository string
	Payload    string // JSON
	State      WriteState
	Attempts   int
	// Tried is when it was last tried without its being known that nothing came of it; the zero time otherwise. Such an attempt may have
	// been carried out.
	Tried   time.Time
	Result  string // JSON, of a Write that is done
	Error   string
	Created time.Time
}

// AddWrite keeps a write. If there is one with its key already, that one is returned as it is.
func (t *Tx) AddWrite(w Write) (Write, error) {
	if _, err := t.exec(`insert into writes (key, kind, repository, payload, state, created_at) values (?, ?, ?, ?, ?, ?) on conflict do nothing`,
		w.Key, w.Kind, w.Repository, w.Payload, WritePending, millis(t.now)); err != nil {
		return w, err
	}
	w, _, err := t.Write(w.Key)
	return w, err
}

// Write is the write with a key.
func (t *Tx) Write(key string) (w Write, ok bool, err error) {
	return one(t, scanWrite, selectWrite+` where key = ?`, key)
}

// WriteOf is the write with an id.
func (t *Tx) WriteOf(id int64) (w Write, ok bool, err error) {
	return one(t, scanWrite, selectWrite+` where id = ?`, id)
}

// WritesIn are the writes in a state, the oldest first.
func (t *Tx) WritesIn(s WriteState) ([]Write, error) {
	return all(t, scanWrite, selectWrite+` where state = ? order by id`, s)
}

// Outdated says whether something newer was to be written over the comment of a key than an edit of it.
func (t *Tx) Outdated(edit int64, key string) (bool, error) {
	_, ok, err := one(t, scalar[int], `select 1 from writes where kind = 'edit_comment' and json_extract(payload, '$.of') = ? and id > ? limit 1`, key, edit)
	return ok, err
}

// Needless ends the writes that wait under keys with a beginning: what they were for is over.
func (t *Tx) Needless(beginning, why string) error {
	_, err := t.exec(`update writes set state = ?, result = '{}', error = ?, done_at = ?, payload = json_remove(payload, '$.bundle') where state = ? and substr(key, 1, length(?)) = ?`, WriteDone, why, millis(t.now), WritePending, beginning, beginning)
	return err
}

// Overwritten ends the edits of a key's comment that wait and are older than one that was made.
func (t *Tx) Overwritten(edit int64, key string) error {
	_, err := t.exec(`update writes set state = ?, result = '{}', error = 'a newer edit was made', done_at = ?
		where kind = 'edit_comment' and json_extract(payload, '$.of') = ? and id < ? and state = ?`, WriteDone, millis(t.now), key, edit, WritePending)
	return err
}

// Trying says that a write is about to be tried.
func (t *Tx) Trying(id int64) error {
	_, err := t.exec(`update writes set attempts = attempts + 1, tried_at = ? where id = ?`, millis(t.now), id)
	return err
}

// Wrote ends a write with what came of it. The commits of a push that is done are not kept here any longer.
func (t *Tx) Wrote(id int64, s WriteState, result, problem string) error {
	_, err := t.exec(`update writes set state = ?, result = ?, error = ?, done_at = ?, payload = iif(? = ?, json_remove(payload, '$.bundle'), payload) where id = ?`,
		s, result, problem, millis(t.now), s, WriteDone, id)
	return err
}

// Stumbled keeps why an attempt came to nothing. Unsure says that it may have been carried out all the same; otherwise it is as if it had
// not been tried.
func (t *Tx) Stumbled(id int64, unsure bool, problem string) error {
	_, err := t.exec(`update writes set error = ?, tried_at = case when ? then tried_at else 0 end where id = ?`, problem, unsure, id)
	return err
}

const selectWrite = `select id, key, kind, repository, payload, state, attempts, tried_at, result, error, created_at from writes`

func scanWrite(s scanner) (w Write, err error) {
	var problem sql.NullString
	err = s.Scan(&w.ID, &w.Key, &w.Kind, &w.Repository, &w.Payload, &w.State, &w.Attempts, moment{&w.Tried}, &w.Result, &problem, moment{&w.Created})
	w.Error = problem.String
	return w, err
}

// Set keeps a setting.
func (t *Tx) Set(name, value string) error {
	_, err := t.exec(`insert into settings (name, value) values (?, ?) on conflict (name) do update set value = excluded.value`, name, value)
	return err
}

// Setting is a setting; ok is false if it was never set.
func (t *Tx) Setting(name string) (value string, ok bool, err error) {
	return one(t, scalar[string], `select value from settings where name = ?`, name)
}
