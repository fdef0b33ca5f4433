// Package confine runs any program in bubblewrap, with Landlock inside, so that it touches nothing but what it was given.
//
// Around the program are namespaces of its own for users, mounts, processes, IPC, names, cgroups and network; the system read-only,
// and of /etc only what is made up or public; no capability, no new privilege, a filter of system calls, limits. The first process
// inside is this program itself: it imposes Landlock and the limits, runs the program, counts what it uses, reaps what it leaves
// behind and takes all processes with it when it ends. The network has only a loopback device. Where hosts are allowed, connections
// to a proxy on it are handed to the parent as open files, and the parent decides and connects.
package confine

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/sandbox"
)

// Home is the program's home folder, and Temporary the folder for what is not kept: both are empty at the start, in memory and of
// limited size.
const (
	Home      = "/home/codicil"
	Temporary = "/tmp"
)

// Options say what is run and what it may touch.
type Options struct {
	// Program is a path inside, or a name that is looked for in the PATH of Env.
	Program string
	Args    []string
	// Env is the program's whole environment, as KEY=value, but for PATH, HOME, TMPDIR, LANG and the variables of the proxy, which are
	// set where Env has none. It is in no argument list.
	Env []string
	// Dir is the working folder, inside; empty means Home.
	Dir string
	// ReadOnly may be read and run; it must hold no socket on which a process of the host listens, as such a one can be connected to
	// (before Landlock's ABI 9). Writable are folders for results: plain files and folders only, nothing in them can be run; after
	// the end whatever else is in them has been removed. Scratch are folders of which the program gets a copy to do with as it
	// likes, which is removed at the end.
	ReadOnly, Writable, Scratch []Bind
	// Network are the hosts that may be reached; none means no network.
	Network []Allowance
	Limits  Limits
	// Line is told each line of output as it comes, without its end, cut at 16 kB; it may be nil. It is called by one goroutine.
	Line func(string)
	// Bubblewrap is the bwrap program; empty means that it is looked for in the PATH.
	Bubblewrap string
	// Cgroup is a folder of a cgroup v2 in which the run may have one of its own; empty means the bot's own, where that is possible.
	Cgroup string
	// NoLandlock leaves Landlock away; it is there for tests.
	NoLandlock bool

	resolve func(context.Context, string) ([]netip.Addr, error)     // nil means the machine's way; tests set it
	dial    func(context.Context, netip.AddrPort) (net.Conn, error) // likewise
}

// Bind shows a file or folder of the host inside.
type Bind struct {
	// Source is the path on the host; links are resolved before the start.
	Source string
	// Target is the path inside, absolute; empty means the same as Source.
	Target string
}

// Limits bound a run. A zero value means the default that is named.
type Limits struct {
	// Wall is the whole time (10 minutes), CPU the processor time of all processes together (the same as Wall for each processor).
	Wall, CPU time.Duration
	// Grace is how long the program has after SIGTERM when its time is over or the context ends (2 s).
	Grace time.Duration
	// Memory is for all processes together (2 GB), and also for each. Temporary is for each of the folders in memory (512 MB).
	Memory, Temporary int64
	// Disk is for all that is in Writable and Scratch (4 GB), FileSize for one file (as Disk).
	Disk, FileSize int64
	// Files is how many files and folders there may be in Writable, Scratch and the folders in memory (200 000).
	Files int
	// Processes counts threads too (512). OpenFiles is for each process (4096).
	Processes, OpenFiles int
	// Output is how much the program may print (64 MB), Tail how much of the end of it is kept (64 kB).
	Output int64
	Tail   int
	// Connections is how many may be open at once (64), and Transfer how many bytes may go through all, both ways together (1 GB).
	Connections int
	Transfer    int64
}

// Limit is the name of a limit.
type Limit string

// The limits that can end a run.
const (
	LimitWall      Limit = "time"
	LimitCPU       Limit = "processor time"
	LimitMemory    Limit = "memory"
	LimitProcesses Limit = "number of processes"
	LimitDisk      Limit = "disk"
	LimitFiles     Limit = "number of files"
	LimitOutput    Limit = "output"
)

