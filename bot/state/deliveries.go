package state

import (
	"database/sql"
	"time"
)

// Delivery is something that a forge told, or that was found there.
type Delivery struct {
	ID   int64
	Host string
	// GUID is the forge's name for the delivery, Key what it tells of; Key may be empty.
	GUID, Event, Key string
	Payload          []byte
	Received         time.Time
	Attempts         int
}

// Receive keeps a delivery; fresh is false if it, or what it tells of, is known already.
func (t *Tx) Receive(d Delivery) (fresh bool, err error) {
	var key any
	if d.Key != "" {
		key = d.Key
	}
	n, err := t.exec(`insert into deliveries (host, guid, event, key, payload, received_at) values (?, ?, ?, ?, ?, ?) on conflict do nothing`,
		d.Host, d.GUID, d.Event, key, d.Payload, millis(d.Received))
	return n > 0, err
}

// Waiting are deliveries that are to be looked at now, the oldest first, n at most.
func (t *Tx) Waiting(n int) ([]Delivery, error) {
	return all(t, scanDelivery, `select id, host, guid, event, key, payload, received_at, attempts from deliveries
		where done_at is null and not_before <= ? order by id limit ?`, millis(t.now), n)
}

// NextWaiting is when the next delivery that is put off may be looked at; ok is false if there is none.
func (t *Tx) NextWaiting() (at time.Time, ok bool, err error) {
	at, _, err = one(t, instant,
		`select min(max(not_before, 1)) from deliveries where done_at is null`)
	return at, !at.IsZero(), err
}

// Looked ends a delivery with what came of it, in a few words. Its payload is not needed any more.
func (t *Tx) Looked(id int64, outcome string) error {
	_, err := t.exec(`update deliveries set done_at = ?, outcome = ?, payload = null where id = ?`, millis(t.now), outcome, id)
	return err
}

// PutOff has a delivery looked at again later.
func (t *Tx) PutOff(id int64, until time.Time, why string) error {
	_, err := t.exec(`update deliveries set not_before = ?, attempts = attempts + 1, outcome = ? where id = ?`, millis(until), why, id)
	return err
}

// Unlooked is how many deliveries wait.
func (t *Tx) Unlooked() (n int, err error) {
	n, _, err = one(t, scalar[int], `select count(*) from deliveries where done_at is null`)
	return n, err
}

// LastReceived is when the last delivery of a host came; the zero time if none did. Those that were found by looking do not count.
func (t *Tx) LastReceived(host string) (at time.Time, err error) {
	at, _, err = one(t, instant,
		`select max(received_at) from deliveries where host = ? and guid not like '`+FoundPrefix+`%'`, host)
	return at, err
}

// mostSlimmed is how many writes lose their texts at once: the database is not held up for long.
const mostSlimmed = 1000

// Forget drops deliveries that were looked at before a time, and the texts of writes that were made before it. What is kept guards against replays,
// and against writing the same twice. It returns how many deliveries were dropped.
func (t *Tx) Forget(before time.Time) (n int64, err error) {
	if _, err := t.exec(`update writes set payload = json_remove(payload, '$.body', '$.check') where id in (select id from writes
		where state = ? and done_at < ? and length(payload) > 2000 and coalesce(payload -> 'body', payload -> 'check') is not null limit ?)`, WriteDone, millis(before), mostSlimmed); err != nil {
		return 0, err
	}
	return t.exec(`delete from deliveries where done_at < ?`, millis(before))
}

func scanDelivery(s scanner) (d Delivery, err error) {
	var key sql.NullString
	err = s.Scan(&d.ID, &d.Host, &d.GUID, &d.Event, &key, &d.Payload, moment{&d.Received}, &d.Attempts)
	d.Key = key.String
	return d, err
}

// FoundPrefix begins the GUIDs of deliveries that were not made but found by looking.
const FoundPrefix = "found/"

// Knows says whether something was told, or found, before.
func (t *Tx) Knows(host, key string) (bool, error) {
	_, ok, err := one(t, scalar[int], `select 1 from deliveries where host = ? and key = ?`, host, key)
	return ok, err
}

// KnowsLike says whether something whose key begins so was told, or found, after a time.
func (t *Tx) KnowsLike(host, prefix string, after time.Time) (bool, error) {
	_, ok, err := one(t, scalar[int], `select 1 from deliveries where host = ? and key >= ? and substr(key, 1, ?) = ? and key < ? and received_at > ? limit 1`,
		host, prefix, len(prefix), prefix, prefix+"\U0010ffff", millis(after))
	return ok, err
}

// Event is a delivery as it is looked back on.
type Event struct {
	ID              int64
	Host, Name, Key string
	// Found says that no webhook told it.
	Found    bool
	Received time.Time
	// Done is when it was looked at; the zero time while it waits. Outcome says what came of it, or why it was put off.
	Done     time.Time
	Outcome  string
	Attempts int
}

// Events are the last deliveries, the newest first, n at most.
func (t *Tx) Events(n int) ([]Event, error) {
	return all(t, func(s scanner) (e Event, err error) {
		var key, outcome sql.NullString
		err = s.Scan(&e.ID, &e.Host, &e.Name, &key, &e.Found, moment{&e.Received}, moment{&e.Done}, &outcome, &e.Attempts)
		e.Key, e.Outcome = key.String, outcome.String
		return e, err
	}, `select id, host, event, key, guid like '`+FoundPrefix+`%', received_at, done_at, outcome, attempts from deliveries order by id desc limit ?`, n)
}

// FoundSince is how many deliveries of a host were found by looking after a time.
func (t *Tx) FoundSince(host string, after time.Time) (n int, err error) {
	n, _, err = one(t, scalar[int], `select count(*) from deliveries where host = ? and received_at > ? and guid like '`+FoundPrefix+`%'`, host, millis(after))
	return n, err
}
