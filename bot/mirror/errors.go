package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

var (
	// ErrDenied says that the forge does not let us in, or refuses a push, as to a protected branch.
	ErrDenied = errors.New("the forge denies it")
	// ErrNotFound says that the forge has no such repository, or no such ref, or does not show it to us.
	ErrNotFound = errors.New("not found on the forge")
	// ErrMoved says that the forge sends on to another address. Credentials are not sent after it.
	ErrMoved = errors.New("the repository has moved; name its new address")
	// ErrNoCommit says that a commit is not in the copy. Fetch it, or take it from its bundle.
	ErrNoCommit = errors.New("the commit is not in the copy")
	// ErrUnchanged says that a commit would change nothing.
	ErrUnchanged = errors.New("the commit would change nothing")
)

// RemoteError says that an exchange with a forge did not work. It is ErrDenied, ErrNotFound or ErrMoved where errors.Is says so.
type RemoteError struct {
	// Words are git's, which holds those of the server; without secrets.
	Words string
	// Kind is ErrDenied, ErrNotFound, ErrMoved or nil.
	Kind error
	// again says that it may work at another time.
	again bool
}

// Error gives git's words.
func (e *RemoteError) Error() string {
	if e.Kind == nil {
		return e.Words
	}
	return e.Kind.Error() + ": " + e.Words
}

// Unwrap is the kind.
func (e *RemoteError) Unwrap() error { return e.Kind }

// Retryable says whether the same may work later, as after a failure of the network or of the server.
func (e *RemoteError) Retryable() bool { return e.again }

// StaleError says that a branch is not where it is expected to be: somebody else has pushed to it or deleted it.
type StaleError struct {
	// Branch is its name.
	Branch string
	// Expected and Found are commits, empty for no branch.
	Expected, Found string
}

// Error says where the branch is and where it was expected.
func (e *StaleError) Error() string {
	describe := func(sha string) string {
		if sha == "" {
			return "not there"
		}
		return "at " + sha
	}
	return fmt.Sprintf("branch %s is %s and was expected to be %s", e.Branch, describe(e.Found), describe(e.Expected))
}

// StorageError says that the folder of the cache can't be used.
type StorageError struct {
	// Dir is the folder.
	Dir string
	// Err is what the system or git says.
	Err error
}

// Error names the folder and says what to do.
func (e *StorageError) Error() string {
	advice := "see that this user can write it, or name another folder"
	if e.full() {
		advice = "free some space there, or name a folder on another disk; the cache may be deleted while the bot is stopped"
	}
	return fmt.Sprintf("the git cache %s can't be written; %s: %v", e.Dir, advice, e.Err)
}

// Unwrap is what the system says.
func (e *StorageError) Unwrap() error { return e.Err }

// Retryable says that the same may work later: somebody will see to the disk.
func (e *StorageError) Retryable() bool { return true }

func (e *StorageError) full() bool {
	return errors.Is(e.Err, syscall.ENOSPC) || errors.Is(e.Err, syscall.EDQUOT) || holds(e.Err, fullWords)
}

