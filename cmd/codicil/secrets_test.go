package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// The secrets that are planted. A webhook's and the App's key are made below.
const (
	modelKey    = "sk-planted-8d1f60c9b24e4f"
	hookSecret  = "planted-webhook-5b7aa1c0e3"
	pagesSecret = "planted-pages-77c0de91ab"
)

// forgeToken is a token of an installation: as it is, as git sends it, or the token with which an App asks for one.
var forgeToken = regexp.MustCompile(`ghs_[0-9a-zA-Z]{16,}|eC1hY2Nlc3MtdG9rZW46[0-9a-zA-Z+/]{8,}|eyJ[0-9a-zA-Z_-]{8,}\.eyJ[0-9a-zA-Z_-]{8,}\.`)

// TestSecretsStayWhereTheyBelong runs the bot as its own process through an issue, a guideline and a person's pull request, and looks everywhere for the
// secrets that it was given: what it logs, writes to the forge, keeps and shows, and all processes that it starts.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	s := newSecrets(t)
	ctx := t.Context()
	issue, err := s.town.Person("jane").OpenIssue(ctx, "commerce", demo.Repository, "Weights", "We need them.")
	s.must(err)
	_, err = s.town.Person("jane").Comment(ctx, "commerce", demo.Repository, issue, "/amend orders: add a column weight")
	s.must(err)
	s.until("a merge request for the issue", func() bool { return s.pulls("commerce") == 1 })
	_, err = s.town.Commit(ctx, localforge.Commit{Owner: demo.Rules, Name: demo.RulesRepository, By: "ada", Message: "Sizes", Write: map[string]string{"sizes.md": sizes}})
	s.must(err)
	s.until("a merge request for the guideline", func() bool { return s.pulls("finance") == 1 })
	p := tiny.Product{Name: "bills"}
	sha, err := s.town.Commit(ctx, localforge.Commit{Owner: "finance", Name: demo.Repository, By: "omar", Branch: "mine", Message: "By hand", Write: map[string]string{"finance/bills/models/bills.sql": p.Files()["models/bills.sql"] + "where id > 1\n"}})
	s.must(err)
	pull, err := s.town.Person("omar").OpenPull(ctx, "finance", demo.Repository, localforge.NewPull{Title: "By hand", Head: "mine", Base: "main"})
	s.must(err)
	s.until("the check of "+sha, func() bool {
		thread, _ := s.town.Thread("finance", demo.Repository, pull)
		return slices.ContainsFunc(thread.Checks, func(c localforge.Check) bool { return c.Status == "completed" })
	})
	s.lookAtPages()
	s.end()
	s.lookAtProcesses()
	s.clean("the log", s.log.bytes())
	s.lookAtForge()
	for _, dir := range []string{s.data, s.tmp, s.cache} {
		s.lookInFolder(dir)
	}
}

// sizes is a guideline that no product keeps, and that a tiny model can have them keep.
const sizes = "---\nid: sizes\ntitle: Sizes\napplies_to: product == 'bills'\nchecks:\n  - {name: there is a size, cel: 'tables.all(t, t.columns.exists(c, c.name == \"size\"))'}\n---\n# Sizes\n\n**Rule.** Please add a column size.\n"

// secrets is a bot in a process of its own, with all that is watched.
type secrets struct {
	*testing.T
	town             *demo.Town
	data, tmp, cache string
	log              said
	needles          map[string]string
	bot              *exec.Cmd
	pages            string
	watch            *watch
}

// said is what a process writes.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}

