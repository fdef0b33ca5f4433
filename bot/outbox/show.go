package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

// Show makes a write that brings something up to date: one that is as it was last shown under the key is not made again, and one that comes
// back after another is.
func (o *Outbox) Show(ctx context.Context, key string, op Operation) (Result, error) {
	var full string
	if err := o.DB.Update(ctx, func(tx *state.Tx) (err error) {
		if full, op, err = turn(tx, key, op); err != nil {
			return err
		}
		_, err = add(tx, full, op)
		return err
	}); err != nil {
		return Result{}, err
	}
	return o.Do(ctx, full, op)
}

// settling is for how long what is shown later waits for more of it, which is then shown in one write: 1.5 s where a write may be there unseen for
// half a minute, since both tell how fast a forge is.
func (o *Outbox) settling() time.Duration { return o.Visibility / 20 }

// ShowLater is Show as part of a transaction; the queue makes the write: the first at once, those after it some seconds later, unless there is a
// newer one by then.
func (o *Outbox) ShowLater(ctx context.Context, tx *state.Tx, key string, op Operation) error {
	full, op, err := turn(tx, key, op)
	if err != nil {
		return err
	}
	var at time.Time
	if op.Kind == EditComment || op.Before != "" {
		at = tx.Now().Add(o.settling())
	}
	return o.later(ctx, tx, full, op, at)
}

// turn is the key of a write among those that were shown under a key: that of the last one if it is the same. A check learns its place among them.
func turn(tx *state.Tx, key string, op Operation) (string, Operation, error) {
	text, err := json.Marshal(op)
	if err != nil {
		return "", op, fmt.Errorf("write %s: %w", key, err)
	}
	sum := sha256.Sum256(text)
	is := hex.EncodeToString(sum[:6])
	last, _, err := tx.Setting(shown(key))
	if err != nil {
		return "", op, err
	}
	count, was, _ := strings.Cut(last, "/")
	if was == is {
		return key + "/" + last, op, nil
	}
	n := 0
	_, _ = fmt.Sscan(count, &n) // the first time there is none
	next := fmt.Sprintf("%d/%s", n+1, is)
	if op.Kind == SetCheck {
		if op.Shown = key; last != "" {
			op.Before = key + "/" + last
		}
	}
	return key + "/" + next, op, tx.Set(shown(key), next)
}

// shown names the setting that says what was shown last under a key.
func shown(key string) string { return "shown/" + key }

// shownBefore is what earlier writes of a check that is shown came to: the check that one of them made, 0 if none is known, and when one was
// tried last of which it is not known. Outdated says that something else is shown since.
func (o *Outbox) shownBefore(ctx context.Context, w state.Write, op Operation) (id int64, tried time.Time, outdated bool, err error) {
	err = o.DB.View(ctx, func(tx *state.Tx) error {
		last, _, err := tx.Setting(shown(op.Shown))
		if err != nil {
			return err
		}
		outdated = w.Key != op.Shown+"/"+last
		for before := op.Before; before != "" && id == 0; {
			earlier, ok, err := tx.Write(before)
			if err != nil || !ok {
				return err
			}
			var was Operation
			var made Result
			if earlier.State == state.WriteDone {
				err = json.Unmarshal([]byte(earlier.Result), &made)
			} else if earlier.Tried.After(tried) {
				tried = earlier.Tried
			}
			if err = errors.Join(err, json.Unmarshal([]byte(earlier.Payload), &was)); err != nil {
				return fmt.Errorf("read the write %s: %w", before, err)
			}
			id, before = made.ID, was.Before
		}
		return nil
	})
	return id, tried, outdated, err
}
