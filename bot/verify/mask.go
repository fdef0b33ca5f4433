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
	classified map[string]bool // column names, folded
	known      map[string]bool // names of columns that specs know
}

func newMask(s *set, products ...*product.Product) mask {
	m := mask{classified: map[string]bool{}, known: map[string]bool{}}
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
			m.known[foldName(c.Name)] = true
			if c.Classification != "" {
				m.classified[foldName(c.Name)] = true
			}
		}
	}
}

// hides says whether values of a column of that name must not be shown.
func (m mask) hides(column string) bool { return m.classified[foldName(column)] }

// hidesInternal says so of a table that no spec names: its columns may hold classified values under another name.
func (m mask) hidesInternal(column string) bool {
	return m.hides(column) || len(m.classified) > 0 && !m.known[foldName(column)]
}

// quotedValue is a value that DuckDB quotes in a message.
var quotedValue = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"`)

// bareValue is a value that DuckDB writes without quotes, as in "Type INT64 with value 4111 can't be cast".
var bareValue = regexp.MustCompile(`(?i)(\bvalue )[^\s'"]+`)

// dataMessage recognises messages that quote values of the data.
var dataMessage = regexp.MustCompile(`(?i)conver|cast|out of range|overflow|constraint|duplicate key|parse|pars|invalid input|original line|format`)

// text withholds what a message may quote of the data, where any column is classified.
func (m mask) text(message string) string {
	if len(m.classified) == 0 || !dataMessage.MatchString(message) {
		return message
	}
	message = quotedValue.ReplaceAllStringFunc(message, func(q string) string {
		return q[:1] + withheld + q[len(q)-1:]
	})
	return bareValue.ReplaceAllString(message, "${1}"+withheld)
}

// plainFault recognises messages about the text of a model or the form of a file, which quote no data. All others of DuckDB may: a cast
// quotes what it can't cast, error() says whatever it is told.
var plainFault = regexp.MustCompile(`(?i)^(the |is |has |holds |makes |calls |was |column |columns |table |a double quote|models read |product |products |` +
	`syntax error|referenced |no function matches|scalar function with name|aggregate function with name|table function with name|` +
	`catalog|schema with name|type with name|ambiguous|unknown |no |cannot compare|cannot mix|duplicate alias|duplicate table|where clause|group by|order by|subquer)`)

// problem is what is wrong with a file, as far as it quotes no data.
func (m mask) problem(message string) string {
	if len(m.classified) == 0 {
		return message
	}
	if !plainFault.MatchString(message) {
		return withheldFault
	}
	own, _, _ := strings.Cut(message, ": ") // what follows may be DuckDB's on another product
	if strings.HasPrefix(message, "product ") {
		return own
	}
	return m.text(message)
}

// withheldFault stands for a message that may quote values.
const withheldFault = "it fails on the data; what DuckDB says may quote classified values, so it is withheld"

// fault says why a query could not be run. What DuckDB says while it reads data may quote any of them.
func (m mask) fault(out outcome) string {
	if len(m.classified) > 0 && out.onData {
		return withheldFault
	}
	return m.text(out.err.Error())
}

// sample shows rows of a query, as far as what its parse tree says of it allows.
func (m mask) sample(rows *engine.Rows, total int64, e exposure) *bot.Sample {
	out := &bot.Sample{Columns: rows.Columns, Rows: [][]*string{}, Total: total}
	all := m.hidesAll(e)
	for _, row := range rows.Values {
		shown := make([]*string, len(row))
		for i, v := range row {
			shown[i] = v
			if v != nil && (all || m.hidesResult(rows.Columns[i], e)) {
				w := withheld
				shown[i] = &w
			}
		}
		out.Rows = append(out.Rows, shown)
	}
	return out
}
