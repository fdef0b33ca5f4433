package odcs

import (
	"fmt"
	"regexp"
	"strings"
)

// family maps the names of DuckDB's types to the logical types of the standard.
func family(name string) (logical string, known bool) {
	switch name {
	case "VARCHAR", "CHAR", "BPCHAR", "TEXT", "STRING", "UUID", "BLOB", "BYTEA", "BINARY", "VARBINARY", "BIT", "BITSTRING", "ENUM", "INTERVAL":
		return "string", true
	case "DATE":
		return "date", true
	case "TIMESTAMP", "DATETIME", "TIMESTAMPTZ", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_US", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP WITHOUT TIME ZONE":
		return "timestamp", true
	case "TIME", "TIMETZ", "TIME WITH TIME ZONE", "TIME WITHOUT TIME ZONE", "TIME_NS":
		return "time", true
	case "DECIMAL", "NUMERIC", "DEC", "DOUBLE", "FLOAT", "REAL", "FLOAT4", "FLOAT8", "DOUBLE PRECISION":
		return "number", true
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
		"INT", "INT1", "INT2", "INT4", "INT8", "INT16", "INT32", "INT64", "INT128", "SHORT", "LONG", "SIGNED", "VARINT", "BIGNUM":
		return "integer", true
	case "BOOLEAN", "BOOL", "LOGICAL":
		return "boolean", true
	case "STRUCT", "ROW", "MAP", "UNION", "JSON", "VARIANT":
		return "object", true
	case "LIST":
		return "array", true
	}
	return "", false
}

var typeForm = regexp.MustCompile(`(?s)^\s*([A-Za-z_][A-Za-z0-9_ ]*?)\s*(\(.*\))?\s*$`)

// split takes a type apart into its name in capitals and its arguments with their brackets; ok is false if it has
// another form.
func split(t string) (name, arguments string, ok bool) {
	m := typeForm.FindStringSubmatch(t)
	if m == nil {
		return "", "", false
	}
	return strings.Join(strings.Fields(strings.ToUpper(m[1])), " "), m[2], true
}

// logicalType is the standard's logical type of a DuckDB type; what is not known counts as a string.
func logicalType(t string) string {
	t = strings.TrimSpace(t)
	if strings.HasSuffix(t, "]") {
		return "array"
	}
	name, _, ok := split(t)
	if !ok {
		return "string"
	}
	if logical, known := family(name); known {
		return logical
	}
	return "string"
}

// duckDBType is the DuckDB type of a property of a contract: what it names itself, what its physical type is in DuckDB,
// or what its logical type comes to.
func duckDBType(p map[string]any) string {
	if own, ok := customText(p, "duckdbType"); ok {
		return own
	}
	physical, _ := p["physicalType"].(string)
	if t, ok := physicalType(physical); ok {
		return t
	}
	return fromLogical(p)
}

// physicalType reads a physical type. One that DuckDB understands stays as it is written; well-known ones of
// other systems are translated. Bare words that say too little (list, struct) are not known.
func physicalType(t string) (string, bool) {
	t = strings.TrimSpace(t)
	if element, isList := strings.CutSuffix(t, "[]"); isList {
		inner, ok := physicalType(element)
		return inner + "[]", ok
	}
	name, arguments, ok := split(t)
	if !ok {
		return "", false
	}
	if arguments == "" && (name == "LIST" || name == "STRUCT" || name == "ROW" || name == "MAP" || name == "UNION" || name == "ENUM") {
		return "", false
	}
	if _, known := family(name); known {
		return t, true
	}
	if other, known := foreign(name); known {
		if strings.HasPrefix(other, "DECIMAL") || other == "VARCHAR" {
			return other + arguments, true
		}
		return other, true
	}
	return "", false
}

// foreign translates names of types of other systems.
func foreign(name string) (string, bool) {
	switch name {
	case "NVARCHAR", "VARCHAR2", "NVARCHAR2", "CHARACTER VARYING", "NCHAR", "CHARACTER", "CLOB", "NTEXT":
		return "VARCHAR", true
	case "NUMBER", "BIGNUMERIC", "MONEY":
		return "DECIMAL", true
	case "FLOAT64":
		return "DOUBLE", true
	case "BYTEINT":
		return "TINYINT", true
	case "SERIAL":
		return "INTEGER", true
	case "BIGSERIAL":
		return "BIGINT", true
	case "TIMESTAMP_NTZ", "DATETIME2", "SMALLDATETIME":
		return "TIMESTAMP", true
	case "TIMESTAMP_TZ", "TIMESTAMP_LTZ", "DATETIMEOFFSET":
		return "TIMESTAMPTZ", true
	case "JSONB":
		return "JSON", true
	case "BYTES":
		return "BLOB", true
	}
	return "", false
}

// fromLogical is the DuckDB type that a logical type and its options come to; VARCHAR if nothing is said.
func fromLogical(p map[string]any) string {
	logical, _ := p["logicalType"].(string)
	options, _ := p["logicalTypeOptions"].(map[string]any)
	format, _ := options["format"].(string)
	switch logical {
	case "date":
		return "DATE"
	case "timestamp":
		if zoned, _ := options["timezone"].(bool); zoned {
			return "TIMESTAMPTZ"
		}
		return "TIMESTAMP"
	case "time":
		return "TIME"
	case "boolean":
		return "BOOLEAN"
	case "number":
		if format == "f32" {
			return "FLOAT"
		}
		return "DOUBLE"
	case "integer":
		return integerOf(format)
	case "array":
		items, _ := p["items"].(map[string]any)
		return duckDBType(items) + "[]"
	case "object":
		return structOf(p)
	}
	if n, ok := plain(options["maxLength"]).(int64); ok && n > 0 {
		return fmt.Sprintf("VARCHAR(%d)", n)
	}
	return "VARCHAR"
}

func integerOf(format string) string {
	names := map[string]string{"i8": "TINYINT", "i16": "SMALLINT", "i32": "INTEGER", "i64": "BIGINT", "i128": "HUGEINT",
		"u8": "UTINYINT", "u16": "USMALLINT", "u32": "UINTEGER", "u64": "UBIGINT", "u128": "UHUGEINT"}
	if t, ok := names[format]; ok {
		return t
	}
	return "BIGINT"
}

// structOf is the STRUCT that nested properties come to; JSON if there are none.
func structOf(p map[string]any) string {
	properties, _ := p["properties"].([]any)
	var fields []string
	for _, v := range properties {
		m, _ := v.(map[string]any)
		if name, ok := m["name"].(string); ok {
			fields = append(fields, `"`+strings.ReplaceAll(name, `"`, `""`)+`" `+duckDBType(m))
		}
	}
	if len(fields) == 0 {
		return "JSON"
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")"
}
