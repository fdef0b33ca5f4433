package verify

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
)

// internalTables compares the tables that no spec names but that an earlier check, a guideline or a test of the base reads: emptied, such
// a table makes the check hold whatever the output is.
func (c *comparison) internalTables(ctx context.Context) error {
	readers, err := c.readers(ctx)
	if err != nil {
		return err
	}
	for i := range c.headSame.Tables {
		h := &c.headSame.Tables[i]
		b, ok := c.baseSame.Table(h.FullName())
		read := readers[foldName(h.FullName())]
		if !ok || len(read) == 0 || c.promised(b) || c.promised(h) || c.sameSeed(b, h) {
			continue
		}
		if err := c.internalTable(ctx, b, h, read); err != nil {
			return fmt.Errorf("compare internal table %s: %w", h.FullName(), err)
		}
	}
	return nil
}

// promised says whether a spec names a table, so that it is compared as what readers see.
func (w *work) promised(t *product.Table) bool {
	_, base := w.base.Spec().Table(t.FullName())
	_, head := w.head.Spec().Table(t.FullName())
	return base || head
}

// sameSeed says whether two tables come from one unchanged seed file.
func (w *work) sameSeed(b, h *product.Table) bool {
	hash := func(p *product.Product, t *product.Table) string {
		seeds, _ := p.Seeds()
		for _, s := range seeds {
			if sameName(s.Table, t.FullName()) {
				return s.Hash
			}
		}
		return ""
	}
	old := hash(w.base, b)
	return old != "" && old == hash(w.head, h)
}

// reader is a query of the base that still binds, with a name for people and the amendment that it comes from, 0 for none.
type reader struct {
	name, sql string
	amendment int
}

// readers are the checks and tests that bound at the base, by the head's tables that they read, in lower case.
func (c *comparison) readers(ctx context.Context) (map[string][]string, error) {
	all := c.oldReaders()
	texts := make([]string, len(all))
	for i, r := range all {
		texts[i] = r.sql
	}
	out := map[string][]string{}
	if len(texts) == 0 {
		return out, nil
	}
	trees, err := c.session.Parse(ctx, texts)
	if err != nil {
		return nil, err
	}
	for i, r := range all {
		if trees[i].Err != nil {
			continue // the check itself fails for that
		}
		use, err := lineage.Of(trees[i].JSON)
		if err != nil {
			continue
		}
		for _, name := range use.Tables {
			t, ok := c.headSame.Table(c.nameNow(qualified(name), r.amendment))
			if !ok {
				continue
			}
			key := foldName(t.FullName())
			if !slices.Contains(out[key], r.name) {
				out[key] = append(out[key], r.name)
			}
		}
	}
	return out, nil
}

// qualified is a table's name with its schema, if that is written.
func qualified(n lineage.Name) string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// nameNow is the name at the head of what an amendment's check calls a table; 0 for a test, which may be of any age.
func (w *work) nameNow(name string, amendment int) string {
	if _, ok := w.headSame.Table(name); ok && amendment == 0 {
		return name
	}
	entries := w.head.Document.Ledger.Entries
	later := entries[:0:0]
	for _, e := range entries {
		if e.Amendment.ID > amendment {
			later = append(later, e)
		}
	}
	tables, _ := follow(later)
	for _, r := range tables {
		if sameName(r.baseTable, name) {
			return r.headTable
		}
	}
	return name
}

// oldReaders are the earlier checks, the guidelines' and the base's tests that still bind.
func (w *work) oldReaders() []reader {
	var out []reader
	for _, a := range w.head.Document.Ledger.Active() {
		if a.Check.SQL != "" && !w.isFresh(a.Amendment) {
			out = append(out, reader{fmt.Sprintf("the check %q of amendment %d", a.Check.Name, a.Amendment), a.Check.SQL, a.Amendment})
		}
	}
	last := 0
	for _, e := range w.head.Document.Ledger.Entries {
		last = max(last, e.Amendment.ID)
	}
	for _, g := range w.set.in.Guidelines {
		head, base, err := w.applies(g)
		if err != nil || !head && !base {
			continue
		}
		for _, c := range g.Checks {
			if c.SQL != "" {
				out = append(out, reader{fmt.Sprintf("the check %q of guideline %s", c.Name, g.ID), c.SQL, last})
			}
		}
	}
	for _, f := range sortedFiles(w.baseTests()) {
		if _, _, declared := w.test(f.Path); !declared {
			out = append(out, reader{"the test " + f.Path, f.Text, 0})
		}
	}
	return out
}

// internalTable compares one internal table; what comes to it is welcome.
func (c *comparison) internalTable(ctx context.Context, b, h *product.Table, readers []string) error {
	p := c.newPair(b, h)
	if err := p.compare(ctx); err != nil {
		return err
	}
	if !p.result.Same() && c.control != nil {
		if err := p.findUnstable(ctx); err != nil {
			return err
		}
		if len(p.unstable) > 0 || p.rowsUnstable {
			if err := p.compare(ctx); err != nil {
				return err
			}
		}
	}
	r, table := p.result, h.FullName()
	verb := "reads"
	if len(readers) > 1 {
		verb = "read"
	}
	who := strings.Join(readers, ", ") + " " + verb + " it"
	name := "internal table " + table
	if r.BaseRows > 0 && r.HeadRows == 0 {
		c.add(bot.AreaCompatibility, bot.Fail, name, fmt.Sprintf("all %d rows of the internal table %s are gone; %s, so it can't say no any more", r.BaseRows, table, who), "internal", table)
		return nil
	}
	var said []string
	if lost := r.Lost.Outside; p.rowsUnstable {
		if r.HeadRows < r.BaseRows && p.lostBy.by == 0 {
			said = append(said, fmt.Sprintf("it has %d rows instead of %d", r.HeadRows, r.BaseRows))
		}
	} else if lost > 0 {
		said = append(said, portion(lost, r.BaseRows, "rows")+" are gone or changed")
	}
	for _, column := range r.Columns {
		if column.Outside > 0 && !p.rowsUnstable {
			said = append(said, fmt.Sprintf("%s of %s changed", portion(column.Outside, r.BaseRows, "values"), p.pair.Columns[column.Index].Head))
		}
	}
	if len(said) > 0 {
		c.add(bot.AreaCompatibility, bot.Review, name, fmt.Sprintf("%s: %s; so look whether it still says no when it should, or declare the change", who, strings.Join(said, "; ")), "internal", table)
	}
	return nil
}
