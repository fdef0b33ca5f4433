package service

import (
	"context"
	"fmt"
	"net/http"

	"github.com/codicil-dev/codicil/bot/campaign"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/intake"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/web"
)

// site is the bot's own pages.
func (s *Service) site() (http.Handler, error) {
	secrets := []string{s.o.Account.Password}
	for _, x := range s.o.Secrets {
		secrets = append(secrets, string(x))
	}
	return web.Handler(web.Options{DB: s.db, Log: s.o.Log, Account: s.o.Account, Secrets: model.NewScrubber(secrets...), Version: s.o.Version,
		Sweep: config.Duration(s.o.Config.Server.Sweep), Silence: config.Duration(s.o.Config.Server.Silence), Currency: s.o.Config.Model.Currency,
		Buttons: web.Buttons{RunJob: s.queue.Revive, MakeWrite: s.outbox.Revive, Campaign: func(ctx context.Context, tx *state.Tx, id int64) error {
			return s.queue.Add(ctx, tx, campaign.Line, fmt.Sprint(id))
		}}})
}

// Pages are the bot's own pages, to be served by somebody else than [Service.Run].
func (s *Service) Pages() http.Handler { return s.pages }

// show serves the pages until the context is over, if they are to be served.
func (s *Service) show(ctx context.Context) error {
	if s.o.Pages == nil {
		<-ctx.Done()
		return nil
	}
	return intake.Serve(ctx, s.o.Pages, s.pages, s.o.Log, grace)
}
