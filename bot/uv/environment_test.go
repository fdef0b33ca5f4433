package uv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot"
)

// town is the index of most tests.
func town(t *testing.T) *index {
	return newIndex(t,
		release{name: "frame", version: "1.5.3", requires: []string{"num>=1"}},
		release{name: "frame", version: "1.5.4", requires: []string{"num>=1"}},
		release{name: "frame", version: "2.0", requires: []string{"num>=2"}},
		release{name: "frame", version: "2.1", requires: []string{"num>=2"}, yanked: "broken"},
		release{name: "num", version: "1.0"},
		release{name: "num", version: "1.1"},
		release{name: "num", version: "2.0"},
		release{name: "gone", version: "0.9"},
		release{name: "gone", version: "1.0", yanked: "wrong\nresults"},
	)
}

// environment makes an environment that is closed when the test ends.
func environment(t *testing.T, h *Owner, dir string) *Environment {
	t.Helper()
	e, err := h.Environment(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// has checks what is installed.
func (e *Environment) has(t *testing.T, want ...string) {
	t.Helper()
	var got []string
	for _, p := range e.Packages {
		got = append(got, p.Name+"=="+p.Version)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("packages: %s", diff)
	}
	for _, p := range e.Packages { // they are the test's own, so that they may run
		out, err := exec.Command(e.Python, "-c", "import "+p.Name+"; print("+p.Name+".version)").CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != p.Version {
			t.Errorf("import %s: %s, %v, want %s", p.Name, out, err, p.Version)
		}
	}
}

func TestEnvironmentFromEachSource(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x))
	project := projectWith("dependencies = [\n  'frame<2',\n]\n[dependency-groups]\ndev = ['gone==0.9']\ndocs = ['num<1']\n")
	hash := "--hash=sha256:"
	for name, c := range map[string]struct {
		files []string
		want  []string
	}{
		"requirements": {[]string{requirementsFile, "frame==1.5.3\n-c c.txt\n", "c.txt", "num<2\n"}, []string{"frame==1.5.3", "num==1.1"}},
		"hashes": {[]string{requirementsFile, "frame==1.5.3 \\\n  " + hash + x.hash("frame", "1.5.3") + "\nnum==1.0 " + hash + x.hash("num", "1.0") + "\n"},
			[]string{"frame==1.5.3", "num==1.0"}},
		"project": {[]string{projectFile, project}, []string{"frame==1.5.4", "gone==0.9", "num==2.0"}},
		"nothing": {[]string{requirementsFile, "# nothing\n"}, nil},
	} {
		t.Run(name, func(t *testing.T) { environment(t, h, folder(t, c.files...)).has(t, c.want...) })
	}
	t.Run("lock", func(t *testing.T) {
		dir := folder(t, projectFile, projectWith("dependencies = ['frame==1.5.3', 'num']\n"))
		lockProject(t, h, dir)
		x.add(t, release{name: "num", version: "3.0"})
		environment(t, h, dir).has(t, "frame==1.5.3", "num==2.0")
	})
}

// lockProject makes the uv.lock of a project.
func lockProject(t *testing.T, h *Owner, dir string) {
	t.Helper()
	if _, err := h.run(t.Context(), command{dir: dir, args: []string{"lock", "--python", h.tool.python.Path}}); err != nil {
		t.Fatal(err)
	}
}

func TestEnvironmentIsKept(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x))
	first := environment(t, h, folder(t, requirementsFile, "frame==1.5.3\n"))
	asked := x.asked("/")
	second := environment(t, owner(t, begin(t, x, func(o *Options) { o.Cache = h.tool.options.Cache })), folder(t, requirementsFile, "frame==1.5.3\n"))
	if !first.Made || second.Made || second.Folder != first.Folder || x.asked("/") != asked {
		t.Errorf("the second of the same pins: made %v, in %s, %d requests, want the first one's", second.Made, second.Folder, x.asked("/")-asked)
	}
	second.has(t, "frame==1.5.3", "num==2.0")
	if third := environment(t, h, folder(t, requirementsFile, "frame==1.5.4\n")); third.Folder == first.Folder {
		t.Error("other pins have the same environment")
	}
	other, err := h.tool.Owner("other")
	if err != nil {
		t.Fatal(err)
	}
	before := x.asked("/files/")
	if e := environment(t, other, folder(t, requirementsFile, "frame==1.5.3\n")); !e.Made || x.asked("/files/") < before+2 {
		t.Error("another owner has the same environment, or its packages from the same cache")
	}
}

