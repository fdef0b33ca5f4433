package codeowners

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// documented holds the rules of the example in GitHub's documentation.
const documented = `# This is a comment.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com @docs-owner
apps/ @octocat
/documents/ @doctocat
/scripts/ @doctocat @octocat
**/logs @logs-owner
/apps/sub/ @sub-owner
/apps/sub/github
`

func tell(o Owners) string {
	words := append([]string(nil), o.Users...)
	for _, t := range o.Teams {
		words = append(words, t.Organisation+"/"+t.Slug)
	}
	return strings.Join(words, " ")
}

func TestFindReadsTheDocumentedExampleAsGitHub(t *testing.T) {
	for path, want := range map[string]string{
		"README.md":                      "global-owner1 global-owner2",
		"deep/er/README.md":              "global-owner1 global-owner2",
		"a/b.js":                         "js-owner",
		"/a/b.js":                        "js-owner",
		"main.go":                        "",
		"notes.txt":                      "octo-org/octocats",
		"build/logs/a.txt":               "logs-owner",
		"build/b.txt":                    "octo-org/octocats",
		"docs/getting-started.md":        "docs-owner",
		"docs/build-app/trouble.md":      "global-owner1 global-owner2",
		"x/docs/a.md":                    "global-owner1 global-owner2",
		"apps/a":                         "octocat",
		"deep/apps/b/c":                  "octocat",
		"documents/a/b":                  "doctocat",
		"x/documents/a":                  "global-owner1 global-owner2",
		"scripts/run":                    "doctocat octocat",
		"deeply/nested/logs/x":           "logs-owner",
		"apps/sub/x":                     "sub-owner",
		"apps/sub/github/x":              "",
		"apps/sub/githubber":             "sub-owner",
		"Scripts/run":                    "global-owner1 global-owner2",
		"orders/models/a\nb.sql":         "global-owner1 global-owner2",
		strings.Repeat("a/", 2000) + "a": "global-owner1 global-owner2",
		"../../etc/passwd":               "global-owner1 global-owner2",
		"build/logsx/a":                  "global-owner1 global-owner2",
		"orders/amendments/0001.yaml ":   "global-owner1 global-owner2",
	} {
		got, err := Find([]byte(documented), path)
		if err != nil || tell(got) != want {
			t.Errorf("%q: %q, %v, not %q", path, tell(got), err, want)
		}
	}
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		name, text string
		paths      []string
		want       string
	}{
		{"empty", "", []string{"a"}, ""},
		{"no paths", "* @a", nil, ""},
		{"together, each once", "/a @x @o/t\n/b @y @X\n/c @z", []string{"b/1", "a/1", "a/2"}, "x y o/t"},
		{"CRLF and mark", "\ufeff* @a\r\n/b @c\r\n", []string{"b", "d"}, "a c"},
		{"bad lines are passed over", "* @a\n!b @c\n[ab] @d\n/ @e\n/\n/#x @e\n*** @f\n/x not-an-owner\n\\", []string{"b", "x"}, "a"},
		{"a blank in a path", `/my\ data/ @a`, []string{"my data/x"}, "a"},
		{"a long domain", "* @a\n/x a@example.company", []string{"x"}, ""},
		{"a bad owner spoils the line", "* @a\n/x @b @@", []string{"x"}, "a"},
		{"nobody", "* @a\n/x", []string{"x"}, ""},
		{"a line too long", "* @a\n/x @b #" + strings.Repeat("c", longest), []string{"x"}, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Find([]byte(c.text), c.paths...)
			if err != nil || tell(got) != c.want {
				t.Errorf("%q, %v, not %q", tell(got), err, c.want)
			}
		})
	}
}

func TestFindTooLarge(t *testing.T) {
	var large TooLarge
	if _, err := Find(make([]byte, Limit), "a"); !errors.As(err, &large) || large.Size != Limit {
		t.Errorf("%v", err)
	}
	text := strings.Repeat("/a/b/*.sql @x\n", Limit/14) // none matches: every line is read
	if got, err := Find([]byte(text), "c"); err != nil || tell(got) != "" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWithout(t *testing.T) {
	o := Owners{Users: []string{"Jane", "codicil", "bob"}, Teams: []Team{{"o", "t"}}}
	want := Owners{Users: []string{"bob"}, Teams: []Team{{"o", "t"}}}
	if d := cmp.Diff(want, o.Without("codicil[bot]", "jane")); d != "" {
		t.Error(d)
	}
	if len(o.Users) != 3 || o.Users[0] != "Jane" {
		t.Errorf("the original became %v", o.Users)
	}
}

func TestPlaces(t *testing.T) {
	if got := fmt.Sprint(Places()); got != "[.github/CODEOWNERS CODEOWNERS docs/CODEOWNERS]" {
		t.Error(got)
	}
}

func FuzzFind(f *testing.F) {
	f.Add(documented, "docs/a")
	f.Add("/\t@a", "")
	f.Add("/ #", "a")
	f.Add("\\ @a\n**/ @b\n/** @c\n?* @d", "a/b")
	f.Fuzz(func(t *testing.T, text, path string) {
		if _, err := Find([]byte(text), path); err != nil {
			t.Error(err)
		}
		// A last line for the very path decides, whatever stands before it.
		if got, _ := Find([]byte(text+"\n* @last"), "a"); tell(got) != "last" {
			t.Errorf("%q", got)
		}
	})
}
