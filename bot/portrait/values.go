package portrait

import (
	"fmt"
	"strconv"
	"strings"
)

// shownValue is how many characters of a value are shown.
const shownValue = 40

// isNested says whether values of a type hold further values.
func isNested(typ string) bool {
	return strings.ContainsAny(typ, "[(") && !strings.HasPrefix(typ, "DECIMAL") && !strings.HasPrefix(typ, "ENUM")
}

// nulls says how many rows hold no value.
func nulls(rows, filled int64) string {
	switch missing := rows - filled; {
	case missing == 0:
		return "no nulls"
	case filled == 0:
		return "all null"
	case missing*100 < rows:
		return "under 1 % null"
	case filled*100 < rows:
		return "over 99 % null"
	default:
		return fmt.Sprintf("%d %% null", missing*100/rows)
	}
}

// isOrdered says whether the least and the greatest value of a type tell something: of numbers, dates and times.
func isOrdered(typ string) bool {
	base, _, _ := strings.Cut(typ, "(")
	switch base {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
		"FLOAT", "DOUBLE", "DECIMAL", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS",
		"TIMESTAMP WITH TIME ZONE", "TIME WITH TIME ZONE", "INTERVAL":
		return !strings.HasSuffix(typ, "]")
	}
	return false
}

// shown is a value on one line, cut where it is long.
func shown(value string) string {
	runes := []rune(value)
	if len(runes) > shownValue {
		value = string(runes[:shownValue]) + "…"
	}
	quoted := strconv.Quote(value)
	if plain := quoted[1 : len(quoted)-1]; plain == value && plain != "" && !strings.ContainsAny(plain, ",;: ") {
		return plain
	}
	return quoted
}
