package confine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// startLimit is how long it may take until the program is confined, on a busy machine.
const startLimit = 30 * time.Second

// spare is how many processes and threads the first process itself may need beyond the program's.
const spare = 32

// Run runs a program and waits until it and all that it started have ended. What is the program's own fault is in the result, such as
// its exit code or a limit that it struck. The error is an *UnavailableError where this system can't confine programs; nothing
// runs then. When the context ends, so does the program, with SIGTERM first, and the error is the context's, beside a result as far as
// it goes. Several goroutines may run programs at once, but not with the same writable folders.
func Run(ctx context.Context, o Options) (Result, error) {
	o.Limits = o.Limits.withDefaults(runtime.NumCPU())
	if err := ctx.Err(); err != nil {
		return Result{Code: -1}, fmt.Errorf("run %s: %w", o.Program, err)
	}
	r, err := prepare(o)
	if err != nil {
		return Result{Code: -1}, fmt.Errorf("run %s: %w", o.Program, err)
	}
	defer r.cleanUp()
	result, err := r.run(ctx)
	if err != nil {
		return result, fmt.Errorf("run %s: %w", o.Program, err)
	}
	return result, nil
}

// Available says whether programs can be confined here: nil, or an *UnavailableError, or the context's error.
func Available(ctx context.Context) error {
	result, err := Run(ctx, Options{Program: "true", Limits: Limits{Wall: time.Minute}})
	if err == nil && !result.OK() {
		err = &UnavailableError{Why: "a confined program that does nothing ended with " + result.String()}
	}
	return err
}

// running is one run.
type running struct {
	options Options
	allowed []Allowance
	layout  layout
	private string                 // the folder with the scratch copies; empty if there are none
	modes   map[string]os.FileMode // of the writable folders, before
	cgroup  *cgroup                // nil if there is none
	box     *box
	output  output
	reading chan struct{}
	over    chan struct{} // closed when too much was printed
	proxy   *proxy
}

// prepare checks the options, and makes the scratch copies.
func prepare(o Options) (*running, error) {
	if o.Bubblewrap == "" {
		found, err := exec.LookPath("bwrap")
		if err != nil {
			return nil, &UnavailableError{Why: "there is no program bwrap"}
		}
		o.Bubblewrap = found
	}
	if o.Dir == "" {
		o.Dir = Home
	}
	if o.Program == "" || !filepath.IsAbs(o.Dir) {
		return nil, fmt.Errorf("a program is needed, and an absolute folder to work in")
	}
	for _, text := range slices.Concat(o.Args, o.Env, []string{o.Program, o.Dir}) {
		if strings.ContainsRune(text, 0) {
			return nil, fmt.Errorf("there is a zero byte in %q", clean(text))
		}
	}
	r := &running{options: o, reading: make(chan struct{}), over: make(chan struct{}), modes: map[string]os.FileMode{},
		output: output{keep: o.Limits.Tail, most: o.Limits.Output, line: o.Line}}
	var err error
	if r.allowed, err = checked(o.Network); err != nil {
		return nil, err
	}
	if r.layout.readOnly, err = resolve(o.ReadOnly, false); err != nil {
		return nil, err
	}
	if r.layout.writable, err = resolve(o.Writable, true); err != nil {
		return nil, err
	}
	for _, b := range r.layout.writable {
		info, err := os.Stat(b.Source)
		if err != nil {
			return nil, err
		}
		r.modes[b.Source] = info.Mode().Perm()
	}
	if err := r.copies(); err != nil {
		r.cleanUp()
		return nil, err
	}
	return r, nil
}

// copies copies the scratch folders.
func (r *running) copies() error {
	sources, err := resolve(r.options.Scratch, true)
	if err != nil || len(sources) == 0 {
		return err
	}
	if r.private, err = os.MkdirTemp("", "codicil-scratch-"); err != nil {
		return fmt.Errorf("make a folder for scratch copies: %w", err)
	}
	for i, b := range sources {
		to := filepath.Join(r.private, fmt.Sprint(i))
		if err := os.CopyFS(to, os.DirFS(b.Source)); err != nil {
			return fmt.Errorf("copy %s: %w", b.Source, err)
		}
		r.layout.scratch = append(r.layout.scratch, Bind{Source: to, Target: b.Target})
	}
	return nil
}

