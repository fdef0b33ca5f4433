package proposal

import (
	"flag"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite golden files")

func openRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestApply(t *testing.T) {
	product := newSiege(t).product
	// A copy made of hard links must leave the original alone, and lose its executable bits.
	original := filepath.Join(t.TempDir(), "original.sql")
	shared := filepath.Join(product, "models/orders.sql")
	if err := os.Link(shared, original); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/answer.md")
	if err != nil {
		t.Fatal(err)
	}
	p, faults := Parse(string(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	root := openRoot(t, product)
	checked, _, _ := Check(root, p, ImplementRules())
	before := snapshot(t, product)
	applied, faults, err := Apply(root, p, ImplementRules())
	if err != nil || len(faults) > 0 {
		t.Fatal(faults, err)
	}
	got := applied.Diff()
	if *update {
		if err := os.WriteFile("testdata/answer.diff", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/answer.diff")
	if err != nil || got != string(want) {
		t.Errorf("%v\n%s", err, cmp.Diff(string(want), got))
	}
	if checked.Diff() != got {
		t.Error("Check says otherwise than Apply does")
	}
	for name, c := range map[string]struct{ got, want []string }{
		"written": {applied.Written(), []string{"models/totals/order_totals.sql", "models/orders.sql", "seeds/lines.csv", "tests/new.sql"}},
		"deleted": {applied.Deleted(), []string{"tests/total.sql"}},
		"tests":   {applied.Tests(), []string{"tests/total.sql"}},
		"seeds":   {applied.Seeds(), []string{"seeds/lines.csv"}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, not %q", name, c.got, c.want)
		}
	}
	after := snapshot(t, product)
	for _, c := range applied.Changes {
		name := filepath.Join(product, c.Path)
		if data, err := os.ReadFile(name); string(data) != c.new || (err != nil) != c.Deleted || int64(len(data)) != c.NewSize {
			t.Errorf("%s is %q, %v", c.Path, data, err)
		}
		if info, err := os.Lstat(name); err == nil && info.Mode() != 0o644 {
			t.Errorf("%s has mode %v", c.Path, info.Mode())
		}
		delete(before, name)
		delete(after, name)
	}
	delete(after, filepath.Join(product, "models/totals"))
	if !maps.Equal(before, after) {
		t.Error("something else changed")
	}
	if data, _ := os.ReadFile(original); string(data) != "select 1 as a\n" {
		t.Errorf("the original became %q", data)
	}
}

func TestApplyAmendment(t *testing.T) {
	root := openRoot(t, newSiege(t).product)
	p := Proposal{Files: []File{{Action: Write, Path: "amendments/0003.yaml", Text: "id: 3\n"}, {Action: Write, Path: "spec.yaml", Text: "spec: 1\nproduct: orders\n"}}}
	for range 2 { // and again, as a repair does
		applied, faults, err := Apply(root, p, AmendRules(3))
		if err != nil || len(faults) > 0 || slices.Contains(applied.Written(), "spec.yaml") {
			t.Fatal(applied, faults, err)
		}
		p.Files[0].Text += "change: x\n"
	}
	if text, err := root.ReadFile("amendments/0003.yaml"); err != nil || !strings.HasSuffix(string(text), "change: x\n") {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNamesThatLookAlikeOnDiskCanBeEdited(t *testing.T) {
	fsys := fstest.MapFS{"models/a.sql": {Data: []byte("x\n")}, "models/A.sql": {Data: []byte("y\n")}}
	changes, faults, err := plan(fsys, Proposal{Files: []File{{Action: Write, Path: "models/A.sql", Text: "z\n"}}}, ImplementRules())
	if err != nil || len(faults) > 0 || len(changes) != 1 {
		t.Error(changes, faults, err)
	}
}

func TestWhatAFileHeldBeforeMayStay(t *testing.T) {
	fsys := fstest.MapFS{"models/a.sql": {Data: []byte("select 1 -- \u200f\n-- ... the rest is the same\n")}}
	p := Proposal{Files: []File{{Action: Edit, Path: "models/a.sql", Sections: []Section{{Search: "select 1 -- \u200f\n", Replace: "select 2 -- \u200f\n"}}}}}
	if changes, faults, err := plan(fsys, p, ImplementRules()); err != nil || len(faults) > 0 || len(changes) != 1 {
		t.Error(changes, faults, err)
	}
}

func TestLargeFilesCanBeDeletedOnly(t *testing.T) {
	fsys := fstest.MapFS{"seeds/a.csv": {Data: []byte(strings.Repeat("1\n", 1<<20))}}
	for action, want := range map[Action]string{Edit: "only files up to 1.0 MiB can be edited", Delete: ""} {
		changes, faults, err := plan(fsys, Proposal{Files: []File{{Action: action, Path: "seeds/a.csv", Sections: []Section{{Search: "1\n"}}}}}, ImplementRules())
		if err != nil || (want == "") != (len(faults) == 0) || want != "" && !told(faults, want) {
			t.Error(faults, err)
		}
		if action == Delete && !strings.Contains(Applied{changes}.Diff(), "2.0 MiB and is not shown") {
			t.Error(Applied{changes}.Diff())
		}
	}
}

// A folder that changes while it is written to, which callers promise not to do, is put back.
func TestCommitUndoesWhatItDid(t *testing.T) {
	for name, last := range map[string]Change{
		"through a file":   {Path: "models/orders.sql/x/a.sql", Created: true, new: "x\n"},
		"through a link":   {Path: "models/out/a.sql", Created: true, new: "x\n"},
		"of what is gone":  {Path: "models/gone.sql", Deleted: true},
		"over a folder":    {Path: "models/staging", Created: true, new: "x\n"},
		"of a gone folder": {Path: "models/gone/a.sql", new: "x\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSiege(t)
			err := commit(openRoot(t, s.product), []Change{
				{Path: "models/new/deep/a.sql", Created: true, new: "x\n"},
				{Path: "models/orders.sql", new: "x\n"},
				{Path: "tests/total.sql", Deleted: true},
				last,
			})
			if err == nil {
				t.Error("no error")
			}
			if after := snapshot(t, s.top); !maps.Equal(s.before, after) {
				t.Error(cmp.Diff(s.before, after))
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	seedAnswers(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, _ := Parse(text)
		lines := strings.Count(text, "\n") + 1
		for _, file := range p.Files {
			if file.Line < 1 || file.Line > lines || file.Path == "" {
				t.Errorf("%+v of %d lines", file, lines)
			}
			if file.Text != "" && !strings.HasSuffix(file.Text, "\n") {
				t.Errorf("%q does not end its line", file.Text)
			}
		}
	})
}

// Whatever an answer says, what is planned stays inside of what the rules name, and earlier amendments stay.
func FuzzApply(f *testing.F) {
	seedAnswers(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, _ := Parse(text)
		fsys := fstest.MapFS{
			"spec.yaml":            {Data: []byte("spec: 1\n")},
			"amendments/0001.yaml": {Data: []byte("id: 1\n")},
			"models/orders.sql":    {Data: []byte("select 1 as a\n")},
			"models/link.sql":      {Data: []byte("orders.sql"), Mode: fs.ModeSymlink | 0o777},
			"models/out":           {Data: []byte("../.."), Mode: fs.ModeSymlink | 0o777},
			"seeds/lines.csv":      {Data: []byte("id,name\n1,Ann\n")},
		}
		rules := ImplementRules().With("spec.yaml", "amendments/0002.yaml")
		changes, faults, err := plan(fsys, p, rules)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if len(faults) > 0 && len(changes) > 0 {
			t.Error("both changes and faults")
		}
		for _, c := range changes {
			inside := slices.Contains([]string{"spec.yaml", "amendments/0002.yaml", "README.md"}, c.Path) && !c.Deleted || below(c.Path, []string{"models", "seeds", "tests"})
			if !inside || !fs.ValidPath(c.Path) || strings.Contains(c.Path, "/.") || strings.HasPrefix(c.Path, "models/out/") || c.Path == "models/link.sql" {
				t.Errorf("%+v", c)
			}
		}
	})
}

func seedAnswers(f *testing.F) {
	files, err := filepath.Glob("testdata/attacks/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range append(files, "testdata/answer.md") {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
}
