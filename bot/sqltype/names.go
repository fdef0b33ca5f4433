package sqltype

import (
	_ "embed"
	"sort"
	"strings"
	"sync"
)

// keywordList are DuckDB 1.5's keywords (duckdb_keywords), one a line.
//
//go:embed keywords.txt
var keywordList string

// keywords is keywordList as a set.
var keywords = sync.OnceValue(func() map[string]bool {
	set := map[string]bool{}
	for _, k := range strings.Fields(keywordList) {
		set[k] = true
	}
	return set
})

// builtin is what is known of one of DuckDB's own types.
type builtin struct {
	family Family
	// aliases are DuckDB's other names for it (duckdb_types), in upper case.
	aliases string
}

// builtins are DuckDB 1.5's types by canonical name.
var builtins = sync.OnceValue(func() map[string]builtin {
	return map[string]builtin{
		"TINYINT":                  {Integer, "INT1"},
		"SMALLINT":                 {Integer, "INT2 INT16 SHORT"},
		"INTEGER":                  {Integer, "INT INT4 INT32 INTEGRAL SIGNED"},
		"BIGINT":                   {Integer, "INT8 INT64 LONG OID"},
		"HUGEINT":                  {Integer, "INT128"},
		"UTINYINT":                 {Integer, "UINT8"},
		"USMALLINT":                {Integer, "UINT16"},
		"UINTEGER":                 {Integer, "UINT32"},
		"UBIGINT":                  {Integer, "UINT64"},
		"UHUGEINT":                 {Integer, "UINT128"},
		"BIGNUM":                   {Integer, "VARINT"},
		"DECIMAL":                  {Decimal, "DEC NUMERIC"},
		"FLOAT":                    {Float, "FLOAT4 REAL"},
		"DOUBLE":                   {Float, "FLOAT8"},
		"VARCHAR":                  {Text, "TEXT STRING CHAR BPCHAR NVARCHAR NCHAR CHARACTER"},
		"ENUM":                     {Text, ""},
		"BOOLEAN":                  {Boolean, "BOOL LOGICAL"},
		"DATE":                     {Date, ""},
		"TIME":                     {Time, ""},
		"TIME_NS":                  {Time, ""},
		"TIME WITH TIME ZONE":      {TimeTZ, "TIMETZ"},
		"TIMESTAMP":                {Timestamp, "DATETIME TIMESTAMP_US"},
		"TIMESTAMP_S":              {Timestamp, ""},
		"TIMESTAMP_MS":             {Timestamp, ""},
		"TIMESTAMP_NS":             {Timestamp, ""},
		"TIMESTAMP WITH TIME ZONE": {TimestampTZ, "TIMESTAMPTZ"},
		"INTERVAL":                 {Interval, ""},
		"UUID":                     {UUID, "GUID"},
		"JSON":                     {JSON, ""},
		"BLOB":                     {Blob, "BINARY BYTEA VARBINARY"},
		"BIT":                      {Bit, "BITSTRING"},
		"LIST":                     {List, ""},
		"ARRAY":                    {List, ""},
		"STRUCT":                   {Struct, "ROW"},
		"MAP":                      {Map, ""},
		"UNION":                    {Union, ""},
		"GEOMETRY":                 {Geometry, ""},
		"VARIANT":                  {Variant, ""},
		"NULL":                     {Null, ""},
	}
})

// canonical maps every name and alias to the canonical name.
var canonical = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for name, b := range builtins() {
		names[name] = name
		for _, alias := range strings.Fields(b.aliases) {
			names[alias] = name
		}
	}
	return names
})

// Names are all names and aliases that DuckDB itself knows, sorted and in upper case, to suggest from.
func Names() []string {
	var out []string
	for name := range canonical() {
		if name != "LIST" && name != "ARRAY" && name != "NULL" {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out
}
