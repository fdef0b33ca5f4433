package github_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// key is a private key, made once.
var key = sync.OnceValue(func() []byte {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
})

func asApp(o *github.Options) { o.Token, o.App = "", &github.App{ID: 4, Key: key()} }

// TestInstallations has two installations with several pages, the same addresses, and ETags that are alike.
func TestInstallations(t *testing.T) {
	w := &wire{}
	w.answer = func(n int, r *http.Request) (*http.Response, error) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		switch {
		case r.URL.Path == "/app/installations":
			return answer(200, `[{"id": 1}, {"id": 2}, {"id": 3, "suspended_at": "2026-01-01T00:00:00Z"}]`)
		case strings.HasSuffix(r.URL.Path, "/access_tokens"):
			return answer(201, fmt.Sprintf(`{"token": "of%s", "expires_at": %q}`, strings.Split(r.URL.Path, "/")[3], time.Now().Add(time.Hour).Format(time.RFC3339)))
		case r.Header.Get("If-None-Match") != "":
			return answer(304, "")
		case r.URL.Query().Get("page") == "2":
			return answer(200, fmt.Sprintf(`{"repositories": [{"id": 2, "name": "two", "owner": {"login": %q}}]}`, token), "ETag", `"b"`)
		}
		return answer(200, fmt.Sprintf(`{"repositories": [{"id": 1, "name": "one", "owner": {"login": %q}}]}`, token), "ETag", `"a"`,
			"Link", `<https://api.github.com/installation/repositories?per_page=100&page=2>; rel="next"`)
	}
	h := overWire(t, w, asApp)
	for range 2 {
		all, err := h.Repositories(t.Context())
		var names []string
		for _, r := range all {
			names = append(names, r.String())
		}
		if got := strings.Join(names, " "); err != nil || got != "of1/one of1/two of2/one of2/two" {
			t.Errorf("repositories %s: %v", got, err)
		}
	}
	if _, err := h.Issue(t.Context(), forge.Repo{Owner: "of2", Name: "two"}, 1); err != nil { // its installation is known now
		t.Error(err)
	}
	if last := w.sent[len(w.sent)-1]; last != "GET /repos/of2/two/issues/1" || strings.Contains(strings.Join(w.sent, " "), "/repos/of2/two/installation") {
		t.Errorf("sent %v", w.sent)
	}
}

// TestAnInstallationThatIsClosedIsLeftOut: one owner's door does not keep the bot from the others.
func TestAnInstallationThatIsClosedIsLeftOut(t *testing.T) {
	for name, refusal := range map[string]func(path string) (*http.Response, error){
		"behind a list of addresses": func(path string) (*http.Response, error) {
			if strings.HasSuffix(path, "/access_tokens") {
				return answer(201, fmt.Sprintf(`{"token": "of1", "expires_at": %q}`, time.Now().Add(time.Hour).Format(time.RFC3339)))
			}
			return answer(403, `{"message": "Although you appear to have the correct authorization credentials, the organization has an IP allow list enabled"}`)
		},
		"just uninstalled": func(string) (*http.Response, error) { return answer(404, `{"message": "Not Found"}`) },
	} {
		w := &wire{}
		w.answer = func(n int, r *http.Request) (*http.Response, error) {
			switch {
			case r.URL.Path == "/app/installations":
				return answer(200, `[{"id": 1}, {"id": 2}]`)
			case strings.HasSuffix(r.URL.Path, "/2/access_tokens"):
				return answer(201, fmt.Sprintf(`{"token": "of2", "expires_at": %q}`, time.Now().Add(time.Hour).Format(time.RFC3339)))
			case r.Header.Get("Authorization") == "Bearer of2":
				return answer(200, `{"repositories": [{"id": 1, "name": "one", "owner": {"login": "two"}}]}`)
			}
			return refusal(r.URL.Path)
		}
		all, err := overWire(t, w, asApp).Repositories(t.Context())
		if err != nil || len(all) != 1 || all[0].String() != "two/one" {
			t.Errorf("%s: %v, %v", name, all, err)
		}
	}
}

func TestTokensAreRenewedAhead(t *testing.T) {
	key() // outside the bubble
	synctest.Test(t, func(t *testing.T) {
		tokens := 0
		w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/installation") {
				return answer(200, `{"id": 1}`)
			}
			tokens++
			return answer(201, fmt.Sprintf(`{"token": "t%d", "expires_at": %q}`, tokens, time.Now().Add(time.Hour).Format(time.RFC3339)))
		}}
		h := overWire(t, w, asApp)
		for _, want := range []string{"t1", "t1", "t2", "t2", "t3"} {
			if c, err := h.Credential(t.Context(), shop); err != nil || c.Token != want || c.User != "x-access-token" {
				t.Errorf("%s, want %s: %v", c.Token, want, err)
			}
			time.Sleep(25 * time.Minute)
		}
	})
}

func TestDeliveriesHavePages(t *testing.T) {
	w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
		one := func(id int) string {
			return fmt.Sprintf(`[{"id": %d, "guid": "g", "event": "push", "status_code": 502, "delivered_at": "2026-01-0%dT00:00:00Z"}]`, id, id)
		}
		switch r.URL.Query().Get("cursor") {
		case "":
			return answer(200, one(9), "Link", `<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_1>; rel="next"`)
		case "v1_1":
			return answer(200, one(8), "Link", `<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_2>; rel="next"`)
		}
		return answer(200, one(3), "Link", `<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_3>; rel="next"`)
	}}
	h := overWire(t, w, asApp)
	all, err := h.Deliveries(t.Context(), time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC))
	if err != nil || len(all) != 2 || all[1].ID != 8 || all[1].OK || all[1].Status != 502 || w.count() != 3 {
		t.Errorf("%+v after %d requests: %v", all, w.count(), err)
	}
}

// TestMovingList has an issue move to a later page between the two.
func TestMovingList(t *testing.T) {
	w := &wire{answer: func(n int, r *http.Request) (*http.Response, error) {
		if r.URL.Query().Get("direction") != "desc" || r.URL.Query().Get("sort") != "updated" || r.URL.Query().Get("state") != "all" {
			t.Errorf("asked for %s", r.URL.RawQuery)
		}
		if r.URL.Query().Get("page") == "" {
			return answer(200, `[{"id": 3, "number": 3}, {"id": 2, "number": 2}]`, "Link", `<https://api.github.com/x?page=2>; rel="next"`)
		}
		return answer(200, `[{"id": 2, "number": 2}, {"id": 1, "number": 1, "pull_request": {}}]`)
	}}
	all, err := overWire(t, w, nil).Issues(t.Context(), shop, time.Now())
	if err != nil || len(all) != 3 || all[2].Number != 1 || !all[2].MergeRequest {
		t.Errorf("%+v: %v", all, err)
	}
}
