package guideline

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// LoadAll reads every guideline below the root of fsys, in order of their ids: every *.md file that begins with front
// matter, but for README.md and what is in folders whose names begin with a dot. display goes before file names in
// problems; those of all files are reported at once.
func LoadAll(fsys fs.FS, display string) ([]Guideline, bot.Problems) {
	l := loader{fsys: fsys, display: display, ids: map[string]string{}}
	if err := fs.WalkDir(fsys, ".", l.visit); err != nil {
		l.refuse(".", fmt.Sprintf("the folder is not readable (%v): mend its permissions", err))
	}
	slices.SortFunc(l.guidelines, func(a, b Guideline) int { return strings.Compare(a.ID, b.ID) })
	return l.guidelines, l.problems.Sorted()
}

// loader gathers the guidelines of a folder.
type loader struct {
	fsys       fs.FS
	display    string
	ids        map[string]string // the file of each id
	guidelines []Guideline
	problems   bot.Problems
}

// refuse records a problem with a whole file.
func (l *loader) refuse(name, message string) {
	l.problems = append(l.problems, bot.Problem{File: path.Join(l.display, name), Severity: bot.SeverityError, Message: message})
}

// visit reads one file of the folder.
func (l *loader) visit(name string, d fs.DirEntry, err error) error {
	base := path.Base(name)
	switch {
	case err != nil:
		l.refuse(name, fmt.Sprintf("this is not readable (%v): mend its permissions", err))
		return nil
	case d.IsDir():
		if name != "." && strings.HasPrefix(base, ".") {
			return fs.SkipDir
		}
		return nil
	case !strings.EqualFold(path.Ext(base), ".md"), strings.EqualFold(base, "README.md"), strings.HasPrefix(base, "."):
		return nil
	case d.Type()&fs.ModeSymlink != 0:
		l.refuse(name, "the file is a symbolic link: replace it with the file itself")
		return nil
	case !d.Type().IsRegular():
		l.refuse(name, "this is not a regular file: replace it with one")
		return nil
	}
	data, err := l.read(name)
	if err != nil {
		l.refuse(name, fmt.Sprintf("the file is not readable (%v): mend its permissions", err))
		return nil
	}
	if hasFrontMatter(data) {
		l.take(name, data)
	}
	return nil
}

// read returns the text of a file, cut off just above what is allowed.
func (l *loader) read(name string) ([]byte, error) {
	f, err := l.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, spec.MaxFileSize+1))
}

// take parses a guideline and sees that its id is its own.
func (l *loader) take(name string, data []byte) {
	if len(data) > spec.MaxFileSize {
		l.refuse(name, fmt.Sprintf("the file has more than the %d bytes that are allowed: shorten it", spec.MaxFileSize))
		return
	}
	file := path.Join(l.display, name)
	g, source, problems := parse(file, data)
	l.problems = append(l.problems, problems...)
	if g == nil {
		return
	}
	if first, ok := l.ids[g.ID]; ok {
		line, column := source.At("/id")
		l.problems = append(l.problems, bot.Problem{File: file, Line: line, Column: column, Severity: bot.SeverityError,
			Message: fmt.Sprintf("the id %q is already that of %s: choose another", g.ID, first)})
		return
	}
	l.ids[g.ID] = file
	l.guidelines = append(l.guidelines, *g)
}
