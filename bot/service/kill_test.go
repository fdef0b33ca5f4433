package service_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// whole says that all is to be tried; otherwise a few cases stand for the rest.
func whole() bool { return os.Getenv("CODICIL_WHOLE") != "" }

// few is how many cases are tried at least.
const few = 3

// Limits of patience with the whole of TestKilled, and with the few cases.
const (
	wholeTime = 6*time.Minute + 30*time.Second
	fewTime   = 25 * time.Second
)

// killing is one case: which acts are played, and where the bot's processes are killed.
type killing struct {
	acts
	kills []string
}

// TestKilled kills the bot at every point between two writes, the first and the last time that it comes there, and then at two or three points
// one after the other. Whatever was killed, the story ends as if nothing had happened.
func TestKilled(t *testing.T) {
	start := time.Now()
	seed := uint64(start.UnixNano())
	if text := os.Getenv("CODICIL_KILL_SEED"); text != "" {
		seed, _ = strconv.ParseUint(text, 10, 64)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	singles, all := everyPoint(t)
	if t.Failed() {
		return
	}
	random.Shuffle(len(singles), func(i, j int) { singles[i], singles[j] = singles[j], singles[i] })
	cases, most := singles, wholeTime
	for range 40 {
		some := make([]string, 2+random.IntN(2))
		for i := range some {
			some[i] = all[random.IntN(len(all))]
		}
		cases = append(cases, killing{asked | ruling, some})
	}
	if !whole() {
		most = fewTime
		random.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
	}
	if text := os.Getenv("CODICIL_KILL_AT"); text != "" {
		cases = []killing{{asked | ruling, strings.Split(text, ",")}}
	}
	t.Logf("%d points; CODICIL_KILL_SEED=%d", len(singles), seed)
	var ran, died atomic.Int64
	atOnce(len(cases), func(n int) (more bool) {
		if time.Since(start) > most && (!whole() && n >= few || n >= len(singles)) {
			return false
		}
		ran.Add(1)
		t.Run(strings.Join(cases[n].kills, ","), func(t *testing.T) { died.Add(int64(tell(t, "", cases[n]))) })
		return true
	})
	t.Logf("%d of %d cases in %v; the bot died %d times", ran.Load(), len(cases), time.Since(start).Round(time.Second), died.Load())
}

// atOnce does what is numbered, six at a time since most of it is waiting, until there is no more.
func atOnce(most int, do func(n int) (more bool)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range 6 {
		workers.Go(func() {
			for n := int(next.Add(1) - 1); n < most && do(n); n = int(next.Add(1) - 1) {
			}
		})
	}
	workers.Wait()
}

// everyPoint lists the first and last time of each point in each act, and all points of both together.
func everyPoint(t *testing.T) (singles []killing, all []string) {
	seen := map[string]bool{}
	for _, what := range []acts{asked, ruling} {
		log := filepath.Join(t.TempDir(), fmt.Sprint("points", what))
		t.Run(fmt.Sprintf("nothing in act %d", what), func(t *testing.T) { tell(t, log, killing{acts: what}) })
		if t.Failed() {
			return nil, nil
		}
		first, last := points(t, log)
		for _, p := range first {
			if name, _, _ := strings.Cut(p, "@"); !seen[name] {
				seen[name] = true
				singles = append(singles, killing{what, []string{p}})
			}
		}
		for _, p := range last {
			singles = append(singles, killing{what, []string{p}})
		}
		all = append(all, append(first, last...)...)
	}
	return singles, all
}

// tell plays the story with a bot that is killed at some points, one for each of its processes, and returns how often it was killed.
func tell(t *testing.T, log string, k killing) int {
	w := begin(t)
	p := run(t, w.setting, log, k.kills...)
	s := w.play(k.acts, 2*time.Minute)
	p.idle(10*time.Second, 2*time.Minute)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
	s.hold(p.times())
	if len(k.kills) == 1 && p.times() == 0 {
		t.Logf("the bot did not come to %s this time", k.kills[0])
	}
	return p.times()
}

// points reads a log of fault points: the first time of each name, and the last time of those that come more than once.
func points(t *testing.T, log string) (first, last []string) {
	t.Helper()
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for line := range strings.Lines(string(text)) {
		name, n, _ := strings.Cut(strings.TrimSpace(line), "@")
		if times[name] == 0 {
			first = append(first, name+"@1")
		}
		times[name], _ = strconv.Atoi(n)
	}
	for name, n := range times {
		if n > 1 {
			last = append(last, fmt.Sprintf("%s@%d", name, n))
		}
	}
	slices.Sort(last)
	return first, last
}
