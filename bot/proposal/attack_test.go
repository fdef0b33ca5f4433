package proposal

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// siege is a repository with two products, one of which is the scratch copy under attack, beside files of the host.
type siege struct {
	top, product string
	before       map[string]string
}

func newSiege(t *testing.T) siege {
	t.Helper()
	top := t.TempDir()
	for name, text := range map[string]string{
		"host/passwd":                               "root\n",
		"repo/.git/config":                          "[core]\n",
		"repo/.gitlab-ci.yml":                       "test: {}\n",
		"repo/returns/spec.yaml":                    "spec: 1\n",
		"repo/orders/spec.yaml":                     "spec: 1\nproduct: orders\n",
		"repo/orders/product.yaml":                  "seeds: {}\n",
		"repo/orders/README.md":                     "# Orders\n",
		"repo/orders/amendments/0001.yaml":          "id: 1\n",
		"repo/orders/amendments/0002.yaml":          "id: 2\n",
		"repo/orders/.github/workflows/ci.yml":      "on: push\n",
		"repo/orders/models/orders.sql":             "select 1 as a\n",
		"repo/orders/models/same.sql":               strings.Repeat("select 1\nunion all\n", 300) + "select 2\n",
		"repo/orders/models/staging/stg_orders.sql": "select 2 as b\n",
		"repo/orders/models/vendored/spec.yaml":     "spec: 1\n",
		"repo/orders/models/folder.sql/a.sql":       "select 4\n",
		"repo/orders/models/vendored/a.sql":         "select 3\n",
		"repo/orders/seeds/lines.csv":               "id,name\n1,Ann\n",
		"repo/orders/tests/total.sql":               "select 1 where false\n",
	} {
		write(t, filepath.Join(top, name), text)
	}
	product := filepath.Join(top, "repo/orders")
	for name, target := range map[string]string{
		"models/out":         filepath.Join(top, "host"),
		"models/up":          "../../returns",
		"models/link.sql":    "orders.sql",
		"models/dangling":    "nowhere",
		"models/secret.sql":  filepath.Join(top, "host/passwd"),
		"models/ledger":      "../amendments",
		"tests/looped":       "looped",
		"seeds/dangling.csv": filepath.Join(top, "host/new"),
	} {
		if err := os.Symlink(target, filepath.Join(product, name)); err != nil {
			t.Fatal(err)
		}
	}
	return siege{top, product, snapshot(t, top)}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// snapshot is everything below dir: kinds, modes, link targets and hashes of texts.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %x", sha256.Sum256(data))
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			what += " " + target
		}
		out[name] = what
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// attempt applies the proposal, and fails if anything at all has changed.
func (s siege) attempt(t *testing.T, p Proposal, rules Rules) []Fault {
	t.Helper()
	root, err := os.OpenRoot(s.product)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	applied, faults, err := Apply(root, p, rules)
	if err != nil {
		t.Errorf("an error instead of faults: %v", err)
	}
	if len(applied.Changes) > 0 {
		t.Errorf("it was applied: %v", applied.Changes)
	}
	if len(faults) == 0 {
		t.Error("no faults")
	}
	if !maps.Equal(s.before, snapshot(t, s.top)) {
		t.Fatal("something was written")
	}
	return faults
}

// good is a file that alone would be applied; each attack comes with it, to see that it is refused as a whole.
var good = File{Action: Write, Path: "models/good.sql", Text: "select 1\n"}

