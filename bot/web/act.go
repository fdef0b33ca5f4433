package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
)

// pause stops a campaign, or has it go on.
func (p *pages) pause(stop bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := p.number(w, r)
		if !ok {
			return
		}
		var c state.Campaign
		var there bool
		err := p.DB.Update(r.Context(), func(tx *state.Tx) (err error) {
			if c, there, err = tx.PauseCampaign(id, stop); err != nil || !there || c.State == state.CampaignOver {
				return err
			}
			return p.Buttons.Campaign(r.Context(), tx, id)
		})
		switch {
		case err != nil:
			p.fail(w, r, err)
		case !there:
			p.problem(w, r, http.StatusNotFound, "There is no such campaign.")
		case c.State == state.CampaignOver:
			p.problem(w, r, http.StatusConflict, "The campaign is over.")
		case stop:
			p.Log.Info("a campaign was paused on the pages", "campaign", id)
			http.Redirect(w, r, fmt.Sprintf("/campaigns/%d?did=pause", id), http.StatusSeeOther)
		default:
			p.Log.Info("a campaign was resumed on the pages", "campaign", id)
			http.Redirect(w, r, fmt.Sprintf("/campaigns/%d?did=resume", id), http.StatusSeeOther)
		}
	}
}

// again has something that was given up done again.
func (p *pages) again(what string, do func(context.Context, *state.Tx, int64) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		id, ok := p.number(w, r)
		if !ok {
			return
		}
		err := p.DB.Update(r.Context(), func(tx *state.Tx) error { return do(r.Context(), tx, id) })
		switch {
		case errors.Is(err, queue.ErrNoJob) || errors.Is(err, outbox.ErrNotDead):
			p.problem(w, r, http.StatusConflict, "That was not given up, or somebody had it done again already.")
		case err != nil:
			p.fail(w, r, err)
		default:
			p.Log.Info("something given up is done again, as the pages were asked", what, id)
			http.Redirect(w, r, "/trouble?did="+what, http.StatusSeeOther)
		}
	}
}
