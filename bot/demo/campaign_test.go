package demo_test

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// A guideline that is new comes to the products that don't keep it, its next text to those that kept the first, and its withdrawal to those that
// adopted it.
func TestAGuidelineComesChangesAndGoes(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("orders", "Gross total.", 2)
	m.describes("orders", "Net total.", 3)
	m.describes("revenue", "Gross sales.", 2)
	m.describes("revenue", "Net sales.", 2)
	m.describes("items", "Net price.", 2)
	p := settleShops(t, m, nil)

	sha := p.push(demo.Rules, "ada", "", "Amounts say what they include", map[string]string{"gross.md": gross("Gross")})
	orders, revenue := p.open("orders"), p.open("revenue")
	p.found(map[string]string{"orders": state.FoundToChange, "revenue": state.FoundToChange, "items": state.FoundCompliant, "letters": state.FoundNotApplicable})
	if m.count("items")+m.count("letters") != 0 {
		t.Error("a model was asked for products that need nothing")
	}
	p.says(p.body("commerce", orders.Number), "Amounts say what they include", "gross.md", "They were mixed up", "amounts say Gross")
	p.merged("commerce", "jane", "orders")
	p.do(p.town.Person("omar").Close(t.Context(), "finance", demo.Repository, revenue.Number))
	p.over(1)
	c := p.check(demo.Rules, sha, message.CheckName+": Amounts say what they include", "neutral")
	p.says(c.Output.Title, "4 products: 1 merged, 1 declined, 1 compliant already and 1 not concerned")
	p.says(p.check(demo.Rules, sha, message.CheckName, "success").Output.Summary, "Tables have keys")

	// The text is edited in a pull request of a person's, at which it is told what comes of it.
	p.push(demo.Rules, "ada", "net", "Net is meant", map[string]string{"gross.md": gross("Net")})
	number, err := p.town.Person("ada").OpenPull(t.Context(), demo.Rules, demo.RulesRepository, localforge.NewPull{Title: "Net is meant", Head: "net"})
	p.do(err)
	p.do(p.town.Person("ada").Merge(t.Context(), demo.Rules, demo.RulesRepository, number))
	p.wait("orders has its second merge request", long, func() bool {
		return p.change("orders").Number > orders.Number && p.change("orders").State == state.ChangeOpen
	})
	p.says(p.body("commerce", p.change("orders").Number), "What it said before", "whether it is Gross", "Retires the check")
	p.merged("commerce", "jane", "orders")
	text, _ := p.town.File(t.Context(), "commerce", demo.Repository, "main", "commerce/orders/amendments/0003.yaml")
	p.says(text, "supersedes:", "amendment: 2", "amounts say Gross")
	p.merged("finance", "omar", "revenue") // declined was the earlier text
	p.merged("commerce", "jane", "items")
	p.over(2)
	p.wait("the pull request tells of it", long, func() bool {
		thread, _ := p.town.Thread(demo.Rules, demo.RulesRepository, number)
		return slices.ContainsFunc(thread.Remarks, func(r localforge.Remark) bool { return strings.Contains(r.Body, "3 merged and 1 not concerned") })
	})

	// A file that can't be read takes its guideline out of force, and nothing else: nobody withdrew it.
	broken := p.push(demo.Rules, "ada", "", "A slip of the pen", map[string]string{"keys.md": strings.Replace(keys, "size(t.key)", "size(t.key", 1)})
	p.idle()
	c = p.check(demo.Rules, broken, message.CheckName, "failure")
	p.says(c.Output.Summary, "keys.md:6:", "1 other is in force")
	if n := len(p.campaigns()); n != 2 {
		t.Errorf("there are %d campaigns, want 2", n)
	}

	before := m.count("orders") + m.count("items")
	p.push(demo.Rules, "ada", "", "Not needed any more", nil, "gross.md")
	p.wait("the withdrawal is recorded", long, func() bool {
		return p.change("orders").State == state.ChangeOpen && p.change("items").State == state.ChangeOpen && p.change("revenue").State == state.ChangeOpen
	})
	p.says(p.body("commerce", p.change("orders").Number), "is withdrawn", "nothing else was changed")
	if m.count("orders")+m.count("items") != before {
		t.Error("a model was asked to withdraw a guideline")
	}
	p.merged("commerce", "jane", "orders")
	spec, _ := p.town.File(t.Context(), "commerce", demo.Repository, "main", "commerce/orders/spec.yaml")
	p.says(spec, "Net total.") // nothing is undone
}

