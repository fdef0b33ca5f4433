package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// testMarker is the argument of this test's child.
const testMarker = "sandbox-test-child"

func TestMain(m *testing.M) {
	if IsChild(os.Args, testMarker) {
		os.Exit(child())
	}
	if IsChild(os.Args, parentMarker) {
		os.Exit(parent())
	}
	os.Exit(m.Run())
}

// parentMarker is the argument of a process that starts a child and waits to be killed.
const parentMarker = "sandbox-test-parent"

// parent starts a child that no longer listens, tells its process id and waits.
func parent() int {
	c, err := Start(context.Background(), Options{Marker: testMarker})
	if err == nil {
		err = json.NewEncoder(c.Requests()).Encode(attempt{Do: "hang"})
	}
	if err == nil { // the answer says that the child has begun to hang
		_, err = c.Replies().Read(make([]byte, 1))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(c.PID())
	time.Sleep(time.Hour)
	return 0
}

// attempt is what the child is asked to try, and outcome what came of it; Err is empty if it succeeded.
type attempt struct{ Do, Path string }
type outcome struct{ Out, Err string }

// child tries what it is asked to.
func child() int {
	in, out, err := Enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var a attempt
		if err := requests.Decode(&a); err != nil {
			return 7
		}
		if a.Do == "hang" {
			fmt.Fprintln(out, "hanging")
			time.Sleep(time.Hour)
		}
		var o outcome
		o.Out, err = try(a)
		if err != nil {
			o.Err = err.Error()
		}
		if err := replies.Encode(o); err != nil {
			return 1
		}
	}
}

// try does one thing that may be forbidden.
func try(a attempt) (string, error) {
	switch a.Do {
	case "read":
		b, err := os.ReadFile(a.Path)
		return string(b), err
	case "list":
		entries, err := os.ReadDir(a.Path)
		return fmt.Sprint(len(entries)), err
	case "write":
		return "", os.WriteFile(a.Path, []byte("x"), 0o600)
	case "big":
		return "", os.WriteFile(a.Path, make([]byte, 2<<20), 0o600)
	case "remove":
		return "", os.Remove(a.Path)
	case "link":
		return "", os.Symlink("/etc/passwd", a.Path)
	case "dial":
		c, err := net.DialTimeout("tcp", a.Path, time.Second)
		if err == nil {
			c.Close()
		}
		return "", err
	case "run":
		p, err := os.StartProcess(a.Path, []string{a.Path}, &os.ProcAttr{})
		if err == nil {
			_, err = p.Wait()
		}
		return "", err
	case "env":
		return strings.Join(os.Environ(), "\n"), nil
	case "fd":
		_, err := syscall.Seek(77, 0, io.SeekCurrent)
		return "", err
	case "threads": // each on a thread of its own
		errs := make(chan error)
		for range 8 {
			go func() {
				runtime.LockOSThread()
				_, err := os.ReadFile(a.Path)
				errs <- err
			}()
		}
		var denied int
		for range 8 {
			if <-errs != nil {
				denied++
			}
		}
		return fmt.Sprint(denied), nil
	case "panic":
		panic("as asked")
	}
	return "", errors.New("unknown attempt")
}

// start starts a child that ends with the test.
func start(t *testing.T, o Options) *Child {
	t.Helper()
	o.Marker = testMarker
	c, err := Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	return c
}

// ask has the child try something.
func ask(t *testing.T, c *Child, do, path string) outcome {
	t.Helper()
	var o outcome
	if err := json.NewEncoder(c.Requests()).Encode(attempt{do, path}); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(c.Replies()).Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFolders(t *testing.T) {
	ro, rw, no := t.TempDir(), t.TempDir(), t.TempDir()
	for _, dir := range []string{ro, rw, no} {
		if err := os.WriteFile(filepath.Join(dir, "f"), []byte(dir), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	single := filepath.Join(no, "single")
	if err := os.WriteFile(single, []byte("s"), 0o644); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(rw, link); err != nil {
		t.Fatal(err)
	}
	escape := filepath.Join(rw, "escape")
	if err := os.Symlink(filepath.Join(no, "f"), escape); err != nil {
		t.Fatal(err)
	}
	c := start(t, Options{ReadOnly: []string{ro, single}, ReadWrite: []string{link}, System: []string{"/proc/self/cgroup", "/nowhere"}})
	if !c.Confinement().Landlock {
		t.Skip("no Landlock here:", c.Confinement())
	}
	for _, x := range []struct {
		do, path string
		allowed  bool
	}{
		{"read", ro + "/f", true}, {"list", ro, true}, {"write", ro + "/g", false}, {"write", ro + "/f", false}, {"remove", ro + "/f", false},
		{"read", rw + "/f", true}, {"write", rw + "/g", true}, {"remove", rw + "/g", true}, {"link", rw + "/l", false},
		{"read", escape, false}, {"read", no + "/f", false}, {"list", no, false}, {"write", no + "/g", false},
		{"read", single, true}, {"write", single, false},
		{"read", "/etc/passwd", false}, {"list", "/", false}, {"read", "/proc/1/environ", false}, {"read", "/proc/self/environ", false},
		{"run", "/bin/true", false}, {"run", "/proc/self/exe", false}, {"dial", "127.0.0.1:1", false},
	} {
		if got := ask(t, c, x.do, x.path); (got.Err == "") != x.allowed {
			t.Errorf("%s %s: got %+v, allowed is %v", x.do, x.path, got, x.allowed)
		}
	}
	if got := ask(t, c, "threads", "/etc/passwd"); got.Out != "8" {
		t.Errorf("of 8 threads %s were kept out", got.Out)
	}
}

func TestNetwork(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for name, without := range map[string][]Protection{"Landlock alone": {Namespaces}, "namespaces alone": {Landlock}, "both": nil} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{Without: without, AllowUnconfined: true})
			if !c.confinement.NetworkNamespace && c.confinement.LandlockABI < 4 {
				t.Skip("nothing closes the network here:", c.Confinement())
			}
			if got := ask(t, c, "dial", l.Addr().String()); got.Err == "" {
				t.Error("the host was reached")
			}
		})
	}
	c := start(t, Options{Without: []Protection{Namespaces, Landlock}, AllowUnconfined: true})
	if got := ask(t, c, "dial", l.Addr().String()); got.Err != "" {
		t.Errorf("the test cannot fail: an unconfined child cannot dial either: %s", got.Err)
	}
}

