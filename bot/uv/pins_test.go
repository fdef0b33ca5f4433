package uv

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
)

// projectWith is a pyproject.toml whose fifth line begins what is given.
func projectWith(more string) string {
	return "[project]\nname = 'p'\nversion = '1'\nrequires-python = '>=3.9'\n" + more
}

func TestReadPinsRefuses(t *testing.T) {
	lock := "version = 1\nrequires-python = '>=3.9'\n\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { %s }\n"
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"URL":                {[]string{requirementsFile, "a==1\n\nhttps://example.org/a-1-py3-none-any.whl\n"}, "requirements.txt:3: requirements from URLs"},
		"name at URL":        {[]string{requirementsFile, "a @ https://example.org/a.whl\n"}, "requirements.txt:1: requirements from URLs"},
		"name at file":       {[]string{requirementsFile, "a@file:///etc/passwd\n"}, "requirements.txt:1: requirements from URLs"},
		"version control":    {[]string{requirementsFile, "# x\ngit+https://example.org/a.git#egg=a\n"}, "requirements.txt:2: requirements from URLs"},
		"folder":             {[]string{requirementsFile, "./a\n"}, "requirements.txt:1: requirements from local"},
		"folder above":       {[]string{requirementsFile, "../a\n"}, "requirements.txt:1: requirements from local"},
		"absolute":           {[]string{requirementsFile, "/a\n"}, "requirements.txt:1: requirements from local"},
		"home":               {[]string{requirementsFile, "~/a\n"}, "requirements.txt:1: requirements from local"},
		"wheel":              {[]string{requirementsFile, "a-1-py3-none-any.whl\n"}, "requirements.txt:1: requirements from local"},
		"archive":            {[]string{requirementsFile, "a.tar.gz\n"}, "requirements.txt:1: requirements from local"},
		"here":               {[]string{requirementsFile, ".\n"}, "requirements.txt:1: requirements from local"},
		"editable":           {[]string{requirementsFile, "-e .\n"}, "requirements.txt:1: the option -e is not allowed"},
		"editable long":      {[]string{requirementsFile, "--editable=.\n"}, "requirements.txt:1: the option --editable is not allowed"},
		"index":              {[]string{requirementsFile, "a\n--index-url https://example.org\n"}, "requirements.txt:2: the option --index-url is not allowed"},
		"short index":        {[]string{requirementsFile, "-ihttps://example.org\n"}, "requirements.txt:1: the option -i is not allowed"},
		"extra index":        {[]string{requirementsFile, "--extra-index-url=https://example.org\n"}, "requirements.txt:1: the option --extra-index-url is not"},
		"links":              {[]string{requirementsFile, "-f /\n"}, "requirements.txt:1: the option -f is not allowed"},
		"source only":        {[]string{requirementsFile, "--no-binary :all:\n"}, "requirements.txt:1: the option --no-binary is not allowed"},
		"build setting":      {[]string{requirementsFile, "a==1 --config-settings=x=y\n"}, "requirements.txt:1: the option --config-settings is not"},
		"hidden by a break":  {[]string{requirementsFile, "a\n--index\\\n-url https://example.org\n"}, "requirements.txt:2: the option --index is not allowed"},
		"option of a second": {[]string{requirementsFile, "a==1 \\\n --hash=sha256:00 --index-url=x\n"}, "requirements.txt:1: the option --index-url is not"},
		"variable":           {[]string{requirementsFile, "a==${HOME}\n"}, "requirements.txt:1: variables of the environment"},
		"file outside":       {[]string{requirementsFile, "-r ../x.txt\n"}, "requirements.txt:1: -r may name a file of the product only"},
		"outside from below": {[]string{requirementsFile, "-r d/x.txt\n", "d/x.txt", "a\n-c ../../y.txt\n"}, "d/x.txt:2: -c may name a file of the product only"},
		"file of the host":   {[]string{requirementsFile, "--requirement=/etc/passwd.txt\n"}, "requirements.txt:1: --requirement may name"},
		"file at a URL":      {[]string{requirementsFile, "-r https://example.org/x.txt\n"}, "requirements.txt:1: -r may name a file of the product only"},
		"project as file":    {[]string{requirementsFile, "-r pyproject.toml\n"}, "requirements.txt:1: -r may name a file that ends in"},
		"missing file":       {[]string{requirementsFile, "a\n-r x.txt\n"}, "requirements.txt:2: x.txt is not readable: no such file"},
		"not a requirement":  {[]string{requirementsFile, "a\n\"b\"\n"}, "requirements.txt:2: this is not a requirement"},
		"in a source": {[]string{requirementsFile, "a==1\n", compiledFrom, "-e .\n"},
			"requirements.in:1: the option -e is not allowed"},

		"no TOML":          {[]string{projectFile, "a = 1\nb\n"}, "pyproject.toml:2: this is not TOML"},
		"URL in a project": {[]string{projectFile, projectWith("dependencies = [\n 'a',\n 'b @ https://example.org/b.whl',\n]\n")}, "pyproject.toml:7: requirements from URLs"},
		"URL in a group":   {[]string{projectFile, projectWith("[dependency-groups]\ndev = ['b@file:///b']\n")}, "pyproject.toml:6: requirements from URLs"},
		"sources":          {[]string{projectFile, projectWith("[tool.uv.sources]\na = { path = '../a' }\n")}, "pyproject.toml:5: tool.uv.sources is not allowed"},
		"inline sources":   {[]string{projectFile, projectWith("[tool.uv]\nsources.a = { git = 'https://x' }\n")}, "pyproject.toml:6: tool.uv.sources is not allowed"},
		"workspace":        {[]string{projectFile, projectWith("[tool.uv.workspace]\nmembers = ['../*']\n")}, "pyproject.toml:5: tool.uv.workspace is not allowed"},
		"own index":        {[]string{projectFile, projectWith("[[tool.uv.index]]\nurl = 'https://x'\n")}, "pyproject.toml:5: tool.uv.index is not allowed"},
		"override":         {[]string{projectFile, projectWith("[tool.uv]\noverride-dependencies = ['a @ https://x/a.whl']\n")}, "pyproject.toml:6: requirements from URLs"},
		"dynamic":          {[]string{projectFile, projectWith("dynamic = ['dependencies']\n")}, "pyproject.toml:5: dynamic dependencies would have to be built"},

		"lock alone":      {[]string{lockFile, ""}, "uv.lock: there is no pyproject.toml beside it"},
		"locked git":      {[]string{projectFile, projectWith(""), lockFile, fmt.Sprintf(lock, `git = "https://x"`)}, "uv.lock:5: a does not come from a package index"},
		"locked path":     {[]string{projectFile, projectWith(""), lockFile, fmt.Sprintf(lock, `directory = "../a"`)}, "uv.lock:5: a does not come from a package index"},
		"locked editable": {[]string{projectFile, projectWith(""), lockFile, fmt.Sprintf(lock, `editable = "../a"`)}, "uv.lock:5: a does not come from a package index"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := readPins(folder(t, c.files...))
			var problems bot.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("readPins: %v, want problems", err)
			}
			if !strings.HasPrefix(problems.Error(), c.want) {
				t.Errorf("readPins: %v, want %s…", problems, c.want)
			}
		})
	}
}

