package octokit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// payloads reads the schemas of GitHub's webhooks, once. $OCTOKIT_WEBHOOKS is the folder of the npm package @octokit/webhooks-schemas.
var payloads = sync.OnceValues(func() (*jsonschema.Compiler, error) {
	folder := os.Getenv("OCTOKIT_WEBHOOKS")
	if folder == "" {
		return nil, nil
	}
	f, err := os.Open(filepath.Join(folder, "schema.json"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	// The package's own check of this format knows nothing of {/name}, which RFC 6570 has and GitHub uses.
	c.RegisterFormat(&jsonschema.Format{Name: "uri-template", Validate: func(any) error { return nil }})
	return c, c.AddResource("webhooks.json", doc)
})

var compiling sync.Mutex

// CheckPayload holds a webhook to GitHub's schema of it. Without $OCTOKIT_WEBHOOKS it checks nothing, and fails in CI.
func CheckPayload(t *testing.T, event string, payload []byte) {
	t.Helper()
	compiling.Lock()
	defer compiling.Unlock()
	c, err := payloads()
	if err != nil {
		t.Error(err)
		return
	}
	if c == nil {
		if os.Getenv("CI") != "" {
			t.Error("OCTOKIT_WEBHOOKS is not set: CI must have the schemas of GitHub's webhooks")
		}
		return
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		t.Errorf("webhook %s: %v", event, err)
		return
	}
	name := event + "$event"
	if action, ok := value.(map[string]any)["action"].(string); ok {
		name = event + "$" + action
	}
	schema, err := c.Compile("webhooks.json#/definitions/" + name)
	if err != nil {
		t.Errorf("webhook %s: %v", name, err)
		return
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("webhook %s: %s", name, firstLines(fmt.Sprintf("%v", err), 14))
	}
}