func TestNothingInherited(t *testing.T) {
	t.Setenv("SECRET", "hunter2")
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), 77, 0); err != nil { // without close-on-exec, as from a careless parent
		t.Fatal(err)
	}
	defer syscall.Close(77)
	c := start(t, Options{})
	if got := ask(t, c, "env", ""); got.Out != "" {
		t.Errorf("environment: %s", got.Out)
	}
	if got := ask(t, c, "fd", ""); got.Err == "" {
		t.Error("an open file was inherited")
	}
}

func TestFileSize(t *testing.T) {
	dir := t.TempDir()
	c := start(t, Options{ReadWrite: []string{dir}, FileSize: 1 << 20})
	if got := ask(t, c, "big", dir+"/big"); !strings.Contains(got.Err, "file too large") {
		t.Errorf("got %+v", got)
	}
}

func TestConfinement(t *testing.T) {
	for _, x := range []struct {
		without []Protection
		user    bool
		lock    bool
		missing int
	}{
		{nil, true, true, 0},
		{[]Protection{Namespaces}, false, true, 1},
		{[]Protection{Landlock}, true, false, 1},
	} {
		c := start(t, Options{Without: x.without, AllowUnconfined: true}).Confinement()
		if x.without == nil && len(c.Missing) > 0 {
			t.Skip("this system lacks some:", c)
		}
		if c.UserNamespace != x.user || c.NetworkNamespace != x.user || c.Landlock != x.lock || len(c.Missing) != x.missing {
			t.Errorf("without %v: got %+v", x.without, c)
		}
	}
	_, err := Start(context.Background(), Options{Marker: testMarker, Without: []Protection{Namespaces, Landlock}})
	var unconfined *UnconfinedError
	if !errors.As(err, &unconfined) {
		t.Errorf("got %v", err)
	}
}

func TestExit(t *testing.T) {
	c := start(t, Options{})
	if err := json.NewEncoder(c.Requests()).Encode(attempt{Do: "panic"}); err != nil {
		t.Fatal(err)
	}
	if e := c.Exit(); e.Code != 2 || !strings.Contains(e.Output, "panic: as asked") {
		t.Errorf("got %+v", e)
	}
	c = start(t, Options{})
	c.Kill()
	c.Kill()
	if e := c.Exit(); e.Signal != "SIGKILL" || e.String() != "SIGKILL" {
		t.Errorf("got %+v", e)
	}
	// A child whose parent has closed the pipe is told by the end of its requests.
	c = start(t, Options{})
	c.requests.Close()
	if e := c.Exit(); e.Code != 7 {
		t.Errorf("got %+v", e)
	}
}

// The child lives as long as its parent, not as the thread that started it.
func TestThreadOfParent(t *testing.T) {
	started := make(chan *Child)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		c, err := Start(context.Background(), Options{Marker: testMarker})
		if err != nil {
			t.Error(err)
		}
		started <- c
	}()
	c := <-started
	if c == nil {
		return
	}
	defer c.Kill()
	time.Sleep(50 * time.Millisecond)
	if got := ask(t, c, "env", ""); got.Err != "" {
		t.Error(got.Err)
	}
}

// A child that no longer listens ends all the same when its parent is killed.
func TestParentKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := exec.Command(exe, parentMarker)
	p.Stderr = os.Stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	if !running(pid) {
		t.Fatal("the test cannot fail: the child does not run")
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.Wait()
	for range 200 {
		if !running(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	t.Error("the child outlives its parent")
}

// running says whether there is a process of that id that has not ended.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// Threads of the parent come and go; its children stay. Each thread that a goroutine holds when it returns is ended, also
// if a child was started on it before.
func TestThreadsThatEnd(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for range 2 {
		go func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					runtime.LockOSThread()
				}()
				<-ended
				time.Sleep(time.Millisecond)
			}
		}()
	}
	for range 6 {
		c := start(t, Options{})
		if got := ask(t, c, "env", ""); got.Err != "" {
			t.Fatal(got.Err)
		}
		c.Kill()
	}
}
