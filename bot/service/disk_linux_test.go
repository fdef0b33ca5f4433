package service_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
)

// small mounts a disk of its own that holds little.
func small(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no disk can be mounted here, so that a full one is not tried: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill takes all that is left of a disk, until the returned file is removed.
func fill(t *testing.T, dir string) (file string) {
	t.Helper()
	file = filepath.Join(dir, "filler")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := bytes.Repeat([]byte("x"), 4096); ; {
		if _, err := f.Write(block); err != nil {
			return file
		}
	}
}

// While the disk is full a webhook is answered 503, so that the forge has it again; afterwards it is taken.
func TestFullDisk(t *testing.T) {
	w := begin(t)
	w.setting.Data = small(t, "6m")
	o, cache, err := w.setting.options(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	b, err := service.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	send := func(n int) int {
		body := fmt.Sprintf(`{"action":"opened","issue":{"id":%[1]d,"number":%[1]d,"title":"%[2]s","user":{"id":1,"login":"jane"}},"repository":{"id":7,"name":"shop","full_name":"commerce/shop","owner":{"login":"commerce"},"default_branch":"main"},"sender":{"id":1,"login":"jane"}}`,
			n, strings.Repeat("long ", 4000))
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(body))
		r := httptest.NewRequest(http.MethodPost, "/webhooks/github", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Event", "issues")
		r.Header.Set("X-GitHub-Delivery", fmt.Sprintf("72d3162e-cc78-11e3-81ab-4c9367dc%04d", n))
		r.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
		got := httptest.NewRecorder()
		b.Handler().ServeHTTP(got, r)
		return got.Code
	}
	if code := send(1); code != http.StatusAccepted {
		t.Fatalf("status %d while there is room", code)
	}
	filler := fill(t, w.setting.Data)
	taken, refused := []int{1}, []int{}
	for n := 2; n < 200 && len(refused) < 3; n++ {
		switch code := send(n); code {
		case http.StatusAccepted:
			taken = append(taken, n)
		case http.StatusServiceUnavailable:
			refused = append(refused, n)
		default:
			t.Fatalf("status %d on a full disk", code)
		}
	}
	if len(refused) < 3 {
		t.Fatalf("%d webhooks were taken on a full disk", len(taken))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	for _, n := range refused {
		if code := send(n); code != http.StatusAccepted {
			t.Errorf("status %d once there is room again", code)
		}
		taken = append(taken, n)
	}
	err = b.DB().View(context.Background(), func(tx *state.Tx) error {
		n, err := tx.Unlooked()
		if n != len(taken) {
			t.Errorf("%d deliveries are kept, %d were taken", n, len(taken))
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A cache that can't be written is said to be so, with what to do; mended, it is used.
func TestReadOnlyCache(t *testing.T) {
	dir := small(t, "1m")
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Skipf("a disk can't be made read-only here: %v", err)
	}
	folder := filepath.Join(dir, "builds")
	if _, err := product.OpenCache(folder); err == nil || !strings.Contains(err.Error(), "read-only file system; name another folder") {
		t.Errorf("a read-only cache: %v", err)
	}
	w := begin(t)
	w.setting.Data = filepath.Join(dir, "bot")
	o, cache, err := w.setting.options(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	if _, err := service.New(context.Background(), o); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a read-only folder of data: %v", err)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT, "size=6m"); err != nil {
		t.Fatal(err)
	}
	mended, err := product.OpenCache(folder)
	if err != nil {
		t.Fatal(err)
	}
	_ = mended.Close()
	b, err := service.New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	_ = b.Close()
}

// Copies of repositories that are damaged are fetched anew; nobody but the log hears of it.
func TestCorruptMirror(t *testing.T) {
	w := begin(t)
	damaged := 0
	err := filepath.WalkDir(filepath.Join(w.setting.Data, "git"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(name, "/objects/") {
			return err
		}
		damaged++
		_ = os.Chmod(name, 0o600)
		return os.WriteFile(name, []byte("rubbish"), 0o600)
	})
	if err != nil || damaged == 0 {
		t.Fatalf("%d files were damaged: %v", damaged, err)
	}
	p := run(t, w.setting, "")
	s := w.play(asked, 2*time.Minute)
	p.idle(time.Second, time.Minute)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	s.hold(0)
}
