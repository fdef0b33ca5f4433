package outbox

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/codicil-dev/codicil/forge"
)

// Kind is what is written.
type Kind string

// Kinds of operations.
const (
	Comment      Kind = "comment"
	EditComment  Kind = "edit_comment"
	React        Kind = "react"
	CloseIssue   Kind = "close_issue"
	OpenRequest  Kind = "open_merge_request"
	EditRequest  Kind = "edit_merge_request"
	SetDraft     Kind = "set_draft"
	SetLabels    Kind = "set_labels"
	AskReviewers Kind = "ask_reviewers"
	SetCheck     Kind = "set_check"
	Push         Kind = "push"
	DeleteBranch Kind = "delete_branch"
)

// Operation is one write. Which fields count depends on its kind.
type Operation struct {
	Kind Kind       `json:"kind"`
	Repo forge.Repo `json:"repo"`
	// Number is an issue's or a merge request's.
	Number int `json:"number,omitempty"`
	// CommentID is a comment's: to be edited, or reacted to; a reaction without one is to the issue itself.
	CommentID int64 `json:"comment_id,omitempty"`
	// Of is the key under which the comment that is edited was written; without a CommentID it is found by that.
	Of       string         `json:"of,omitempty"`
	Reaction forge.Reaction `json:"reaction,omitempty"`
	Title    string         `json:"title,omitempty"`
	Body     string         `json:"body,omitempty"`
	// Head and Base are branches.
	Head  string `json:"head,omitempty"`
	Base  string `json:"base,omitempty"`
	Draft bool   `json:"draft,omitempty"`
	// Open reopens a merge request (true) or closes it (false); nil leaves it.
	Open *bool `json:"open,omitempty"`
	// Labels are to be there; Drop are names that are to go.
	Labels []forge.Label `json:"labels,omitempty"`
	Drop   []string      `json:"drop,omitempty"`
	Users  []string      `json:"users,omitempty"`
	Teams  []string      `json:"teams,omitempty"`
	Check  *forge.Check  `json:"check,omitempty"`
	// New says of a merge request or a check that none can be there that this write did not make: the first attempt is made without looking.
	New bool `json:"new,omitempty"`
	// Shown is the key under which a check is shown, and Before that of the write which showed it last: see [Outbox.Show].
	Shown  string `json:"shown,omitempty"`
	Before string `json:"before,omitempty"`
	// Bundle holds the commits from Expected to Commit, which Branch is to be at. An empty Expected means that there is no such branch.
	Bundle   []byte `json:"bundle,omitempty"`
	Commit   string `json:"commit,omitempty"`
	Branch   string `json:"branch,omitempty"`
	Expected string `json:"expected,omitempty"`
}

// Result is what a write made.
type Result struct {
	// ID is the comment's or check's, Number the merge request's.
	ID     int64  `json:"id,omitempty"`
	Number int    `json:"number,omitempty"`
	URL    string `json:"url,omitempty"`
	// Note is what a person should know of it, such as reviewers that the host refused.
	Note string `json:"note,omitempty"`
}

// creates says whether doing an operation twice makes two things.
func (o Operation) creates() bool {
	return o.Kind == Comment || o.Kind == OpenRequest || o.Kind == SetCheck
}

// onCommits says whether an operation is about commits that were pushed just before.
func (o Operation) onCommits() bool { return o.Kind == OpenRequest || o.Kind == SetCheck }

// Mark is how a comment that was written under a key is known again. It can't be seen.
func Mark(key string) string { return "<!-- codicil:write " + digest(key) + " -->" }

// digest names a key without quoting it: a key may hold a path.
func digest(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:12])
}

// marked is a body with its mark as the last line.
func marked(body, key string) string {
	return strings.TrimRight(body, "\n") + "\n\n" + Mark(key) + "\n"
}
