package work

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/codeowners"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
	"github.com/codicil-dev/codicil/bot/workspace"
)

// picture shows the models that a change alters, what they read, and what reads them, as the head was built. A head that does not build has
// no picture.
func (w *Worker) picture(ctx context.Context, t task, s *site, head workspace.Layout, o *author.Outcome, report *bot.Report) (*spec.Spec, message.Picture, error) {
	var pic message.Picture
	var own *product.Product
	products, err := readable(head.Tree)
	if err != nil {
		return nil, pic, err
	}
	for _, p := range products {
		if p.Path == head.Path(t.product.Path) {
			own = p
		}
	}
	if own == nil {
		return nil, pic, nil
	}
	// The same instant as when it was proven: what was built then is found.
	clock := verify.PinnedClock(w.Verifier.Now(), before(ctx, s, t.product.Path, products, own), products)
	build, err := product.NewSide(w.Verifier.Builder, products, nil, clock).Build(ctx, own.Name(), product.Own)
	if err != nil || !build.OK() {
		return own.Spec(), pic, ctx.Err()
	}
	pic = drawn(build, own.Spec(), o.Files)
	for _, p := range products {
		for _, in := range p.Spec().Inputs {
			if in.Product != own.Name() {
				continue
			}
			n := message.Node{Key: "product/" + p.Path, Name: named(p, head.Places), Kind: message.NodeProduct, Verdict: verdict(report, p.Name())}
			if !slices.ContainsFunc(pic.Nodes, func(x message.Node) bool { return x.Key == n.Key }) {
				pic.Nodes = append(pic.Nodes, n)
			}
			pic.Edges = append(pic.Edges, message.Edge{From: product.TableKey(in.Table), To: n.Key})
		}
	}
	return own.Spec(), pic, nil
}

// before are products as they were at the base, as far as their ledgers go: of a change, only that of one product differs.
func before(ctx context.Context, s *site, dir string, products []*product.Product, own *product.Product) (out []*product.Product) {
	for _, p := range products {
		if p != own {
			out = append(out, p)
		} else if document, err := workspace.DocumentAt(ctx, s.mirror, s.base, dir); err == nil { // a new product has none
			out = append(out, &product.Product{Document: document})
		}
	}
	return out
}

// readable are the products of a tree that can be read.
func readable(tree product.Tree) (out []*product.Product, err error) {
	dirs, err := product.Find(tree, ".")
	for _, dir := range dirs {
		if p, problems := product.Load(tree, dir); p != nil && problems.Err() == nil {
			out = append(out, p)
		}
	}
	return out, err
}

// drawn are the tables of a build, and which is made from which.
func drawn(b *product.Build, s *spec.Spec, files []string) (pic message.Picture) {
	altered := map[string]bool{}
	for _, f := range files {
		if strings.HasPrefix(f, "models/") || strings.HasPrefix(f, "seeds/") {
			name, _, _ := strings.Cut(path.Base(f), ".")
			altered[product.TableKey(name)] = true
		}
	}
	public := map[string]bool{}
	for _, table := range s.Tables {
		public[product.TableKey(table.Name)] = true
	}
	made := map[string]bool{}
	for _, m := range b.Models {
		key := product.TableKey(m.Table)
		made[key] = true
		n := message.Node{Key: key, Name: m.Table, Kind: message.NodeModel, Changed: altered[key]}
		if public[key] {
			n.Kind = message.NodeTable
		}
		pic.Nodes = append(pic.Nodes, n)
		for _, read := range m.Reads {
			pic.Edges = append(pic.Edges, message.Edge{From: product.TableKey(read), To: key})
		}
	}
	for _, table := range b.Tables {
		key := product.TableKey(table.FullName())
		if !made[key] {
			made[key] = true
			pic.Nodes = append(pic.Nodes, message.Node{Key: key, Name: table.FullName(), Kind: message.NodeSeed, Changed: altered[key]})
		}
	}
	for _, in := range b.Inputs {
		if key := product.TableKey(in.Name); !made[key] {
			made[key] = true
			pic.Nodes = append(pic.Nodes, message.Node{Key: key, Name: in.Product + ": " + in.Table, Kind: message.NodeProduct})
		}
	}
	return pic
}

// named is a product's name, with its repository if that is another one.
func named(p *product.Product, places map[string]workspace.Place) string {
	if at, ok := places[p.Path]; ok {
		return p.Name() + " (" + at.Repo.String() + ")"
	}
	return p.Name()
}

func verdict(r *bot.Report, name string) bot.Verdict {
	if r == nil {
		return ""
	}
	for _, p := range r.Products {
		if p.Product == name {
			return p.Verdict
		}
	}
	return ""
}

// reviewers are who answers for the files by CODEOWNERS, else the team that the spec names.
func (w *Worker) reviewers(ctx context.Context, t task, s *site, sp *spec.Spec, files []string) (users, teams []string, err error) {
	for _, place := range codeowners.Places() {
		text, ok, err := s.mirror.ReadFile(ctx, s.base, place)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		owners, err := codeowners.Find(text, files...)
		if err != nil {
			w.Log.Warn("CODEOWNERS is not read", "repository", t.repository.String(), "error", err)
			break
		}
		for _, team := range owners.Teams {
			if strings.EqualFold(team.Organisation, t.repository.Owner) {
				teams = append(teams, team.Slug)
			}
		}
		if len(owners.Users)+len(teams) > 0 {
			return owners.Users, teams, nil
		}
		break
	}
	if sp != nil && sp.Owner.Team != "" {
		return nil, []string{sp.Owner.Team}, nil
	}
	return nil, nil, nil
}
