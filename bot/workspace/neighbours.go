package workspace

import (
	"slices"
	"strings"
)

// Card is what has to be known of a product to find its neighbours.
type Card struct {
	ID           int64
	RepositoryID int64
	Owner        string // of the repository
	Path, Name   string
	Inputs       []string
}

// Neighbours are the products in other repositories that must be there to prove a product: those that read it, directly or through others,
// and those that any of all these reads. Of several products with one name the one counts that is nearest: in the same repository, else of the
// same owner; where that leaves several, none does, and the name is among the unclear.
func Neighbours(of Card, all []Card) (near []Card, unclear []string) {
	byName := map[string][]Card{}
	for _, c := range all {
		byName[c.Name] = append(byName[c.Name], c)
	}
	in := map[int64]bool{of.ID: true}
	found := []Card{of}
	take := func(c Card) {
		if !in[c.ID] {
			in[c.ID] = true
			found = append(found, c)
		}
	}
	// Who reads what is found, so far as what it reads is just that.
	for i := 0; i < len(found); i++ {
		for _, c := range all {
			if slices.Contains(c.Inputs, found[i].Name) {
				if read, ok := nearest(c, byName[found[i].Name]); ok && read.ID == found[i].ID {
					take(c)
				}
			}
		}
	}
	for i := 0; i < len(found); i++ {
		for _, name := range found[i].Inputs {
			read, ok := nearest(found[i], byName[name])
			switch {
			case ok:
				take(read)
			case len(byName[name]) > 0 && !slices.Contains(unclear, name):
				unclear = append(unclear, name)
			}
		}
	}
	for _, c := range found[1:] {
		if c.RepositoryID != of.RepositoryID {
			near = append(near, c)
		}
	}
	slices.SortFunc(near, func(a, b Card) int {
		if a.RepositoryID != b.RepositoryID {
			return int(a.RepositoryID - b.RepositoryID)
		}
		return strings.Compare(a.Path, b.Path)
	})
	return near, unclear
}

// nearest is the one of several products of a name that a product means; ok is false if that can't be told.
func nearest(from Card, named []Card) (c Card, ok bool) {
	for _, near := range []func(Card) bool{
		func(c Card) bool { return c.RepositoryID == from.RepositoryID },
		func(c Card) bool { return strings.EqualFold(c.Owner, from.Owner) },
		func(Card) bool { return true },
	} {
		var fit []Card
		for _, c := range named {
			if near(c) {
				fit = append(fit, c)
			}
		}
		switch len(fit) {
		case 0:
			continue
		case 1:
			return fit[0], true
		}
		return Card{}, false
	}
	return Card{}, false
}
