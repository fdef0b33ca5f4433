package localforge

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// Action is a line of a text that the forge took as a command of its author: hosts and bots such as GitLab and Prow do so, and who quotes such a line
// gives the command.
type Action struct {
	Where string `json:"where"` // the address of the text
	By    string `json:"by"`
	Line  string `json:"line"`
	Done  bool   `json:"done"` // false if its author may not, or if there was nothing to do
}

// Actions lists the commands that were found so far, in the order in which they were.
func (f *Forge) Actions() []Action {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Action
	for _, a := range f.actions.all(nil) {
		out = append(out, *a)
	}
	return out
}

// commandLine is a line that is a command. Prow looks for them in code blocks too.
var commandLine = regexp.MustCompile(`(?m)^/(close|assign|merge|label|approve)(?:[ \t]+([^\r\n]*?))?[ \t]*\r?$`)

// comments of HTML hide commands, as in Prow.
var hidden = regexp.MustCompile(`(?s)<!--.*?-->`)

// written does what follows from a text on an issue: it tells whom it mentions, and does what lines of it command that were not in it before.
func (f *Forge) written(ctx context.Context, r *repo, i *issue, where, by, text, before string) {
	f.mentioned(where, by, text)
	old := map[string]bool{}
	for _, line := range commandLine.FindAllString(hidden.ReplaceAllString(before, ""), -1) {
		old[strings.TrimSpace(line)] = true
	}
	for _, m := range commandLine.FindAllStringSubmatch(hidden.ReplaceAllString(text, ""), -1) {
		line := strings.TrimSpace(m[0])
		if old[line] {
			continue
		}
		done := f.command(ctx, r, i, by, m[1], strings.Fields(m[2]))
		put(f.store, &f.actions, f.next(), &Action{Where: where, By: by, Line: line, Done: done})
	}
}

// command does what a line commands, if its author may.
func (f *Forge) command(ctx context.Context, r *repo, i *issue, by, name string, words []string) bool {
	writer := f.standing(by, r).rank() >= Write.rank()
	switch name {
	case "close":
		if !writer && !strings.EqualFold(by, i.Author) || !i.open() {
			return false
		}
		f.setState(r, i, false, by)
	case "assign":
		return writer && f.assign(r, i, by, words)
	case "label":
		if !writer || len(words) == 0 {
			return false
		}
		f.addLabels(r, i, words, by)
	case "approve":
		if i.Pull == nil || !i.open() || strings.EqualFold(by, i.Author) {
			return false
		}
		f.newReview(r, i, by, "APPROVED", "")
	case "merge":
		if i.Pull == nil || !writer || !i.open() || i.Pull.Draft {
			return false
		}
		_, conflict, err := f.merge(ctx, r, i, mergeHow{by: by})
		return err == nil && !conflict
	}
	return true
}

// assign gives an issue to users, to the one who says so if none is named.
func (f *Forge) assign(r *repo, i *issue, by string, words []string) bool {
	if len(words) == 0 {
		words = []string{by}
	}
	done := false
	for _, word := range words {
		u := f.users.rows[fold(strings.TrimPrefix(word, "@"))]
		if u == nil || slices.Contains(i.Assignees, u.Login) {
			continue
		}
		i.Assignees = append(i.Assignees, u.Login)
		put(f.store, &f.issues, i.ID, i)
		f.announceIssue("assigned", r, i, by, object{"assignee": f.userJSON(u.Login)})
		done = true
	}
	return done
}
