package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
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
}

func build(t *testing.T) *post {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	f, err := localforge.Open(localforge.Options{Dir: t.TempDir(), URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	handler = f.Handler()
	p := &post{T: t, forge: f, repo: forge.Repo{Host: "localforge", Owner: "acme", Name: "data"}}
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
		var err error
		for range 5 {
			_, err = p.Do(t.Context(), "mr", outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: "codicil/x", Base: "main"})
			after, _, ok := forge.MayRetry(err)
			if !ok {
				break
			}
			time.Sleep(time.Until(after))
		}
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
	again := p.insist("mr/2", outbox.Operation{Kind: outbox.OpenRequest, Repo: p.repo, Title: "t", Body: "b", Head: "codicil/x", Base: "main"})
	open, err := p.host.MergeRequests(t.Context(), p.repo, forge.MergeRequestFilter{State: forge.StateOpen})
	if err != nil || len(open) != 1 || open[0].Number != again.Number {
		t.Errorf("%d open, %+v: %v", len(open), again, err)
	}
}
