package github_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// example is a webhook of GitHub's collection.
type example struct {
	set, kind string
	payload   []byte
}

// examples are those of the npm package @octokit/webhooks-examples, whose folder $OCTOKIT_EXAMPLES names.
func examples(t *testing.T) (all []example) {
	t.Helper()
	folder := os.Getenv("OCTOKIT_EXAMPLES")
	if folder == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("OCTOKIT_EXAMPLES is not set: CI must have the examples of GitHub's webhooks")
		}
		t.Skip("no examples: set OCTOKIT_EXAMPLES to the folder of the npm package @octokit/webhooks-examples")
	}
	files, err := filepath.Glob(filepath.Join(folder, "*", "index.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples in %s: %v", folder, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var kinds []struct {
			Name     string
			Examples []json.RawMessage
		}
		if err := json.Unmarshal(data, &kinds); err != nil {
			t.Fatal(err)
		}
		for _, k := range kinds {
			for _, payload := range k.Examples {
				all = append(all, example{filepath.Base(filepath.Dir(file)), k.Name, payload})
			}
		}
	}
	return all
}

// app is an adapter that never asks anything.
func app(t *testing.T) *github.Host {
	t.Helper()
	h, err := github.New(github.Options{Token: secret})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// kindOf is what GitHub's kinds become. Reviews may also be none, and checks only if they are the App's own.
var kindOf = map[string]forge.EventKind{"ping": forge.EventPing, "push": forge.EventPush, "issues": forge.EventIssue, "issue_comment": forge.EventComment,
	"pull_request": forge.EventMergeRequest, "pull_request_review": forge.EventReview, "merge_group": forge.EventMergeGroup, "installation": forge.EventInstallation,
	"installation_repositories": forge.EventInstallation}

func TestExamples(t *testing.T) {
	h, counts := app(t), map[string]int{}
	for n, x := range examples(t) {
		counts[x.set]++
		e, err := h.Event(x.kind, x.payload)
		want := kindOf[x.kind]
		if want == "" {
			want = forge.EventOther
		}
		if err != nil || e.Kind != want {
			t.Errorf("%s %d %s: kind %s, want %s: %v", x.set, n, x.kind, e.Kind, want, err)
			continue
		}
		var raw struct {
			Repository *struct{ ID int64 }
			Sender     *struct{ Login string }
		}
		if json.Unmarshal(x.payload, &raw) == nil && (raw.Repository != nil && (e.Repository.ID != raw.Repository.ID || e.Repository.Name == "") ||
			raw.Sender != nil && e.Sender.Login != raw.Sender.Login) {
			t.Errorf("%s %d %s: of %+v by %+v", x.set, n, x.kind, e.Repository, e.Sender)
		}
		if e.Key() == "" && (e.Kind == forge.EventComment || e.Kind == forge.EventPush || e.Kind == forge.EventMergeRequest) {
			t.Errorf("%s %d %s has no key", x.set, n, x.kind)
		}
		for other := range kindOf { // a payload under another kind's name may be anything but a panic
			if _, err := h.Event(other, x.payload); err != nil && !errors.Is(err, forge.ErrPayload) {
				t.Errorf("%s as %s: %v", x.kind, other, err)
			}
		}
	}
	if counts["api.github.com"] != 329 {
		t.Errorf("%d examples of github.com, want 329", counts["api.github.com"])
	}
}

const envelope = `"repository": {"id": 1, "full_name": "acme/shop", "default_branch": "main", "private": true}, "sender": {"id": 2, "login": "ada", "type": "User"}, "installation": {"id": 5}`

func TestEvents(t *testing.T) {
	w := build(t)
	h := w.host(w.options())
	mine := func(id int64) string { data, _ := json.Marshal(id); return `"app": {"id": ` + string(data) + `}` }
	repo := func(owner, name string) forge.Repo { return forge.Repo{Host: h.Name(), Owner: owner, Name: name} }
	for _, c := range []struct {
		name, kind, payload string
		want                func(e forge.Event) bool
	}{
		{"a comment", "issue_comment", `{"action": "created", "issue": {"number": 3, "pull_request": {"url": "x"}}, "comment": {"id": 9, "body": "/amend x", "user": {"login": "codicil[bot]", "type": "Bot"}}, ` + envelope + `}`,
			func(e forge.Event) bool {
				return e.Kind == forge.EventComment && e.Action == forge.ActionCreated && e.Comment.Issue == 3 && e.Comment.Author.Bot && e.Issue.MergeRequest && e.Installation == 5 &&
					e.Repository.Repo == repo("acme", "shop") && e.Repository.Private && e.Sender.Login == "ada"
			}},
		{"a push", "push", `{"ref": "refs/heads/a/b", "before": "0", "after": "1", "deleted": true, "commits": [{"id": "1", "message": "m", "author": {"name": "Ada"}}], ` + envelope + `}`,
			func(e forge.Event) bool {
				return e.Push.Ref == "refs/heads/a/b" && e.Push.Deleted && e.Push.Commits[0] == forge.PushedCommit{SHA: "1", Message: "m", Author: "Ada"}
			}},
		{"a closed merge request", "pull_request", `{"action": "closed", "pull_request": {"number": 4, "state": "closed", "merge_commit_sha": "trial", "head": {"ref": "x", "sha": "1", "repo": null}}, ` + envelope + `}`,
			func(e forge.Event) bool {
				return e.MergeRequest.ClosedBy.Login == "ada" && !e.MergeRequest.Merged && e.MergeRequest.MergeSHA == "" && e.MergeRequest.HeadRepo.IsZero()
			}},
		{"a dismissed review", "pull_request_review", `{"action": "dismissed", "pull_request": {"number": 4}, "review": {"state": "dismissed", "user": {"login": "bob"}}, ` + envelope + `}`,
			func(e forge.Event) bool {
				return e.Kind == forge.EventReview && e.Review.State == forge.Dismissed && e.MergeRequest.Number == 4
			}},
		{"a pending review", "pull_request_review", `{"action": "submitted", "pull_request": {"number": 4}, "review": {"state": "pending"}, ` + envelope + `}`,
			func(e forge.Event) bool { return e.Kind == forge.EventOther }},
		{"a check of ours", "check_run", `{"action": "rerequested", "check_run": {"id": 6, "head_sha": "abc", "external_id": "k", ` + mine(w.app.ID) + `}, ` + envelope + `}`,
			func(e forge.Event) bool {
				return e.Kind == forge.EventCheck && e.Action == forge.ActionRerequested && e.Check.SHA == "abc" && e.Check.Key == "k"
			}},
		{"a check of others", "check_run", `{"action": "rerequested", "check_run": {"id": 6, ` + mine(w.app.ID+1) + `}, ` + envelope + `}`,
			func(e forge.Event) bool { return e.Kind == forge.EventOther && e.Check == nil }},
		{"our check's end", "check_run", `{"action": "completed", "check_run": {"id": 6, ` + mine(w.app.ID) + `}, ` + envelope + `}`,
			func(e forge.Event) bool { return e.Kind == forge.EventOther }},
		{"a suite of ours", "check_suite", `{"action": "rerequested", "check_suite": {"id": 6, "head_sha": "abc", ` + mine(w.app.ID) + `}, ` + envelope + `}`,
			func(e forge.Event) bool { return e.Kind == forge.EventCheck && e.Check.SHA == "abc" }},
		{"a merge group", "merge_group", `{"action": "checks_requested", "merge_group": {"head_sha": "a", "head_ref": "refs/heads/gh-readonly-queue/main/pr-1", "base_sha": "b", "base_ref": "refs/heads/main"}, ` + envelope + `}`,
			func(e forge.Event) bool {
				return e.Action == forge.ActionRequested && *e.Group == forge.MergeGroup{SHA: "a", BaseSHA: "b", Ref: "refs/heads/gh-readonly-queue/main/pr-1", Base: "main"}
			}},
		{"an installation", "installation", `{"action": "created", "installation": {"id": 5}, "repositories": [{"full_name": "acme/shop"}]}`,
			func(e forge.Event) bool {
				return e.Installation == 5 && len(e.Added) == 1 && e.Added[0] == repo("acme", "shop") && e.Repository.IsZero()
			}},
		{"an installation's end", "installation", `{"action": "deleted", "installation": {"id": 5}, "repositories": [{"full_name": "acme/shop"}]}`,
			func(e forge.Event) bool { return len(e.Removed) == 1 && len(e.Added) == 0 }},
		{"repositories", "installation_repositories", `{"action": "removed", "installation": {"id": 5}, "repositories_removed": [{"full_name": "acme/shop"}]}`,
			func(e forge.Event) bool { return len(e.Removed) == 1 && e.Kind == forge.EventInstallation }},
		{"a renamed repository", "repository", `{"action": "renamed", "changes": {"repository": {"name": {"from": "store"}}}, ` + envelope + `}`,
			func(e forge.Event) bool { return e.Kind == forge.EventOther && e.From == repo("acme", "store") }},
		{"a transferred repository", "repository", `{"action": "transferred", "changes": {"owner": {"from": {"organization": {"login": "old"}}}}, ` + envelope + `}`,
			func(e forge.Event) bool { return e.From == repo("old", "shop") && e.Repository.Owner == "acme" }},
		{"a kind of tomorrow", "quantum_entangled", `{"action": 7, "repository": "none"}`, func(e forge.Event) bool { return e.Kind == forge.EventOther }},
	} {
		e, err := h.Event(c.kind, []byte(c.payload))
		if err != nil || !c.want(e) {
			t.Errorf("%s: %+v: %v", c.name, e, err)
		}
	}
	for _, c := range [][2]string{{"push", ``}, {"push", `null`}, {"push", `[]`}, {"push", `{}`}, {"issues", `{"action": "opened"}`}, {"issue_comment", `{"issue": {"number": 1}}`},
		{"pull_request", `{"pull_request": 1}`}, {"pull_request_review", `{}`}, {"installation", `{}`}, {"merge_group", `{"merge_group": null}`}, {"check_run", `{"action": "rerequested"}`}, {"check_suite", `{"check_suite": 7}`}, {"unknown", `{`}, {"unknown", `"x"`}} {
		if e, err := h.Event(c[0], []byte(c[1])); !errors.Is(err, forge.ErrPayload) {
			t.Errorf("%s %s is taken for %+v: %v", c[0], c[1], e, err)
		}
	}
}

func TestSigned(t *testing.T) {
	// GitHub's own test values, of https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries.
	payload, right := []byte("Hello, World!"), "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	old, current := []byte("an old secret"), []byte("It's a Secret to Everybody")
	for _, c := range []struct {
		secrets [][]byte
		payload string
		header  string
		want    bool
	}{
		{[][]byte{current}, string(payload), right, true},
		{[][]byte{old, current}, string(payload), right, true},
		{[][]byte{current, old}, string(payload), right, true},
		{[][]byte{old}, string(payload), right, false},
		{nil, string(payload), right, false},
		{[][]byte{nil}, string(payload), "sha256=" + "0", false},
		{[][]byte{{}}, "", "sha256=b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", false}, // what an empty secret would sign
		{[][]byte{current}, "Hello, World?", right, false},
		{[][]byte{current}, string(payload), right[len("sha256="):], false},
		{[][]byte{current}, string(payload), "sha1=757107ea", false},
		{[][]byte{current}, string(payload), right[:len(right)-2], false},
		{[][]byte{current}, string(payload), "", false},
	} {
		if got := github.Signed(c.secrets, []byte(c.payload), c.header); got != c.want {
			t.Errorf("%q with %d secrets and %q is %v", c.payload, len(c.secrets), c.header, got)
		}
	}
}

// TestGitGoesToNoOtherHost: what git is sent to brings a credential.
func TestGitGoesToNoOtherHost(t *testing.T) {
	h := overWire(t, &wire{answer: func(int, *http.Request) (*http.Response, error) {
		return answer(200, `{"id": 1, "name": "shop", "owner": {"login": "acme"}, "clone_url": "https://elsewhere.example/acme/shop.git"}`)
	}}, nil)
	const want = "https://github.com/acme/shop.git"
	e, err := h.Event("push", []byte(`{"ref": "refs/heads/main", "after": "0123", "repository": {"id": 1, "full_name": "acme/shop", "clone_url": "https://elsewhere.example/acme/shop.git"}}`))
	if err != nil || e.Repository.CloneURL != want {
		t.Errorf("a webhook's is %s: %v", e.Repository.CloneURL, err)
	}
	if r, err := h.Repository(t.Context(), shop); err != nil || r.CloneURL != want {
		t.Errorf("the API's is %s: %v", r.CloneURL, err)
	}
}

// A repetition is the same bytes, since they are signed: it has the key of what it repeats, and what differs in any byte has another.
func TestRepetitionsHaveOneKey(t *testing.T) {
	h := app(t)
	labelled := func(label string) []byte {
		return []byte(`{"action": "labeled", "number": 7, "label": {"name": "` + label + `"}, "pull_request": {"number": 7, "updated_at": "2026-11-26T09:00:00Z", "head": {"sha": "abc"}}, ` + envelope + `}`)
	}
	key := func(payload []byte) string {
		e, err := h.Event("pull_request", payload)
		if err != nil {
			t.Fatal(err)
		}
		return e.Key()
	}
	first, again, other := key(labelled("a")), key(labelled("a")), key(labelled("b"))
	if first != again || first == other {
		t.Errorf("%s, again %s, and another %s", first, again, other)
	}
}
