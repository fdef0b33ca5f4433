package product

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot"
)

// maxSQL is the greatest size of one model or test, in bytes.
const maxSQL = 1 << 20

// SQLFile is a model or a test of a product.
type SQLFile struct {
	// Path is relative to the product's folder, such as models/staging/stg_orders.sql.
	Path string
	// Name is the file's name without .sql: the table that a model makes.
	Name string
	Text string
}

// Models returns the product's models, in order of their paths.
// A file that can't be a model (binary, too big, a link) is a problem and left out.
func (p *Product) Models() ([]SQLFile, bot.Problems) {
	models, _, problems := p.readModels()
	return models, problems
}

// readModels is Models, with the tables of the files that were left out.
func (p *Product) readModels() (models []SQLFile, absent tableSet, problems bot.Problems) {
	if p.Runner() != RunnerSQL { // what is there is not plain SQL
		return nil, tableSet{}, nil
	}
	files, absent, problems := p.sqlFiles("models")
	for _, f := range files {
		if err := checkTableName(f.Name); err != nil {
			problems = append(problems, bot.Problem{File: p.file(f.Path), Message: err.Error()})
			absent.add(f.Name)
			continue
		}
		models = append(models, f)
	}
	return models, absent, problems
}

// Tests returns the product's own tests, in order of their paths.
func (p *Product) Tests() ([]SQLFile, bot.Problems) {
	if p.Runner() == RunnerDBT { // they are dbt's
		return nil, nil
	}
	tests, _, problems := p.sqlFiles("tests")
	return tests, problems
}

func (p *Product) sqlFiles(folder string) (files []SQLFile, absent tableSet, problems bot.Problems) {
	names, absent, problems := p.list(folder, ".sql")
	for _, name := range names {
		text, err := p.readText(name)
		if err != nil {
			problems = append(problems, bot.Problem{File: p.file(name), Message: err.Error()})
			absent.add(stem(name))
			continue
		}
		files = append(files, SQLFile{Path: name, Name: stem(name), Text: text})
	}
	return files, absent, problems
}

// everyTable in a set of tables that were left out says that any may be among them.
const everyTable = "*"

// list returns the regular files below folder with one of the extensions, relative to the product, in order.
// Links and other irregular files are problems, and their tables absent. A folder that is not there is empty.
func (p *Product) list(folder string, extensions ...string) (names []string, absent tableSet, problems bot.Problems) {
	absent = tableSet{}
	refuse := func(name, format string, args ...any) {
		problems = append(problems, bot.Problem{File: p.file(name), Message: fmt.Sprintf(format, args...)})
	}
	start := filepath.Join(p.Dir(), folder)
	if info, err := os.Lstat(start); err == nil && !info.IsDir() {
		refuse(folder, "is not a folder; replace it by a folder of files")
		absent[everyTable] = true
		return nil, absent, problems
	}
	err := filepath.WalkDir(start, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(p.Dir(), name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch wanted := hasExtension(entry.Name(), extensions); {
		case entry.IsDir() && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case entry.IsDir():
		case entry.Type()&fs.ModeSymlink != 0 || wanted && !entry.Type().IsRegular():
			refuse(rel, "is a link or a special file, which a product may not hold; replace it by a regular file")
			absent.add(stem(rel))
			absent[everyTable] = absent[everyTable] || !wanted
		case wanted:
			names = append(names, rel)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		refuse(folder, "can't be read (%v); mend its permissions", errorOnly(err))
		absent[everyTable] = true
	}
	sort.Strings(names)
	return names, absent, problems
}

// errorOnly takes the path off an error, since problems name the file already.
func errorOnly(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func hasExtension(name string, extensions []string) bool {
	for _, e := range extensions {
		if strings.EqualFold(filepath.Ext(name), e) {
			return true
		}
	}
	return false
}

// readText reads a model or a test of the product; see ReadSQL.
func (p *Product) readText(name string) (string, error) {
	f, err := os.Open(filepath.Join(p.Dir(), filepath.FromSlash(name)))
	if err != nil {
		return "", errorOnly(err)
	}
	defer f.Close()
	return ReadSQL(f)
}

// ReadSQL reads a file of SQL and refuses what can't be SQL. The errors begin with "is" and do not name the file.
func ReadSQL(r io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSQL+1))
	if err != nil {
		return "", fmt.Errorf("is not readable (%w); mend its permissions", errorOnly(err))
	}
	switch {
	case len(data) > maxSQL:
		return "", fmt.Errorf("is larger than %d MiB; split it into several models", maxSQL>>20)
	case len(bytes.TrimSpace(data)) == 0:
		return "", errors.New("is empty; write one SELECT, or delete the file")
	case bytes.IndexByte(data, 0) >= 0:
		return "", errors.New("holds NUL bytes, so it is a binary file and not SQL; delete it")
	case !utf8.Valid(data):
		return "", errors.New("is not UTF-8 text; convert it")
	}
	return string(bytes.TrimPrefix(data, []byte("\ufeff"))), nil
}

// hashFile is the SHA-256 of a file of the product, in hex.
func (p *Product) hashFile(name string) (string, error) {
	f, err := os.Open(filepath.Join(p.Dir(), filepath.FromSlash(name)))
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
