package demo_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// BenchmarkBotMemory runs codicil serve, as go build makes it, in a town of products (see products), and reads what the system says of its
// memory: once it has looked through the forge and is idle, and at the peak while a guideline comes to all products.
//
//	idle-MB        VmRSS of the idle bot; below 60 is meant
//	idle-own-MB    what of it is its own (RssAnon); the rest are pages of the program's file, which go where memory is short
//	peak-MB        VmHWM of the bot
//	children-MB    the most that its children, authors and engines, had together when looked at every 50 ms; what they share counts for each
func BenchmarkBotMemory(b *testing.B) {
	program := filepath.Join(b.TempDir(), "codicil")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/codicil").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for range b.N {
		n := products(b)
		town, err := demo.Found(b.Context(), demo.Options{Dir: b.TempDir(), Examples: tiny.Files(row(n)), Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = town.Close() })
		pid := serve(b, program, town)
		time.Sleep(20 * time.Second) // the first look through the forge, and rest: nothing tells of either
		b.ReportMetric(memory(b, pid, "VmRSS"), "idle-MB")
		b.ReportMetric(memory(b, pid, "RssAnon"), "idle-own-MB")
		if _, err := town.Commit(b.Context(), localforge.Commit{Owner: demo.Rules, Name: demo.RulesRepository, By: "ada", Message: "Tables can be audited", Write: rule}); err != nil {
			b.Fatal(err)
		}
		most := 0.0
		for end := time.Now().Add(time.Duration(n) * time.Minute); requested(town) < n; time.Sleep(50 * time.Millisecond) {
			if time.Now().After(end) {
				b.Fatalf("%d of %d merge requests are open", requested(town), n)
			}
			most = max(most, offspring(pid))
		}
		b.ReportMetric(memory(b, pid, "VmHWM"), "peak-MB")
		b.ReportMetric(most, "children-MB")
		b.ReportMetric(0, "ns/op")
	}
}

// serve runs the program where the town's webhooks go, with a model that answers at once.
func serve(b *testing.B, program string, town *demo.Town) (pid int) {
	b.Helper()
	endpoint := httptest.NewServer(&tiny.Model{})
	b.Cleanup(endpoint.Close)
	dir := b.TempDir()
	at := town.Listener().Addr().(*net.TCPAddr)
	_ = town.Listener().Close()
	config := fmt.Sprintf(`github:
  base_url: %s/
  app: {id: %d, key: {file: app.pem}}
  webhook_secrets: [{env: HOOK}]
  write_interval: 0s
guidelines: [{repository: %s/%s, governs: [%s]}]
server: {data: data, webhooks: "%s", pages: "127.0.0.1:0"}
model: {base_url: "%s/v1", name: tiny}
`, town.API(), town.App.ID, demo.Rules, demo.RulesRepository, strings.Join(demo.Owners(), ", "), at, endpoint.URL)
	for name, text := range map[string]string{"bot.yaml": config, "app.pem": town.App.PrivateKey} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	cmd := exec.Command(program, "serve", "--config", "bot.yaml", "--cache", "cache")
	cmd.Dir, cmd.Stderr = dir, io.Discard
	if os.Getenv("CODICIL_TEST_LOG") != "" {
		cmd.Stderr = os.Stderr
	}
	cmd.Env = append(os.Environ(), "HOOK="+demo.Secret, "OPENAI_API_KEY=none")
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			b.Logf("the bot ended with %v", err)
		}
	})
	ctx, stop := context.WithTimeout(b.Context(), time.Minute)
	defer stop()
	for { // until somebody listens
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.String()+"/", nil)
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = answer.Body.Close()
			return cmd.Process.Pid
		}
		if ctx.Err() != nil {
			b.Fatal("the bot does not come up; CODICIL_TEST_LOG=1 shows what it says")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// requested is how many merge requests with all labels there are.
func requested(town *demo.Town) (n int) {
	for _, owner := range demo.Owners() {
		for _, i := range town.Issues(owner, demo.Repository) {
			if t, ok := town.Thread(owner, demo.Repository, i.Number); ok && len(t.Checks) > 0 {
				n++
			}
		}
	}
	return n
}

// memory is a line of a process's status, in MB.
func memory(b *testing.B, pid int, name string) float64 {
	b.Helper()
	kb, ok := statusOf(pid, name)
	if !ok {
		b.Fatalf("the system says no %s of process %d", name, pid)
	}
	return kb / 1024
}

func statusOf(pid int, name string) (value float64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if rest, is := strings.CutPrefix(line, name+":"); is {
			value, err = strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return value, err == nil
		}
	}
	return 0, false
}

// offspring is what all processes below one have together, in MB; those that end meanwhile count for nothing.
func offspring(pid int) (sum float64) {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range tasks {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				kb, _ := statusOf(child, "VmRSS")
				sum += kb/1024 + offspring(child)
			}
		}
	}
	return sum
}
