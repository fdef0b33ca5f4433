package portrait

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
)

// Limits of one answer of a Desk.
const (
	maxRows  = 20
	maxBytes = 8 << 10
	maxValue = 200
	maxQuery = 20 << 10
)

// Desk answers what a model asks about one product: queries on its built tables and its files. Its methods may be
// called from several goroutines; it must be closed.
type Desk struct {
	mu      sync.Mutex
	known   *knowledge
	session *engine.Session
}

// OpenDesk opens a desk for a product and its build, which may be nil. Of the options only Data and Also count. The errors are as
// those of Of.
func OpenDesk(ctx context.Context, p *product.Product, b *product.Build, builder *product.Builder, o Options) (*Desk, error) {
	k, err := learn(ctx, p, b, builder, o.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("prepare to answer questions about %s: %w", p.Name(), err)
	}
	return &Desk{known: k}, nil
}

// Close ends the session behind the desk.
func (d *Desk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.drop()
}

func (d *Desk) drop() error {
	if d.session == nil {
		return nil
	}
	session := d.session
	d.session = nil
	return session.Close()
}

// File returns the text of a file of the product, with the values of a seed masked, or a sentence that says why it is not
// shown. The error is always nil; it is there for what may come.
func (d *Desk) File(name string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	text, err := d.known.file(name)
	if err != nil {
		return "It can't be shown: " + err.Error() + ".", nil
	}
	return text, nil
}

// Query runs one SELECT on the product's tables and inputs and returns its first rows as CSV, or a sentence that says what is
// wrong with it. Values that are withheld are not there for the query at all. The error is for what is not the
// query's fault: a context that ended, or a sandbox that is not to be had.
func (d *Desk) Query(ctx context.Context, sql string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k := d.known
	switch {
	case k.build == nil:
		return "There is no build of this product to query.", nil
	case len(sql) > maxQuery:
		return fmt.Sprintf("The query is longer than %d bytes; write a shorter one.", maxQuery), nil
	}
	if d.session == nil {
		session, err := k.open(ctx)
		if err != nil {
			return "", fmt.Errorf("query %s: %w", k.product.Name(), err)
		}
		d.session = session
	}
	text, err := d.answer(ctx, sql)
	if ctx.Err() != nil {
		_ = d.drop()
		return "", ctx.Err()
	}
	if err == nil {
		return text, nil
	}
	var e *engine.Error
	if errors.As(err, &e) && e.Kind != engine.KindSQL && e.Kind != engine.KindDenied {
		_ = d.drop() // the next query gets a fresh one
	}
	return "The query can't be run: " + cut(d.plain(err.Error()), 1000), nil
}

// answer runs a query that was found to be harmless.
func (d *Desk) answer(ctx context.Context, sql string) (string, error) {
	trees, err := d.session.Parse(ctx, []string{sql})
	if err != nil {
		return "", err
	}
	switch tree := trees[0]; {
	case tree.Err != nil:
		return "", tree.Err
	case tree.Statements != 1:
		return "", fmt.Errorf("it holds %d statements; write one SELECT", tree.Statements)
	}
	use, err := lineage.Of(trees[0].JSON)
	if err != nil {
		return "", err
	}
	if why := d.known.refusal(use); why != "" {
		return "", errors.New(why)
	}
	rows, err := d.session.Query(ctx, inOrder(sql, trees[0].JSON), maxRows)
	if err != nil {
		rows, err = d.session.Query(ctx, sql, maxRows) // its columns may be of a type without an order
	}
	if err != nil {
		return "", err
	}
	return d.known.show(rows), nil
}

// inOrder puts the rows of a query in order that says nothing of it itself: how a table lies on disk differs between builds of the same
// data, and the same question should have the same answer.
func inOrder(sql string, tree []byte) string {
	if bytes.Contains(tree, []byte("ORDER_MODIFIER")) {
		return sql
	}
	return "SELECT * FROM (\n" + strings.TrimRight(strings.TrimSpace(sql), ";") + "\n) ORDER BY ALL"
}

// refusal says why a query may not be run; empty if it may. Only tables of the product and its inputs may be read, and only by name:
// the session holds the values that are withheld, under names that no table here has.
func (k *knowledge) refusal(use lineage.Use) string {
	for _, t := range use.Tables {
		if _, ok := k.sheet(tableKey(t.String())); t.Catalog != "" || !ok {
			var names []string
			for _, s := range k.sheets {
				names = append(names, s.label)
			}
			return fmt.Sprintf("there is no table %s here; there are %s", t, strings.Join(names, ", "))
		}
	}
	for _, f := range use.TableFunctions {
		if f != "range" && f != "generate_series" && f != "unnest" {
			return "it uses " + f + ", which is not allowed here; read tables by their names, as SELECT … FROM orders"
		}
	}
	for _, f := range use.Functions {
		if slices.Contains([]string{"current_setting", "getenv", "getvariable", "pg_get_viewdef", "nextval", "currval"}, f) {
			return "it calls " + f + ", which is not allowed here"
		}
	}
	return ""
}

// plain takes the names of the session's own databases out of a message.
func (d *Desk) plain(message string) string {
	for i := range len(d.known.build.Before) + 1 {
		for _, name := range []string{engine.Ident(d.known.sourceAlias(i)), d.known.sourceAlias(i)} {
			message = strings.ReplaceAll(message, name+".", "")
		}
	}
	return message
}

// show writes rows as CSV, as many as fit. Where no values may be shown, it tells only how many rows there are.
func (k *knowledge) show(rows *engine.Rows) string {
	var b strings.Builder
	if k.options.Data == Schema {
		for i, name := range rows.Columns {
			fmt.Fprintf(&b, "%s %s\n", name, rows.Types[i])
		}
		found := count(len(rows.Values), 0)
		if rows.More {
			found = "More than " + found
		}
		return b.String() + found + " Values are not shown."
	}
	w := csv.NewWriter(&b)
	_ = w.Write(rows.Columns) // into memory
	more := rows.More
	shown := 0
	for _, row := range rows.Values {
		record := make([]string, len(row))
		for i, v := range row {
			record[i] = "NULL"
			if v != nil {
				record[i] = cut(*v, maxValue)
			}
		}
		w.Flush()
		before := b.Len()
		_ = w.Write(record)
		w.Flush()
		if b.Len() > maxBytes {
			text := b.String()[:before]
			b.Reset()
			b.WriteString(text)
			more = true
			break
		}
		shown++
	}
	w.Flush()
	switch {
	case more:
		fmt.Fprintf(&b, "(these are the first %d rows; there are more)", shown)
	case shown == 1:
		b.WriteString("(1 row)")
	default:
		fmt.Fprintf(&b, "(%d rows)", shown)
	}
	return b.String()
}
