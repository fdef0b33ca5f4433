package dbt

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/codicil-dev/codicil/bot"
)

// tablesProgram writes tables as Parquet, in dbt's own Python.
//
//go:embed tables.py
var tablesProgram string

// ErrNoDatabase says that there is no scratch database: the product's own profile keeps its tables elsewhere, or nothing was built.
var ErrNoDatabase = errors.New("there is no scratch database")

// Limits of what is read of exported tables.
const (
	mostTables = 16 << 20 // bytes of their description
	mostTable  = 16 << 30 // bytes of one
)

// Tables are a build's tables as files.
type Tables struct {
	// DuckDB is the version that wrote them.
	DuckDB string
	Tables []Table
	// Problems tell which relations could not be read.
	Problems bot.Problems
}

// Table is a relation as a Parquet file.
type Table struct {
	// Node is the id of the model, seed or snapshot.
	Node         string
	Schema, Name string
	// File is the Parquet file: an absolute path. It is a regular file, but whoever wrote it is not to be trusted.
	File string
	// Columns have the types that DuckDB reports. Those that Parquet has no place for are text in the file and have to be cast.
	Columns []TableColumn
}

// TableColumn is a column of a Table.
type TableColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// Tables writes the relations of a build as Parquet into Scratch, by dbt's own DuckDB, which may be newer than any other that is at hand. Project must be
// the one that was built. The error is ErrNoDatabase where the profile is the product's own.
func (t *Tool) Tables(ctx context.Context, p Project, r *Result) (*Tables, error) {
	if _, err := os.Lstat(p.in(databaseFile)); p.Profile.own() || err != nil {
		return nil, fmt.Errorf("export tables of %s: %w", p.name(), ErrNoDatabase)
	}
	out, err := t.tables(ctx, p, r.Relations())
	if err != nil {
		return nil, fmt.Errorf("export tables of %s: %w", p.name(), err)
	}
	return out, nil
}

// wantedTable is what the program is asked for.
type wantedTable struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	File   string `json:"file"`
}

func (t *Tool) tables(ctx context.Context, p Project, relations []*Node) (*Tables, error) {
	folder := p.in(tablesFolder)
	if err := errors.Join(os.RemoveAll(folder), os.MkdirAll(folder, 0o700)); err != nil {
		return nil, err
	}
	var wanted []wantedTable
	for i, n := range relations {
		wanted = append(wanted, wantedTable{n.Schema, n.Identifier, fmt.Sprintf("%04d.parquet", i+1)})
	}
	list, err := json.Marshal(wanted)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "wanted.json"), list, 0o600); err != nil {
		return nil, err
	}
	exit, output, err := t.Run(ctx, []string{t.Python, "-I", "-c", tablesProgram, p.in(databaseFile), folder}, t.environment(p), p.Scratch)
	if err != nil {
		return nil, err
	}
	if exit != 0 {
		return &Tables{Problems: bot.Problems{p.problem(ProjectFile, 0, "the tables can't be read from the scratch database (code %d): %s", exit, p.clean(lastLines(output)))}}, nil
	}
	return p.readTables(relations, wanted)
}

// readTables reads what the program left.
func (p Project) readTables(relations []*Node, wanted []wantedTable) (*Tables, error) {
	root, err := os.OpenRoot(p.Scratch)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var told struct {
		DuckDB string `json:"duckdb"`
		Tables map[string]struct {
			Columns []TableColumn `json:"columns"`
			Error   string        `json:"error"`
		} `json:"tables"`
	}
	if err := readArtifact(root, path.Join(tablesFolder, "tables.json"), mostTables, &told); err != nil {
		return &Tables{Problems: bot.Problems{p.problem(ProjectFile, 0, "the tables of the scratch database are not told: %v", withoutPath(err))}}, nil
	}
	out := &Tables{DuckDB: cut(told.DuckDB, 40)}
	for i, n := range relations {
		one := told.Tables[wanted[i].File]
		f, err := openRegular(root, path.Join(tablesFolder, wanted[i].File), mostTable)
		switch {
		case one.Error != "":
			err = errors.New(p.clean(plain(one.Error)))
		case err == nil && len(one.Columns) == 0:
			err = errors.New("its columns are not told")
		}
		if f != nil {
			f.Close()
		}
		if err != nil {
			out.Problems = append(out.Problems, bot.Problem{File: n.File, Severity: bot.SeverityError, Message: fmt.Sprintf("the relation %s was built, but can't be read: %v", n.Identifier, withoutPath(err))})
			continue
		}
		out.Tables = append(out.Tables, Table{n.ID, n.Schema, n.Identifier, filepath.Join(p.Scratch, tablesFolder, wanted[i].File), one.Columns})
	}
	return out, nil
}
