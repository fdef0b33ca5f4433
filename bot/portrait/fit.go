package portrait

import (
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/prompts"
)

// frame is how many tokens the fence around a text takes, besides its name.
const frame = 8

// headings is how many tokens the text between the fences takes.
const headings = 120

// item is something that may be left out.
type item struct {
	name, text string
	// short is what stands in for it if it does not fit; empty if nothing does.
	short string
	// group is where it is shown: with the files or with the tables.
	table bool
	rank  int
	must  bool
	shown string
}

// fit chooses what is shown: spec and ledger always, then what is nearest to the focus.
func (k *knowledge) fit(profiles []profile, overlap []string) prompts.ProductData {
	out := prompts.ProductData{Name: k.product.Name(), Spec: string(k.product.Document.Data), Ledger: k.ledger()}
	left := k.options.Budget - k.options.Estimate(out.Spec) - frame - headings
	for _, f := range out.Ledger {
		left -= k.cost(f.Path, f.Text)
	}
	items := k.items(profiles)
	for i := range items {
		if items[i].must {
			items[i].shown = items[i].text
			left -= k.cost(items[i].name, items[i].text)
		}
	}
	// What repeats is told in a few lines that are worth more than a file far away.
	room := max(0, min(left, k.options.Budget/10))
	for _, line := range overlap {
		if c := k.options.Estimate(line) + 1; c <= room {
			out.Overlap = append(out.Overlap, line)
			room, left = room-c, left-c
		}
	}
	left -= k.choose(items, left)
	var tables []string
	for _, it := range items {
		switch {
		case it.shown == "" && it.table:
			tables = append(tables, it.name)
		case it.shown == "":
			out.Omitted = append(out.Omitted, it.name)
		case it.table:
			out.Tables = append(out.Tables, prompts.Table{Name: it.name, Text: it.shown})
		default:
			out.Files = append(out.Files, prompts.File{Path: it.name, Text: it.shown})
		}
	}
	for _, name := range k.unread {
		out.Omitted = append(out.Omitted, name+" (it can't be read)")
	}
	slices.Sort(out.Omitted)
	out.Omitted = slices.Compact(out.Omitted)
	if len(tables) > 0 {
		out.Omitted = append(out.Omitted, "what these tables hold: "+strings.Join(tables, ", "))
	}
	return out
}

// choose shows items, the nearest first, as far as they fit, and returns what they cost.
func (k *knowledge) choose(items []item, left int) (spent int) {
	order := make([]*item, 0, len(items))
	for i := range items {
		if !items[i].must {
			order = append(order, &items[i])
		}
	}
	sort.SliceStable(order, func(i, j int) bool { return order[i].rank < order[j].rank })
	names := 0 // what it takes to name all that is left out
	for _, it := range order {
		names += k.options.Estimate(it.name) + 1
	}
	for _, it := range order {
		own := k.options.Estimate(it.name) + 1
		for _, text := range []string{it.text, it.short} {
			if c := k.cost(it.name, text); text != "" && spent+c+names-own <= left {
				it.shown, spent, names = text, spent+c, names-own
				break
			}
		}
	}
	return spent
}

// cost is how many tokens a text takes with its fence.
func (k *knowledge) cost(name, text string) int {
	return k.options.Estimate(name) + k.options.Estimate(text) + frame
}

// items are all files and tables in the order in which they are shown.
func (k *knowledge) items(profiles []profile) []item {
	n := k.nearness()
	want := map[string]bool{}
	for _, name := range k.options.Want {
		want[strings.TrimPrefix(filepath.ToSlash(filepath.Clean(name)), k.product.Path+"/")] = true
	}
	var out []item
	file := func(path, text string) {
		rank, ok := n.files[path]
		if !ok {
			rank = 0
		}
		out = append(out, item{name: path, text: text, rank: 2 * rank, must: want[path]})
	}
	if text, err := k.file(product.ConfigFile); err == nil {
		file(product.ConfigFile, text)
	}
	for _, list := range [][]source{k.models, k.tests} {
		for _, s := range list {
			file(s.Path, s.Text)
		}
	}
	for _, s := range k.seeds {
		rows := portraitRows
		if info, err := os.Stat(s.File); want[s.Path] || err == nil && info.Size() <= wholeSeed {
			rows = askedRows
		}
		if text, err := k.seedText(s, rows); err == nil {
			file(s.Path, text)
		} else {
			k.unread = append(k.unread, s.Path)
		}
	}
	shown := map[string]bool{}
	for _, it := range out {
		shown[it.name] = true
	}
	for _, name := range sortedKeys(want) {
		if text, err := k.file(name); !shown[name] && err == nil && !k.inHistory(name) {
			file(name, text)
		} else if err != nil && !shown[name] {
			k.unread = append(k.unread, name)
		}
	}
	for _, p := range profiles {
		rank, ok := n.tables[p.sheet.key()]
		if !ok {
			rank = far
		}
		out = append(out, item{name: p.sheet.label, text: p.full, short: p.short, table: true, rank: 2*rank + 1})
	}
	return out
}

// inHistory says whether a file is shown as spec or ledger anyway.
func (k *knowledge) inHistory(name string) bool {
	return name == product.SpecFile || strings.HasPrefix(name, "amendments/")
}
