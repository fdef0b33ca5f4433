package product

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// Seed is a file of data that becomes a table.
type Seed struct {
	// Table is the table's name: the file's name without its extension.
	Table string
	// Path is relative to the product's folder; File is absolute.
	Path, File string
	// Hash is the SHA-256 of the file, in hex.
	Hash string
	// Types are the declared types by lower-case column name; other columns are inferred from all rows.
	Types map[string]string
	// NewColumns, if set, is a later version of the same seed. Its additional columns are joined to this one's rows.
	NewColumns *Seed
}

// Seeds returns the product's seeds, in order of their paths. Files that can't be read as data are problems.
func (p *Product) Seeds() ([]Seed, bot.Problems) {
	names, problems := p.list("seeds", ".csv", ".parquet")
	var seeds []Seed
	seen := map[string]string{}
	for _, name := range names {
		file := filepath.Join(p.Dir(), filepath.FromSlash(name))
		table := strings.TrimSuffix(path.Base(name), path.Ext(name))
		if first, ok := seen[strings.ToLower(table)]; ok {
			problems = append(problems, bot.Problem{File: p.file(name), Message: fmt.Sprintf("makes the table %s, as %s does; rename one", table, first)})
			continue
		}
		seen[strings.ToLower(table)] = name
		if place, err := checkSeed(file); err != nil {
			problems = append(problems, bot.Problem{File: p.file(name), Line: place.line, Column: place.column, Message: err.Error()})
			continue
		}
		hash, err := p.hashFile(name)
		if err != nil {
			problems = append(problems, bot.Problem{File: p.file(name), Message: err.Error()})
			continue
		}
		seeds = append(seeds, Seed{Table: table, Path: name, File: file, Hash: hash, Types: p.seedTypes(table)})
	}
	return seeds, problems
}

// seedTypes are the types that product.yaml declares for a seed's columns, or else the spec for the table of that name.
func (p *Product) seedTypes(table string) map[string]string {
	types := map[string]string{}
	if t, ok := p.Spec().Table(table); ok {
		for _, c := range t.Columns {
			if typ, err := sqltype.Parse(c.Type); err == nil {
				types[strings.ToLower(c.Name)] = typ.Physical().String()
			}
		}
	}
	for name, s := range p.Config.Seeds {
		if !strings.EqualFold(name, table) {
			continue
		}
		for column, declared := range s.Types {
			if typ, err := sqltype.Parse(declared); err == nil {
				types[strings.ToLower(column)] = typ.Physical().String()
			}
		}
	}
	return types
}

// place is where in a file something is wrong, counted from 1; 0 is unknown.
type place struct{ line, column int }

// checkSeed refuses files that are not what their extension says, before a database reads them.
func checkSeed(file string) (place, error) {
	f, err := os.Open(file)
	if err != nil {
		return place{}, errors.Unwrap(err)
	}
	defer f.Close()
	if strings.EqualFold(filepath.Ext(file), ".parquet") {
		magic := make([]byte, 4)
		if _, err := io.ReadFull(f, magic); err != nil || string(magic) != "PAR1" {
			return place{}, errors.New("is not a Parquet file; write it again, or rename it")
		}
		return place{}, nil
	}
	return checkCSV(f)
}

// checkCSV reads a CSV file as RFC 4180 has it: comma-separated, one header, rows of one length, UTF-8.
func checkCSV(r io.Reader) (place, error) {
	reader := csv.NewReader(&utf8Reader{r: r})
	reader.ReuseRecord = true
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return place{}, errors.New("is empty; write a header line with the columns' names, or delete the file")
	}
	if err != nil {
		return csvPlace(err)
	}
	seen := map[string]bool{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		line, column := reader.FieldPos(i)
		if name == "" {
			return place{line, column}, fmt.Errorf("column %d of the header has no name; write one", i+1)
		}
		if seen[name] {
			return place{line, column}, fmt.Errorf("the header names the column %q twice; rename one", name)
		}
		seen[name] = true
	}
	for {
		if _, err := reader.Read(); errors.Is(err, io.EOF) {
			return place{}, nil
		} else if err != nil {
			return csvPlace(err)
		}
	}
}

// csvPlace turns an error of encoding/csv into a place and advice.
func csvPlace(err error) (place, error) {
	var bad *encodingError
	if errors.As(err, &bad) {
		return place{bad.line, 0}, errors.New("is not UTF-8 text from this line on; convert the file, for example with iconv -t UTF-8")
	}
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return place{}, err
	}
	switch {
	case errors.Is(parse.Err, csv.ErrFieldCount):
		return place{parse.Line, 1}, errors.New("has another number of fields than the header; add or remove commas, or quote a field that holds one")
	case errors.Is(parse.Err, csv.ErrQuote), errors.Is(parse.Err, csv.ErrBareQuote):
		return place{parse.Line, parse.Column}, errors.New(`a double quote is not closed or not doubled; write "" for a quote inside a quoted field`)
	}
	return place{parse.Line, parse.Column}, parse.Err
}

// encodingError says that bytes were not UTF-8.
type encodingError struct{ line int }

func (e *encodingError) Error() string { return "not UTF-8" }

// utf8Reader passes text through and stops at the first bytes that are not UTF-8 (or are NUL).
type utf8Reader struct {
	r    io.Reader
	rest []byte // the start of a character that the last read cut in two
	line int
}

func (u *utf8Reader) Read(p []byte) (int, error) {
	if len(p) < utf8.UTFMax {
		return 0, io.ErrShortBuffer
	}
	kept := copy(p, u.rest)
	n, err := u.r.Read(p[kept:])
	n += kept
	u.rest = nil
	end := n
	for back := 1; back < utf8.UTFMax && back <= n && err == nil; back++ {
		if utf8.RuneStart(p[n-back]) {
			if !utf8.FullRune(p[n-back : n]) {
				end = n - back
				u.rest = append([]byte(nil), p[end:n]...)
			}
			break
		}
	}
	if !utf8.Valid(p[:end]) || bytes.IndexByte(p[:end], 0) >= 0 {
		good := p[:end]
		for i := 0; i < len(good); {
			c, size := utf8.DecodeRune(good[i:])
			if c == utf8.RuneError && size == 1 || c == 0 {
				good = good[:i]
			}
			i += size
		}
		return 0, &encodingError{line: u.line + bytes.Count(good, []byte("\n")) + 1}
	}
	u.line += bytes.Count(p[:end], []byte("\n"))
	return end, err
}
