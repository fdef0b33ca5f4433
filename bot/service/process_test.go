package service_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/config"
	"github.com/codicil-dev/codicil/bot/fault"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/service"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/work"
	"github.com/codicil-dev/codicil/forge/github"
)

// botVariable names the file that says how the bot of a test is to be.
const botVariable = "CODICIL_TEST_BOT"

// visibility is how long a write may be there unseen in these tests.
const visibility = 2 * time.Second

// setting is how the bot of a test is to be.
type setting struct {
	API, Key, Data, Cache, Webhooks, Asked string
	App                                    int64
	Sweep                                  string
}

// options are those of the service. The cache is to be closed after it.
func (s setting) options(log *slog.Logger) (o service.Options, cache *product.Cache, err error) {
	host, err := github.New(github.Options{Host: "localforge", BaseURL: s.API + "/", App: &github.App{ID: s.App, Key: []byte(s.Key)}, Log: log, MaxWait: 5 * time.Second})
	if err != nil {
		return o, nil, err
	}
	if cache, err = product.OpenCache(s.Cache); err != nil {
		return o, nil, err
	}
	c := config.Default()
	c.GitHub.BaseURL, c.Refresh.Schedule, c.Server.Visibility, c.Server.Sweep = s.API+"/", "off", visibility.String(), s.Sweep
	c.Guidelines = []config.Guidelines{{Repository: "northtrail/guidelines", Governs: []string{"commerce", "finance"}}}
	verifier := &verify.Verifier{Builder: &product.Builder{Cache: cache, Threads: 1}, Log: log, Now: time.Now, Version: "test"}
	return service.Options{Config: c, Host: host, Secrets: [][]byte{[]byte(secret)}, Verifier: verifier, Data: s.Data, Log: log, Now: time.Now, Version: "test",
		Authors: func(ctx context.Context, order work.Order, answers *service.Answers) (work.Author, func(), error) {
			spent, err := answers.Spent(ctx)
			if err != nil {
				return nil, nil, err
			}
			account := model.NewAccount(model.Budget{}, nil, spent, time.Now)
			asks := model.NewRemembering(&clerk{order: order.Name, file: s.Asked}, answers, account)
			return work.Here{Author: &author.Author{Asker: asks, Account: account, Verifier: verifier, Say: order.Say, Models: map[string]string{"": "scripted"}, Guidelines: order.Guidelines, GuidelinesGiven: order.Given}}, func() {}, nil
		}}, cache, nil
}

// serveBot is the bot's process. It says at which address it tells whether it has anything to do, then serves until it is interrupted.
func serveBot(file string) error {
	if err := fault.Arm(os.Getenv); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var s setting
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	began := time.Now()
	o, cache, err := s.options(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		return err
	}
	defer cache.Close()
	b, err := service.New(ctx, o)
	if err != nil {
		return err
	}
	defer b.Close()
	webhooks, err := net.Listen("tcp", s.Webhooks)
	if err != nil {
		return err
	}
	control, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() {
		_ = http.Serve(control, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			within, _ := time.ParseDuration(r.FormValue("within"))
			swept := began
			if after, err := time.Parse(time.RFC3339Nano, r.FormValue("swept")); err == nil && after.After(began) {
				swept = after
			}
			busy, err := busyWith(r.Context(), b, swept, within)
			_, _ = fmt.Fprint(w, errors.Join(err, busy))
		}))
	}()
	fmt.Println(control.Addr())
	if err := b.Run(ctx, webhooks); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// busyWith says what the bot still has to do within a time; nil if nothing. A sweep that began after a time is among it.
func busyWith(ctx context.Context, b *service.Service, swept time.Time, within time.Duration) (busy, err error) {
	err = b.DB().View(ctx, func(tx *state.Tx) error {
		n, err := tx.Unlooked()
		if err != nil {
			return err
		}
		if n > 0 {
			busy = fmt.Errorf("%d deliveries", n)
		}
		behind, err := tx.Behind()
		if err != nil {
			return err
		}
		if len(behind) > 0 {
			busy = fmt.Errorf("%d products", len(behind))
		}
		for _, r := range []string{"commerce/shop", "finance/books", "northtrail/guidelines"} {
			text, _, err := tx.Setting("swept/localforge/" + r)
			if err != nil {
				return err
			}
			var at int64
			_, _ = fmt.Sscan(text, &at)
			if at < swept.UnixMilli() {
				busy = fmt.Errorf("a sweep of %s", r)
			}
		}
		if busy != nil {
			return nil
		}
		idle, err := b.Queue().IdleIn(tx, time.Now().Add(within))
		if err == nil && !idle {
			busy = errors.New("jobs")
		}
		return err
	})
	return busy, err
}

