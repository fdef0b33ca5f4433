package mirror

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// freshFor is how long after a fetch a push trusts that it knows a commit of the remote to build on. With none, it would send all history.
const freshFor = time.Minute

// Push sets a branch of the remote to a commit of the copy, if it is at the commit expected there, or does not exist if that is empty. A branch
// that is at the commit already is fine: an earlier push got through although we were not told. A branch that is elsewhere is left alone and
// gives a *StaleError. Errors: ErrDenied with the server's words, as for a protected branch; *RemoteError.
func (m *Mirror) Push(ctx context.Context, commit, branch, expected string) error {
	if err := checkPush(branch, expected); err != nil {
		return fmt.Errorf("push to %s: %w", m.key, err)
	}
	return m.on(ctx, "push", []string{commit}, func(g gitcmd.Git) error {
		fresh := m.fresh()
		if !fresh {
			if err := m.fetch(ctx, g, nil); err != nil {
				return err
			}
		}
		err := m.push(ctx, g, commit, branch, expected)
		if fresh && holds(err, brokenWords) { // the content of old files, which is not here, is sent if the remote is further than we know
			if err := m.fetch(ctx, g, nil); err != nil {
				return err
			}
			err = m.push(ctx, g, commit, branch, expected)
		}
		return err
	})
}

// DeleteBranch deletes a branch of the remote if it is at the commit expected. One that does not exist is fine; one that is elsewhere gives a *StaleError.
func (m *Mirror) DeleteBranch(ctx context.Context, branch, expected string) error {
	err := checkPush(branch, expected)
	if err == nil && expected == "" {
		err = errors.New("the commit that the branch is expected at must be named")
	}
	if err != nil {
		return fmt.Errorf("delete a branch of %s: %w", m.key, err)
	}
	return m.do(ctx, "delete branch "+branch, func(g gitcmd.Git) error { return m.push(ctx, g, "", branch, expected) })
}

func checkPush(branch, expected string) error {
	if !ValidBranch(branch) {
		return fmt.Errorf("%q is no name of a branch", branch)
	}
	if expected != "" && !fullHash.MatchString(expected) {
		return fmt.Errorf("%q is no full hash of a commit", expected)
	}
	return nil
}

// fresh says whether the branches were fetched not long ago.
func (b *bare) fresh() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.fetched.IsZero() && b.cache.options.Now().Sub(b.fetched) < freshFor
}

// push pushes a commit, or deletes the branch if there is none.
func (m *Mirror) push(ctx context.Context, g gitcmd.Git, commit, branch, expected string) error {
	ref := "refs/heads/" + branch
	out, err := m.speak(ctx, g, nil, nil, "push", "--porcelain", "--quiet", "--no-verify", "--no-signed", "--recurse-submodules=no",
		"--force-with-lease="+ref+":"+expected, "--", "origin", commit+":"+ref)
	fault.Point("branch pushed")
	if err == nil {
		m.note(ctx, g, commit, branch)
		return nil
	}
	// The answer may have been lost, or somebody else have pushed: the branch itself tells.
	found, there, asking := m.remoteHead(ctx, g, branch)
	var remote *RemoteError
	status := refStatus(out, ref)
	switch {
	case asking == nil && found == commit && there == (commit != ""):
		m.note(ctx, g, commit, branch)
		return nil
	case asking == nil && found != expected:
		return &StaleError{Branch: branch, Expected: expected, Found: found}
	case status != "":
		return exchange(status + "\n" + err.Error())
	case errors.As(err, &remote):
		return remote
	}
	return err
}

// note keeps in mind what a push did, as git does for its remotes.
func (m *Mirror) note(ctx context.Context, g gitcmd.Git, commit, branch string) {
	args := []string{"update-ref", "--", kept("refs/heads/" + branch), commit}
	if commit == "" {
		args = []string{"update-ref", "-d", "--", kept("refs/heads/" + branch)}
	}
	if _, err := g.Output(ctx, args...); err != nil { // the push itself is done
		m.cache.options.Log.Warn("a push is not noted in the copy", "repository", m.key, "branch", branch, "error", err)
	}
}

// refStatus is why git push --porcelain says that a ref was refused: "!<tab>FROM:TO<tab>[remote rejected] (why)".
func refStatus(out, ref string) string {
	for line := range strings.SplitSeq(out, "\n") {
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) == 3 && fields[0] == "!" && strings.HasSuffix(fields[1], ":"+ref) {
			return fields[2]
		}
	}
	return ""
}
