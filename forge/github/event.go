package github

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// envelope is what webhooks of every kind have. GitHub's client has other types for it in some kinds.
type envelope struct {
	Action     string
	Repository *struct {
		ID            int64
		FullName      string `json:"full_name"`
		DefaultBranch string `json:"default_branch"`
		HTMLURL       string `json:"html_url"`
		Private       bool
		Archived      bool
		Fork          bool
	}
	Sender *struct {
		ID    int64
		Login string
		Type  string
	}
	Installation *struct{ ID int64 }
	Changes      struct {
		Repository struct{ Name struct{ From string } }
		Owner      struct {
			From struct{ User, Organization struct{ Login string } }
		}
	}
}

// Event reads a webhook: kind is what X-GitHub-Event says, and the signature of payload is checked already. What concerns no bot, checks of
// other Apps among it, is of forge.EventOther. A payload that is not of its kind is forge.ErrPayload.
func (h *Host) Event(kind string, payload []byte) (forge.Event, error) {
	e, err := h.event(kind, payload)
	if err != nil {
		return forge.Event{}, fmt.Errorf("read webhook %s: %v: %w", cut(kind, 100), err, forge.ErrPayload)
	}
	sum := sha256.Sum256(payload)
	e.Stamp = hex.EncodeToString(sum[:16])
	return e, nil
}

func (h *Host) event(kind string, payload []byte) (forge.Event, error) {
	var common *envelope
	if err := json.Unmarshal(payload, &common); err != nil {
		if readers[kind] == nil && !strings.HasPrefix(kind, "check_") && json.Valid(payload) && len(payload) > 0 && payload[0] == '{' {
			return forge.Event{Kind: forge.EventOther}, nil // of a kind that nobody here knows, so that it may hold anything
		}
		return forge.Event{}, err
	}
	if common == nil {
		return forge.Event{}, fmt.Errorf("it is null")
	}
	e := h.common(common)
	if kind == "check_run" || kind == "check_suite" {
		return e, h.readCheck(&e, payload)
	}
	read := readers[kind]
	if read == nil {
		return e, nil
	}
	parsed, err := github.ParseWebHook(kind, payload)
	if err != nil {
		return forge.Event{}, err
	}
	return e, read(h, &e, parsed)
}

// common reads the envelope.
func (h *Host) common(in *envelope) forge.Event {
	e := forge.Event{Kind: forge.EventOther, Action: in.Action}
	if r := in.Repository; r != nil {
		repo := h.named(r.FullName)
		e.Repository = forge.Repository{Repo: repo, ID: r.ID, DefaultBranch: r.DefaultBranch, CloneURL: h.GitURL(repo), URL: r.HTMLURL, Private: r.Private,
			Archived: r.Archived, Fork: r.Fork}
	}
	if u := in.Sender; u != nil {
		e.Sender = forge.User{ID: u.ID, Login: u.Login, Bot: u.Type == "Bot"}
	}
	if in.Installation != nil {
		e.Installation = in.Installation.ID
	}
	from := in.Changes.Owner.From.User.Login + in.Changes.Owner.From.Organization.Login // one of them is there
	switch {
	case in.Action == forge.ActionRenamed && in.Changes.Repository.Name.From != "":
		e.From = e.Repository.Repo
		e.From.Name = in.Changes.Repository.Name.From
	case in.Action == forge.ActionTransferred && from != "":
		e.From = e.Repository.Repo
		e.From.Owner = from
	}
	return e
}

// reader adds to an event what is of its kind. It may be left at forge.EventOther.
type reader func(h *Host, e *forge.Event, payload any) error

// readers are those of the kinds that concern a bot, by GitHub's names.
var readers = map[string]reader{
	"ping":                      func(_ *Host, e *forge.Event, _ any) error { e.Kind = forge.EventPing; return nil },
	"push":                      readPush,
	"issues":                    readIssue,
	"issue_comment":             readComment,
	"pull_request":              readPull,
	"pull_request_review":       readReview,
	"merge_group":               readGroup,
	"installation":              readInstallation,
	"installation_repositories": readInstallationRepositories,
}

// missing says that a webhook lacks what it is about.
func missing(what string) error { return fmt.Errorf("it has no %s", what) }

