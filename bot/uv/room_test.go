package uv

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRoom(t *testing.T) {
	x := town(t)
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	h := owner(t, begin(t, x, func(o *Options) { o.Now = func() time.Time { return now } }))
	a, b := folder(t, requirementsFile, "num==1.0\n"), folder(t, requirementsFile, "num==1.1\n")
	first, second := environment(t, h, a), environment(t, h, b)
	there := func(e *Environment) bool {
		_, err := os.Stat(e.Folder)
		return err == nil
	}
	tidy := func() {
		t.Helper()
		if err := h.Tidy(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_ = second.Close()
	now = now.Add(DefaultUnused + time.Hour)
	tidy()
	if !there(first) || there(second) {
		t.Errorf("after two weeks: the one in use %v, the other %v", there(first), there(second))
	}
	_ = first.Close()
	first = environment(t, h, a)
	_ = first.Close()
	tidy()
	if !there(first) {
		t.Error("one that was asked for again went")
	}
	now = now.Add(time.Hour)
	second = environment(t, h, b)
	_ = second.Close()
	h.tool.options.Limit = sizeOf(h.folder) - 1
	tidy()
	if there(first) || !there(second) {
		t.Errorf("over the limit: the one that was used longest ago %v, the other %v", there(first), there(second))
	}
}

func TestTooLarge(t *testing.T) {
	x := newIndex(t, release{name: "large", version: "1", files: map[string]string{"large/data": strings.Repeat("0", 8<<20)}}, release{name: "num", version: "1"})
	h := owner(t, begin(t, x, func(o *Options) { o.Limit = 4 << 20 }))
	_, err := h.Environment(t.Context(), folder(t, requirementsFile, "large\n"))
	var full *FullError
	if !errors.As(err, &full) {
		t.Fatalf("Environment: %v, want a *FullError", err)
	}
	environment(t, h, folder(t, requirementsFile, "num\n")).has(t, "num==1") // room was made
}
