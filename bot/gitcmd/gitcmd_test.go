package gitcmd

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

func TestSafe(t *testing.T) {
	for _, name := range []string{"a", "a/b.sql", ".gitattributes", ".github/x", "a/.gitignore", "git", "git~2", "a b/ü", "..a", "-d", "a\nb", ".gi", "x.git"} {
		if !Safe(name) {
			t.Errorf("%q is not safe", name)
		}
	}
	for _, name := range []string{"", ".", "..", "/a", "a/", "a//b", "a/../b", "./a", ".git", "a/.git/config", ".GIT", ".Git/hooks", "git~1", "GIT~1/x", ".git.", ".git ", ".git . .", "a/.git::$INDEX_ALLOCATION/x",
		".g\u200cit", "\ufeff.git", ".git\u200d", `.git\config`, `a\.GIT\x`, "a\x00b", "\xff"} {
		if Safe(name) {
			t.Errorf("%q is safe", name)
		}
	}
}

func TestHashesInSmallReads(t *testing.T) {
	all, err := io.ReadAll(&hashes{entries: []Entry{{Hash: "abc"}, {Hash: "de"}}})
	if err != nil || string(all) != "abc\nde\n" {
		t.Errorf("got %q, %v", all, err)
	}
	h := &hashes{entries: []Entry{{Hash: "abc"}, {Hash: "de"}}}
	var got bytes.Buffer
	for {
		var b [2]byte
		n, err := h.Read(b[:])
		got.Write(b[:n])
		if err != nil {
			break
		}
	}
	if got.String() != "abc\nde\n" {
		t.Errorf("got %q", got.String())
	}
}

func TestCommandKeepsConfigurationOutOfTheArguments(t *testing.T) {
	cmd := Git{Dir: "/x"}.With("http.extraHeader", "s3cret").Command(t.Context(), "fetch")
	if strings.Contains(strings.Join(cmd.Args, " "), "s3cret") {
		t.Errorf("arguments: %q", cmd.Args)
	}
	if !strings.Contains(strings.Join(cmd.Env, " "), "GIT_CONFIG_VALUE_1=s3cret") {
		t.Errorf("environment: %q", cmd.Env)
	}
}
