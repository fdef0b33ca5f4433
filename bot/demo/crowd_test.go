package demo_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/standing"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// A repository that holds more products than are to be looked after has those looked after that were so before, says where people look that there
// are more, and needs no push once the limit is raised.
func TestMoreProductsThanAreLookedAfter(t *testing.T) {
	t.Parallel()
	most := 1
	owners := map[string][]tiny.Product{"commerce": {{Name: "orders"}}}
	p := settle(t, demo.Options{Examples: tiny.Files(owners), Configure: func(c *config.Config) { c.Limits.Products = most }}, 1, func(*model.Account) asker { return &tiny.Model{} })
	p.push("commerce", "jane", "", "More products", map[string]string{"commerce/items/spec.yaml": "x", "commerce/stock/spec.yaml": "x"})
	warned := func() (all []string) {
		s, err := standing.Read(t.Context(), p.bot.DB(), standing.Options{})
		p.do(err)
		for _, w := range s.Warnings {
			if strings.Contains(w, "commerce/") && strings.Contains(w, "looked after") {
				all = append(all, w)
			}
		}
		return all
	}
	p.wait("it is said that there are more", long, func() bool { return len(warned()) == 1 })
	p.says(warned()[0], "holds 3 products", "1 are looked after", "limits.products")
	names := func() (all []string) {
		p.view(func(tx *state.Tx) error {
			products, err := tx.Products()
			for _, x := range products {
				all = append(all, x.Name)
			}
			return err
		})
		return all
	}
	if got := strings.Join(names(), " "); got != "orders" {
		t.Errorf("looked after are %s", got)
	}
	p.idle() // nothing is put off
	p.town.SetFaults(localforge.Faults{HourlyLimit: 4000})
	p.do(p.bot.Sweep(t.Context()))

	most = 10
	p.restart()
	// What the forge said of its limits is there for another process as well.
	s, err := standing.Read(t.Context(), p.bot.DB(), standing.Options{})
	p.do(err)
	if len(s.Hosts) != 1 || len(s.Hosts[0].Limits) == 0 || s.Hosts[0].Limits[0].Limit != 4000 {
		t.Errorf("hosts %+v", s.Hosts)
	}
	p.wait("all are looked after", long, func() bool { return len(names()) == 3 && len(warned()) == 0 })
}