func TestEnvironmentThatBrokeIsMadeAnew(t *testing.T) {
	h := owner(t, begin(t, town(t)))
	dir := folder(t, requirementsFile, "num==1.0\n")
	for name, breaking := range map[string]func(e *Environment) error{
		"half-made": func(e *Environment) error { return os.Remove(filepath.Join(e.Folder, madeFile)) },
		"a file is missing": func(e *Environment) error {
			return os.Remove(filepath.Join(e.Folder, "lib", "python"+h.tool.python.minor(), "site-packages", "num", "__init__.py"))
		},
		"a file is cut": func(e *Environment) error {
			return os.Truncate(filepath.Join(e.Folder, "lib", "python"+h.tool.python.minor(), "site-packages", "num", "__init__.py"), 1)
		},
		"another interpreter": func(e *Environment) error {
			return errors.Join(os.Remove(e.Python), os.Symlink("/bin/false", e.Python))
		},
		"no interpreter": func(e *Environment) error { return os.Remove(e.Python) },
		"no description": func(e *Environment) error { return os.Truncate(filepath.Join(e.Folder, madeFile), 3) },
	} {
		t.Run(name, func(t *testing.T) {
			e, err := h.Environment(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(e.Close(), breaking(e)); err != nil {
				t.Fatal(err)
			}
			again := environment(t, h, dir)
			if !again.Made {
				t.Error("it was not made anew")
			}
			again.has(t, "num==1.0")
			_ = again.Close()
		})
	}
}

func TestEnvironmentProblems(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x))
	wrong := strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"no such version":  {[]string{requirementsFile, "num\nframe==9\n"}, "requirements.txt:2: "},
		"no such package":  {[]string{requirementsFile, "num\n\nnothere==1\n"}, "requirements.txt:3: "},
		"no requirement":   {[]string{requirementsFile, "num\nframe=>1\n"}, "requirements.txt:2: "},
		"contradiction":    {[]string{requirementsFile, "frame==2.0\nnum==1.0\n"}, "requirements.txt:"},
		"wrong hash":       {[]string{requirementsFile, "num==1.0 --hash=sha256:" + wrong + "\n"}, "requirements.txt:1: "},
		"in a second file": {[]string{requirementsFile, "num\n-r d/b.txt\n", "d/b.txt", "# x\nframe=>1\n"}, "d/b.txt:2: "},
		"in a project":     {[]string{projectFile, projectWith("dependencies = [\n'num',\n'frame==9',\n]\n")}, "pyproject.toml:7: "},
		"other Python":     {[]string{projectFile, "[project]\nname = 'p'\nversion = '1'\nrequires-python = '>=3.99'\n"}, "pyproject.toml:4: requires-python is >=3.99, and products are built with Python 3."},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Environment(t.Context(), folder(t, c.files...))
			var problems bot.Problems
			if !errors.As(err, &problems) || !strings.HasPrefix(problems.Error(), c.want) {
				t.Errorf("Environment: %v, want a problem at %s", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), h.folder) {
				t.Errorf("the error shows a path of this machine: %v", err)
			}
		})
	}
	t.Run("wrong hash in a lock", func(t *testing.T) {
		dir := folder(t, projectFile, projectWith("dependencies = ['num==1.0']\n"))
		lockProject(t, h, dir)
		if err := writeFile(dir, lockFile, []byte(strings.ReplaceAll(content(t, dir, lockFile), x.hash("num", "1.0"), wrong))); err != nil {
			t.Fatal(err)
		}
		_, err := h.Environment(t.Context(), dir)
		var problems bot.Problems
		if !errors.As(err, &problems) {
			t.Errorf("Environment: %v, want a problem", err)
		}
	})
	left, err := os.ReadDir(filepath.Join(h.folder, scratchFolder))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

