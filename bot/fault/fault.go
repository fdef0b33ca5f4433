// Package fault lets tests end the program between two writes, to see that nothing is lost or done twice.
package fault

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Variables of the environment: KillAt is the points at which the program is killed, as name@n for the n-th time that it comes there,
// separated by commas; LogTo names a file in which each point is written down as it is passed.
const (
	KillAt = "CODICIL_FAULT_KILL"
	LogTo  = "CODICIL_FAULT_LOG"
)

// armed are the points that matter. It is a global since faults strike a process, not a part of it; nothing but Arm changes it, before
// there is anything to strike.
var armed *points

type points struct {
	mu   sync.Mutex
	kill map[string]int
	seen map[string]int
	log  *os.File
}

// Arm reads the environment. Without the two variables, which only tests set, all points do nothing.
func Arm(getenv func(string) string) error {
	kill, log := getenv(KillAt), getenv(LogTo)
	if kill == "" && log == "" {
		return nil
	}
	p := &points{kill: map[string]int{}, seen: map[string]int{}}
	for _, at := range strings.Split(kill, ",") {
		if at == "" {
			continue
		}
		name, times, _ := strings.Cut(at, "@")
		n, err := strconv.Atoi(times)
		if err != nil || n < 1 {
			return fmt.Errorf("%s: %q is not name@n", KillAt, at)
		}
		p.kill[name] = n
	}
	if log != "" {
		f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("%s: %w", LogTo, err)
		}
		p.log = f
	}
	armed = p
	return nil
}

// Point is a place between two writes. The name says what was written last, or what is about to be.
func Point(name string) {
	if armed == nil {
		return
	}
	armed.pass(name)
}

func (p *points) pass(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[name]++
	if p.log != nil {
		_, _ = fmt.Fprintf(p.log, "%s@%d\n", name, p.seen[name])
	}
	if p.kill[name] == p.seen[name] {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // nothing may run after this, no deferred function either
		select {}
	}
}
