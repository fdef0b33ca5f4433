package sqltype

import "strings"

// Common is the least type to which values of both a and b are cast to be compared, without lengths. Exact is false
// where that may go wrong: the cast overflows or rounds (a BIGINT compared as DOUBLE, a TIMESTAMP as TIMESTAMP_NS), or
// there is nothing in common but the text form, in which equal values may differ. Text and an ENUM have VARCHAR in common.
func Common(a, b Type) (t Type, exact bool) {
	a, b = a.Physical(), b.Physical()
	varchar := Type{Name: "VARCHAR"}
	switch {
	case holds(a, b):
		return a, true
	case holds(b, a):
		return b, true
	case isNumeric(a) && isNumeric(b):
		return commonNumber(a, b)
	case isTextual(a) && isTextual(b):
		return varchar, true
	case isPointInTime(a) && isPointInTime(b):
		if a.Family() == TimestampTZ || b.Family() == TimestampTZ {
			return Type{Name: "TIMESTAMP WITH TIME ZONE"}, false
		}
		return Type{Name: "TIMESTAMP_NS"}, false
	case a.Family() == List && b.Family() == List:
		elem, exact := Common(a.Fields[0].Type, b.Fields[0].Type)
		out := Type{Name: "LIST", Fields: []Field{{Type: elem}}}
		if a.Name == "ARRAY" && b.Name == "ARRAY" && a.Size == b.Size {
			out.Name, out.Size = "ARRAY", a.Size
		}
		return out, exact
	case a.Name == b.Name && (a.Name == "STRUCT" || a.Name == "MAP"):
		return commonFields(a, b)
	case a.Family() == Null:
		return b, true
	case b.Family() == Null:
		return a, true
	}
	return varchar, false
}

// isTextual says whether DuckDB keeps t as text.
func isTextual(t Type) bool { return t.Family() == Text || t.Family() == JSON }

// isPointInTime says whether t is a date or a timestamp of any kind.
func isPointInTime(t Type) bool {
	return t.Family() == Date || t.Family() == Timestamp || t.Family() == TimestampTZ
}

// commonFields joins two nested types part by part; parts of other names have only text in common.
func commonFields(a, b Type) (Type, bool) {
	if len(a.Fields) != len(b.Fields) {
		return Type{Name: "VARCHAR"}, false
	}
	out := Type{Name: a.Name, Fields: make([]Field, len(a.Fields))}
	all := true
	for i, f := range a.Fields {
		if !strings.EqualFold(f.Name, b.Fields[i].Name) {
			return Type{Name: "VARCHAR"}, false
		}
		t, exact := Common(f.Type, b.Fields[i].Type)
		out.Fields[i] = Field{Name: f.Name, Type: t}
		all = all && exact
	}
	return out, all
}

// commonNumber joins two numeric types of which neither holds the other.
func commonNumber(a, b Type) (Type, bool) {
	if a.Family() == Float || b.Family() == Float {
		double := Type{Name: "DOUBLE"}
		return double, holds(double, a) && holds(double, b)
	}
	if a.Family() == Integer && b.Family() == Integer {
		for _, name := range integers() {
			if t := (Type{Name: name}); holds(t, a) && holds(t, b) {
				return t, true
			}
		}
	}
	whole := max(wholeDigits(a), wholeDigits(b))
	scale := max(a.Scale, b.Scale)
	if whole+scale > 38 {
		return Type{Name: "DECIMAL", Width: 38, Scale: scale}, false
	}
	return Type{Name: "DECIMAL", Width: whole + scale, Scale: scale}, true
}

// wholeDigits is the most digits before the point that a number of an integer or decimal type has.
func wholeDigits(t Type) int {
	if t.Family() == Decimal {
		return t.Width - t.Scale
	}
	return digitsIn(reachOf(t).bits)
}
