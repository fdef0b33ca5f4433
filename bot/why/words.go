package why

import (
	"strings"
	"unicode"
)

// wordSet are the identifiers of a text of SQL in lower case.
type wordSet map[string]bool

// words collects the identifiers that a text of SQL uses, quoted ones included; not strings, comments or new names after AS.
// It does not know which table an identifier belongs to.
func words(sql string) wordSet {
	found := wordSet{}
	afterAs := false
	for sql != "" {
		kind, token := next(sql)
		sql = sql[len(token):]
		switch kind {
		case tokenWord:
			word := strings.ToLower(token)
			if !afterAs && word != "as" {
				found[word] = true
			}
			afterAs = word == "as"
		case tokenQuoted:
			if !afterAs {
				found[strings.ToLower(strings.ReplaceAll(strings.Trim(token, `"`), `""`, `"`))] = true
			}
			afterAs = false
		case tokenOther:
			if strings.TrimSpace(token) != "" {
				afterAs = false
			}
		}
	}
	return found
}

// has says whether an identifier is used. Of schema.table its last part counts.
func (w wordSet) has(identifier string) bool {
	return w[strings.ToLower(identifier[strings.LastIndexByte(identifier, '.')+1:])]
}

// The kinds of token that matter.
const (
	tokenOther = iota
	tokenSkipped
	tokenWord
	tokenQuoted
)

// next splits the first token, of at least one byte, off a text.
func next(sql string) (kind int, token string) {
	switch {
	case strings.HasPrefix(sql, "--"):
		return tokenSkipped, through(sql, 2, "\n")
	case strings.HasPrefix(sql, "/*"):
		return tokenSkipped, through(sql, 2, "*/")
	case sql[0] == '\'':
		return tokenOther, through(sql, 1, "'")
	case sql[0] == '"':
		return tokenQuoted, through(sql, 1, `"`)
	}
	end := strings.IndexFunc(sql, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	switch {
	case end < 0:
		return tokenWord, sql
	case end > 0:
		return tokenWord, sql[:end]
	}
	for i := range sql {
		if i > 0 {
			return tokenOther, sql[:i]
		}
	}
	return tokenOther, sql
}

// through is the start of a text up to and with an end mark after from, or all of it.
func through(sql string, from int, end string) string {
	if i := strings.Index(sql[from:], end); i >= 0 {
		return sql[:from+i+len(end)]
	}
	return sql
}
