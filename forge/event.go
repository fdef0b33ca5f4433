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
	// Stamp tells apart events that are about the same: a digest of what the host sent, so that a repetition has the same one, whatever the id of
	// its delivery; what was found by looking has none, or what the finder gives it.
	Stamp string
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

// Key identifies what happened, whichever delivery tells of it: two deliveries with one key are one event. Where what an event is about does not
// tell it from others of its kind (hosts tell the time by the second, and a branch can be pushed to where it was before) its Stamp does. It is empty
// where only the delivery's own id tells events apart.
func (e Event) Key() string {
	repo := fmt.Sprint(e.Repository.ID)
	switch {
	case e.Kind == EventComment && e.Comment != nil && e.Action == ActionEdited:
		return e.stamped(fmt.Sprintf("%s/comment/%d/%s/%s", repo, e.Comment.ID, e.Action, second(e.Comment.Updated)))
	case e.Kind == EventComment && e.Comment != nil: // which is written once, and found as it was told
		return fmt.Sprintf("%s/comment/%d/%s", repo, e.Comment.ID, e.Action)
	case e.Kind == EventPush && e.Push != nil:
		return e.stamped(fmt.Sprintf("%s/push/%s/%s/%s", repo, e.Push.Ref, e.Push.Before, e.Push.After))
	case e.Kind == EventIssue && e.Issue != nil:
		return e.stamped(fmt.Sprintf("%s/issue/%d/%s/%s", repo, e.Issue.Number, e.Action, second(e.Issue.Updated)))
	case e.Kind == EventMergeRequest && e.MergeRequest != nil:
		return e.stamped(e.HeadKey() + second(e.MergeRequest.Updated))
	case e.Kind == EventReview && e.Review != nil && e.MergeRequest != nil:
		return e.stamped(fmt.Sprintf("%s/review/%d/%s/%s/%s", repo, e.MergeRequest.Number, e.Review.Author.Login, e.Action, second(e.Review.At)))
	case e.Kind == EventMergeGroup && e.Group != nil:
		return e.stamped(fmt.Sprintf("%s/merge_group/%s/%s", repo, e.Group.SHA, e.Action))
	}
	return ""
}

// HeadKey begins the keys of all events of a merge request that have the same action and the same head.
func (e Event) HeadKey() string {
	return fmt.Sprintf("%d/merge_request/%d/%s/%s/", e.Repository.ID, e.MergeRequest.Number, e.Action, e.MergeRequest.HeadSHA)
}

func (e Event) stamped(key string) string {
	if e.Stamp == "" {
		return key
	}
	return key + "/" + e.Stamp
}

func second(at time.Time) string { return at.UTC().Format(time.RFC3339) }
