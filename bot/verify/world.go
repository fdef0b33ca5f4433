package verify

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// world is a session in which checks and tests read a build's tables under plain names. It can change nothing.
type world struct {
	session *engine.Session
	// close ends the use of it.
	close func()
}

// relation is what a name in a world stands for: a table of the build, with columns added, or a table made of columns.
type relation struct {
	schema, name string
	// from is the table of the build; empty for a table without rows that is made of added.
	from string
	// added are further columns, as select expressions over from; replaced stand in place of columns of from.
	added, replaced []string
}

// buildAlias is the name under which a build's database is attached.
const buildAlias = "built"

// openWorld makes a world of a build, with overlays in place of the tables of the same names.
func (w *work) openWorld(ctx context.Context, b *product.Build, overlays []relation) (*world, error) {
	readOnly := []string{filepath.Dir(b.Database())}
	for _, before := range b.Before {
		readOnly = append(readOnly, filepath.Dir(before.Database()))
	}
	views := viewsOf(b, overlays)
	key := fmt.Sprintf("world %q at %s\n%s", readOnly, b.Clock.UTC(), views)
	session, done, err := engine.Kept(ctx, key, func() (*engine.Session, error) {
		session, err := engine.Start(ctx, w.v.Builder.Options(readOnly...))
		if err != nil {
			return nil, err
		}
		if err := furnish(ctx, session, b, views); err != nil {
			_ = session.Close()
			return nil, err
		}
		return session, nil
	})
	if err != nil {
		return nil, err
	}
	return &world{session: session, close: done}, nil
}

// furnish attaches a build and what it reads, makes the views, and locks the session.
func furnish(ctx context.Context, session *engine.Session, b *product.Build, views string) error {
	if err := session.Exec(ctx, "ATTACH "+engine.Literal(b.Database())+" AS "+engine.Ident(buildAlias)+" (READ_ONLY)"); err != nil {
		return err
	}
	if err := product.AttachInputs(ctx, session, b.Inputs, b.Before); err != nil {
		return err
	}
	if views != "" {
		if err := session.Exec(ctx, views); err != nil {
			return err
		}
	}
	if err := session.PinClock(ctx, b.Clock); err != nil {
		return err
	}
	return session.Lock(ctx)
}

// viewsOf is the SQL that makes the names of a world.
func viewsOf(b *product.Build, overlays []relation) string {
	var sql strings.Builder
	taken := map[string]bool{}
	for _, o := range overlays {
		taken[spec.FoldName(o.schema+"."+o.name)] = true
		writeView(&sql, o)
	}
	for _, t := range b.Tables {
		if !taken[spec.FoldName(t.Schema+"."+t.Name)] {
			writeView(&sql, relation{schema: t.Schema, name: t.Name, from: engine.Relation(buildAlias, t.Schema, t.Name)})
		}
	}
	return sql.String()
}

func writeView(sql *strings.Builder, r relation) {
	if !spec.SameName(r.schema, "main") {
		fmt.Fprintf(sql, "CREATE SCHEMA IF NOT EXISTS %s;\n", engine.Ident(r.schema))
	}
	columns := r.added
	from := " WHERE false"
	if r.from != "" {
		star := "*"
		if len(r.replaced) > 0 {
			star = "* REPLACE (" + strings.Join(r.replaced, ", ") + ")"
		}
		columns = append([]string{star}, r.added...)
		from = " FROM " + r.from
	}
	fmt.Fprintf(sql, "CREATE VIEW %s AS SELECT %s%s;\n", engine.Relation(r.schema, r.name), strings.Join(columns, ", "), from)
}

// shownRows is how many failing rows are kept of a check.
const shownRows = 5

// outcome is what a query whose rows are violations returned.
type outcome struct {
	rows    *engine.Rows
	total   int64
	exposes exposure
	err     error // why it could not be run, for people
	onData  bool  // the error came while data was read, so it may quote them
}

// run runs a query that an author wrote. The error is for what makes it useless to go on: the session is gone.
func (x *world) run(ctx context.Context, sql string) outcome {
	trees, err := x.session.Parse(ctx, []string{sql})
	if err != nil {
		return outcome{err: err}
	}
	if trees[0].Err != nil {
		return outcome{err: trees[0].Err}
	}
	if trees[0].Statements != 1 {
		return outcome{err: fmt.Errorf("it holds %d statements; write one SELECT", trees[0].Statements)}
	}
	rows, err := x.session.Query(ctx, sql, shownRows)
	if err != nil {
		return outcome{err: err, onData: x.fits(ctx, sql)}
	}
	out := outcome{rows: rows, total: int64(len(rows.Values)), exposes: exposureOf(trees[0].JSON)}
	if rows.More {
		out.total = x.count(ctx, sql, out.total)
	}
	return out
}

// fits says whether a query can be run at all, if it need not read any row.
func (x *world) fits(ctx context.Context, sql string) bool {
	_, err := x.session.Query(ctx, "SELECT * FROM (\n"+strings.TrimRight(strings.TrimSpace(sql), ";")+"\n) LIMIT 0", 1)
	return err == nil
}

// count counts all rows of a query; if that fails, what is known already will do.
func (x *world) count(ctx context.Context, sql string, known int64) int64 {
	rows, err := x.session.Query(ctx, "SELECT count(*) FROM (\n"+strings.TrimRight(strings.TrimSpace(sql), ";")+"\n)", 1)
	if err != nil || len(rows.Values) != 1 || rows.Values[0][0] == nil {
		return known
	}
	n, err := strconv.ParseInt(*rows.Values[0][0], 10, 64)
	if err != nil {
		return known
	}
	return n
}
