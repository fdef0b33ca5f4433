package state

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/codicil-dev/codicil/forge"
)

// Repository is a repository that the bot looks after.
type Repository struct {
	ID int64 `json:"-"`
	forge.Repository
	// Looked is the commit of the default branch that was looked at last; empty if none was.
	Looked string `json:"-"`
}

// SaveRepository keeps what the host says of a repository, under its key. A repository that was renamed keeps its id, and one that has the
// name of another now does not get that one's.
func (t *Tx) SaveRepository(r forge.Repository) (Repository, error) {
	// Where there is no number of the host's, the name must do.
	known, ok, err := one(t, scanRepository, selectRepository+` where host_id = ? and host_id != 0 or key = ? and (host_id = 0 or ? = 0) order by host_id = ? desc`, r.ID, r.Key(), r.ID, r.ID)
	if err != nil {
		return Repository{}, err
	}
	other, taken, err := t.Repository(r.Key())
	if err != nil {
		return Repository{}, err
	}
	if taken && other.ID != known.ID {
		if err := t.displace(other); err != nil {
			return Repository{}, err
		}
	}
	if !ok {
		id, err := t.insert(`insert into repositories (key, host_id, data) values (?, ?, ?)`, r.Key(), r.ID, encoded(r))
		return Repository{ID: id, Repository: r}, err
	}
	_, err = t.exec(`update repositories set key = ?, host_id = ?, data = ? where id = ?`, r.Key(), r.ID, encoded(r), known.ID)
	known.Repository = r
	return known, err
}

// displace puts a repository whose name another has now under a name that none has, until the host says what it is called: what was done for
// it must not be looked for in the other.
func (t *Tx) displace(r Repository) error {
	r.Name = fmt.Sprintf("%s.was-%d", r.Name, r.ID)
	if _, err := t.exec(`update repositories set key = ?, data = ? where id = ?`, r.Key(), encoded(r.Repository), r.ID); err != nil {
		return err
	}
	_, err := t.exec(`update products set gone = 1 where repository_id = ?`, r.ID)
	return err
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

// Crowd says that a repository holds more products than are looked after.
type Crowd struct {
	// Holds is how many there are, Limit how many are looked after.
	Holds int `json:"holds"`
	Limit int `json:"limit"`
}

// Trouble says why a repository could not be looked through.
type Trouble struct {
	// Since is when that began, Why what was in the way last.
	Since time.Time `json:"since"`
	Why   string    `json:"why"`
}

// The settings that hold them begin so; the rest is the repository's key.
const (
	crowdPrefix   = "crowd/"
	troublePrefix = "trouble/"
	allowPrefix   = "allowances/" // of a host
)

// SetCrowd says that a repository, by its key, holds more products than are looked after; the zero value says that it does not.
func (t *Tx) SetCrowd(key string, c Crowd) error { return setNote(t, crowdPrefix+key, c) }

// Crowd is what SetCrowd said of a repository last.
func (t *Tx) Crowd(key string) (c Crowd, err error) { return note[Crowd](t, crowdPrefix+key) }

// Crowds are the repositories that hold more products than are looked after, by their keys.
func (t *Tx) Crowds() (map[string]Crowd, error) { return notes[Crowd](t, crowdPrefix) }

// SetTrouble says that a repository, by its key, could not be looked through; the zero value says that it was.
func (t *Tx) SetTrouble(key string, x Trouble) error { return setNote(t, troublePrefix+key, x) }

// Troubles are the repositories that could not be looked through when that was last tried, by their keys.
func (t *Tx) Troubles() (map[string]Trouble, error) { return notes[Trouble](t, troublePrefix) }

// SetAllowances keeps what a host allows.
func (t *Tx) SetAllowances(host string, all []forge.Allowance) error {
	return t.Set(allowPrefix+host, encoded(all))
}

// Allowances are what hosts allowed when that was kept last, by the hosts' names.
func (t *Tx) Allowances() (map[string][]forge.Allowance, error) {
	return notes[[]forge.Allowance](t, allowPrefix)
}

// setNote keeps a setting as JSON, and drops it if it is the zero value.
func setNote[T comparable](t *Tx, name string, v T) error {
	var zero T
	if v == zero {
		_, err := t.exec(`delete from settings where name = ?`, name)
		return err
	}
	return t.Set(name, encoded(v))
}

// note is a setting that was kept as JSON; the zero value if there is none.
func note[T any](t *Tx, name string) (v T, err error) {
	text, ok, err := t.Setting(name)
	if err == nil && ok {
		if err = json.Unmarshal([]byte(text), &v); err != nil {
			err = fmt.Errorf("read the setting %s: %w", name, err)
		}
	}
	return v, err
}

// notes are the settings that were kept as JSON under names with a prefix, by the rest of their names.
func notes[T any](t *Tx, prefix string) (map[string]T, error) {
	texts, err := t.Settings(prefix)
	out := make(map[string]T, len(texts))
	for key, text := range texts {
		var v T
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			return nil, fmt.Errorf("read the setting %s%s: %w", prefix, key, err)
		}
		out[key] = v
	}
	return out, err
}
