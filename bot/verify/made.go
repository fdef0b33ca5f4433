package verify

import (
	"fmt"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
)

// stillMade asks people to look at a promised table that a model made and that is a file now: it holds what it held, but follows
// its sources no longer.
func (c *comparison) stillMade(b, h *product.Table) {
	model, made := madeBy(c.baseSame, b.FullName())
	if _, still := madeBy(c.headSame, h.FullName()); !made || still {
		return
	}
	seeds, _ := c.head.Seeds()
	for _, s := range seeds {
		if sameName(s.Table, h.FullName()) {
			r := c.add(bot.AreaCompatibility, bot.Review, h.FullName()+" is still made from its sources",
				fmt.Sprintf("%s was computed by %s and is the file %s now, so it changes no longer with what it was made from", h.FullName(), model, s.Path), "made", h.FullName())
			r.File = c.file(s.Path)
		}
	}
}

// madeBy is the model that makes a table.
func madeBy(b *product.Build, table string) (path string, ok bool) {
	for _, m := range b.Models {
		if sameName(m.Table, table) {
			return m.Path, true
		}
	}
	return "", false
}
