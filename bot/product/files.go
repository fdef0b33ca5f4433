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
	"path"
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
func (p *Product) Models() ([]SQLFile, bot.Problems) { return p.sqlFiles("models") }

// Tests returns the product's own tests, in order of their paths.
func (p *Product) Tests() ([]SQLFile, bot.Problems) { return p.sqlFiles("tests") }

func (p *Product) sqlFiles(folder string) ([]SQLFile, bot.Problems) {
	names, problems := p.list(folder, ".sql")
	var files []SQLFile
	for _, name := range names {
		text, err := p.readText(name)
		if err != nil {
			problems = append(problems, bot.Problem{File: p.file(name), Message: err.Error()})
			continue
		}
		files = append(files, SQLFile{Path: name, Name: strings.TrimSuffix(path.Base(name), path.Ext(name)), Text: text})
	}
	return files, problems
}

// list returns the regular files below folder with one of the extensions, relative to the product, in order.
// Links and other irregular files are problems. A folder that is not there is empty.
func (p *Product) list(folder string, extensions ...string) ([]string, bot.Problems) {
	var names []string
	var problems bot.Problems
	start := filepath.Join(p.Dir(), folder)
	if info, err := os.Lstat(start); err == nil && !info.IsDir() {
		return nil, bot.Problems{{File: p.file(folder), Message: "is not a folder; replace it by a folder of files"}}
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
		if entry.IsDir() {
			if strings.HasPrefix(entry.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		}
		if !hasExtension(entry.Name(), extensions) {
			return nil
		}
		if !entry.Type().IsRegular() {
			problems = append(problems, bot.Problem{File: p.file(rel), Message: "is a link or a special file, which a product may not hold; replace it by a regular file"})
			return nil
		}
		names = append(names, rel)
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, bot.Problem{File: p.file(folder), Message: err.Error()})
	}
	sort.Strings(names)
	return names, problems
}

func hasExtension(name string, extensions []string) bool {
	for _, e := range extensions {
		if strings.EqualFold(path.Ext(name), e) {
			return true
		}
	}
	return false
}

// readText reads a file of SQL and refuses what can't be SQL. The errors do not name the file.
func (p *Product) readText(name string) (string, error) {
	f, err := os.Open(filepath.Join(p.Dir(), filepath.FromSlash(name)))
	if err != nil {
		return "", errors.Unwrap(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSQL+1))
	if err != nil {
		return "", err
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
