package localforge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// commentRoutes are those of comments on issues and merge requests.
func (f *Forge) commentRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/issues/{number}/comments", f.inIssue(Read, func(q *query, r *repo, i *issue) answer {
		return f.listComments(q, []*issue{i})
	}))
	route("GET /repos/{owner}/{repo}/issues/comments", f.inRepo(Read, func(q *query, r *repo) answer { return f.listComments(q, f.issues.of(r.ID, nil)) }))
	route("POST /repos/{owner}/{repo}/issues/{number}/comments", f.inIssue(Read, f.addComment))
	route("GET /repos/{owner}/{repo}/issues/comments/{id}", f.inComment(Read, func(q *query, r *repo, c *comment) answer { return ok(f.commentJSON(c)) }))
	route("PATCH /repos/{owner}/{repo}/issues/comments/{id}", f.inComment(Write, f.editComment))
	route("DELETE /repos/{owner}/{repo}/issues/comments/{id}", f.inComment(Write, func(q *query, r *repo, c *comment) answer {
		payload := object{"issue": f.issueJSON(f.issues.rows[c.Issue]), "comment": f.commentJSON(c)}
		remove(f.store, &f.comments, c.ID)
		f.announce("issue_comment", "deleted", r, q.login(), payload)
		return nothing
	}))
	route("POST /repos/{owner}/{repo}/issues/comments/{id}/reactions", f.inComment(Read, func(q *query, r *repo, c *comment) answer { return f.react(q, c.Issue, c.ID) }))
	route("GET /repos/{owner}/{repo}/issues/comments/{id}/reactions", f.inComment(Read, func(q *query, r *repo, c *comment) answer { return f.listReactions(q, c.Issue, c.ID) }))
	route("DELETE /repos/{owner}/{repo}/issues/comments/{id}/reactions/{reaction}", f.inComment(Read, func(q *query, r *repo, c *comment) answer { return f.unreact(q, r, c.Issue, c.ID) }))
}

// listComments lists the comments of issues, the oldest first, as the query's since, sort and direction say.
func (f *Forge) listComments(q *query, on []*issue) answer {
	v := q.r.URL.Query()
	since, err := time.Parse(time.RFC3339, v.Get("since"))
	if v.Has("since") && err != nil {
		return invalid("IssueComment", "since", "invalid", "")
	}
	var found []*comment
	for _, i := range on {
		found = append(found, f.comments.shown(i.ID, f.latest(), func(c *comment) bool { return !c.Updated.Before(since) })...)
	}
	slices.SortStableFunc(found, func(a, b *comment) int {
		c := cmp.Compare(a.ID, b.ID)
		if v.Get("sort") == "updated" {
			c = a.Updated.Compare(b.Updated)
		}
		if v.Has("sort") && v.Get("direction") == "desc" {
			return -c
		}
		return c
	})
	p := q.page(len(found))
	return q.linked(len(found), ok(each(found[p.from:p.to], f.commentJSON)))
}

// inComment hands the path's comment to h. A permission beyond Read is not needed for one's own.
func (f *Forge) inComment(least Permission, h func(q *query, r *repo, c *comment) answer) handler {
	return f.inRepo(Read, func(q *query, r *repo) answer {
		c := f.comments.rows[q.id("id")]
		switch {
		case c == nil || f.issues.rows[c.Issue].Repo != r.ID:
			return notFound
		case f.may(q.caller, r).rank() < least.rank() && !strings.EqualFold(q.login(), c.Author):
			return refused(403, "Resource not accessible by integration")
		}
		return h(q, r, c)
	})
}

// longestBody is how long GitHub lets a body be, in characters.
const longestBody = 65536

// tooLong is what it says of a longer one.
var tooLong = fmt.Sprintf("body is too long (maximum is %d characters)", longestBody)

func (f *Forge) addComment(q *query, r *repo, i *issue) answer {
	var in struct{ Body string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case f.barred(q, r, i):
		return lockedOut
	case in.Body == "":
		return invalid("IssueComment", "body", "missing_field", "")
	case len([]rune(in.Body)) > longestBody:
		return invalid("IssueComment", "body", "custom", tooLong)
	}
	c := &comment{ID: f.next(), Issue: i.ID, Author: q.login(), Body: in.Body, Created: f.time(), Updated: f.time()}
	put(f.store, &f.comments, c.ID, c)
	i.Updated = f.time()
	put(f.store, &f.issues, i.ID, i)
	f.announce("issue_comment", "created", r, q.login(), object{"issue": f.issueJSON(i), "comment": f.commentJSON(c)})
	f.written(q.r.Context(), r, i, f.remarkPage(c), c.Author, c.Body, "")
	return created(f.commentJSON(c))
}

func (f *Forge) editComment(q *query, r *repo, c *comment) answer {
	var in struct{ Body string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if f.barred(q, r, f.issues.rows[c.Issue]) {
		return lockedOut
	}
	if in.Body == "" {
		return invalid("IssueComment", "body", "missing_field", "")
	}
	if len([]rune(in.Body)) > longestBody {
		return invalid("IssueComment", "body", "custom", tooLong)
	}
	was := c.Body
	c.Body, c.Updated = in.Body, f.time()
	put(f.store, &f.comments, c.ID, c)
	f.announce("issue_comment", "edited", r, q.login(), object{"issue": f.issueJSON(f.issues.rows[c.Issue]), "comment": f.commentJSON(c), "changes": object{"body": object{"from": was}}})
	f.written(q.r.Context(), r, f.issues.rows[c.Issue], f.remarkPage(c), q.login(), c.Body, was)
	return ok(f.commentJSON(c))
}

// react adds a reaction; one that is there already is returned with status 200.
func (f *Forge) react(q *query, issue, comment int64) answer {
	var in struct{ Content string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case f.issues.rows[issue].Locked:
		return lockedOut
	case !slices.Contains(reactionNames, in.Content):
		return invalid("Reaction", "content", "invalid", "")
	}
	for _, x := range f.reactions.of(remarked{issue, comment}, nil) {
		if x.Content == in.Content && strings.EqualFold(x.User, q.login()) {
			return ok(f.reactionJSON(x))
		}
	}
	x := &reaction{ID: f.next(), Issue: issue, Comment: comment, User: q.login(), Content: in.Content, Created: f.time()}
	put(f.store, &f.reactions, x.ID, x)
	return created(f.reactionJSON(x))
}

func (f *Forge) listReactions(q *query, issue, comment int64) answer {
	content := q.r.URL.Query().Get("content")
	return q.list(each(f.reactions.of(remarked{issue, comment}, func(x *reaction) bool { return content == "" || x.Content == content }), f.reactionJSON))
}

// unreact takes back a reaction of the caller's own.
func (f *Forge) unreact(q *query, r *repo, issue, comment int64) answer {
	x := f.reactions.rows[q.id("reaction")]
	switch {
	case x == nil || x.Issue != issue || x.Comment != comment:
		return notFound
	case !strings.EqualFold(x.User, q.login()) && f.may(q.caller, r).rank() < Admin.rank():
		return refused(403, "Resource not accessible by integration")
	}
	remove(f.store, &f.reactions, x.ID)
	return nothing
}

// remarkPage is where people look at a comment.
func (f *Forge) remarkPage(c *comment) string {
	return fmt.Sprintf("%s#issuecomment-%d", f.page(f.issues.rows[c.Issue]), c.ID)
}
