package mirror

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// maxPacks is the number of packs from which on a copy gets slow. Each fetch makes one.
const maxPacks = 60

// tidy puts the packs of the copy together when there are many. No object is lost: commits that were made here and are not pushed
// yet belong to no ref.
func (m *Mirror) tidy(ctx context.Context, g gitcmd.Git) error {
	packs := 0
	entries, err := os.ReadDir(filepath.Join(m.dir, "objects", "pack"))
	if err != nil {
		return fmt.Errorf("tidy the copy: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".pack") {
			packs++
		}
	}
	if packs < m.cache.options.maxPacks {
		return nil
	}
	// Git keeps what a partial copy was promised apart; for that it must know of the remote, but not speak with it.
	_, err = g.With("remote.origin.url", m.remote.URL).With(partial...).
		Output(ctx, "repack", "-a", "-d", "-k", "-q", "--no-write-bitmap-index")
	return err
}
