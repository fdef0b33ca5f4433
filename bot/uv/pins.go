package uv

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"

	pep440 "github.com/aquasecurity/go-pep440-version"

	"github.com/codicil-dev/codicil/bot"
)

// The files of pins that are understood.
const (
	requirementsFile = "requirements.txt"
	compiledFrom     = "requirements.in"
	projectFile      = "pyproject.toml"
	lockFile         = "uv.lock"
)

// The limits of what a product may bring.
const (
	largestFile = 16 << 20
	mostFiles   = 50
)

// pins are a product's files of pins, read and found to be harmless.
type pins struct {
	// main is the file that decides: uv.lock, requirements.txt or pyproject.toml.
	main string
	// files holds the content of each file by its path in the product, with slashes.
	files map[string][]byte
	// lines are the requirements in requirements files, in order.
	lines []line
	// sources are the requirements in requirements.in, where requirements.txt was compiled from it.
	sources []line
	// project is what pyproject.toml says, and lock what uv.lock does, where these decide.
	project project
	lock    lock
}

// NoPinsError says that a product has no file of pins, so that there is nothing to install.
type NoPinsError struct{}

// Error names the files that were looked for.
func (e *NoPinsError) Error() string {
	return "there is no requirements.txt, and no pyproject.toml with a [project] table"
}

// readPins reads the product's files of pins. What is wrong in them is bot.Problems; none at all are a *NoPinsError.
//
// A uv.lock decides, then a requirements.txt, and pyproject.toml only if there is neither: the most exact one is meant.
func readPins(folder string) (*pins, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("read pins: %w", err)
	}
	defer root.Close()
	r := &pinReader{root: root, pins: &pins{files: map[string][]byte{}}}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("read pins: %w", err)
	}
	if err := r.problems.Err(); err != nil {
		return nil, err
	}
	return r.pins, nil
}

// read is readPins, and checks that the project is for this interpreter's version: uv does so only where it locks.
func (h *Owner) read(folder string) (*pins, error) {
	p, err := readPins(folder)
	if err != nil || p.project.python == "" {
		return p, err
	}
	version, errVersion := pep440.Parse(h.tool.python.Version)
	allowed, errAllowed := pep440.NewSpecifiers(p.project.python)
	if errVersion == nil && errAllowed == nil && !allowed.Check(version) { // what is malformed is for uv to say
		return nil, bot.Problems{{File: projectFile, Line: p.project.pythonLine, Severity: bot.SeverityError, Message: fmt.Sprintf(
			"requires-python is %s, and products are built with Python %s here", p.project.python, h.tool.python.Version)}}
	}
	return p, nil
}

// pinReader reads one product.
type pinReader struct {
	root     *os.Root
	pins     *pins
	problems bot.Problems
}

// read finds the deciding file and reads it with all that belongs to it.
func (r *pinReader) read() error {
	has := map[string]bool{}
	for _, name := range []string{requirementsFile, compiledFrom, projectFile, lockFile} {
		_, err := r.root.Lstat(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		has[name] = err == nil
	}
	p := r.pins
	switch {
	case has[lockFile] && has[projectFile]:
		p.main = lockFile
		r.readProject()
		r.readLock()
	case has[lockFile]:
		r.problem(lockFile, 0, "there is no pyproject.toml beside it: add the one that it was made from")
	case has[requirementsFile]:
		p.main = requirementsFile
		r.readRequirements(requirementsFile)
		if has[compiledFrom] {
			r.readSource()
		}
	case has[projectFile]:
		p.main = projectFile
		r.readProject()
		if !p.project.has && r.problems.Err() == nil {
			return &NoPinsError{}
		}
	default:
		return &NoPinsError{}
	}
	return nil
}

// readSource reads the file that requirements.txt was compiled from, as pip-tools and uv do it.
func (r *pinReader) readSource() {
	installed := r.pins.lines
	r.pins.lines = nil
	r.readRequirements(compiledFrom)
	r.pins.sources, r.pins.lines = r.pins.lines, installed
}

// source says whether requirements.txt was compiled from requirements.in.
func (p *pins) source() bool { return len(p.sources) > 0 }

// problem keeps a problem of the product.
func (r *pinReader) problem(file string, line int, format string, args ...any) {
	r.problems = append(r.problems, bot.Problem{File: file, Line: line, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)})
}

// file reads a file into the pins; ok is false if it is there already, or cannot be had.
func (r *pinReader) file(name string, from string, at int) (content []byte, ok bool) {
	if _, known := r.pins.files[name]; known {
		return nil, false
	}
	if len(r.pins.files) == mostFiles {
		r.problem(from, at, "there are more than %d files of pins", mostFiles)
		return nil, false
	}
	content, err := readRegular(r.root, name)
	if err != nil {
		var at2 *fs.PathError
		if errors.As(err, &at2) {
			err = at2.Err
		}
		r.problem(from, at, "%s is not readable: %v", name, err)
		return nil, false
	}
	r.pins.files[name] = content
	return content, true
}

// readRegular reads a file of at most largestFile bytes. A pipe or a device is not opened.
func readRegular(root *os.Root, name string) ([]byte, error) {
	name = filepath.FromSlash(name)
	info, err := root.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a file")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err == nil && len(content) > largestFile {
		err = fmt.Errorf("it is larger than %d MB", largestFile>>20)
	}
	return content, err
}

// names are the paths of the files, sorted.
func (p *pins) names() []string {
	names := make([]string, 0, len(p.files))
	for name := range p.files {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// write lays copies of the files into a folder.
func (p *pins) write(dir string) error {
	for name, content := range p.files {
		if err := writeFile(dir, name, content); err != nil {
			return fmt.Errorf("copy pins for uv: %w", err)
		}
	}
	return nil
}

// writeFile writes a file into the folder, with the folders that lead to it.
func writeFile(dir, name string, content []byte) error {
	to := filepath.Join(dir, filepath.FromSlash(path.Clean(name)))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
