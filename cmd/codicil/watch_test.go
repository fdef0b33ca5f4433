package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// watch looks again and again at the processes below one, and at files that are there only for a while.
type watch struct {
	root    int
	needles map[string]string
	folders []string
	kinds   map[string]int // processes that were seen, by what they are
	faults  []string
	known   map[int]string
	once    sync.Once
	stop    chan struct{}
	ended   chan struct{}
}

func newWatch(root int, needles map[string]string, folders ...string) *watch {
	w := &watch{root: root, needles: needles, folders: folders, kinds: map[string]int{}, known: map[int]string{}, stop: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return w
}

// end stops looking. After it, kinds and faults are complete.
func (w *watch) end() {
	w.once.Do(func() { close(w.stop) })
	<-w.ended
}

func (w *watch) run() {
	defer close(w.ended)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			w.processes()
			if n%20 == 0 {
				w.files()
			}
		}
	}
}

// process is what /proc tells of one.
type process struct {
	parent               int
	arguments, variables []byte
}

// processes looks at all processes below the root.
func (w *watch) processes() {
	all := map[int]process{}
	for _, dir := range matches("/proc/[0-9]*") {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		stat, err := os.ReadFile(dir + "/stat")
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) < 2 {
			continue
		}
		parent, _ := strconv.Atoi(fields[1])
		all[pid] = process{parent: parent}
	}
	for pid := range all {
		if pid == w.root || !below(all, pid, w.root) {
			continue
		}
		p := all[pid]
		p.arguments, _ = os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		p.variables, _ = os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		all[pid] = p
	}
	own, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", w.root))
	for pid, p := range all {
		if len(p.arguments) == 0 || bytes.Equal(p.variables, own) {
			continue // has ended, or is the root itself a moment before it runs another program
		}
		w.judge(all, pid, p)
	}
}

func below(all map[int]process, pid, root int) bool {
	for n := 0; n < 50 && pid > 1; n++ {
		if pid == root {
			return true
		}
		pid = all[pid].parent
	}
	return false
}

// networking is a git process that speaks with a forge.
var networking = regexp.MustCompile(`(^|/)git\x00(.*\x00)?(fetch|push|ls-remote)\x00`)

// judge looks at one process. Only git that speaks with the forge, and what that git itself starts, has a token; in its environment.
func (w *watch) judge(all map[int]process, pid int, p process) {
	kind, may := "other: "+string(bytes.ReplaceAll(p.arguments[:min(60, len(p.arguments))], []byte{0}, []byte(" "))), false
	for at, n := pid, 0; n < 50 && at > 1 && at != w.root; at, n = all[at].parent, n+1 {
		may = may || networking.Match(all[at].arguments)
	}
	token := forgeToken.Match(p.variables)
	name, _, _ := bytes.Cut(p.arguments, []byte{0})
	switch base := filepath.Base(string(name)); {
	case strings.HasPrefix(base, "git") && token:
		kind = "git with a token"
	case strings.HasPrefix(base, "git"):
		kind = "git without"
	case bytes.Contains(p.variables, []byte("CODICIL_AUTHOR_CHILD=1")):
		kind = "author"
	case base == "codicil":
		kind = "engine"
	}
	if w.known[pid] != kind {
		w.known[pid] = kind
		w.kinds[kind]++
	}
	switch {
	case forgeToken.Match(p.arguments):
		w.fault("the arguments of a process hold a token: %q", kind)
	case token && !may:
		w.fault("the environment of a process that does not speak with the forge holds a token: %q", p.arguments)
	}
	for what, needle := range w.needles {
		if bytes.Contains(p.arguments, []byte(needle)) || bytes.Contains(p.variables, []byte(needle)) {
			w.fault("a process is told %s: %q", what, p.arguments)
		}
	}
}

func (w *watch) fault(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); len(w.faults) < 20 && !slices.Contains(w.faults, text) {
		w.faults = append(w.faults, text)
	}
}

// files looks into what lies in folders now.
func (w *watch) files() {
	for _, folder := range w.folders {
		_ = filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return nil // it has gone
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil
			}
			w.kinds["file"]++
			for what, needle := range w.needles {
				if bytes.Contains(text, []byte(needle)) {
					w.fault("the file %s holds %s", path, what)
				}
			}
			if forgeToken.Match(text) {
				w.fault("the file %s holds a token", path)
			}
			return nil
		})
	}
}

func matches(pattern string) []string {
	found, _ := filepath.Glob(pattern) // the pattern is good
	return found
}
