package repo

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/codicil-dev/codicil/bot/gitcmd"
)

// Clone fetches the newest commit of a repository's default branch into the empty folder dir and checks its files out.
// Only https, ssh and local repositories are read; submodules are not.
func Clone(ctx context.Context, url, dir string) error {
	cmd := exec.CommandContext(ctx, "git",
		"-c", "core.hooksPath="+os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.symlinks=false",
		"-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always", "-c", "protocol.file.allow=always",
		"clone", "--quiet", "--depth=1", "--no-recurse-submodules", "--template=", "--", url, dir)
	cmd.Env = append(append(gitcmd.Environment(), gitcmd.Network()...), "GIT_SSH_COMMAND=ssh -oBatchMode=yes", "SSH_AUTH_SOCK="+os.Getenv("SSH_AUTH_SOCK"))
	if _, err := cmd.Output(); err != nil {
		return fmt.Errorf("clone: %w", gitcmd.Error(err))
	}
	return nil
}
