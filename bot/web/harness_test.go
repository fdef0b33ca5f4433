package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/web"
	"github.com/codicil-dev/codicil/forge"
)

// hostile is what somebody may write anywhere. planted are secrets that got into texts.
const (
	hostile = `<script>alert(1)</script> @everyone "><img src=x onerror=alert(2)> {{.Version}} ` + "\u202e\x1b[31m"
	planted = "ghs_PlantedPlantedPlantedPlantedPlanted01"
	webhook = "planted-webhook-secret"
)

// site is pages over a database that holds one of everything.
type site struct {
	*testing.T
	db     *state.DB
	queue  *queue.Queue
	clock  *time.Time
	ran    chan string // arguments of jobs that ran
	looked chan int64
	http.Handler
	// ids of what is there.
	orders, rates state.Product
	campaign      state.Campaign
	write         state.Write
}

// build opens pages with an account, which may be zero.
func build(t *testing.T, account web.Account) *site {
	t.Helper()
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	s := &site{T: t, clock: &now, ran: make(chan string, 100), looked: make(chan int64, 100)}
	var err error
	if s.db, err = state.Open(t.Context(), filepath.Join(t.TempDir(), "codicil.db"), func() time.Time { return now }); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.db.Close() })
	log := slog.New(slog.DiscardHandler)
	fails := true
	line := queue.Line{Workers: 1, Timeout: time.Minute, Attempts: 3, Handler: func(_ context.Context, argument string) error {
		if fails {
			fails = false
			s.ran <- "dead"
			return &queue.DeadError{Err: errors.New("push to https://x:" + planted + "@github.com: " + hostile)}
		}
		s.ran <- argument
		return nil
	}}
	if s.queue, err = queue.New(t.Context(), s.db, map[string]queue.Line{"product": line, outbox.Line: line}, time.Now, log); err != nil {
		t.Fatal(err)
	}
	s.fill()
	box := &outbox.Outbox{DB: s.db, Queue: s.queue, Log: log}
	s.Handler, err = web.Handler(web.Options{DB: s.db, Log: log, Account: account, Secrets: model.NewScrubber(webhook), Sweep: 10 * time.Minute, Version: "1.2.3", Currency: "USD",
		Buttons: web.Buttons{RunJob: s.queue.Revive, MakeWrite: box.Revive, Campaign: func(_ context.Context, _ *state.Tx, id int64) error {
			s.looked <- id
			return nil
		}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// must fails the test of an error.
func (s *site) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// fill puts one of everything into the database.
func (s *site) fill() {
	s.must(s.db.Update(s.Context(), func(tx *state.Tx) error {
		if err := tx.SetAllowances("github.com", []forge.Allowance{{Who: "installation 5", Kind: "core", Limit: 5000, Remaining: 12, Reset: tx.Now().Add(150 * time.Minute), Until: tx.Now().Add(124 * time.Minute)}}); err != nil {
			return err
		}
		repository, err := tx.SaveRepository(forge.Repository{Repo: forge.Repo{Host: "github.com", Owner: "acme", Name: "data"}, URL: "https://github.com/acme/data"})
		s.must(err)
		s.must(tx.SaveProducts(repository.ID, []state.Product{
			{Path: "orders", Name: "orders", ProductData: state.ProductData{Owner: "team " + hostile, Inputs: []string{"customers"}}},
			{Path: "rates", Name: "rates"},
		}))
		all, err := tx.ProductsIn(repository.ID)
		s.must(err)
		s.orders, s.rates = all[0], all[1]
		s.campaign, _, err = tx.AddCampaign(state.Campaign{Key: "money@1", State: state.CampaignRunning, CampaignData: state.CampaignData{Kind: state.KindGuideline, Title: "Money is a DECIMAL", Guideline: "money",
			URL: "javascript:alert(3)", Products: map[int64]state.Finding{s.rates.ID: {What: state.FoundNotApplicable, Why: "no column holds money"}}}})
		s.must(err)
		s.changes(tx)
		_, err = tx.Receive(state.Delivery{Host: "github.com", GUID: state.FoundPrefix + "1", Event: "comment", Key: "comment/1", Received: tx.Now()})
		s.must(err)
		s.must(tx.Looked(1, "a requirement of orders "+webhook))
		s.write, err = tx.AddWrite(state.Write{Key: "status/" + hostile, Kind: "comment", Repository: "github.com/acme/data", Payload: "{}"})
		s.must(err)
		s.must(tx.Wrote(s.write.ID, state.WriteDead, "", "403: "+planted))
		return s.queue.Add(s.Context(), tx, "product", "1")
	}))
	s.must(s.queue.Start(context.WithoutCancel(s.Context())))
	s.Cleanup(func() { _ = s.queue.Stop(context.Background()) })
	<-s.ran
	s.until("the job is dead", func() bool {
		dead, err := s.queue.Dead(context.Background())
		s.must(err)
		return len(dead) == 1
	})
}

// changes puts changes and triggers of each state there.
func (s *site) changes(tx *state.Tx) {
	add := func(c state.Change, x state.Trigger) {
		c.ProductID, x.ProductID = s.orders.ID, s.orders.ID
		if c.UID != "" {
			id, err := tx.AddChange(c)
			s.must(err)
			x.ChangeID = id
			spent, err := json.Marshal(model.Spent{Total: model.Spending{Requests: 3, Usage: model.Usage{In: 12000, Out: 345}, Cost: 0.25, CostKnown: true}})
			s.must(err)
			s.must(tx.KeepAnswer(c.UID+"/1", "spent", string(spent)))
		}
		_, _, err := tx.AddTrigger(x)
		s.must(err)
	}
	add(state.Change{UID: "c1", State: state.ChangeOpen, Number: 7, ChangeData: state.ChangeData{Title: "Count the items", URL: "https://github.com/acme/data/pull/7", Verdict: "pass", Impact: "minor"}},
		state.Trigger{Kind: state.KindIssue, Key: "a", State: state.TriggerOpen, TriggerData: state.TriggerData{Author: "jane", Requirement: "count the items"}})
	add(state.Change{UID: "c2", State: state.ChangeMerged, Number: 5, ChangeData: state.ChangeData{Title: "Amounts in cents", URL: "javascript:alert(4)", Verdict: "review", Impact: "major", ClosedBy: "omar"}},
		state.Trigger{Kind: state.KindGuideline, Key: "b", State: state.TriggerMerged, CampaignID: s.campaign.ID, TriggerData: state.TriggerData{Title: "Money is a DECIMAL"}})
	add(state.Change{}, state.Trigger{Kind: state.KindIssue, Key: "c", State: state.TriggerAsked, TriggerData: state.TriggerData{Requirement: hostile + planted, Author: "lee", URL: "https://u:p@github.com/", Questions: []state.Question{{Ask: "Does a returned item count?"}}}})
	add(state.Change{}, state.Trigger{Kind: state.KindIssue, Key: "d", State: state.TriggerWaiting, TriggerData: state.TriggerData{Requirement: "a colour", Reason: "Merge request #7 of this product is approved already; this comes after it."}})
	add(state.Change{}, state.Trigger{Kind: state.KindIssue, Key: "e", State: state.TriggerAnswered, TriggerData: state.TriggerData{Requirement: "the number of orders", Reason: "It is there already."}})
}

// until waits for something to become true.
func (s *site) until(what string, is func() bool) {
	s.Helper()
	for end := time.Now().Add(20 * time.Second); !is(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("%s: it did not", what)
		}
	}
}

// ask sends a request, which is changed before.
func (s *site) ask(method, path string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(context.Background(), method, "http://127.0.0.1:8421"+path, nil)
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// page is a page, of which nothing but the text is left, and its elements.
func (s *site) page(path string) (text string, doc *html.Node) {
	s.Helper()
	w := s.ask(http.MethodGet, path)
	if w.Code != http.StatusOK {
		s.Fatalf("%s: %d: %s", path, w.Code, w.Body)
	}
	doc, err := html.Parse(strings.NewReader(w.Body.String()))
	s.must(err)
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(" " + n.Data)
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), doc
}
