package confine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// begin skips a test where programs can't be confined.
func begin(t *testing.T) {
	t.Helper()
	var no *UnavailableError
	if err := Available(t.Context()); errors.As(err, &no) && os.Getenv("CI") != "true" {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
}

// sh runs a shell script.
func sh(t *testing.T, o Options, script string) Result {
	t.Helper()
	o.Program, o.Args = "sh", []string{"-c", script}
	if o.Limits.Wall == 0 {
		o.Limits.Wall = time.Minute
	}
	r, err := Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestResult(t *testing.T) {
	begin(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "script"), []byte("#!/bin/sh\necho ran\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "plain"), []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		program string
		args    []string
		code    int
		signal  string
		says    string
	}{
		{"true", nil, 0, "", ""},
		{"sh", []string{"-c", "exit 3"}, 3, "", ""},
		{"sh", []string{"-c", "kill -9 $$"}, -1, "SIGKILL", ""},
		{"sh", []string{"-c", "kill -TERM $$"}, -1, "SIGTERM", ""},
		{"no-such-program", nil, 127, "", "no-such-program: no such program"},
		{"/no/such", nil, 127, "", "/no/such"},
		{"/ro/plain", nil, 126, "", "permission denied"},
		{"/ro/script", nil, 0, "", "ran"},
		{"./script", nil, 0, "", "ran"},
		{"sh", []string{"-c", "echo out; echo err >&2"}, 0, "", "out\nerr\n"},
		{"sh", []string{"-c", "read x || echo nothing to read"}, 0, "", "nothing to read"},
	} {
		r, err := Run(t.Context(), Options{Program: x.program, Args: x.args, Dir: "/ro", ReadOnly: []Bind{{Source: dir, Target: "/ro"}}})
		if err != nil {
			t.Fatal(x.program, err)
		}
		if r.Code != x.code || r.Signal != x.signal || !strings.Contains(r.Output, x.says) || r.OK() != (x.code == 0) {
			t.Errorf("%s %q: %s: %q", x.program, x.args, r, r.Output)
		}
	}
}

func TestEnvironment(t *testing.T) {
	begin(t)
	t.Setenv("CODICIL_TEST_SECRET", "hunter2")
	r := sh(t, Options{Env: []string{"GIVEN=1", "LANG=de", "HTTPS_PROXY=own"}, Network: []Allowance{{Host: "example.com", Port: 443}}}, "env -u PWD | sort")
	want := "ALL_PROXY=http://127.0.0.1:3128 GIVEN=1 HOME=/home/codicil HTTPS_PROXY=own HTTP_PROXY=http://127.0.0.1:3128 LANG=de NO_PROXY=localhost,127.0.0.1,::1 " +
		"PATH=/usr/local/bin:/usr/bin:/bin TMPDIR=/tmp all_proxy=http://127.0.0.1:3128 http_proxy=http://127.0.0.1:3128 https_proxy=http://127.0.0.1:3128 " +
		"no_proxy=localhost,127.0.0.1,::1"
	got := strings.Fields(r.Output)
	slices.Sort(got)
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	// Others on this machine read the arguments of its processes.
	go func() { sh(t, Options{Env: []string{"KEY=not-in-arguments"}}, "sleep 1") }()
	for until := time.Now().Add(900 * time.Millisecond); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, f := range all {
			if text, err := os.ReadFile(f); err == nil && strings.Contains(string(text), "not-in-"+"arguments") {
				t.Fatalf("the environment is in the arguments: %q", text)
			}
		}
	}
}

func TestFolders(t *testing.T) {
	begin(t)
	t.Setenv("TMPDIR", t.TempDir())
	tree, out := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "f"), []byte("as it was"), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `set -e; cd /tree; cat f; echo changed >f; ln -s f link; mkdir -p d; chmod 000 d
		cp f /out/result; mkdir -p /out/a; mv /out/result /out/a/; chmod 000 /out/a/result; chmod 500 /out/a`
	o := Options{Scratch: []Bind{{Source: tree, Target: "/tree"}}, Writable: []Bind{{Source: out, Target: "/out"}}}
	if r := sh(t, o, script); !r.OK() || r.Output != "as it was" || len(r.Removed) > 0 {
		t.Fatalf("%s: %s %v", r, r.Output, r.Removed)
	}
	if text, _ := os.ReadFile(filepath.Join(tree, "f")); string(text) != "as it was" {
		t.Errorf("the original was changed: %s", text)
	}
	info, err := os.Stat(filepath.Join(out, "a", "result"))
	if err != nil || info.Mode().Perm()&0o400 == 0 {
		t.Errorf("the result can't be read: %v %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "codicil-scratch-*")); len(left) > 0 {
		t.Errorf("scratch copies are left: %v", left)
	}
	// Without Landlock there can be links while it runs; afterwards they are gone all the same.
	o.NoLandlock = true
	r := sh(t, o, "chmod 700 /out/a; ln -s /etc/passwd /out/a/link; mkfifo /out/pipe; mkdir /out/b; ln -s / /out/b/root; chmod 100 /out/b /out")
	slices.Sort(r.Removed)
	if got := strings.Join(r.Removed, ", "); got != "a/link (link), b/root (link), pipe (pipe)" {
		t.Errorf("removed: %s (%s %s)", got, r, r.Output)
	}
	for _, b := range []Bind{{Source: tree, Target: "/"}, {Source: tree, Target: "/etc/x"}, {Source: tree, Target: "/usr"}, {Source: tree, Target: "x"}, {Source: tree, Target: "/a/../etc"},
		{Source: tree, Target: "/tmp"}, {Source: filepath.Join(tree, "none")}, {Source: filepath.Join(tree, "f"), Target: "/f"}} {
		if _, err := Run(t.Context(), Options{Program: "true", Writable: []Bind{b}}); err == nil {
			t.Errorf("%v can be bound", b)
		}
	}
}

func TestLines(t *testing.T) {
	begin(t)
	var lines []string
	r := sh(t, Options{Limits: Limits{Tail: 100}, Line: func(l string) { lines = append(lines, l) }},
		`printf 'one\r\ntwo\n\n'; head -c 20000 /dev/zero | tr '\0' x; echo; printf '\377last'`)
	if len(lines) != 5 || lines[0] != "one" || lines[1] != "two" || lines[2] != "" || len(lines[3]) != longestLine || lines[4] != "\uFFFDlast" {
		t.Errorf("got %d lines: %.300q", len(lines), lines)
	}
	if !r.Cut || !strings.HasSuffix(r.Output, "\n\uFFFDlast") || len(r.Output) > 110 {
		t.Errorf("got %q", r.Output)
	}
}

func TestCancel(t *testing.T) {
	begin(t)
	for name, x := range map[string]struct {
		script string
		says   string
	}{
		"obedient": {`trap 'echo goodbye; exit 0' TERM; echo ready; while :; do sleep 0.05; done`, "goodbye"},
		"deaf":     {`trap '' TERM; echo ready; while :; do sleep 1; done`, "ready"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			r, err := Run(ctx, Options{Program: "sh", Args: []string{"-c", x.script}, Line: func(string) { cancel() }, Limits: Limits{Grace: 3 * time.Second}})
			if !errors.Is(err, context.Canceled) || !strings.Contains(r.Output, x.says) || r.OK() {
				t.Errorf("%v: %s %q", err, r, r.Output)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, Options{Program: "true"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Where programs can't be confined, nothing is run.
func TestUnavailable(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "bwrap")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	for name, path := range map[string]string{"refused": broken, "no such file": filepath.Join(dir, "none")} {
		_, err := Run(t.Context(), Options{Program: "touch", Args: []string{filepath.Join(out, "ran")}, Writable: []Bind{{Source: out}}, Bubblewrap: path})
		var no *UnavailableError
		if !errors.As(err, &no) {
			t.Errorf("%s: %v", name, err)
		}
		if name == "refused" && !strings.Contains(no.Why, "No permissions") {
			t.Errorf("why: %s", no.Why)
		}
	}
	if left, _ := os.ReadDir(out); len(left) > 0 {
		t.Error("it was run")
	}
	t.Setenv("PATH", dir+"/none")
	var no *UnavailableError
	if err := Available(t.Context()); !errors.As(err, &no) {
		t.Error(err)
	}
}

// When the bot is killed, what it runs ends too.
func TestParentKilled(t *testing.T) {
	begin(t)
	out := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=TestParent$")
	cmd.Env = append(os.Environ(), "CODICIL_TEST_OUT="+out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	alive := filepath.Join(out, "alive")
	size := func() int64 {
		info, err := os.Stat(alive)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	for until := time.Now().Add(time.Minute); size() == 0 && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
	if size() == 0 {
		t.Error("it never ran")
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for range 100 {
		before := size()
		time.Sleep(200 * time.Millisecond)
		if size() == before {
			return
		}
	}
	t.Error("it runs on")
}

// TestParent is the parent that TestParentKilled kills.
func TestParent(t *testing.T) {
	out := os.Getenv("CODICIL_TEST_OUT")
	if out == "" {
		t.Skip("it is run by TestParentKilled")
	}
	sh(t, Options{Writable: []Bind{{Source: out, Target: "/out"}}}, "while :; do echo still >>/out/alive; sleep 0.05; done")
}

// From inside, only what is allowed is reached, by the proxy and directly.
func TestNetwork(t *testing.T) {
	begin(t)
	needPython(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://other.example/", http.StatusFound)
			return
		}
		fmt.Fprintln(w, "hello from", r.Host)
	}))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	at, _ := strconv.Atoi(port)
	here := netip.MustParseAddr("127.0.0.1")
	program := `
import os, socket, ssl, sys, urllib.request
port = ` + port + `
def get(url):
    try:
        print(url, "->", urllib.request.urlopen(url, timeout=20).read().decode().strip())
    except Exception as e:
        print(url, "->", type(e).__name__, e)
get(f"http://proxied.example:{port}/")
get(f"http://proxied.example:{port}/away")
get(f"http://other.example:{port}/")
get(f"http://direct.example:{port}/")
def raw(host, port):
    try:
        s = socket.create_connection((host, port), timeout=20)
        s.sendall(b"GET / HTTP/1.0\r\nHost: raw\r\n\r\n")
        print(host, "->", b"".join(iter(lambda: s.recv(1000), b"")).decode().splitlines()[-1])
    except Exception as e:
        print(host, "->", type(e).__name__)
raw("direct.example", port)
raw("proxied.example", port)
raw("127.0.0.1", port)
`
	r, err := Run(t.Context(), Options{Program: "python3", Args: []string{"-c", program}, Network: []Allowance{
		{Host: "proxied.example", Port: at, Address: here}, {Host: "direct.example", Port: at, Address: here, Direct: true}}})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("PORT", port).Replace(`http://proxied.example:PORT/ -> hello from proxied.example:PORT
http://proxied.example:PORT/away -> HTTPError HTTP Error 403: Forbidden
http://other.example:PORT/ -> HTTPError HTTP Error 403: Forbidden
http://direct.example:PORT/ -> hello from direct.example:PORT
direct.example -> hello from raw
proxied.example -> gaierror
127.0.0.1 -> ConnectionRefusedError
`)
	if r.Output != want {
		t.Errorf("got:\n%s\nwant:\n%s", r.Output, want)
	}
	var contacts []string
	for _, c := range r.Network {
		contacts = append(contacts, fmt.Sprint(c.Host, " ", c.Allowed, " ", c.Times))
	}
	if got := strings.Join(contacts, ", "); got != "proxied.example true 1, other.example false 1, other.example false 1, direct.example true 2" &&
		got != "proxied.example true 2, other.example false 1, other.example false 1, direct.example true 2" {
		t.Errorf("the report says %s", got)
	}
}

// Several run at once, and none sees another.
func TestTogether(t *testing.T) {
	begin(t)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			r, err := Run(t.Context(), Options{Program: "sh", Args: []string{"-c", fmt.Sprintf("echo %d >/tmp/mine; sleep 0.2; cat /tmp/mine; ls /proc | grep -c '^[0-9]'", i)}})
			if err != nil || !strings.HasPrefix(r.Output, fmt.Sprintf("%d\n", i)) {
				t.Errorf("%d: %v %s %q", i, err, r, r.Output)
			}
		})
	}
	all.Wait()
}

// On new kernels a namespace of processes has its own greatest number; the machine's stays as it was.
func TestProcessNumbers(t *testing.T) {
	begin(t)
	if os.Getuid() != 0 || !atLeast(6, 14) {
		t.Skip("only root on Linux 6.14 or later can limit the numbers of processes")
	}
	read := func() string {
		text, err := os.ReadFile("/proc/sys/kernel/pid_max")
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	before := read()
	r := sh(t, Options{Limits: Limits{Processes: 100}}, "cat /proc/sys/kernel/pid_max")
	if want := fmt.Sprintln(reserved + 100 + spare); r.Output != want {
		t.Errorf("got %q, want %q", r.Output, want)
	}
	if after := read(); after != before {
		t.Errorf("the machine's was %s and is %s", before, after)
	}
}
