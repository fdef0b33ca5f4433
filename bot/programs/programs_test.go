package programs_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/confine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/programs"
)

// needed skips a test where programs can't be confined; CI never lacks that.
func needed(t *testing.T) {
	t.Helper()
	if err := confine.Available(t.Context()); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("programs can't be run here: %v", err)
	}
}

// base is a product whose program counts the lines of its seed.
func base() map[string]string {
	return map[string]string{
		"spec.yaml": "spec: 1\nproduct: totals\nversion: 1.0.0\nowner: {team: tiny}\npurpose: What it costs.\ntables:\n  - name: totals\n    description: One row.\n    why: Asked for.\n    columns:\n" +
			"      - {name: total, type: BIGINT, description: The sum., why: Asked for., nullable: false}\n",
		"amendments/0001.yaml": "id: 1\nrequirement: The sum.\norigin: {kind: bootstrap}\nreading: The sum of all.\nexpects: [{add_table: totals}]\nchecks:\n" +
			"  - name: it is the sum\n    sql: select total from totals where total <> (select sum(cents) from raw_costs)\nchange: Made it.\n",
		"seeds/raw_costs.csv": "id,cents\n1,250\n2,100\n",
		"product.yaml":        "command:\n  build: [python3, build.py]\n  test: [sh, test.sh]\n",
		"build.py": "import csv, os\n" +
			"rows = list(csv.DictReader(open('seeds/raw_costs.csv')))\n" +
			"with open(os.environ['CODICIL_OUTPUT'] + '/totals.csv', 'w') as f:\n" +
			"    f.write('total\\n%d\\n' % sum(int(r['cents']) for r in rows))\n",
		"test.sh": "grep -q 350 \"$CODICIL_OUTPUT/totals.csv\"\n",
	}
}

// build builds the product of some files.
func build(t *testing.T, files map[string]string) *product.Build {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, "totals", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tree := product.Tree{Root: root}
	p, problems := product.Load(tree, "totals")
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	cache, err := product.OpenCache(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	b := &product.Builder{Cache: cache, Threads: 1, Programs: &programs.Runner{Limits: confine.Limits{Wall: 20 * time.Second, Processes: 50}}}
	made, err := product.NewSide(b, []*product.Product{p}, nil, time.Date(2026, 1, 5, 3, 7, 11, 0, time.UTC)).Build(context.Background(), "totals", product.Own)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestAProgramMakesTables(t *testing.T) {
	needed(t)
	b := build(t, base())
	if err := b.Failed(); err != nil {
		t.Fatal(err)
	}
	table, ok := b.Table("totals")
	if !ok || len(table.Columns) != 1 || table.Columns[0] != (product.Column{Name: "total", Type: "BIGINT"}) {
		t.Errorf("the tables are %+v", b.Tables)
	}
	if _, ok := b.Table("raw_costs"); !ok {
		t.Error("checks can't read the seed")
	}
	if len(b.Tests) != 1 || b.Tests[0].Message != "" {
		t.Errorf("the tests are %+v", b.Tests)
	}
}

func TestProgramsThatFail(t *testing.T) {
	needed(t)
	for name, c := range map[string]struct {
		change map[string]string
		want   string
	}{
		"an exit code":      {map[string]string{"build.py": "import sys\nprint('no data', file=sys.stderr)\nsys.exit(3)\n"}, "exit code 3; the last that it wrote:\nno data"},
		"nothing left":      {map[string]string{"build.py": "pass\n"}, "left no table"},
		"no such program":   {map[string]string{"product.yaml": "command: {build: [julia, build.jl]}\n"}, "exit code 127"},
		"something else":    {map[string]string{"build.py": "import os\nopen(os.environ['CODICIL_OUTPUT'] + '/notes.txt', 'w').write('x')\n"}, "left notes.txt, which is no table"},
		"no data":           {map[string]string{"build.py": "import os\nopen(os.environ['CODICIL_OUTPUT'] + '/totals.parquet', 'w').write('x')\n"}, "totals.parquet, which is not readable"},
		"the spec is there": {map[string]string{"build.py": "open('spec.yaml')\n"}, "No such file or directory: 'spec.yaml'"},
		"the network":       {map[string]string{"build.py": "import socket\nsocket.create_connection(('1.1.1.1', 443), 2)\n"}, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := base()
			for file, text := range c.change {
				files[file] = text
			}
			b := build(t, files)
			if err := b.Failed(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestItsTestsFail(t *testing.T) {
	needed(t)
	files := base()
	files["test.sh"] = "echo too little; exit 1\n"
	b := build(t, files)
	if !b.OK() || len(b.Tests) != 1 || !strings.Contains(b.Tests[0].Message, "too little") {
		t.Errorf("%v; the tests are %+v", b.Failed(), b.Tests)
	}
}

func TestConfigOfPrograms(t *testing.T) {
	for text, want := range map[string]string{
		"command: {build: []}\n":                                  "no program is named",
		"runner: command\n":                                       "needs a program",
		"runner: sql\ncommand: {build: [sh]}\n":                   "runs no other program",
		"runner: julia\n":                                         "there is no runner",
		"command: {build: [sh], network: [example.com]}\n":        "no host with a port",
		"command: {build: [sh], network: ['example.com:443']}\n":  "",
		"runner: command\ncommand: {build: [sh, -c, 'exit 1']}\n": "",
	} {
		_, problems := product.ParseConfig("product.yaml", []byte(text))
		if err := problems.Err(); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
