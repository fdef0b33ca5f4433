package intake

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/codicil-dev/codicil/forge"
	"github.com/codicil-dev/codicil/forge/github"
)

// examples reads GitHub's examples of webhooks: $OCTOKIT_EXAMPLES is the folder of the npm package @octokit/webhooks-examples.
func examples(t *testing.T) map[string][]json.RawMessage {
	t.Helper()
	folder := os.Getenv("OCTOKIT_EXAMPLES")
	if folder == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("OCTOKIT_EXAMPLES is not set: CI must have GitHub's examples of webhooks")
		}
		t.Skip("set OCTOKIT_EXAMPLES to the folder of the npm package @octokit/webhooks-examples")
	}
	data, err := os.ReadFile(filepath.Join(folder, "api.github.com", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var events []struct {
		Name     string
		Examples []json.RawMessage
	}
	if err := json.Unmarshal(data, &events); err != nil {
		t.Fatal(err)
	}
	found := map[string][]json.RawMessage{}
	for _, e := range events {
		found[e.Name] = e.Examples
	}
	return found
}

func TestGitHubsExamplesAreTaken(t *testing.T) {
	all := examples(t)
	host, err := github.New(github.Options{Token: "a token of the tests"})
	if err != nil {
		t.Fatal(err)
	}
	for name, parse := range map[string]func(string, []byte) (forge.Event, error){"plain": parse, "forge/github": host.Event} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			o := options(s)
			o.Parse = parse
			o.Concerns = func(forge.Event) bool { return true }
			receiver := start(t, o)
			count := 0
			for event, payloads := range all {
				for n, payload := range payloads {
					if w := send(receiver, request(newGUID(), event, payload)); w.Code != 202 {
						t.Errorf("%s %d: answered %d %q", event, n, w.Code, w.Body)
					}
					form := []byte("payload=" + url.QueryEscape(string(payload)))
					r := request(newGUID(), event, form)
					r.Header.Set("Content-Type", formType)
					if w := send(receiver, r); w.Code != 202 {
						t.Errorf("%s %d as a form: answered %d %q", event, n, w.Code, w.Body)
					}
					count++
				}
			}
			if count != 329 {
				t.Errorf("%d examples, want 329", count)
			}
		})
	}
}
