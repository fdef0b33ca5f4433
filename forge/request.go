package forge

import "log/slog"

// State chooses between what is open and what is closed.
type State string

// States. The zero value stands for Open where merge requests are looked for.
const (
	StateOpen   State = "open"
	StateClosed State = "closed"
	StateAll    State = "all"
)

// MergeRequestFilter says which merge requests are looked for. Empty fields leave open what they say.
type MergeRequestFilter struct {
	State State
	// Head is a branch of the repository itself, Base the branch that is merged into.
	Head, Base string
}

// NewMergeRequest is what a merge request is opened with. Head is a branch of the same repository.
type NewMergeRequest struct {
	Title, Body, Head, Base string
	Draft                   bool
}

// MergeRequestEdit changes a merge request; what is nil stays.
type MergeRequestEdit struct {
	Title, Body *string
	// Open reopens or closes.
	Open *bool
}

// CloseReason is why an issue is closed. Hosts that know no reasons leave it out.
type CloseReason string

// Reasons for closing an issue.
const (
	Completed  CloseReason = "completed"
	NotPlanned CloseReason = "not_planned"
)

// String leaves the token out, so that no log or error shows it.
func (c Credential) String() string { return c.User + ":(secret)" }

// GoString leaves the token out.
func (c Credential) GoString() string { return c.String() }

// LogValue leaves the token out.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }
