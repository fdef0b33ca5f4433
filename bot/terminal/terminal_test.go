package terminal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want []string
	}{
		{"", 10, nil},
		{"a few words here", 7, []string{"a few", "words", "here"}},
		{"unbreakablelongword x", 8, []string{"unbreaka", "blelongw", "ord x"}},
		{"日本語 日本", 6, []string{"日本語", "日本"}},
	} {
		if diff := cmp.Diff(c.want, Wrap(c.in, c.n)); diff != "" {
			t.Errorf("Wrap(%q, %d): %s", c.in, c.n, diff)
		}
	}
}

func TestFitAndPad(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"short", 8, "short   "},
		{"exactly8", 8, "exactly8"},
		{"much too long", 8, "much to…"},
		{"日本語日本語", 7, "日本語…"},
	} {
		if got := Pad(Fit(c.in, c.n), c.n); got != c.want {
			t.Errorf("Pad(Fit(%q, %d)) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestPaint(t *testing.T) {
	if got := NewPaint(false).Bad("x"); got != "x" {
		t.Errorf("without colour: %q", got)
	}
	if got := NewPaint(true).Bad("x"); !strings.HasPrefix(got, "\x1b[31m") {
		t.Errorf("with colour: %q", got)
	}
}