// A canary goes first; a pause holds the others back; and whom the source does not govern is left alone.
func TestACampaignWaits(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("orders", "Net total.", 2)
	m.describes("items", "Net price.", 2)
	p := settleShops(t, m, func(c *config.Config) {
		c.Limits.Canary = 1
		c.Guidelines[0].Governs = []string{"commerce"}
	})
	p.previews(map[string]message.Standing{"orders": message.StandToChange, "items": message.StandToChange})
	p.push(demo.Rules, "ada", "net", "Amounts say what they include", map[string]string{"gross.md": gross("Net")})
	rule, err := p.town.Person("ada").OpenPull(t.Context(), demo.Rules, demo.RulesRepository, localforge.NewPull{Title: "Amounts say what they include", Head: "net"})
	p.do(err)
	p.do(p.town.Person("ada").Merge(t.Context(), demo.Rules, demo.RulesRepository, rule))
	p.wait("the canary is there", long, func() bool {
		return p.change("items").State == state.ChangeOpen || p.change("orders").State == state.ChangeOpen
	})
	p.idle()
	first, second := "items", "orders"
	if p.change("orders").State == state.ChangeOpen {
		first, second = second, first
	}
	if p.change(second).ID != 0 || p.campaigns()[0].State != state.CampaignCanary {
		t.Error("the others did not wait for the canary")
	}
	number := p.change(first).Number
	p.told("omar", "commerce", number, "/codicil pause", "needs write access")
	p.told("lee", demo.Rules, rule, "/codicil pause", "needs write access")
	if now := p.campaigns()[0].State; now != state.CampaignCanary {
		t.Errorf("readers made the campaign %s", now)
	}
	p.told("ada", demo.Rules, rule, "/codicil pause", "“Amounts say what they include” is paused")
	if now := p.campaigns()[0].State; now != state.CampaignPaused {
		t.Errorf("the campaign is %s", now)
	}
	p.told("ada", demo.Rules, rule, "/codicil resume", "goes on, with the first 1 until")
	p.told("jane", "commerce", number, "/codicil pause", "is paused")
	p.merged("commerce", "jane", first)
	p.idle()
	if p.change(second).ID != 0 {
		t.Error("a campaign that is paused went on")
	}
	p.told("jane", "commerce", number, "/codicil resume", "goes on")
	p.merged("commerce", "jane", second)
	p.over(1)
	p.told("jane", "commerce", number, "/codicil pause", "is over")
	p.found(map[string]string{"orders": state.FoundToChange, "items": state.FoundToChange, "revenue": "", "letters": ""})
	if p.change("revenue").ID != 0 {
		t.Error("a product of an owner that is not governed was changed")
	}
}

// An owner gets no more merge requests at once than is configured; what was declined stays declined while the text is the same, and a product whose
// model comes to nothing is told of.
func TestACampaignKeepsToLimits(t *testing.T) {
	t.Parallel()
	m := newPen(t)
	m.describes("orders", "Net total.", 2)
	m.describes("items", "Net price.", 2)
	m.on("revenue", author.StageAmend, "I don't know.")
	p := settleShops(t, m, func(c *config.Config) { c.Limits.OpenPerOwner = 1 })
	sha := p.push(demo.Rules, "ada", "", "Amounts say what they include", map[string]string{"gross.md": gross("Net")})
	p.wait("one is there", long, func() bool { return p.change("items").State == state.ChangeOpen })
	p.idle()
	if p.change("orders").ID != 0 {
		t.Error("the owner got two merge requests at once")
	}
	p.do(p.town.Person("jane").Close(t.Context(), "commerce", demo.Repository, p.change("items").Number))
	p.merged("commerce", "jane", "orders")
	p.over(1)
	c := p.check(demo.Rules, sha, message.CheckName+": Amounts say what they include", "neutral")
	p.says(c.Output.Title, "1 failed", "1 merged", "1 declined", "1 not concerned")
	asked := m.count("items")
	p.push(demo.Rules, "ada", "", "Gone", nil, "gross.md")
	p.merged("commerce", "jane", "orders")
	p.push(demo.Rules, "ada", "", "There again", map[string]string{"gross.md": gross("Net")})
	p.wait("there is a third campaign", long, func() bool { return len(p.campaigns()) == 3 })
	p.idle()
	if p.change("items").State != state.ChangeDeclined || m.count("items") != asked {
		t.Error("what was declined came again with the same text")
	}
}

