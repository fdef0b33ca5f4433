package verify

import (
	"context"
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/spec"
)

// retired shows checks that new amendments retire. Without a new check that reads the same, that is for people to decide.
func (w *work) retired(ctx context.Context) error {
	if w.base == nil {
		return nil
	}
	for _, r := range w.head.Document.Ledger.Retired() {
		if !w.isFresh(r.By) {
			continue
		}
		by, ok := w.head.Document.Ledger.Entry(r.By)
		if !ok {
			continue
		}
		restated, err := w.restated(ctx, r.Check, by.Amendment)
		if err != nil {
			return err
		}
		status, message := bot.Review, fmt.Sprintf("amendment %d retires it and states nothing in its place, because: %s", r.By, r.Because)
		if restated != "" {
			status, message = bot.Pass, fmt.Sprintf("amendment %d restates it as %q, because: %s", r.By, restated, r.Because)
		}
		result := w.add(bot.AreaRequirements, status, r.Check.Name+" (retired)", message, fmt.Sprint(r.Amendment), r.Check.Name, "retired")
		result.Amendment, result.File = r.Amendment, by.File
	}
	return nil
}

// restated is the name of a check of the amendment that reads all tables and columns that the retired check reads, under
// their present names; for CEL, any CEL check. Empty if there is none.
func (w *work) restated(ctx context.Context, old spec.Check, by spec.Amendment) (string, error) {
	if old.CEL != "" {
		for _, c := range by.Checks {
			if c.CEL != "" {
				return c.Name, nil
			}
		}
		return "", nil
	}
	texts := []string{old.SQL}
	var names []string
	for _, c := range by.Checks {
		if c.SQL != "" {
			texts = append(texts, c.SQL)
			names = append(names, c.Name)
		}
	}
	reads, err := w.reads(ctx, texts)
	if err != nil {
		return "", err
	}
	old0 := w.presentNames(reads[0])
	for i, name := range names {
		covered := len(old0) > 0
		for read := range old0 {
			covered = covered && reads[i+1][read]
		}
		if covered {
			return name, nil
		}
	}
	return "", nil
}

// presentNames are names of tables and columns with declared renames carried out.
func (w *work) presentNames(reads map[string]bool) map[string]bool {
	out := map[string]bool{}
	tables, columns := w.renames()
	for name := range reads {
		for _, t := range tables {
			if foldName(t.baseTable) == name {
				name = foldName(t.headTable)
			}
		}
		for _, c := range columns {
			if "."+foldName(c.baseColumn) == name {
				name = "." + foldName(c.headColumn)
			}
		}
		out[name] = true
	}
	return out
}

// reads are, for each text of SQL, the tables that it reads and, with a dot before them, the columns, all folded. A text
// that can't be parsed reads none.
func (w *work) reads(ctx context.Context, texts []string) ([]map[string]bool, error) {
	session, err := engine.Start(ctx, w.v.Builder.Options())
	if err != nil {
		return nil, err
	}
	defer session.Close()
	trees, err := session.Parse(ctx, texts)
	if err != nil {
		return nil, err
	}
	out := make([]map[string]bool, len(texts))
	for i, tree := range trees {
		out[i] = map[string]bool{}
		if tree.Err != nil {
			continue
		}
		use, err := lineage.Of(tree.JSON)
		if err != nil {
			continue
		}
		for _, t := range use.Tables {
			out[i][foldName(t.Table)] = true
		}
		columns, err := lineage.Columns(tree.JSON)
		if err != nil {
			continue
		}
		for _, c := range columns {
			out[i]["."+foldName(c)] = true
		}
	}
	return out, nil
}
