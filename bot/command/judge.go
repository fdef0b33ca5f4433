package command

import (
	"strings"
	"unicode"

	"github.com/agnivade/levenshtein"
)

// own are the words behind a slash that are ours.
func own() []string { return []string{string(Amend), string(Answer), "codicil"} }

// verbs are the words behind /codicil.
func verbs() []Kind {
	return []Kind{Help, Why, Status, Retry, Refresh, Rebase, Cancel, Init, Verify, Pause, Resume}
}

// judge says whether a line is a command of ours (name), or was meant as one (name and reason). An empty name is neither.
func judge(l line, bot string) line {
	shown := strings.TrimLeftFunc(l.text, unseen)
	veiled := len(shown) < len(l.text)
	rest, mentioned := afterMention(shown, bot)
	slash := strings.HasPrefix(rest, "/")
	if !slash && !mentioned {
		return l
	}
	rest = strings.TrimPrefix(rest, "/")
	if strings.IndexFunc(rest, unicode.IsSpace) == 0 {
		return l
	}
	word, tail := split(rest)
	word = strings.TrimRight(word, ":,")
	l.rest = l.start + len(l.text) - len(tail)
	if !slash {
		return addressed(l, word)
	}
	name, exact := nearest(word, own())
	switch {
	case name == "":
		l.name, l.reason = glued(word)
	case name == "codicil":
		verb, behind := split(tail)
		l.rest = l.start + len(l.text) - len(behind)
		l.name, l.reason = verbOf(verb)
	default:
		l.name = name
	}
	if l.name != "" && !exact {
		l.reason = Misspelt
	}
	if l.name != "" && (veiled || l.pulled || l.indented) {
		if !exact {
			l.name = "" // neither rightly spelt nor rightly placed: prose
		}
		l.reason = Misplaced
	}
	return l
}

// unseen says whether r takes no place at the start of a line, so that a slash behind it looks as if it stood there.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || r == '\u034f' || r == '\u115f' || r == '\u1160' || r == '\u3164' || r == '\uffa0'
}

// afterMention is what follows a mention of the bot at the start of s, else s.
func afterMention(s, bot string) (string, bool) {
	if bot == "" || !strings.HasPrefix(s, "@") {
		return s, false
	}
	word, rest := split(s[1:])
	word = strings.ToLower(strings.TrimRight(word, ":,"))
	if strings.TrimSuffix(word, "[bot]") != bot {
		return s, false
	}
	return rest, true
}

// addressed is a line that speaks to the bot without a slash. It is answered only if its word is ours.
func addressed(l line, word string) line {
	for _, v := range append(verbs(), Amend, Answer) {
		if strings.EqualFold(word, string(v)) && !l.pulled {
			l.name, l.reason = string(v), Misspelt
		}
	}
	return l
}

// glued is a command whose second word is tied to /codicil: /codicil-status, /codicilstatus.
func glued(word string) (string, Reason) {
	behind, ok := strings.CutPrefix(strings.ToLower(word), "codicil")
	if !ok || behind == "" {
		return "", ""
	}
	verb := strings.TrimLeft(behind, "-_:=.,/")
	name, reason := verbOf(verb)
	if reason != "" && behind == verb || reason != "" && name == string(Help) && behind[0] == '/' {
		return "", "" // another word, or a path
	}
	return name, Misspelt
}

// verbOf is the word behind /codicil. None means help, as does one that is like none of ours.
func verbOf(word string) (string, Reason) {
	word = strings.TrimRight(word, ".!?:,;")
	if word == "" {
		return string(Help), ""
	}
	var names []string
	for _, v := range verbs() {
		names = append(names, string(v))
	}
	name, exact := nearest(word, names)
	switch {
	case exact:
		return name, ""
	case name == "":
		return string(Help), Misspelt
	}
	return name, Misspelt
}

// nearest is the word of ours that was meant, and whether it was spelt so but for upper and lower case. Meant is what is
// within one letter of ours (Levenshtein), of words of seven and more within two; two letters swapped count as one.
func nearest(word string, ours []string) (string, bool) {
	word = strings.ToLower(word)
	if len(word) > 32 || strings.ContainsAny(word, "/.") {
		return "", false // a path
	}
	best, least := "", 3
	for _, w := range ours {
		d := levenshtein.ComputeDistance(word, w)
		if d == 2 && swapped(word, w) {
			d = 1
		}
		limit := 1
		if len(w) >= 7 {
			limit = 2
		}
		if d <= limit && d < least {
			best, least = w, d
		}
	}
	return best, least == 0
}

// swapped says whether a and b differ in two neighbours that changed places.
func swapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := 0; i+1 < len(a); i++ {
		if a[i] != b[i] {
			return a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
		}
	}
	return false
}

// split takes the first word off s, and the white space behind it.
func split(s string) (word, rest string) {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	i := strings.IndexFunc(s, unicode.IsSpace)
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeftFunc(s[i:], unicode.IsSpace)
}

// usage is how the command is written.
func (l line) usage() string {
	switch k := Kind(l.name); k {
	case Amend:
		return "/amend TEXT"
	case Answer:
		return "/answer 1. TEXT"
	case Why:
		return "/codicil why TABLE.COLUMN"
	case Verify:
		return "/codicil verify SHA"
	case Init:
		return "/codicil init PATH"
	case Refresh:
		return "/codicil refresh PRODUCT"
	default:
		return "/codicil " + string(k)
	}
}
