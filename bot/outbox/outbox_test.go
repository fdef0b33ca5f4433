package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codicil-dev/codicil/bot/outbox"
	"github.com/codicil-dev/codicil/bot/queue"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// visibility is how long the outbox waits until a write must be listed if it was made.
const visibility = 600 * time.Millisecond

// post is an outbox with a real forge behind the real client.
type post struct {
	*testing.T
	*outbox.Outbox
	forge *localforge.Forge
	host  *github.Host
	repo  forge.Repo
	issue int

	mu sync.Mutex
	// asked are the requests of the App, by method and what in the repository they are for.
	asked []string
}

// since empties what was asked, and returns it.
func (p *post) since() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := strings.Join(p.asked, ", ")
	p.asked = nil
	return all
}

// digits are the numbers and hashes in a path.
var digits = regexp.MustCompile(`\b[0-9a-f]{40}\b|\b[0-9]+\b`)

func build(t *testing.T) *post {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	f, err := localforge.Open(localforge.Options{Dir: t.TempDir(), URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	p := &post{T: t, forge: f, repo: forge.Repo{Host: "localforge", Owner: "acme", Name: "data"}}
	handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, what, ok := strings.Cut(r.URL.Path, "/repos/acme/data/"); ok {
			p.mu.Lock()
			p.asked = append(p.asked, r.Method+" "+digits.ReplaceAllString(what, "N"))
			p.mu.Unlock()
		}
		f.Handler().ServeHTTP(w, r)
	})
	var app *localforge.App
	for _, step := range []func() error{
		func() error { return f.AddOrganization("acme") },
		func() error { _, err := f.AddUser("ada"); return err },
		func() error {
			return f.CreateRepository(t.Context(), "acme", "data", false, fstest.MapFS{"README.md": {Data: []byte("# Data\n")}}, "ada")
		},
		func() (err error) { app, err = f.AddApp("codicil", "", ""); return err },
		func() error { _, err := f.Install(app.ID, "acme"); return err },
		func() (err error) {
			p.issue, err = f.Person("ada").OpenIssue(t.Context(), "acme", "data", "A wish", "")
			return err
		},
		func() (err error) {
			p.host, err = github.New(github.Options{Host: "localforge", BaseURL: f.API() + "/", App: &github.App{ID: app.ID, Key: []byte(app.PrivateKey)}})
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	db, err := state.Open(t.Context(), filepath.Join(t.TempDir(), "state.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	p.Outbox = &outbox.Outbox{Hosts: func(h string) (outbox.Host, bool) { return p.host, h == "localforge" }, DB: db, Log: log, Visibility: visibility}
	p.Queue, err = queue.New(t.Context(), db, map[string]queue.Line{outbox.Line: {Handler: p.Perform, Workers: 2, Timeout: time.Minute, Attempts: 20}}, time.Now, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Queue.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.Queue.Stop(ctx)
		server.Close()
		_ = f.Close()
		_ = db.Close()
	})
	return p
}

func (p *post) comment(body string) outbox.Operation {
	return outbox.Operation{Kind: outbox.Comment, Repo: p.repo, Number: p.issue, Body: body}
}

// texts are the comments at the issue, without their marks.
func (p *post) texts() (out []string) {
	p.Helper()
	all, err := p.host.Comments(p.Context(), p.repo, p.issue, time.Time{})
	if err != nil {
		p.Fatal(err)
	}
	for _, c := range all {
		text, _, _ := strings.Cut(c.Body, "\n\n<!--")
		out = append(out, text)
	}
	return out
}

// insist does a write again and again until it is done, as the queue would.
func (p *post) insist(key string, op outbox.Operation) outbox.Result {
	p.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		r, err := p.Do(p.Context(), key, op)
		if err == nil {
			return r
		}
		if _, _, ok := forge.MayRetry(err); !ok || time.Now().After(end) {
			p.Fatal(err)
		}
	}
}

func TestAKeyIsWrittenOnce(t *testing.T) {
	p := build(t)
	first := p.insist("a", p.comment("hello"))
	second := p.insist("a", p.comment("hello, said otherwise"))
	if first != second || first.ID == 0 {
		t.Errorf("two results: %+v, %+v", first, second)
	}
	if err := p.DB.Update(t.Context(), func(tx *state.Tx) error { return p.Later(t.Context(), tx, "b", p.comment("later")) }); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); len(p.texts()) < 2; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("what was put off is not written")
		}
	}
	if got := strings.Join(p.texts(), ", "); got != "hello, later" {
		t.Error(got)
	}
}

