package uv

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// most is how many bytes of what a program prints are kept.
const most = 16 << 20

// grace is how long a program may take to end after it was asked to.
const grace = 3 * time.Second

// command is one run of uv.
type command struct {
	// dir is the folder that it runs in.
	dir  string
	args []string
	// pins are the files that it reads, to say where an error comes from; they may be nil.
	pins *pins
}

// output is what a program printed.
type output struct{ stdout, stderr string }

// run runs uv and returns what it prints to its standard output. What is the product's fault is bot.Problems, and an index that does not
// answer an *UnreachableError.
func (h *Owner) run(ctx context.Context, c command) (string, error) {
	t := h.tool
	limited, cancel := context.WithTimeout(ctx, t.options.Timeout)
	defer cancel()
	ended := make(chan struct{})
	full := h.watch(limited, cancel, ended)
	out, err := process(limited, t.options.Program, c.dir, h.environ(c.dir), c.args...)
	close(ended)
	if <-full {
		return "", &FullError{Limit: t.options.Limit}
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err == nil {
		return out.stdout, nil
	}
	if limited.Err() != nil {
		return "", fmt.Errorf("uv %s: not done after %s", c.args[0], t.options.Timeout)
	}
	return "", t.failure(c, err, t.secrets.Replace(strings.ReplaceAll(out.stderr, c.dir+"/", "")))
}

// environ is all of uv's environment.
func (h *Owner) environ(dir string) []string {
	o := h.tool.options
	home := filepath.Join(h.folder, homeFolder)
	env := []string{
		"HOME=" + home, "XDG_CONFIG_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_CACHE_HOME=" + home, "XDG_BIN_HOME=" + home,
		"TMPDIR=" + dir, "PATH=", "LANG=C.UTF-8", "NO_COLOR=1",
		"UV_CACHE_DIR=" + filepath.Join(h.folder, cacheFolder),
		"UV_NO_CONFIG=1", "UV_NO_ENV_FILE=1", "UV_NO_PROGRESS=1", "UV_NO_BUILD=1",
		"UV_PYTHON_DOWNLOADS=never", "UV_KEYRING_PROVIDER=disabled", "UV_SYSTEM_CERTS=1",
		"UV_LINK_MODE=copy", // so that no environment shares a file with another
	}
	if o.Index != "" {
		env = append(env, "UV_DEFAULT_INDEX="+indexName+"="+o.Index)
	}
	if o.Proxy != "" {
		env = append(env, "HTTP_PROXY="+o.Proxy, "HTTPS_PROXY="+o.Proxy, "ALL_PROXY="+o.Proxy)
	}
	return append(env, o.Environment...)
}

// secrets are the pairs for a strings.Replacer that takes the credentials out of a text.
func (o Options) secrets() []string {
	var pairs []string
	hide := func(s string) {
		if s != "" {
			pairs = append(pairs, s, "****", url.QueryEscape(s), "****")
		}
	}
	for _, pair := range o.Environment {
		name, value, _ := strings.Cut(pair, "=")
		for _, word := range []string{"PASSWORD", "TOKEN", "SECRET", "CREDENTIAL", "_KEY", "USERNAME"} {
			if strings.Contains(strings.ToUpper(name), word) {
				hide(value)
				break
			}
		}
		if u, err := url.Parse(value); err == nil && u.User != nil {
			hide(u.User.String())
		}
	}
	if u, err := url.Parse(o.Proxy); err == nil && u.User != nil {
		hide(u.User.String())
	}
	return pairs
}

// httpClient asks the index what uv does not tell.
func (o Options) httpClient() (*http.Client, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil
	if o.Proxy != "" {
		proxy, err := url.Parse(o.Proxy)
		if err != nil {
			return nil, errors.New("the URL of the proxy is not one")
		}
		transport.Proxy = http.ProxyURL(proxy)
	}
	return &http.Client{Transport: transport, Timeout: time.Minute}, nil
}

// variable is the last value of a variable in Environment; empty if there is none.
func (o Options) variable(name string) string {
	var value string
	for _, pair := range o.Environment {
		if n, v, _ := strings.Cut(pair, "="); n == name {
			value = v
		}
	}
	return value
}

// process runs a program to its end, or to the end of the context together with all that it started.
func process(ctx context.Context, program, dir string, env []string, args ...string) (output, error) {
	var stdout, stderr bounded
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, &stdout, &stderr
	if env == nil {
		cmd.Env = []string{} // and not this process's own
	}
	endGently(cmd)
	err := cmd.Run()
	if err == nil && stdout.cut {
		err = fmt.Errorf("it printed more than %d bytes", most)
	}
	return output{stdout: stdout.String(), stderr: stderr.String()}, err
}

// bounded keeps the beginning of what is written to it.
type bounded struct {
	bytes.Buffer
	cut bool
}

// Write keeps p as far as there is room.
func (b *bounded) Write(p []byte) (int, error) {
	keep := p
	if room := most - b.Len(); len(p) > room {
		keep, b.cut = p[:max(room, 0)], true
	}
	b.Buffer.Write(keep)
	return len(p), nil
}