// Each file of the corpus is an archive: what the faults must say (one text a line), then the answer. A line "amend: 3"
// sets the rules of that stage; "yaml" lets yaml be written in models, as a dbt product does.
func TestAttacksOfTheCorpus(t *testing.T) {
	s := newSiege(t)
	files, err := filepath.Glob("testdata/attacks/*.txtar")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rules := ImplementRules()
			var wants []string
			for line := range strings.Lines(string(archive.Comment)) {
				switch line = strings.TrimSpace(line); {
				case line == "amend: 3":
					rules = AmendRules(3)
				case line == "amend: 1":
					rules = AmendRules(1)
				case line == "yaml":
					rules.Extensions = append(rules.Extensions, ".yaml", ".yml", ".py")
				case line != "":
					wants = append(wants, line)
				}
			}
			p, faults := Parse(string(archive.Files[0].Data))
			if len(faults) == 0 {
				faults = s.attempt(t, p, rules)
			}
			for _, want := range wants {
				if !told(faults, want) {
					t.Errorf("%q is not among\n%v", want, faults)
				}
			}
			if len(faults) != len(wants) && len(faults) <= maxFaults {
				t.Errorf("%d faults for %d attacks:\n%v", len(faults), len(wants), faults)
			}
		})
	}
}

// Each path is refused for every action, with a file beside it that would be applied.
func TestAttacksByPath(t *testing.T) {
	s := newSiege(t)
	for p, want := range map[string]string{
		"":                                   "path is empty",
		".":                                  "product's folder itself",
		"./":                                 "ends in a slash",
		"/etc/passwd":                        "is absolute",
		"//host/share/a.sql":                 "is absolute",
		"../returns/models/a.sql":            "climbs",
		"models/../../x.sql":                 "climbs",
		"amendments/../../x":                 "climbs",
		"models/../spec.yaml":                "climbs",
		"models/..":                          "climbs",
		`models\a.sql`:                       "backslash",
		`..\..\a.sql`:                        "backslash",
		"C:/a.sql":                           `holds :`,
		"C:a.sql":                            `holds :`,
		"models/a.sql:stream":                "holds :",
		"~/a.sql":                            "holds ~",
		"models/$HOME/a.sql":                 "holds $",
		"models/a\x00.sql":                   `holds "\x00"`,
		"models/a\n.sql":                     `holds "\n"`,
		"models/\x1b[31m.sql":                `holds "\x1b"`,
		"models/\xff.sql":                    "not UTF-8",
		"models/\u202elqs.sql":               "holds the character U+202E",
		"models/a\u200b.sql":                 "holds the character U+200B",
		"models/\u3164.sql":                  "normal form",
		"models/\u115f.sql":                  "holds the character U+115F",
		".gitlab-ci.yml":                     "starts with a dot",
		".github/workflows/ci.yml":           "starts with a dot",
		".git/hooks/pre-commit":              "starts with a dot",
		".codicil.yaml":                      "starts with a dot",
		"models/.hidden.sql":                 "starts with a dot",
		"models/.../a.sql":                   "starts with a dot",
		"GIT~1/config":                       "holds ~",
		"\u200c.git/config":                  "holds",
		".circleci/config.yml":               "starts with a dot",
		"models/.git/config.sql":             "starts with a dot",
		"Jenkinsfile":                        "steers",
		"models/JENKINSFILE.sql":             "steers",
		"azure-pipelines.yml":                "steers",
		"bitbucket-pipelines.yml":            "steers",
		"models/Dockerfile":                  "steers",
		"AGENTS.md":                          "steers",
		"models/CLAUDE.md":                   "steers",
		"models/CLAUDE.local.md":             "steers",
		"CODEOWNERS":                         "steers",
		"spec.yaml":                          "at this stage",
		"spec.yaml/":                         "ends in a slash",
		"spec.yaml/a.sql":                    "at this stage",
		"SPEC.YAML":                          "at this stage",
		"ѕрес.yaml":                          "at this stage",
		"product.yaml":                       "at this stage",
		"models/product.yaml":                "at this stage",
		"models/sub/spec.yaml":               "at this stage",
		"models/amendments/0001.sql":         "at this stage",
		"amendments":                         "at this stage",
		"amendments/0001.yaml":               "at this stage",
		"amendments/0003.yaml":               "at this stage",
		"./amendments//0001.yaml":            "at this stage",
		"AMENDMENTS/0001.yaml":               "at this stage",
		"аmendments/0001.yaml":               "mixes letters",
		"ａmendments/0001.yaml":               "normal form",
		"amendments\u2215\u30010001.yaml":    "holds",
		"models/amendmentſ/1.sql":            "normal form",
		"mоdels/a.sql":                       "mixes letters",
		"MODELS/a.sql":                       "at this stage",
		"orders/models/a.sql":                "without its name",
		"a.sql":                              "at this stage",
		"models/Orders.sql":                  "looks like orders.sql",
		"models/оrdеrs.sql":                  "mixes letters",
		"models/STAGING/a.sql":               "looks like staging",
		"models/cafe\u0301.sql":              "normal form",
		"models/out/passwd.sql":              "is a link",
		"models/out/new.sql":                 "is a link",
		"models/up/a.sql":                    "is a link",
		"models/link.sql":                    "is a link",
		"models/secret.sql":                  "is a link",
		"models/dangling/a.sql":              "is a link",
		"models/ledger/0001.sql":             "is a link",
		"tests/looped/a.sql":                 "is a link",
		"seeds/dangling.csv":                 "is a link",
		"models/vendored/a.sql":              "another product",
		"models/vendored/new/a.sql":          "another product",
		"models":                             "at this stage",
		"models/folder.sql":                  "folder of this name",
		"models/orders.sql/a.sql":            "is a file, not a folder",
		"seeds/lines.csv/../a.sql":           "climbs",
		"models/con.sql":                     "Windows",
		"models/LPT1.a.sql":                  "Windows",
		"models/aux/a.sql":                   "Windows",
		"models/a.sql.":                      "ends in a dot",
		"models/a.sql ":                      "blank",
		"models/-rf.sql":                     "hyphen",
		"models/" + strings.Repeat("a", 101): "longer than 100",
		strings.Repeat("models/", 40):        "longer than 200",
	} {
		t.Run(strings.ReplaceAll(p, "/", "|"), func(t *testing.T) {
			for _, f := range []File{
				{Action: Write, Path: p, Text: "select 1\n"},
				{Action: Edit, Path: p, Sections: []Section{{Replace: "select 1\n"}}},
				{Action: Edit, Path: p, Sections: []Section{{Search: "root\n", Replace: "x\n"}}},
				{Action: Delete, Path: p},
			} {
				faults := s.attempt(t, Proposal{Files: []File{good, f}}, ImplementRules())
				if f.Action == Delete && strings.HasSuffix(want, "at this stage") || want == "without its name" && f.Action == Delete {
					want = "may not be deleted"
				}
				if !told(faults, want) || len(faults) != 1 {
					t.Errorf("%s: %q is not all of %v", f.Action, want, faults)
				}
			}
		})
	}
}

