package mirror

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// harmless are faults that old programs left in the history of honest repositories. Git checks all else of what comes
// (git-fsck(1)), the names in trees first of all.
var harmless = []string{"zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "badDate", "badDateOverflow", "missingSpaceBeforeEmail", "missingEmail", "badEmail", "missingNameBeforeEmail", "badName", "multipleAuthors"}

// networking is the configuration of a git process that speaks with a forge. The remote is in the configuration of the process
// only: nothing of it is on disk.
func (m *Mirror) networking() []string {
	c := []string{
		"remote.origin.url", m.remote.URL,
		"protocol.http.allow", "always",
		"protocol.https.allow", "always",
		"protocol.version", "2",
		"credential.helper", "",
		"core.askPass", "",
		"http.followRedirects", "false", // a redirect to another server would get what is meant for this one
		"http.lowSpeedLimit", "1000",
		"http.lowSpeedTime", "30",
		"fetch.recurseSubmodules", "false",
		"push.recurseSubmodules", "no",
		"transfer.fsckObjects", "true",
		"transfer.credentialsInUrl", "die",
		"transfer.bundleURI", "false",
	}
	for _, fault := range harmless {
		c = append(c, "fetch.fsck."+fault, "ignore")
	}
	if m.cache.options.AllowFile {
		c = append(c, "protocol.file.allow", "always")
	}
	return c
}

// partial has a git process know that what is missing here is to be had from the remote. A push is without it: it must fail when
// it lacks something, not fetch that file by file.
var partial = []string{"remote.origin.promisor", "true", "remote.origin.partialclonefilter", "blob:none"}

// speak runs a git command that speaks with the forge and returns its standard output, also with an error.
func (m *Mirror) speak(ctx context.Context, g gitcmd.Git, input io.Reader, config []string, args ...string) (stdout string, err error) {
	if err := m.remote.check(m.cache.options.AllowFile); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, m.cache.options.FetchTimeout, errSlow)
	defer cancel()
	g = g.With(m.networking()...).With(config...).WithEnv(gitcmd.Network()...)
	var secrets []string
	if m.remote.Credential != nil {
		user, token, err := m.remote.Credential(ctx)
		if err != nil {
			return "", fmt.Errorf("get a credential: %w", err)
		}
		basic := base64.StdEncoding.EncodeToString([]byte(user + ":" + token))
		g = g.With("http."+m.remote.URL+".extraHeader", "Authorization: Basic "+basic)
		secrets = []string{basic}
		if token != "" {
			secrets = append(secrets, token)
		}
	}
	cmd := g.Command(ctx, args...)
	var out, words bounded
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, &out, &words
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", stopped(ctx, m.cache.options.FetchTimeout)
	case errors.As(err, &exit):
		return hide(out.String(), secrets), exchange(hide(words.String(), secrets))
	}
	return "", err
}

// errSlow and errBig are why an exchange was broken off.
var (
	errSlow = errors.New("too slow")
	errBig  = errors.New("the repository is too big for the cache")
)

func stopped(ctx context.Context, limit time.Duration) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errSlow):
		return &RemoteError{Words: fmt.Sprintf("it took longer than %s", limit), again: true}
	default:
		return cause
	}
}

// bounded keeps the first MiB that is written to it.
type bounded struct{ bytes.Buffer }

// Write keeps what has a place.
func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(0, 1<<20-b.Len()))])
	return len(p), nil
}

// watch ends an exchange when the copy gets larger than is allowed. Stop it with the function that it returns.
func (m *Mirror) watch(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				if m.size() > m.cache.options.MaxBytes {
					cancel(errBig)
				}
			}
		}
	}()
	return ctx, func() { close(done); cancel(nil) }
}

// bring runs a git fetch and sees that the copy stays within its size.
func (m *Mirror) bring(ctx context.Context, g gitcmd.Git, input io.Reader, config []string, args ...string) error {
	watched, stop := m.watch(ctx)
	defer stop()
	m.packing.RLock()
	_, err := m.speak(watched, g.With(partial...), input, config, append([]string{"fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-gc", "--no-recurse-submodules", "--filter=blob:none"}, args...)...)
	m.packing.RUnlock()
	size := m.size()
	if err != nil {
		m.sweepPacks()
	}
	if size > m.cache.options.MaxBytes || errors.Is(err, errBig) {
		return fmt.Errorf("%w: %w", errBig, &gitcmd.TooLargeError{What: "it takes", Size: size, Limit: m.cache.options.MaxBytes})
	}
	return err
}

// need fetches the content of files that are not here yet.
func (m *Mirror) need(ctx context.Context, g gitcmd.Git, files []gitcmd.Entry) error {
	_, missing, err := g.Sizes(ctx, files)
	if err != nil {
		return err
	}
	const most = 10000 // in one request
	for len(missing) > 0 {
		part := missing[:min(most, len(missing))]
		missing = missing[len(part):]
		var names strings.Builder
		for _, e := range part {
			names.WriteString(e.Hash + "\n")
		}
		if err := m.bring(ctx, g, strings.NewReader(names.String()), []string{"fetch.negotiationAlgorithm", "noop"}, "--stdin", "origin"); err != nil {
			return fmt.Errorf("fetch the content of %d files: %w", len(part), err)
		}
	}
	return nil
}
