package localforge_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// TestDeliveries pages through an app's deliveries, and asks for those that failed.
func TestDeliveries(t *testing.T) {
	w, ctx := build(t), t.Context()
	w.hooks.fail = 2
	for n := range 5 {
		if _, err := w.Person("bob").OpenIssue(ctx, "northtrail", "shop", fmt.Sprint(n), ""); err != nil {
			t.Fatal(err)
		}
	}
	w.settle(t, "issues")
	app := w.itself(t)
	o := &github.ListCursorOptions{PerPage: 4}
	var ids []int64
	for {
		page, response, err := app.Apps.ListHookDeliveries(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range page {
			ids = append(ids, d.GetID())
		}
		if response.Cursor == "" {
			break
		}
		o.Cursor = response.Cursor
	}
	if len(ids) != 6 || !slices.IsSortedFunc(ids, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("deliveries %v", ids)
	}
	for status, want := range map[string]int{"success": 4, "failure": 2} {
		r, err := app.NewRequest(http.MethodGet, "app/hook/deliveries?status="+status, nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []*github.HookDelivery
		if _, err := app.Do(ctx, r, &got); err != nil || len(got) != want {
			t.Errorf("%d with status %s, want %d: %v", len(got), status, want, err)
		}
	}
}

// TestInstallations installs an app on one repository, and takes it away.
func TestInstallations(t *testing.T) {
	w, ctx := build(t), t.Context()
	for _, name := range []string{"one", "two"} {
		if err := w.AddRepo(ctx, "eve", name, true); err != nil {
			t.Fatal(err)
		}
	}
	id, err := w.InstallOn(w.app.ID, "eve", "one")
	if err != nil {
		t.Fatal(err)
	}
	client := w.installed(t, id)
	if mine := must[*github.ListRepositories](t)(client.Apps.ListRepos(ctx, nil)); mine.GetTotalCount() != 1 || mine.Repositories[0].GetName() != "one" {
		t.Errorf("repositories %+v", mine)
	}
	_, _, err = client.Repositories.Get(ctx, "eve", "two")
	wantStatus(t, err, http.StatusNotFound, "Not Found")
	if err := w.Uninstall(id); err != nil {
		t.Fatal(err)
	}
	_, _, err = client.Repositories.Get(ctx, "eve", "one")
	wantStatus(t, err, http.StatusUnauthorized, "Bad credentials")
	if got := w.settle(t, "installation"); !slices.Equal(got, []string{"created", "created", "deleted"}) {
		t.Errorf("webhooks %v", got)
	}
}

// TestOldDeliveries keeps no more deliveries than it is told to, and loses none that waits.
func TestOldDeliveries(t *testing.T) {
	release, came := make(chan struct{}), make(chan struct{}, 100)
	slow := newServer(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release; came <- struct{}{} }))
	f := openForge(t, localforge.Options{Dir: t.TempDir(), URL: "http://localhost", Deliveries: 10})
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
	open := func(n int) {
		t.Helper()
		for range n {
			if _, err := f.Person("ada").OpenIssue(t.Context(), "ada", "shop", "x", ""); err != nil {
				t.Fatal(err)
			}
		}
	}
	open(30)
	close(release)
	settle := func(want int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := f.Settle(ctx); err != nil {
			t.Fatal(err)
		}
		if len(came) != want {
			t.Errorf("%d webhooks came, want %d", len(came), want)
		}
	}
	settle(31) // and the installation's
	open(3)
	settle(34)
	if n := f.Kept(); n > 13 {
		t.Errorf("%d deliveries are kept", n)
	}
}
