package sandbox

import (
	"fmt"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// handled is how many of the access rights to files an ABI of Landlock knows: those with the lowest bits.
// Source: the kernel's documentation of Landlock, "Previous limitations".
func handled(abi int) uint64 {
	bits := 13
	switch {
	case abi >= 9:
		bits = 17
	case abi >= 5:
		bits = 16
	case abi >= 3:
		bits = 15
	case abi >= 2:
		bits = 14
	}
	return 1<<bits - 1
}

// scopes are signals and abstract sockets to processes that are not bound alike; ABI 6 and later can close them.
const scopes = 3

// restrictThread binds the calling thread, which go-landlock can't: it binds all threads of a process.
func restrictThread(abi int, grants []grant) error {
	attr := ll.RulesetAttr{HandledAccessFS: handled(abi)}
	if abi >= 6 {
		attr.Scoped = scopes
	}
	rules, err := ll.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return fmt.Errorf("make a set of rules: %w", err)
	}
	defer unix.Close(rules)
	for _, g := range grants {
		fd, err := unix.Open(g.path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open %s: %w", g.path, err)
		}
		err = ll.LandlockAddPathBeneathRule(rules, &ll.PathBeneathAttr{AllowedAccess: uint64(g.may) & attr.HandledAccessFS, ParentFd: fd}, 0)
		unix.Close(fd)
		if err != nil {
			return fmt.Errorf("add the rule for %s: %w", g.path, err)
		}
	}
	return ll.LandlockRestrictSelf(rules, 0)
}
