package spec

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"

	"github.com/codicil-dev/codicil/bot"
)

// Names of the files of a product that hold its spec and ledger.
const (
	SpecFile     = "spec.yaml"
	LedgerFolder = "amendments"
)

// Document is a product's spec and ledger as they stand on disk.
type Document struct {
	// Dir is the product's folder in the file system that it was read from.
	Dir string
	// Spec is nil if spec.yaml has errors.
	Spec   *Spec
	Source *Source
	// Data is the text of spec.yaml.
	Data   []byte
	Ledger Ledger
}

// Load reads spec.yaml and the ledger of the product in folder dir of fsys, and reports the problems of all files at
// once; display goes before file names in problems. Amendments with errors are left out of the ledger. A product
// without the folder amendments has an empty ledger.
func Load(fsys fs.FS, dir string, display string) (*Document, bot.Problems) {
	l := loader{fsys: fsys, dir: dir, display: display}
	d := &Document{Dir: dir}
	if data, ok := l.read(SpecFile); ok {
		var problems bot.Problems
		d.Data = data
		d.Spec, d.Source, problems = ParseSpec(l.shown(SpecFile), data)
		l.problems = append(l.problems, problems...)
	}
	d.Ledger = l.ledger()
	return d, l.problems.Sorted()
}

// loader reads the files of one product.
type loader struct {
	fsys     fs.FS
	dir      string
	display  string
	problems bot.Problems
}

// shown is the name of a file of the product in problems.
func (l *loader) shown(name string) string { return path.Join(l.display, name) }

// refuse records a problem with a whole file.
func (l *loader) refuse(name, format string, args ...any) {
	l.problems = append(l.problems, problem(l.shown(name), 0, 0, fmt.Sprintf(format, args...)))
}

// read returns the text of a file of the product unless it is a link, irregular or too large.
func (l *loader) read(name string) (data []byte, ok bool) {
	full := path.Join(l.dir, name)
	info, err := fs.Lstat(l.fsys, full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.refuse(name, "the file does not exist: write it")
		return nil, false
	case err != nil:
		l.refuse(name, "the file is not readable (%v): mend its permissions", unwrapPath(err))
		return nil, false
	case info.Mode()&fs.ModeSymlink != 0:
		l.refuse(name, "the file is a symbolic link: replace it with the file itself")
		return nil, false
	case !info.Mode().IsRegular():
		l.refuse(name, "this is not a regular file: replace it with one")
		return nil, false
	case info.Size() > MaxFileSize:
		l.problems = append(l.problems, TooLarge(l.shown(name), info.Size()))
		return nil, false
	}
	f, err := l.fsys.Open(full)
	if err != nil {
		l.refuse(name, "the file is not readable (%v): mend its permissions", unwrapPath(err))
		return nil, false
	}
	defer f.Close()
	data, err = io.ReadAll(io.LimitReader(f, MaxFileSize+1))
	if err != nil {
		l.refuse(name, "the file is not readable (%v): mend its permissions", unwrapPath(err))
		return nil, false
	}
	return data, true
}

// unwrapPath takes the path off an error, as problems name the file already.
func unwrapPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// entryName is the name of a file of the ledger.
var entryName = regexp.MustCompile(`^([0-9]{4,})\.yaml$`)

// EntryFile is the name of the file of an amendment, from the product's folder: amendments/0002.yaml.
func EntryFile(id int) string { return path.Join(LedgerFolder, fmt.Sprintf("%04d.yaml", id)) }

// ledger reads the amendments in order.
func (l *loader) ledger() Ledger {
	info, err := fs.Lstat(l.fsys, path.Join(l.dir, LedgerFolder))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Ledger{}
	case err != nil:
		l.refuse(LedgerFolder, "the folder is not readable (%v): mend its permissions", unwrapPath(err))
		return Ledger{}
	case info.Mode()&fs.ModeSymlink != 0:
		l.refuse(LedgerFolder, "the folder is a symbolic link: replace it with the folder itself")
		return Ledger{}
	case !info.IsDir():
		l.refuse(LedgerFolder, "this must be a folder: rename the file")
		return Ledger{}
	}
	names, err := fs.ReadDir(l.fsys, path.Join(l.dir, LedgerFolder))
	if err != nil {
		l.refuse(LedgerFolder, "the folder is not readable (%v): mend its permissions", unwrapPath(err))
		return Ledger{}
	}
	var out Ledger
	present := map[int]bool{}
	for _, n := range names {
		if e, id, ok := l.entry(path.Join(LedgerFolder, n.Name())); id > 0 {
			present[id] = true
			if ok {
				out.Entries = append(out.Entries, e)
			}
		}
	}
	l.gaps(present)
	slices.SortStableFunc(out.Entries, func(a, b Entry) int { return a.Amendment.ID - b.Amendment.ID })
	return out
}

// entry reads one file of the ledger. id is the number in its name, 0 if that is no name for an amendment.
func (l *loader) entry(name string) (e Entry, id int, ok bool) {
	m := entryName.FindStringSubmatch(path.Base(name))
	if m == nil {
		l.refuse(name, "only amendments named as 0001.yaml belong in this folder: move or rename the file")
		return Entry{}, 0, false
	}
	id, err := strconv.Atoi(m[1])
	if err != nil || EntryFile(id) != path.Join(LedgerFolder, path.Base(name)) || id == 0 {
		l.refuse(name, "amendments are numbered from 0001.yaml with four digits: rename the file")
		return Entry{}, 0, false
	}
	data, readable := l.read(name)
	if !readable {
		return Entry{}, id, false
	}
	a, source, problems := ParseAmendment(l.shown(name), data)
	l.problems = append(l.problems, problems...)
	if a == nil {
		return Entry{}, id, false
	}
	if a.ID != id {
		line, column := source.At("/id")
		l.problems = append(l.problems, problem(l.shown(name), line, column,
			fmt.Sprintf("the id is %d but the file is named %s: make them agree", a.ID, path.Base(name))))
		return Entry{}, id, false
	}
	return Entry{Amendment: *a, File: l.shown(name), Data: data, Source: source}, id, true
}

// gaps reports missing numbers at the file that follows them.
func (l *loader) gaps(present map[int]bool) {
	ids := make([]int, 0, len(present))
	for id := range present {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	last := 0
	for _, id := range ids {
		switch {
		case id == last+2:
			l.refuse(EntryFile(id), "amendment %d is missing before this one: restore %s, or renumber", last+1, EntryFile(last+1))
		case id > last+2:
			l.refuse(EntryFile(id), "amendments %d to %d are missing before this one: restore them, or renumber", last+1, id-1)
		}
		last = id
	}
}
