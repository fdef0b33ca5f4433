package product

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// ErrNoPrograms says that nothing runs programs here.
var ErrNoPrograms = errors.New("products that are built by a program can't be built here")

// limit is how long a program may take where nothing else is said.
const limit = 30 * time.Minute

// runProgram carries out a plan whose tables a program makes: with copies of the product's files and seeds, and with the tables that it reads as
// files, and takes what it leaves into a database.
func (b *Builder) runProgram(ctx context.Context, pl *plan, scratch string) (*Build, error) {
	start := time.Now()
	room, err := os.MkdirTemp("", "codicil-program-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the program: %w", err)
	}
	defer os.RemoveAll(room)
	if room, err = filepath.EvalSymlinks(room); err != nil {
		return nil, err
	}
	job := Job{Program: *pl.Program, Product: pl.Product, Owner: pl.owner, Tree: filepath.Join(room, "product"), Inputs: filepath.Join(room, "inputs"), Output: filepath.Join(room, "output"), Clock: pl.Clock, Limit: limit}
	if pl.Control {
		job.Seed = 1
	}
	for _, dir := range []string{job.Tree, job.Inputs, job.Output} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return nil, err
		}
	}
	if err := pl.copyTo(job.Tree); err != nil {
		return nil, fmt.Errorf("copy the product for its program: %w", err)
	}
	if err := b.export(ctx, pl, job.Inputs); err != nil {
		return nil, err
	}
	b.Say("%s: running %s", pl.Product, cmp.Or(strings.Join(job.Build, " "), job.Runner))
	ran, err := b.Programs.Run(ctx, job)
	if err != nil {
		return nil, err
	}
	build, err := b.takeIn(ctx, pl, scratch, job.Output, ran)
	if err != nil {
		return nil, err
	}
	build.Seconds = time.Since(start).Seconds()
	return build, nil
}

// export writes the tables that a program reads as files.
func (b *Builder) export(ctx context.Context, pl *plan, folder string) error {
	if len(pl.Inputs) == 0 {
		return nil
	}
	var readOnly []string
	for _, before := range pl.before {
		readOnly = append(readOnly, before.folder)
	}
	options := b.Options(readOnly...)
	options.WriteDir = folder
	session, err := engine.Start(ctx, options)
	if err != nil {
		return err
	}
	defer session.Close()
	for _, in := range pl.Inputs {
		schema, table := SplitName(in.Table)
		var from *Build
		for _, before := range pl.before {
			if before.Key == in.Key {
				from = before
			}
		}
		alias := engine.Ident("from")
		sql := fmt.Sprintf("ATTACH %s AS %s (READ_ONLY); COPY (SELECT * FROM %s) TO %s (FORMAT parquet); DETACH %s",
			engine.Literal(from.Database()), alias, engine.Relation("from", schema, table), engine.Literal(filepath.Join(folder, in.Product+"."+in.Table+".parquet")), alias)
		if err := session.Exec(ctx, sql); err != nil {
			return fmt.Errorf("hand %s of %s to the program: %w", in.Table, in.Product, err)
		}
	}
	return nil
}

// takeIn makes a build of the seeds and of what a program left.
func (b *Builder) takeIn(ctx context.Context, pl *plan, scratch, output string, ran Ran) (*Build, error) {
	if err := pl.avoidPatterns(scratch); err != nil {
		return nil, err
	}
	options, err := b.buildOptions(pl, scratch)
	if err != nil {
		return nil, err
	}
	options.ReadOnly = append(options.ReadOnly, output)
	session, err := engine.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	build, err := pl.take(ctx, session, output, ran)
	if closing := session.Close(); err == nil && build.OK() {
		err = closing
	}
	return build, err
}