// TestMain makes an environment instead of running tests where a test asks for that, as another process.
func TestMain(m *testing.M) {
	if dir := os.Getenv("UV_TEST_PRODUCT"); dir != "" {
		tool, err := New(context.Background(), Options{Index: os.Getenv("UV_TEST_INDEX"), Cache: os.Getenv("UV_TEST_CACHE")})
		if err == nil {
			var h *Owner
			if h, err = tool.Owner("acme"); err == nil {
				var e *Environment
				if e, err = h.Environment(context.Background(), dir); err == nil {
					fmt.Print(e.Made)
				}
			}
		}
		if err != nil {
			fmt.Print(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestEnvironmentIsMadeOnceByManyProcesses(t *testing.T) {
	needUV(t)
	x := town(t)
	cache, dir := t.TempDir(), folder(t, requirementsFile, "frame==1.5.3\n")
	var group sync.WaitGroup
	answers := make([]string, 4)
	for i := range answers {
		group.Go(func() {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "UV_TEST_PRODUCT="+dir, "UV_TEST_INDEX="+x.url(), "UV_TEST_CACHE="+cache)
			out, _ := cmd.CombinedOutput()
			answers[i] = string(out)
		})
	}
	group.Wait()
	if all := strings.Join(answers, " "); strings.Count(all, "true") != 1 || strings.Count(all, "false") != len(answers)-1 {
		t.Errorf("made: %s, want it once", all)
	}
}

func TestEnvironmentIsNotMadeTwice(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x))
	dir := folder(t, requirementsFile, "num==1.0\n")
	e := environment(t, h, dir)
	_ = e.Close()
	p, err := h.read(dir)
	if err != nil {
		t.Fatal(err)
	}
	late := &Environment{Folder: e.Folder, Python: e.Python, Key: e.Key} // as if it had looked before the first was done
	if err := h.makeOnce(t.Context(), p, late); err != nil || late.Made {
		t.Errorf("makeOnce: %v, made %v", err, late.Made)
	}
}

func TestEnvironmentCancel(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x))
	dir := folder(t, requirementsFile, "num==1.0\n")
	ctx, cancel := context.WithCancel(t.Context())
	reached := make(chan struct{})
	x.hold = func(r *http.Request) {
		close(reached)
		<-r.Context().Done()
	}
	done := make(chan error, 1)
	go func() {
		_, err := h.Environment(ctx, dir)
		done <- err
	}()
	<-reached
	waiting := make(chan error, 1)
	go func() {
		limited, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err := h.Environment(limited, dir)
		waiting <- err
	}()
	if err := <-waiting; !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the one that waits: %v", err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the one that installs: %v", err)
	}
	x.mu.Lock()
	x.hold = nil
	x.mu.Unlock()
	environment(t, h, dir).has(t, "num==1.0")
}

func TestEnvironmentRunsNothing(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "ran")
	evil := "import os; open(" + fmt.Sprintf("%q", mark) + ", 'w').close()\n"
	x := newIndex(t, release{name: "evil", version: "1.0", files: map[string]string{
		"evil.pth": evil, "sitecustomize.py": evil}},
		release{name: "evil", version: "1.1"},
		release{name: "replacing", version: "1.0", files: map[string]string{"replacing-1.0.data/data/bin/python": "#!/bin/sh\ntouch " + mark + "\n"}},
		release{name: "replacing", version: "1.1", files: map[string]string{"replacing-1.1.data/scripts/python": "#!/bin/sh\ntouch " + mark + "\n"}})
	h := owner(t, begin(t, x))
	dir := folder(t, requirementsFile, "evil==1.0\n")
	e := environment(t, h, dir)
	if _, err := h.Newer(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	_ = environment(t, h, dir)
	var problems bot.Problems
	for _, version := range []string{"1.0", "1.1"} {
		if _, err := h.Environment(t.Context(), folder(t, requirementsFile, "replacing=="+version+"\n")); !errors.As(err, &problems) {
			t.Errorf("Environment, with the interpreter replaced as in %s: %v, want a problem", version, err)
		}
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("code of a package ran outside of any confinement")
	}
	_ = exec.Command(e.Python, "-c", "pass").Run() // so that this test can fail
	if _, err := os.Stat(mark); err != nil {
		t.Error("the package would not have run at all")
	}
}

