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

// Forget drops deliveries that were looked at before a time. What is kept guards against replays.
func (t *Tx) Forget(before time.Time) (n int64, err error) {
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
