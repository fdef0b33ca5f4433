package localforge

import (
	"context"
	"slices"
	"strings"
	"time"
)

// issueRoutes are those of issues, which merge requests are as well.
func (f *Forge) issueRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/issues", f.inRepo(Read, f.listIssues))
	route("POST /repos/{owner}/{repo}/issues", f.inRepo(Read, f.openIssue))
	route("GET /repos/{owner}/{repo}/issues/{number}", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return ok(f.issueJSON(i)) }))
	route("PATCH /repos/{owner}/{repo}/issues/{number}", f.inIssue(Write, f.editIssue))
	route("POST /repos/{owner}/{repo}/issues/{number}/reactions", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return f.react(q, i.ID, 0) }))
	route("GET /repos/{owner}/{repo}/issues/{number}/reactions", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return f.listReactions(q, i.ID, 0) }))
}

// inIssue hands the path's issue to h. A permission beyond Read is not needed for one's own.
func (f *Forge) inIssue(least Permission, h func(q *query, r *repo, i *issue) answer) handler {
	return f.inRepo(Read, func(q *query, r *repo) answer {
		i := f.issue(r, int(q.id("number")))
		switch {
		case i == nil:
			return notFound
		case q.caller == nil && least != Read:
			return refused(401, "Requires authentication")
		case f.may(q.caller, r).rank() < least.rank() && !strings.EqualFold(q.login(), i.Author):
			return refused(403, "Resource not accessible by integration")
		}
		return h(q, r, i)
	})
}

// issue returns a repository's issue or merge request by its number, nil if there is none.
func (f *Forge) issue(r *repo, number int) *issue {
	for _, i := range f.issues.all(func(i *issue) bool { return i.Repo == r.ID && i.Number == number }) {
		return i
	}
	return nil
}

// listIssues lists issues and merge requests, the newest first, as the query's state, labels, creator and since say.
func (f *Forge) listIssues(q *query, r *repo) answer {
	v := q.r.URL.Query()
	since, err := time.Parse(time.RFC3339, v.Get("since"))
	if v.Has("since") && err != nil {
		return invalid("Issue", "since", "invalid", "")
	}
	found := f.issues.all(func(i *issue) bool {
		return i.Repo == r.ID && ofState(i, v.Get("state")) && !i.Updated.Before(since) && (v.Get("creator") == "" || strings.EqualFold(v.Get("creator"), i.Author)) &&
			hasLabels(i, v.Get("labels"))
	})
	order(found, v.Get("sort"), v.Get("direction"))
	return q.list(each(found, f.issueJSON))
}

// ofState says whether an issue is in a state, open if none is asked for.
func ofState(i *issue, state string) bool {
	return state == "all" || i.state() == state || state == "" && i.open()
}

func hasLabels(i *issue, list string) bool {
	for _, name := range strings.Split(list, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.ContainsFunc(i.Labels, func(l string) bool { return fold(l) == fold(name) }) {
			return false
		}
	}
	return true
}

// order sorts issues by when they were made or updated, the newest first unless ascending is asked for.
func order(found []*issue, by, direction string) {
	slices.SortStableFunc(found, func(a, b *issue) int {
		c := a.Number - b.Number
		if by == "updated" {
			c = a.Updated.Compare(b.Updated)
		}
		if direction == "asc" {
			return c
		}
		return -c
	})
}

func (f *Forge) openIssue(q *query, r *repo) answer {
	var in struct {
		Title, Body string
		Labels      []string
	}
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case strings.TrimSpace(in.Title) == "":
		return invalid("Issue", "title", "missing_field", "")
	}
	i := f.newIssue(r, q.login(), in.Title, in.Body)
	i.Labels = f.ensureLabels(r, in.Labels)
	put(f.store, &f.issues, i.ID, i)
	f.announce("issues", "opened", r, q.login(), object{"issue": f.issueJSON(i)})
	return created(f.issueJSON(i))
}

// newIssue makes an issue with the repository's next number. It is put by the caller.
func (f *Forge) newIssue(r *repo, author, title, body string) *issue {
	r.Numbers++
	put(f.store, &f.repos, r.ID, r)
	return &issue{ID: f.next(), Repo: r.ID, Number: r.Numbers, Title: title, Body: body, Author: author, Created: f.time(), Updated: f.time()}
}

// editIssue changes what a request names: title, body, state and labels.
func (f *Forge) editIssue(q *query, r *repo, i *issue) answer {
	var in struct {
		Title, Body, State *string
		Labels             *[]string
	}
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if in.State != nil && *in.State != "open" && *in.State != "closed" {
		return invalid("Issue", "state", "invalid", "")
	}
	changes := object{}
	if in.Title != nil && *in.Title != i.Title {
		changes["title"] = object{"from": i.Title}
		i.Title = *in.Title
	}
	if in.Body != nil && *in.Body != i.Body {
		changes["body"] = object{"from": i.Body}
		i.Body = *in.Body
	}
	if in.Labels != nil {
		i.Labels = f.ensureLabels(r, *in.Labels)
	}
	i.Updated = f.time()
	put(f.store, &f.issues, i.ID, i)
	if len(changes) > 0 {
		f.announceIssue("edited", r, i, q.login(), object{"changes": changes})
	}
	if in.State != nil {
		f.setState(r, i, *in.State == "open", q.login())
	}
	return ok(f.issueJSON(i))
}

// setState opens or closes an issue, if it is not so already.
func (f *Forge) setState(r *repo, i *issue, open bool, by string) {
	if i.open() == open {
		return
	}
	action := "closed"
	i.Closed, i.Updated = f.time(), f.time()
	if open {
		action, i.Closed = "reopened", time.Time{}
	}
	put(f.store, &f.issues, i.ID, i)
	f.announceIssue(action, r, i, by, nil)
}

// announceIssue sends the webhook of an issue or of a merge request.
func (f *Forge) announceIssue(action string, r *repo, i *issue, by string, more object) {
	payload := object{}
	for name, value := range more {
		payload[name] = value
	}
	if i.Pull == nil {
		payload["issue"] = f.issueJSON(i)
		f.announce("issues", action, r, by, payload)
		return
	}
	payload["number"], payload["pull_request"] = i.Number, f.fullPullJSON(context.Background(), i)
	f.announce("pull_request", action, r, by, payload)
}