// cleanUp removes what was made for the run.
func (r *running) cleanUp() {
	if r.private != "" {
		_ = os.Chmod(r.private, 0o700)
		for _, b := range r.layout.scratch {
			_, _ = sweep(b.Source) // so that it can be removed
		}
		_ = os.RemoveAll(r.private) // a leftover in the folder for temporary files does no harm
	}
}

// run starts, waits and gathers.
func (r *running) run(ctx context.Context) (result Result, err error) {
	began := time.Now()
	result.Code = -1 // as long as nothing has run
	life, end := context.WithCancel(ctx)
	defer end()
	if r.cgroup, err = newCgroup(r.options.Cgroup, r.options.Limits); err != nil && r.options.Cgroup != "" {
		return result, err
	}
	defer r.cgroup.remove()
	if r.box, err = r.start(); err != nil {
		return result, err
	}
	defer r.box.kill()
	go r.read()
	result.Confinement, err = r.admit(ctx)
	if err != nil {
		return result, err
	}
	if len(r.allowed) > 0 {
		r.proxy = newProxy(life, r.options, r.allowed)
		r.proxy.work.Go(func() { r.box.connections(life, r.proxy) })
	}
	last, err := r.wait(ctx, began)
	r.box.kill()
	<-r.reading
	end()
	if r.proxy != nil {
		r.proxy.wait()
		result.Network = r.proxy.report()
	}
	result.Code, result.Signal, result.Struck, result.Detail = last.Code, last.Signal, last.Struck, last.Detail
	result.Left, result.CPU, result.Memory = last.Left, last.CPU, last.Memory
	if struck, detail := r.cgroup.struck(); struck != "" && (last.Code != 0 || last.Signal != "") && last.Struck == "" {
		result.Struck, result.Detail = struck, detail
	}
	result.Output, result.Cut = r.output.end()
	sweeping := r.sweep(&result)
	result.Wall = time.Since(began)
	return result, errors.Join(err, sweeping)
}

// sweep looks through the writable folders.
func (r *running) sweep(result *Result) error {
	var all error
	for _, b := range r.layout.writable {
		if err := os.Chmod(b.Source, r.modes[b.Source]|0o700); err != nil {
			all = errors.Join(all, err)
			continue
		}
		removed, err := sweep(b.Source)
		all = errors.Join(all, err, os.Chmod(b.Source, r.modes[b.Source]))
		for _, name := range removed {
			if len(result.Removed) < mostRemoved {
				result.Removed = append(result.Removed, name)
			}
		}
	}
	return all
}

// read takes what the program prints until nobody can print any more.
func (r *running) read() {
	defer close(r.reading)
	buffer := make([]byte, 64<<10)
	told := false
	for {
		n, err := r.box.printed.Read(buffer)
		if !r.output.take(buffer[:n]) && !told {
			told = true
			close(r.over)
		}
		if err != nil {
			return
		}
	}
}

// admit gives the order and waits until the program is confined.
func (r *running) admit(ctx context.Context) (Confinement, error) {
	c := Confinement{Cgroup: r.cgroup != nil}
	if r.cgroup == nil {
		c.Missing = append(c.Missing, "no cgroup: memory and processes are counted every "+lookEvery.String())
	}
	if limited := r.box.limitNumbers(r.options.Limits.Processes + spare); r.cgroup == nil && os.Getuid() == 0 && !limited {
		c.Missing = append(c.Missing, "the kernel does not limit the number of processes of the machine's root")
	}
	r.box.order(r.order())
	timer := time.NewTimer(startLimit)
	defer timer.Stop()
	var w word
	var ok bool
	for done, waiting := ctx.Done(), true; waiting; {
		select {
		case w, ok = <-r.box.words:
			waiting = false
		case <-done: // the program may run already, and then is to end as it likes
			done = nil
			timer.Reset(r.options.Limits.Grace)
		case <-timer.C:
			if err := ctx.Err(); err != nil {
				return c, err
			}
			return c, fmt.Errorf("the program was not confined after %s", startLimit)
		}
	}
	switch {
	case !ok:
		r.box.kill()
		<-r.reading
		said, _ := r.output.end()
		return c, &UnavailableError{Why: strings.TrimSpace("bubblewrap ended before it ran anything: " + clean(said))}
	case w.Ready == nil:
		return c, &UnavailableError{Why: "the first process refuses: " + clean(w.Refused)}
	}
	c.Confinement.Landlock, c.Confinement.LandlockABI = w.Ready.Landlock, w.Ready.LandlockABI
	c.UserNamespace, c.NetworkNamespace = true, true
	c.Missing = append(c.Missing, w.Ready.Missing...)
	return c, nil
}