func readPush(_ *Host, e *forge.Event, payload any) error {
	p := payload.(*github.PushEvent)
	if p.GetRef() == "" || p.GetAfter() == "" {
		return missing("ref")
	}
	e.Kind = forge.EventPush
	e.Push = &forge.Push{Ref: p.GetRef(), Before: p.GetBefore(), After: p.GetAfter(), Deleted: p.GetDeleted()}
	for _, c := range p.Commits {
		author := c.GetAuthor().GetLogin()
		if author == "" {
			author = c.GetAuthor().GetName()
		}
		e.Push.Commits = append(e.Push.Commits, forge.PushedCommit{SHA: c.GetID(), Message: c.GetMessage(), Author: author})
	}
	return nil
}

func readIssue(_ *Host, e *forge.Event, payload any) error {
	p := payload.(*github.IssuesEvent)
	if p.GetIssue().GetNumber() == 0 {
		return missing("issue")
	}
	i := issue(p.GetIssue())
	e.Kind, e.Issue = forge.EventIssue, &i
	return nil
}

func readComment(_ *Host, e *forge.Event, payload any) error {
	p := payload.(*github.IssueCommentEvent)
	if p.GetIssue().GetNumber() == 0 || p.GetComment().GetID() == 0 {
		return missing("comment")
	}
	i, c := issue(p.GetIssue()), comment(p.GetComment())
	c.Issue = i.Number
	e.Kind, e.Issue, e.Comment = forge.EventComment, &i, &c
	return nil
}

func readPull(h *Host, e *forge.Event, payload any) error {
	p := payload.(*github.PullRequestEvent)
	if p.GetPullRequest().GetNumber() == 0 {
		return missing("pull request")
	}
	m := h.pull(p.GetPullRequest())
	if e.Action == forge.ActionClosed {
		m.ClosedBy = e.Sender // GitHub names only who merged one
	}
	e.Kind, e.MergeRequest = forge.EventMergeRequest, &m
	return nil
}

func readReview(h *Host, e *forge.Event, payload any) error {
	p := payload.(*github.PullRequestReviewEvent)
	if p.GetPullRequest().GetNumber() == 0 || p.GetReview() == nil {
		return missing("review")
	}
	m := h.pull(p.GetPullRequest())
	r, given := review(p.GetReview())
	if !given {
		return nil
	}
	e.Kind, e.MergeRequest, e.Review = forge.EventReview, &m, &r
	return nil
}

func readGroup(_ *Host, e *forge.Event, payload any) error {
	g := payload.(*github.MergeGroupEvent).GetMergeGroup()
	if g.GetHeadSHA() == "" {
		return missing("merge group")
	}
	if e.Action == "checks_requested" {
		e.Action = forge.ActionRequested
	}
	e.Kind = forge.EventMergeGroup
	e.Group = &forge.MergeGroup{SHA: g.GetHeadSHA(), BaseSHA: g.GetBaseSHA(), Ref: g.GetHeadRef(), Base: strings.TrimPrefix(g.GetBaseRef(), "refs/heads/")}
	return nil
}

func readInstallation(h *Host, e *forge.Event, payload any) error {
	p := payload.(*github.InstallationEvent)
	if e.Installation == 0 {
		return missing("installation")
	}
	e.Kind = forge.EventInstallation
	switch e.Action {
	case forge.ActionCreated, "unsuspend":
		e.Added = h.repos(p.Repositories)
	case forge.ActionDeleted, "suspend":
		e.Removed = h.repos(p.Repositories)
	}
	return nil
}

func readInstallationRepositories(h *Host, e *forge.Event, payload any) error {
	p := payload.(*github.InstallationRepositoriesEvent)
	if e.Installation == 0 {
		return missing("installation")
	}
	e.Kind, e.Added, e.Removed = forge.EventInstallation, h.repos(p.RepositoriesAdded), h.repos(p.RepositoriesRemoved)
	return nil
}

func (h *Host) repos(all []*github.Repository) (out []forge.Repo) {
	for _, r := range all {
		if repo := h.named(r.GetFullName()); !repo.IsZero() {
			out = append(out, repo)
		}
	}
	return out
}
