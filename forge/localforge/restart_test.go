package localforge_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestTokensExpire asks with an installation's token within its hour and after it.
func TestTokensExpire(t *testing.T) {
	w, ctx := build(t), t.Context()
	app := w.itself(t)
	i, _, err := app.Apps.FindRepositoryInstallation(ctx, "northtrail", "shop")
	if err != nil {
		t.Fatal(err)
	}
	token, _, err := app.Apps.CreateInstallationToken(ctx, i.GetID(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for after, works := range map[time.Duration]bool{59 * time.Minute: true, 61 * time.Minute: false} {
		later, err := localforge.Open(localforge.Options{Dir: w.dir, URL: w.URL(), Now: func() time.Time { return time.Now().Add(after) }})
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewServer(later.Handler())
		c, err := github.NewClient(nil).WithAuthToken(token.GetToken()).WithEnterpriseURLs(server.URL, server.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = c.Repositories.Get(ctx, "northtrail", "shop")
		if works && err != nil {
			t.Errorf("after %s: %v", after, err)
		} else if !works {
			wantStatus(t, err, http.StatusUnauthorized, "Bad credentials")
		}
		server.Close()
		if err := later.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestCutJournal kills the forge while it writes a line: that line is as if it never was, and what is written next is not lost with it.
func TestCutJournal(t *testing.T) {
	dir := t.TempDir()
	open := func() *localforge.Forge {
		t.Helper()
		f, err := localforge.Open(localforge.Options{Dir: dir, URL: "http://localhost"})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	f := open()
	if _, err := f.AddUser("ada"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	journal, err := os.OpenFile(filepath.Join(dir, "journal.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.WriteString(`{"kind":"user","key":"bo`); err != nil {
		t.Fatal(err)
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	f = open()
	if _, err := f.AddUser("bob"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	f = open()
	defer f.Close()
	for _, login := range []string{"ada", "bob"} {
		if _, err := f.Token(login); err != nil {
			t.Errorf("after the crash: %v", err)
		}
	}
}

// TestAllSurvives closes the forge with some of everything in it, and opens it again.
func TestAllSurvives(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.shop(t)
	w.write(t, "change", map[string]string{"b.sql": "select 1\n"})
	ada := w.Person("ada")
	number, err := ada.OpenPull(ctx, "northtrail", "shop", localforge.NewPull{Title: "B", Body: "as @eve asked", Head: "change"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Enqueue(ctx, "northtrail", "shop", number, "ada"); err != nil {
		t.Fatal(err)
	}
	if err := w.Person("bob").RequestChanges(ctx, "northtrail", "shop", number, "No.\n/label late"); err != nil {
		t.Fatal(err)
	}
	id, err := w.Person("bob").Comment(ctx, "northtrail", "shop", number, "/label bug")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ada.Comment(ctx, "northtrail", "shop", number, "/assign @bob"); err != nil {
		t.Fatal(err)
	}
	w.SetFaults(localforge.Faults{Hooks: localforge.HookFaults{Lost: 1}})
	for n := range 1500 { // so many that the journal is written anew
		if err := w.Person("bob").EditComment(ctx, "northtrail", "shop", id, fmt.Sprint("text ", n)); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(t, "issue_comment")
	state := func() (out []any) {
		thread, ok := w.Thread("northtrail", "shop", number)
		deliveries := must[[]*github.HookDelivery](t)(w.itself(t).Apps.ListHookDeliveries(ctx, &github.ListCursorOptions{PerPage: 100}))
		return append(out, thread, ok, w.Mentions(), w.Actions(), w.Repositories(), w.Users(), deliveries)
	}
	before := state()
	for range 2 {
		w.server.Close()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		w.open(t)
		if diff := cmp.Diff(before, state()); diff != "" {
			t.Fatal(diff)
		}
	}
	journal, err := os.ReadFile(filepath.Join(w.dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(journal, []byte("\n")); n > 500 {
		t.Errorf("the journal has %d lines", n)
	}
	if err := w.Dequeue(ctx, "northtrail", "shop", number, "ada"); err != nil {
		t.Fatal(err)
	}
	if _, response, _ := w.bot(t).Repositories.GetBranch(ctx, "northtrail", "shop", "gh-readonly-queue/main/pr-1-x", 1); response.StatusCode != http.StatusNotFound {
		t.Errorf("status %d", response.StatusCode)
	}
	next, err := w.Person("ada").OpenIssue(ctx, "northtrail", "shop", "x", "")
	if err != nil || next != number+1 {
		t.Errorf("the next issue is %d: %v", next, err)
	}
}
