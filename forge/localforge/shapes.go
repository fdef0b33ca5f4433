package localforge

import (
	"fmt"
	"strings"
)

// userJSON is a user as other objects hold one; null if there is none of that login.
func (f *Forge) userJSON(login string) object {
	u := f.users.rows[fold(login)]
	if u == nil {
		u = &User{ID: 1, Login: login, Type: typeUser}
	}
	api := f.API() + "/users/" + escape(u.Login)
	return object{"login": u.Login, "id": u.ID, "node_id": node("U", u.ID), "avatar_url": f.url + "/avatars/" + escape(u.Login), "gravatar_id": "", "url": api,
		"html_url": f.url + "/" + escape(u.Login), "followers_url": api + "/followers", "following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}",
		"starred_url": api + "/starred{/owner}{/repo}", "subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs", "repos_url": api + "/repos",
		"events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events", "type": u.Type, "site_admin": false}
}

// publicUserJSON is a user as the API shows one by itself.
func (f *Forge) publicUserJSON(u *User) object {
	out := f.userJSON(u.Login)
	for name, value := range (object{"name": u.Login, "company": nil, "blog": "", "location": nil, "email": nil, "hireable": nil, "bio": nil, "twitter_username": nil,
		"user_view_type": "public", "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0, "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}) {
		out[name] = value
	}
	return out
}

// repoLinks are the addresses of a repository's parts, with the templates that GitHub has in them.
var repoLinks = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}", "branches_url": "/branches{/branch}",
	"collaborators_url": "/collaborators{/collaborator}", "comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
	"contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments", "downloads_url": "/downloads", "events_url": "/events",
	"forks_url": "/forks", "git_commits_url": "/git/commits{/sha}", "git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}", "hooks_url": "/hooks",
	"issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}", "issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}",
	"labels_url": "/labels{/name}", "languages_url": "/languages", "merges_url": "/merges", "milestones_url": "/milestones{/number}",
	"notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}", "releases_url": "/releases{/id}", "stargazers_url": "/stargazers",
	"statuses_url": "/statuses/{sha}", "subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams", "trees_url": "/git/trees{/sha}",
}

// repoJSON is a repository as lists and other objects hold one.
func (f *Forge) repoJSON(r *repo) object {
	open := len(f.issues.of(r.ID, (*issue).open))
	visibility := "public"
	if r.Private {
		visibility = "private"
	}
	out := object{"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": r.full(), "owner": f.userJSON(r.Owner), "private": r.Private, "html_url": f.web(r), "description": nil,
		"fork": r.ForkOf != 0, "url": f.api(r), "clone_url": f.web(r) + ".git", "git_url": "git:" + strings.TrimPrefix(f.web(r), "http:") + ".git", "ssh_url": "git@localhost:" + r.full() + ".git",
		"svn_url": f.web(r), "mirror_url": nil, "homepage": nil, "language": nil, "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0, "size": 1,
		"default_branch": r.DefaultBranch, "open_issues": open, "open_issues_count": open, "topics": []string{}, "custom_properties": object{}, "has_issues": true, "has_projects": false, "has_wiki": false,
		"has_pages": false, "has_downloads": true, "has_discussions": false, "archived": false, "disabled": false, "visibility": visibility, "license": nil, "allow_forking": true,
		"is_template": false, "web_commit_signoff_required": false, "pushed_at": stamp(r.Pushed), "created_at": stamp(r.Created), "updated_at": stamp(r.Pushed)}
	for name, path := range repoLinks {
		out[name] = f.api(r) + path
	}
	return out
}

// fullRepoJSON is a repository as the API shows one by itself.
func (f *Forge) fullRepoJSON(r *repo) object {
	out := f.repoJSON(r)
	out["network_count"], out["subscribers_count"] = 0, 0
	return out
}

