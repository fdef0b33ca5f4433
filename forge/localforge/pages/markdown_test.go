package pages

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/forge/localforge"
)

func TestReferencesAndNothingElseAreLinked(t *testing.T) {
	repo := &localforge.Repository{Owner: "acme", Name: "data"}
	for text, want := range map[string]string{
		"see #12":               `<a href="/acme/data/issues/12">#12</a>`,
		"see other/place#3":     `<a href="/other/place/issues/3">other/place#3</a>`,
		"the product's \"own\"": `the product&#39;s &#34;own&#34;`,
		"`#12`":                 `<code>#12</code>`,
	} {
		got, err := render(repo, text)
		if err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%q is shown as %q, without %q: %v", text, got, want, err)
		}
	}
}
