package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/web"
)

// all are the addresses of all pages of a site.
func (s *site) all() []string {
	return []string{"/", "/products", fmt.Sprintf("/products/%d", s.orders.ID), fmt.Sprintf("/products/%d", s.rates.ID), "/campaigns", fmt.Sprintf("/campaigns/%d", s.campaign.ID), "/trouble", "/spending"}
}

func TestPagesTellHowThingsStand(t *testing.T) {
	s := build(t, web.Account{})
	*s.clock = s.clock.Add(2 * time.Hour)
	for path, want := range map[string][]string{
		"/": {
			"2 products", "0 under way", "2 waiting", "1 open merge request", "2 given up",
			"No webhook ever came from github.com, and 1 event was found by looking.",
			"installation 5 core: 12 of 5000 requests left, anew in 30 minutes waits goes on in 4 minutes",
			"orders acme/data waits for an answer", "Does a returned item count?", "by lee",
			"orders acme/data waits for its turn 2 hours ago asked for a colour Merge request #7 of this product is approved already; this comes after it.",
			"orders acme/data green minor 2 hours ago #7 Count the items asked for by jane · 12 345 tokens",
			"orders acme/data merged major 2 hours ago #5 Amounts in cents guideline · merged by omar · 12 345 tokens",
			"asked for the number of orders It is there already.",
			"comment comment/1 a requirement of orders ••• found by looking",
			"Codicil 1.2.3",
		},
		"/products":                                 {"acme/data 2", "orders customers team", "rates – 0 0 –"},
		fmt.Sprintf("/products/%d", s.orders.ID):    {"Where acme/data · orders", "Reads customers", "codicil why --product orders", "Changes 2", "#7 Count the items", "It is there already.", "Money is a DECIMAL merged"},
		"/campaigns":                                {"Money is a DECIMAL running guideline", "1 not applicable 1 merged"},
		fmt.Sprintf("/campaigns/%d", s.campaign.ID): {"Pause", "rates acme/data not applicable – no column holds money", "orders acme/data merged #5"},
		"/trouble":                                  {"Work on orders in acme/data job 1 · tried once", "push to https://", "comment github.com/acme/data", "403: •••", "Run again"},
		"/spending":                                 {"24 690 tokens", "6 requests", "0.50 USD in all", "orders #7 Count the items green 3 12 000 345 0.25 USD"},
	} {
		text, _ := s.page(path)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s has no %q:\n%s", path, w, text)
			}
		}
	}
}

func TestWhatOthersWroteIsText(t *testing.T) {
	s := build(t, web.Account{})
	met := 0
	for _, path := range s.all() {
		text, doc := s.page(path)
		if strings.Contains(text, "<script>alert(1)</script> @everyone") {
			met++
		}
		if strings.ContainsAny(text, "\u202e\x1b") {
			t.Errorf("%s has characters that hide or reorder text", path)
		}
		for n := range doc.Descendants() {
			switch n.Data {
			case "script", "iframe", "object", "style", "base":
				if n.Parent != nil && n.Type == 3 {
					t.Errorf("%s has an element %s", path, n.Data)
				}
			}
			for _, a := range n.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on") || a.Key == "style":
					t.Errorf("%s: an attribute %s=%q", path, a.Key, a.Val)
				case a.Key == "src" && a.Val != "/icon.svg":
					t.Errorf("%s: loads %q", path, a.Val)
				case a.Key == "href" && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") && !strings.HasPrefix(a.Val, "https://github.com/"):
					t.Errorf("%s: leads to %q", path, a.Val)
				case a.Key == "href" && strings.Contains(a.Val, "u:p@"):
					t.Errorf("%s: a link with a password", path)
				}
			}
		}
	}
	if met < 3 {
		t.Errorf("what somebody wrote is shown on %d pages only", met)
	}
}

func TestSecretsAreNowhere(t *testing.T) {
	s := build(t, web.Account{User: "ops", Password: "the-password-of-ops"})
	for _, path := range append(s.all(), "/style.css", "/no/such/page") {
		w := s.ask(http.MethodGet, path, func(r *http.Request) { r.SetBasicAuth("ops", "the-password-of-ops") })
		for _, secret := range []string{planted, webhook, "the-password-of-ops"} {
			if strings.Contains(w.Body.String(), secret) || strings.Contains(fmt.Sprint(w.Header()), secret) {
				t.Errorf("%s shows the secret %s", path, secret)
			}
		}
	}
}

func TestButtons(t *testing.T) {
	s := build(t, web.Account{})
	own := func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }
	campaign := fmt.Sprintf("/campaigns/%d", s.campaign.ID)
	press := func(path, to string) {
		t.Helper()
		w := s.ask(http.MethodPost, path, own)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
			t.Errorf("%s: %d, %v", path, w.Code, w.Header())
		}
		if text, _ := s.page(to); !strings.Contains(text, "again.") && !strings.Contains(text, "campaign is paused") && !strings.Contains(text, "campaign goes on") {
			t.Errorf("%s: nothing is told: %s", path, text)
		}
	}
	stands := func() (c state.Campaign) {
		s.must(s.db.View(t.Context(), func(tx *state.Tx) (err error) {
			c, _, err = tx.Campaign(s.campaign.ID)
			return err
		}))
		return c
	}
	press(campaign+"/pause", campaign+"?did=pause")
	if got := stands().State; got != state.CampaignPaused || <-s.looked != s.campaign.ID {
		t.Errorf("the campaign is %s", got)
	}
	press(campaign+"/resume", campaign+"?did=resume")
	if got := stands().State; got != state.CampaignRunning || <-s.looked != s.campaign.ID {
		t.Errorf("the campaign is %s", got)
	}
	over := stands()
	over.State = state.CampaignOver
	s.must(s.db.Update(t.Context(), func(tx *state.Tx) error { return tx.SaveCampaign(over) }))
	if w := s.ask(http.MethodPost, campaign+"/pause", own); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "The campaign is over.") {
		t.Errorf("a campaign that is over is paused: %d", w.Code)
	}
	press("/trouble/jobs/1", "/trouble?did=job")
	if got := <-s.ran; got != "1" {
		t.Errorf("the job %q ran", got)
	}
	press(fmt.Sprintf("/trouble/writes/%d", s.write.ID), "/trouble?did=write")
	if got := <-s.ran; got != fmt.Sprintf("write/%d", s.write.ID) {
		t.Errorf("the job %q ran", got)
	}
	for path, want := range map[string]int{
		"/trouble/jobs/1": http.StatusConflict, "/trouble/jobs/99": http.StatusConflict, fmt.Sprintf("/trouble/writes/%d", s.write.ID): http.StatusConflict, "/trouble/writes/99": http.StatusConflict,
		"/trouble/jobs/x": http.StatusNotFound, "/campaigns/99/pause": http.StatusNotFound, "/campaigns/99/resume": http.StatusNotFound, "/": http.StatusMethodNotAllowed, "/trouble": http.StatusMethodNotAllowed,
	} {
		if w := s.ask(http.MethodPost, path, own); w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

func TestPagesThatAreNone(t *testing.T) {
	s := build(t, web.Account{})
	for _, path := range []string{"/nothing", "/products/99", "/products/x", "/products/-1", "/campaigns/99", "/html/frame.html", "/frame.html"} {
		if w := s.ask(http.MethodGet, path); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "To the overview") {
			t.Errorf("%s: %d, %s", path, w.Code, w.Body)
		}
	}
}
