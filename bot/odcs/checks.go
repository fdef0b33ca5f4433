package odcs

import (
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// placeChecks gives each table the quality rules made of the active checks that concern it, by the table's place.
func placeChecks(s *spec.Spec, ledger spec.Ledger) [][]any {
	out := make([][]any, len(s.Tables))
	if len(s.Tables) == 0 {
		return out
	}
	requirement := map[int]string{}
	affects := map[int][]string{}
	for _, e := range ledger.Entries {
		requirement[e.Amendment.ID] = e.Amendment.Requirement
		affects[e.Amendment.ID] = e.Amendment.Affects
	}
	for _, c := range ledger.Active() {
		i := concerned(s, c.Check, affects[c.Amendment])
		out[i] = append(out[i], rule(c, requirement[c.Amendment]))
	}
	return out
}

// concerned is the table that a check is about: one that it reads and its amendment affects, else one that it reads,
// else one that is affected, else the first.
func concerned(s *spec.Spec, c spec.Check, affects []string) int {
	best, score := 0, 0
	for i, t := range s.Tables {
		n := 0
		name := t.Name[strings.LastIndexByte(t.Name, '.')+1:]
		if regexp.MustCompile(`(?i)(^|[^A-Za-z0-9_])` + regexp.QuoteMeta(name) + `($|[^A-Za-z0-9_])`).MatchString(c.SQL) {
			n += 2
		}
		for _, a := range affects {
			if strings.EqualFold(a, t.Name) || strings.HasPrefix(strings.ToLower(a), strings.ToLower(t.Name)+".") {
				n++
				break
			}
		}
		if n > score {
			best, score = i, n
		}
	}
	return best
}

// rule is a check as a quality rule. The standard's SQL gives a value to compare, ours the rows that violate: so the
// rows are counted, and none may be there. CEL has no place in the standard but that of an engine of one's own.
func rule(c spec.ActiveCheck, requirement string) map[string]any {
	out := map[string]any{"name": c.Check.Name, "customProperties": []any{property("amendment", c.Amendment)}}
	if requirement != "" {
		out["description"] = requirement
	}
	if c.Check.SQL == "" {
		out["type"], out["engine"], out["implementation"] = "custom", "codicil-cel", c.Check.CEL
		return out
	}
	out["type"], out["mustBe"], out["unit"] = "sql", 0, "rows"
	out["query"] = "select count(*) from (\n" + statement(c.Check.SQL) + "\n) as violations"
	return out
}

// statement is sql without the semicolon and the comments at its end, so that it can stand in brackets.
func statement(sql string) string {
	end := 0
	for i := 0; i < len(sql); {
		n, significant := token(sql[i:])
		if i += n; significant {
			end = i
		}
	}
	return sql[:end]
}

// token is the length of what sql begins with, a comment, a quoted text or one byte, and whether it says anything.
func token(sql string) (n int, significant bool) {
	until := func(skip int, mark string) int {
		if i := strings.Index(sql[skip:], mark); i >= 0 {
			return skip + i + len(mark)
		}
		return len(sql)
	}
	switch {
	case strings.HasPrefix(sql, "--"):
		return until(2, "\n"), false
	case strings.HasPrefix(sql, "/*"):
		return until(2, "*/"), false
	case strings.HasPrefix(sql, "$$"):
		return until(2, "$$"), true
	case sql[0] == '\'' || sql[0] == '"':
		return until(1, sql[:1]), true
	}
	return 1, !strings.ContainsRune("; \t\r\n", rune(sql[0]))
}
