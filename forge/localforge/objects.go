package localforge

import (
	"slices"
	"strings"
	"time"
)

// Permission is what a user may do in a repository.
type Permission string

// The permissions, from the least to the greatest.
const (
	None  Permission = "none"
	Read  Permission = "read"
	Write Permission = "write"
	Admin Permission = "admin"
)

// rank orders permissions.
func (p Permission) rank() int {
	return map[Permission]int{None: 0, "": 0, Read: 1, Write: 2, Admin: 3}[p]
}

// The types of users.
const (
	typeUser         = "User"
	typeBot          = "Bot"
	typeOrganization = "Organization"
)

// User is a person, an organisation, or the bot of an app.
type User struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Type  string `json:"type"`
}

// repo is a repository.
type repo struct {
	ID            int64                 `json:"id"`
	Owner         string                `json:"owner"`
	Name          string                `json:"name"`
	Private       bool                  `json:"private"`
	DefaultBranch string                `json:"default_branch"`
	ForkOf        int64                 `json:"fork_of,omitempty"`
	Access        map[string]Permission `json:"access"` // by login in small letters
	Created       time.Time             `json:"created"`
	Pushed        time.Time             `json:"pushed"`
	Numbers       int                   `json:"numbers"`                 // how many issues and merge requests there were
	DismissStale  bool                  `json:"dismiss_stale,omitempty"` // a push dismisses approvals
}

// full is the repository's name as people write it.
func (r *repo) full() string { return r.Owner + "/" + r.Name }

// issue is an issue or, with a Pull, a merge request.
type issue struct {
	ID      int64     `json:"id"`
	Repo    int64     `json:"repo"`
	Number  int       `json:"number"`
	Title   string    `json:"title"`
	Body    string    `json:"body"`
	Author  string    `json:"author"`
	Closed  time.Time `json:"closed"` // zero while it is open
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
	Closer  string    `json:"closer,omitempty"` // who closed it; empty while it is open
	Reason  string    `json:"reason,omitempty"` // why it was closed or reopened, in GitHub's words
	Labels  []string  `json:"labels,omitempty"`
	// Assignees are logins.
	Assignees []string `json:"assignees,omitempty"`
	// Locked says that only who may write comments, and nobody reacts; LockReason is why, in GitHub's words, if anybody said.
	Locked     bool   `json:"locked,omitempty"`
	LockReason string `json:"lock_reason,omitempty"`
	Pull       *pull  `json:"pull,omitempty"`
}

// pull is what a merge request has besides an issue's.
type pull struct {
	Base      string    `json:"base"` // branches
	Head      string    `json:"head"`
	HeadRepo  int64     `json:"head_repo"` // which may be deleted since
	HeadOwner string    `json:"head_owner"`
	BaseSHA   string    `json:"base_sha"`
	HeadSHA   string    `json:"head_sha"`
	Draft     bool      `json:"draft"`
	Merged    time.Time `json:"merged"`
	MergedBy  string    `json:"merged_by,omitempty"`
	MergeSHA  string    `json:"merge_sha,omitempty"`
	Reviewers []string  `json:"reviewers,omitempty"`
}

func (i *issue) open() bool { return i.Closed.IsZero() }

// state is open or closed.
func (i *issue) state() string {
	if i.open() {
		return "open"
	}
	return "closed"
}

// comment is a remark on an issue or a merge request.
type comment struct {
	ID      int64     `json:"id"`
	Issue   int64     `json:"issue"`
	Author  string    `json:"author"`
	Body    string    `json:"body"`
	Created time.Time `json:"created"`
	Updated time.Time `json:"updated"`
}

// reaction is an emoji on an issue (Comment is 0) or on a comment.
type reaction struct {
	ID      int64     `json:"id"`
	Issue   int64     `json:"issue"`
	Comment int64     `json:"comment,omitempty"`
	User    string    `json:"user"`
	Content string    `json:"content"`
	Created time.Time `json:"created"`
}

// label is one of a repository's labels.
type label struct {
	ID          int64  `json:"id"`
	Repo        int64  `json:"repo"`
	Name        string `json:"name"`
	Color       string `json:"color"`
	Description string `json:"description"`
}

// review is a verdict on a merge request: APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED.
type review struct {
	ID        int64     `json:"id"`
	Issue     int64     `json:"issue"`
	Author    string    `json:"author"`
	State     string    `json:"state"`
	Body      string    `json:"body"`
	SHA       string    `json:"sha"`
	Submitted time.Time `json:"submitted"`
}

// check is a check run.
type check struct {
	ID         int64     `json:"id"`
	Repo       int64     `json:"repo"`
	App        int64     `json:"app"`
	SHA        string    `json:"sha"`
	Name       string    `json:"name"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion,omitempty"`
	DetailsURL string    `json:"details_url,omitempty"`
	ExternalID string    `json:"external_id,omitempty"`
	Started    time.Time `json:"started"`
	Completed  time.Time `json:"completed"`
	Title      string    `json:"title,omitempty"`
	Summary    string    `json:"summary,omitempty"`
	Text       string    `json:"text,omitempty"`
	// Annotations are kept as they came.
	Annotations []map[string]any `json:"annotations,omitempty"`
}

// App is a GitHub App: a bot that is installed on owners' repositories.
type App struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
	// PublicKey is in PEM; what the app signs with its private key is checked against it.
	PublicKey string `json:"public_key"`
	// HookURL is where its webhooks go, signed with HookSecret; none are sent while it is empty.
	HookURL    string    `json:"hook_url"`
	HookSecret string    `json:"hook_secret"`
	Created    time.Time `json:"created"`
	// PrivateKey is the app's, in PEM. It is given once, when the app is made, and not kept.
	PrivateKey string `json:"-"`
}

// bot is the login under which an app acts.
func (a *App) bot() string { return a.Slug + "[bot]" }

// installation is an app on repositories of one owner.
type installation struct {
	ID      int64     `json:"id"`
	App     int64     `json:"app"`
	Owner   string    `json:"owner"`
	Repos   []int64   `json:"repos,omitempty"` // none means all of the owner's
	Created time.Time `json:"created"`
}

// covers says whether an installation is for a repository.
func (i *installation) covers(r *repo) bool {
	return strings.EqualFold(i.Owner, r.Owner) && (len(i.Repos) == 0 || slices.Contains(i.Repos, r.ID))
}

// selection is what GitHub calls the extent of an installation.
func (i *installation) selection() string {
	if len(i.Repos) == 0 {
		return "all"
	}
	return "selected"
}

// mergeGroup is a merge request in the merge queue: a commit as the base will be when it is merged.
type mergeGroup struct {
	ID      int64     `json:"id"`
	Issue   int64     `json:"issue"`
	Ref     string    `json:"ref"`
	BaseSHA string    `json:"base_sha"`
	SHA     string    `json:"sha"`
	Created time.Time `json:"created"`
}

// token is what a request may be made with. Text is its hash's key; Installation is 0 for a person's.
type token struct {
	User         string    `json:"user"`
	Installation int64     `json:"installation,omitempty"`
	Expires      time.Time `json:"expires"` // zero for never
}

// fold is the form in which names are compared.
func fold(name string) string { return strings.ToLower(name) }
