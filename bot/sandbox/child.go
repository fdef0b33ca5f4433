package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// startLimit is how long a child may take until it is confined, on a busy machine.
const startLimit = 30 * time.Second

// Child is a running confined process. Its methods may be called from several goroutines, except that Requests and
// Replies are each for one.
type Child struct {
	confinement Confinement
	cmd         *exec.Cmd
	requests    *os.File
	replies     *bufio.Reader
	repliesFile *os.File
	output      *tail
	done        chan struct{}
	exit        Exit
}

// Exit is how a child ended.
type Exit struct {
	// Signal is the name of the signal that ended it, such as SIGKILL; empty if it exited by itself.
	Signal string
	// Code is its exit code; -1 after a signal.
	Code int
	// Output is the end of what it wrote to its standard output and error, a few kB at most.
	Output string
}

// Start runs the current binary again as a child with Options.Marker as its only argument, an empty environment and
// no open files but its pipes, and waits until it has confined itself. What could not be had is in Confinement.
// It returns an *UnconfinedError if no wall stands. The context covers the start only; end the child with Kill.
func Start(ctx context.Context, o Options) (*Child, error) {
	p, err := o.policy()
	if err != nil {
		return nil, err
	}
	missing := Confinement{}
	var c *Child
	if o.lacks(Namespaces) {
		missing.Missing = append(missing.Missing, "no user and network namespaces: they were switched off")
	} else {
		var reason string
		c, reason, err = startInNamespaces(o)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			missing.Missing = append(missing.Missing, reason)
		}
	}
	if c == nil {
		if c, err = launch(o, func(*exec.Cmd) {}); err != nil {
			return nil, err
		}
	} else {
		missing.UserNamespace, missing.NetworkNamespace = true, true
	}
	inside, err := c.confine(ctx, p)
	if err != nil {
		c.Kill()
		return nil, err
	}
	c.confinement = missing
	c.confinement.Landlock, c.confinement.LandlockABI = inside.Landlock, inside.LandlockABI
	c.confinement.Missing = append(c.confinement.Missing, inside.Missing...)
	if !c.confinement.confined() && !o.AllowUnconfined {
		c.Kill()
		return nil, &UnconfinedError{Missing: c.confinement.Missing}
	}
	return c, nil
}

// policy resolves the paths, so that links mean what they mean now.
func (o Options) policy() (Policy, error) {
	p := Policy{System: o.System, Memory: o.Memory, FileSize: o.FileSize,
		OpenFiles: o.OpenFiles, NoLandlock: o.lacks(Landlock)}
	if p.OpenFiles == 0 {
		p.OpenFiles = 256
	}
	for _, l := range []struct {
		from []string
		to   *[]string
	}{{o.ReadOnly, &p.ReadOnly}, {o.ReadWrite, &p.ReadWrite}} {
		for _, path := range l.from {
			abs, err := filepath.Abs(path)
			if err != nil {
				return p, fmt.Errorf("resolve %s for the sandbox: %w", path, err)
			}
			real, err := filepath.EvalSymlinks(abs)
			if err != nil {
				return p, fmt.Errorf("resolve %s for the sandbox: %w", path, err)
			}
			*l.to = append(*l.to, real)
		}
	}
	return p, nil
}

// launch starts the process with its pipes; adjust may set its attributes.
func launch(o Options, adjust func(*exec.Cmd)) (*Child, error) {
	exe, err := executable()
	if err != nil {
		return nil, fmt.Errorf("find this program's own file: %w", err)
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("make a pipe to the sandbox: %w", err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		inR.Close()
		inW.Close()
		return nil, fmt.Errorf("make a pipe from the sandbox: %w", err)
	}
	c := &Child{requests: inW, replies: bufio.NewReaderSize(outR, 64<<10), repliesFile: outR, output: &tail{}, done: make(chan struct{})}
	c.cmd = exec.Command(exe)
	c.cmd.Args = []string{"codicil", o.Marker}
	c.cmd.Env = []string{}
	c.cmd.Dir = string(filepath.Separator)
	c.cmd.ExtraFiles = []*os.File{inR, outW}
	c.cmd.Stdout, c.cmd.Stderr = c.output, c.output
	c.cmd.WaitDelay = time.Second
	adjust(c.cmd)
	err = c.run()
	inR.Close()
	outW.Close()
	if err != nil {
		inW.Close()
		outR.Close()
		return nil, err
	}
	return c, nil
}

// confine sends the policy and waits for the child's word that it is in force.
func (c *Child) confine(ctx context.Context, p Policy) (Confinement, error) {
	type answer struct {
		confinement Confinement
		err         error
	}
	got := make(chan answer, 1)
	go func() {
		var a answer
		a.err = json.NewEncoder(c.requests).Encode(p)
		var line []byte
		if a.err == nil {
			line, a.err = c.replies.ReadSlice('\n')
		}
		if a.err == nil {
			a.err = json.Unmarshal(line, &a.confinement)
		}
		got <- a
	}()
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	select {
	case a := <-got:
		if a.err != nil {
			c.Kill()
			<-c.done
			return Confinement{}, fmt.Errorf("start the sandbox: the child ended before it was confined (%s): %s", c.exit, c.exit.Output)
		}
		return a.confinement, nil
	case <-ctx.Done():
		return Confinement{}, ctx.Err()
	case <-timer.C:
		return Confinement{}, fmt.Errorf("start the sandbox: the child was not ready after %s", startLimit)
	}
}

// Confinement is what holds the child.
func (c *Child) Confinement() Confinement { return c.confinement }

// Requests is the pipe to the child.
func (c *Child) Requests() io.Writer { return c.requests }

// Replies is the pipe from the child. It ends when the child ends.
func (c *Child) Replies() io.Reader { return c.replies }

// PID is the child's process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Done is closed when the child has ended.
func (c *Child) Done() <-chan struct{} { return c.done }

// Exit waits for the child to end and says how it did.
func (c *Child) Exit() Exit {
	<-c.done
	return c.exit
}

// Kill ends the child at once, waits for it and closes the pipes; more than once does no harm.
func (c *Child) Kill() {
	_ = c.cmd.Process.Kill() // fails only if it ended before
	<-c.done
	c.requests.Close()
	c.repliesFile.Close()
}

// String is the signal's name or the exit code.
func (e Exit) String() string {
	if e.Signal != "" {
		return e.Signal
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

// tail keeps the beginning and the end of what is written to it: a crash is named in the first lines.
type tail struct {
	mu   sync.Mutex
	head []byte
	last []byte
}

// tailSize is how much of each end is kept.
const tailSize = 2 << 10

// Write keeps p as far as there is room.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if room := tailSize - len(t.head); room > 0 {
		k := min(room, len(p))
		t.head = append(t.head, p[:k]...)
		p = p[k:]
	}
	t.last = append(t.last, p...)
	if len(t.last) > tailSize {
		t.last = append([]byte(nil), t.last[len(t.last)-tailSize:]...)
	}
	return n, nil
}

// String is what was kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.head) + string(t.last)
}