// newSecrets founds a town, plants the secrets in the bot's environment, and starts it.
func newSecrets(t *testing.T) *secrets {
	t.Helper()
	s := &secrets{T: t, data: t.TempDir(), tmp: t.TempDir(), cache: t.TempDir()}
	examples := tiny.Files(map[string][]tiny.Product{"commerce": {{Name: "orders"}}, "finance": {{Name: "bills"}}, "marketing": {{Name: "mails"}}}).(fstest.MapFS)
	town, err := demo.Found(t.Context(), demo.Options{Dir: t.TempDir(), Examples: examples, Log: slog.New(slog.DiscardHandler), Now: time.Now, Version: "test"})
	s.must(err)
	s.town = town
	t.Cleanup(func() { _ = town.Close() })
	s.must(town.Listener().Close())
	key := town.App.PrivateKey
	s.needles = map[string]string{"the model's key": modelKey, "the webhooks' secret": hookSecret, "the pages' password": pagesSecret,
		"the pages' password as it is sent": base64.StdEncoding.EncodeToString([]byte("watcher:" + pagesSecret)), "the App's key": strings.Split(key, "\n")[3]}
	endpoint := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(endpoint.Close)
	address := town.Listener().Addr().String() // as it was: the forge sends there
	town.SetHook(town.App.ID, town.Webhook(), hookSecret)
	conf := filepath.Join(t.TempDir(), "codicil.yaml")
	s.must(os.WriteFile(conf, []byte(fmt.Sprintf(`github:
  base_url: %s/
  app: {id: %d, key: {env: PLANTED_APP}}
  webhook_secrets: [{env: PLANTED_HOOK}]
  write_interval: 1ms
guidelines: [{repository: %s/%s, governs: [commerce, finance, marketing]}]
server: {webhooks: "%s", pages: "127.0.0.1:0", data: %s, visibility: 2s, account: {user: watcher, password: {env: PLANTED_PAGES}}}
refresh: {schedule: "off"}
model: {name: tiny, base_url: "%s/v1", key: {env: PLANTED_MODEL}}
`, town.API(), town.App.ID, demo.Rules, demo.RulesRepository, address, s.data, endpoint.URL)), 0o600))
	s.bot = exec.CommandContext(context.Background(), "codicil", "serve", "-v", "--config", conf)
	s.bot.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.cache, "TMPDIR=" + s.tmp, "CODICIL_CACHE=" + filepath.Join(s.cache, "builds"),
		"PLANTED_APP=" + key, "PLANTED_HOOK=" + hookSecret, "PLANTED_PAGES=" + pagesSecret, "PLANTED_MODEL=" + modelKey}
	s.bot.Stderr, s.bot.Stdout = &s.log, &s.log
	s.must(s.bot.Start())
	s.watch = newWatch(s.bot.Process.Pid, s.needles, filepath.Join(s.data, "scratch"), s.tmp)
	t.Cleanup(func() {
		_ = s.bot.Process.Kill()
		s.watch.end()
		if t.Failed() {
			text := s.log.bytes()
			t.Logf("the bot said last:\n%s", text[max(0, len(text)-8000):])
		}
	})
	up := regexp.MustCompile(`msg="the bot is up".* pages=(\S+)`)
	s.until("the bot is up", func() bool { return up.Match(s.log.bytes()) })
	s.pages = string(up.FindSubmatch(s.log.bytes())[1])
	s.until("the repositories are looked at", func() bool { return bytes.Count(s.log.bytes(), []byte("a repository was looked at")) >= 4 })
	return s
}

func (s *secrets) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *secrets) until(what string, is func() bool) {
	s.Helper()
	for end := time.Now().Add(4 * time.Minute); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatal(what + ": not in time")
		}
	}
}

// pulls is how many merge requests of the bot an owner has.
func (s *secrets) pulls(owner string) (n int) {
	for _, i := range s.town.Issues(owner, demo.Repository) {
		if i.Pull != nil && i.Author == "codicil[bot]" {
			n++
		}
	}
	return n
}

// task is what a model is asked to do.
var task = regexp.MustCompile(`(?m)^# The task: (\w+)`)

// answer is an endpoint behind which the tiny model is; a guideline's rule is to it as a requirement.
func (s *secrets) answer(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Messages []struct{ Role, Content string }
	}
	if r.Header.Get("Authorization") != "Bearer "+modelKey || json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	var asked model.Request
	tiny := &tiny.Model{}
	for _, m := range in.Messages {
		text := strings.ReplaceAll(m.Content, "data name=\"guideline sizes: Sizes\"", "data name=\"requirement\"")
		asked.Messages = append(asked.Messages, model.Message{Role: model.Role(m.Role), Text: text})
		if found := task.FindStringSubmatch(text); found != nil {
			asked.Stage = found[1]
		}
	}
	a, err := tiny.Ask(r.Context(), asked)
	if err != nil {
		s.Errorf("the model was asked for %s: %v", asked.Stage, err)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "chat.completion", "choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": a.Text}, "finish_reason": "stop"}},
		"usage": map[string]any{"prompt_tokens": 100, "completion_tokens": 10}})
}

