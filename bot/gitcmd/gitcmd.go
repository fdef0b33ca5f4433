// Package gitcmd runs the git program on one repository, without running anything that the repository or this machine's
// configuration brings.
package gitcmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Git is how git is run on a repository. It is a value: a copy with more configuration leaves the first as it is.
type Git struct {
	// Dir is the git directory.
	Dir string
	// WorkTree is the root of the work tree, empty for a bare repository.
	WorkTree string
	// Config holds configuration, each key followed by its value. It reaches git through the environment, so that it may
	// hold secrets: it is in no list of processes.
	Config []string
	// Env is further environment.
	Env []string
}

// With is git with more configuration, each key followed by its value.
func (g Git) With(config ...string) Git {
	g.Config = append(g.Config[:len(g.Config):len(g.Config)], config...)
	return g
}

// WithEnv is git with more environment.
func (g Git) WithEnv(env ...string) Git {
	g.Env = append(g.Env[:len(g.Env):len(g.Env)], env...)
	return g
}

// Command prepares a git command with hooks, fsmonitor, attributes files, submodules and all protocols off. A context that ends
// asks git to end, so that it removes its lock files, and ends it for good a little later.
func (g Git) Command(ctx context.Context, args ...string) *exec.Cmd {
	fixed := []string{"--git-dir=" + g.Dir}
	folder := g.Dir
	if g.WorkTree != "" {
		fixed = append(fixed, "--work-tree="+g.WorkTree)
		folder = g.WorkTree
	}
	fixed = append(fixed, "--no-pager", "--literal-pathspecs",
		"-c", "core.hooksPath="+os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.attributesFile="+os.DevNull,
		"-c", "protocol.allow=never", "-c", "submodule.recurse=false")
	cmd := exec.CommandContext(ctx, "git", append(fixed, args...)...)
	cmd.Dir = folder
	cmd.Env = append(Environment(g.Config...), g.Env...)
	endGently(cmd)
	return cmd
}

// Output runs a command and returns its standard output without the newlines at its end.
func (g Git) Output(ctx context.Context, args ...string) (string, error) {
	out, err := g.Command(ctx, args...).Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w", args[0], Error(err))
	}
	return strings.TrimRight(string(out), "\n"), nil
}

// Environment is git's: no system or global configuration but the keys and values of config, no prompts, nothing of
// ours but where programs are.
func Environment(config ...string) []string {
	// A repository that belongs to somebody else is normal in CI. Nothing of it is run: see Command.
	config = append([]string{"safe.directory", "*"}, config...)
	env := []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=/nonexistent",
		"LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_ATTR_NOSYSTEM=1",
		"GIT_TERMINAL_PROMPT=0",
		"GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_LAZY_FETCH=1",
		"GIT_NO_REPLACE_OBJECTS=1",
		"GIT_LFS_SKIP_SMUDGE=1",
		fmt.Sprintf("GIT_CONFIG_COUNT=%d", len(config)/2),
	}
	for i := 0; i < len(config); i += 2 {
		env = append(env, fmt.Sprintf("GIT_CONFIG_KEY_%d=%s", i/2, config[i]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i/2, config[i+1]))
	}
	return env
}

// Network is what this program's environment says of the way to other machines.
func Network() []string {
	var env []string
	for _, name := range []string{"http_proxy", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// Error puts the first line that git wrote to standard error into the place of its exit code.
func Error(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if line, _, _ := bytes.Cut(bytes.TrimSpace(exit.Stderr), []byte("\n")); len(line) > 0 {
			return errors.New(strings.TrimPrefix(string(line), "fatal: "))
		}
	}
	return err
}