// Git's exit code does not tell what went wrong, so its words must (git's own, LC_ALL=C).
var (
	fullWords   = []string{"No space left on device", "Disk quota exceeded", "Out of diskspace"}
	deniedWords = []string{"Permission denied", "Read-only file system", "insufficient permission for adding an object", "Operation not permitted"}
	busyWords   = []string{".lock': File exists", "Another git process seems to be running"}
	damageWords = []string{"is corrupt", "inflate: data stream error", "unable to unpack", "cannot be accessed", "packfile", "index file", "is far too short", "hash mismatch", "wrong index", "reference broken", "unexpected line in"}
	brokenWords = append([]string{"not a git repository", "bad object", "bad tree object", "bad config line", "unable to read ",
		"missing tree object", "missing commit object", "missing blob object", "does not point to a valid object",
		"missing object", "unable to find", "object file", "Could not read", "Failed to traverse parents",
		"bad signature", "broken ref", "is not a valid object", "did not send all necessary objects", "missing necessary objects", "failed to read object", "invalid repository format", "unable to parse commit", "revision walk setup failed"}, damageWords...)
	serverBroken = []string{"fsck error", "remote error:", "remote: "}

	refusedWords  = []string{"Authentication failed", "could not read Username", "could not read Password", "error: 401", "error: 403", "pre-receive hook declined", "hook declined", "protected branch", "deletion prohibited", "deletion of the current branch", "denying", "push declined", "remote: Permission to", "permission to push"}
	absentWords   = []string{"' not found", "error: 404", "error: 410", "couldn't find remote ref", "not our ref", "does not appear to be a git repository"}
	movedWords    = []string{"error: 301", "error: 302", "error: 303", "error: 307", "error: 308", "unable to update url base from redirection"}
	unstableWords = []string{"unable to access", "Could not resolve", "Failed to connect", "Connection re", "timed out", "early EOF", "hung up", "RPC failed", "unexpected disconnect", "Operation too slow",
		"unable to rewind rpc", "expected flush", "cannot lock ref", "failed to update ref", "failed to lock", "unpacker error", "unable to migrate objects", "failed to push all needed objects", "stale info", "curl "}
)

func holds(err error, words []string) bool {
	if err == nil {
		return false
	}
	text := err.Error()
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// local says that an error is about this machine, not about an exchange.
func local(err error) bool {
	var remote *RemoteError
	return err != nil && !errors.As(err, &remote)
}

func isBusy(err error) bool { return local(err) && holds(err, busyWords) }

// isBroken says that the copy is damaged. What another error type explains is not.
func isBroken(err error) bool {
	return local(err) && !errors.Is(err, ErrNoCommit) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) &&
		!holds(err, fullWords) && !holds(err, deniedWords) && (holds(err, brokenWords) || errors.Is(err, fs.ErrNotExist))
}

// storage puts an error of the folder into words that say what to do.
func (c *Cache) storage(ctx context.Context, err error) error {
	if ctx.Err() != nil || !local(err) {
		return err
	}
	if holds(err, fullWords) || holds(err, deniedWords) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		if _, statErr := os.Stat(c.dir); statErr != nil {
			err = errors.Join(err, statErr)
		}
		return &StorageError{Dir: c.dir, Err: err}
	}
	return err
}

// exchange makes of what git wrote to standard error while it spoke with a forge an error that is a *RemoteError, unless
// it is about the copy here.
func exchange(words string) error {
	words = summary(strings.TrimSpace(words))
	err := errors.New(words)
	kind := func() error {
		switch {
		case holds(err, movedWords):
			return ErrMoved
		case holds(err, absentWords):
			return ErrNotFound
		case holds(err, refusedWords):
			return ErrDenied
		}
		return nil
	}
	if holds(err, []string{"could not read Username", "could not read Password"}) {
		words = "it does not accept the credential, or wants one" // git would have asked at a terminal
	}
	if k := kind(); k != nil {
		return &RemoteError{Words: words, Kind: k, again: holds(err, []string{"not our ref"})} // a branch moves while it is fetched
	}
	if !holds(err, serverBroken) && (holds(err, busyWords) || holds(err, brokenWords) || holds(err, fullWords) || holds(err, deniedWords)) {
		return err
	}
	return &RemoteError{Words: words, again: holds(err, unstableWords)}
}

// hide takes secrets out of a text.
func hide(text string, secrets []string) string {
	for _, s := range secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	return text
}

// summary is git's words in one line, without what it says of its progress; of many lines, the first.
func summary(words string) string {
	const most = 5
	var lines []string
	for line := range strings.FieldsFuncSeq(words, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "warning: ") || strings.HasPrefix(line, "hint: ") || strings.HasPrefix(line, "To ") || strings.HasPrefix(line, "From ") || line == "Done" {
			continue
		}
		if line = strings.TrimPrefix(line, "fatal: "); len(lines) < most && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	text := strings.Join(lines, "; ")
	if len(text) > 1000 {
		text = strings.ToValidUTF8(text[:1000], "") + "…"
	}
	return text
}
