package verify

import (
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
	"github.com/codicil-dev/codicil/bot/product"
)

// withheld stands for a value that must not be shown.
const withheld = "•••"

// mask knows which columns are classified, on either side, in the product and in the products that it reads.
type mask struct {
	classified map[string]bool // lower-case column names
}

func newMask(s *set, products ...*product.Product) mask {
	m := mask{classified: map[string]bool{}}
	for _, p := range products {
		if p == nil {
			continue
		}
		m.learn(p)
		for _, in := range p.Spec().Inputs {
			for _, side := range []*product.Side{s.base, s.head} {
				if from, ok := side.Input(in.Product); ok {
					m.learn(from)
				}
			}
		}
	}
	return m
}

func (m mask) learn(p *product.Product) {
	for _, t := range p.Spec().Tables {
		for _, c := range t.Columns {
			if c.Classification != "" {
				m.classified[strings.ToLower(c.Name)] = true
			}
		}
	}
}

// hides says whether values of a column of that name must not be shown.
func (m mask) hides(column string) bool { return m.classified[strings.ToLower(column)] }

// quotedValue is a value that DuckDB quotes in a message.
var quotedValue = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"`)

// dataMessage recognises messages that quote values of the data.
var dataMessage = regexp.MustCompile(`(?i)conver|cast|out of range|overflow|constraint|duplicate key|parse|pars|invalid input|original line|format`)

// text withholds what a message may quote of the data, where any column is classified.
func (m mask) text(message string) string {
	if len(m.classified) == 0 || !dataMessage.MatchString(message) {
		return message
	}
	return quotedValue.ReplaceAllStringFunc(message, func(q string) string {
		return q[:1] + withheld + q[len(q)-1:]
	})
}

// sample shows rows of a query. Where the query names a classified column at all, every value is withheld, since the
// query may give the value another name; where it only selects with a star, the classified columns are.
func (m mask) sample(rows *engine.Rows, total int64, columns []string) *bot.Sample {
	out := &bot.Sample{Columns: rows.Columns, Rows: [][]*string{}, Total: total}
	all := false
	for _, c := range columns {
		all = all || m.hides(c)
	}
	for _, row := range rows.Values {
		shown := make([]*string, len(row))
		for i, v := range row {
			shown[i] = v
			if v != nil && (all || m.hides(rows.Columns[i])) {
				w := withheld
				shown[i] = &w
			}
		}
		out.Rows = append(out.Rows, shown)
	}
	return out
}
