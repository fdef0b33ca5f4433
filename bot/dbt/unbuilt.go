package dbt

import (
	"regexp"
	"slices"
	"strings"
)

// unbuilt makes problems of models, seeds and snapshots that were not built.
func (r *Result) unbuilt(p Project) {
	for i := range r.Nodes {
		n := &r.Nodes[i]
		if n.Kind != Model && n.Kind != Seed && n.Kind != Snapshot {
			continue
		}
		at := strings.TrimPrefix(strings.TrimPrefix(n.File, p.Path), "/")
		switch n.Status {
		case Errored, Failed, Partly:
			r.Problems = append(r.Problems, p.problem(at, n.line(), "%s", p.clean(explained(n.Message))))
		case Skipped:
			r.Problems = append(r.Problems, p.problem(at, 0, "was not built, because %s", r.reason(n)))
		}
	}
}

// reason says what kept dbt from building a node.
func (r *Result) reason(n *Node) string {
	var failed []string
	for _, id := range n.DependsOn {
		if up, ok := r.Node(id); ok && up.Kind != Source && up.Status != Succeeded && up.Status != "" {
			failed = append(failed, up.Name)
		}
	}
	if len(failed) > 0 {
		return "what it reads was not built: " + strings.Join(failed, ", ")
	}
	for _, t := range r.Tests() {
		if (t.Status == Failed || t.Status == Errored) && slices.ContainsFunc(t.DependsOn, func(id string) bool { return id == n.ID || slices.Contains(n.DependsOn, id) }) {
			failed = append(failed, t.Name)
		}
	}
	if len(failed) > 0 {
		return "a test of what it reads failed: " + strings.Join(failed, ", ")
	}
	return "something that it is built on failed"
}

// Patterns in the messages of nodes.
var (
	// heading is the first line of dbt's message about a node, which says what the problem says already.
	heading = regexp.MustCompile(`^[A-Z][A-Za-z ]+ (?:Error )?in (?:model|seed|snapshot|test|unit_test|sql_operation) [^\n]*\n`)
	// compiledAt is where dbt left the compiled code: on a machine of no interest.
	compiledAt = regexp.MustCompile(`\n\s*compiled code at [^\n]*`)
	// quoted is the line of the statement that DuckDB shows.
	quoted = regexp.MustCompile(`(?m)^\s*LINE \d+: (.*)$`)
	// csvLine is the line of a seed that DuckDB can't read.
	csvLine = regexp.MustCompile(`CSV Error on Line: (\d{1,7})`)
	// pointer is the line of carets below it.
	pointer = regexp.MustCompile(`(?m)^\s*\^+\s*$`)
)

// explained is a node's message on one line.
func explained(message string) string {
	message, _, _ = strings.Cut(compiledAt.ReplaceAllString(message, ""), "Original Line:") // a row, which may hold what nobody shall see
	if rest := heading.ReplaceAllString(message, ""); strings.TrimSpace(rest) != "" {
		message = rest
	}
	return plain(pointer.ReplaceAllString(message, ""))
}

// line is the line in the code that people wrote which the message is about; 0 if that is not known. DuckDB shows the line of the statement that dbt made,
// in which templates are filled in and another statement stands around it.
func (n *Node) line() int {
	shown := quoted.FindStringSubmatch(n.Message)
	if shown == nil {
		m := atLine.FindStringSubmatch(n.Message)
		if csv := csvLine.FindStringSubmatch(n.Message); csv != nil && n.Kind == Seed {
			m = csv
		}
		if m != nil && n.Compiled == "" {
			return number(m[1])
		}
		return 0
	}
	text := strings.Trim(strings.TrimSpace(shown[1]), ".") // DuckDB puts dots where it cuts
	code := strings.Split(n.Code, "\n")
	if found := only(code, text); found > 0 {
		return found
	}
	compiled := strings.Split(n.Compiled, "\n")
	at := only(compiled, text)
	if at == 0 {
		return 0
	}
	if len(compiled) == len(code) {
		return at
	}
	// Templates that take several lines moved it: what stands before the template is the same.
	for i, line := range code {
		before, _, templated := strings.Cut(strings.TrimSpace(line), "{{")
		if templated && len(before) > 3 && strings.HasPrefix(strings.TrimSpace(compiled[at-1]), before) {
			return i + 1
		}
	}
	return 0
}

// only is the number of the one line that holds text, from 1; 0 if none does, or several do.
func only(lines []string, text string) (at int) {
	for i, line := range lines {
		if text == "" || !strings.Contains(line, text) {
			continue
		}
		if at > 0 {
			return 0
		}
		at = i + 1
	}
	return at
}

func number(digits string) (n int) {
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	return n
}
