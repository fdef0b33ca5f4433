package octokit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
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

// checked are the shapes of webhooks that were in order.
var checked sync.Map

// CheckOnce is CheckPayload for much traffic: of webhooks of one shape, only the first of the process is checked, unless it is not in order. Two have
// one shape if they differ in nothing but numbers, and texts that are no names such as GitHub's schemas list.
func CheckOnce(t *testing.T, event string, payload []byte) {
	t.Helper()
	var value any
	if err := json.Unmarshal(payload, &value); err != nil {
		t.Errorf("webhook %s: %v", event, err)
		return
	}
	h := fnv.New128a()
	fmt.Fprintf(h, "%s\n", event)
	shape(h, value)
	key := string(h.Sum(nil))
	if _, known := checked.Load(key); known {
		return
	}
	if CheckPayload(t, event, payload) {
		checked.Store(key, true)
	}
}

// listed is what the values that GitHub's schemas list look like.
var listed = regexp.MustCompile(`^[a-z_]{1,24}$|^[A-Z_]{1,24}$|^[A-Z][a-z]{1,23}$`)

// shape writes what a value is made of, without what it says.
func shape(to io.Writer, value any) {
	switch v := value.(type) {
	case map[string]any:
		fmt.Fprint(to, "{")
		for _, name := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(to, "%q:", name)
			shape(to, v[name])
		}
		fmt.Fprint(to, "}")
	case []any:
		kinds := map[string]bool{}
		for _, x := range v {
			var one strings.Builder
			shape(&one, x)
			kinds[one.String()] = true
		}
		fmt.Fprintf(to, "[%s]", strings.Join(slices.Sorted(maps.Keys(kinds)), ","))
	case string:
		if listed.MatchString(v) {
			fmt.Fprintf(to, "%q,", v)
			return
		}
		scheme, _, _ := strings.Cut(v, ":")
		fmt.Fprintf(to, "s%d%v,", min(len(v), 1), scheme == "http" || scheme == "https")
	case float64:
		fmt.Fprintf(to, "n%v,", v < 0 || v != math.Trunc(v))
	default:
		fmt.Fprintf(to, "%v,", v)
	}
}

// CheckPayload holds a webhook to GitHub's schema of it; ok says that nothing is wrong. Without $OCTOKIT_WEBHOOKS it checks nothing, and fails in CI.
func CheckPayload(t *testing.T, event string, payload []byte) (ok bool) {
	t.Helper()
	compiling.Lock()
	defer compiling.Unlock()
	c, err := payloads()
	if err != nil {
		t.Error(err)
		return false
	}
	if c == nil {
		if os.Getenv("CI") != "" {
			t.Error("OCTOKIT_WEBHOOKS is not set: CI must have the schemas of GitHub's webhooks")
			return false
		}
		return true
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		t.Errorf("webhook %s: %v", event, err)
		return false
	}
	name := event + "$event"
	if action, ok := value.(map[string]any)["action"].(string); ok {
		name = event + "$" + action
	}
	schema, err := c.Compile("webhooks.json#/definitions/" + name)
	if err != nil {
		t.Errorf("webhook %s: %v", name, err)
		return false
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("webhook %s: %s", name, firstLines(fmt.Sprintf("%v", err), 14))
		return false
	}
	return true
}
