package demo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/state"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// harm is a commit as git fast-import reads it.
type harm struct{ bytes.Buffer }

func (s *harm) file(mode, path, text string) {
	fmt.Fprintf(s, "M %s inline %s\ndata %d\n%s\n", mode, strconv.Quote(path), len(text), text)
}

// pushes makes a commit on top of the default branch of an owner's repository, and pushes it as git does.
func (p *play) pushes(owner, name, by, branch string, s *harm) {
	p.Helper()
	token, err := p.town.Token(by)
	if err != nil {
		p.Fatal(err)
	}
	dir := p.TempDir()
	run := func(in []byte, args ...string) string {
		cmd := exec.CommandContext(context.Background(), "git", append([]string{"-c", "http.extraHeader=Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("x:"+token))}, args...)...)
		cmd.Dir, cmd.Stdin = dir, bytes.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			p.Fatalf("git %s: %v\n%s", args[0], err, out)
		}
		return strings.TrimSpace(string(out))
	}
	run(nil, "init", "--quiet", "--bare", ".")
	url := p.town.URL() + "/" + owner + "/" + name + ".git"
	run(nil, "fetch", "--quiet", url, "+refs/heads/main:refs/heads/main")
	stream := fmt.Sprintf("commit refs/heads/new\ncommitter %s <%s@localhost> %d +0000\ndata 4\nharm\nfrom %s\n%s\n", by, by, time.Now().Unix(), run(nil, "rev-parse", "refs/heads/main"), s.String())
	run([]byte(stream), "fast-import", "--quiet")
	run(nil, "push", "--quiet", url, "refs/heads/new:refs/heads/"+branch)
}

// peak is the most memory that this process has had, in MB; 0 where that is not to be known.
func peak() (mb int) {
	text, _ := os.ReadFile("/proc/self/status")
	if m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text); m != nil {
		mb, _ = strconv.Atoi(string(m[1]))
	}
	return mb / 1024
}

// Bounds of what the worst repositories may cost, forge included, on a machine that is busy with other tests.
const (
	mostMemory = 1500 // MB
	mostTime   = 3 * time.Minute
)

// TestRepositoriesMadeToHurt has repositories in which everything is wrong that git allows, while an honest one is worked on.
func TestRepositoriesMadeToHurt(t *testing.T) {
	pwned := filepath.Join(t.TempDir(), "pwned")
	p := street(t, map[string][]tiny.Product{"commerce": {{Name: "orders"}}, "finance": {{Name: "bills"}}, "marketing": {{Name: "mails"}}}, demo.Options{}, &tiny.Model{})
	start, before := time.Now(), peak()
	finance := &harm{}
	for i := range 200_000 {
		finance.file("100644", fmt.Sprintf("many/%03d/%03d.sql", i/500, i%500), "")
	}
	spec := tiny.Product{Name: "far"}.Files()["spec.yaml"]
	finance.file("120000", "linked/spec.yaml", "../finance/bills/spec.yaml")
	finance.file("120000", "secret/spec.yaml", "/etc/passwd")
	finance.file("120000", "shadow", "finance/bills")
	finance.file("120000", "out", "../../../../../../..")
	finance.file("120000", "finance/bills/models/outside.sql", "/etc/passwd")
	fmt.Fprintf(finance, "M 160000 %s module\nM 160000 %s moduled/spec.yaml\n", strings.Repeat("1", 40), strings.Repeat("2", 40))
	finance.file("100644", ".gitmodules", "[submodule \"m\"]\n\tpath = module\n\turl = https://evil.example/m.git\n")
	finance.file("100644", "big/spec.yaml", spec+"# "+strings.Repeat("x", 10<<20))
	finance.file("100644", "CODEOWNERS", strings.Repeat("/finance/ @ada @omar\n", 200_000))
	for _, dir := range []string{"", "finance/bills/"} {
		finance.file("100644", dir+".gitattributes", "* filter=evil diff=evil merge=evil text eol=crlf ident working-tree-encoding=UTF-16 export-subst\nmodels/** export-ignore\nspec.yaml export-ignore\n")
		finance.file("100644", dir+".lfsconfig", "[lfs]\n\turl = https://evil.example\n")
		finance.file("100755", dir+"hooks/post-checkout", "#!/bin/sh\ntouch "+pwned+"\n")
		finance.file("100644", dir+"config", "[core]\n\tfsmonitor = \"touch "+pwned+"\"\n[filter \"evil\"]\n\tsmudge = touch "+pwned+"\n\tclean = touch "+pwned+"\n")
		finance.file("100644", dir+"HEAD", "ref: refs/heads/main\n")
	}
	finance.file("100644", "finance/bills/models/bills.sql", "-- $Id$ $Format:%an$\nselect\n    id,\n    cents\nfrom bills_clean\n")
	p.pushes("finance", demo.Repository, "omar", "main", finance)
	marketing := &harm{}
	for i := range 2001 {
		name := fmt.Sprintf("p%04d", i)
		for file, text := range (tiny.Product{Name: name}).Files() {
			marketing.file("100644", "all/"+name+"/"+file, text)
		}
	}
	p.pushes("marketing", demo.Repository, "mia", "main", marketing)
	rules := &harm{}
	rules.file("100644", "long.md", "---\nid: long\ntitle: Long\napplies_to: 'true'\n---\n# Long\n\n**Rule.** "+strings.Repeat("word ", 4<<20)+"\n")
	p.pushes(demo.Rules, demo.RulesRepository, "ada", "main", rules)
	// All the while, others get what they ask for.
	h := p.house("commerce", "orders")
	issue := h.asks("jane", "add a column size")
	c := h.opened(0)
	h.hears(issue, "is ready to be looked at", c.URL)
	t.Logf("an honest change took %v meanwhile", time.Since(start).Round(time.Second))
	bills := p.house("finance", "bills")
	asked := bills.asks("omar", "add a column size")
	change := bills.opened(0)
	bills.hears(asked, "is ready to be looked at", change.URL)
	if text := bills.file(change.Branch, "models/bills.sql"); !strings.Contains(text, "-- $Id$ $Format:%an$\n") || strings.Contains(text, "\r") {
		t.Errorf("attributes had an effect:\n%s", text)
	}
	took, used := time.Since(start), peak()-before
	t.Logf("all took %v and %d MB more at the peak", took.Round(time.Second), used)
	if took > mostTime || used > mostMemory {
		t.Errorf("it took %v and %d MB, which is more than %v or %d MB", took, used, mostTime, mostMemory)
	}
	names := map[string]bool{}
	p.view(func(tx *state.Tx) error {
		all, err := tx.Products()
		for _, x := range all {
			names[x.Path] = true
		}
		return err
	})
	for _, path := range []string{"linked", "secret", "shadow", "out", "module", "moduled"} {
		if names[path] {
			t.Errorf("%s is taken for a product", path)
		}
	}
	t.Logf("%d products are known", len(names))
	branchesMadeToHurt(h, pwned)
	if _, err := os.Stat(pwned); err == nil {
		t.Error("something in a repository was run")
	}
	p.nothingActed()
}

// branchesMadeToHurt has merge requests come from branches whose names act.
func branchesMadeToHurt(h house, pwned string) {
	for i, name := range []string{"a;touch${IFS}" + strings.ReplaceAll(pwned, "/", "-"), "$(touch${IFS}x)", "`id`", "@ada", "<img-src=x>", "x|y&z", "fixes-#1", "](https%3A", "'\"--", "\u202eevil", "ref{s}"} {
		h.commits(name, name, map[string]string{fmt.Sprintf("models/%d;`id`.md", i): "x"})
		pull, err := h.town.Person("jane").OpenPull(h.Context(), "commerce", demo.Repository, localforge.NewPull{Title: "From " + name, Head: name, Base: "main"})
		h.must(err)
		h.until("the merge request from "+name+" is verified", func() bool { return len(h.thread(pull).Checks) > 0 && h.thread(pull).Checks[0].Status == "completed" }, nil)
		h.inertThread("commerce", demo.Repository, pull)
	}
}