// Result is how a run ended.
type Result struct {
	// Code is the program's exit code; 127 if there is no such program, 126 if it can't be started, -1 after a signal or a limit.
	Code int
	// Signal is the name of the signal that ended the program, such as SIGKILL; empty if it exited by itself.
	Signal string
	// Struck is the limit that ended the run; empty if none did. Detail says it in a sentence for people, without full stop.
	Struck Limit
	Detail string
	// Output is the end of what was printed to standard output and error together, and Cut says whether there was more.
	Output string
	Cut    bool
	// Left is how many processes still ran when the program had ended; they were ended too.
	Left int
	// Removed are the entries of the writable folders that were neither plain file nor folder, or could not be left as they were,
	// each with what it was; 100 at most.
	Removed []string
	// Network is what was asked of the proxy, in order of the first time; 200 at most.
	Network []Contact
	// Confinement is what held the program.
	Confinement Confinement
	// Wall is the time that the run took, CPU the processor time that was seen used, and Memory the most that was seen used at once.
	Wall, CPU time.Duration
	Memory    int64
}

// OK says whether the program exited with code 0 within its limits.
func (r Result) OK() bool { return r.Code == 0 && r.Signal == "" && r.Struck == "" }

// String is one line for reports.
func (r Result) String() string {
	switch {
	case r.Struck != "":
		return "ended by its limit of " + string(r.Struck) + ": " + r.Detail
	case r.Signal != "":
		return "ended by " + r.Signal
	}
	return fmt.Sprintf("exit code %d", r.Code)
}

// Confinement is what held a program: bubblewrap always, and what it names.
type Confinement struct {
	sandbox.Confinement
	// Cgroup says whether the kernel itself holds the sums of memory and processes. Without it they are measured again and again,
	// and the run is ended after it went over.
	Cgroup bool `json:"cgroup"`
}

// String is one line for reports.
func (c Confinement) String() string {
	parts := []string{"namespaces of its own (bubblewrap)", "a filter of system calls"}
	if c.Landlock {
		parts = append(parts, fmt.Sprintf("Landlock (ABI %d)", c.LandlockABI))
	}
	if c.Cgroup {
		parts = append(parts, "a cgroup")
	}
	s := "confined by " + strings.Join(parts, ", ")
	if len(c.Missing) > 0 {
		s += "; " + strings.Join(c.Missing, "; ")
	}
	return s
}

// UnavailableError says that this system can't confine programs; nothing was run.
type UnavailableError struct {
	// Why is a sentence for people, without full stop.
	Why string
}

// Error says what is missing and what to do.
func (e *UnavailableError) Error() string {
	return fmt.Sprintf("nothing on this system can confine programs (%s); install bubblewrap 0.8 or newer and allow user namespaces", e.Why)
}

// withDefaults fills in what is zero.
func (l Limits) withDefaults(processors int) Limits {
	l.Wall = or(l.Wall, 10*time.Minute)
	l.CPU = or(l.CPU, l.Wall*time.Duration(processors))
	l.Grace = or(l.Grace, 2*time.Second)
	l.Memory = or(l.Memory, 2<<30)
	l.Temporary = or(l.Temporary, 512<<20)
	l.Disk = or(l.Disk, 4<<30)
	l.FileSize = or(l.FileSize, l.Disk)
	l.Files = or(l.Files, 200_000)
	l.Processes = or(l.Processes, 512)
	l.OpenFiles = or(l.OpenFiles, 4096)
	l.Output = or(l.Output, 64<<20)
	l.Tail = or(l.Tail, 64<<10)
	l.Connections = or(l.Connections, 64)
	l.Transfer = or(l.Transfer, 1<<30)
	return l
}

// or is v, or other if v is zero or less.
func or[T int | int64 | time.Duration](v, other T) T {
	if v <= 0 {
		return other
	}
	return v
}