// process runs the bot, again each time that it is killed.
type process struct {
	*testing.T
	file, dir string
	// kills are the points at which the first process, the second, and so on are killed.
	kills []string
	log   string // the file of fault points passed; empty for none

	mu      sync.Mutex
	cmd     *exec.Cmd
	control string
	killed  int
	stopped bool
	ended   chan struct{}
	failure error
}

// run starts the bot.
func run(t *testing.T, s setting, log string, kills ...string) *process {
	t.Helper()
	dir := t.TempDir()
	text := encoded(t, s)
	p := &process{T: t, dir: dir, file: filepath.Join(dir, "setting.json"), kills: kills, log: log, ended: make(chan struct{})}
	if err := os.WriteFile(p.file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	go p.keepUp()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Log(tail(filepath.Join(dir, "log"), 120))
		}
	})
	return p
}

func encoded(t *testing.T, s setting) []byte {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// keepUp runs the program until it is stopped or ends by itself.
func (p *process) keepUp() {
	defer close(p.ended)
	for n := 0; ; n++ {
		err := p.once(n)
		p.mu.Lock()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL && !p.stopped {
			p.killed++
			p.mu.Unlock()
			continue
		}
		p.failure = err
		p.mu.Unlock()
		return
	}
}

// once runs the program once.
func (p *process) once(n int) error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), botVariable+"="+p.file, "TMPDIR="+filepath.Join(p.dir, "tmp"))
	if n < len(p.kills) {
		cmd.Env = append(cmd.Env, fault.KillAt+"="+p.kills[n])
	}
	if p.log != "" {
		cmd.Env = append(cmd.Env, fault.LogTo+"="+p.log)
	}
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	p.mu.Lock()
	if p.stopped {
		p.mu.Unlock()
		return nil
	}
	if err := cmd.Start(); err != nil {
		p.mu.Unlock()
		return err
	}
	p.cmd, p.control = cmd, ""
	p.mu.Unlock()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		p.mu.Lock()
		p.control = strings.TrimSpace(lines.Text())
		p.mu.Unlock()
	}
	return cmd.Wait()
}

// stop has the bot end as Ctrl-C does, and returns how it ended.
func (p *process) stop() error {
	p.mu.Lock()
	p.stopped = true
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(os.Interrupt)
	}
	p.mu.Unlock()
	select {
	case <-p.ended:
	case <-time.After(40 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return errors.New("the bot did not end within 40 s of being interrupted")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// times is how often the bot was killed.
func (p *process) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.killed
}

// busy is what the bot has to do within a time, a sweep after swept among it; empty if nothing.
func (p *process) busy(within time.Duration, swept time.Time) string {
	p.mu.Lock()
	control := p.control
	p.mu.Unlock()
	if control == "" {
		select {
		case <-p.ended:
			p.Fatalf("the bot ended by itself: %v", p.failure)
		default:
		}
		return "it starts"
	}
	got, err := http.Get("http://" + control + "/?" + url.Values{"within": {within.String()}, "swept": {swept.Format(time.RFC3339Nano)}}.Encode())
	if err != nil {
		return err.Error()
	}
	defer got.Body.Close()
	var text bytes.Buffer
	_, _ = text.ReadFrom(got.Body)
	if text.String() == "<nil>" {
		return ""
	}
	return text.String()
}

// idle waits until the bot has nothing to do within a time.
func (p *process) idle(within, most time.Duration) {
	p.Helper()
	p.idleAfter(time.Time{}, within, most)
}

// idleAfter waits until the bot has looked at everything after a time, which is how it learns of what no webhook told, and then has nothing to do.
func (p *process) idleAfter(swept time.Time, within, most time.Duration) {
	p.Helper()
	var busy string
	for end := time.Now().Add(most); ; time.Sleep(20 * time.Millisecond) {
		if busy = p.busy(within, swept); busy == "" {
			return
		}
		if time.Now().After(end) {
			p.Fatalf("not idle within %v: %s", most, busy)
		}
	}
}

// tail is the end of a file.
func tail(file string, lines int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(string(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
