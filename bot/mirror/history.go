package mirror

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Commit is a commit as its history tells.
type Commit struct {
	SHA                       string
	Parents                   []string
	Author, Email             string
	Committer, CommitterEmail string
	// Time is that of the committer, in UTC.
	Time          time.Time
	Subject, Body string
	// Trailers are the lines "Key: value" at the end of the message.
	Trailers []Trailer
}

// Trailer is one line at the end of a message, such as Codicil-Change: 17.
type Trailer struct {
	Key, Value string
}

// trailer is the form of a trailer.
var trailer = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*: \S`)

// maxCommits is the greatest number of commits that Log lists.
const maxCommits = 5000

// Log lists the commits that head has and base has not, the newest first; all of head's if base is empty. There may be 5,000.
func (m *Mirror) Log(ctx context.Context, base, head string) (commits []Commit, err error) {
	asked, what := []string{head}, head
	if base != "" {
		asked, what = []string{base, head}, base+".."+head
	}
	commits, err = m.list(ctx, asked, maxCommits+1, what)
	if err == nil && len(commits) > maxCommits {
		err = fmt.Errorf("list commits of %s: there are more than %d", m.key, maxCommits)
	}
	if err != nil {
		return nil, err
	}
	return commits, nil
}

// Touching lists the commits on the way of head's first parents that changed the file at path, the newest first, most of them at most. A merge counts
// as one that changed what it brought.
func (m *Mirror) Touching(ctx context.Context, head, path string, most int) ([]Commit, error) {
	if !gitcmd.Safe(path) {
		return nil, fmt.Errorf("list commits of %s: %q is no path", m.key, path)
	}
	return m.list(ctx, []string{head}, most, "--first-parent", head, "--", path)
}

// list lists commits, as further arguments of git log say.
func (m *Mirror) list(ctx context.Context, asked []string, most int, args ...string) (commits []Commit, err error) {
	err = m.on(ctx, "list commits", asked, func(g gitcmd.Git) error {
		const format = "%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%ct%x00%s%x00%b%x00%(trailers:only,unfold)"
		text, whole, err := g.Text(ctx, maxList, append([]string{"log", "-z", "--no-color", "--no-decorate", "--no-notes", "--no-show-signature", "--encoding=UTF-8",
			"--max-count=" + strconv.Itoa(most), "--format=" + format}, args...)...)
		if err != nil {
			return err
		}
		if commits, err = parseLog(text); err == nil && !whole {
			err = fmt.Errorf("the commits say more than %d bytes", maxList)
		}
		return err
	})
	return commits, err
}

func parseLog(text string) (commits []Commit, err error) {
	if text == "" {
		return nil, nil
	}
	const parts = 10
	fields := strings.Split(strings.TrimSuffix(text, "\x00"), "\x00")
	for ; len(fields) >= parts; fields = fields[parts:] {
		seconds, err := strconv.ParseInt(fields[6], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("git log: %q is no time", fields[6])
		}
		c := Commit{SHA: fields[0], Parents: strings.Fields(fields[1]), Author: fields[2], Email: fields[3], Committer: fields[4], CommitterEmail: fields[5],
			Time: time.Unix(seconds, 0).UTC(), Subject: fields[7], Body: strings.TrimRight(fields[8], "\n")}
		for line := range strings.SplitSeq(fields[9], "\n") {
			if key, value, ok := strings.Cut(line, ":"); ok {
				c.Trailers = append(c.Trailers, Trailer{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
			}
		}
		commits = append(commits, c)
	}
	return commits, nil
}

// Merge makes a commit that merges theirs into ours, without a work tree, as Commit does; or returns the paths where the two are
// in conflict, and no commit. What the copy lacks is fetched.
func (m *Mirror) Merge(ctx context.Context, ours, theirs, message string, at time.Time) (sha string, conflicts []string, err error) {
	if message, err = m.cache.options.finish(message); err != nil {
		return "", nil, fmt.Errorf("merge in %s: %w", m.key, err)
	}
	err = m.on(ctx, "merge", []string{ours, theirs}, func(g gitcmd.Git) error {
		sha, conflicts = "", nil
		if err := m.needMerge(ctx, g, ours, theirs); err != nil {
			return err
		}
		out, err := g.Command(ctx, "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs).Output()
		if err != nil && exitCode(err) != 1 {
			return fmt.Errorf("git merge-tree: %w", gitcmd.Error(err))
		}
		fields := strings.Split(strings.TrimRight(string(out), "\x00"), "\x00")
		if exitCode(err) == 1 {
			conflicts = fields[1:]
			return nil
		}
		sha, err = m.commitTree(ctx, g, fields[0], []string{ours, theirs}, message, at)
		return err
	})
	return sha, conflicts, err
}

// needMerge fetches the content that a merge may look at: all that either side changed.
func (m *Mirror) needMerge(ctx context.Context, g gitcmd.Git, ours, theirs string) error {
	out, err := g.Command(ctx, "merge-base", "--all", ours, theirs).Output()
	if err != nil && exitCode(err) != 1 {
		return fmt.Errorf("git merge-base: %w", gitcmd.Error(err))
	}
	for base := range strings.FieldsSeq(string(out)) {
		for _, side := range []string{ours, theirs} {
			if err := m.needChanged(ctx, g, base, side); err != nil {
				return err
			}
		}
	}
	return nil
}
