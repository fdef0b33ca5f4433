package localforge_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestScriptedFaults has one request go wrong in each way, and looks at whether it was done.
func TestScriptedFaults(t *testing.T) {
	for name, test := range map[string]struct {
		kind   localforge.FaultKind
		status int // 0 for no answer
		done   bool
	}{
		"before":    {localforge.FailBefore, http.StatusBadGateway, false},
		"after":     {localforge.FailAfter, http.StatusBadGateway, true},
		"dropped":   {localforge.DropAfter, 0, true},
		"secondary": {localforge.Secondary403, http.StatusForbidden, false},
		"too many":  {localforge.Secondary429, http.StatusTooManyRequests, false},
		"primary":   {localforge.PrimaryLimit, http.StatusForbidden, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, ctx := build(t), t.Context()
			w.Script(localforge.Fault{Method: http.MethodPost, Path: "/repos/*/*/issues", Kind: test.kind, Skip: 1})
			var err error
			for range 2 {
				if err != nil {
					t.Fatalf("the first request: %v", err)
				}
				_, _, err = w.person(t, "bob").Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")})
			}
			if got := statusOf(err); err == nil || got != test.status {
				t.Errorf("status %d, want %d: %v", got, test.status, err)
			}
			all := must[[]*github.Issue](t)(w.person(t, "bob").Issues.ListByRepo(ctx, "northtrail", "shop", nil))
			if done := len(all) == 2; done != test.done {
				t.Errorf("%d issues", len(all))
			}
			if _, _, err := w.person(t, "bob").Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")}); err != nil {
				t.Errorf("the request after the fault: %v", err)
			}
		})
	}
}

// statusOf is the status in an error of GitHub's client, 0 if there was no answer.
func statusOf(err error) int {
	var e *github.ErrorResponse
	var limited *github.RateLimitError
	var abused *github.AbuseRateLimitError
	switch {
	case errors.As(err, &limited):
		return limited.Response.StatusCode
	case errors.As(err, &abused):
		if abused.RetryAfter == nil || *abused.RetryAfter != time.Minute {
			return -1
		}
		return abused.Response.StatusCode
	case errors.As(err, &e):
		return e.Response.StatusCode
	}
	return 0
}

// TestFaultsRepeat has the same faults fall on the same requests when a run is repeated, and others with another seed.
func TestFaultsRepeat(t *testing.T) {
	w, ctx := build(t), t.Context()
	bob := w.person(t, "bob")
	run := func(seed uint64) (out []int) {
		w.SetFaults(localforge.Faults{Seed: seed, FailBefore: 0.2, FailAfter: 0.2, Drop: 0.2})
		for range 40 {
			_, _, err := bob.Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")})
			out = append(out, statusOf(err))
		}
		return out
	}
	first, again, other := run(7), run(7), run(8)
	if !slices.Equal(first, again) {
		t.Errorf("with the same seed %v and then %v", first, again)
	}
	if slices.Equal(first, other) {
		t.Errorf("with another seed %v again", first)
	}
	if n := len(slices.DeleteFunc(first, func(status int) bool { return status != http.StatusBadGateway })); n < 8 || n > 26 {
		t.Errorf("%d of 40 requests failed, want about 16", n)
	}
	w.SetFaults(localforge.Faults{})
	if _, _, err := bob.Issues.Create(ctx, "northtrail", "shop", &github.IssueRequest{Title: github.String("x")}); err != nil {
		t.Error(err)
	}
}

