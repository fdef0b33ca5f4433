package product

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Program is a program that makes a product's tables, with all that it depends on. Its JSON form is part of a build's key.
type Program struct {
	// Runner is RunnerCommand or RunnerDBT.
	Runner string
	// Build and Test are the commands; Test may be empty. Network are the hosts that it may reach.
	Build, Test, Network []string
	// Files are those of the product, without its spec and ledger, which it can't see.
	Files []File
	// Environment is what Programs says of all else that counts.
	Environment string
}

// File is a file of a product.
type File struct {
	// Path is relative to the product's folder; Hash is the SHA-256 of the content, in hex.
	Path, Hash string
	// Executable says that it may be run.
	Executable bool
}

// Job is one run of a program.
type Job struct {
	Program
	Product, Owner string
	// Tree is a copy of the product for this run alone, Inputs a folder with the tables that it reads, as PRODUCT.TABLE.parquet, and Output the
	// folder for its tables. All three are absolute.
	Tree, Inputs, Output string
	// Clock is the instant that the program is told, Seed that of its random numbers.
	Clock time.Time
	Seed  int
	// Limit is how long it may take.
	Limit time.Duration
}

// Ran is what came of a job.
type Ran struct {
	// Failure says what the program did wrong, with the end of what it wrote; empty if nothing. Tests are the results of its own tests.
	Failure string
	// Problems are what it says of files of the product.
	Problems bot.Problems
	Tests    []TestResult
	// Models are the tables that it made and what each reads, if the program tells. Types are the types of their columns by the table's name, for what
	// a file has no place for.
	Models []Model
	Types  map[string][]Column
	// Notes are what people should know of the run, such as where it wanted to go and was not let.
	Notes []string
}

// TestResult is the outcome of one of a program's own tests.
type TestResult struct {
	Name    string `json:"name"`
	Message string `json:"message,omitempty"` // why it fails; empty if it holds
}

// Programs run products' own programs.
type Programs interface {
	// Environment tells everything that decides what a program makes besides itself and its data, such as the versions of the tools.
	Environment(ctx context.Context, p Program) (string, error)
	// Run runs a job in a sandbox. The error is for what the product is not to blame for.
	Run(ctx context.Context, j Job) (Ran, error)
}

// Limits of what a program is made of.
const (
	mostFiles     = 5000
	mostFileBytes = 256 << 20
)

// unseen are the parts of a product that its program can't see: what they say changes no output, so that it need not run again.
var unseen = map[string]bool{spec.SpecFile: true, spec.LedgerFolder: true, ConfigFile: true}

// Program gathers what the product's program is made of; nil for the sql runner.
func (p *Product) Program() (*Program, bot.Problems) {
	out := &Program{Runner: p.Runner()}
	switch c := p.Config.Command; {
	case out.Runner == RunnerCommand && c != nil:
		out.Build, out.Test, out.Network = c.Build, c.Test, c.Network
	case out.Runner != RunnerDBT:
		return nil, nil
	}
	var problems bot.Problems
	refuse := func(name, format string, args ...any) {
		problems = append(problems, bot.Problem{File: p.file(name), Message: fmt.Sprintf(format, args...)})
	}
	var size int64
	err := filepath.WalkDir(p.Dir(), func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(p.Dir(), name)
		if err != nil || rel == "." {
			return err
		}
		rel = filepath.ToSlash(rel)
		switch {
		case unseen[rel], out.Runner == RunnerCommand && rel == "tests", isSeed(rel), strings.HasPrefix(entry.Name(), "."), entry.IsDir() && entry.Name() == "__pycache__":
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			refuse(rel, "is a link or a special file, which a product may not hold; replace it by a regular file")
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if size += info.Size(); size > mostFileBytes || len(out.Files) >= mostFiles {
			refuse(rel, "the product has more than %d files or %d MB; data belongs among the seeds, or into another store", mostFiles, mostFileBytes>>20)
			return fs.SkipAll
		}
		hash, err := p.hashFile(rel)
		if err != nil {
			return err
		}
		out.Files = append(out.Files, File{Path: rel, Hash: hash, Executable: info.Mode()&0o111 != 0})
		return nil
	})
	if err != nil {
		refuse(".", "can't be read (%v); mend its permissions", errorOnly(err))
	}
	return out, problems
}

// isSeed says whether a file is one of the data, which a build is given apart from the rest.
func isSeed(name string) bool {
	return strings.HasPrefix(name, "seeds/") && hasExtension(name, []string{".csv", ".parquet"})
}

// copyTo copies the program's files and a build's seeds to a folder, as files of its own.
func (pl *plan) copyTo(folder string) error {
	for _, f := range pl.Program.Files {
		mode := os.FileMode(0o600)
		if f.Executable {
			mode = 0o700
		}
		hash, err := copyFile(filepath.Join(pl.dir, filepath.FromSlash(f.Path)), filepath.Join(folder, filepath.FromSlash(f.Path)), mode)
		if err != nil {
			return err
		}
		if hash != f.Hash {
			return fmt.Errorf("copy %s: it changes while it is read", f.Path)
		}
	}
	for _, s := range pl.Seeds {
		if _, err := copyFile(s.File, filepath.Join(folder, filepath.FromSlash(s.Path)), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies a file and returns its SHA-256.
func copyFile(from, to string, mode os.FileMode) (hash string, err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", err
	}
	in, err := os.Open(from)
	if err != nil {
		return "", err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	return hex.EncodeToString(h.Sum(nil)), errors.Join(err, out.Close())
}

// tableFile is a file that a program left.
type tableFile struct{ path, table, kind string }

// left lists the files that a program left in a folder. What can't be a table is a problem.
func left(folder string) (files []tableFile, problems bot.Problems, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]string{}
	for _, e := range entries {
		refuse := func(format string, args ...any) {
			problems = append(problems, bot.Problem{File: ConfigFile, Message: fmt.Sprintf("the program left %s, which "+format, append([]any{e.Name()}, args...)...)})
		}
		f := tableFile{path: filepath.Join(folder, e.Name()), table: stem(e.Name()), kind: strings.ToLower(path.Ext(e.Name()))}
		switch f.kind {
		case ".parquet", ".csv":
			if err := checkTableName(f.table); err != nil {
				refuse("%v", err)
				continue
			}
		case ".duckdb":
		default:
			refuse("is no table; it leaves Parquet, CSV or DuckDB files")
			continue
		}
		if !e.Type().IsRegular() || strings.ContainsAny(e.Name(), "*?[") {
			refuse("is no regular file with a plain name")
			continue
		}
		if first, ok := seen[TableKey(f.table)]; ok && f.kind != ".duckdb" {
			refuse("makes the table %s, as %s does", f.table, first)
			continue
		}
		seen[TableKey(f.table)] = e.Name()
		files = append(files, f)
	}
	return files, problems, nil
}