// told has somebody comment at a merge request, and waits until the bot says something new there that holds some words.
func (p *play) told(who, owner string, number int, says, want string) {
	p.Helper()
	name := demo.Repository
	if owner == demo.Rules {
		name = demo.RulesRepository
	}
	before, _ := p.town.Thread(owner, name, number)
	_, err := p.town.Person(who).Comment(p.Context(), owner, name, number, says)
	p.do(err)
	p.wait(fmt.Sprintf("%s is told %q", who, want), long, func() bool {
		now, _ := p.town.Thread(owner, name, number)
		return slices.ContainsFunc(now.Remarks[len(before.Remarks):], func(r localforge.Remark) bool {
			return strings.HasPrefix(r.Author, "codicil") && strings.Contains(r.Body, want)
		})
	})
}

// previews wants a preview of the guideline to find how products stand, and to estimate what changes cost, with nothing begun.
func (p *play) previews(want map[string]message.Standing) {
	p.Helper()
	host, err := github.New(github.Options{Host: demo.Host, BaseURL: p.town.API() + "/", App: &github.App{ID: p.town.App.ID, Key: []byte(p.town.App.PrivateKey)}, Log: slog.New(slog.DiscardHandler)})
	p.do(err)
	c := config.Default()
	c.GitHub.BaseURL = p.town.API() + "/"
	c.Guidelines = []config.Guidelines{{Repository: demo.Rules + "/" + demo.RulesRepository, Governs: []string{"commerce"}}}
	g, problems := guideline.Parse("gross.md", []byte(gross("Net")))
	p.do(problems.Err())
	inForce, problems := guideline.Parse("keys.md", []byte(keys))
	p.do(problems.Err())
	verifier := &verify.Verifier{Builder: &product.Builder{Threads: 1}, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"}
	found, err := service.Preview(p.Context(), service.Options{Config: c, Host: host, Verifier: verifier, Data: p.TempDir(), Log: slog.New(slog.DiscardHandler), Now: time.Now},
		forge.Repo{Host: demo.Host, Owner: demo.Rules, Name: demo.RulesRepository}, []guideline.Guideline{*g, *inForce})
	p.do(err)
	if len(found) != 1 {
		p.Fatalf("%d campaigns are previewed, want one: the other guideline is in force", len(found))
	}
	got := map[string]message.Standing{}
	for _, e := range found[0].Entries {
		if got[e.Product] = e.Standing; e.Standing == message.StandToChange && (e.Tokens < 10_000 || e.Took <= 0 || e.Why == "") {
			p.Errorf("the estimate is %+v", e)
		}
	}
	if !maps.Equal(got, want) {
		p.Errorf("the preview finds %v, want %v", got, want)
	}
	if n := len(p.campaigns()); n != 0 {
		p.Errorf("a preview began %d campaigns", n)
	}
}

// body is what a merge request or issue says.
func (p *play) body(owner string, number int) string {
	p.Helper()
	thread, ok := p.town.Thread(owner, demo.Repository, number)
	if !ok {
		p.Fatalf("there is no %s#%d", owner, number)
	}
	return thread.Body
}

// says wants a text to say some things.
func (p *play) says(text string, all ...string) {
	p.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			p.Errorf("it does not say %q:\n%s", want, text)
		}
	}
}

// do wants something to go well.
func (p *play) do(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// found wants the newest campaign to have found this at products; empty for nothing.
func (p *play) found(want map[string]string) {
	p.Helper()
	c := p.campaigns()[0]
	for product, what := range want {
		if got := c.Products[p.product(product)]; got.What != what {
			p.Errorf("%s was found %+v, want %q", product, got, what)
		}
	}
}

// over waits until there are so many campaigns, and all is decided in the newest one, and told.
func (p *play) over(n int) {
	p.Helper()
	p.wait("the campaign is over", long, func() bool {
		all := p.campaigns()
		return len(all) == n && all[0].State == state.CampaignOver
	})
	p.idle()
}

// check is a check at a commit, which is to have ended so.
func (p *play) check(owner, sha, name, conclusion string) check {
	p.Helper()
	p.wait("the check "+name+" is "+conclusion, long, func() bool { return p.checks(owner, sha)[name].Conclusion == conclusion })
	return p.checks(owner, sha)[name]
}
