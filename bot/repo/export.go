package repo

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// maxExport is the greatest number of bytes that Export writes.
const maxExport = 4 << 30

// Export writes the folders of a commit that hold a file named marker, with all that is below them, into dir. Nothing
// is filtered or checked out: files are written as they are stored, and links and submodules are left out.
// The paths that were left out are returned.
func (r *Repo) Export(ctx context.Context, commit, marker, dir string) (leftOut []string, err error) {
	files, leftOut, err := r.run.Marked(ctx, commit, marker)
	if err == nil {
		err = r.write(ctx, files, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("export %s: %w", commit, err)
	}
	return leftOut, nil
}

func (r *Repo) write(ctx context.Context, files []gitcmd.Entry, dir string) error {
	total, missing, err := r.run.Sizes(ctx, files)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("this clone is partial and lacks %s and %d more files; clone without --filter", missing[0].Path, len(missing)-1)
	}
	if total > r.limit {
		return &gitcmd.TooLargeError{What: "its products hold", Size: total, Limit: r.limit}
	}
	return r.run.Write(ctx, files, dir)
}
