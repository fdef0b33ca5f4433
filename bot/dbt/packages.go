package dbt

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot"
)

// mostYAML is how large a file of settings may be, in bytes.
const mostYAML = 1 << 20

// settings is what is read of a dbt_project.yml without dbt.
type settings struct {
	name, profile string
	// installed is the folder that packages are installed in.
	installed string
}

// readProject reads dbt_project.yml. Templates are left as they are.
func readProject(p Project) (s settings, problems bot.Problems) {
	refuse := func(line int, format string, args ...any) (settings, bot.Problems) {
		return s, bot.Problems{p.problem(ProjectFile, line, format, args...)}
	}
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return refuse(0, "the folder can't be opened: %v", withoutPath(err))
	}
	defer root.Close()
	var doc struct {
		Name      string `yaml:"name"`
		Profile   string `yaml:"profile"`
		Installed string `yaml:"packages-install-path"`
	}
	switch err := readYAML(root, ProjectFile, &doc); {
	case errors.Is(err, fs.ErrNotExist):
		return refuse(0, "the file is not there, so that this is no dbt project")
	case err != nil:
		line := 0
		if m := atLine.FindStringSubmatch(err.Error()); m != nil {
			line = number(m[1])
		}
		return refuse(line, "the file can't be read: %v", withoutPath(err))
	}
	s = settings{doc.Name, doc.Profile, doc.Installed}
	if s.name == "" {
		return refuse(0, "the project has no name; give it one, as in name: shop")
	}
	if s.profile == "" {
		s.profile = "codicil"
		if !p.Profile.own() {
			return refuse(0, "the project names no profile; name one, as in profile: %s", s.name)
		}
	}
	if s.installed == "" {
		s.installed = "dbt_packages"
	}
	return s, nil
}

// readYAML reads a small file of the project.
func readYAML(root *os.Root, name string, into any) error {
	f, err := openRegular(root, name, mostYAML)
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostYAML))
	if err != nil {
		return err
	}
	return yaml.Unmarshal(data, into)
}

// withoutPath takes the path off an error, as problems name the file already.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// listed are the packages that a project lists.
type listed struct {
	file  string
	line  int
	other int // those that have to be fetched
	local []string
}

// packages sees to it that the packages are there. Those that lie in the project need no network; others are fetched only if that is allowed. As dbt
// installs into the project, that is done in a copy of it, which the returned project is.
func (t *Tool) packages(ctx context.Context, p Project, s settings) (Project, bot.Problems, error) {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return p, nil, err
	}
	defer root.Close()
	l, problems := readPackages(p, root)
	if problems.Err() != nil || l.file == "" {
		return p, problems, nil
	}
	if info, err := root.Lstat(path.Clean(s.installed)); err == nil && info.IsDir() {
		return p, nil, nil // dbt says so itself if one is missing
	}
	if l.other > 0 && !p.Fetch {
		return p, bot.Problems{p.problem(l.file, l.line, "lists packages that would have to be fetched, which is not allowed here; put them into %s in the repository (run dbt deps, and commit it), or allow the network for it", s.installed)}, nil
	}
	dir := p.in(copyFolder)
	if err := copyTree(ctx, root, dir); err != nil {
		return p, nil, err
	}
	copied := p
	copied.Dir = dir
	exit, output, err := t.call(ctx, copied, "deps")
	if err != nil || exit == 0 {
		return copied, nil, err
	}
	return copied, bot.Problems{p.problem(l.file, l.line, "dbt deps ended with code %d; the last that it said: %s", exit, p.clean(lastLines(output)))}, nil
}

// readPackages reads packages.yml, or dependencies.yml.
func readPackages(p Project, root *os.Root) (l listed, problems bot.Problems) {
	for _, file := range []string{"packages.yml", "dependencies.yml"} {
		var doc struct {
			Packages yaml.Node `yaml:"packages"`
		}
		err := readYAML(root, file, &doc)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(doc.Packages.Content) == 0 {
			continue
		}
		if err != nil {
			return l, bot.Problems{p.problem(file, 0, "the file can't be read: %v", withoutPath(err))}
		}
		l.file, l.line = file, doc.Packages.Line
		for _, n := range doc.Packages.Content {
			var one struct {
				Local string `yaml:"local"`
			}
			if err := n.Decode(&one); err != nil || one.Local == "" {
				l.other++
				continue
			}
			if !filepath.IsLocal(filepath.FromSlash(one.Local)) {
				return l, bot.Problems{p.problem(file, n.Line, "the package %s lies outside of the project; move it into it", one.Local)}
			}
			l.local = append(l.local, one.Local)
		}
		return l, nil
	}
	return l, nil
}

// copyTree copies regular files and folders; links are left out, and so is what git keeps.
func copyTree(ctx context.Context, root *os.Root, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		target := filepath.Join(to, filepath.FromSlash(name))
		switch {
		case entry.IsDir() && path.Base(name) == ".git":
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o700)
		case !entry.Type().IsRegular() || strings.HasPrefix(name, ".git/"):
			return nil
		}
		return copyFile(root, name, target)
	})
}

func copyFile(root *os.Root, name, to string) error {
	from, err := root.Open(name)
	if err != nil {
		return err
	}
	defer from.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, from)
	return errors.Join(err, f.Close())
}