func TestAttacksByContent(t *testing.T) {
	s := newSiege(t)
	var many []File
	for i := range 10_000 {
		many = append(many, File{Action: Write, Path: fmt.Sprintf("models/m%d.sql", i), Text: "select 1\n"})
	}
	var large []File
	for i := range 10 {
		large = append(large, File{Action: Write, Path: fmt.Sprintf("models/m%d.sql", i), Text: strings.Repeat("-- a\n", 200_000)})
	}
	sections := make([]Section, 10_000)
	for name, c := range map[string]struct {
		files []File
		want  string
	}{
		"10,000 files":      {many, "names 10000 files, and at most 100"},
		"50 MB":             {[]File{{Action: Write, Path: "models/a.sql", Text: strings.Repeat("a", 50<<20)}}, "has 50.0 MiB, and a file may have 1.0 MiB"},
		"together too much": {large, "come to 9.5 MiB, and at most 8.0 MiB"},
		"10,000 sections":   {[]File{{Action: Edit, Path: "models/orders.sql", Sections: sections}}, "has 10000 sections"},
		"grown by an edit": {[]File{{Action: Edit, Path: "models/orders.sql", Sections: []Section{{Search: "select 1 as a\n", Replace: strings.Repeat("a", 2<<20)}}}},
			"has 2.0 MiB"},
		"everywhere":           {[]File{{Action: Edit, Path: "models/same.sql", Sections: []Section{{Search: "select 1\n", Replace: "select 9\n"}}}}, "in 300 places"},
		"NUL":                  {[]File{{Action: Write, Path: "models/a.sql", Text: "a\x00\n"}}, "NUL"},
		"not UTF-8":            {[]File{{Action: Write, Path: "models/a.sql", Text: "a\xff\n"}}, "not UTF-8"},
		"not UTF-8, by edit":   {[]File{{Action: Edit, Path: "models/orders.sql", Sections: []Section{{Search: "select 1 as a\n", Replace: "\xfe\n"}}}}, "not UTF-8"},
		"reordering":           {[]File{{Action: Write, Path: "models/a.sql", Text: "select 1 -- \u202e\n"}}, "U+202E"},
		"terminal escape":      {[]File{{Action: Write, Path: "models/a.sql", Text: "select 1 -- \x1b[2J\n"}}, "U+001B"},
		"left out":             {[]File{{Action: Write, Path: "models/orders.sql", Text: "select 1\n-- ... rest of the query unchanged\n"}}, "left out"},
		"emptied by an edit":   {[]File{{Action: Edit, Path: "models/orders.sql", Sections: []Section{{Search: "select 1 as a\n"}}}}, "left empty"},
		"extension":            {[]File{{Action: Write, Path: "models/a.sh", Text: "rm\n"}}, "must end in .sql, .csv or .md"},
		"extension in capital": {[]File{{Action: Write, Path: "models/a.SQL", Text: "a\n"}}, "must end in"},
		"a file and a folder":  {[]File{{Action: Write, Path: "models/a.sql", Text: "a\n"}, {Action: Write, Path: "models/a.sql/b.sql", Text: "a\n"}}, "as a file, too"},
		"a folder and a file":  {[]File{{Action: Write, Path: "models/a.sql/b.sql", Text: "a\n"}, {Action: Write, Path: "models/a.sql", Text: "a\n"}}, "as a folder, too"},
		"folder from a file":   {[]File{{Action: Delete, Path: "models/orders.sql"}, {Action: Write, Path: "models/orders.sql/b.sql", Text: "a\n"}}, "as a file, too"},
		"twice":                {[]File{{Action: Write, Path: "models/a.sql", Text: "a\n"}, {Action: Delete, Path: "models/./a.sql"}}, "names this file twice"},
		"twice in capitals":    {[]File{{Action: Write, Path: "models/a.sql", Text: "a\n"}, {Action: Write, Path: "models/A.sql", Text: "a\n"}}, "names this file twice"},
		"two spellings":        {[]File{{Action: Write, Path: "models/new/a.sql", Text: "a\n"}, {Action: Write, Path: "models/New/b.sql", Text: "a\n"}}, "spells this folder"},
		"no action":            {[]File{{Path: "models/a.sql", Text: "a\n"}}, "none of FILE, EDIT and DELETE"},
		"delete what is not":   {[]File{{Action: Delete, Path: "models/a.sql"}}, "no such file to delete"},
		"edit what is not":     {[]File{{Action: Edit, Path: "models/a.sql", Sections: []Section{{Search: "a\n"}}}}, "no such file to edit"},
	} {
		t.Run(name, func(t *testing.T) {
			if faults := s.attempt(t, Proposal{Files: c.files}, ImplementRules()); !told(faults, c.want) {
				t.Errorf("%q is not among %v", c.want, faults)
			}
		})
	}
}

func TestWithoutRulesNothingIsAllowed(t *testing.T) {
	s := newSiege(t)
	if faults := s.attempt(t, Proposal{Files: []File{good}}, Rules{}); !told(faults, "at most 0") {
		t.Error(faults)
	}
	if faults := s.attempt(t, Proposal{Files: []File{good}}, Rules{MaxFiles: 1, MaxFile: 100, MaxTotal: 100}); !told(faults, "no file may be written") {
		t.Error(faults)
	}
	careless := ImplementRules().With(".gitlab-ci.yml", "amendments/0001.yaml", "../x.sql")
	for _, f := range careless.Files[1:] {
		s.attempt(t, Proposal{Files: []File{{Action: Write, Path: f, Text: "x\n"}}}, careless)
	}
}
