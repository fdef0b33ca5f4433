// Package sqltype parses DuckDB's type names and says which of two types holds the other's values.
package sqltype

import (
	"strconv"
	"strings"
)

// Family groups types whose values mean the same kind of thing.
type Family string

// The families. Integers, decimals and floats are one family to SameFamily: they are all numeric.
const (
	Integer     Family = "integer"
	Decimal     Family = "decimal"
	Float       Family = "float"
	Text        Family = "text" // VARCHAR and ENUM
	Boolean     Family = "boolean"
	Date        Family = "date"
	Time        Family = "time"
	TimeTZ      Family = "time with time zone"
	Timestamp   Family = "timestamp"
	TimestampTZ Family = "timestamp with time zone"
	Interval    Family = "interval"
	UUID        Family = "uuid"
	JSON        Family = "json"
	Blob        Family = "blob"
	Bit         Family = "bit"
	List        Family = "list" // T[] and T[n]
	Struct      Family = "struct"
	Map         Family = "map"
	Union       Family = "union"
	Geometry    Family = "geometry"
	Variant     Family = "variant"
	Null        Family = "null"   // the type of a bare NULL
	Opaque      Family = "opaque" // a name that DuckDB itself does not know, such as one of an extension
)

// Type is a parsed type. Two types are equal if their String is. The zero Type is no type.
type Type struct {
	// Name is DuckDB's canonical name without parameters: INTEGER, DECIMAL, VARCHAR, ENUM, STRUCT, MAP, UNION, and
	// LIST or ARRAY for T[] and T[n]. For an opaque type it is the name in upper case.
	Name string
	// Width and Scale are those of a DECIMAL.
	Width, Scale int
	// Size is the length of an ARRAY, or the promised length of a VARCHAR; 0 for none.
	Size int
	// Values are those of an ENUM, in order.
	Values []string
	// Fields are those of a STRUCT or UNION, in order; a LIST or ARRAY has one without name, a MAP two.
	Fields []Field
	// Params is the text between the brackets of a GEOMETRY or opaque type.
	Params string
}

// Field is a part of a nested type.
type Field struct {
	Name string
	Type Type
}

// Family is the type's family; empty for the zero Type.
func (t Type) Family() Family {
	if t.Name == "" {
		return ""
	}
	if b, ok := builtins()[t.Name]; ok {
		return b.family
	}
	return Opaque
}

// Length is the promised length of a VARCHAR in characters; 0 if there is none.
func (t Type) Length() int {
	if t.Name == "VARCHAR" {
		return t.Size
	}
	return 0
}

// Physical is the type without what DuckDB does not keep: the lengths of VARCHARs, at any depth.
func (t Type) Physical() Type {
	if t.Name == "VARCHAR" {
		t.Size = 0
	}
	if len(t.Fields) > 0 {
		fields := make([]Field, len(t.Fields))
		for i, f := range t.Fields {
			fields[i] = Field{Name: f.Name, Type: f.Type.Physical()}
		}
		t.Fields = fields
	}
	return t
}

// String is the type as DuckDB's DESCRIBE prints it; a VARCHAR keeps its promised length, which DESCRIBE does not
// know. Parse reads it back to an equal Type.
func (t Type) String() string {
	switch t.Name {
	case "DECIMAL":
		return "DECIMAL(" + strconv.Itoa(t.Width) + "," + strconv.Itoa(t.Scale) + ")"
	case "VARCHAR":
		if t.Size > 0 {
			return "VARCHAR(" + strconv.Itoa(t.Size) + ")"
		}
	case "ENUM":
		quoted := make([]string, len(t.Values))
		for i, v := range t.Values {
			quoted[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		return "ENUM(" + strings.Join(quoted, ", ") + ")"
	case "LIST":
		return t.Fields[0].Type.String() + "[]"
	case "ARRAY":
		return t.Fields[0].Type.String() + "[" + strconv.Itoa(t.Size) + "]"
	case "STRUCT", "UNION", "MAP":
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = f.Type.String()
			if t.Name != "MAP" {
				parts[i] = quoteName(f.Name) + " " + parts[i]
			}
		}
		return t.Name + "(" + strings.Join(parts, ", ") + ")"
	case "NULL":
		return `"NULL"`
	}
	name := t.Name
	if t.Family() == Opaque {
		name = quoteName(name)
	}
	if t.Params != "" {
		return name + "(" + t.Params + ")"
	}
	return name
}

// quoteName quotes a name where DuckDB's DESCRIBE does: if it is not plain, or any keyword.
func quoteName(name string) string {
	if isPlain(name) && !keywords()[strings.ToLower(name)] {
		return name
	}
	return quote(name)
}

// quote puts a name in double quotes.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// isPlain says whether name is made of ASCII letters, digits and underscores and does not begin with a digit.
func isPlain(name string) bool {
	for i := 0; i < len(name); i++ {
		c := name[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != ""
}
