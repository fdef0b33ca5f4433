package confine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// longestWord is the most that is read of what the first process says at once.
const longestWord = 64 << 10

// box is a running bubblewrap.
type box struct {
	cmd     *exec.Cmd
	control *os.File // to and from the first process
	hands   *os.File // over which it hands on connections
	printed *os.File
	words   chan word // closed when the first process has gone
	done    chan struct{}
	once    sync.Once
	inside  int // a pidfd of the first process; -1 if it is not known
}

// start starts bubblewrap with the first process.
func (r *running) start() (*box, error) {
	b := &box{words: make(chan word, 1), done: make(chan struct{}), inside: -1}
	var theirs, ours []*os.File
	closeAll := func(files []*os.File) {
		for _, f := range files {
			f.Close()
		}
	}
	defer func() { closeAll(theirs) }()
	pair := func(kind int) (*os.File, error) {
		fds, err := unix.Socketpair(unix.AF_UNIX, kind|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return nil, fmt.Errorf("make a connection to the first process: %w", err)
		}
		_ = unix.SetNonblock(fds[0], true) // so that closing it ends a read
		mine := os.NewFile(uintptr(fds[0]), "control")
		ours, theirs = append(ours, mine), append(theirs, os.NewFile(uintptr(fds[1]), "control"))
		return mine, nil
	}
	var err error
	if b.control, err = pair(unix.SOCK_STREAM); err == nil {
		b.hands, err = pair(unix.SOCK_SEQPACKET)
	}
	if err != nil {
		closeAll(ours)
		return nil, err
	}
	own, err := os.Open("/proc/self/exe")
	if err != nil {
		closeAll(ours)
		return nil, fmt.Errorf("open this program's own file: %w", err)
	}
	theirs = append(theirs, own)
	info, infoW, err := os.Pipe()
	if err != nil {
		closeAll(ours)
		return nil, fmt.Errorf("make a pipe: %w", err)
	}
	theirs, ours = append(theirs, infoW), append(ours, info)
	const infoFD = programFD + 1
	args, err := r.layout.arguments(r.options.Limits, system(r.allowed), func(text string) (int, error) {
		f, err := filled(text)
		if err == nil {
			theirs = append(theirs, f)
		}
		return len(theirs) + 2, err
	})
	if err != nil {
		closeAll(ours)
		return nil, err
	}
	printed, printing, err := os.Pipe()
	if err != nil {
		closeAll(ours)
		return nil, fmt.Errorf("make a pipe for output: %w", err)
	}
	defer printing.Close()
	b.printed = printed
	args = append(args, "--info-fd", strconv.Itoa(infoFD), "--", fmt.Sprintf("/proc/self/fd/%d", programFD), marker)
	b.cmd = exec.Command(r.options.Bubblewrap, args...)
	b.cmd.Env = []string{}
	b.cmd.Dir = "/"
	b.cmd.ExtraFiles = theirs
	b.cmd.Stdout, b.cmd.Stderr = printing, printing
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	r.cgroup.join(b.cmd.SysProcAttr)
	if err := b.launch(); err != nil {
		closeAll(append(ours, printed))
		return nil, &UnavailableError{Why: err.Error()}
	}
	infoW.Close()
	go b.listen()
	b.find(info)
	return b, nil
}

// filled is a file that holds a text, at its beginning.
func filled(text string) (*os.File, error) {
	n, err := unix.MemfdCreate("codicil", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(n), "memory")
	if _, err = f.WriteString(text); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("fill a file in memory: %w", err)
	}
	return f, nil
}

// launch starts the process and watches it. The thread that starts it is kept until it ends, because the kernel kills the child
// when that thread, not the process, is gone.
func (b *box) launch() error {
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := b.cmd.Start()
		started <- err
		if err == nil {
			_ = b.cmd.Wait() // the first process tells how it ended
			close(b.done)
		}
	}()
	return <-started
}

// find learns which process is the first inside, from what bubblewrap says, so that it can be ended and nothing outlives it.
func (b *box) find(info *os.File) {
	defer info.Close()
	_ = info.SetReadDeadline(time.Now().Add(startLimit)) // a pipe can have one
	var told struct {
		PID int `json:"child-pid"`
	}
	if err := json.NewDecoder(io.LimitReader(info, 4096)).Decode(&told); err != nil || told.PID <= 1 {
		return
	}
	fd, err := unix.PidfdOpen(told.PID, 0)
	if err != nil {
		return
	}
	// The number could be another process's by now.
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", told.PID))
	if !strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", b.cmd.Process.Pid)) {
		unix.Close(fd)
		return
	}
	b.inside = fd
}

// listen takes the words of the first process.
func (b *box) listen() {
	defer close(b.words)
	lines := bufio.NewScanner(b.control)
	lines.Buffer(make([]byte, 4096), longestWord)
	for range 2 { // no more are said
		if !lines.Scan() {
			return
		}
		var w word
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return
		}
		b.words <- w
	}
}

// order tells the first process what to do.
func (b *box) order(o order) {
	line, err := json.Marshal(o)
	if err == nil {
		b.tell(string(line) + "\n")
	}
}

// tell sends a line. If nobody is there, the end is told elsewhere.
func (b *box) tell(line string) {
	_ = b.control.SetWriteDeadline(time.Now().Add(startLimit))
	_, _ = b.control.WriteString(line)
}

// kill ends everything inside and waits until it is gone; more than once does no harm.
func (b *box) kill() {
	b.once.Do(func() {
		if b.inside >= 0 {
			_ = unix.PidfdSendSignal(b.inside, unix.SIGKILL, nil, 0) // fails only if it has ended
			// All inside have ended when the first has; then bubblewrap ends too.
			poll := []unix.PollFd{{Fd: int32(b.inside), Events: unix.POLLIN}}
			for until := time.Now().Add(startLimit); time.Now().Before(until); {
				if n, err := unix.Poll(poll, 1000); n > 0 || err != nil && !errors.Is(err, unix.EINTR) {
					break
				}
			}
			unix.Close(b.inside)
		}
		select {
		case <-b.done:
		case <-time.After(b.patience()):
			_ = b.cmd.Process.Kill()
			<-b.done
		}
		b.control.Close()
		b.hands.Close()
		_ = b.printed.SetReadDeadline(time.Now().Add(startLimit)) // it ends at once, as nobody is left who could write
	})
}

// patience is how long bubblewrap may take to end by itself.
func (b *box) patience() time.Duration {
	if b.inside < 0 {
		return 0
	}
	return 5 * time.Second
}

// connections takes the connections that the first process hands on, until it ends.
func (b *box) connections(ctx context.Context, p *proxy) {
	raw, err := b.hands.SyscallConn()
	if err != nil {
		return
	}
	for {
		which := make([]byte, 1)
		rights := make([]byte, unix.CmsgSpace(4))
		var n, space int
		var failed error
		err := raw.Read(func(fd uintptr) bool {
			n, space, _, _, failed = unix.Recvmsg(int(fd), which, rights, unix.MSG_CMSG_CLOEXEC)
			return !errors.Is(failed, unix.EAGAIN)
		})
		if err != nil || failed != nil || n == 0 {
			return
		}
		if c, ok := received(rights[:space]); ok {
			p.serve(ctx, c, int(which[0]))
		}
	}
}

// received is the connection in a control message.
func received(rights []byte) (net.Conn, bool) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil || len(messages) != 1 {
		return nil, false
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return nil, false
	}
	f := os.NewFile(uintptr(fds[0]), "connection")
	defer f.Close()
	c, err := net.FileConn(f)
	return c, err == nil
}
