package localforge

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// commentRoutes are those of comments on issues and merge requests.
func (f *Forge) commentRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}/issues/{number}/comments", f.inIssue(Read, func(q *query, r *repo, i *issue) answer {
		since, _ := time.Parse(time.RFC3339, q.r.URL.Query().Get("since"))
		return q.list(each(f.comments.all(func(c *comment) bool { return c.Issue == i.ID && !c.Updated.Before(since) }), f.commentJSON))
	}))
	route("GET /repos/{owner}/{repo}/issues/comments", f.inRepo(Read, func(q *query, r *repo) answer {
		since, _ := time.Parse(time.RFC3339, q.r.URL.Query().Get("since"))
		return q.list(each(f.comments.all(func(c *comment) bool { return f.issues.rows[c.Issue].Repo == r.ID && !c.Updated.Before(since) }), f.commentJSON))
	}))
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

func (f *Forge) addComment(q *query, r *repo, i *issue) answer {
	var in struct{ Body string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	switch {
	case q.login() == "":
		return refused(401, "Requires authentication")
	case in.Body == "":
		return invalid("IssueComment", "body", "missing_field", "")
	case len([]rune(in.Body)) > longestBody:
		return invalid("IssueComment", "body", "custom", fmt.Sprintf("body is too long (maximum is %d characters)", longestBody))
	}
	c := &comment{ID: f.next(), Issue: i.ID, Author: q.login(), Body: in.Body, Created: f.time(), Updated: f.time()}
	put(f.store, &f.comments, c.ID, c)
	i.Updated = f.time()
	put(f.store, &f.issues, i.ID, i)
	f.announce("issue_comment", "created", r, q.login(), object{"issue": f.issueJSON(i), "comment": f.commentJSON(c)})
	return created(f.commentJSON(c))
}

func (f *Forge) editComment(q *query, r *repo, c *comment) answer {
	var in struct{ Body string }
	if fault := q.decode(&in); fault != nil {
		return *fault
	}
	if in.Body == "" {
		return invalid("IssueComment", "body", "missing_field", "")
	}
	was := c.Body
	c.Body, c.Updated = in.Body, f.time()
	put(f.store, &f.comments, c.ID, c)
	f.announce("issue_comment", "edited", r, q.login(), object{"issue": f.issueJSON(f.issues.rows[c.Issue]), "comment": f.commentJSON(c), "changes": object{"body": object{"from": was}}})
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
	case !slices.Contains(reactionNames, in.Content):
		return invalid("Reaction", "content", "invalid", "")
	}
	for _, x := range f.reactions.all(nil) {
		if x.Issue == issue && x.Comment == comment && x.Content == in.Content && strings.EqualFold(x.User, q.login()) {
			return ok(f.reactionJSON(x))
		}
	}
	x := &reaction{ID: f.next(), Issue: issue, Comment: comment, User: q.login(), Content: in.Content, Created: f.time()}
	put(f.store, &f.reactions, x.ID, x)
	return created(f.reactionJSON(x))
}

func (f *Forge) listReactions(q *query, issue, comment int64) answer {
	return q.list(each(f.reactions.all(func(r *reaction) bool { return r.Issue == issue && r.Comment == comment }), f.reactionJSON))
}
