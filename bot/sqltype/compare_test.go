package sqltype

import "testing"

func TestCompare(t *testing.T) {
	for _, c := range []struct {
		old, next string
		want      Relation
	}{
		{"int", "integer", Same},
		{"integer", "bigint", Wider},
		{"bigint", "integer", Narrower},
		{"integer", "uinteger", Changed},
		{"utinyint", "smallint", Wider},
		{"ubigint", "hugeint", Wider},
		{"uhugeint", "hugeint", Changed},
		{"uhugeint", "bignum", Wider},
		{"integer", "decimal(9,0)", Narrower},
		{"integer", "decimal(10,0)", Wider},
		{"integer", "decimal(12,2)", Wider},
		{"integer", "decimal(11,2)", Changed},
		{"bigint", "decimal(19,0)", Wider},
		{"hugeint", "decimal(38,0)", Narrower},
		{"decimal(10,2)", "decimal(12,2)", Wider},
		{"decimal(10,2)", "decimal(12,4)", Wider},
		{"decimal(10,2)", "decimal(10,4)", Changed},
		{"decimal(10,2)", "decimal(12,1)", Changed},
		{"decimal(10,2)", "decimal(10,0)", Changed},
		{"decimal(10,2)", "decimal(9,1)", Narrower},
		{"decimal(4,0)", "smallint", Wider},
		{"decimal(4,1)", "smallint", Changed},
		{"decimal(3,0)", "uhugeint", Changed},
		{"float", "double", Wider},
		{"smallint", "float", Wider},
		{"integer", "float", Changed},
		{"integer", "double", Wider},
		{"bigint", "double", Changed},
		{"decimal(15,0)", "double", Wider},
		{"decimal(15,2)", "double", Changed},
		{"varchar(10)", "varchar(3)", Narrower},
		{"varchar(10)", "varchar", Wider},
		{"text", "string", Same},
		{"enum('a','b')", "enum('b','a','c')", Wider},
		{"enum('a','b')", "enum('a','c')", Changed},
		{"enum('a','bcd')", "varchar", Wider},
		{"enum('a','bcd')", "varchar(3)", Wider},
		{"enum('a','bcd')", "varchar(2)", Changed},
		{"integer", "varchar", Changed},
		{"date", "timestamp", Wider},
		{"timestamp", "date", Narrower},
		{"timestamp_s", "timestamp_ms", Wider},
		{"timestamp_ms", "timestamp", Wider},
		{"timestamp", "timestamp_ns", Changed},
		{"timestamp", "timestamptz", Changed},
		{"time", "time_ns", Wider},
		{"time", "timetz", Changed},
		{"boolean", "integer", Changed},
		{"json", "varchar", Changed},
		{"int[]", "bigint[]", Wider},
		{"int[3]", "bigint[]", Wider},
		{"int[3]", "int[4]", Changed},
		{"int[]", "int[][]", Changed},
		{"struct(a int, b int)", "struct(A bigint, b int)", Wider},
		{"struct(a int, b bigint)", "struct(a bigint, b int)", Changed},
		{"struct(a int)", "struct(a int, b int)", Changed},
		{"struct(a int, b int)", "struct(b int, a int)", Changed},
		{"map(varchar(3), int)", "map(varchar, bigint)", Wider},
		{"union(a int)", "union(a tinyint)", Narrower},
		{"mood", "MOOD", Same},
		{"mood", "humour", Changed},
	} {
		if got := Compare(must(t, c.old), must(t, c.next)); got != c.want {
			t.Errorf("%s to %s is %s, want %s", c.old, c.next, got, c.want)
		}
	}
}

