package confine

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// init takes over if this process is the first one inside, and then never returns. It is here and not called by main because that
// process needs nothing of what other packages prepare.
func init() {
	if !sandbox.IsChild(os.Args, marker) {
		return
	}
	go func() { os.Exit(firstProcess()) }() // not here: this goroutine is bound to a thread
	select {}
}

// first is the first process's view of a run.
type first struct {
	order   order
	control *os.File
	started time.Time
	main    int // the program's process id

	mu    sync.Mutex
	ended bool
	seen  usage
}

// firstProcess is its whole life; the result is its exit code. When it ends, the kernel ends all processes inside.
func firstProcess() int {
	debug.SetTraceback("single")
	runtime.LockOSThread() // Landlock binds this thread, from which the program is started
	// As the first process of its namespace it gets only those signals from inside that it listens to, and so none can end it.
	signal.Notify(make(chan os.Signal, 1))
	f := &first{control: os.NewFile(controlFD, "control")}
	unix.CloseOnExec(controlFD)
	unix.CloseOnExec(handFD)
	in := bufio.NewReaderSize(f.control, 64<<10)
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &f.order)
	}
	if err != nil {
		return f.refuse(fmt.Errorf("read the order: %w", err))
	}
	confinement, err := f.order.Policy.Impose()
	if err != nil {
		return f.refuse(err)
	}
	if err := f.listen(); err != nil {
		return f.refuse(err)
	}
	if err := filter(); err != nil {
		return f.refuse(err)
	}
	f.say(word{Ready: &confinement})
	return f.run(in)
}

// say tells the parent a word.
func (f *first) say(w word) {
	line, err := json.Marshal(w)
	if err == nil {
		_, err = f.control.Write(append(line, '\n'))
	}
	if err != nil {
		os.Exit(1) // nobody listens any more
	}
}

// refuse says why nothing is run.
func (f *first) refuse(err error) int {
	f.say(word{Refused: err.Error()})
	return 1
}

// end says how the run ended, once, and ends this process.
func (f *first) end(e ending) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended {
		select {} // the process is about to end
	}
	f.ended = true
	e.CPU, e.Memory = f.seen.cpu, f.seen.most
	f.say(word{End: &e})
	os.Exit(0)
}

// listen takes connections on the loopback addresses and hands each to the parent as an open file, with the number of its address.
func (f *first) listen() error {
	for i, address := range f.order.Listen {
		l, err := net.Listen("tcp4", address)
		if err != nil {
			return fmt.Errorf("listen for the network allowance: %w", err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					time.Sleep(10 * time.Millisecond) // too many open files, which passes
					continue
				}
				f.hand(c, byte(i))
			}
		}()
	}
	return nil
}

// hand hands a connection to the parent.
func (f *first) hand(c net.Conn, which byte) {
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // if it fails, the connection ends
		_ = unix.Sendmsg(handFD, []byte{which}, unix.UnixRights(int(fd)), nil, 0)
	})
}

// run runs the program and waits for its end.
func (f *first) run(in *bufio.Reader) int {
	path, err := f.find()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", f.order.Program, err)
		code := 126
		if errors.Is(err, fs.ErrNotExist) {
			code = 127
		}
		f.end(ending{Code: code})
	}
	f.started = time.Now()
	f.main, err = syscall.ForkExec(path, append([]string{f.order.Program}, f.order.Args...), &syscall.ProcAttr{
		Dir: f.order.Dir, Env: f.order.Env, Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setpgid: true},
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", f.order.Program, err)
		f.end(ending{Code: 126})
	}
	go f.obey(in)
	go f.watch()
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return f.refuse(fmt.Errorf("wait for the program: %w", err))
		case pid == f.main:
			f.end(f.last(status))
		}
	}
}

// last is how the program ended, by itself.
func (f *first) last(status syscall.WaitStatus) ending {
	e := ending{Code: status.ExitStatus()}
	u := f.look()
	e.Left = u.processes
	if status.Signaled() {
		e.Code, e.Signal = -1, unix.SignalName(status.Signal())
		if status.Signal() == unix.SIGXCPU {
			e.Struck, e.Detail = LimitCPU, "one process used more than "+f.order.Limits.CPU.String()
		}
	}
	// What it wrote at the very end counts too.
	if struck, detail := f.over(u); e.Struck == "" && (struck == LimitDisk || struck == LimitFiles) {
		e.Struck, e.Detail = struck, detail
	}
	return e
}

// find is the program's file: a path, or a name that is looked for in the program's own PATH.
func (f *first) find() (string, error) {
	if strings.Contains(f.order.Program, "/") {
		path := f.order.Program
		if !filepath.IsAbs(path) {
			path = filepath.Join(f.order.Dir, path)
		}
		_, err := os.Stat(path)
		return path, err
	}
	for _, kv := range f.order.Env {
		list, ok := strings.CutPrefix(kv, "PATH=")
		if !ok {
			continue
		}
		for _, dir := range filepath.SplitList(list) {
			path := filepath.Join(dir, f.order.Program)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 && filepath.IsAbs(path) {
				return path, nil
			}
		}
	}
	return "", fmt.Errorf("no such program: %w", fs.ErrNotExist)
}

// obey ends the program when the parent says so, and everything when the parent is gone.
func (f *first) obey(in *bufio.Reader) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			os.Exit(1)
		}
		if line == terminate {
			_ = unix.Kill(-f.main, unix.SIGTERM) // if it is gone, so much the better
			_ = unix.Kill(f.main, unix.SIGTERM)
		}
	}
}
