package github

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// appOnly is what a token can't do.
func (h *Host) appOnly(op string) error {
	if h.itself == nil {
		return fmt.Errorf("%s: only an App can: %w", op, forge.ErrForbidden)
	}
	return nil
}

// Deliveries lists the webhooks that GitHub sent to the App since a time, the latest first. GitHub keeps them for three days.
func (h *Host) Deliveries(ctx context.Context, since time.Time) (out []forge.Delivery, err error) {
	const op = "list the App's webhook deliveries"
	if err := h.appOnly(op); err != nil {
		return nil, err
	}
	options := &github.ListCursorOptions{PerPage: perPage}
	for {
		some, response, err := h.itself.client.Apps.ListHookDeliveries(ctx, options)
		if err != nil {
			return nil, fault(ctx, op, false, err)
		}
		for _, d := range some {
			if d.GetDeliveredAt().Before(since) {
				return out, nil
			}
			out = append(out, forge.Delivery{ID: d.GetID(), GUID: d.GetGUID(), Event: d.GetEvent(), OK: d.GetStatusCode() >= 200 && d.GetStatusCode() < 300,
				Status: d.GetStatusCode(), At: d.GetDeliveredAt().UTC()})
		}
		if response.Cursor == "" || response.Cursor == options.Cursor {
			return out, nil
		}
		options.Cursor = response.Cursor
	}
}

// Redeliver has GitHub send a webhook again; where an answer is lost, perhaps twice.
func (h *Host) Redeliver(ctx context.Context, id int64) error {
	op := fmt.Sprintf("have webhook delivery %d sent again", id)
	if err := h.appOnly(op); err != nil {
		return err
	}
	_, _, err := h.itself.setting.Apps.RedeliverHookDelivery(ctx, id)
	var accepted *github.AcceptedError
	if errors.As(err, &accepted) {
		return nil
	}
	return fault(ctx, op, true, err)
}
