package workspace_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/workspace"
)

func TestNeighbours(t *testing.T) {
	all := []workspace.Card{
		{ID: 1, RepositoryID: 1, Owner: "commerce", Path: "orders", Name: "orders", Inputs: []string{"customers"}},
		{ID: 2, RepositoryID: 1, Owner: "commerce", Path: "customers", Name: "customers"},
		{ID: 3, RepositoryID: 2, Owner: "finance", Path: "revenue", Name: "revenue", Inputs: []string{"orders", "rates"}},
		{ID: 4, RepositoryID: 3, Owner: "board", Path: ".", Name: "kpis", Inputs: []string{"revenue"}},
		{ID: 5, RepositoryID: 2, Owner: "finance", Path: "rates", Name: "rates"},
		{ID: 6, RepositoryID: 4, Owner: "finance", Path: ".", Name: "rates"}, // another of that name, further away
		{ID: 7, RepositoryID: 5, Owner: "lab", Path: "a", Name: "twin"},
		{ID: 8, RepositoryID: 6, Owner: "lab", Path: "b", Name: "twin"},
		{ID: 9, RepositoryID: 7, Owner: "lab", Path: ".", Name: "reader", Inputs: []string{"twin"}},
	}
	for _, c := range []struct {
		of            int
		near, unclear string
	}{
		{0, "rates revenue kpis", ""},             // its readers, theirs, and what those read
		{1, "rates revenue kpis", ""},             // through orders, which lies beside it
		{2, "customers orders kpis", ""},          // what it reads, and who reads it
		{3, "customers orders rates revenue", ""}, // the inputs of its inputs
		{5, "", ""}, // read by nobody: finance/rates is nearer to revenue
		{8, "", "twin"},
	} {
		near, unclear := workspace.Neighbours(all[c.of], all)
		var names []string
		for _, n := range near {
			names = append(names, n.Name)
		}
		if got := strings.Join(names, " "); got != c.near || strings.Join(unclear, " ") != c.unclear {
			t.Errorf("neighbours of %s: %q and unclear %q, want %q and %q", all[c.of].Name, got, unclear, c.near, c.unclear)
		}
	}
}
