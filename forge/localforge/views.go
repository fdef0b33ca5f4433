package localforge

import (
	"fmt"
	"slices"
	"time"
)

// Repository is a repository as people see one.
type Repository struct {
	Owner, Name   string
	DefaultBranch string
	Private       bool
	ForkOf        string // owner/name, empty if it is no fork
	Issues, Pulls int    // how many are open
	Pushed        time.Time
}

// Issue is an issue or a merge request as people see one.
type Issue struct {
	Number              int
	Title, Body, Author string
	State               string // open, closed, merged or draft
	Reason              string // why an issue was closed, in GitHub's words
	Created, Updated    time.Time
	Comments            int
	Labels              []Label
	Assignees           []string
	Pull                *Pull // nil for an issue
}

// Label is a label with its colour, six hexadecimal digits.
type Label struct{ Name, Color string }

// Pull is what a merge request has besides an issue's.
type Pull struct {
	Base, Head       string // branches; Head with its owner if it is a fork's
	BaseSHA, HeadSHA string
	MergedBy         string // empty until it is merged
	MergeSHA         string
	Reviewers        []string // who is asked for a review
}

// Remark is a comment or a review.
type Remark struct {
	ID        int64
	Author    string
	Body      string
	Verdict   string // of a review: APPROVED, CHANGES_REQUESTED or COMMENTED; empty for a comment
	At        time.Time
	Edited    bool
	Reactions map[string]int // by their names on GitHub
}

// Check is a check run.
type Check struct {
	ID                   int64
	Name, App            string
	Status, Conclusion   string
	Title, Summary, Text string
	DetailsURL           string
	Started, Completed   time.Time
	Annotations          []Annotation
}

// Annotation is what a check run says of lines of a file.
type Annotation struct {
	Path       string
	Start, End int
	Level      string // notice, warning or failure
	Message    string
}

// Thread is an issue or merge request with all that was said of it.
type Thread struct {
	Issue
	Reactions map[string]int
	Remarks   []Remark // the oldest first
	Checks    []Check  // of a merge request's head, the newest of each name
}

// Users lists all users, in the order in which they came.
func (f *Forge) Users() []User {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []User
	for _, u := range f.users.all(nil) {
		out = append(out, *u)
	}
	return out
}

// People lists the logins of persons, in the order in which they came.
func (f *Forge) People() (out []string) {
	for _, u := range f.Users() {
		if u.Type == typeUser {
			out = append(out, u.Login)
		}
	}
	return out
}

// Repositories lists all repositories, in the order in which they came.
func (f *Forge) Repositories() []Repository {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Repository
	for _, r := range f.repos.all(nil) {
		out = append(out, f.repositoryView(r))
	}
	return out
}

// Repository returns a repository; ok is false if there is none of that name.
func (f *Forge) Repository(owner, name string) (_ Repository, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(owner, name)
	if r == nil {
		return Repository{}, false
	}
	return f.repositoryView(r), true
}

func (f *Forge) repositoryView(r *repo) Repository {
	out := Repository{Owner: r.Owner, Name: r.Name, DefaultBranch: r.DefaultBranch, Private: r.Private, Pushed: r.Pushed}
	if up := f.repos.rows[r.ForkOf]; up != nil {
		out.ForkOf = up.full()
	}
	for _, i := range f.issues.of(r.ID, (*issue).open) {
		if i.Pull == nil {
			out.Issues++
		} else {
			out.Pulls++
		}
	}
	return out
}

// Issues lists the issues and merge requests of a repository, the newest first.
func (f *Forge) Issues(owner, name string) []Issue {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(owner, name)
	if r == nil {
		return nil
	}
	var out []Issue
	for _, i := range f.issues.of(r.ID, nil) {
		out = append(out, f.issueView(r, i))
	}
	slices.Reverse(out)
	return out
}