func (pl *plan) take(ctx context.Context, session *engine.Session, output string, ran Ran) (*Build, error) {
	build := &Build{Product: pl.Product, Inputs: pl.Inputs, Clock: pl.Clock, Confinement: session.Confinement(), Tests: ran.Tests, Notes: ran.Notes}
	if err := AttachInputs(ctx, session, pl.Inputs, pl.before); err != nil {
		return nil, err
	}
	build.Problems = append(build.Problems, ran.Problems...)
	for _, s := range pl.Seeds {
		if pl.Program.Runner == RunnerDBT {
			break // dbt makes its seeds itself
		}
		if err := pl.load(ctx, session, s); err != nil {
			if hopeless(err) {
				return nil, err
			}
			build.Problems = append(build.Problems, seedProblem(s, err))
			if gone(err) {
				return build, nil
			}
		}
	}
	if ran.Failure != "" {
		build.Problems = append(build.Problems, bot.Problem{File: ConfigFile, Message: ran.Failure})
		return build, nil
	}
	files, problems, err := left(output)
	if err != nil {
		return nil, err
	}
	build.Problems = append(build.Problems, problems...)
	for _, f := range files {
		made, err := f.load(ctx, session, ran.Types[f.table])
		if err != nil {
			if hopeless(err) {
				return nil, err
			}
			build.Problems = append(build.Problems, bot.Problem{File: ConfigFile, Message: fmt.Sprintf("the program left %s, which is not readable: %s", filepath.Base(f.path), brief(err.Error()))})
			if gone(err) {
				return build, nil
			}
		}
		for _, name := range made {
			if ran.Models != nil {
				break
			}
			build.Models = append(build.Models, Model{Path: ConfigFile, Table: name, Reads: pl.mayRead()})
		}
	}
	build.Models = append(build.Models, ran.Models...)
	if len(files) == 0 && build.OK() {
		build.Problems = append(build.Problems, bot.Problem{File: ConfigFile, Message: "the program left no table; it writes them to the folder that CODICIL_OUTPUT names, as TABLE.parquet, TABLE.csv or a DuckDB file"})
	}
	return build, pl.finish(ctx, session, build)
}

// mayRead are all tables that a program can read: which it does is not known.
func (pl *plan) mayRead() (names []string) {
	for _, s := range pl.Seeds {
		names = append(names, TableKey(s.Table))
	}
	for _, in := range pl.Inputs {
		names = append(names, TableKey(in.Name))
	}
	return names
}

// load makes the tables of a file, and returns their names.
func (f tableFile) load(ctx context.Context, session *engine.Session, types []Column) (made []string, err error) {
	into := func(name, from string) error {
		schema, table := SplitName(name)
		if err := makeSchema(ctx, session, schema); err != nil {
			return err
		}
		made = append(made, (&Table{Schema: schema, Name: table}).FullName())
		return session.Exec(ctx, "CREATE TABLE "+engine.Relation(databaseName, schema, table)+" AS SELECT * FROM "+from)
	}
	switch f.kind {
	case ".parquet":
		return made, into(f.table, "("+withTypes("read_parquet("+engine.Literal(f.path)+")", types)+")")
	case ".csv":
		return made, into(f.table, typedCSV(Seed{Path: f.path, File: f.path}, nil))
	}
	if err := session.Exec(ctx, "ATTACH "+engine.Literal(f.path)+" AS "+engine.Ident("left")+" (READ_ONLY)"); err != nil {
		return nil, err
	}
	rows, err := session.Query(ctx, "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'left' AND NOT internal AND NOT temporary ORDER BY ALL", -1)
	if err != nil {
		return nil, err
	}
	for _, r := range rows.Values {
		name := *r[1]
		if *r[0] != mainSchema {
			name = *r[0] + "." + name
		}
		if err := checkTableName(name); err != nil || strings.Contains(*r[1], ".") {
			return made, fmt.Errorf("its table %q %v", name, err)
		}
		if err := into(name, engine.Relation("left", *r[0], *r[1])); err != nil {
			return made, err
		}
	}
	return made, session.Exec(ctx, "DETACH "+engine.Ident("left"))
}

// withTypes reads a relation with the types that its columns are to have.
func withTypes(from string, types []Column) string {
	var casts []string
	for _, c := range types {
		if t, err := sqltype.Parse(c.Type); err == nil { // another type stays what the file has
			casts = append(casts, "CAST("+engine.Ident(c.Name)+" AS "+t.Physical().String()+") AS "+engine.Ident(c.Name))
		}
	}
	if len(casts) == 0 {
		return "SELECT * FROM " + from
	}
	return "SELECT * REPLACE (" + strings.Join(casts, ", ") + ") FROM " + from
}
