package intake

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// childDB names the database of a receiver in a process of its own, which the tests kill.
const childDB = "CODICIL_TEST_INTAKE_DB"

func TestMain(m *testing.M) {
	if path := os.Getenv(childDB); path != "" {
		fmt.Fprintln(os.Stderr, serveChild(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveChild serves until it is killed.
func serveChild(path string) error {
	s, err := openStore(path)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	fmt.Println(l.Addr())
	return Serve(context.Background(), l, New(options(s)), slog.New(slog.DiscardHandler), time.Second)
}

// A process that is killed under load has stored all that it answered 202.
func TestKilledLosesNothingAnswered(t *testing.T) {
	for round := range 3 {
		path := filepath.Join(t.TempDir(), "codicil.db")
		child, url := startChild(t, path)
		accepted := make(chan string, 4096)
		var workers sync.WaitGroup
		for worker := range 8 {
			workers.Go(func() { deliverUntilDead(url, worker, accepted) })
		}
		ids := map[string]bool{}
		for range 40 + 37*round {
			ids[<-accepted] = true
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		workers.Wait()
		close(accepted)
		for id := range accepted {
			ids[id] = true
		}
		stored := reopen(t, path).ids(t)
		for id := range ids {
			if _, ok := stored[id]; !ok {
				t.Errorf("%s was answered 202 and is not stored", id)
			}
		}
	}
}

func startChild(t *testing.T, path string) (child *exec.Cmd, url string) {
	t.Helper()
	child = exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDB+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() })
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return child, "http://" + strings.TrimSpace(address)
}

func deliverUntilDead(url string, worker int, accepted chan<- string) {
	for n := range 500 {
		id := guid(worker*1000 + n)
		r, _ := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(`{}`)))
		headersOf(r.Header, id, "star", []byte(`{}`))
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusAccepted {
			accepted <- id
		}
	}
}
