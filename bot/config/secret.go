package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Secret says where a secret comes from. The secret itself is never in the configuration.
type Secret struct {
	Env     string   `json:"env,omitempty" jsonschema:"minLength=1"`
	File    string   `json:"file,omitempty" jsonschema:"minLength=1"`
	Command []string `json:"command,omitempty" jsonschema:"minItems=1"`

	// folder is where a relative File or Command begins, at where the secret stands in the configuration.
	folder string
	at     bot.Problem
}

// The limits of a command that prints a secret, and of what it prints.
const (
	commandTimeout = 30 * time.Second
	maxSecret      = 64 << 10
)

// IsZero says whether no secret is configured.
func (s Secret) IsZero() bool { return s.Env == "" && s.File == "" && len(s.Command) == 0 }

// Read fetches the secret. Errors say at which place of the configuration, and never hold what was read.
func (s Secret) Read(ctx context.Context, getenv func(string) string) (string, error) {
	text, err := s.fetch(ctx, getenv)
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	text = strings.TrimSpace(text)
	if err == nil && text == "" {
		err = errors.New("the secret is empty: see that it is there")
	} else if err == nil && strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		err = errors.New("the secret has more than one line, or characters that no key has: see that only the key is there")
	}
	if err != nil {
		p := s.at
		p.Message = err.Error()
		return "", bot.Problems{p}
	}
	return text, nil
}

func (s Secret) fetch(ctx context.Context, getenv func(string) string) (string, error) {
	switch {
	case s.Env != "":
		if text := getenv(s.Env); text != "" {
			return text, nil
		}
		// Not quoted: a secret may have been put in place of the name.
		return "", errors.New("the environment variable that is named here is not set: set it")
	case s.File != "":
		return s.fromFile()
	}
	return s.fromCommand(ctx)
}

// place is a path as the configuration means it.
func (s Secret) place(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.folder, path)
}

func (s Secret) fromFile() (string, error) {
	f, err := os.Open(s.place(s.File))
	if err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			err = at.Err // its path is not quoted: a secret may have been put in its place
		}
		return "", fmt.Errorf("the file that is named here cannot be read (%w): correct its path, or its permissions", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file of the secret cannot be read: %w", err)
	case len(data) > maxSecret:
		return "", fmt.Errorf("the file of the secret is longer than %d bytes: name one that holds the key alone", maxSecret)
	}
	return string(data), nil
}

// fromCommand runs the command without a shell. What it prints elsewhere than to its standard output is dropped, since that
// may hold the secret as well.
func (s Secret) fromCommand(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	program := s.Command[0]
	if strings.ContainsRune(program, filepath.Separator) {
		program = s.place(program)
	}
	var out limited
	cmd := exec.CommandContext(ctx, program, s.Command[1:]...)
	cmd.Stdout = &out
	cmd.WaitDelay = 2 * time.Second // its own children may hold its output open
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "", fmt.Errorf("%s did not end within %s: run it by hand to see what it waits for", s.Command[0], commandTimeout)
	case out.full:
		return "", fmt.Errorf("%s prints more than %d bytes: have it print the key alone", s.Command[0], maxSecret)
	case errors.As(err, &ended):
		return "", fmt.Errorf("%s ended with %s: run it by hand to see why", s.Command[0], ended.ProcessState)
	case err != nil:
		return "", fmt.Errorf("%s cannot be run (%w): correct the command", s.Command[0], err)
	}
	return out.kept.String(), nil
}

// limited keeps at most maxSecret bytes.
type limited struct {
	kept bytes.Buffer // not embedded: its ReadFrom would go past Write
	full bool
}

// Write takes p, or an error once more came than a secret may be long.
func (l *limited) Write(p []byte) (int, error) {
	if l.kept.Len()+len(p) > maxSecret {
		l.full = true
		return 0, errors.New("too much")
	}
	return l.kept.Write(p)
}

var envForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// secretPlaces are where secrets stand, as keys from the top; * stands for each of a list.
var secretPlaces = [][]string{{"model", "key"}, {"github", "app", "key"}, {"github", "token"}, {"github", "webhook_secrets", "*"}, {"server", "account", "password"}}

// inlineSecrets finds secrets that are written into the file, or else not as the schema has them. Messages quote nothing.
func inlineSecrets(file string, data []byte) (problems bot.Problems) {
	value, source, _ := spec.ReadYAML(file, data)
	for _, place := range secretPlaces {
		for pointer, found := range follow(value, place, "") {
			if at, message, ok := inlineSecret(pointer, found); ok {
				line, column := source.At(at)
				problems = append(problems, bot.Problem{File: file, Line: line, Column: column, Severity: bot.SeverityError, Message: message})
			}
		}
	}
	return problems.Sorted()
}

// follow finds what is at a place, by pointers. What is written where a list or more keys should be counts as what is at the place: it may be
// the secret.
func follow(value any, place []string, pointer string) map[string]any {
	if len(place) == 0 {
		return map[string]any{pointer: value}
	}
	found := map[string]any{}
	switch v := value.(type) {
	case map[string]any:
		if next, there := v[place[0]]; there {
			return follow(next, place[1:], pointer+"/"+place[0])
		}
	case []any:
		for i, one := range v {
			if place[0] == "*" {
				maps.Copy(found, follow(one, place[1:], fmt.Sprintf("%s/%d", pointer, i)))
			}
		}
	case string:
		found[pointer] = v
	}
	return found
}

// inlineSecret says what is wrong with how a secret is given, and at which place; ok is false if nothing is.
func inlineSecret(pointer string, given any) (at, message string, ok bool) {
	const how = "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"
	from, is := given.(map[string]any)
	if given != nil && !is {
		return pointer, "a secret is not written into this file: " + how + ", and if this was a real one, replace it where it was made", true
	}
	for k := range from {
		if !slices.Contains([]string{"env", "file", "command"}, k) {
			return pointer, "the secret comes from something else than env, file or command: " + how, true
		}
	}
	if len(from) != 1 {
		return pointer, "the secret needs exactly one source: " + how, true
	}
	if env, there := from["env"]; there {
		if name, is := env.(string); !is || !envForm.MatchString(name) {
			return pointer + "/env", "env is the name of an environment variable, such as OPENAI_API_KEY, not the secret itself", true
		}
	}
	return "", "", false
}
