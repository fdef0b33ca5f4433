package demo_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// A database is lost while a campaign is paused after its canary, and while a spec is edited by hand of which the bot knows nothing yet: both are as
// they were once it is rebuilt.
func TestALostDatabaseTellsOfCampaignsAndEdits(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("orders", "Gross total.", 2)
	m.describes("revenue", "Gross sales.", 2)
	p := settleShops(t, m, func(c *config.Config) { c.Limits.Canary = 1 })
	ada, ctx := p.town.Person("ada"), t.Context()
	letters := shopOf("letters") // its ledger says which spec it left, as those do that the bot writes; the others' do not
	s, _, problems := spec.ParseSpec(spec.SpecFile, []byte(letters.spec("")))
	p.do(problems.Err())
	p.push("marketing", "mia", "", "Say what was left", map[string]string{"marketing/letters/amendments/0001.yaml": letters.bootstrap() + "result: " + spec.Hash(s) + "\n"})
	p.push(demo.Rules, "ada", "net", "Amounts say what they include", map[string]string{"gross.md": gross("Gross")})
	rule, err := ada.OpenPull(ctx, demo.Rules, demo.RulesRepository, localforge.NewPull{Title: "Amounts say what they include", Head: "net"})
	p.do(err)
	p.do(ada.Merge(ctx, demo.Rules, demo.RulesRepository, rule))
	p.wait("the canary is open", 90*time.Second, func() bool {
		return p.change("orders").State == state.ChangeOpen || p.change("items").State == state.ChangeOpen || p.change("revenue").State == state.ChangeOpen
	})
	_, err = ada.Comment(ctx, demo.Rules, demo.RulesRepository, rule, "/codicil pause")
	p.do(err)
	p.wait("the campaign is paused", long, func() bool { return len(p.campaigns()) == 1 && p.campaigns()[0].State == state.CampaignPaused })
	p.idle()
	before := p.campaigns()[0]
	thread, _ := p.town.Thread(demo.Rules, demo.RulesRepository, rule)
	said := len(thread.Remarks)

	if err := p.stop(); err != nil && !errors.Is(err, context.Canceled) {
		t.Log(err)
	}
	for _, name := range []string{"codicil.db", "codicil.db-wal", "codicil.db-shm"} {
		_ = os.Remove(filepath.Join(p.town.Data(), name))
	}
	edited := strings.Replace(letters.spec(""), "Number of it.", "Number of the letter.", 1)
	p.push("marketing", "mia", "", "Say whose number\n\nSales asked.", map[string]string{"marketing/letters/spec.yaml": edited})
	bot, err := p.town.Bot(ctx)
	p.do(err)
	r, err := bot.Resync(ctx)
	p.do(err)
	p.do(bot.Close())
	if r.Edits != 1 || r.Campaigns != 1 || len(r.Untold) != 2 || r.Open != 1 {
		t.Errorf("rebuilt %+v", r)
	}

	for _, u := range r.Untold {
		if !strings.Contains(u, "edited by hand") || strings.Contains(u, "marketing") {
			t.Error(u)
		}
	}

	listener, err := net.Listen("tcp", p.town.Listener().Addr().String())
	p.do(err)
	p.start(listener)
	p.wait("letters is open", 90*time.Second, func() bool { return p.change("letters").State == state.ChangeOpen })
	p.says(p.body("marketing", p.change("letters").Number), "Say whose number", "Sales asked.")
	p.idle()
	after := p.campaigns()
	if len(after) != 1 || after[0].ID != before.ID || after[0].State != state.CampaignPaused || after[0].Canary != 1 || after[0].Request != rule {
		t.Errorf("campaigns %+v, before %+v", after, before)
	}
	if len(after) == 1 && len(after[0].Products) != len(before.Products) {
		t.Errorf("%d products were looked at again, and %d before", len(after[0].Products), len(before.Products))
	}
	open := 0
	for _, s := range shops {
		if p.change(s.name).State == state.ChangeOpen {
			open++
		}
	}
	if open != 2 {
		t.Errorf("%d merge requests are open, want the canary's and that of letters", open)
	}
	if thread, _ = p.town.Thread(demo.Rules, demo.RulesRepository, rule); len(thread.Remarks) != said {
		t.Errorf("%d remarks, and %d before", len(thread.Remarks), said)
	}
}
