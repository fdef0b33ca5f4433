package localforge_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-github/v60/github"
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
