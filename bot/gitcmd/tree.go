package gitcmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Entry is a file of a commit.
type Entry struct {
	// Mode is git's: 100644 and 100755 are files, 120000 is a link, 160000 a submodule.
	Mode string
	// Hash is the object's.
	Hash string
	// Path is slash-separated, from the root of the repository.
	Path string
}

// Regular says whether the entry is a file, neither a link nor a submodule.
func (e Entry) Regular() bool { return e.Mode == "100644" || e.Mode == "100755" }

// Files lists the files of a commit in the order of their paths, one at a time, however many there are. Only those at path under
// or below it are listed, unless under is "." or empty. The object of no file is read. An error ends the list.
func (g Git) Files(ctx context.Context, commit, under string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		args := []string{"ls-tree", "-r", "-z", "--full-tree", commit}
		if under != "" && under != "." {
			args = append(args, "--", under)
		}
		stop := errors.New("enough")
		err := g.stream(ctx, func(out *bufio.Reader) error {
			for {
				line, err := out.ReadString(0)
				if errors.Is(err, io.EOF) {
					return nil
				}
				if err != nil {
					return err
				}
				e, err := parseEntry(strings.TrimSuffix(line, "\x00"))
				if err != nil {
					return err
				}
				if !yield(e, nil) {
					return stop
				}
			}
		}, nil, args...)
		if err != nil && !errors.Is(err, stop) {
			yield(Entry{}, err)
		}
	}
}

// parseEntry reads a line of git ls-tree: "100644 blob HASH<tab>PATH".
func parseEntry(line string) (Entry, error) {
	meta, name, ok := strings.Cut(line, "\t")
	fields := strings.Fields(meta)
	if !ok || len(fields) != 3 {
		return Entry{}, fmt.Errorf("git ls-tree: %.80q is no entry", line)
	}
	return Entry{Mode: fields[0], Hash: fields[2], Path: name}, nil
}

// stream runs a command and hands its output to read. What git writes to standard error becomes the error.
func (g Git) stream(ctx context.Context, read func(*bufio.Reader) error, input io.Reader, args ...string) error {
	cmd := g.Command(ctx, args...)
	cmd.Stdin = input
	stderr := &head{limit: 4096}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	reading := read(bufio.NewReaderSize(out, 1<<16))
	if reading != nil {
		_ = cmd.Process.Kill()
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		exit.Stderr = stderr.data.Bytes()
	}
	switch {
	case err == nil || reading != nil && stderr.data.Len() == 0:
		return reading
	case reading == nil:
		return fmt.Errorf("git %s: %w", args[0], Error(err))
	}
	return fmt.Errorf("git %s: %w (%w)", args[0], Error(err), reading) // git's words tell why the reading ended
}

// head keeps the first bytes that are written to it.
type head struct {
	data  bytes.Buffer
	limit int
}

// Write keeps what has a place.
func (h *head) Write(p []byte) (int, error) {
	h.data.Write(p[:min(len(p), h.limit-h.data.Len())])
	return len(p), nil
}

// Marked lists the files of a commit in and below the folders that hold a regular file named marker. The paths of links,
// of submodules and of names that no work tree may hold are returned as leftOut. What is elsewhere takes no memory.
func (g Git) Marked(ctx context.Context, commit, marker string) (files []Entry, leftOut []string, err error) {
	folders := map[string]bool{}
	for e, err := range g.Files(ctx, commit, "") {
		if err != nil {
			return nil, nil, err
		}
		if path.Base(e.Path) == marker && e.Regular() {
			folders[path.Dir(e.Path)] = true
		}
	}
	if len(folders) == 0 {
		return nil, nil, nil
	}
	return g.pick(ctx, commit, "", func(name string) bool { return below(name, folders) })
}

// Below lists the files of a commit below a folder, "." for all, as Marked does.
func (g Git) Below(ctx context.Context, commit, folder string) (files []Entry, leftOut []string, err error) {
	return g.pick(ctx, commit, folder, func(name string) bool { return folder == "." || strings.HasPrefix(name, folder+"/") })
}

func (g Git) pick(ctx context.Context, commit, under string, want func(name string) bool) (files []Entry, leftOut []string, err error) {
	for e, err := range g.Files(ctx, commit, under) {
		switch {
		case err != nil:
			return nil, nil, err
		case !want(e.Path):
		case e.Regular() && Safe(e.Path):
			files = append(files, e)
		default:
			leftOut = append(leftOut, e.Path)
		}
	}
	return files, leftOut, nil
}

// below says whether a file is in one of the folders or below it.
func below(name string, folders map[string]bool) bool {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if folders[dir] {
			return true
		}
		if dir == "." || dir == "/" {
			return false
		}
	}
}

// Safe says whether a path of a repository leads to the same file on every file system, inside the folder and outside of
// git's own: no empty, "." or ".." part, and none that any system takes for ".git" (git's core.protectNTFS and core.protectHFS).
func Safe(name string) bool {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) {
		return false
	}
	return !slices.ContainsFunc(strings.Split(name, "/"), isGitDir)
}

// ignoredByHFS are the code points that HFS+ leaves out when it compares names (git's utf8.c, next_hfs_char).
const ignoredByHFS = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u206a\u206b\u206c\u206d\u206e\u206f\ufeff"

// isGitDir says whether some file system takes a name for .git: NTFS ignores case, spaces and dots at the end and streams
// (":…"), treats a backslash as a slash, and knows the short name git~1.
func isGitDir(name string) bool {
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(ignoredByHFS, r) {
			return -1
		}
		return r
	}, name)
	for part := range strings.SplitSeq(name, `\`) {
		part, _, _ = strings.Cut(part, ":")
		part = strings.ToLower(strings.TrimRight(part, ". "))
		if part == ".git" || part == "git~1" {
			return true
		}
	}
	return false
}

// parseHeader reads the line that git cat-file --batch writes before an object: "HASH blob SIZE", or "HASH missing".
func parseHeader(line string) (size int64, missing bool, err error) {
	fields := strings.Fields(line)
	if len(fields) == 2 && fields[1] == "missing" {
		return 0, true, nil
	}
	if len(fields) != 3 || fields[1] != "blob" {
		return 0, false, fmt.Errorf("git cat-file answered %.80q", strings.TrimSpace(line))
	}
	size, err = strconv.ParseInt(fields[2], 10, 64)
	return size, false, err
}
