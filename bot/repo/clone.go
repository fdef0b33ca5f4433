package repo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Clone fetches the newest commit of a repository's default branch into the empty folder dir and checks its files out.
// Only https, ssh and local repositories are read; submodules are not.
func Clone(ctx context.Context, url, dir string) error {
	cmd := exec.CommandContext(ctx, "git",
		"-c", "core.hooksPath="+os.DevNull, "-c", "core.fsmonitor=false", "-c", "core.symlinks=false",
		"-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always", "-c", "protocol.file.allow=always",
		"clone", "--quiet", "--depth=1", "--no-recurse-submodules", "--template=", "--", url, dir)
	cmd.Env = append(append(environment(), network()...), "GIT_LFS_SKIP_SMUDGE=1", "GIT_SSH_COMMAND=ssh -oBatchMode=yes", "SSH_AUTH_SOCK="+os.Getenv("SSH_AUTH_SOCK"))
	if _, err := cmd.Output(); err != nil {
		return fmt.Errorf("clone: %w", gitError(err))
	}
	return nil
}

// network is what the environment says of the way to other machines.
func network() []string {
	var env []string
	for _, name := range []string{"https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