// TestHourlyLimit uses an hour's requests up, and waits for the next.
func TestHourlyLimit(t *testing.T) {
	clock := newClock()
	w, ctx := buildAt(t, clock.now), t.Context()
	w.SetFaults(localforge.Faults{HourlyLimit: 3})
	get := func(tag string) (*http.Response, error) {
		t.Helper()
		bob := w.person(t, "bob")
		r, err := bob.NewRequest(http.MethodGet, "repos/northtrail/shop", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("If-None-Match", tag)
		response, err := bob.Do(ctx, r, nil)
		return response.Response, err
	}
	first, err := get("")
	if err != nil || first.Header.Get("X-RateLimit-Remaining") != "2" {
		t.Fatalf("headers %v: %v", first.Header, err)
	}
	for range 5 {
		if known, _ := get(first.Header.Get("ETag")); known.StatusCode != http.StatusNotModified {
			t.Errorf("status %d", known.StatusCode)
		}
	}
	for range 2 {
		if _, err := get(""); err != nil {
			t.Error(err)
		}
	}
	var limited *github.RateLimitError
	if _, err := get(""); !errors.As(err, &limited) || limited.Rate.Remaining != 0 || limited.Rate.Reset.Sub(clock.now()) > time.Hour {
		t.Errorf("the fourth request: %v", err)
	}
	if _, _, err := w.person(t, "ada").Repositories.Get(ctx, "northtrail", "shop"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	if limits := must[*github.RateLimits](t)(w.person(t, "bob").RateLimit.Get(ctx)); limits.Core.Remaining != 0 || limits.Core.Limit != 3 {
		t.Errorf("limits %+v", limits.Core)
	}
	clock.pass(time.Hour)
	if _, err := get(""); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

// TestShortHour looks at what is said of an hour that lasts seconds, and what is refused with either status.
func TestShortHour(t *testing.T) {
	clock := newClock()
	w := buildAt(t, clock.now)
	w.SetFaults(localforge.Faults{HourlyLimit: 1, Hour: 3 * time.Second})
	for n, want := range []int{http.StatusOK, http.StatusForbidden, http.StatusTooManyRequests, http.StatusForbidden} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.API()+"/repos/northtrail/shop", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.tokens["bob"])
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		seconds, err := strconv.ParseInt(response.Header.Get("X-RateLimit-Reset"), 10, 64)
		reset := time.Unix(seconds, 0)
		if response.StatusCode != want || response.Header.Get("X-RateLimit-Remaining") != "0" || response.Header.Get("Retry-After") != "" || err != nil ||
			reset.Before(clock.now().Add(2*time.Second)) || reset.After(clock.now().Add(3*time.Second)) {
			t.Errorf("request %d is answered %d, want %d; headers %v", n, response.StatusCode, want, response.Header)
		}
	}
	clock.pass(3 * time.Second)
	if _, _, err := w.person(t, "bob").Repositories.Get(t.Context(), "northtrail", "shop"); err != nil {
		t.Errorf("after the hour: %v", err)
	}
}

// TestListLag finds a comment by its id at once, and in lists later.
func TestListLag(t *testing.T) {
	clock := newClock()
	w, ctx := buildAt(t, clock.now), t.Context()
	sha := w.shop(t)
	w.write(t, "change", map[string]string{"b.sql": "select 1\n"})
	w.SetFaults(localforge.Faults{ListLag: 5 * time.Second})
	bot := w.bot(t)
	pull := must[*github.PullRequest](t)(bot.PullRequests.Create(ctx, "northtrail", "shop", &github.NewPullRequest{Title: github.String("B"), Head: github.String("change"), Base: github.String("main")}))
	c := must[*github.IssueComment](t)(bot.Issues.CreateComment(ctx, "northtrail", "shop", pull.GetNumber(), &github.IssueComment{Body: github.String("x")}))
	must[*github.CheckRun](t)(bot.Checks.CreateCheckRun(ctx, "northtrail", "shop", github.CreateCheckRunOptions{Name: "codicil", HeadSHA: sha}))
	count := func() [4]int {
		return [4]int{
			len(must[[]*github.PullRequest](t)(bot.PullRequests.List(ctx, "northtrail", "shop", nil))),
			len(must[[]*github.Issue](t)(bot.Issues.ListByRepo(ctx, "northtrail", "shop", nil))),
			len(must[[]*github.IssueComment](t)(bot.Issues.ListComments(ctx, "northtrail", "shop", pull.GetNumber(), nil))),
			must[*github.ListCheckRunsResults](t)(bot.Checks.ListCheckRunsForRef(ctx, "northtrail", "shop", sha, nil)).GetTotal(),
		}
	}
	if got := count(); got != [4]int{} {
		t.Errorf("lists show %v at once", got)
	}
	must[*github.IssueComment](t)(bot.Issues.GetComment(ctx, "northtrail", "shop", c.GetID()))
	must[*github.PullRequest](t)(bot.PullRequests.Get(ctx, "northtrail", "shop", pull.GetNumber()))
	clock.pass(5 * time.Second)
	if got := count(); got != [4]int{1, 1, 1, 1} {
		t.Errorf("lists show %v later", got)
	}

	// So it is with what changes.
	if err := w.Person("ada").Close(ctx, "northtrail", "shop", pull.GetNumber()); err != nil {
		t.Fatal(err)
	}
	must[*github.IssueComment](t)(bot.Issues.EditComment(ctx, "northtrail", "shop", c.GetID(), &github.IssueComment{Body: github.String("y")}))
	if got := must[*github.PullRequest](t)(bot.PullRequests.Get(ctx, "northtrail", "shop", pull.GetNumber())); got.GetState() != "closed" {
		t.Errorf("the merge request is %s", got.GetState())
	}
	for _, want := range []struct {
		open int
		body string
	}{{1, "x"}, {0, "y"}} {
		listed := must[[]*github.IssueComment](t)(bot.Issues.ListComments(ctx, "northtrail", "shop", pull.GetNumber(), nil))
		if got := count(); got[0] != want.open || len(listed) != 1 || listed[0].GetBody() != want.body {
			t.Errorf("lists show %d open merge requests and %v, want %d and %q", got[0], listed, want.open, want.body)
		}
		clock.pass(5 * time.Second)
	}
	w.SetFaults(localforge.Faults{})
	must[*github.IssueComment](t)(bot.Issues.EditComment(ctx, "northtrail", "shop", c.GetID(), &github.IssueComment{Body: github.String("z")}))
	if listed := must[[]*github.IssueComment](t)(bot.Issues.ListComments(ctx, "northtrail", "shop", pull.GetNumber(), nil)); listed[0].GetBody() != "z" {
		t.Errorf("without a lag the list shows %v", listed)
	}
}

// TestPushFaults has pushes that are done and not said to be.
func TestPushFaults(t *testing.T) {
	for name, test := range map[string]struct {
		kind localforge.FaultKind
		done bool
	}{"before": {localforge.FailBefore, false}, "after": {localforge.FailAfter, true}, "dropped": {localforge.DropAfter, true}} {
		t.Run(name, func(t *testing.T) {
			w, ctx := build(t), t.Context()
			w.shop(t)
			_, git := w.clone(t, w.tokens["ada"])
			if out, err := git("-c", "user.name=ada", "commit", "-q", "--allow-empty", "-m", "empty"); err != nil {
				t.Fatal(out)
			}
			w.Script(localforge.Fault{Method: "PUSH", Path: "/northtrail/shop", Kind: test.kind})
			if out, err := git("push", "-q", "origin", "HEAD:refs/heads/change"); err == nil {
				t.Errorf("the push went well: %s", out)
			}
			_, _, err := w.person(t, "ada").Git.GetRef(ctx, "northtrail", "shop", "heads/change")
			if done := err == nil; done != test.done {
				t.Errorf("the branch: %v", err)
			}
			want := 1
			if test.done {
				want = 2
			}
			if got := w.settle(t, "push"); len(got) != want {
				t.Errorf("%d webhooks of pushes, want %d", len(got), want)
			}
			if out, err := git("push", "-q", "origin", "HEAD:refs/heads/change"); err != nil {
				t.Errorf("the push after the fault: %s", out)
			}
		})
	}
}

// TestHookFaults has webhooks lost, repeated and shuffled.
func TestHookFaults(t *testing.T) {
	const n = 30
	for name, test := range map[string]struct {
		faults   localforge.HookFaults
		got, ids int // webhooks, and different delivery ids
		listed   int
		ordered  bool
	}{
		"none":     {localforge.HookFaults{}, n, n, n, true},
		"lost":     {localforge.HookFaults{Lost: 1}, 0, 0, 0, true},
		"failed":   {localforge.HookFaults{Failed: 1}, 0, 0, n, true},
		"repeated": {localforge.HookFaults{Repeated: 1}, 2 * n, n, 2 * n, true},
		"renamed":  {localforge.HookFaults{Renamed: 1}, 2 * n, 2 * n, 2 * n, true},
		"shuffled": {localforge.HookFaults{Shuffled: 0.5, Delay: 100 * time.Millisecond}, n, n, n, false},
	} {
		t.Run(name, func(t *testing.T) {
			w, ctx := build(t), t.Context()
			w.SetFaults(localforge.Faults{Seed: 1, Hooks: test.faults})
			for range n {
				if _, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", "x", ""); err != nil {
					t.Fatal(err)
				}
			}
			if got := w.settle(t, "issues"); len(got) != test.got {
				t.Errorf("%d webhooks, want %d", len(got), test.got)
			}
			ids, numbers := map[string]bool{}, []int{}
			for _, h := range w.hooks.wait(0, "issues") {
				ids[h.guid] = true
				numbers = append(numbers, h.parsed.(*github.IssuesEvent).GetIssue().GetNumber())
			}
			if len(ids) != test.ids || slices.IsSorted(numbers) != test.ordered {
				t.Errorf("%d delivery ids, want %d; issues %v", len(ids), test.ids, numbers)
			}
			all := must[[]*github.HookDelivery](t)(w.itself(t).Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 100}))
			if len(all) != test.listed+1 { // and the installation's
				t.Errorf("%d deliveries are listed, want %d", len(all), test.listed+1)
			}
		})
	}
}

// TestManySenders sends webhooks side by side.
func TestManySenders(t *testing.T) {
	release, under := make(chan struct{}), make(chan struct{}, 10)
	slow := newServer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { under <- struct{}{}; <-release }))
	f := openForge(t, localforge.Options{Dir: t.TempDir(), URL: "http://localhost", Senders: 3, Sync: true})
	for _, step := range []func() error{
		func() error { _, err := f.AddUser("ada"); return err },
		func() error { return f.AddRepo(t.Context(), "ada", "shop", false) },
		func() error {
			app, err := f.AddAppWithKey("codicil", slow, secret, appKey())
			if err == nil {
				_, err = f.Install(app.ID, "ada")
			}
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := f.Person("ada").OpenIssue(t.Context(), "ada", "shop", "x", ""); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		select {
		case <-under:
		case <-time.After(20 * time.Second):
			t.Fatal("fewer than three webhooks are under way")
		}
	}
	select {
	case <-under:
		t.Error("more than three webhooks are under way")
	default:
	}
	close(release)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := f.Settle(ctx); err != nil {
		t.Error(err)
	}
}
