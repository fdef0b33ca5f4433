package localforge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
)

// biggestPush is the largest push that is taken, in bytes.
const biggestPush = 4 << 30

// locks are one mutex for each repository. They are taken before the forge's own.
type locks struct {
	mu  sync.Mutex
	all map[int64]*sync.Mutex
}

func (l *locks) of(repo int64) *sync.Mutex {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[int64]*sync.Mutex{}
	}
	if l.all[repo] == nil {
		l.all[repo] = new(sync.Mutex)
	}
	return l.all[repo]
}

// backend runs git http-backend for a request that reads.
func (f *Forge) backend(w http.ResponseWriter, r *http.Request, repo *repo, login string) {
	program, err := exec.LookPath("git")
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	dir := f.gitDir(repo)
	h := &cgi.Handler{Path: program, Args: []string{"http-backend"}, Dir: dir, Env: append(gitEnv(), "GIT_PROJECT_ROOT="+dir, "GIT_HTTP_EXPORT_ALL=1",
		"PATH_INFO=/"+r.PathValue("rest"), "GIT_PROTOCOL="+r.Header.Get("Git-Protocol"), "REMOTE_USER="+login)}
	h.ServeHTTP(w, r)
}

// receive takes a push: it is read to its end first, so that nobody waits for a slow sender; then git takes it, and what it changed is told.
func (f *Forge) receive(w http.ResponseWriter, r *http.Request, repo *repo, login string) {
	pack, size, err := spool(http.MaxBytesReader(w, r.Body, biggestPush))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer os.Remove(pack.Name())
	defer pack.Close()
	updates, err := commands(pack, size)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	ctx := context.WithoutCancel(r.Context()) // a push that was read is done, whoever still listens
	r = r.Clone(ctx)
	r.Body, r.ContentLength, r.TransferEncoding = pack, size, nil // CGI has no chunks
	lock := f.pushing.of(repo.ID)
	lock.Lock()
	defer lock.Unlock()
	fate := f.pushFate(repo)
	if fate == FailBefore {
		http.Error(w, "the push was not taken", http.StatusBadGateway)
		return
	}
	got := httptest.NewRecorder()
	f.backend(got, r, repo, login)
	f.taken(ctx, repo, updates, got.Body.Bytes(), login)
	switch fate {
	case FailAfter:
		http.Error(w, "the push was taken, but its answer is lost", http.StatusBadGateway)
		return
	case DropAfter:
		panic(http.ErrAbortHandler)
	}
	for name, values := range got.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(got.Code)
	_, _ = w.Write(got.Body.Bytes()) // a pusher that is gone needs no answer
}

// taken tells of those updates of a push that git's report says were done.
func (f *Forge) taken(ctx context.Context, repo *repo, updates []update, report []byte, login string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, u := range updates {
		if bytes.Contains(report, []byte("ok "+u.ref+"\n")) {
			f.pushed(ctx, repo, u, login)
		}
	}
}

// spool keeps what is sent in a file, whose size it returns, and goes back to its start.
func spool(from io.Reader) (*os.File, int64, error) {
	file, err := os.CreateTemp("", "localforge-push-*")
	if err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(file, from)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		file.Close()
		os.Remove(file.Name())
		return nil, 0, err
	}
	return file, size, nil
}

// update is what a push does to one ref. A hash is empty where the ref is not there.
type update struct{ ref, was, is string }

// commands reads the updates at the start of a push, in git's packet lines, and goes back to the start.
func commands(pack io.ReadSeeker, size int64) (out []update, err error) {
	for at := int64(0); at+4 <= size; {
		var head [4]byte
		if _, err := io.ReadFull(pack, head[:]); err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(string(head[:]), 16, 16)
		if err != nil {
			return nil, fmt.Errorf("read a push: %w", err)
		}
		if n == 0 {
			break
		}
		if n < 4 {
			return nil, fmt.Errorf("read a push: a line of %d bytes", n)
		}
		text := make([]byte, n-4)
		if _, err := io.ReadFull(pack, text); err != nil {
			return nil, fmt.Errorf("read a push: %w", err)
		}
		at += int64(n)
		line, _, _ := strings.Cut(strings.TrimSuffix(string(text), "\n"), "\x00")
		if p := strings.SplitN(line, " ", 3); len(p) == 3 && hash.MatchString(p[0]) && hash.MatchString(p[1]) {
			out = append(out, update{p[2], strings.TrimPrefix(p[0], zeroSHA), strings.TrimPrefix(p[1], zeroSHA)})
		}
	}
	_, err = pack.Seek(0, io.SeekStart)
	return out, err
}
