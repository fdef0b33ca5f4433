package verify

import (
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

// source is where a rename is declared: an amendment and the place among its expects.
type source struct{ amendment, index int }

// findPhantoms finds the renames of new amendments that did not happen: they offer no old names, or else checks would look
// at whatever table an amendment points them to.
func (w *work) findPhantoms() {
	w.phantoms = map[source]string{}
	if w.base == nil {
		return
	}
	for found := true; found; { // one that falls may have been another's excuse
		found = false
		tables, columns := w.renames()
		for _, list := range [][]rename{tables, columns} {
			for i := range list {
				why := w.unreal(&list[i], tables, list)
				for _, s := range list[i].sources {
					if why != "" && w.phantoms[s] == "" {
						w.phantoms[s], found = why, true
					}
				}
			}
		}
	}
}

// unreal says why a rename did not happen; empty if it did.
func (w *work) unreal(r *rename, tables, peers []rename) string {
	base, inBase := w.base.Spec().Table(r.baseTable)
	head, inHead := w.head.Spec().Table(r.headTable)
	if r.baseColumn == "" {
		_, stays := w.head.Spec().Table(r.baseTable)
		_, was := w.base.Spec().Table(r.headTable)
		return w.outcome(r, peers, names4{r.baseTable, r.headTable, inBase, stays, was, inHead})
	}
	if !inBase && w.openAtBase(r) { // the base's spec may have the table's new name already
		base, inBase = w.base.Spec().Table(r.headTable)
	}
	switch {
	case !inBase:
		return fmt.Sprintf("the base's spec has no table %s", r.baseTable)
	case !inHead:
		return fmt.Sprintf("the spec has no table %s", r.headTable)
	case !sameName(r.baseTable, r.headTable) && !renamedTo(tables, r.baseTable, r.headTable):
		return fmt.Sprintf("table %s is not renamed to %s", r.baseTable, r.headTable)
	}
	_, before := base.Column(r.baseColumn)
	_, stays := head.Column(r.baseColumn)
	_, was := base.Column(r.headColumn)
	_, after := head.Column(r.headColumn)
	return w.outcome(r, peers, names4{r.baseTable + "." + r.baseColumn, r.headTable + "." + r.headColumn, before, stays, was, after})
}

// names4 are the two names of a rename, and which side has which.
type names4 struct {
	from, to                           string
	fromBase, fromHead, toBase, toHead bool
}

func (w *work) outcome(r *rename, peers []rename, n names4) string {
	same := sameName(n.from, n.to) // only its case, or there and back
	switch {
	case !n.toHead:
		return fmt.Sprintf("the spec has no %s", n.to)
	case !n.fromBase && !(n.toBase && w.openAtBase(r)):
		return fmt.Sprintf("the base's spec has no %s", n.from)
	case n.fromHead && !same && !r.nameTaken(peers):
		return fmt.Sprintf("%s is still there", n.from)
	case n.toBase && !same && !r.nameFreed(peers) && !w.openAtBase(r):
		return fmt.Sprintf("%s was there before", n.to)
	}
	return ""
}

// openAtBase says that the base has one of the rename's amendments already, not implemented: then its spec may say the new name.
func (w *work) openAtBase(r *rename) bool {
	for _, s := range r.sources {
		if _, ok := w.base.Document.Ledger.Entry(s.amendment); ok {
			return true
		}
	}
	return false
}

// nameTaken says that something else was renamed to this one's old name, and nameFreed that what had its new name has another now.
func (r *rename) nameTaken(peers []rename) bool {
	for i := range peers {
		p := &peers[i]
		if p != r && sameName(p.headColumn, r.baseColumn) && (r.baseColumn != "" && sameName(p.headTable, r.headTable) || r.baseColumn == "" && sameName(p.headTable, r.baseTable)) {
			return true
		}
	}
	return false
}

func (r *rename) nameFreed(peers []rename) bool {
	for i := range peers {
		p := &peers[i]
		if p != r && sameName(p.baseColumn, r.headColumn) && (r.baseColumn != "" && sameName(p.baseTable, r.baseTable) || r.baseColumn == "" && sameName(p.baseTable, r.headTable)) {
			return true
		}
	}
	return false
}

func renamedTo(tables []rename, from, to string) bool {
	for _, t := range tables {
		if sameName(t.baseTable, from) && sameName(t.headTable, to) {
			return true
		}
	}
	return false
}

// real are amendments without the renames that did not happen.
func (w *work) real(entries []spec.Entry) []spec.Entry {
	out := make([]spec.Entry, len(entries))
	for i, e := range entries {
		expects := append([]expectation(nil), e.Amendment.Expects...)
		for j := range expects {
			if w.phantoms[source{e.Amendment.ID, j}] != "" {
				expects[j] = expectation{}
			}
		}
		e.Amendment.Expects = expects
		out[i] = e
	}
	return out
}

// happened records the renames that did not happen.
func (w *work) happened() {
	for _, e := range w.fresh {
		for j, x := range e.Amendment.Expects {
			why := w.phantoms[source{e.Amendment.ID, j}]
			if why == "" {
				continue
			}
			r := x.RenameTable
			if r == nil {
				r = x.RenameColumn
			}
			status := bot.Fail
			if e.Amendment.Pending() {
				status = bot.Review
			}
			result := w.add(bot.AreaLedger, status, fmt.Sprintf("what amendment %d renames was renamed", e.Amendment.ID),
				fmt.Sprintf("it renames %s to %s, but %s; only tables and columns of the spec are renamed, so take the rename back or carry it out", r.From, r.To, why),
				"rename", fmt.Sprint(e.Amendment.ID), fmt.Sprint(j+1))
			result.Amendment, result.File = e.Amendment.ID, e.File
			result.Line, _ = e.Source.At(fmt.Sprintf("/expects/%d", j))
		}
	}
}