// TestAWriteWhoseAnswerWasLost: the forge did it and said that it failed, or said nothing.
func TestAWriteWhoseAnswerWasLost(t *testing.T) {
	for name, kind := range map[string]localforge.FaultKind{"failed after": localforge.FailAfter, "dropped after": localforge.DropAfter} {
		t.Run(name, func(t *testing.T) {
			p := build(t)
			p.forge.SetFaults(localforge.Faults{ListLag: visibility / 2}) // it is there before it is listed
			p.forge.Script(localforge.Fault{Method: "POST", Path: "/repos/acme/data/issues/*/comments", Kind: kind})
			if _, err := p.Do(t.Context(), "a", p.comment("hello")); err == nil {
				t.Fatal("the lost answer is not noticed")
			} else if _, unsure, ok := forge.MayRetry(err); !ok || !unsure {
				t.Fatalf("%v: may be tried again %v, unsure %v", err, ok, unsure)
			}
			r := p.insist("a", p.comment("hello"))
			time.Sleep(visibility)
			if got := p.texts(); len(got) != 1 || r.ID == 0 {
				t.Errorf("comments: %q, result %+v", got, r)
			}
		})
	}
}

func TestAWriteThatWasNotMadeIsMade(t *testing.T) {
	p := build(t)
	p.forge.Script(localforge.Fault{Method: "POST", Path: "/repos/acme/data/issues/*/comments", Kind: localforge.FailBefore})
	start := time.Now()
	p.insist("a", p.comment("hello"))
	if got := p.texts(); len(got) != 1 {
		t.Errorf("comments: %q", got)
	}
	if time.Since(start) < visibility {
		t.Error("it was made again before it could be seen whether it was made the first time")
	}
}

// TestTwinsAreRemoved: a list that lags longer than thought makes a second comment, which is taken away once it shows.
func TestTwinsAreRemoved(t *testing.T) {
	p := build(t)
	p.forge.SetFaults(localforge.Faults{ListLag: visibility + 400*time.Millisecond})
	p.forge.Script(localforge.Fault{Method: "POST", Path: "/repos/acme/data/issues/*/comments", Kind: localforge.FailAfter})
	_, _ = p.Do(t.Context(), "a", p.comment("hello"))
	p.insist("a", p.comment("hello"))
	p.forge.SetFaults(localforge.Faults{})
	if got := p.texts(); len(got) != 2 {
		t.Fatalf("there are no twins to remove: %q", got)
	}
	for end := time.Now().Add(10 * time.Second); len(p.texts()) != 1; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("twins: %q", p.texts())
		}
	}
}

func TestAWriteThatIsRefusedIsDead(t *testing.T) {
	p := build(t)
	op := p.comment("hello")
	op.Number = 999
	var dead *outbox.DeadError
	if _, err := p.Do(t.Context(), "a", op); !errors.As(err, &dead) {
		t.Fatalf("the forge has no such issue: %v", err)
	}
	p.forge.SetFaults(localforge.Faults{FailBefore: 1})
	if _, err := p.Do(t.Context(), "a", op); !errors.As(err, &dead) {
		t.Errorf("what is dead is asked again: %v", err)
	}
	if _, err := p.Do(t.Context(), "b", outbox.Operation{Kind: outbox.Comment, Repo: forge.Repo{Host: "gone", Owner: "a", Name: "b"}}); !errors.As(err, &dead) {
		t.Errorf("a host that is not configured: %v", err)
	}
}

func TestEditsKeepTheMark(t *testing.T) {
	p := build(t)
	r := p.insist("a", p.comment("hello"))
	p.insist("a/1", outbox.Operation{Kind: outbox.EditComment, Repo: p.repo, Number: p.issue, CommentID: r.ID, Of: "a", Body: "hello again"})
	all, err := p.host.Comments(t.Context(), p.repo, p.issue, time.Time{})
	if err != nil || len(all) != 1 || !strings.Contains(all[0].Body, outbox.Mark("a")) || !strings.HasPrefix(all[0].Body, "hello again") {
		t.Errorf("%+v %v", all, err)
	}
}

