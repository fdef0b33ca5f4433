package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// secret parses a configuration in dir whose key is written so, and reads it.
func secret(t *testing.T, dir, from string) (string, error) {
	t.Helper()
	c, problems := Parse(filepath.Join(dir, "codicil.yaml"), []byte("model:\n  key: "+from+"\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c.Model.Key.Read(t.Context(), func(name string) string {
		return map[string]string{"THE_KEY": " sk-secret\n", "TWO": "sk-secret\nsk-secret"}[name]
	})
}

func TestSecretIsRead(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"key": "sk-secret\n", "prints": "#!/bin/sh\necho sk-secret\necho warning >&2\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{
		"{env: THE_KEY}", "{file: key}", fmt.Sprintf("{file: %q}", filepath.Join(dir, "key")),
		`{command: [printf, "%s\n", sk-secret]}`, "{command: [./prints]}", `{command: [echo, sk-secret]}`,
	} {
		if got, err := secret(t, dir, from); got != "sk-secret" || err != nil {
			t.Errorf("%s: %q, %v", from, got, err)
		}
	}
	// There is no shell.
	if got, err := secret(t, dir, `{command: [echo, "$HOME;id"]}`); got != "$HOME;id" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestSecretIsNotToBeHad(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "long"), []byte(strings.Repeat("sk-secret", 10000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]string{
		"{env: NOT_SET}":       "is not set: set it",
		"{env: TWO}":           "more than one line",
		"{file: sk-secret}":    "cannot be read (no such file or directory)",
		"{file: long}":         "longer than 65536 bytes",
		"{file: .}":            "cannot be read",
		`{command: ["false"]}`: "false ended with exit status 1: run it by hand to see why",
		`{command: ["true"]}`:  "the secret is empty",
		`{command: [sh, -c, "echo sk-secret >&2; exit 3"]}`:    "sh ended with exit status 3",
		"{command: [codicil-no-such-program]}":                 "cannot be run",
		`{command: [sh, -c, "yes sk-secret | head -c 99999"]}`: "prints more than 65536 bytes",
	} {
		got, err := secret(t, dir, from)
		if err == nil || !strings.Contains(err.Error(), want) || got != "" || strings.Contains(err.Error(), "sk-secret") {
			t.Errorf("%s: %q, %v; want %q", from, got, err, want)
			continue
		}
		if place := filepath.Join(dir, "codicil.yaml") + ":2:8: "; !strings.HasPrefix(err.Error(), place) {
			t.Errorf("%s: %v does not say where", from, err)
		}
	}
}

func TestSecretIsInterrupted(t *testing.T) {
	c, problems := Parse("codicil.yaml", []byte("model: {key: {command: [sleep, '20']}}\n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Model.Key.Read(ctx, os.Getenv); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
