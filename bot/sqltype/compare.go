package sqltype

import (
	"strings"
	"unicode/utf8"
)

// Relation says how a new type stands to an old one.
type Relation string

// The relations.
const (
	Same     Relation = "same"
	Wider    Relation = "wider"    // the new type holds every value of the old one, and more
	Narrower Relation = "narrower" // the old type holds every value of the new one, and more
	Changed  Relation = "changed"  // neither holds all of the other's values, or they mean another kind of thing
)

// Compare says how the type next stands to the type old. It is an order: Wider one way is Narrower the other, and what
// is wider than a wider type is wider.
//
// Integers go by range, decimals by their digits before and after the point both, so that DECIMAL(10,2) and
// DECIMAL(12,1) are Changed. Integers and decimals without scale fit a FLOAT up to 2^24 and a DOUBLE up to 2^53. Texts go by
// their promised length, and an ENUM is a set of texts. A DATE is the TIMESTAMP of its midnight, years beyond DuckDB's
// TIMESTAMP aside; timestamps go by their precision, where TIMESTAMP_NS with its short range stands apart. A T[n] is a
// T[]. Nested types go by their parts: those of a STRUCT or UNION must have the same names in the same order.
func Compare(old, next Type) Relation {
	there, back := holds(next, old), holds(old, next)
	switch {
	case there && back:
		return Same
	case there:
		return Wider
	case back:
		return Narrower
	}
	return Changed
}

// SameFamily says whether values of a and b mean the same kind of thing; all numeric types are one family.
// A type that is Changed within its family has lost something on one side and gained on the other.
func SameFamily(a, b Type) bool {
	return numericAsOne(a.Family()) == numericAsOne(b.Family()) && (a.Family() != Opaque || a.String() == b.String())
}

// numericAsOne maps decimals and floats to the family of integers.
func numericAsOne(f Family) Family {
	if f == Decimal || f == Float {
		return Integer
	}
	return f
}

// holds says whether big has room for every value of small.
func holds(big, small Type) bool {
	switch {
	case isNumeric(big) && isNumeric(small):
		return holdsNumber(big, small)
	case big.Family() == Text && small.Family() == Text:
		return holdsText(big, small)
	case rankOfTime(big) > 0 && rankOfTime(small) > 0:
		return rankOfTime(big) >= rankOfTime(small)
	case big.Name == "TIME_NS" && small.Name == "TIME":
		return true
	case big.Name == "LIST" && small.Name == "ARRAY":
		return holds(big.Fields[0].Type, small.Fields[0].Type)
	case big.Name != small.Name || big.Size != small.Size || len(big.Fields) != len(small.Fields):
		return false
	case len(big.Fields) == 0:
		return strings.EqualFold(big.Params, small.Params)
	}
	for i, f := range big.Fields {
		if !strings.EqualFold(f.Name, small.Fields[i].Name) || !holds(f.Type, small.Fields[i].Type) {
			return false
		}
	}
	return true
}

// isNumeric says whether t is a number.
func isNumeric(t Type) bool { return numericAsOne(t.Family()) == Integer }

// rankOfTime orders the types of points in time by precision; 0 for all others, TIMESTAMP_NS included.
func rankOfTime(t Type) int {
	switch t.Name {
	case "DATE":
		return 1
	case "TIMESTAMP_S":
		return 2
	case "TIMESTAMP_MS":
		return 3
	case "TIMESTAMP":
		return 4
	}
	return 0
}

// holdsText compares lengths and accepted values.
func holdsText(big, small Type) bool {
	if big.Name == "VARCHAR" {
		return big.Size == 0 || longest(small) > 0 && longest(small) <= big.Size
	}
	if small.Name != "ENUM" {
		return false
	}
	has := map[string]bool{}
	for _, v := range big.Values {
		has[v] = true
	}
	for _, v := range small.Values {
		if !has[v] {
			return false
		}
	}
	return true
}

// longest is the length in characters that a text type may have; 0 if there is no limit.
func longest(t Type) int {
	n := t.Size
	for _, v := range t.Values {
		n = max(n, utf8.RuneCountInString(v), 1)
	}
	return n
}

// reach is the set of numbers that a type holds exactly.
type reach struct {
	signed bool
	bits   int // 2^bits is beyond the greatest value; for a decimal the most bits that surely fit in, see whole
	whole  int // decimal digits before the point that surely fit
	scale  int // decimal digits after the point
	binary bool
}

// endless stands for no limit.
const endless = 1 << 20

// reachOf describes a numeric type.
func reachOf(t Type) reach {
	switch t.Name {
	case "TINYINT":
		return reach{signed: true, bits: 7, whole: 2}
	case "SMALLINT":
		return reach{signed: true, bits: 15, whole: 4}
	case "INTEGER":
		return reach{signed: true, bits: 31, whole: 9}
	case "BIGINT":
		return reach{signed: true, bits: 63, whole: 18}
	case "HUGEINT":
		return reach{signed: true, bits: 127, whole: 38}
	case "UTINYINT":
		return reach{bits: 8, whole: 2}
	case "USMALLINT":
		return reach{bits: 16, whole: 4}
	case "UINTEGER":
		return reach{bits: 32, whole: 9}
	case "UBIGINT":
		return reach{bits: 64, whole: 19}
	case "UHUGEINT":
		return reach{bits: 128, whole: 38}
	case "FLOAT":
		return reach{signed: true, bits: 24, whole: 7, binary: true}
	case "DOUBLE":
		return reach{signed: true, bits: 53, whole: 15, binary: true}
	case "DECIMAL":
		return reach{signed: true, bits: bitsIn(t.Width - t.Scale), whole: t.Width - t.Scale, scale: t.Scale}
	}
	return reach{signed: true, bits: endless, whole: endless} // BIGNUM
}

// bitsIn is the greatest number of bits of which every number has at most that many decimal digits.
func bitsIn(digits int) int { return digits * 33219 / 10000 } // log2(10) is 3.3219…

// digitsIn is the number of decimal digits that a number of so many bits can have.
func digitsIn(bits int) int { return bits*30103/100000 + 1 } // log10(2) is 0.30103…

// holdsNumber compares numeric types by the numbers that they hold exactly.
func holdsNumber(big, small Type) bool {
	b, s := reachOf(big), reachOf(small)
	switch {
	case s.signed && !b.signed:
		return false
	case big.Name == small.Name && small.Family() != Decimal:
		return true
	case s.binary:
		return b.binary && b.bits >= s.bits
	case s.scale > b.scale:
		return false
	case small.Family() == Decimal:
		return b.whole >= s.whole
	}
	return b.bits >= s.bits
}

// integers are the integer types from the least to the greatest, the signed one of a size first.
func integers() []string {
	return []string{"TINYINT", "UTINYINT", "SMALLINT", "USMALLINT", "INTEGER", "UINTEGER", "BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT", "BIGNUM"}
}
