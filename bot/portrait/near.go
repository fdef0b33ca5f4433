package portrait

import (
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// far is how far away something is that no path leads to.
const far = 100

// near says how near tables and files are to what the requirement speaks of: 0 is in the middle of it.
type near struct {
	tables, files map[string]int
}

// node is a file in the graph of who reads whom: what makes a table, or only reads some.
type node struct {
	path  string
	makes string // a table's key; empty for a test
	reads []string
	rank  int
}

// nearness measures from the focus; without one, from the tables that the spec promises.
func (k *knowledge) nearness() near {
	n := near{tables: map[string]int{}, files: map[string]int{}}
	nodes := k.nodes()
	focus, files := k.focus(nodes)
	if len(focus)+len(files) == 0 {
		k.plain(n, nodes)
		return n
	}
	for i := range nodes {
		nodes[i].rank = far
		if files[nodes[i].path] || nodes[i].makes != "" && focus[nodes[i].makes] {
			nodes[i].rank = 0
		}
	}
	for t := range focus {
		n.tables[t] = 0
	}
	spread(nodes, n.tables)
	for _, x := range nodes {
		n.files[x.path] = x.rank
	}
	return n
}

// nodes are the product's models, tests and seeds.
func (k *knowledge) nodes() []node {
	var out []node
	for _, m := range k.models {
		out = append(out, node{path: m.Path, makes: tableKey(m.Name), reads: m.reads})
	}
	for _, t := range k.tests {
		out = append(out, node{path: t.Path, reads: t.reads})
	}
	for _, s := range k.seeds {
		out = append(out, node{path: s.Path, makes: tableKey(s.Table)})
	}
	return out
}

// plain ranks without a focus: promised tables, other models, tests, seeds.
func (k *knowledge) plain(n near, nodes []node) {
	for _, x := range nodes {
		rank := 1
		switch {
		case x.makes == "":
			rank = 2
		case strings.HasPrefix(x.path, "seeds/"):
			rank = 3
		}
		if _, ok := k.product.Spec().Table(x.makes); ok && x.makes != "" {
			rank = 0
		}
		n.files[x.path] = rank
		if x.makes != "" {
			n.tables[x.makes] = rank
		}
	}
}

// spread gives ranks outwards: what the middle reads directly comes before those that read it, and then the next ring.
func spread(nodes []node, tables map[string]int) {
	lower := func(key string, rank int) bool {
		if old, ok := tables[key]; key == "" || ok && old <= rank {
			return false
		}
		tables[key] = rank
		return true
	}
	for grown := true; grown; {
		grown = false
		for i := range nodes {
			x := &nodes[i]
			if r, ok := tables[x.makes]; ok && x.makes != "" && r < x.rank {
				x.rank, grown = r, true
			}
			for _, read := range x.reads {
				if r, ok := tables[read]; ok && r+2 < x.rank {
					x.rank, grown = r+2, true
				}
			}
			if x.rank >= far {
				continue
			}
			grown = lower(x.makes, x.rank) || grown
			for _, read := range x.reads {
				grown = lower(read, x.rank+1) || grown
			}
		}
	}
}

// focus are the tables, by key, and the files that the requirement speaks of.
func (k *knowledge) focus(nodes []node) (tables, files map[string]bool) {
	tables, files = map[string]bool{}, map[string]bool{}
	known := k.columnsByTable()
	for _, name := range k.options.Focus {
		name = strings.TrimSpace(name)
		for _, x := range nodes {
			if strings.EqualFold(x.path, name) || strings.EqualFold(x.path, strings.TrimPrefix(name, k.product.Path+"/")) {
				files[x.path] = true
				if x.makes != "" {
					tables[x.makes] = true
				}
			}
		}
		key := tableKey(name)
		if _, ok := known[key]; ok {
			tables[key] = true
			continue
		}
		table, column, ok := spec.SplitColumn(key)
		if !ok {
			table, column = "", key
		}
		for t, columns := range known {
			if (table == "" || tableKey(table) == t) && columns[column] {
				tables[t] = true
			}
		}
	}
	return tables, files
}

// columnsByTable are the columns of every table that is known, built or promised, by keys in lower case.
func (k *knowledge) columnsByTable() map[string]map[string]bool {
	out := map[string]map[string]bool{}
	add := func(table, column string) {
		key := tableKey(table)
		if out[key] == nil {
			out[key] = map[string]bool{}
		}
		out[key][strings.ToLower(column)] = true
	}
	for _, t := range k.product.Spec().Tables {
		for _, c := range t.Columns {
			add(t.Name, c.Name)
		}
	}
	for _, s := range k.sheets {
		for _, c := range s.columns {
			add(s.key(), c.Name)
		}
	}
	for _, m := range k.models {
		add(m.Name, "")
	}
	for _, s := range k.seeds {
		add(s.Table, "")
	}
	return out
}

// key is the name by which models read the table.
func (s *sheet) key() string {
	if s.input {
		return strings.ToLower(s.name)
	}
	return tableKey(s.schema + "." + s.name)
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for name := range m {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