// end ends the bot in order.
func (s *secrets) end() {
	s.Helper()
	s.must(s.bot.Process.Signal(syscall.SIGTERM))
	if err := s.bot.Wait(); err != nil {
		s.Errorf("the bot ended with %v", err)
	}
	s.watch.end()
}

// clean fails if a text holds a secret.
func (s *secrets) clean(what string, text []byte) {
	s.Helper()
	for name, n := range s.needles {
		if bytes.Contains(text, []byte(n)) {
			s.Errorf("%s holds %s", what, name)
		}
	}
	if at := forgeToken.FindIndex(text); at != nil {
		s.Errorf("%s holds a token of the forge: …%q", what, text[max(0, at[0]-40):at[0]+8])
	}
}

// lookInFolder looks into all files of a folder.
func (s *secrets) lookInFolder(dir string) {
	s.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		n++
		s.clean(path, text)
		return err
	})
	s.must(err)
	s.Logf("%d files in %s", n, dir)
}

// lookAtForge looks at all that is on the forge.
func (s *secrets) lookAtForge() {
	n := 0
	for _, r := range s.town.Repositories() {
		for _, i := range s.town.Issues(r.Owner, r.Name) {
			thread, _ := s.town.Thread(r.Owner, r.Name, i.Number)
			text, err := json.Marshal(thread)
			s.must(err)
			s.clean(fmt.Sprintf("%s/%s#%d", r.Owner, r.Name, i.Number), text)
			n++
			if i.Pull == nil {
				continue
			}
			diff, err := s.town.Diff(s.Context(), r.Owner, r.Name, i.Pull.BaseSHA, i.Pull.HeadSHA)
			s.must(err)
			message, by, _, _ := s.town.CommitMessage(s.Context(), r.Owner, r.Name, i.Pull.HeadSHA)
			s.clean("the commits of "+i.Title, []byte(diff+message+by))
		}
	}
	if n < 4 {
		s.Errorf("only %d issues and merge requests were looked at", n)
	}
}

// link is a way from one of the bot's pages to another.
var link = regexp.MustCompile(`href="(/[^"#]*)"`)

// lookAtPages looks at all pages of the bot that can be reached, and that nobody gets them without the password.
func (s *secrets) lookAtPages() {
	s.Helper()
	get := func(path, password string) (int, []byte) {
		r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, strings.TrimSuffix(s.pages, "/")+path, nil)
		s.must(err)
		if password != "" {
			r.SetBasicAuth("watcher", password)
		}
		a, err := http.DefaultClient.Do(r)
		s.must(err)
		defer a.Body.Close()
		text, err := io.ReadAll(a.Body)
		s.must(err)
		header, _ := json.Marshal(a.Header)
		return a.StatusCode, append(text, header...)
	}
	for _, wrong := range []string{"", "wrong"} {
		if status, _ := get("/", wrong); status != http.StatusUnauthorized {
			s.Errorf("with the password %q the pages answer %d", wrong, status)
		}
	}
	seen, todo := map[string]bool{}, []string{"/"}
	for len(todo) > 0 {
		path := todo[0]
		todo = todo[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		status, text := get(path, pagesSecret)
		if status != http.StatusOK {
			s.Errorf("the page %s answers %d", path, status)
		}
		s.clean("the page "+path, text)
		for _, m := range link.FindAllSubmatch(text, -1) {
			todo = append(todo, string(m[1]))
		}
	}
	if len(seen) < 6 {
		s.Errorf("only these pages were found: %v", seen)
	}
}

// lookAtProcesses judges what was seen of the processes that the bot started.
func (s *secrets) lookAtProcesses() {
	w := s.watch
	s.Logf("seen: %v", w.kinds)
	for _, fault := range w.faults {
		s.Error(fault)
	}
	for _, kind := range []string{"git with a token", "git without", "author", "engine"} {
		if w.kinds[kind] == 0 {
			s.Errorf("no process was seen that is %s, so nothing is proven of them", kind)
		}
	}
}