func TestReadPinsReads(t *testing.T) {
	p, err := readPins(folder(t,
		requirementsFile, "\ufeff# pinned by hand\r\nPandas [excel] == 1.5.3 ; python_version < '3.12' # old\r\n-r more/b.txt\r\n--require-hashes\r\n",
		"more/b.txt", "-c c.txt\nb_b>=1,<2 \\\n    --hash=sha256:00 \\\n    --hash=sha256:11\n-r ../requirements.txt\n",
		"more/c.txt", "c==3\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []line{
		{file: requirementsFile, from: 2, to: 2, name: "pandas", text: "Pandas [excel] == 1.5.3 ; python_version < '3.12'"},
		{file: "more/c.txt", from: 1, to: 1, name: "c", text: "c==3", constraint: true},
		{file: "more/b.txt", from: 2, to: 4, name: "b-b", text: "b_b>=1,<2", hashed: true},
	}
	if diff := cmp.Diff(want, p.lines, cmp.AllowUnexported(line{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"more/b.txt", "more/c.txt", requirementsFile}, p.names()); diff != "" {
		t.Error(diff)
	}
}

func TestReadPinsChooses(t *testing.T) {
	lock := "version = 1\nrequires-python = '>=3.9'\n"
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"a lock decides":           {[]string{requirementsFile, "a\n", projectFile, projectWith(""), lockFile, lock}, lockFile},
		"requirements before":      {[]string{requirementsFile, "a\n", projectFile, projectWith("")}, requirementsFile},
		"a project alone":          {[]string{projectFile, projectWith("")}, projectFile},
		"settings are no project":  {[]string{projectFile, "[tool.black]\n"}, ""},
		"nothing":                  {nil, ""},
		"a source alone is no pin": {[]string{compiledFrom, "a\n"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := readPins(folder(t, c.files...))
			var none *NoPinsError
			if c.want == "" {
				if !errors.As(err, &none) {
					t.Fatalf("readPins: %v, want a *NoPinsError", err)
				}
				return
			}
			if err != nil || p.main != c.want {
				t.Errorf("readPins: %v, %v, want %s", p, err, c.want)
			}
		})
	}
}

func TestReadPinsStaysInside(t *testing.T) {
	outside := folder(t, "secret.txt", "secret\n")
	dir := folder(t, requirementsFile, "-r link.txt\n-r pipe.txt\n")
	if err := os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "pipe.txt"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := readPins(dir)
	var problems bot.Problems
	if !errors.As(err, &problems) || len(problems) != 2 || problems[0].Line != 1 || problems[1].Line != 2 {
		t.Errorf("readPins: %v, want a problem on each of the two lines", err)
	}
}
