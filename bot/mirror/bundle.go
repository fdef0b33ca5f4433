package mirror

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Bundle packs the commits that head has and base has not, and all their content, so that another copy can take them in.
// Base must be among the commits that led to head, and on the remote.
func (m *Mirror) Bundle(ctx context.Context, base, head string) (bundle []byte, err error) {
	err = m.on(ctx, "bundle", []string{base, head}, func(g gitcmd.Git) error {
		ref := "refs/bundles/" + random() // git bundles refs only
		if _, err := g.Output(ctx, "update-ref", "--", ref, head); err != nil {
			return err
		}
		fault.Point("bundle's ref made")
		cmd := g.With("pack.window", "0").Command(ctx, "bundle", "create", "--quiet", "-", "^"+base, ref) // no deltas to files that others lack
		bundle, err = cmd.Output()
		fault.Point("bundle made")
		_, removing := g.Output(context.WithoutCancel(ctx), "update-ref", "-d", "--", ref)
		return errors.Join(gitcmd.Error(err), removing)
	})
	return bundle, err
}

// Unbundle takes the commits of a bundle in. The base of the bundle is fetched if it is not here; if it is gone from the remote too,
// that is ErrNoCommit.
func (m *Mirror) Unbundle(ctx context.Context, bundle []byte) error {
	return m.do(ctx, "unbundle", func(g gitcmd.Git) error {
		tmp, err := os.MkdirTemp(m.cache.dir, leftover+"*")
		if err != nil {
			return err
		}
		defer os.RemoveAll(tmp)
		name := filepath.Join(tmp, "bundle")
		if err := os.WriteFile(name, bundle, 0o600); err != nil {
			return err
		}
		m.packing.RLock()
		_, err = g.Output(ctx, "bundle", "unbundle", name)
		m.packing.RUnlock()
		fault.Point("bundle taken in")
		if err == nil {
			return nil
		}
		if err := m.fetch(ctx, g, nil); err != nil {
			return err
		}
		for _, base := range prerequisites(bundle) {
			if _, ok, err := resolve(ctx, g, base); err != nil || ok {
				continue
			}
			if err := m.fetch(ctx, g, []string{base}); err != nil {
				return errors.Join(fmt.Errorf("%s: %w", base, ErrNoCommit), err)
			}
		}
		m.packing.RLock()
		defer m.packing.RUnlock()
		// Now with the remote, for the content of files that the bundle tells the difference to.
		_, err = m.speak(ctx, g.With(partial...), nil, nil, "bundle", "unbundle", name)
		return err
	})
}

// prerequisites are the commits that a bundle builds on: the lines that begin with - in its head.
func prerequisites(bundle []byte) (commits []string) {
	header, _, _ := bytes.Cut(bundle, []byte("\n\n"))
	for line := range strings.SplitSeq(string(header), "\n") {
		if rest, ok := strings.CutPrefix(line, "-"); ok {
			if sha, _, _ := strings.Cut(rest, " "); fullHash.MatchString(sha) {
				commits = append(commits, sha)
			}
		}
	}
	return commits
}

// random is a name that no other has.
func random() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
