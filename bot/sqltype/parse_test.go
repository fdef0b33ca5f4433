package sqltype

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

// canonicalForms are spellings and what DESCRIBE makes of them; where Codicil keeps more than DuckDB, that is second.
var canonicalForms = []struct{ in, want string }{
	{"int", "INTEGER"}, {"INT4", "INTEGER"}, {" Integer ", "INTEGER"}, {"signed", "INTEGER"}, {"int32", "INTEGER"},
	{"int1", "TINYINT"}, {"short", "SMALLINT"}, {"int8", "BIGINT"}, {"long", "BIGINT"}, {"oid", "BIGINT"},
	{"int128", "HUGEINT"}, {"uint128", "UHUGEINT"}, {"uint8", "UTINYINT"}, {"uint16", "USMALLINT"},
	{"uint32", "UINTEGER"}, {"uint64", "UBIGINT"}, {"varint", "BIGNUM"}, {`"INTEGER"`, "INTEGER"},
	{"real", "FLOAT"}, {"float4", "FLOAT"}, {"float(24)", "FLOAT"}, {"float(25)", "DOUBLE"},
	{"float8", "DOUBLE"}, {"double  precision", "DOUBLE"},
	{"decimal", "DECIMAL(18,3)"}, {"numeric", "DECIMAL(18,3)"}, {"dec(4)", "DECIMAL(4,0)"}, {"DECIMAL ( 10 , 2 )", "DECIMAL(10,2)"},
	{"text", "VARCHAR"}, {"string", "VARCHAR"}, {"bpchar", "VARCHAR"}, {"character varying", "VARCHAR"},
	{"varchar(10)", "VARCHAR(10)"}, {"char(3)", "VARCHAR(3)"}, {"CHARACTER VARYING(7)[]", "VARCHAR(7)[]"},
	{"bytea", "BLOB"}, {"varbinary", "BLOB"}, {"bit", "BIT"}, {"bitstring", "BIT"}, {"bit(3)", "BIT"},
	{"bool", "BOOLEAN"}, {"logical", "BOOLEAN"}, {"date", "DATE"}, {"time", "TIME"}, {"time_ns", "TIME_NS"},
	{"timetz", "TIME WITH TIME ZONE"}, {"time with time zone", "TIME WITH TIME ZONE"}, {"time without time zone", "TIME"},
	{"datetime", "TIMESTAMP"}, {"timestamp_us", "TIMESTAMP"}, {"timestamp(0)", "TIMESTAMP_S"}, {"timestamp(3)", "TIMESTAMP_MS"},
	{"timestamp(6)", "TIMESTAMP"}, {"timestamp(9)", "TIMESTAMP_NS"}, {"timestamp_ns", "TIMESTAMP_NS"},
	{"timestamptz", "TIMESTAMP WITH TIME ZONE"}, {"timestamp  with\ttime zone", "TIMESTAMP WITH TIME ZONE"},
	{"timestamp without time zone", "TIMESTAMP"}, {"interval", "INTERVAL"}, {"interval day to second", "INTERVAL"},
	{"guid", "UUID"}, {"json", "JSON"}, {"geometry", "GEOMETRY"}, {"variant", "VARIANT"},
	{"enum('a','it''s', 'a, b)')", "ENUM('a', 'it''s', 'a, b)')"},
	{"int[]", "INTEGER[]"}, {"int[3]", "INTEGER[3]"}, {"int[][3]", "INTEGER[][3]"}, {"int array", "INTEGER[]"}, {"int array[3]", "INTEGER[3]"},
	{`struct(a int, "b c" varchar(3), "select" int, "B" date, "value" int, "a""b" int)`, `STRUCT(a INTEGER, "b c" VARCHAR(3), "select" INTEGER, B DATE, "value" INTEGER, "a""b" INTEGER)`},
	{"row(a int)[][]", "STRUCT(a INTEGER)[][]"}, {`struct("année" int)`, `STRUCT("année" INTEGER)`},
	{"map(varchar, struct(a int)[])", "MAP(VARCHAR, STRUCT(a INTEGER)[])"},
	{`union("num x" int, s text)`, `UNION("num x" INTEGER, s VARCHAR)`},
}

func TestParse(t *testing.T) {
	for _, c := range append(canonicalForms, []struct{ in, want string }{
		{"mood", "MOOD"}, {`"my type"`, `"my type"`}, {"s.mood", `"S.MOOD"`}, {"vector(3, 'x')", "VECTOR(3, 'x')"},
		{"geometry('OGC:CRS84')", "GEOMETRY('OGC:CRS84')"}, {"null", `"NULL"`}, {`"NULL"`, `"NULL"`},
	}...) {
		got, err := Parse(c.in)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got.String() != strings.ReplaceAll(c.want, "my type", "MY TYPE") {
			t.Errorf("Parse(%s) is %s, want %s", c.in, got, c.want)
		}
	}
}

