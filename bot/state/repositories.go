package state

import (
	"github.com/codicil-dev/codicil/forge"
)

// Repository is a repository that the bot looks after.
type Repository struct {
	ID int64 `json:"-"`
	forge.Repository
	// Looked is the commit of the default branch that was looked at last; empty if none was.
	Looked string `json:"-"`
}

// SaveRepository keeps what the host says of a repository, under its key. A repository that was renamed keeps its id.
func (t *Tx) SaveRepository(r forge.Repository) (Repository, error) {
	known, ok, err := one(t, scanRepository, selectRepository+` where key = ? or host_id = ? and host_id != 0 order by key = ? desc`, r.Key(), r.ID, r.Key())
	if err != nil {
		return Repository{}, err
	}
	if !ok {
		id, err := t.insert(`insert into repositories (key, host_id, data) values (?, ?, ?)`, r.Key(), r.ID, encoded(r))
		return Repository{ID: id, Repository: r}, err
	}
	_, err = t.exec(`update repositories set key = ?, host_id = ?, data = ? where id = ?`, r.Key(), r.ID, encoded(r), known.ID)
	known.Repository = r
	return known, err
}

// SetLooked says up to which commit of the default branch a repository was looked at.
func (t *Tx) SetLooked(id int64, commit string) error {
	_, err := t.exec(`update repositories set head = ? where id = ?`, commit, id)
	return err
}

// Repository is the repository under a key; ok is false if there is none.
func (t *Tx) Repository(key string) (r Repository, ok bool, err error) {
	return one(t, scanRepository, selectRepository+` where key = ?`, key)
}

// RepositoryOf is the repository with an id.
func (t *Tx) RepositoryOf(id int64) (r Repository, ok bool, err error) {
	return one(t, scanRepository, selectRepository+` where id = ?`, id)
}

// Repositories are all repositories, by key.
func (t *Tx) Repositories() ([]Repository, error) {
	return all(t, scanRepository, selectRepository+` order by key`)
}

const selectRepository = `select id, head, data from repositories`

func scanRepository(s scanner) (r Repository, err error) {
	err = s.Scan(&r.ID, &r.Looked, document[forge.Repository]{&r.Repository})
	return r, err
}