// issueJSON is an issue, or a merge request as the issue that it is as well.
func (f *Forge) issueJSON(i *issue) object {
	r := f.repos.rows[i.Repo]
	api := fmt.Sprintf("%s/issues/%d", f.api(r), i.Number)
	comments := len(f.comments.of(i.ID, nil))
	out := object{"id": i.ID, "node_id": node("I", i.ID), "number": i.Number, "title": i.Title, "body": body(i.Body), "state": i.state(), "state_reason": body(i.Reason), "user": f.userJSON(i.Author),
		"labels": f.labelsJSON(r, i.Labels), "assignee": f.firstUser(i.Assignees), "assignees": each(i.Assignees, f.userJSON), "milestone": nil, "locked": i.Locked, "active_lock_reason": body(i.LockReason), "comments": comments,
		"url": api, "repository_url": f.api(r), "labels_url": api + "/labels{/name}", "comments_url": api + "/comments", "events_url": api + "/events",
		"html_url": f.page(i), "closed_at": stamp(i.Closed), "created_at": stamp(i.Created), "updated_at": stamp(i.Updated),
		"author_association": f.association(i.Author, r), "performed_via_github_app": nil, "timeline_url": api + "/timeline", "reactions": f.reactionsJSON(api, i.ID, 0)}
	if i.Pull != nil {
		pull := fmt.Sprintf("%s/pulls/%d", f.api(r), i.Number)
		html := fmt.Sprintf("%s/pull/%d", f.web(r), i.Number)
		out["draft"] = i.Pull.Draft
		out["pull_request"] = object{"url": pull, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch", "merged_at": stamp(i.Pull.Merged)}
	}
	return out
}

// firstUser is the first of some users; null if there is none.
func (f *Forge) firstUser(logins []string) any {
	if len(logins) == 0 {
		return nil
	}
	return f.userJSON(logins[0])
}

// body is a text that is null where nobody wrote one.
func body(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// association is what a user is to a repository.
func (f *Forge) association(login string, r *repo) string {
	switch p := f.permission(login, r); {
	case strings.EqualFold(login, r.Owner):
		return "OWNER"
	case p.rank() >= Write.rank():
		return "COLLABORATOR"
	}
	return "NONE"
}

// labelsJSON are labels of a repository by their names.
func (f *Forge) labelsJSON(r *repo, names []string) []object {
	out := []object{}
	for _, name := range names {
		if l := f.label(r, name); l != nil {
			out = append(out, f.labelJSON(l))
		}
	}
	return out
}

func (f *Forge) label(r *repo, name string) *label {
	for _, l := range f.labels.of(r.ID, nil) {
		if fold(l.Name) == fold(name) {
			return l
		}
	}
	return nil
}

func (f *Forge) labelJSON(l *label) object {
	return object{"id": l.ID, "node_id": node("LA", l.ID), "url": f.api(f.repos.rows[l.Repo]) + "/labels/" + escape(l.Name), "name": l.Name, "color": l.Color, "default": false,
		"description": l.Description}
}

func (f *Forge) commentJSON(c *comment) object {
	i := f.issues.rows[c.Issue]
	r := f.repos.rows[i.Repo]
	api := fmt.Sprintf("%s/issues/comments/%d", f.api(r), c.ID)
	return object{"id": c.ID, "node_id": node("IC", c.ID), "url": api, "html_url": f.remarkPage(c),
		"issue_url": fmt.Sprintf("%s/issues/%d", f.api(r), i.Number), "user": f.userJSON(c.Author), "body": c.Body, "created_at": stamp(c.Created), "updated_at": stamp(c.Updated),
		"author_association": f.association(c.Author, r), "performed_via_github_app": nil, "reactions": f.reactionsJSON(api, i.ID, c.ID)}
}

// reactionNames are the reactions that there are, with the keys under which they are counted.
var reactionNames = []string{"+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"}

func (f *Forge) reactionsJSON(api string, issue, comment int64) object {
	out := object{"url": api + "/reactions"}
	all := f.reactions.of(remarked{issue, comment}, nil)
	for _, name := range reactionNames {
		n := 0
		for _, x := range all {
			if x.Content == name {
				n++
			}
		}
		out[name] = n
	}
	out["total_count"] = len(all)
	return out
}

func (f *Forge) reactionJSON(r *reaction) object {
	return object{"id": r.ID, "node_id": node("REA", r.ID), "user": f.userJSON(r.User), "content": r.Content, "created_at": stamp(r.Created)}
}
