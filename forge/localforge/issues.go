package localforge

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// issueRoutes are those of issues, which merge requests are as well.
func (f *Forge) issueRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/issues", f.inRepo(Read, f.listIssues))
	route("POST /repos/{owner}/{repo}/issues", f.inRepo(Read, f.openIssue))
	route("GET /repos/{owner}/{repo}/issues/{number}", f.inIssue(Read, func(q *query, r *repo, i *issue) answer {
		out := f.issueJSON(i)
		if i.Closer != "" { // which lists and webhooks don't say
			out["closed_by"] = f.userJSON(i.Closer)
		}
		return ok(out)
	}))
	route("PATCH /repos/{owner}/{repo}/issues/{number}", f.inIssue(Write, f.editIssue))
	route("POST /repos/{owner}/{repo}/issues/{number}/reactions", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return f.react(q, i.ID, 0) }))
	route("GET /repos/{owner}/{repo}/issues/{number}/reactions", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return f.listReactions(q, i.ID, 0) }))
	route("DELETE /repos/{owner}/{repo}/issues/{number}/reactions/{reaction}", f.inIssue(Read, func(q *query, r *repo, i *issue) answer { return f.unreact(q, r, i.ID, 0) }))
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
	for _, i := range f.issues.of(r.ID, func(i *issue) bool { return i.Number == number }) {
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
	found := f.issues.shown(r.ID, f.latest(), func(i *issue) bool {
		return ofState(i, v.Get("state")) && !i.Updated.Before(since) && (v.Get("creator") == "" || strings.EqualFold(v.Get("creator"), i.Author)) &&
			hasLabels(i, v.Get("labels"))
	})
	order(found, v.Get("sort"), v.Get("direction"))
	p := q.page(len(found))
	return q.linked(len(found), ok(each(found[p.from:p.to], f.issueJSON)))
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
		Assignees   []string
	}
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case strings.TrimSpace(in.Title) == "":
		return invalid("Issue", "title", "missing_field", "")
	case len([]rune(in.Body)) > longestBody:
		return invalid("Issue", "body", "custom", tooLong)
	}
	i := f.newIssue(r, q.login(), in.Title, in.Body)
	if f.may(q.caller, r).rank() >= Write.rank() { // others' labels and assignees are left out, silently
		i.Labels = f.ensureLabels(r, in.Labels)
		i.Assignees = f.existing(in.Assignees)
	}
	put(f.store, &f.issues, i.ID, i)
	f.announce("issues", "opened", r, q.login(), object{"issue": f.issueJSON(i)})
	a := created(f.issueJSON(i))
	f.written(q.r.Context(), r, i, f.page(i), q.login(), in.Body, "")
	return a
}

// existing are those of some logins that there are.
func (f *Forge) existing(logins []string) (out []string) {
	for _, login := range logins {
		if u := f.users.rows[fold(login)]; u != nil && !slices.Contains(out, u.Login) {
			out = append(out, u.Login)
		}
	}
	return out
}

// page is where people look at an issue or merge request.
func (f *Forge) page(i *issue) string {
	kind := "issues"
	if i.Pull != nil {
		kind = "pull"
	}
	return fmt.Sprintf("%s/%s/%d", f.web(f.repos.rows[i.Repo]), kind, i.Number)
}

// newIssue makes an issue with the repository's next number. It is put by the caller.
func (f *Forge) newIssue(r *repo, author, title, body string) *issue {
	r.Numbers++
	put(f.store, &f.repos, r.ID, r)
	return &issue{ID: f.next(), Repo: r.ID, Number: r.Numbers, Title: title, Body: body, Author: author, Created: f.time(), Updated: f.time()}
}

// issueInput is what a request changes in an issue.
type issueInput struct {
	Title, Body, State *string
	Reason             string `json:"state_reason"`
	Labels, Assignees  *[]string
}

// stateReasons are why an issue is as it is.
var stateReasons = []string{"", "completed", "not_planned", "duplicate", "reopened"}

// fault says what GitHub would not take.
func (in *issueInput) fault() *answer {
	var a answer
	switch {
	case in.State != nil && *in.State != "open" && *in.State != "closed":
		a = invalid("Issue", "state", "invalid", "")
	case !slices.Contains(stateReasons, in.Reason):
		a = invalid("Issue", "state_reason", "invalid", "")
	case in.Title != nil && strings.TrimSpace(*in.Title) == "":
		a = invalid("Issue", "title", "missing_field", "")
	case in.Body != nil && len([]rune(*in.Body)) > longestBody:
		a = invalid("Issue", "body", "custom", tooLong)
	default:
		return nil
	}
	return &a
}

// editIssue changes what a request names: title, body, state, labels and assignees.
func (f *Forge) editIssue(q *query, r *repo, i *issue) answer {
	var in issueInput
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if fault := in.fault(); fault != nil {
		return *fault
	}
	was, changes := i.Body, object{}
	if in.Title != nil && *in.Title != i.Title {
		changes["title"] = object{"from": i.Title}
		i.Title = *in.Title
	}
	if in.Body != nil && *in.Body != i.Body {
		changes["body"] = object{"from": i.Body}
		i.Body = *in.Body
	}
	i.Updated = f.time()
	put(f.store, &f.issues, i.ID, i)
	if len(changes) > 0 {
		f.announceIssue("edited", r, i, q.login(), object{"changes": changes})
	}
	if in.Labels != nil {
		f.setLabels(r, i, *in.Labels, q.login())
	}
	if in.Assignees != nil {
		i.Assignees = f.existing(*in.Assignees)
		put(f.store, &f.issues, i.ID, i)
	}
	if in.State != nil {
		i.Reason = in.Reason
		if i.Reason == "" && i.Pull == nil {
			i.Reason = map[string]string{"open": "reopened", "closed": "completed"}[*in.State]
		}
		f.setState(r, i, *in.State == "open", q.login())
		put(f.store, &f.issues, i.ID, i)
	}
	if changes["body"] != nil {
		f.written(q.r.Context(), r, i, f.page(i), q.login(), i.Body, was)
	}
	return ok(f.issueJSON(i))
}

// setState opens or closes an issue, if it is not so already.
func (f *Forge) setState(r *repo, i *issue, open bool, by string) {
	if i.open() == open {
		return
	}
	action := "closed"
	i.Closed, i.Updated, i.Closer = f.time(), f.time(), by
	if i.Pull == nil && i.Reason == "" {
		i.Reason = "completed"
	}
	if open {
		action, i.Closed, i.Closer = "reopened", time.Time{}, ""
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
