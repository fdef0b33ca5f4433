package uv

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
)

func TestNewer(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x))
	lock := folder(t, projectFile, projectWith("dependencies = [\n  'frame==1.5.3',\n  'num<2',\n]\n[dependency-groups]\ndev = ['gone==0.9']\n"))
	lockProject(t, h, lock)
	for name, c := range map[string]struct {
		dir  string
		want []Pin
	}{
		"requirements": {
			folder(t, requirementsFile, "# pinned\nFrame==1.5.3 # by hand\nnum>=1,<2\ngone==1.0\n-r other.txt\nfar==1; sys_platform == 'win32'\n", "other.txt", "-c c.txt\n", "c.txt", "num<1.5\n"),
			[]Pin{
				{Name: "frame", Has: "1.5.3", Within: "1.5.3", Beyond: "2.0", File: requirementsFile, Line: 2},
				{Name: "num", Within: "1.1", Beyond: "2.0", File: requirementsFile, Line: 3},
				{Name: "gone", Has: "1.0", Within: "1.0", Beyond: "1.0", Yanked: "wrong results", WasYanked: true, File: requirementsFile, Line: 4},
				{Name: "num", Within: "1.1", Beyond: "2.0", File: "c.txt", Line: 1},
				{Name: "far", Has: "1", File: requirementsFile, Line: 6},
			},
		},
		"compiled": {
			folder(t, compiledFrom, "frame<2\n", requirementsFile, "frame==1.5.3\n    # via -r requirements.in\nnum==1.0\n    # via frame\n"),
			[]Pin{
				{Name: "frame", Has: "1.5.3", Within: "1.5.4", Beyond: "2.0", File: requirementsFile, Line: 1},
				{Name: "num", Has: "1.0", Within: "2.0", Beyond: "2.0", File: requirementsFile, Line: 3},
			},
		},
		"project": {
			folder(t, projectFile, projectWith("dependencies = [\n  'frame (>=1.5,<2)',\n  \"num == 1.0\",\n]\n[dependency-groups]\ndev = ['gone==0.9']\n")),
			[]Pin{
				{Name: "frame", Within: "1.5.4", Beyond: "2.0", File: projectFile, Line: 6},
				{Name: "num", Has: "1.0", Within: "1.0", Beyond: "2.0", File: projectFile, Line: 7},
				{Name: "gone", Has: "0.9", Within: "0.9", Beyond: "0.9", File: projectFile, Line: 10},
			},
		},
		"lock": {
			lock,
			[]Pin{
				{Name: "frame", Has: "1.5.3", Within: "1.5.3", Beyond: "2.0", File: lockFile, Line: 6},
				{Name: "gone", Has: "0.9", Within: "0.9", Beyond: "0.9", File: lockFile, Line: 17},
				{Name: "num", Has: "1.1", Within: "1.1", Beyond: "2.0", File: lockFile, Line: 25},
			},
		},
		"loose": {
			folder(t, requirementsFile, "num\n"),
			[]Pin{{Name: "num", Within: "2.0", Beyond: "2.0", File: requirementsFile, Line: 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.Newer(t.Context(), c.dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, c := range map[string]struct {
		text string
		want []Pin
	}{
		"pins that do not go together": {"frame==2.0\nnum==1.0\n", []Pin{
			{Name: "frame", Has: "2.0", Beyond: "2.0", File: requirementsFile, Line: 1},
			{Name: "num", Has: "1.0", Beyond: "2.0", File: requirementsFile, Line: 2},
		}},
		"a version that is no more": {"num==0.1\n", []Pin{{Name: "num", Has: "0.1", Beyond: "2.0", File: requirementsFile, Line: 1}}},
		"a package that is no more": {"nothere==0.1\n", []Pin{{Name: "nothere", Has: "0.1", File: requirementsFile, Line: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.Newer(t.Context(), folder(t, requirementsFile, c.text))
			var problems bot.Problems
			if !errors.As(err, &problems) {
				t.Errorf("Newer: %v, want problems", err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutdated(t *testing.T) {
	for _, c := range []struct {
		pin  Pin
		want bool
	}{
		{Pin{Has: "1.0", Within: "1.0", Beyond: "1.0"}, false},
		{Pin{Has: "1.9", Within: "1.9", Beyond: "1.10"}, true},
		{Pin{Has: "1.0", Within: "1.0.1", Beyond: "1.0.1"}, true},
		{Pin{Has: "1.0", Within: "1.0", Beyond: "1.0", WasYanked: true}, true},
		{Pin{Within: "1.0", Beyond: "2.0"}, true},
		{Pin{Within: "2.0", Beyond: "2.0"}, false},
		{Pin{Has: "2.0", Within: "2.0", Beyond: "2.0rc1"}, false},
		{Pin{}, false},
	} {
		if got := c.pin.Outdated(); got != c.want {
			t.Errorf("%+v: %v", c.pin, got)
		}
	}
}

func TestYanked(t *testing.T) {
	json := `{"files": [
		{"filename": "a_b-1.0-py3-none-any.whl", "yanked": "bad"}, {"filename": "a-b-1.0.tar.gz", "yanked": true},
		{"filename": "a_b-1.1-py3-none-any.whl", "yanked": "bad"}, {"filename": "a-b-1.1.tar.gz", "yanked": false},
		{"filename": "a_b-2.0.0-1-py3-none-any.whl", "yanked": ""}, {"filename": "a_b-3-py3-none-any.whl"}]}`
	html := `<html><body><a href="x" data-yanked="bad">a_b-1.0-py3-none-any.whl</a><a data-yanked>a-b-1.0.tar.gz</a>
		<a data-yanked="bad">a_b-1.1-py3-none-any.whl</a><br/><a>a-b-1.1.tar.gz</a><a data-yanked="">a_b-2.0.0-1-py3-none-any.whl</a><a>a_b-3-py3-none-any.whl</a></body></html>`
	for kind, body := range map[string]string{simpleJSON: json, "text/html; charset=utf-8": html} {
		files, err := filesIn(kind, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		for version, want := range map[string]string{"1.0": "yes bad", "1.1": "no ", "2.0": "yes ", "3.0": "no ", "4": "no "} {
			reason, is := yanked(files, "a-b", version)
			got := map[bool]string{true: "yes ", false: "no "}[is] + reason
			if got != want {
				t.Errorf("%s, %s: %q, want %q", kind, version, got, want)
			}
		}
	}
	for kind, body := range map[string]string{"": "", "text/plain": "a", simpleJSON: `{"files": 1}`} {
		if _, err := filesIn(kind, []byte(body)); err == nil {
			t.Errorf("%s: %s is taken for an answer", kind, body)
		}
	}
	if reason, _ := yanked([]yankedFile{{"a-1.tar.gz", true, strings.Repeat("é", 1000)}}, "a", "1"); len(reason) > 510 {
		t.Errorf("a reason of %d bytes", len(reason))
	}
}

func TestResolve(t *testing.T) {
	h := owner(t, begin(t, town(t)))
	lock := folder(t, projectFile, projectWith("dependencies = ['frame==1.5.3', 'num<2']\n"))
	lockProject(t, h, lock)
	for name, c := range map[string]struct {
		dir  string
		want []Package
	}{
		"lock":         {lock, []Package{{"frame", "1.5.3"}, {"num", "1.1"}}},
		"requirements": {folder(t, requirementsFile, "frame==1.5.3\n"), []Package{{"frame", "1.5.3"}, {"num", "2.0"}}},
		"compiled":     {folder(t, compiledFrom, "frame\n", requirementsFile, "frame==1.5.3\nnum==1.0\n"), []Package{{"frame", "1.5.3"}, {"num", "1.0"}}},
		"nothing":      {folder(t, requirementsFile, ""), []Package{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := h.Resolve(t.Context(), c.dir)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
