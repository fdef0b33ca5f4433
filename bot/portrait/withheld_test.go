package portrait_test

import (
	"testing"

	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
)

// TestWithheld tells a product without a word in its spec from one that may rely on what other specs leave open.
func TestWithheld(t *testing.T) {
	t.Parallel()
	tree := files{
		"club/spec.yaml":         "spec: 1\nproduct: club\nversion: 1.0.0\nowner: {team: t}\npurpose: p\ntables: []\n",
		"club/models/people.sql": "select id, name, name as label, length(name) as size from raw\n",
		"club/seeds/raw.csv":     "id,name\n1,Ada\n",
		"shop/spec.yaml": "spec: 1\nproduct: shop\nversion: 1.0.0\nowner: {team: t}\npurpose: p\ntables: [{name: articles, description: d, why: w, " +
			"columns: [{name: name, type: VARCHAR, description: d, why: w}]}]\n",
	}.write(t)
	b := build(t, tree, "club")
	shop, _ := product.Load(tree, "shop")
	for _, noSpec := range []bool{true, false} {
		o := portrait.Options{Data: portrait.All, NoSpec: noSpec, Also: []*product.Product{shop}}
		got, err := portrait.Withheld(t.Context(), b.product, b.build, b.builder, o)
		if err != nil {
			t.Fatal(err)
		}
		people := got["people"]
		if people["name"] != noSpec || people["label"] != noSpec || people["id"] || got["raw"]["name"] != noSpec {
			t.Errorf("without a spec %t: withheld are %v", noSpec, got)
		}
	}
}
