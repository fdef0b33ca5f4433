package localforge

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// AddRepo adds a repository with an empty bare git repository behind it. Its owner must be there.
func (f *Forge) AddRepo(ctx context.Context, owner, name string, private bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.newRepo(ctx, &repo{Owner: owner, Name: name, Private: private}, owner)
	return err
}

// newRepo makes a repository of r's owner and name.
func (f *Forge) newRepo(ctx context.Context, r *repo, by string) (*repo, error) {
	owner := f.users.rows[fold(r.Owner)]
	if owner == nil {
		return nil, fmt.Errorf("there is no owner %s", r.Owner)
	}
	if f.find(r.Owner, r.Name) != nil {
		return nil, fmt.Errorf("there is a repository %s already", r.full())
	}
	r.ID, r.Owner, r.DefaultBranch, r.Access, r.Created, r.Pushed = f.next(), owner.Login, "main", map[string]Permission{}, f.time(), f.time()
	if err := initBare(ctx, f.gitDir(r), r.DefaultBranch); err != nil {
		return nil, fmt.Errorf("make the repository %s: %w", r.full(), err)
	}
	put(f.store, &f.repos, r.ID, r)
	f.joined(r, by)
	return r, nil
}

// Grant gives a user a permission in a repository; None takes it away.
func (f *Forge) Grant(owner, name, login string, p Permission) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.find(owner, name)
	if r == nil || f.users.rows[fold(login)] == nil {
		return fmt.Errorf("there is no repository %s/%s or no user %s", owner, name, login)
	}
	r.Access[fold(login)] = p
	put(f.store, &f.repos, r.ID, r)
	return nil
}

// DeleteFork deletes a repository that has no issues or merge requests of its own. Merge requests from it are closed, as github.com does now; with leave they stay open, as it did until 2021 and as
// they do where a whole account is taken away. Either way their heads have no repository any more; what they brought stays.
func (f *Forge) DeleteFork(owner, name, by string, leave bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	r, err := f.repository(owner, name)
	if err != nil {
		return err
	}
	if r.Numbers > 0 {
		return fmt.Errorf("delete %s: it has issues or merge requests", r.full())
	}
	from := f.issues.all(func(i *issue) bool { return i.Pull != nil && i.Repo != r.ID && i.Pull.HeadRepo == r.ID })
	if err := os.RemoveAll(f.gitDir(r)); err != nil {
		return fmt.Errorf("delete %s: %w", r.full(), err)
	}
	remove(f.store, &f.repos, r.ID)
	for _, i := range from {
		if !leave {
			f.setState(f.repos.rows[i.Repo], i, false, by)
		}
	}
	return nil
}

// find returns the repository of that name, nil if there is none.
func (f *Forge) find(owner, name string) *repo {
	for _, r := range f.repos.of(fold(owner+"/"+name), nil) {
		return r
	}
	return nil
}

// repository is find with an error where there is none.
func (f *Forge) repository(owner, name string) (*repo, error) {
	if r := f.find(owner, name); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("there is no repository %s/%s", owner, name)
}

// inRepo hands the path's repository to h, if the caller has at least a permission there. Who may not see a repository is told that it is not there.
func (f *Forge) inRepo(least Permission, h func(q *query, r *repo) answer) handler {
	return func(q *query) answer {
		r := f.find(q.part("owner"), q.part("repo"))
		if r == nil || f.may(q.caller, r).rank() < Read.rank() {
			return notFound
		}
		if f.may(q.caller, r).rank() < least.rank() {
			return refused(403, "Resource not accessible by integration")
		}
		return h(q, r)
	}
}

func (f *Forge) userRoutes(route func(pattern string, h handler)) {
	route("GET /user", func(q *query) answer {
		if q.caller == nil || q.caller.app != nil {
			return refused(401, "Requires authentication")
		}
		return ok(f.publicUserJSON(q.caller.user))
	})
	route("GET /users/{login}", func(q *query) answer {
		u := f.users.rows[fold(q.part("login"))]
		if u == nil {
			return notFound
		}
		return ok(f.publicUserJSON(u))
	})
}

func (f *Forge) repoRoutes(route func(pattern string, h handler)) {
	route("GET /repos/{owner}/{repo}", f.inRepo(Read, func(q *query, r *repo) answer { return ok(f.fullRepoJSON(r)) }))
	route("GET /orgs/{org}/repos", func(q *query) answer {
		seen := f.repos.all(func(r *repo) bool {
			return fold(r.Owner) == fold(q.part("org")) && f.may(q.caller, r).rank() > 0
		})
		return q.list(each(seen, f.repoJSON))
	})
	route("GET /repos/{owner}/{repo}/collaborators/{login}/permission", f.inRepo(Read, func(q *query, r *repo) answer {
		u := f.users.rows[fold(q.part("login"))]
		if u == nil {
			return refused(404, q.part("login")+" is not a user")
		}
		p := f.permission(u.Login, r)
		user := f.userJSON(u.Login)
		user["permissions"] = object{"pull": p.rank() >= 1, "triage": p.rank() >= 2, "push": p.rank() >= 2, "maintain": p.rank() >= 3, "admin": p.rank() >= 3}
		user["role_name"] = string(p)
		return ok(object{"permission": string(p), "role_name": string(p), "user": user})
	}))
	route("GET /repos/{owner}/{repo}/branches/*", f.inRepo(Read, func(q *query, r *repo) answer {
		return f.branchJSON(q.r.Context(), r, q.part("*"))
	}))
	route("GET /repos/{owner}/{repo}/git/ref/*", f.inRepo(Read, func(q *query, r *repo) answer {
		ref := "refs/" + q.part("*")
		sha, found := f.resolve(q.r.Context(), r, ref)
		if !found {
			return notFound
		}
		return ok(object{"ref": ref, "node_id": node("REF", r.ID) + escape(ref), "url": f.api(r) + "/git/" + ref,
			"object": object{"type": "commit", "sha": sha, "url": f.api(r) + "/git/commits/" + sha}})
	}))
	route("DELETE /repos/{owner}/{repo}/git/refs/*", f.inRepo(Write, func(q *query, r *repo) answer {
		ref := "refs/" + q.part("*")
		if !strings.HasPrefix(ref, "refs/heads/") && !strings.HasPrefix(ref, "refs/tags/") {
			return invalid("Reference", "", "custom", "Only branches and tags may be deleted")
		}
		if _, found := f.resolve(q.r.Context(), r, ref); !found {
			return invalid("Reference", "", "custom", "Reference does not exist")
		}
		if err := f.setRef(q.r.Context(), r, ref, "", q.login()); err != nil {
			return refused(500, err.Error())
		}
		return nothing
	}))
}

// api is a repository's address in the API, web its address for people.
func (f *Forge) api(r *repo) string { return f.API() + "/repos/" + r.full() }
func (f *Forge) web(r *repo) string { return f.url + "/" + r.full() }
