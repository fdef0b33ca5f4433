package confine

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// host is what the attacks are told of the host, so that they need not search.
type host struct {
	ro, out string
	env     []string
}

// target sets up on this machine what the attacks are after.
func target(t *testing.T) host {
	t.Helper()
	t.Setenv("CODICIL_TEST_SECRET", "hunter2")
	dir := t.TempDir()
	h := host{ro: filepath.Join(dir, "ro"), out: filepath.Join(dir, "out")}
	for _, d := range []string{h.ro, h.out} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	secret := filepath.Join(dir, "secret")
	for _, f := range []string{secret, filepath.Join(h.ro, "file")} {
		if err := os.WriteFile(f, []byte("mark-of-the-host"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	listen := func(network, address string) net.Listener {
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		return l
	}
	socket := filepath.Join(dir, "socket")
	listen("unix", socket)
	abstract := fmt.Sprintf("codicil-test-%d", os.Getpid())
	listen("unix", "@"+abstract)
	_, port, _ := net.SplitHostPort(listen("tcp", ":0").Addr().String())
	own, err := ownAddresses()
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for a := range own {
		if !a.IsLoopback() && !a.IsLinkLocalUnicast() {
			addresses = append(addresses, a.String())
		}
	}
	h.env = []string{"SECRET=" + secret, "MARK=mark-of-the-host", "SOCKET=" + socket, "ABSTRACT=" + abstract, "PORT=" + port,
		"ADDRESSES=" + strings.Join(addresses, " "), fmt.Sprintf("PARENT=%d", os.Getpid())}
	return h
}

// The programs in testdata/attacks try to get out, and print THROUGH for each way that they find. Those that do no harm are also run
// unconfined, where they must get through, else they prove nothing.
func TestAttacks(t *testing.T) {
	begin(t)
	needPython(t)
	attacks, err := filepath.Glob("testdata/attacks/*")
	if err != nil || len(attacks) < 7 {
		t.Fatal(attacks, err)
	}
	for _, path := range attacks {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		interpreter := map[string]string{".sh": "/bin/sh", ".py": "/usr/bin/python3"}[filepath.Ext(path)]
		lines := strings.SplitN(string(text), "\n", 3)
		for _, without := range []bool{false, true} {
			name := filepath.Base(path)
			if without {
				name += " without Landlock"
			}
			t.Run(name, func(t *testing.T) {
				if without && filepath.Base(path) == "output.py" {
					t.Skip("only Landlock keeps links out of the writable folder while the program runs")
				}
				h := target(t)
				r, err := Run(t.Context(), Options{Program: interpreter, Args: []string{"/attack/" + filepath.Base(path)},
					Env:      append(slices.Clone(h.env), "CONFINED=1"),
					ReadOnly: []Bind{{Source: "testdata/attacks", Target: "/attack"}, {Source: h.ro, Target: "/ro"}},
					Writable: []Bind{{Source: h.out, Target: "/out"}}, Limits: Limits{Wall: time.Minute}, NoLandlock: without})
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(r.Output, "THROUGH") || !r.OK() || filepath.Ext(path) == ".py" && !strings.Contains(r.Output, "DONE") {
					t.Errorf("%s\ntried: %s\n%s", r, lines[0], r.Output)
				}
				if len(r.Removed) > 0 {
					t.Errorf("left in the writable folder: %v", r.Removed)
				}
				if without || lines[1] != "# outside: through" {
					return
				}
				cmd := exec.Command(interpreter, path)
				cmd.Env = append(os.Environ(), h.env...)
				said, err := cmd.CombinedOutput()
				if err != nil || !strings.Contains(string(said), "THROUGH") {
					t.Errorf("the attack cannot succeed: %v\n%s", err, said)
				}
			})
		}
	}
}

// needPython skips a test where the system has no Python.
func needPython(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("no Python at /usr/bin/python3:", err)
	}
}

// What a program leaves behind ends with it, also when it is deaf to signals and holds the output open.
func TestDaemons(t *testing.T) {
	begin(t)
	needPython(t)
	h := target(t)
	script, err := os.ReadFile("testdata/daemon.sh")
	if err != nil {
		t.Fatal(err)
	}
	r := sh(t, Options{Writable: []Bind{{Source: h.out, Target: "/out"}}}, string(script))
	if !r.OK() || r.Left < 3 || !strings.Contains(r.Output, "DONE") {
		t.Errorf("%s, %d left\n%s", r, r.Left, r.Output)
	}
	alive := filepath.Join(h.out, "alive")
	before, err := os.Stat(alive)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond) // three times as long as the daemon waits
	after, err := os.Stat(alive)
	if err != nil {
		t.Fatal(err)
	}
	if after.Size() != before.Size() {
		t.Error("something still writes")
	}
}

// Each program goes over one limit, and is ended by it within seconds.
func TestLimits(t *testing.T) {
	begin(t)
	needPython(t)
	python := func(text string) string { return "exec python3 -c '" + text + "'" }
	for _, x := range []struct {
		name, script string
		limits       Limits
		struck       Limit
	}{
		{"forks without end", "bomb() { bomb | bomb & }; bomb; sleep 5", Limits{Processes: 100}, LimitProcesses},
		{"forks without end, in sessions of their own", python("import os\nwhile True:\n  try:\n    os.fork() or os.setsid()\n  except OSError: pass"), Limits{Processes: 100}, LimitProcesses},
		{"threads without end", python("import threading,time\nwhile True:\n  try: threading.Thread(target=time.sleep,args=(60,)).start()\n  except RuntimeError: time.sleep(1)"), Limits{Processes: 100}, LimitProcesses},
		{"memory in many processes", python("import os,time\nfor i in range(8): os.fork()==0 and (bytearray(60<<20),time.sleep(60)) if i<8 else 0\ntime.sleep(60)"), Limits{Memory: 200 << 20}, LimitMemory},
		{"shared memory", python("import mmap,time\nm=mmap.mmap(-1,300<<20)\nfor i in range(0,300<<20,4096): m[i]=1\ntime.sleep(60)"), Limits{Memory: 200 << 20}, LimitMemory},
		{"memory behind a thread", python("import ctypes,threading,time\ndef f():\n  time.sleep(0.3)\n  m=bytearray(150<<20)\n  import mmap\n  s=mmap.mmap(-1,150<<20)\n  for i in range(0,150<<20,4096): s[i]=1\n  time.sleep(60)\nthreading.Thread(target=f).start()\nctypes.CDLL(None).syscall(60,0)"), Limits{Memory: 200 << 20}, LimitMemory},
		{"the folders in memory", "for i in 1 2 3 4; do head -c 60000000 /dev/zero >/tmp/$i; done; sleep 30", Limits{Memory: 200 << 20}, LimitMemory},
		{"the disk", "i=0; while :; do i=$((i+1)); head -c 5000000 /dev/zero >/out/$i; done", Limits{Disk: 20 << 20}, LimitDisk},
		{"the disk, hidden", "mkdir /out/d; cd /out/d; chmod 300 .; i=0; while :; do i=$((i+1)); head -c 5000000 /dev/zero >$i; done", Limits{Disk: 20 << 20}, LimitDisk},
		{"the disk, without a name", python("import os,time\nk=[]\nfor i in range(10):\n  f=open(\"/out/x\",\"wb\"); os.remove(\"/out/x\"); f.write(bytes(5000000)); f.flush(); k.append(f)\ntime.sleep(60)"), Limits{Disk: 20 << 20}, LimitDisk},
		{"empty files", "i=0; while :; do i=$((i+1)); : >/out/$i; done", Limits{Files: 500}, LimitFiles},
		{"empty files in memory", "i=0; while :; do i=$((i+1)); : >/tmp/$i; done", Limits{Files: 500}, LimitFiles},
		{"processor time in one process", "while :; do :; done", Limits{CPU: time.Second}, LimitCPU},
		{"processor time in many", "while :; do for i in 1 2 3; do head -c 3000000 /dev/zero | sha512sum; done; done >/dev/null", Limits{CPU: time.Second}, LimitCPU},
		{"time", "sleep 60", Limits{Wall: time.Second, Grace: 100 * time.Millisecond}, LimitWall},
		{"time, deaf to SIGTERM", "trap '' TERM; while :; do sleep 1; done", Limits{Wall: time.Second, Grace: 100 * time.Millisecond}, LimitWall},
		{"printing", "yes", Limits{Output: 1 << 20}, LimitOutput},
		{"printing one line", "cat /dev/zero", Limits{Output: 1 << 20}, LimitOutput},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := target(t)
			r := sh(t, Options{Writable: []Bind{{Source: h.out, Target: "/out"}}, Limits: x.limits, Line: func(string) {}}, x.script)
			if x.struck == LimitProcesses && r.Struck == "" && strings.Contains(r.Output, "annot fork") {
				return // the kernel held it, so that there was nothing to end
			}
			if r.Struck != x.struck || r.Code == 0 || r.Detail == "" {
				t.Errorf("struck %q, want %q: %s\n%.500s", r.Struck, x.struck, r, r.Output)
			}
			if len(r.Output) > 64<<10 {
				t.Errorf("%d bytes of output were kept", len(r.Output))
			}
		})
	}
}
