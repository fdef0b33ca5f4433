package localforge_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/codicil-dev/codicil/forge/localforge"
)

// BenchmarkDeliveries comments as fast as can be, with each comment's webhook sent and answered.
func BenchmarkDeliveries(b *testing.B) {
	for _, senders := range []int{1, 8} {
		b.Run(fmt.Sprint(senders, " senders"), func(b *testing.B) {
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }))
			defer receiver.Close()
			f := village(b, receiver.URL, senders)
			for b.Loop() {
				if _, err := f.Person("ada").Comment(b.Context(), "ada", "shop", 1, "/amend count the items"); err != nil {
					b.Fatal(err)
				}
			}
			if err := f.Settle(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}

// BenchmarkPulls commits on a branch and opens a merge request for it, in a repository that has more and more of them.
func BenchmarkPulls(b *testing.B) {
	f := village(b, "", 1)
	n := 0
	for b.Loop() {
		n++
		branch := fmt.Sprint("change-", n)
		if _, err := f.Commit(b.Context(), localforge.Commit{Owner: "ada", Name: "shop", Branch: branch, By: "ada", Message: "Change", Write: map[string]string{branch: "x"}}); err != nil {
			b.Fatal(err)
		}
		if _, err := f.Person("ada").OpenPull(b.Context(), "ada", "shop", localforge.NewPull{Title: "Change", Head: branch}); err != nil {
			b.Fatal(err)
		}
	}
}

// village is a forge with one user, one repository, one issue and one app.
func village(b *testing.B, hooks string, senders int) *localforge.Forge {
	b.Helper()
	f, err := localforge.Open(localforge.Options{Dir: b.TempDir(), URL: "http://localhost", Senders: senders})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = f.Close() })
	for _, step := range []func() error{
		func() error { _, err := f.AddUser("ada"); return err },
		func() error { return f.AddRepo(b.Context(), "ada", "shop", false) },
		func() error {
			_, err := f.Commit(b.Context(), localforge.Commit{Owner: "ada", Name: "shop", By: "ada", Message: "First", Write: map[string]string{"README.md": "# Shop\n"}})
			return err
		},
		func() error { _, err := f.Person("ada").OpenIssue(b.Context(), "ada", "shop", "x", ""); return err },
		func() error {
			app, err := f.AddAppWithKey("codicil", hooks, secret, appKey())
			if err == nil {
				_, err = f.Install(app.ID, "ada")
			}
			return err
		},
	} {
		if err := step(); err != nil {
			b.Fatal(err)
		}
	}
	return f
}
