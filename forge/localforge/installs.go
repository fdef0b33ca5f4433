package localforge

import "fmt"

// Install installs an app on all repositories of an owner, also those to come, and returns the installation's id.
func (f *Forge) Install(app int64, owner string) (int64, error) { return f.InstallOn(app, owner) }

// InstallOn installs an app on some repositories of an owner, named without the owner; none means all. It returns the installation's id.
func (f *Forge) InstallOn(app int64, owner string, names ...string) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.apps.rows[app] == nil || f.users.rows[fold(owner)] == nil {
		return 0, fmt.Errorf("there is no app %d or no owner %s", app, owner)
	}
	i := &installation{App: app, Owner: owner, Created: f.time()}
	for _, name := range names {
		r, err := f.repository(owner, name)
		if err != nil {
			return 0, err
		}
		i.Repos = append(i.Repos, r.ID)
	}
	i.ID = f.next()
	put(f.store, &f.installations, i.ID, i)
	f.tellInstallation("installation", "created", i, owner, object{"repositories": f.smallRepos(i)})
	return i.ID, nil
}

// Uninstall takes an installation away, and with it what its tokens were good for.
func (f *Forge) Uninstall(id int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.installations.rows[id]
	if i == nil {
		return fmt.Errorf("there is no installation %d", id)
	}
	f.tellInstallation("installation", "deleted", i, i.Owner, object{"repositories": f.smallRepos(i)})
	remove(f.store, &f.installations, id)
	return nil
}

// tellInstallation sends an event that is about an installation and no repository.
func (f *Forge) tellInstallation(event, action string, i *installation, by string, payload object) {
	if f.apps.rows[i.App].HookURL == "" {
		return
	}
	payload["installation"], payload["sender"] = f.installationJSON(i), f.userJSON(by)
	if event == "installation" && action == "deleted" {
		payload["requester"] = nil
	}
	f.tell(event, action, i, 0, payload)
}

// joined tells apps that are installed on all of an owner's repositories of one that was made.
func (f *Forge) joined(r *repo, by string) {
	for _, i := range f.installations.all(func(i *installation) bool { return len(i.Repos) == 0 && i.covers(r) }) {
		f.tellInstallation("installation_repositories", "added", i, by, object{"repository_selection": "all", "repositories_added": []object{smallRepo(r)}, "repositories_removed": []object{}, "requester": nil})
	}
}

func (f *Forge) smallRepos(i *installation) []object { return each(f.repos.all(i.covers), smallRepo) }

func smallRepo(r *repo) object {
	return object{"id": r.ID, "node_id": node("R", r.ID), "name": r.Name, "full_name": r.full(), "private": r.Private}
}