func (f *Forge) issueView(r *repo, i *issue) Issue {
	out := Issue{Number: i.Number, Title: i.Title, Body: i.Body, Author: i.Author, State: i.state(), Reason: i.Reason, Created: i.Created, Updated: i.Updated,
		Comments: len(f.comments.of(i.ID, nil)), Assignees: slices.Clone(i.Assignees)}
	for _, name := range i.Labels {
		if l := f.label(r, name); l != nil {
			out.Labels = append(out.Labels, Label{l.Name, l.Color})
		}
	}
	p := i.Pull
	if p == nil {
		return out
	}
	out.Pull = &Pull{Base: p.Base, Head: p.Head, BaseSHA: p.BaseSHA, HeadSHA: p.HeadSHA, MergedBy: p.MergedBy, MergeSHA: p.MergeSHA, Reviewers: slices.Clone(p.Reviewers)}
	if p.HeadRepo != r.ID {
		out.Pull.Head = p.HeadOwner + ":" + p.Head
	}
	switch {
	case !p.Merged.IsZero():
		out.State = "merged"
	case i.open() && p.Draft:
		out.State = "draft"
	}
	return out
}

// Thread returns an issue or merge request with all that was said of it; ok is false if there is none of that number.
func (f *Forge) Thread(owner, name string, number int) (_ Thread, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(owner, name)
	if r == nil {
		return Thread{}, false
	}
	i := f.issue(r, number)
	if i == nil {
		return Thread{}, false
	}
	out := Thread{Issue: f.issueView(r, i), Reactions: f.reactionCounts(i.ID, 0)}
	for _, c := range f.comments.of(i.ID, nil) {
		out.Remarks = append(out.Remarks, Remark{ID: c.ID, Author: c.Author, Body: c.Body, At: c.Created, Edited: c.Updated.After(c.Created), Reactions: f.reactionCounts(i.ID, c.ID)})
	}
	for _, x := range f.reviews.of(i.ID, nil) {
		out.Remarks = append(out.Remarks, Remark{ID: x.ID, Author: x.Author, Body: x.Body, Verdict: x.State, At: x.Submitted})
	}
	slices.SortStableFunc(out.Remarks, func(a, b Remark) int { return int(a.ID - b.ID) }) // ids grow with time
	if i.Pull != nil {
		out.Checks = f.checkViews(r, i.Pull.HeadSHA)
	}
	return out, true
}

func (f *Forge) reactionCounts(issue, comment int64) map[string]int {
	out := map[string]int{}
	for _, x := range f.reactions.of(remarked{issue, comment}, nil) {
		out[x.Content]++
	}
	return out
}

// Check returns a check run, and the commit that it ran on; ok is false if there is none of that id.
func (f *Forge) Check(owner, name string, id int64) (_ Check, sha string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, c := f.find(owner, name), f.checks.rows[id]
	if r == nil || c == nil || c.Repo != r.ID {
		return Check{}, "", false
	}
	return f.checkView(c), c.SHA, true
}

func (f *Forge) checkViews(r *repo, sha string) (out []Check) {
	for _, c := range f.checks.of(commitIn{r.ID, sha}, nil) {
		v := f.checkView(c)
		out = slices.DeleteFunc(out, func(old Check) bool { return old.Name == v.Name && old.App == v.App })
		out = append(out, v)
	}
	return out
}

func (f *Forge) checkView(c *check) Check {
	v := Check{ID: c.ID, Name: c.Name, App: f.apps.rows[c.App].Slug, Status: c.Status, Conclusion: c.Conclusion, Title: c.Title, Summary: c.Summary, Text: c.Text,
		DetailsURL: c.DetailsURL, Started: c.Started, Completed: c.Completed}
	for _, a := range c.Annotations {
		start, _ := a["start_line"].(float64) // as it came: what is no number is line 0
		end, _ := a["end_line"].(float64)
		v.Annotations = append(v.Annotations, Annotation{Path: fmt.Sprint(a["path"]), Start: int(start), End: int(end), Level: fmt.Sprint(a["annotation_level"]), Message: fmt.Sprint(a["message"])})
	}
	return v
}