func TestAMergeRequestOfSomebodyElseIsNotWaitedForForEver(t *testing.T) {
	p := build(t)
	p.Visibility = 10 * time.Millisecond
	if err := p.forge.Grant("acme", "data", "ada", localforge.Write); err != nil {
		t.Fatal(err)
	}
	if _, err := p.forge.Commit(t.Context(), localforge.Commit{Owner: "acme", Name: "data", Branch: "codicil/x", By: "ada", Message: "x", Write: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.forge.Person("ada").OpenPull(t.Context(), "acme", "data", localforge.NewPull{Title: "Mine", Head: "codicil/x", Base: "main"}); err != nil {
		t.Fatal(err)
	}
	var dead *outbox.DeadError
	for try := 1; ; try++ {
		_, err := p.Do(t.Context(), "mr", outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: "codicil/x", Base: "main"})
		if errors.As(err, &dead) {
			break
		}
		after, _, ok := forge.MayRetry(err)
		if !ok || try > 20 {
			t.Fatalf("the branch has somebody else's merge request, and after %d tries: %v", try, err)
		}
		time.Sleep(time.Until(after))
	}
	if !strings.Contains(dead.Why, "not the bot's own") {
		t.Error(dead)
	}
}

// patiently does a write as often as its error says that it may be tried again, five times at most.
func (p *post) patiently(key string, op outbox.Operation) (err error) {
	for range 5 {
		_, err = p.Do(p.Context(), key, op)
		after, _, ok := forge.MayRetry(err)
		if !ok {
			break
		}
		time.Sleep(time.Until(after))
	}
	return err
}

// late is a forge that does not know a branch yet that was just pushed.
type late struct {
	*github.Host
	asked, knows int
}

func (l *late) OpenMergeRequest(ctx context.Context, repo forge.Repo, n forge.NewMergeRequest) (forge.MergeRequest, error) {
	if l.asked++; l.asked < l.knows {
		return forge.MergeRequest{}, fmt.Errorf("422 Validation Failed (PullRequest head invalid): %w", forge.ErrInvalid)
	}
	return l.Host.OpenMergeRequest(ctx, repo, n)
}

func TestABranchMayShowLater(t *testing.T) {
	for knows, opened := range map[int]bool{3: true, 4: false} {
		p := build(t)
		p.Visibility = 10 * time.Millisecond
		host := &late{Host: p.host, knows: knows}
		p.Hosts = func(string) (outbox.Host, bool) { return host, true }
		if _, err := p.forge.Commit(t.Context(), localforge.Commit{Owner: "acme", Name: "data", Branch: "codicil/x", By: "ada", Message: "x", Write: map[string]string{"a": "b"}}); err != nil {
			t.Fatal(err)
		}
		err := p.patiently("mr", outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: "codicil/x", Base: "main"})
		var dead *outbox.DeadError
		if (err == nil) != opened || errors.As(err, &dead) == opened || host.asked != 3 {
			t.Errorf("known at the %d. request, of which %d were made: %v", knows, host.asked, err)
		}
	}
}

