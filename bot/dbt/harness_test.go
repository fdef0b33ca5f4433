package dbt

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// venv is a virtual environment with dbt-core and dbt-duckdb, as .ci/run makes one.
const venv = "CODICIL_TEST_DBT"

// tool is a real dbt that nothing confines: the tests' own projects are no strangers.
func tool(t *testing.T) *Tool {
	t.Helper()
	folder := os.Getenv(venv)
	if folder == "" {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s does not name a virtual environment with dbt-core and dbt-duckdb", venv)
		}
		t.Skipf("needs a virtual environment with dbt-core and dbt-duckdb, named by %s", venv)
	}
	return &Tool{DBT: filepath.Join(folder, "bin", "dbt"), Python: filepath.Join(folder, "bin", "python"), Run: run, Threads: 2, Env: []string{"PATH=" + os.Getenv("PATH")}}
}

// run runs a program as the confining one does.
func run(ctx context.Context, args, env []string, dir string) (int, string, error) {
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = env, dir, &output, &output
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return exit.ExitCode(), output.String(), nil
	}
	return 0, output.String(), errors.Join(err, ctx.Err())
}

// example copies the example project, with files changed; an empty text takes one away.
func example(t *testing.T, changes map[string]string) Project {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	if err := os.CopyFS(dir, os.DirFS("../../deploy/projects/deliveries")); err != nil {
		t.Fatal(err)
	}
	for name, text := range changes {
		if text == "" {
			if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, text := range changes {
		if text != "" {
			write(t, filepath.Join(dir, filepath.FromSlash(name)), text)
		}
	}
	return Project{Dir: dir, Path: "shop/deliveries", Scratch: t.TempDir()}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// changed is a file of the example with a text replaced.
func changed(t *testing.T, name, from, to string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../deploy/projects/deliveries", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), from) {
		t.Fatalf("%s does not hold %q", name, from)
	}
	return strings.Replace(string(data), from, to, 1)
}
