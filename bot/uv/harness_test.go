package uv

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// zeroTime makes http.ServeContent say nothing of when a wheel was made.
var zeroTime time.Time

// needUV skips the test where there is no uv, and fails it in CI.
func needUV(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("uv"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("uv is missing: .ci/run installs it")
		}
		t.Skip("uv is not on PATH: pip install uv")
	}
}

// begin makes a tool that takes packages from the index alone.
func begin(t *testing.T, x *index, change ...func(*Options)) *Tool {
	t.Helper()
	needUV(t)
	o := Options{Index: x.url(), Cache: t.TempDir()}
	for _, c := range change {
		c(&o)
	}
	tool, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tool
}

// owner is an owner of the tool.
func owner(t *testing.T, tool *Tool) *Owner {
	t.Helper()
	h, err := tool.Owner("acme")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// folder is a product with these files, name and content in turn.
func folder(t *testing.T, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		if err := writeFile(dir, files[i], []byte(files[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// content is what a file of the folder holds.
func content(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
