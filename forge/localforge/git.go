package localforge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// zeroSHA stands for a ref that is not there.
const zeroSHA = "0000000000000000000000000000000000000000"

// gitEnv is the environment of every git process: nothing of this machine's or the user's configuration.
func gitEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0", "LC_ALL=C"}
}

// runGit runs git in a bare repository and returns what it prints.
func runGit(ctx context.Context, dir string, input string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--git-dir=" + dir}, args...)...)
	cmd.Env = append(gitEnv(), env...)
	cmd.Stdin = strings.NewReader(input)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return strings.TrimRight(out.String(), "\n"), nil
}

// initBare makes an empty repository that takes pushes over HTTP and offers partial clones.
func initBare(ctx context.Context, dir, branch string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if _, err := runGit(ctx, dir, "", nil, "init", "--quiet", "--bare", "--initial-branch="+branch); err != nil {
		return err
	}
	config, err := os.OpenFile(filepath.Join(dir, "config"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = config.WriteString(bareConfig)
	return errors.Join(err, config.Close())
}

// bareConfig lets a repository be pushed to over HTTP and offers partial clones. What a merge request's refs hold is not pushed, and nothing is
// packed or thrown away while it serves.
const bareConfig = `[http]
	receivepack = true
[uploadpack]
	allowFilter = true
	allowAnySHA1InWant = true
[receive]
	fsckObjects = true
	hideRefs = refs/pull
	autogc = false
[gc]
	auto = 0
`

// resolve is the commit that a ref points to.
func resolve(ctx context.Context, dir, ref string) (sha string, found bool) {
	sha, err := runGit(ctx, dir, "", nil, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
	return sha, err == nil
}

// git serves repositories with git's own program. Who may not read one is told that it is not there.
func (f *Forge) git() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, isGit := strings.CutSuffix(r.PathValue("name"), ".git")
		if !isGit {
			http.NotFound(w, r)
			return
		}
		push := strings.HasSuffix(r.URL.Path, "/git-receive-pack")
		writes := push || r.URL.Query().Get("service") == "git-receive-pack"
		f.mu.Lock()
		caller, why := f.caller(r)
		repo := f.find(r.PathValue("owner"), name)
		readable := repo != nil && f.may(caller, repo).rank() >= Read.rank()
		allowed := readable && (!writes || caller != nil && f.may(caller, repo).rank() >= Write.rank())
		f.mu.Unlock()
		switch {
		case why != "" || !allowed && caller == nil:
			w.Header().Set("WWW-Authenticate", `Basic realm="localforge"`)
			http.Error(w, "authentication is needed", http.StatusUnauthorized)
		case !allowed && readable:
			http.Error(w, "permission to push was denied", http.StatusForbidden)
		case !allowed:
			http.NotFound(w, r)
		case push:
			f.receive(w, r, repo, loginOf(caller))
		default:
			f.backend(w, r, repo, loginOf(caller))
		}
	})
}

func loginOf(c *caller) string {
	if c == nil || c.user == nil {
		return ""
	}
	return c.user.Login
}

// fetch brings a commit of another repository into r.
func (f *Forge) fetch(ctx context.Context, r, from *repo, sha string) error {
	if r.ID == from.ID {
		return nil
	}
	_, err := runGit(ctx, f.gitDir(r), "", nil, "fetch", "--quiet", "--no-tags", f.gitDir(from), sha)
	return err
}

// changedFile is one file of a difference.
type changedFile struct {
	name, status, sha string
	added, deleted    int
}

// changed lists the files that differ between two commits.
func changed(ctx context.Context, dir, from, to string) (out []changedFile, err error) {
	raw, err := runGit(ctx, dir, "", nil, "diff", "--no-ext-diff", "--raw", "--numstat", "-z", "--no-renames", "--no-abbrev", from+"..."+to)
	if err != nil {
		return nil, err
	}
	byName := map[string]*changedFile{}
	fields := strings.Split(raw, "\x00")
	for n := 0; n < len(fields); n++ {
		field := fields[n]
		switch {
		case strings.HasPrefix(field, ":") && n+1 < len(fields):
			parts := strings.Fields(field)
			c := changedFile{name: fields[n+1], sha: parts[3], status: map[byte]string{'A': "added", 'D': "removed"}[parts[4][0]]}
			if c.status == "" {
				c.status = "modified"
			}
			if c.status == "removed" {
				c.sha = parts[2]
			}
			out = append(out, c)
			n++
		case field != "":
			counts := strings.SplitN(field, "\t", 3)
			if len(byName) == 0 {
				for i := range out {
					byName[out[i].name] = &out[i]
				}
			}
			if c := byName[counts[len(counts)-1]]; c != nil && len(counts) == 3 {
				c.added, _ = strconv.Atoi(counts[0]) // "-" for a binary file
				c.deleted, _ = strconv.Atoi(counts[1])
			}
		}
	}
	return out, nil
}

// commits lists the commits that to has and from lacks, the oldest first.
func commits(ctx context.Context, dir, from, to string) ([]string, error) {
	text, err := runGit(ctx, dir, "", nil, "rev-list", "--reverse", from+".."+to)
	if err != nil || text == "" {
		return nil, err
	}
	return strings.Split(text, "\n"), nil
}
