package repo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// entry is a file of a commit.
type entry struct {
	mode, hash, path string
	size             int64
}

// regular says whether the file is neither a link nor a submodule.
func (e entry) regular() bool { return e.mode == "100644" || e.mode == "100755" }

// maxExport is the greatest number of bytes that Export writes.
const maxExport = 4 << 30

// Export writes the folders of a commit that hold a file named marker, with all that is below them, into dir. Nothing
// is filtered or checked out: files are written as they are stored, and links and submodules are left out.
// The paths that were left out are returned.
func (r *Repo) Export(ctx context.Context, commit, marker, dir string) (leftOut []string, err error) {
	entries, err := r.list(ctx, commit)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", commit, err)
	}
	var wanted []entry
	var total int64
	folders := markedFolders(entries, marker)
	for _, e := range entries {
		if !below(e.path, folders) {
			continue
		}
		if !e.regular() {
			leftOut = append(leftOut, e.path)
			continue
		}
		total += e.size
		wanted = append(wanted, e)
	}
	if total > r.limit {
		return nil, fmt.Errorf("export %s: its products hold %d bytes, more than the %d that are allowed", commit, total, r.limit)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", commit, err)
	}
	defer root.Close()
	if err := r.write(ctx, wanted, root); err != nil {
		return nil, fmt.Errorf("export %s: %w", commit, err)
	}
	return leftOut, nil
}

// list lists all files of a commit.
func (r *Repo) list(ctx context.Context, commit string) ([]entry, error) {
	out, err := r.command(ctx, "ls-tree", "-r", "-l", "-z", "--full-tree", commit).Output()
	if err != nil {
		return nil, gitError(err)
	}
	var entries []entry
	for _, line := range strings.Split(strings.TrimRight(string(out), "\x00"), "\x00") {
		meta, name, ok := strings.Cut(line, "\t")
		fields := strings.Fields(meta)
		if !ok || len(fields) != 4 {
			continue
		}
		size, _ := strconv.ParseInt(fields[3], 10, 64) // "-" for submodules
		entries = append(entries, entry{mode: fields[0], hash: fields[2], path: name, size: size})
	}
	return entries, nil
}

// markedFolders are the folders that hold a regular file named marker.
func markedFolders(entries []entry, marker string) map[string]bool {
	folders := map[string]bool{}
	for _, e := range entries {
		if path.Base(e.path) == marker && e.regular() {
			folders[path.Dir(e.path)] = true
		}
	}
	return folders
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

// write fetches the files' content from one git process and writes it below root.
func (r *Repo) write(ctx context.Context, entries []entry, root *os.Root) error {
	var names bytes.Buffer
	for _, e := range entries {
		names.WriteString(e.hash + "\n")
	}
	cmd := r.command(ctx, "cat-file", "--batch")
	cmd.Stdin = &names
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	content := bufio.NewReaderSize(out, 1<<16)
	for _, e := range entries {
		if err := writeFile(content, e, root); err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			return errors.Join(err, stderrError(&stderr))
		}
	}
	return cmd.Wait()
}

func stderrError(b *bytes.Buffer) error {
	if text := strings.TrimSpace(b.String()); text != "" {
		return errors.New(text)
	}
	return nil
}

// writeFile copies one object of the batch.
func writeFile(content *bufio.Reader, e entry, root *os.Root) error {
	header, err := content.ReadString('\n')
	if err != nil {
		return fmt.Errorf("read %s: %w", e.path, err)
	}
	fields := strings.Fields(header)
	if len(fields) != 3 || fields[1] != "blob" {
		return fmt.Errorf("read %s: git answered %q", e.path, strings.TrimSpace(header))
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return fmt.Errorf("read %s: %w", e.path, err)
	}
	name := filepath.FromSlash(e.path)
	if err := root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, content, size)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", e.path, err)
	}
	_, err = content.Discard(1) // the newline after each object
	return err
}
