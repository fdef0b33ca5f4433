package product

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// mainSchema is where tables without a schema are.
const mainSchema = "main"

// SplitName splits table or schema.table; without a schema it is main.
func SplitName(name string) (schema, table string) {
	if before, after, ok := strings.Cut(name, "."); ok {
		return before, after
	}
	return mainSchema, name
}

// stem is the name of a file without folders and extension: the table that a model or seed makes.
func stem(name string) string { return strings.TrimSuffix(path.Base(name), path.Ext(name)) }

// TableKey is a name by which a table is looked up: in lower case, without the schema main.
func TableKey(name string) string {
	schema, table := SplitName(spec.FoldName(name))
	if schema == mainSchema {
		return table
	}
	return schema + "." + table
}

// tableSet is a set of tables, by any spelling of their names.
type tableSet map[string]bool

func (s tableSet) add(name string)      { s[TableKey(name)] = true }
func (s tableSet) has(name string) bool { return s[TableKey(name)] }

// reservedNames are names of schemas and databases that are taken in a build or in a session that reads one.
var reservedNames = map[string]bool{
	"system": true, "temp": true, "memory": true, "information_schema": true, "pg_catalog": true, databaseName: true, "built": true,
}

// checkTableName refuses names of files that can't be tables: those made of table.sql or schema.table.sql can.
func checkTableName(name string) error {
	schema, table := SplitName(name)
	switch {
	case table == "" || schema == "":
		return errors.New("has no name before its extension; rename the file to the table that it makes")
	case strings.Contains(table, "."):
		return errors.New("has too many dots in its name; a file is named after its table, or schema.table")
	case reservedNames[spec.FoldName(schema)]:
		return fmt.Errorf("makes a table in the schema %s, which is the database's own; choose another schema", schema)
	}
	return nil
}

// pointer escapes a part of a JSON pointer.
func pointer(part string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(part)
}
