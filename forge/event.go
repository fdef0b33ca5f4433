package forge

import (
	"fmt"
	"time"
)

// EventKind is what an event is about.
type EventKind string

// Kinds of events. Others concern no bot.
const (
	EventOther        EventKind = "other"
	EventPing         EventKind = "ping"
	EventPush         EventKind = "push"
	EventIssue        EventKind = "issue"
	EventComment      EventKind = "comment"
	EventMergeRequest EventKind = "merge_request"
	EventReview       EventKind = "review"
	EventCheck        EventKind = "check"       // somebody asks for a check to be run again
	EventMergeGroup   EventKind = "merge_group" // a queue asks for the check of a commit
	EventInstallation EventKind = "installation"
)

// Actions of events, where they matter. A host's other actions are passed on as they are.
const (
	ActionOpened      = "opened"
	ActionCreated     = "created"
	ActionEdited      = "edited"
	ActionDeleted     = "deleted"
	ActionClosed      = "closed"
	ActionReopened    = "reopened"
	ActionSynchronize = "synchronize" // the head moved
	ActionReady       = "ready_for_review"
	ActionSubmitted   = "submitted"
	ActionDismissed   = "dismissed"
	ActionRequested   = "requested" // of a check or a merge group
	ActionRerequested = "rerequested"
	ActionRenamed     = "renamed"     // of a repository: see Event.From
	ActionTransferred = "transferred" // of a repository: see Event.From
)

// Event is something that happened on a host. Only the field that its kind names is set, besides those that every event has.
type Event struct {
	Kind   EventKind
	Action string
	// Repository is zero for an event of an installation.
	Repository Repository
	Sender     User
	// Installation is the host's number of the bot's installation; 0 where there is none.
	Installation int64

	Push         *Push
	Issue        *Issue // also beside a comment
	Comment      *Comment
	MergeRequest *MergeRequest // also beside a review
	Review       *Review
	Check        *Check
	Group        *MergeGroup
	// Repositories came or went with an installation.
	Added, Removed []Repo
	// From is what Repository was called before it was renamed or transferred; the kind of such an event is EventOther.
	From Repo
}

// Push is a branch that moved.
type Push struct {
	// Ref is the full name, such as refs/heads/main.
	Ref           string
	Before, After string // commits; all zeros where the branch was not there, or is gone
	Deleted       bool
	Commits       []PushedCommit
}

// PushedCommit is a commit of a push, as far as the host tells.
type PushedCommit struct {
	SHA, Message, Author string
}

// MergeGroup is a commit that a merge queue made, to be checked before it becomes the base branch.
type MergeGroup struct {
	SHA, BaseSHA, Ref, Base string
}

// Key identifies what happened, whichever delivery tells of it: two deliveries with one key are one event. It is empty where only the
// delivery's own id tells events apart.
func (e Event) Key() string {
	repo := fmt.Sprint(e.Repository.ID)
	switch {
	case e.Kind == EventComment && e.Comment != nil:
		key := fmt.Sprintf("%s/comment/%d/%s", repo, e.Comment.ID, e.Action)
		if e.Action == ActionEdited {
			key += "/" + e.Comment.Updated.UTC().Format(time.RFC3339)
		}
		return key
	case e.Kind == EventPush && e.Push != nil:
		return fmt.Sprintf("%s/push/%s/%s/%s", repo, e.Push.Ref, e.Push.Before, e.Push.After)
	case e.Kind == EventIssue && e.Issue != nil:
		return fmt.Sprintf("%s/issue/%d/%s/%s", repo, e.Issue.Number, e.Action, e.Issue.Updated.UTC().Format(time.RFC3339))
	case e.Kind == EventMergeRequest && e.MergeRequest != nil:
		return fmt.Sprintf("%s/merge_request/%d/%s/%s/%s", repo, e.MergeRequest.Number, e.Action, e.MergeRequest.HeadSHA, e.MergeRequest.Updated.UTC().Format(time.RFC3339))
	case e.Kind == EventReview && e.Review != nil && e.MergeRequest != nil:
		return fmt.Sprintf("%s/review/%d/%s/%s/%s", repo, e.MergeRequest.Number, e.Review.Author.Login, e.Action, e.Review.At.UTC().Format(time.RFC3339))
	case e.Kind == EventMergeGroup && e.Group != nil:
		return fmt.Sprintf("%s/merge_group/%s", repo, e.Group.SHA)
	}
	return ""
}
