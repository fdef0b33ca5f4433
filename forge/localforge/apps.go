package localforge

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"time"
)

// tokenLife is how long an installation's token is good for.
const tokenLife = time.Hour

// AddApp adds an app, whose private key is in what is returned and nowhere else. Webhooks go to hookURL, signed with hookSecret.
func (f *Forge) AddApp(slug, hookURL, hookSecret string) (*App, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a key for the app %s: %w", slug, err)
	}
	return f.AddAppWithKey(slug, hookURL, hookSecret, key)
}

// AddAppWithKey is AddApp with a key that is there already.
func (f *Forge) AddAppWithKey(slug, hookURL, hookSecret string, key *rsa.PrivateKey) (*App, error) {
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, fmt.Errorf("read the key for the app %s: %w", slug, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	a := &App{ID: f.next(), Slug: slug, Name: slug, HookURL: hookURL, HookSecret: hookSecret, Created: f.time(),
		PublicKey: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))}
	if err := f.add(a.bot(), typeBot); err != nil {
		return nil, err
	}
	put(f.store, &f.apps, a.ID, a)
	out := *a
	out.PrivateKey = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	return &out, nil
}

// SetHook changes where an app's webhooks go.
func (f *Forge) SetHook(app int64, url, secret string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.apps.rows[app]
	a.HookURL, a.HookSecret = url, secret
	put(f.store, &f.apps, app, a)
}

// appRoutes are what an app asks about itself.
func (f *Forge) appRoutes(route func(pattern string, h handler)) {
	route("GET /app", f.asApp(func(q *query) answer { return ok(f.appJSON(q.caller.app)) }))
	route("GET /app/installations", f.asApp(func(q *query) answer {
		return q.list(each(f.installations.all(func(i *installation) bool { return i.App == q.caller.app.ID }), f.installationJSON))
	}))
	route("GET /app/installations/{id}", f.asApp(func(q *query) answer {
		if i := f.own(q); i != nil {
			return ok(f.installationJSON(i))
		}
		return notFound
	}))
	route("POST /app/installations/{id}/access_tokens", f.asApp(func(q *query) answer {
		i := f.own(q)
		if i == nil {
			return notFound
		}
		expires := f.time().Add(tokenLife)
		text := f.newToken("ghs_", token{User: q.caller.app.bot(), Installation: i.ID, Expires: expires})
		return created(object{"token": text, "expires_at": stamp(expires), "permissions": permissions, "repository_selection": i.selection()})
	}))
	route("GET /repos/{owner}/{repo}/installation", f.asApp(func(q *query) answer {
		r := f.find(q.part("owner"), q.part("repo"))
		for _, i := range f.installations.all(nil) {
			if r != nil && i.App == q.caller.app.ID && i.covers(r) {
				return ok(f.installationJSON(i))
			}
		}
		return notFound
	}))
	route("GET /installation/repositories", func(q *query) answer {
		if q.caller == nil || q.caller.installation == nil {
			return refused(http.StatusForbidden, "Resource not accessible by integration")
		}
		mine := f.repos.all(q.caller.installation.covers)
		page := q.page(len(mine))
		return q.linked(len(mine), ok(object{"total_count": len(mine), "repository_selection": q.caller.installation.selection(), "repositories": each(mine[page.from:page.to], f.repoJSON)}))
	})
}

// asApp refuses all callers but an app with its own key.
func (f *Forge) asApp(h handler) handler {
	return func(q *query) answer {
		if q.caller == nil || q.caller.app == nil || q.caller.installation != nil {
			return refused(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		return h(q)
	}
}

// own is the calling app's installation that the path names.
func (f *Forge) own(q *query) *installation {
	i := f.installations.rows[q.id("id")]
	if i == nil || i.App != q.caller.app.ID {
		return nil
	}
	return i
}

// permissions are what apps may do here.
var permissions = object{"checks": "write", "contents": "write", "issues": "write", "merge_queues": "read", "metadata": "read", "pull_requests": "write"}

func (f *Forge) appJSON(a *App) object {
	return object{"id": a.ID, "slug": a.Slug, "node_id": node("A", a.ID), "owner": f.userJSON("ghost"), "name": a.Name, "description": "", "external_url": f.url,
		"html_url": f.url + "/apps/" + a.Slug, "created_at": stamp(a.Created), "updated_at": stamp(a.Created), "permissions": permissions, "events": appEvents}
}

// appEvents are the webhooks that apps get here.
var appEvents = []string{"check_run", "issue_comment", "issues", "merge_group", "pull_request", "pull_request_review", "push"}

func (f *Forge) installationJSON(i *installation) object {
	a, owner := f.apps.rows[i.App], f.users.rows[fold(i.Owner)]
	api := fmt.Sprintf("%s/app/installations/%d", f.API(), i.ID)
	return object{"id": i.ID, "app_id": a.ID, "app_slug": a.Slug, "target_id": owner.ID, "target_type": owner.Type, "single_file_name": nil, "repository_selection": i.selection(),
		"access_tokens_url": api + "/access_tokens", "html_url": fmt.Sprintf("%s/settings/installations/%d", f.url, i.ID), "repositories_url": f.API() + "/installation/repositories",
		"events": appEvents, "account": f.userJSON(owner.Login), "permissions": permissions, "created_at": stamp(i.Created), "updated_at": stamp(i.Created),
		"suspended_by": nil, "suspended_at": nil}
}
