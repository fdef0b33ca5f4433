package spec

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot"
)

// yamlLine is where the YAML parser names the line.
var yamlLine = regexp.MustCompile(`^(?:yaml: )?(?:line (\d+): )?(?s:(.*))$`)

// syntaxAdvice is what to do about what the YAML parser says, by a part of its message.
var syntaxAdvice = []struct{ said, say string }{
	{"mapping values are not allowed", "a colon followed by a space is not allowed inside unquoted text: put quotes around the text, or mend the indentation"},
	{"did not find expected key", "a key with a colon is expected here: mend the indentation, or put quotes around the text"},
	{"could not find expected ':'", "a key must be followed by a colon and a space"},
	{"did not find expected '-' indicator", "an entry that begins with \"- \" is expected here: mend the indentation"},
	{"did not find expected ',' or ']'", "the list that begins with [ is not closed: add a comma or ]"},
	{"did not find expected ',' or '}'", "the mapping that begins with { is not closed: add a comma or }"},
	{"unexpected end of stream", "the quoted text is not closed: add the closing quote"},
	{"unexpected document indicator", "the quoted text is not closed: add the closing quote"},
	{"unknown escape character", "an unknown escape with \\ in double quotes: use single quotes, or write \\\\ for a backslash"},
	{"did not find expected hexdecimal number", "an escape with \\x or \\u needs hexadecimal digits: use single quotes for a plain backslash"},
	{"cannot start any token", "this character cannot begin a value: put quotes around the text"},
	{"control characters are not allowed", "the file has a control character: save it as plain text"},
	{"unknown anchor", "aliases (*) are not allowed: put quotes around the text, or write the value out"},
	{"exceeded max depth", "the file is nested more than " + strconv.Itoa(maxDepth) + " levels deep: flatten it"},
	{"excessive aliasing", "aliases (*) are not allowed: write the value out"},
	{"block sequence entries are not allowed", "a list entry (\"- \") cannot stand here: begin it on a line of its own"},
	{"block collection entries are not allowed", "a list entry (\"- \") cannot stand here: begin it on a line of its own"},
	{"undefined tag handle", "tags (!) are not allowed: put quotes around the text"},
}

// syntaxProblem says in plain words what the YAML parser did not understand.
func syntaxProblem(file string, data []byte, err error) bot.Problem {
	m := yamlLine.FindStringSubmatch(err.Error())
	lines := bytes.Split(data, []byte("\n"))
	line, ok := culprit(lines)
	if !ok {
		line, _ = strconv.Atoi(m[1])
	}
	line = min(max(line, 1), len(lines))
	if tab, ok := tabNear(lines, line); ok {
		return problem(file, tab, 1, "the line is indented with a tab: use spaces")
	}
	column := len(lines[line-1]) - len(bytes.TrimLeft(lines[line-1], " \ufeff")) + 1
	for _, a := range syntaxAdvice {
		if strings.Contains(m[2], a.said) {
			return problem(file, line, column, a.say)
		}
	}
	return problem(file, line, column, "this is not valid YAML ("+m[2]+"): mend it")
}

// tabNear looks for a line that is indented with a tab, at most two lines away: the parser's line is not always exact.
func tabNear(lines [][]byte, line int) (int, bool) {
	for i := max(line-2, 1); i <= min(line+2, len(lines)); i++ {
		l := lines[i-1]
		indent := l[:len(l)-len(bytes.TrimLeft(l, " \t"))]
		if bytes.IndexByte(indent, '\t') >= 0 && len(bytes.TrimSpace(l)) > 0 {
			return i, true
		}
	}
	return 0, false
}

// culpritBudget is how many bytes culprit may parse.
const culpritBudget = 8 << 20

// culprit finds the line that the parser stumbles over: the one after the longest beginning that is valid. The parser
// itself names the beginning of the enclosing block. ok is false if that would take too long.
func culprit(lines [][]byte) (line int, ok bool) {
	data := bytes.Join(lines, []byte("\n"))
	end := len(data)
	for n, spent := len(lines), 0; n > 1; n-- {
		if end -= len(lines[n-1]) + 1; end < 0 {
			break
		}
		if spent += end; spent > culpritBudget {
			return 0, false
		}
		var doc yaml.Node
		if yaml.Unmarshal(data[:end], &doc) == nil {
			return n, true
		}
	}
	return 1, true
}
