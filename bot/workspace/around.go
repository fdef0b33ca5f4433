package workspace

import (
	"context"
	"fmt"
	"time"

	"github.com/codicil-dev/codicil/bot/state"
)

// Around are the other repositories' products that must be there to prove some products of one repository, at the heads of their default
// branches as they were at a time or later; see [Neighbours].
func (l Library) Around(ctx context.Context, db *state.DB, since time.Time, products ...int64) (members []Member, err error) {
	repositories := map[int64]state.Repository{}
	var cards, near []Card
	if err := db.View(ctx, func(tx *state.Tx) error {
		cards, err = deck(tx, repositories)
		return err
	}); err != nil {
		return nil, err
	}
	taken := map[int64]bool{}
	for _, id := range products {
		for _, of := range cards {
			if of.ID != id {
				continue
			}
			found, _ := Neighbours(of, cards)
			for _, c := range found {
				if !taken[c.ID] {
					taken[c.ID], near = true, append(near, c)
				}
			}
		}
	}
	at := map[int64]int{}
	for _, c := range near {
		i, ok := at[c.RepositoryID]
		if !ok {
			m, err := l.member(ctx, repositories[c.RepositoryID], since)
			if err != nil {
				return nil, err
			}
			i = len(members)
			at[c.RepositoryID], members = i, append(members, m)
		}
		members[i].Products = append(members[i].Products, c.Path)
	}
	return members, nil
}

// deck are the cards of all products.
func deck(tx *state.Tx, repositories map[int64]state.Repository) (cards []Card, err error) {
	all, err := tx.Repositories()
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		repositories[r.ID] = r
	}
	products, err := tx.Products()
	for _, p := range products {
		cards = append(cards, Card{ID: p.ID, RepositoryID: p.RepositoryID, Owner: repositories[p.RepositoryID].Owner, Path: p.Path, Name: p.Name, Inputs: p.Inputs})
	}
	return cards, err
}

// member is a repository at the head of its default branch, as it was at a time or later.
func (l Library) member(ctx context.Context, r state.Repository, since time.Time) (Member, error) {
	m := l.Mirror(r.Repository)
	if err := m.FetchSince(ctx, since); err != nil {
		return Member{}, err
	}
	head, ok, err := m.Resolve(ctx, r.DefaultBranch)
	if err == nil && !ok {
		err = fmt.Errorf("%s has no branch %s", r, r.DefaultBranch)
	}
	return Member{Repository: r.Repository, Commit: head}, err
}
