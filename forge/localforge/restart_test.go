package localforge_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

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
