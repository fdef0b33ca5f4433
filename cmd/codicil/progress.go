package main

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// showAfter is how long a command may work before it shows progress.
const showAfter = time.Second

// progress shows on a terminal what is being done, once that has taken a while. In a pipe it is silent.
type progress struct {
	mu    sync.Mutex
	bar   *progressbar.ProgressBar
	out   io.Writer
	start time.Time
	done  chan struct{}
	what  string
}

// startProgress returns the progress of a command; call stop before anything else is written.
func (c *cli) startProgress() *progress {
	p := &progress{out: c.stderr, start: time.Now(), done: make(chan struct{})}
	if c.quiet || !isTerminal(c.stderr) {
		return p
	}
	go p.run()
	return p
}

// run turns the spinner until done.
func (p *progress) run() {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			p.mu.Lock()
			p.turn()
			p.mu.Unlock()
		}
	}
}

func (p *progress) turn() {
	select {
	case <-p.done:
		return
	default:
	}
	if time.Since(p.start) < showAfter {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(-1,
			progressbar.OptionSetWriter(p.out), progressbar.OptionSpinnerType(14),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetElapsedTime(true))
	}
	p.bar.Describe(p.what)
	_ = p.bar.Add(1) // a spinner that can't be drawn is no reason to stop
}

// say sets what is being done.
func (p *progress) say(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = fit(what, 60)
}

// fit cuts a text to at most n characters.
func fit(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// stop removes the spinner. It may be called more than once.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.done:
		return
	default:
		close(p.done)
	}
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