func TestSameFamily(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"integer", "double", true}, {"decimal(10,2)", "decimal(12,1)", true}, {"enum('a')", "varchar", true},
		{"integer", "varchar", false}, {"date", "timestamp", false}, {"timestamp", "timestamptz", false},
		{"mood", "mood", true}, {"mood", "humour", false}, {"int[]", "int[3]", true},
	} {
		if got := SameFamily(must(t, c.a), must(t, c.b)); got != c.want {
			t.Errorf("%s and %s: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestCommon(t *testing.T) {
	for _, c := range []struct {
		a, b, want string
		exact      bool
	}{
		{"integer", "bigint", "BIGINT", true},
		{"integer", "uinteger", "BIGINT", true},
		{"bigint", "ubigint", "HUGEINT", true},
		{"hugeint", "uhugeint", "BIGNUM", true},
		{"decimal(10,2)", "decimal(10,0)", "DECIMAL(12,2)", true},
		{"integer", "decimal(5,2)", "DECIMAL(12,2)", true},
		{"hugeint", "decimal(10,2)", "DECIMAL(38,2)", false},
		{"decimal(38,30)", "decimal(38,2)", "DECIMAL(38,30)", false},
		{"bigint", "double", "DOUBLE", false},
		{"integer", "float", "DOUBLE", true},
		{"decimal(10,2)", "float", "DOUBLE", false},
		{"varchar(3)", "varchar(10)", "VARCHAR", true},
		{"enum('a')", "enum('b')", "VARCHAR", true},
		{"json", "varchar", "VARCHAR", true},
		{"integer", "varchar", "VARCHAR", false},
		{"date", "timestamp", "TIMESTAMP", true},
		{"timestamp", "timestamp_ns", "TIMESTAMP_NS", false},
		{"timestamp", "timestamptz", "TIMESTAMP WITH TIME ZONE", false},
		{"boolean", "date", "VARCHAR", false},
		{"int[]", "uinteger[]", "BIGINT[]", true},
		{"int[3]", "uinteger[3]", "BIGINT[3]", true},
		{"int[3]", "int[4]", "INTEGER[]", true},
		{"struct(a int, b bigint)", "struct(a bigint, b int)", "STRUCT(a BIGINT, b BIGINT)", true},
		{"struct(a int)", "struct(b int)", "VARCHAR", false},
		{"null", "int", "INTEGER", true},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			got, exact := Common(must(t, pair[0]), must(t, pair[1]))
			if got.String() != c.want || exact != c.exact {
				t.Errorf("%s and %s have %s in common (exact %v), want %s (%v)", pair[0], pair[1], got, exact, c.want, c.exact)
			}
		}
	}
}

// sample is a set of types that crosses every rule of Compare.
func sample(t *testing.T) []Type {
	names := []string{"bignum", "float", "double", "varchar", "varchar(1)", "varchar(3)", "enum('a')", "enum('b','a')",
		"enum('a','abcd')", "date", "timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns", "timestamptz", "time", "time_ns",
		"boolean", "blob", "json", "uuid", "int[]", "int[2]", "bigint[]", "bigint[2]", "decimal(9,0)[]", "struct(a int)",
		"struct(a bigint)", "struct(b int)", "map(int, int)", "map(int, double)", "union(a int)", "mood", "null"}
	names = append(names, integers()...)
	var out []Type
	for _, n := range names {
		out = append(out, must(t, n))
	}
	for width := 1; width <= 38; width += 1 {
		for _, scale := range []int{0, 1, 2, 10} {
			if scale <= width {
				out = append(out, Type{Name: "DECIMAL", Width: width, Scale: scale})
			}
		}
	}
	return out
}

func TestCompareIsAnOrder(t *testing.T) {
	mirrored := map[Relation]Relation{Same: Same, Wider: Narrower, Narrower: Wider, Changed: Changed}
	types := sample(t)
	for _, a := range types {
		if Compare(a, a) != Same {
			t.Errorf("%s is not the same as itself", a)
		}
		for _, b := range types {
			ab := Compare(a, b)
			if Compare(b, a) != mirrored[ab] {
				t.Errorf("%s to %s is %s, but back it is %s", a, b, ab, Compare(b, a))
			}
			if ab == Same && a.String() != b.String() {
				t.Errorf("%s and %s are the same", a, b)
			}
			if ab != Wider {
				continue
			}
			for _, c := range types {
				if Compare(b, c) == Wider && Compare(a, c) != Wider {
					t.Errorf("%s < %s < %s, but %s to %s is %s", a, b, c, a, c, Compare(a, c))
				}
			}
			if common, exact := Common(a, b); !exact || common.String() != b.Physical().String() && !holds(common, b) {
				t.Errorf("%s and %s have %s in common", a, b, common)
			}
		}
	}
}
