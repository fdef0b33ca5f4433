package product

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// Seed is a file of data that becomes a table. An empty field of a CSV file, quoted or not, is NULL.
type Seed struct {
	// Table is the table's name, the file's name without its extension: table, or schema.table.
	Table string
	// Path is relative to the product's folder; File is absolute.
	Path, File string
	// Hash is the SHA-256 of the file, in hex.
	Hash string
	// Types are the declared types by lower-case column name; other columns are inferred from all rows, and are VARCHAR
	// if no row holds a value.
	Types map[string]string
	// NewColumns, if set, is a later version of the same seed. Its additional columns are joined to this one's rows.
	NewColumns *Seed
}

// isCSV says whether the seed is a CSV file; else it is Parquet.
func (s Seed) isCSV() bool { return strings.EqualFold(path.Ext(s.Path), ".csv") }

// Seeds returns the product's seeds, in order of their paths. Files that can't be read as data are problems, and columns
// whose type can't be known are warnings.
func (p *Product) Seeds() ([]Seed, bot.Problems) {
	seeds, _, problems := p.readSeeds()
	return seeds, problems
}

// readSeeds is Seeds, with the tables of the files that were left out.
func (p *Product) readSeeds() (seeds []Seed, absent tableSet, problems bot.Problems) {
	names, absent, problems := p.list("seeds", ".csv", ".parquet")
	seen := map[string]string{}
	for _, name := range names {
		s := Seed{Table: stem(name), Path: name, File: filepath.Join(p.Dir(), filepath.FromSlash(name))}
		found := p.readSeed(&s, seen)
		problems = append(problems, found...)
		if found.Err() != nil {
			absent.add(s.Table)
			continue
		}
		seeds = append(seeds, s)
	}
	return seeds, absent, append(problems, p.undeclared(names)...)
}

// readSeed looks through one seed's file. seen are the files of tables that were there before.
func (p *Product) readSeed(s *Seed, seen map[string]string) bot.Problems {
	refuse := func(at place, format string, args ...any) bot.Problems {
		return bot.Problems{{File: p.file(s.Path), Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...)}}
	}
	if err := checkTableName(s.Table); err != nil {
		return refuse(place{}, "%v", err)
	}
	key := TableKey(s.Table)
	if first, ok := seen[key]; ok {
		return refuse(place{}, "makes the table %s, as %s does; rename one", s.Table, first)
	}
	seen[key] = s.Path
	found := p.look(*s)
	if found.err != nil {
		return refuse(found.at, "%v", found.err)
	}
	s.Hash = found.hash
	s.Types = p.seedTypes(s.Table)
	if !s.isCSV() {
		return nil
	}
	problems := p.misdeclared(*s, found.columns)
	var untyped []string
	for _, c := range found.empty {
		if _, ok := s.Types[spec.FoldName(c)]; !ok {
			untyped = append(untyped, c)
		}
	}
	if len(untyped) > 0 {
		problems = append(problems, bot.Problem{File: p.file(s.Path), Line: 1, Severity: bot.SeverityWarning,
			Message: fmt.Sprintf("no row holds a value of %s, so that VARCHAR is taken for the type; declare it in %s: seeds: {%s: {types: {%s: …}}}",
				strings.Join(untyped, ", "), ConfigFile, s.Table, untyped[0])})
	}
	return problems
}

// seedTypes are the types that product.yaml declares for a seed's columns, or else the spec for the table of that name.
func (p *Product) seedTypes(table string) map[string]string {
	types := map[string]string{}
	if t, ok := p.Spec().Table(table); ok {
		for _, c := range t.Columns {
			if typ, err := sqltype.Parse(c.Type); err == nil {
				types[spec.FoldName(c.Name)] = typ.Physical().String()
			}
		}
	}
	for name, s := range p.Config.Seeds {
		if !spec.SameName(name, table) {
			continue
		}
		for column, declared := range s.Types {
			if typ, err := sqltype.Parse(declared); err == nil {
				types[spec.FoldName(column)] = typ.Physical().String()
			}
		}
	}
	return types
}

// misdeclared are the columns that product.yaml declares for a seed that has none of that name.
func (p *Product) misdeclared(s Seed, columns []string) bot.Problems {
	var problems bot.Problems
	for name, declared := range p.Config.Seeds {
		if !spec.SameName(name, s.Table) {
			continue
		}
		for column := range declared.Types {
			if !containsFold(columns, column) {
				problems = append(problems, p.configProblem("/seeds/"+pointer(name)+"/types/"+pointer(column),
					fmt.Sprintf("%s has no column %s; correct the name, or take the line out", s.Path, column)))
			}
		}
	}
	return problems.Sorted()
}

// undeclared are the seeds that product.yaml names and that are not there.
func (p *Product) undeclared(files []string) bot.Problems {
	tables := tableSet{}
	for _, f := range files {
		tables.add(stem(f))
	}
	var names []string
	for name := range p.Config.Seeds {
		if !tables.has(name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var problems bot.Problems
	for _, name := range names {
		problems = append(problems, p.configProblem("/seeds/"+pointer(name), fmt.Sprintf("there is no seed %s; correct the name, or take the line out", name)))
	}
	return problems
}

// look is what a first look at a seed's file tells.
type look struct {
	scan
	hash string
	// err says what is wrong with the file, and at where.
	err error
	at  place

	size    int64
	changed time.Time
}

// look looks at a seed's file, unless it did before and the file has not changed since.
func (p *Product) look(s Seed) look {
	info, err := os.Stat(s.File)
	if err != nil {
		return look{err: errorOnly(err)}
	}
	if p.looks != nil {
		if before, ok := p.looks.Load(s.Path); ok {
			if l := before.(look); l.size == info.Size() && l.changed.Equal(info.ModTime()) {
				return l
			}
		}
	}
	l := look{size: info.Size(), changed: info.ModTime()}
	if l.scan, l.at, l.err = checkSeed(s.File); l.err == nil {
		if l.hash, err = p.hashFile(s.Path); err != nil {
			l.err = errorOnly(err)
		}
	}
	if p.looks != nil {
		p.looks.Store(s.Path, l)
	}
	return l
}

// checkSeed refuses files that are not what their extension says, before a database reads them.
func checkSeed(file string) (scan, place, error) {
	f, err := os.Open(file)
	if err != nil {
		return scan{}, place{}, errorOnly(err)
	}
	defer f.Close()
	if strings.EqualFold(filepath.Ext(file), ".parquet") {
		magic := make([]byte, 4)
		if _, err := io.ReadFull(f, magic); err != nil || string(magic) != "PAR1" {
			return scan{}, place{}, errors.New("is not a Parquet file; write it again, or rename it")
		}
		return scan{}, place{}, nil
	}
	return checkCSV(f)
}