func TestAnEditWaitsLongerForACommentThatDoesNotCome(t *testing.T) {
	p := build(t)
	if _, err := p.Keep(t.Context(), "a", p.comment("hello")); err != nil {
		t.Fatal(err)
	}
	edit := outbox.Operation{Kind: outbox.EditComment, Repo: p.repo, Number: p.issue, Of: "a", Body: "hello again"}
	waits := func() time.Duration {
		t.Helper()
		_, err := p.Do(t.Context(), "a/1", edit)
		after, _, ok := forge.MayRetry(err)
		if !ok {
			t.Fatal(err)
		}
		return time.Until(after).Round(100 * time.Millisecond)
	}
	if got := waits(); got != 500*time.Millisecond {
		t.Errorf("waits %v at first", got)
	}
	for back, want := range map[time.Duration]time.Duration{time.Minute: 15 * time.Second, 10 * time.Hour: 5 * time.Minute} {
		if err := p.DB.Update(t.Context(), func(tx *state.Tx) error {
			_, err := tx.SQL.Exec(`update writes set created_at = ?`, time.Now().Add(-back).UnixMilli())
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if got := waits(); got != want {
			t.Errorf("waits %v after %v, want %v", got, back, want)
		}
	}
}

func TestAMergeRequestOfSomebodyElseIsNotTaken(t *testing.T) {
	p := build(t)
	if _, err := p.forge.Commit(t.Context(), localforge.Commit{Owner: "acme", Name: "data", Branch: "codicil/x", By: "ada", Message: "x", Write: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	p.insist("mr", outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: "codicil/x", Base: "main"})
	// The same under another key, as after a lost database: the bot's own open merge request of the branch is found.
	again := p.insist("mr/2", outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: "codicil/x", Base: "main", New: true})
	open, err := p.host.MergeRequests(t.Context(), p.repo, forge.MergeRequestFilter{State: forge.StateOpen})
	if err != nil || len(open) != 1 || open[0].Number != again.Number {
		t.Errorf("%d open, %+v: %v", len(open), again, err)
	}
}

// branch makes a branch with a commit of its own.
func (p *post) branch(name string) (sha string) {
	p.Helper()
	sha, err := p.forge.Commit(p.Context(), localforge.Commit{Owner: "acme", Name: "data", Branch: name, By: "ada", Message: name, Write: map[string]string{name: "x"}})
	if err != nil {
		p.Fatal(err)
	}
	return sha
}

// opened opens a merge request.
func (p *post) opened(branch string) (number int, sha string) {
	p.Helper()
	sha = p.branch(branch)
	return p.insist(branch, outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: branch, Base: "main", New: true}).Number, sha
}

func named(names ...string) (all []forge.Label) {
	for _, n := range names {
		all = append(all, forge.Label{Name: n, Color: "b60205"})
	}
	return all
}

// TestRequests counts what writes ask of the forge when all goes well.
func TestRequests(t *testing.T) {
	p := build(t)
	want := func(what, want string) {
		t.Helper()
		if got := p.since(); got != want {
			t.Errorf("%s asks %q, want %q", what, got, want)
		}
	}
	p.since()
	n, sha := p.opened("a")
	want("a merge request", "GET installation, POST pulls")
	labels := func(key string, drop []string, names ...string) {
		p.insist(key, outbox.Operation{Kind: outbox.SetLabels, Repo: p.repo, Number: n, Labels: named(names...), Drop: drop})
	}
	labels("1", nil, "codicil", "codicil/red")
	want("its labels", "GET labels, POST labels, POST labels, POST issues/N/labels")
	labels("2", []string{"codicil/red", "codicil/patch"}, "codicil", "codicil/minor")
	want("another label", "GET pulls/N, POST labels, POST issues/N/labels, DELETE issues/N/labels/codicil/red")
	labels("3", []string{"codicil/red", "codicil/patch"}, "codicil", "codicil/minor")
	want("labels that are there", "GET pulls/N")
	check := outbox.Operation{Kind: outbox.SetCheck, Repo: p.repo, Check: &forge.Check{Name: "codicil", SHA: sha, Key: "1", Title: "one"}, New: true}
	p.insist("check", check)
	want("a new check", "POST check-runs")
	p.insist("check again", outbox.Operation{Kind: outbox.SetCheck, Repo: p.repo, Check: check.Check})
	want("a check that may be there", "GET commits/N/check-runs, PATCH check-runs/N")
	for n, title := range []string{"one", "two", "two", "three"} {
		if _, err := p.Show(t.Context(), "shown", outbox.Operation{Kind: outbox.SetCheck, Repo: p.repo, Check: &forge.Check{Name: "codicil", SHA: sha, Key: "2", Title: title}}); err != nil {
			t.Fatal(err)
		}
		want(title, []string{"GET commits/N/check-runs, POST check-runs", "PATCH check-runs/N", "", "PATCH check-runs/N"}[n])
	}
}

// TestAnOlderCheckIsNotShown: what comes late is not shown over what came after it.
func TestAnOlderCheckIsNotShown(t *testing.T) {
	p := build(t)
	sha := p.branch("a")
	show := func(title string) (outbox.Result, error) {
		return p.Show(t.Context(), "shown", outbox.Operation{Kind: outbox.SetCheck, Repo: p.repo, Check: &forge.Check{Name: "codicil", SHA: sha, Key: "2", Title: title}})
	}
	p.forge.SetFaults(localforge.Faults{ListLag: visibility / 2}) // it is there before it is listed
	p.forge.Script(localforge.Fault{Method: "POST", Path: "/repos/acme/data/check-runs", Kind: localforge.FailAfter})
	if _, err := show("one"); err == nil {
		t.Fatal("the lost answer is not noticed")
	}
	var late state.Write
	if err := p.DB.View(t.Context(), func(tx *state.Tx) error {
		all, err := tx.WritesIn(state.WritePending)
		late = all[0]
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := show("two"); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	if err := p.Perform(t.Context(), fmt.Sprintf("write/%d", late.ID)); err != nil {
		t.Fatal(err)
	}
	p.forge.SetFaults(localforge.Faults{})
	all, err := p.host.Checks(t.Context(), p.repo, sha, "")
	if err != nil || len(all) != 1 || all[0].Title != "two" {
		t.Errorf("checks %+v: %v", all, err)
	}
}

// TestWritesGetThrough makes writes of several requests on a forge of which a fifth of the answers are failures.
func TestWritesGetThrough(t *testing.T) {
	for name, faults := range map[string]localforge.Faults{"before": {FailBefore: 0.2}, "after": {FailAfter: 0.2}, "dropped": {Drop: 0.2}} {
		t.Run(name, func(t *testing.T) {
			p := build(t)
			start := time.Now()
			p.forge.SetFaults(faults)
			n, sha := p.opened("a")
			many := named("codicil", "1", "2", "3", "4", "5", "6", "7", "8", "9")
			p.insist("labels", outbox.Operation{Kind: outbox.SetLabels, Repo: p.repo, Number: n, Labels: many})
			p.insist("fewer labels", outbox.Operation{Kind: outbox.SetLabels, Repo: p.repo, Number: n, Labels: many[:1], Drop: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}})
			check := forge.Check{Name: "codicil", SHA: sha, Key: "1", Conclusion: forge.Failure, Title: "red"}
			for line := range 170 {
				check.Annotations = append(check.Annotations, forge.Annotation{Path: "a", Start: line + 1, End: line + 1, Message: "look"})
			}
			p.insist("check", outbox.Operation{Kind: outbox.SetCheck, Repo: p.repo, Check: &check, New: true})
			p.insist("reviewers", outbox.Operation{Kind: outbox.AskReviewers, Repo: p.repo, Number: n, Users: []string{"ada", "nobody", "no-one"}})
			closed := false
			p.insist("close", outbox.Operation{Kind: outbox.EditRequest, Repo: p.repo, Number: n, Open: &closed})
			p.forge.SetFaults(localforge.Faults{})
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			x, err := p.host.MergeRequest(t.Context(), p.repo, n)
			if err != nil || x.Open || strings.Join(x.Labels, " ") != "codicil" {
				t.Errorf("merge request %+v: %v", x, err)
			}
			thread, _ := p.forge.Thread("acme", "data", n)
			if len(thread.Checks) != 1 || len(thread.Checks[0].Annotations) != 170 {
				t.Errorf("%d checks", len(thread.Checks))
			}
		})
	}
}

// TestAMergedMergeRequestIsFound: it was opened and merged, and what is known of that was lost.
func TestAMergedMergeRequestIsFound(t *testing.T) {
	p := build(t)
	p.branch("a")
	op := outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b\n\n<!-- codicil:1 abc -->\n", Head: "a", Base: "main", New: true}
	first := p.insist("1", op)
	if err := p.forge.Grant("acme", "data", "ada", localforge.Write); err != nil {
		t.Fatal(err)
	}
	if err := p.forge.Person("ada").Merge(t.Context(), "acme", "data", first.Number); err != nil {
		t.Fatal(err)
	}
	if second := p.insist("2", op); second.Number != first.Number {
		t.Errorf("%+v, want %+v", second, first)
	}
	op.Body = "b\n\n<!-- codicil:1 def -->\n"
	var dead *outbox.DeadError
	if err := p.patiently("3", op); !errors.As(err, &dead) {
		t.Errorf("another change without commits: %v", err)
	}
}
