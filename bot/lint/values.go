package lint

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/sqltype"
)

// values checks that each accepted value fits the column's type and is there once.
func (l *linter) values(source *spec.Source, at, column string, t sqltype.Type, values []any) {
	for i, v := range values {
		where := fmt.Sprintf("%s/%d", at, i)
		if slices.Contains(values[:i], v) {
			l.at(source, where, "the accepted value %v of %s is there twice: delete one", v, column)
		} else if why := misfit(t, v); why != "" {
			l.at(source, where, "the accepted value %v of %s %s", v, column, why)
		}
	}
}

// misfit says why v is no value of type t, and what to do; empty if it is one, or if that is not known.
func misfit(t sqltype.Type, v any) string {
	text, isText := v.(string)
	_, isBool := v.(bool)
	switch t.Family() {
	case sqltype.Boolean:
		if !isBool {
			return fmt.Sprintf("is no %s: write true or false", t)
		}
	case sqltype.Integer, sqltype.Decimal, sqltype.Float:
		if isText || isBool {
			return fmt.Sprintf("is no number, but the type is %s: write a number without quotes", t)
		}
		return misfitNumber(t, v)
	case sqltype.Text:
		switch {
		case !isText:
			return fmt.Sprintf("is no text, but the type is %s: put it in quotes", t)
		case t.Length() > 0 && utf8.RuneCountInString(text) > t.Length():
			return fmt.Sprintf("is longer than %s allows: shorten it, or widen the type", t)
		case t.Name == "ENUM" && !slices.Contains(t.Values, text):
			return fmt.Sprintf("is not in %s: add it to the type, or delete it", t)
		}
	case sqltype.Date, sqltype.Time, sqltype.Timestamp, sqltype.UUID:
		if !isText {
			return fmt.Sprintf("is no %s: write it in quotes", t)
		}
	}
	return ""
}

// misfitNumber is misfit for numbers.
func misfitNumber(t sqltype.Type, v any) string {
	if t.Family() == sqltype.Float {
		return ""
	}
	text := fmt.Sprint(v)
	if f, ok := v.(float64); ok {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	if len(fraction) > t.Scale {
		return fmt.Sprintf("has more decimal places than %s keeps: round it, or widen the type", t)
	}
	n, ok := new(big.Int).SetString(whole, 10)
	if !ok {
		return ""
	}
	if strings.HasPrefix(text, "-") {
		n.Neg(n)
	}
	if least, most := limits(t); least != nil && (n.Cmp(least) < 0 || n.Cmp(most) > 0) {
		return fmt.Sprintf("is beyond the range of %s: correct it, or widen the type", t)
	}
	return ""
}

// limits are the least and greatest whole numbers of an integer or decimal type; nil for one without limits.
func limits(t sqltype.Type) (least, most *big.Int) {
	if t.Family() == sqltype.Decimal {
		most = new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(t.Width-t.Scale)), nil)
		most.Sub(most, big.NewInt(1))
		return new(big.Int).Neg(most), most
	}
	name, unsigned := strings.CutPrefix(t.Name, "U")
	bits, ok := map[string]uint{"TINYINT": 8, "SMALLINT": 16, "INTEGER": 32, "BIGINT": 64, "HUGEINT": 128}[name]
	if !ok {
		return nil, nil
	}
	if unsigned {
		most = new(big.Int).Lsh(big.NewInt(1), bits)
		return big.NewInt(0), most.Sub(most, big.NewInt(1))
	}
	most = new(big.Int).Lsh(big.NewInt(1), bits-1)
	return new(big.Int).Neg(most), new(big.Int).Sub(most, big.NewInt(1))
}
