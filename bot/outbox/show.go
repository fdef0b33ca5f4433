package outbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot/state"
)

// Show makes a write that brings something up to date: one that is as it was last shown under the key is not made again, and one that comes
// back after another is.
func (o *Outbox) Show(ctx context.Context, key string, op Operation) (Result, error) {
	var full string
	if err := o.DB.Update(ctx, func(tx *state.Tx) (err error) {
		if full, err = turn(tx, key, op); err != nil {
			return err
		}
		_, err = add(tx, full, op)
		return err
	}); err != nil {
		return Result{}, err
	}
	return o.Do(ctx, full, op)
}

// ShowLater is Show as part of a transaction; the queue makes the write.
func (o *Outbox) ShowLater(ctx context.Context, tx *state.Tx, key string, op Operation) error {
	full, err := turn(tx, key, op)
	if err != nil {
		return err
	}
	return o.Later(ctx, tx, full, op)
}

// turn is the key of a write among those that were shown under a key: that of the last one if it is the same.
func turn(tx *state.Tx, key string, op Operation) (string, error) {
	text, err := json.Marshal(op)
	if err != nil {
		return "", fmt.Errorf("write %s: %w", key, err)
	}
	sum := sha256.Sum256(text)
	is := hex.EncodeToString(sum[:6])
	name := "shown/" + key
	last, _, err := tx.Setting(name)
	if err != nil {
		return "", err
	}
	count, was, _ := strings.Cut(last, "/")
	if was == is {
		return key + "/" + last, nil
	}
	n := 0
	_, _ = fmt.Sscan(count, &n) // the first time there is none
	next := fmt.Sprintf("%d/%s", n+1, is)
	return key + "/" + next, tx.Set(name, next)
}
