package product

import (
	"context"
	"errors"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
)

// run carries the plan out in an engine session: inputs, seeds, then models, with everything untrusted after the lock.
// A table that is missing because of a problem that was told does not bring a problem for each model that reads it.
func (pl *plan) run(ctx context.Context, session *engine.Session, progress func(string)) (*Build, error) {
	build := &Build{Product: pl.Product, Inputs: pl.Inputs, Clock: pl.Clock, Confinement: session.Confinement()}
	absent := tableSet{}
	for name := range pl.absent {
		absent[name] = true
	}
	if err := AttachInputs(ctx, session, pl.Inputs, pl.before); err != nil {
		return nil, err
	}
	for _, s := range pl.Seeds {
		progress("loading " + s.Path)
		if err := pl.load(ctx, session, s); err != nil {
			if hopeless(err) {
				return nil, err
			}
			build.Problems = append(build.Problems, seedProblem(s, err))
			absent.add(s.Table)
			if gone(err) {
				return build, nil
			}
		}
	}
	if err := session.PinClock(ctx, pl.Clock); err != nil {
		return nil, err
	}
	if err := session.Lock(ctx); err != nil {
		return nil, err
	}
	models, problems, err := pl.arrange(ctx, session, absent)
	if err != nil {
		return nil, err
	}
	build.Problems = append(build.Problems, problems...)
	for _, m := range models {
		build.Models = append(build.Models, m.Model)
		if pl.waitsFor(m, models, absent) {
			absent.add(m.Table)
			continue
		}
		progress("building " + m.Table)
		if err := pl.make(ctx, session, m); err != nil {
			if hopeless(err) {
				return nil, err
			}
			if !build.OK() && closed(err) {
				return build, nil // a problem before tells why the session is gone
			}
			absent.add(m.Table)
			build.Problems = append(build.Problems, modelProblem(m.SQLFile, err))
			if gone(err) {
				return build, nil // and with the session the tables
			}
		}
	}
	return build, pl.finish(ctx, session, build)
}

// finish lists the tables and writes them out. What goes wrong in a build with problems says nothing new.
func (pl *plan) finish(ctx context.Context, session *engine.Session, build *Build) error {
	var err error
	if build.Tables, err = tables(ctx, session); err == nil {
		err = session.Exec(ctx, "CHECKPOINT")
	}
	if !build.OK() && !hopeless(err) {
		return nil
	}
	return err
}

// waitsFor says whether a model reads a table that can't be there for a reason that was told.
func (pl *plan) waitsFor(m parsed, models []parsed, absent tableSet) bool {
	for _, r := range m.Reads {
		if absent.has(r) || absent[everyTable] && !pl.makes(r, models) {
			return true
		}
	}
	return false
}

// makes says whether the table comes from a model, a seed or an input.
func (pl *plan) makes(table string, models []parsed) bool {
	known := tableSet{}
	for _, m := range models {
		known.add(m.Table)
	}
	for _, s := range pl.Seeds {
		known.add(s.Table)
	}
	for _, in := range pl.Inputs {
		known.add(in.Name)
		known.add(in.Product + "." + in.Table)
	}
	return known.has(table)
}

// make builds one model's table.
func (pl *plan) make(ctx context.Context, session *engine.Session, m parsed) error {
	schema, table := SplitName(m.Table)
	if err := makeSchema(ctx, session, schema); err != nil {
		return err
	}
	if len(m.Random) > 0 {
		seed := "0.25"
		if pl.Control {
			seed = "0.75"
		}
		if _, err := session.Query(ctx, "SELECT setseed("+seed+")", 1); err != nil {
			return err
		}
	}
	// The text was parsed as exactly one SELECT, so it can't end the statement and begin another.
	return session.Exec(ctx, "CREATE TABLE "+engine.Relation(databaseName, schema, table)+" AS\n"+m.Text)
}

// kindOf is the kind of an engine's error; empty for any other error.
func kindOf(err error) engine.Kind {
	var e *engine.Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

// hopeless says that the product is not to blame: the caller gave up, or it is no error of DuckDB at all.
func hopeless(err error) bool {
	kind := kindOf(err)
	return err != nil && (kind == "" || kind == engine.KindCancelled)
}

// closed says that the session had ended before the request, gone that it ended with it or before.
func closed(err error) bool { return kindOf(err) == engine.KindClosed }
func gone(err error) bool   { return closed(err) || kindOf(err) == engine.KindCrash }

// tablesQuery lists the columns of all tables of the build's own database.
const tablesQuery = `SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
WHERE database_name = current_database() AND NOT internal ORDER BY schema_name, table_name, column_index`

// tables lists what was built.
func tables(ctx context.Context, session *engine.Session) ([]Table, error) {
	rows, err := session.Query(ctx, tablesQuery, -1)
	if err != nil {
		return nil, err
	}
	var out []Table
	for _, r := range rows.Values {
		last := len(out) - 1
		if last < 0 || out[last].Schema != *r[0] || out[last].Name != *r[1] {
			out = append(out, Table{Schema: *r[0], Name: *r[1]})
			last++
		}
		out[last].Columns = append(out[last].Columns, Column{Name: *r[2], Type: *r[3]})
	}
	return out, nil
}

// placed is the build with further problems, and with its own named from the tree's root.
func (b *Build) placed(problems bot.Problems, in func(string) string) *Build {
	shown := *b
	shown.Problems = append(bot.Problems(nil), problems...)
	for _, p := range b.Problems {
		p.File = in(p.File)
		shown.Problems = append(shown.Problems, p)
	}
	return &shown
}

// unaliased replaces a seed's path on this machine by its name in the product.
func unaliased(message string, s Seed) string {
	for _, one := range []*Seed{&s, s.NewColumns} {
		if one != nil {
			message = strings.ReplaceAll(message, one.File, one.Path)
		}
	}
	return message
}
