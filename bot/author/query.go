package author

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// shownRows is how many rows of a counter-example are shown.
const shownRows = 5

// builtAlias is the name under which a build's database is attached.
const builtAlias = "built"

// found is what a query returned.
type found struct {
	rows  *engine.Rows
	total int64
}

// text tells the rows; without values only their number and columns.
func (f found) text(values bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "It returns %d rows of (%s).\n", f.total, strings.Join(f.rows.Columns, ", "))
	if !values {
		return b.String() + "The values are withheld.\n"
	}
	for _, row := range f.rows.Values {
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = "NULL"
			if v != nil {
				cells[i] = cut(*v, 80)
			}
		}
		b.WriteString(strings.Join(cells, " | ") + "\n")
	}
	return b.String()
}

// query runs one SELECT over a build, in a session of its own that can change nothing. why says what is wrong with the
// query; the error is for what stood in the way of running any.
func (c *change) query(ctx context.Context, b *product.Build, sql string) (f found, why, err error) {
	session, err := c.session(ctx, b)
	if err != nil {
		return f, nil, err
	}
	defer session.Close()
	trees, err := session.Parse(ctx, []string{sql})
	switch {
	case ctx.Err() != nil:
		return f, nil, ctx.Err()
	case err != nil:
		return f, err, nil
	case trees[0].Err != nil:
		return f, trees[0].Err, nil
	case trees[0].Statements != 1:
		return f, errors.New("it is not one statement"), nil
	}
	f.rows, why = session.Query(ctx, sql, shownRows)
	if why != nil {
		return f, why, ctx.Err()
	}
	f.total = int64(len(f.rows.Values))
	if f.rows.More {
		count, err := session.Query(ctx, "SELECT count(*) FROM (\n"+strings.TrimRight(strings.TrimSpace(sql), ";")+"\n)", 1)
		if err == nil && len(count.Values) == 1 && count.Values[0][0] != nil {
			if n, err := strconv.ParseInt(*count.Values[0][0], 10, 64); err == nil {
				f.total = n
			}
		}
	}
	return f, nil, ctx.Err()
}

// session reads a build's tables under plain names, those that are named empty without their rows.
func (c *change) session(ctx context.Context, b *product.Build, empty ...string) (*engine.Session, error) {
	return c.sessionWith(ctx, b, func(t product.Table) string {
		rows := ""
		if slices.ContainsFunc(empty, func(name string) bool { return product.TableKey(name) == product.TableKey(t.FullName()) }) {
			rows = " WHERE false"
		}
		return "SELECT * FROM " + builtTable(t) + rows
	})
}

// builtTable is a build's table as SQL names it.
func builtTable(t product.Table) string { return engine.Relation(builtAlias, t.Schema, t.Name) }

// sessionWith reads a build's tables under plain names, as a query for each shows it.
func (c *change) sessionWith(ctx context.Context, b *product.Build, shown func(product.Table) string) (*engine.Session, error) {
	readOnly := []string{filepath.Dir(b.Database())}
	for _, before := range b.Before {
		readOnly = append(readOnly, filepath.Dir(before.Database()))
	}
	options := c.author.Verifier.Builder.Options(readOnly...)
	options.Threads = 1 // as in a portrait's session
	s, err := engine.Start(ctx, options)
	if err != nil {
		return nil, err
	}
	var sql strings.Builder
	fmt.Fprintf(&sql, "ATTACH %s AS %s (READ_ONLY);\n", engine.Literal(b.Database()), engine.Ident(builtAlias))
	for _, t := range b.Tables {
		if !strings.EqualFold(t.Schema, "main") {
			fmt.Fprintf(&sql, "CREATE SCHEMA IF NOT EXISTS %s;\n", engine.Ident(t.Schema))
		}
		fmt.Fprintf(&sql, "CREATE VIEW %s AS %s;\n", engine.Relation(t.Schema, t.Name), shown(t))
	}
	for _, step := range []func() error{
		func() error { return s.Exec(ctx, sql.String()) },
		func() error { return product.AttachInputs(ctx, s, b.Inputs, b.Before) },
		func() error { return s.PinClock(ctx, b.Clock) },
		func() error { return s.Lock(ctx) },
	} {
		if err := step(); err != nil {
			_ = s.Close()
			return nil, fmt.Errorf("read the build of %s: %w", b.Product, err)
		}
	}
	return s, nil
}

// showsValues says whether values of the product may be shown to the model, in the default mode: not if anything of it, of its base or of the products that it could
// read is classified, since a query can bring any column under any name.
func (c *change) showsValues() (bool, error) {
	switch c.author.Portrait.Data {
	case portrait.All:
		return true, nil
	case portrait.Schema:
		return false, nil
	}
	for _, tree := range append([]product.Tree{c.base.tree, c.head.tree}, c.author.With...) {
		dirs, err := product.Find(tree, ".")
		if err != nil {
			return false, err
		}
		for _, dir := range dirs {
			p, _ := product.Load(tree, dir)
			if p == nil || (p.Name() != c.product.Name() && !c.reads(p.Name())) {
				continue
			}
			if classified(p.Spec()) {
				return false, nil
			}
		}
	}
	return true, nil
}

// reads says whether the product has an input from another, before the change or after it.
func (c *change) reads(name string) bool {
	inputs := c.product.Spec().Inputs
	if now, problems := product.Load(c.head.tree, c.head.path); now != nil && problems.Err() == nil {
		inputs = slices.Concat(inputs, now.Spec().Inputs)
	}
	return slices.ContainsFunc(inputs, func(in spec.Input) bool { return in.Product == name })
}

func classified(s *spec.Spec) bool {
	for _, t := range s.Tables {
		for _, col := range t.Columns {
			if col.Classification != "" {
				return true
			}
		}
	}
	return false
}
