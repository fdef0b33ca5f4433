package apart

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/model"
)

// childKey is the variable by which the program knows that it is an author's process.
const childKey = "CODICIL_AUTHOR_CHILD"

// Author has each piece of work done in a process of its own. It is safe for concurrent use.
type Author struct {
	Setup  Setup
	Memory Memory
	// Say is told what is being done; it may be nil.
	Say func(string)
	// Guidelines are those in force, where Given.
	Guidelines []guideline.Guideline
	Given      bool
	Log        *slog.Logger
}

// Amend is [author.Author.Amend].
func (a *Author) Amend(ctx context.Context, job author.Job) (*author.Outcome, error) {
	return a.do(ctx, Order{Do: doAmend, Job: job})
}

// Adopt is [author.Author.Adopt].
func (a *Author) Adopt(ctx context.Context, job author.Job) (*author.Outcome, error) {
	return a.do(ctx, Order{Do: doAdopt, Job: job})
}

// Withdraw is [author.Author.Withdraw].
func (a *Author) Withdraw(ctx context.Context, job author.Job) (*author.Outcome, error) {
	return a.do(ctx, Order{Do: doWithdraw, Job: job})
}

// Follow is [author.Author.Follow].
func (a *Author) Follow(ctx context.Context, job author.Job) (*author.Outcome, error) {
	return a.do(ctx, Order{Do: doFollow, Job: job})
}

// Refresh is [author.Author.Refresh].
func (a *Author) Refresh(ctx context.Context, job author.Job) (*author.Outcome, error) {
	return a.do(ctx, Order{Do: doRefresh, Job: job})
}

// Draft is [author.Author.Draft], with a model.
func (a *Author) Draft(ctx context.Context, n author.Newcomer) (*author.Outcome, error) {
	return a.do(ctx, Order{Do: doDraft, Newcomer: n})
}

// do starts a process, has it do the work, and answers what it asks meanwhile.
func (a *Author) do(ctx context.Context, o Order) (*author.Outcome, error) {
	var err error
	o.Setup, o.Rules, o.Ruled = a.Setup, a.Guidelines, a.Given
	if o.Spent, err = a.Memory.Spent(ctx); err != nil {
		return nil, err
	}
	p, err := start(ctx)
	if err != nil {
		return nil, fmt.Errorf("start a process for the author: %w", err)
	}
	defer p.end()
	server := rpc.NewServer()
	if err := server.RegisterName("Bot", &bot{ctx: ctx, of: a}); err != nil {
		return nil, err
	}
	go server.ServeCodec(jsonrpc.NewServerCodec(p.asks))
	client := jsonrpc.NewClient(p.works)
	defer client.Close()
	var r Result
	call := client.Go("Child.Do", o, &r, make(chan *rpc.Call, 1))
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-call.Done:
	}
	if call.Error != nil {
		p.end() // so that all that it wrote is here
		return nil, fmt.Errorf("the author's process ended: %w (%s)", call.Error, p.last.String())
	}
	return r.unpack()
}

// unpack makes the outcome whole again.
func (r Result) unpack() (o *author.Outcome, err error) {
	if len(r.Outcome) > 0 && string(r.Outcome) != "null" {
		o = &author.Outcome{}
		if err := json.Unmarshal(r.Outcome, o); err != nil {
			return nil, fmt.Errorf("read what the author's process came to: %w", err)
		}
		o.Restore(r.Rest)
	}
	if r.Unfit {
		return o, &author.UnfitError{Err: errors.New(r.Failure)}
	}
	if r.Failure != "" {
		return o, errors.New(r.Failure)
	}
	return o, nil
}

// process is an author's process.
type process struct {
	cmd *exec.Cmd
	// works carries what it is to do, asks what it asks.
	works, asks pipe
	last        tail
}

// start starts a process that knows nothing of the bot: its environment has only what programs need to run.
func start(ctx context.Context) (*process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.CommandContext(ctx, program)}
	p.cmd.Env = environment(os.LookupEnv)
	p.cmd.Stderr = &p.last
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the bot, which ends it in order
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 5 * time.Second
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.works = pipe{out, in, in.Close}
	theirs, ours, err := pair()
	if err != nil {
		return nil, err
	}
	p.asks = ours
	p.cmd.ExtraFiles = theirs
	err = p.cmd.Start()
	for _, f := range theirs {
		_ = f.Close() // the process has its own
	}
	if err != nil {
		return nil, errors.Join(err, ours.Close())
	}
	return p, nil
}

// network are the variables that say how other machines are reached, in the spellings that programs know.
var network = []string{"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"}

// environment is that of an author's process.
func environment(lookup func(string) (string, bool)) []string {
	path, _ := lookup("PATH")
	env := []string{childKey + "=1", "PATH=" + path, "TMPDIR=" + os.TempDir(), "HOME=/nonexistent", "LC_ALL=C"}
	for _, name := range network {
		if value, ok := lookup(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// pair makes two pipes, one each way: the two ends for the process, and a connection for us.
func pair() (theirs []*os.File, ours pipe, err error) {
	hear, theirMouth, err := os.Pipe()
	if err != nil {
		return nil, ours, err
	}
	theirEar, speak, err := os.Pipe()
	if err != nil {
		_ = errors.Join(hear.Close(), theirMouth.Close())
		return nil, ours, err
	}
	return []*os.File{theirEar, theirMouth}, pipe{hear, speak, func() error { return errors.Join(hear.Close(), speak.Close()) }}, nil
}

// end ends the process and waits for it. It may be called more than once.
func (p *process) end() {
	_ = p.works.Close() // it ends by itself once nobody asks anything of it
	_ = p.cmd.Wait()
	_ = p.asks.Close()
}

// tail keeps what a process writes to standard error: the beginning, where a panic says what it is, and the end.
type tail struct {
	first, last []byte
	cut         bool // something between them was left out
}

// Each is so many bytes at most.
const mostKept = 600

// Write keeps what has a place.
func (t *tail) Write(p []byte) (int, error) {
	n := min(mostKept-len(t.first), len(p))
	t.first, t.last = append(t.first, p[:n]...), append(t.last, p[n:]...)
	if over := len(t.last) - mostKept; over > 0 {
		t.last = append([]byte(nil), t.last[over:]...)
		t.cut = true
	}
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string {
	between := ""
	if t.cut {
		between = " … "
	}
	return strings.TrimSpace(string(t.first) + between + string(t.last))
}

// bot answers what an author's process asks.
type bot struct {
	ctx context.Context // of the one piece of work that this answers for
	of  *Author
}

// Say tells what is being done.
func (b *bot) Say(text string, _ *bool) error {
	if b.of.Say != nil {
		b.of.Say(text)
	}
	return nil
}

// Answer looks for a kept answer.
func (b *bot) Answer(key string, out *Kept) (err error) {
	out.Answer, out.OK, err = b.of.Memory.Answer(b.ctx, key)
	return err
}

// Keep keeps an answer.
func (b *bot) Keep(k Kept, _ *bool) error {
	return b.of.Memory.Keep(context.WithoutCancel(b.ctx), k.Key, k.Answer, k.Spent)
}

// Spend keeps what was spent.
func (b *bot) Spend(s model.Spent, _ *bool) error {
	return b.of.Memory.Spend(context.WithoutCancel(b.ctx), s)
}
