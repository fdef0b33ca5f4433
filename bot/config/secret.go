package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// inlineSecrets finds secrets that are written into the file, or else not as the schema has them. Messages quote nothing.
func inlineSecrets(file string, data []byte) bot.Problems {
	value, source, _ := spec.ReadYAML(file, data)
	in, _ := value["model"].(map[string]any)
	key, there := in["key"]
	if !there {
		return nil
	}
	refuse := func(pointer, message string) bot.Problems {
		line, column := source.At(pointer)
		return bot.Problems{{File: file, Line: line, Column: column, Severity: bot.SeverityError, Message: message}}
	}
	const how = "write {env: NAME}, {file: PATH} or {command: [PROGRAM, ARGUMENT]}"
	from, ok := key.(map[string]any)
	if key != nil && !ok {
		return refuse("/model/key", "a secret is not written into this file: "+how+", and if this was a real key, replace it at its provider")
	}
	for k := range from {
		if !slices.Contains([]string{"env", "file", "command"}, k) {
			return refuse("/model/key", "the key comes from something else than env, file or command: "+how)
		}
	}
	if len(from) != 1 {
		return refuse("/model/key", "the key needs exactly one source: "+how)
	}
	if env, ok := from["env"]; ok {
		if name, ok := env.(string); !ok || !envForm.MatchString(name) {
			return refuse("/model/key/env", "env is the name of an environment variable, such as OPENAI_API_KEY, not the secret itself")
		}
	}
	return nil
}
