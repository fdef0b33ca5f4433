// Package forge has the nouns that Git hosts share: repositories, issues, comments, merge requests, checks, events, permissions.
// No host's types are in it. An adapter in a folder below turns a host's into these.
package forge

import (
	"fmt"
	"strings"
	"time"
)

// Repo names a repository: its host, such as github.com, its owner (with subgroups, where a host has them), and its name.
type Repo struct {
	Host  string `json:"host"`
	Owner string `json:"owner"`
	Name  string `json:"name"`
}

// String is owner/name.
func (r Repo) String() string { return r.Owner + "/" + r.Name }

// Key is host/owner/name in lower case: hosts tell no letters apart by case in these.
func (r Repo) Key() string { return strings.ToLower(r.Host + "/" + r.Owner + "/" + r.Name) }

// IsZero says whether r names nothing.
func (r Repo) IsZero() bool { return r == Repo{} }

// ParseRepo reads owner/name, or host/owner/name where the host has a dot or a colon in it. Host is what stands for a missing one.
func ParseRepo(s, host string) (Repo, error) {
	parts := strings.Split(strings.Trim(s, "/"), "/")
	if len(parts) > 2 && strings.ContainsAny(parts[0], ".:") {
		host, parts = parts[0], parts[1:]
	}
	if len(parts) < 2 {
		return Repo{}, fmt.Errorf("%q is no repository; write owner/name", s)
	}
	for _, p := range parts {
		if p == "" || p == "." || p == ".." {
			return Repo{}, fmt.Errorf("%q is no repository; write owner/name", s)
		}
	}
	n := len(parts) - 1
	return Repo{Host: host, Owner: strings.Join(parts[:n], "/"), Name: parts[n]}, nil
}

// Repository is what a host says of a repository.
type Repository struct {
	Repo
	// ID is the host's, and stays when the repository is renamed.
	ID            int64
	DefaultBranch string
	// CloneURL is where git finds it, without a credential in it; URL is its page.
	CloneURL, URL     string
	Private, Archived bool
	// Fork says that it was made from another repository.
	Fork bool
}

// User is a person or a program.
type User struct {
	ID    int64  `json:"id"`
	Login string `json:"login"`
	Bot   bool   `json:"bot,omitempty"`
}

// Permission is what somebody may do in a repository.
type Permission int

// Permissions, each including those before it.
const (
	None Permission = iota
	Read
	Write
	Admin
)

// String is the permission's name.
func (p Permission) String() string {
	return [...]string{"none", "read", "write", "admin"}[min(max(p, None), Admin)]
}

// Issue is an issue, or what is discussed at a merge request.
type Issue struct {
	ID     int64
	Number int
	Title  string
	Body   string
	Author User
	URL    string
	Open   bool
	// MergeRequest says that it is the discussion of a merge request.
	MergeRequest     bool
	Labels           []string
	Created, Updated time.Time
}

// Comment is a comment on an issue or a merge request.
type Comment struct {
	ID     int64
	Issue  int // the number of the issue or merge request
	Body   string
	Author User
	URL    string
	// Created and Updated are the host's times; they differ when it was edited.
	Created, Updated time.Time
}

// Edited says whether a comment is not as it was first written.
func (c Comment) Edited() bool { return c.Updated.After(c.Created) }

// Reaction is a small sign at a comment or an issue.
type Reaction string

// Reactions that all hosts have.
const (
	Eyes     Reaction = "eyes"
	Rocket   Reaction = "rocket"
	Confused Reaction = "confused"
	ThumbsUp Reaction = "+1"
)

// MergeRequest asks for a branch to be merged.
type MergeRequest struct {
	// ID is how the host's other interface names it, opaque.
	ID     string
	Number int
	Title  string
	Body   string
	Author User
	URL    string
	Open   bool
	Merged bool
	Draft  bool
	// Head and Base are branches; HeadSHA and BaseSHA the commits that they are at. HeadRepo is where Head is; it is zero where that
	// repository is gone.
	Head, Base       string
	HeadSHA, BaseSHA string
	HeadRepo         Repo
	// MergeSHA is the commit that merged it; empty unless Merged.
	MergeSHA         string
	Labels           []string
	Created, Updated time.Time
	// ClosedBy is who closed or merged it, where the host says so. Lists leave it out.
	ClosedBy User
}

// ReviewState is what a review says.
type ReviewState string

// What reviews say.
const (
	Approved         ReviewState = "approved"
	ChangesRequested ReviewState = "changes_requested"
	Commented        ReviewState = "commented"
	Dismissed        ReviewState = "dismissed"
)

// Review is somebody's judgement of a merge request at a commit.
type Review struct {
	Author User
	State  ReviewState
	SHA    string
	At     time.Time
}

// Label is a label of a repository.
type Label struct {
	Name, Description string
	// Color is six hexadecimal digits.
	Color string
}

// Branch is a branch, and the commit that it is at.
type Branch struct{ Name, SHA string }
