package message

import (
	"fmt"
	"sort"
	"strings"
	"unicode"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// What a picture holds at most; the rest is gathered into one node of each kind.
const (
	mostNodes = 40
	mostEdges = 120
)

// NodeKind says what a node of a picture is.
type NodeKind string

// The kinds of node.
const (
	NodeSeed    NodeKind = "seed"
	NodeModel   NodeKind = "model"   // an internal table
	NodeTable   NodeKind = "table"   // a table of the interface
	NodeProduct NodeKind = "product" // another product
)

// Node is something in a picture.
type Node struct {
	// Key names it within the picture and is not shown; Name is.
	Key, Name string
	Kind      NodeKind
	// Changed says that the change alters it.
	Changed bool
	// Verdict is that of another product that was built on the change; empty if it was not.
	Verdict bot.Verdict
}

// Edge leads from what is read to what reads it, by their keys.
type Edge struct{ From, To string }

// Picture are the changed models and what reads them.
type Picture struct {
	Nodes []Node
	Edges []Edge
}

// Mermaid is the picture as a Mermaid graph in a fenced block; empty if it has fewer than two nodes.
func (p Picture) Mermaid() string {
	p = p.gathered()
	if len(p.Nodes) < 2 {
		return ""
	}
	ids := map[string]string{}
	var b strings.Builder
	b.WriteString("```mermaid\ngraph LR\n")
	for i, n := range p.Nodes {
		ids[n.Key] = fmt.Sprintf("n%d", i)
		fmt.Fprintf(&b, "  n%d%s\n", i, n.shape())
	}
	drawn := 0
	for _, e := range p.Edges {
		from, to := ids[e.From], ids[e.To]
		if from == "" || to == "" || drawn == mostEdges {
			continue
		}
		drawn++
		fmt.Fprintf(&b, "  %s --> %s\n", from, to)
	}
	for _, class := range []struct{ name, style string }{
		{"changed", "stroke-width:3px,stroke:#8250df"}, {"pass", "stroke:#1a7f37"}, {"review", "stroke:#9a6700"}, {"fail", "stroke-width:3px,stroke:#cf222e"},
	} {
		var members []string
		for _, n := range p.Nodes {
			if n.class() == class.name {
				members = append(members, ids[n.Key])
			}
		}
		if len(members) > 0 {
			fmt.Fprintf(&b, "  classDef %s %s\n  class %s %s\n", class.name, class.style, strings.Join(members, ","), class.name)
		}
	}
	b.WriteString("```\n")
	return b.String()
}

// class is the style that a node gets; empty for none.
func (n Node) class() string {
	switch {
	case n.Verdict == bot.VerdictFail:
		return "fail"
	case n.Verdict == bot.VerdictReview:
		return "review"
	case n.Changed:
		return "changed"
	case n.Verdict == bot.VerdictPass:
		return "pass"
	}
	return ""
}

// shape is a node's text in the shape of its kind.
func (n Node) shape() string {
	text := label(n.Name)
	if n.Changed {
		text += " · changed"
	}
	switch n.Verdict {
	case bot.VerdictPass:
		text += " · holds"
	case bot.VerdictReview:
		text += " · to review"
	case bot.VerdictFail:
		text += " · fails"
	}
	switch n.Kind {
	case NodeSeed:
		return `[/"` + text + `"/]`
	case NodeTable:
		return `[("` + text + `")]`
	case NodeProduct:
		return `(["` + text + `"])`
	}
	return `["` + text + `"]`
}

// label is a name in Mermaid's quotes: letters, digits and what names are made of; everything else, which could end the
// quotes, be Markdown or HTML, or direct Mermaid, becomes a middle dot.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r), unicode.IsDigit(r), strings.ContainsRune(" _.-/,", r):
			return r
		}
		return '·'
	}, clip(s, 40))
	if s == "" || !unicode.IsLetter([]rune(s)[0]) {
		s = "· " + s // Mermaid reads a label that begins as a list item as one
	}
	return markup.Inert(s)
}

// gathered is the picture with no more nodes than can be looked at: what changed, what fails and what touches that are kept, of
// the others so many as there is room for; the rest is one node of each kind.
func (p Picture) gathered() Picture {
	rank := p.ranks()
	order := make([]int, len(p.Nodes))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return rank[p.Nodes[order[i]].Key] < rank[p.Nodes[order[j]].Key] })
	kept := order
	if len(order) > mostNodes {
		kept = order[:mostNodes-4]
	}
	keep := map[string]string{}
	for _, i := range kept {
		keep[p.Nodes[i].Key] = p.Nodes[i].Key
	}
	var out Picture
	rest := map[NodeKind]int{}
	for _, n := range p.Nodes {
		if keep[n.Key] != "" {
			out.Nodes = append(out.Nodes, n)
			continue
		}
		rest[n.Kind]++
		keep[n.Key] = "\x00" + string(n.Kind)
	}
	for _, kind := range []NodeKind{NodeSeed, NodeModel, NodeTable, NodeProduct} {
		if n := rest[kind]; n > 0 {
			out.Nodes = append(out.Nodes, Node{Key: "\x00" + string(kind), Name: "and " + counted(n, "more "+string(kind), "more "+string(kind)+"s"), Kind: kind})
		}
	}
	drawn := map[Edge]bool{}
	for _, e := range p.Edges {
		e = Edge{keep[e.From], keep[e.To]}
		if e.From != "" && e.To != "" && e.From != e.To && !drawn[e] {
			drawn[e] = true
			out.Edges = append(out.Edges, e)
		}
	}
	return out
}

// ranks says how much a node matters: 0 changed or failing, 1 to be reviewed, 2 beside one that changed, 3 the rest.
func (p Picture) ranks() map[string]int {
	rank := map[string]int{}
	for _, n := range p.Nodes {
		switch {
		case n.Changed, n.Verdict == bot.VerdictFail:
			rank[n.Key] = 0
		case n.Verdict == bot.VerdictReview:
			rank[n.Key] = 1
		default:
			rank[n.Key] = 3
		}
	}
	near := map[string]bool{}
	for _, e := range p.Edges {
		if r, ok := rank[e.From]; ok && r == 0 {
			near[e.To] = true
		}
		if r, ok := rank[e.To]; ok && r == 0 {
			near[e.From] = true
		}
	}
	for k := range near {
		if rank[k] == 3 {
			rank[k] = 2
		}
	}
	return rank
}