// order is what the first process is told.
func (r *running) order() order {
	o := order{Policy: r.layout.policy(r.options.Limits, r.options.NoLandlock), Program: r.options.Program, Args: r.options.Args,
		Dir: r.options.Dir, Limits: r.options.Limits, Memories: memories}
	for _, b := range slices.Concat(r.layout.writable, r.layout.scratch) {
		o.Counted = append(o.Counted, b.Target)
	}
	if len(r.allowed) > 0 {
		o.Listen = []string{fmt.Sprintf("127.0.0.1:%d", proxyPort)}
		of := loopbacks(r.allowed)
		for _, a := range r.allowed {
			if a.Direct {
				o.Listen = append(o.Listen, fmt.Sprintf("%s:%d", of[a.Host], a.Port))
			}
		}
	}
	o.Env = environment(r.options.Env, len(r.allowed) > 0)
	return o
}

// environment is what the program gets: what is given, and what it lacks of the usual.
func environment(given []string, network bool) []string {
	usual := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + Home, "TMPDIR=" + Temporary, "LANG=C.UTF-8"}
	if network {
		proxy := fmt.Sprintf("http://127.0.0.1:%d", proxyPort)
		for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
			usual = append(usual, name+"="+proxy, strings.ToLower(name)+"="+proxy)
		}
		for _, name := range []string{"NO_PROXY", "no_proxy"} {
			usual = append(usual, name+"=localhost,127.0.0.1,::1")
		}
	}
	env := slices.Clone(given)
	for _, kv := range usual {
		name, _, _ := strings.Cut(kv, "=")
		if !slices.ContainsFunc(given, func(g string) bool { return strings.HasPrefix(g, name+"=") }) {
			env = append(env, kv)
		}
	}
	return env
}

// wait waits for the end, or brings it about.
func (r *running) wait(ctx context.Context, began time.Time) (ending, error) {
	l := r.options.Limits
	wall := time.NewTimer(l.Wall - time.Since(began))
	defer wall.Stop()
	select {
	case w, ok := <-r.box.words:
		if !ok || w.End == nil {
			return r.cut(w), nil
		}
		return *w.End, nil
	case <-wall.C:
		e := r.stop(l.Grace)
		return ending{Code: -1, Struck: LimitWall, Detail: "it ran longer than " + l.Wall.String(), CPU: e.CPU, Memory: e.Memory, Left: e.Left}, nil
	case <-r.over:
		return ending{Code: -1, Struck: LimitOutput, Detail: fmt.Sprintf("it printed more than %d kB", l.Output>>10)}, nil
	case <-ctx.Done():
		e := r.stop(l.Grace)
		e.Code = -1
		return e, ctx.Err()
	}
}

// stop asks the program to end, and gives it some time.
func (r *running) stop(grace time.Duration) ending {
	r.box.tell(terminate)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case w := <-r.box.words:
		if w.End != nil {
			return *w.End
		}
	case <-timer.C:
	}
	return ending{Code: -1, Signal: unix.SignalName(unix.SIGKILL)}
}

// cut is the ending of a run whose first process ended without a last word.
func (r *running) cut(w word) ending {
	if w.Refused != "" {
		return ending{Code: 126, Detail: clean(w.Refused)}
	}
	return ending{Code: -1, Signal: unix.SignalName(unix.SIGKILL), Detail: "everything inside was ended from outside, as when the machine is out of memory"}
}
