package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/web"
)

func TestOnlyThisMachineNeedsNoAccount(t *testing.T) {
	for address, fine := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, "0.0.0.0:0": false, ":0": false, "[::]:0": false} {
		l, err := web.Listen(t.Context(), address, web.Account{})
		var open *web.OpenError
		if fine != (err == nil) || !fine && (!errors.As(err, &open) || !strings.Contains(err.Error(), "set server.account")) {
			t.Errorf("%s: %v", address, err)
		}
		if err == nil {
			l.Close()
		}
	}
	l, err := web.Listen(t.Context(), "0.0.0.0:0", web.Account{User: "ops", Password: "x"})
	if err != nil {
		t.Fatalf("with an account: %v", err)
	}
	defer l.Close()
	if _, err := web.Listen(t.Context(), l.Addr().String(), web.Account{User: "ops", Password: "x"}); err == nil || !strings.Contains(err.Error(), "name another address under server.pages") {
		t.Errorf("a port in use: %v", err)
	}
}

func TestOnlyNamesOfThisMachineAreAnswered(t *testing.T) {
	s := build(t, web.Account{})
	for host, want := range map[string]int{
		"127.0.0.1:8421": 200, "localhost:8421": 200, "LOCALHOST": 200, "[::1]:8421": 200, "::1": 200, "127.9.9.9": 200,
		"evil.example:8421": 421, "localhost.evil.example": 421, "10.0.0.1": 421, "": 421, "127.0.0.1.evil.example": 421, "0.0.0.0": 421,
	} {
		w := s.ask(http.MethodGet, "/", func(r *http.Request) { r.Host = host })
		if w.Code != want || want != 200 && strings.Contains(w.Body.String(), "orders") {
			t.Errorf("%q: %d, want %d", host, w.Code, want)
		}
	}
}

func TestButtonsArePressedHereOnly(t *testing.T) {
	s := build(t, web.Account{})
	pause := fmt.Sprintf("/campaigns/%d/pause", s.campaign.ID)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for name, change := range map[string]func(*http.Request){
		"from another site": set("Sec-Fetch-Site", "cross-site"), "from another port": set("Sec-Fetch-Site", "same-site"), "an old browser": set("Origin", "https://evil.example"), "a sandbox": set("Origin", "null"),
	} {
		for _, path := range []string{pause, "/trouble/jobs/1", fmt.Sprintf("/trouble/writes/%d", s.write.ID)} {
			if w := s.ask(http.MethodPost, path, change); w.Code != http.StatusForbidden {
				t.Errorf("%s, %s: %d", name, path, w.Code)
			}
		}
	}
	s.must(s.db.View(t.Context(), func(tx *state.Tx) error {
		c, _, err := tx.Campaign(s.campaign.ID)
		if c.State != state.CampaignRunning {
			t.Errorf("the campaign is %s", c.State)
		}
		return err
	}))
	// Looking changes nothing.
	for _, path := range []string{pause, "/trouble/jobs/1"} {
		if w := s.ask(http.MethodGet, path); w.Code != http.StatusNotFound {
			t.Errorf("%s is looked at: %d", path, w.Code)
		}
	}
	if w := s.ask(http.MethodPost, pause, set("Origin", "http://127.0.0.1:8421")); w.Code != http.StatusSeeOther {
		t.Errorf("an old browser, on the page itself: %d", w.Code)
	}
}

func TestAccount(t *testing.T) {
	s := build(t, web.Account{User: "ops", Password: "right horse"})
	try := func(user, password, from string) int {
		return s.ask(http.MethodGet, "/", func(r *http.Request) {
			r.Host, r.RemoteAddr = "codicil.example", from
			r.SetBasicAuth(user, password)
		}).Code
	}
	w := s.ask(http.MethodGet, "/")
	if w.Code != http.StatusUnauthorized || !strings.HasPrefix(w.Header().Get("WWW-Authenticate"), "Basic ") || strings.Contains(w.Body.String(), "orders") {
		t.Errorf("without an account: %d %v", w.Code, w.Header())
	}
	if got := s.ask(http.MethodGet, "/style.css").Code; got != http.StatusUnauthorized {
		t.Errorf("the style without an account: %d", got)
	}
	const somewhere, elsewhere = "203.0.113.7:4000", "203.0.113.8:4000"
	for _, c := range []struct {
		user, password string
		want           int
	}{{"ops", "right horse", 200}, {"ops", "wrong", 401}, {"Ops", "right horse", 401}, {"", "", 401}, {"ops", "", 401}} {
		if got := try(c.user, c.password, somewhere); got != c.want {
			t.Errorf("%q %q: %d, want %d", c.user, c.password, got, c.want)
		}
	}
	for range 10 {
		try("ops", "guess", somewhere)
	}
	if got := try("ops", "right horse", somewhere); got != http.StatusTooManyRequests {
		t.Errorf("after many guesses: %d", got)
	}
	if got := try("ops", "right horse", elsewhere); got != 200 {
		t.Errorf("from elsewhere: %d", got)
	}
	for i := range 10 { // one customer has a whole network of IPv6 addresses
		try("ops", "guess", fmt.Sprintf("[2001:db8::%d]:4000", i+1))
	}
	if got := try("ops", "right horse", "[2001:db8::ff]:4000"); got != http.StatusTooManyRequests {
		t.Errorf("after many guesses from one network: %d", got)
	}
	*s.clock = s.clock.Add(time.Minute)
	if got := try("ops", "right horse", somewhere); got != 200 {
		t.Errorf("a minute later: %d", got)
	}
}

func TestHeaders(t *testing.T) {
	for _, account := range []web.Account{{}, {User: "ops", Password: "x"}} {
		s := build(t, account)
		for _, path := range []string{"/", "/style.css", "/nothing"} {
			h := s.ask(http.MethodGet, path).Header()
			if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none';") || strings.Contains(csp, "script-src") || strings.Contains(csp, "unsafe") {
				t.Errorf("%s: Content-Security-Policy: %s", path, csp)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
				if h.Get(name) != want {
					t.Errorf("%s: %s: %q", path, name, h.Get(name))
				}
			}
		}
	}
}