// TestDuckDBAgrees holds the table above against the engine itself.
func TestDuckDBAgrees(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, c := range canonicalForms {
		if _, err := db.Exec("CREATE OR REPLACE TABLE t (x " + c.in + ")"); err != nil {
			t.Errorf("DuckDB rejects %s: %v", c.in, err)
			continue
		}
		var described string
		if err := db.QueryRow("SELECT column_type FROM (DESCRIBE t)").Scan(&described); err != nil {
			t.Fatal(err)
		}
		got, err := Parse(c.in)
		if err != nil {
			t.Fatal(err)
		}
		if got.Physical().String() != described {
			t.Errorf("%s: DuckDB prints %s, we print %s", c.in, described, got.Physical())
		}
	}
	rows, err := db.Query("SELECT DISTINCT upper(type_name) FROM duckdb_types() WHERE type_name NOT IN ('type', 'list', 'array') UNION SELECT keyword_name FROM duckdb_keywords()")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		if _, isType := canonical()[name]; !isType && !keywords()[name] {
			t.Errorf("DuckDB knows %s, we don't", name)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "it ends where a type should follow"},
		{"int(5)", "INTEGER takes nothing in brackets"},
		{"decimal(39)", "width of a DECIMAL must be from 1 to 38"},
		{"decimal(5,6)", "must not exceed its width, 5"},
		{"decimal(5,-1)", "scale of a DECIMAL must be from 0 to 38"},
		{"varchar(0)", "length of a VARCHAR must be from 1"},
		{"varchar(10", "it ends where ) should follow"},
		{"int[", "it ends"},
		{"int[0]", "length of an array must be from 1"},
		{"int unsigned", `"unsigned" at character 5 is unexpected`},
		{"enum()", "lists its values in single quotes"},
		{"enum('a','a')", `"a" comes twice`},
		{"struct", "it ends where ( should follow"},
		{"struct(a int, A int)", `"A" comes twice`},
		{"map(int)", `")" at character 8 should be ,`},
		{"list", "write INTEGER[]"},
		{"'x'", `"x" at character 1 is unexpected`},
		{`"x`, "quote at character 1 is not closed"},
		{"int; drop", `';' at character 4 does not belong`},
		{strings.Repeat("struct(a ", 200), "nests more than 100 deep"},
		{"int" + strings.Repeat("[]", 200), "nests more than 100 deep"},
	} {
		_, err := Parse(c.in)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%.30q) is %v, want %q", c.in, err, c.want)
		}
	}
}

func TestFamilyAndLength(t *testing.T) {
	for in, want := range map[string]Family{
		"uhugeint": Integer, "decimal(3)": Decimal, "real": Float, "enum('a')": Text, "text": Text, "json": JSON,
		"int[3]": List, "map(int, int)": Map, "timetz": TimeTZ, "timestamp_ns": Timestamp, "mood": Opaque, "null": Null,
	} {
		if got := must(t, in).Family(); got != want {
			t.Errorf("%s is of family %s, want %s", in, got, want)
		}
	}
	if got := must(t, "varchar(12)").Length(); got != 12 {
		t.Errorf("length %d", got)
	}
	if got := must(t, "int[3]").Length(); got != 0 {
		t.Errorf("an array has length %d", got)
	}
	if got := must(t, "struct(a varchar(3)[])").Physical().String(); got != "STRUCT(a VARCHAR[])" {
		t.Errorf("physical type %s", got)
	}
	if (Type{}).Family() != "" {
		t.Error("the zero type has a family")
	}
}

// must parses or fails the test.
func must(t *testing.T, s string) Type {
	t.Helper()
	typ, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

func FuzzParse(f *testing.F) {
	for _, c := range canonicalForms {
		f.Add(c.in)
	}
	f.Add(`"a.b".c(x, 'y''', 3)[]`)
	f.Add(`GEOMETRY("x y")`)
	f.Fuzz(func(t *testing.T, in string) {
		typ, err := Parse(in)
		if err != nil {
			return
		}
		again, err := Parse(typ.String())
		if err != nil {
			t.Fatalf("%q becomes %q: %v", in, typ, err)
		}
		if again.String() != typ.String() {
			t.Fatalf("%q becomes %q and then %q", in, typ, again)
		}
		if Compare(typ, again) != Same {
			t.Fatalf("%q is not the same as itself", typ)
		}
	})
}