func TestEnvironmentBuildsNothing(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "ran")
	setup := "open(" + fmt.Sprintf("%q", mark) + ", 'w').close()\n"
	x := newIndex(t, release{name: "raw", version: "1.0", source: setup}, release{name: "raw", version: "0.9"})
	h := owner(t, begin(t, x))
	environment(t, h, folder(t, requirementsFile, "raw\n")).has(t, "raw==0.9")
	project := projectWith("dependencies = ['raw==1.0']\n[build-system]\nrequires = []\nbuild-backend = 'setup'\nbackend-path = ['.']\n")
	for name, files := range map[string][]string{
		"requirements": {requirementsFile, "# x\nraw==1.0\n"},
		"project":      {projectFile, project, "setup.py", setup},
	} {
		dir := folder(t, files...)
		_, err := h.Environment(t.Context(), dir)
		var problems bot.Problems
		if !errors.As(err, &problems) || problems[0].Line == 0 {
			t.Errorf("%s: Environment: %v, want a problem on a line", name, err)
		}
		if _, err := h.Newer(t.Context(), dir); !errors.As(err, &problems) {
			t.Errorf("%s: Newer: %v, want problems", name, err)
		}
	}
	lock := folder(t, projectFile, projectWith("dependencies = ['raw<1']\n"))
	lockProject(t, h, lock)
	if changed, err := h.Bump(t.Context(), lock, nil, true); err != nil || len(changed) > 0 {
		t.Errorf("Bump: %v, %v: it takes a version that has to be built", changed, err)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("a package was built")
	}
}

func TestEnvironmentStaysInside(t *testing.T) {
	for name, file := range map[string]string{"up": "../../../../../../../escaped", "data": "evil-1.0.data/data/../../../escaped", "absolute": "/tmp/codicil-uv-escaped"} {
		t.Run(name, func(t *testing.T) {
			x := newIndex(t, release{name: "evil", version: "1.0", files: map[string]string{file: "x"}})
			h := owner(t, begin(t, x))
			e, err := h.Environment(t.Context(), folder(t, requirementsFile, "evil\n"))
			if err == nil {
				defer e.Close()
			}
			inside := filepath.Join(h.folder, environmentsFolder)
			_ = filepath.WalkDir(h.tool.options.Cache, func(path string, _ fs.DirEntry, _ error) error {
				if filepath.Base(path) == "escaped" && (e == nil || !strings.HasPrefix(path, e.Folder+"/")) && !strings.HasPrefix(path, filepath.Join(h.folder, cacheFolder)+"/") {
					t.Errorf("a package wrote %s, and not only in %s", path, inside)
				}
				return nil
			})
			for _, outside := range []string{"/tmp/codicil-uv-escaped", filepath.Join(filepath.Dir(h.tool.options.Cache), "escaped")} {
				if _, err := os.Lstat(outside); err == nil {
					t.Errorf("a package wrote %s", outside)
				}
			}
		})
	}
}

func TestLockThatIsOld(t *testing.T) {
	h := owner(t, begin(t, town(t)))
	dir := folder(t, projectFile, projectWith("dependencies = ['num==1.0']\n"))
	lockProject(t, h, dir)
	if err := writeFile(dir, projectFile, []byte(projectWith("dependencies = ['num==1.1']\n"))); err != nil {
		t.Fatal(err)
	}
	_, err := h.Environment(t.Context(), dir)
	var problems bot.Problems
	if !errors.As(err, &problems) || problems[0].File != lockFile {
		t.Errorf("Environment: %v, want a problem in uv.lock", err)
	}
}
