// Package tiny holds data products of two models each, and a model that works on them as it is told in a few set phrases, so that a change from
// comment to merge request takes a second and not a minute.
package tiny

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing/fstest"

	"github.com/codicil-dev/codicil/bot/spec"
)

// Product is a product: a seed, a model that cleans it, and a model with one row for each row of the seed.
type Product struct {
	Name string
	// Reads is another product that it reads, which is one of these too; empty for none.
	Reads string
	// Bare leaves spec and ledger out.
	Bare bool
}

// Files are products in folders of their names, below folders of their owners, as demo.Options.Examples are. There are no guidelines.
func Files(owners map[string][]Product) fs.FS {
	out := fstest.MapFS{"guidelines/README.md": {Data: []byte("# Guidelines\n\nThere is none yet.\n")}}
	for owner, products := range owners {
		for _, p := range products {
			for name, text := range p.Files() {
				out[path.Join(owner, p.Name, name)] = &fstest.MapFile{Data: []byte(text)}
			}
		}
	}
	return out
}

// Files are the files of the product, by their paths in its folder.
func (p Product) Files() map[string]string {
	files := map[string]string{
		p.seed():    "id,cents\n1,250\n2,100\n3,990\n",
		p.staging(): fmt.Sprintf("select id, cents from raw_%s where cents > 0\n", p.Name),
		p.model():   fmt.Sprintf("select\n    id,\n    cents\nfrom %s_clean\n", p.Name),
	}
	if p.Reads != "" {
		files[p.model()] = fmt.Sprintf("select\n    id,\n    cents,\n    cast((select count(*) from %s.%s) as bigint) as seen\nfrom %s_clean\n", p.Reads, p.Reads, p.Name)
	}
	if p.Bare {
		return files
	}
	files[spec.SpecFile] = p.spec()
	files[spec.EntryFile(1)] = p.ledger()
	return files
}

func (p Product) seed() string    { return "seeds/raw_" + p.Name + ".csv" }
func (p Product) staging() string { return "models/" + p.Name + "_clean.sql" }
func (p Product) model() string   { return "models/" + p.Name + ".sql" }

func (p Product) spec() string {
	text := fmt.Sprintf("spec: 1\nproduct: %[1]s\nversion: 1.0.0\nowner: {team: tiny}\npurpose: What there is of %[1]s.\n", p.Name)
	if p.Reads != "" {
		text += fmt.Sprintf("inputs: [{product: %[1]s, table: %[1]s, version: ^1.0}]\n", p.Reads)
	}
	text += fmt.Sprintf("tables:\n  - name: %[1]s\n    description: One row for each of the %[1]s.\n    why: All else starts from it.\n    key: [id]\n    columns:\n", p.Name) +
		column("id", "BIGINT", "Its number.") + column("cents", "BIGINT", "What it costs, in cents.")
	if p.Reads != "" {
		text += column("seen", "BIGINT", "How many of the "+p.Reads+" there are.")
	}
	return text
}

// column is a column in a spec.
func column(name, kind, description string) string {
	return fmt.Sprintf("      - {name: %s, type: %s, description: \"%s\", why: Somebody asked for it., nullable: false}\n", name, kind, description)
}

func (p Product) ledger() string {
	text := fmt.Sprintf("id: 1\nrequirement: We need the %[1]s.\norigin: {kind: bootstrap}\nreading: A table of the %[1]s.\nexpects: [{add_table: %[1]s}]\nchecks:\n"+
		"  - name: all that cost something are there\n    sql: select id from raw_%[1]s where cents > 0 and id not in (select id from %[1]s)\n", p.Name)
	if p.Reads != "" {
		text += fmt.Sprintf("  - name: seen counts the %[1]s\n    sql: select id from %[2]s where seen <> (select count(*) from %[1]s.%[1]s)\n", p.Reads, p.Name)
	}
	return text + "change: Made it.\n"
}

// offset is what an added column adds to the id: it follows from the column's name, so that whoever writes the check and whoever writes the
// model agree without knowing of each other.
func offset(column string) int { return 10 + len(column) }

// lastColumn is where a column of a model can be put behind the others.
var lastColumn = regexp.MustCompile(`(?m)\nfrom (\w+_clean)\b`)

// withColumn is a model with one more column; wrong has it hold something else than the check wants.
func withColumn(model, name string, wrong bool) string {
	n := offset(name)
	if wrong {
		n++
	}
	return lastColumn.ReplaceAllString(withoutColumn(model, name), ",\n    id + "+strconv.Itoa(n)+" as "+name+"\nfrom $1")
}

// withoutColumn is a model without a column that withColumn added.
func withoutColumn(model, name string) string {
	return regexp.MustCompile(`,\n    id \+ \d+ as `+regexp.QuoteMeta(name)+`\b`).ReplaceAllString(model, "")
}

// addColumn is a spec with one more column, dropColumn one without it.
func addColumn(text, name string) string {
	return strings.TrimRight(text, "\n") + "\n" + column(name, "BIGINT", "Its number and "+strconv.Itoa(offset(name))+".")
}

func dropColumn(text, name string) string {
	return regexp.MustCompile(`(?m)^ *- \{name: `+regexp.QuoteMeta(name)+`, .*\n`).ReplaceAllString(text, "")
}

// checkName is how the check of an added column is called.
func checkName(name string) string { return name + " follows from the number" }

// check is what proves an added column.
func check(product, name string) string {
	return fmt.Sprintf("  - name: %s\n    sql: select r.id from raw_%s r left join %s t using (id) where r.cents > 0 and t.%s is distinct from r.id + %d\n",
		checkName(name), product, product, name, offset(name))
}

// Changed are the files that a person writes who adds a column by hand, with the amendment and all, to a product that has these files.
func (p Product) Changed(files map[string]string, name string) (map[string]string, error) {
	old, _, problems := spec.ParseSpec(spec.SpecFile, []byte(files[spec.SpecFile]))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	text := addColumn(strings.Replace(files[spec.SpecFile], "version: "+old.Version, "version: "+next(old.Version), 1), name)
	now, _, problems := spec.ParseSpec(spec.SpecFile, []byte(text))
	if err := problems.Err(); err != nil {
		return nil, err
	}
	var ids []int
	for file := range files {
		if n, err := strconv.Atoi(strings.TrimSuffix(path.Base(file), ".yaml")); err == nil && strings.HasPrefix(file, spec.LedgerFolder+"/") {
			ids = append(ids, n)
		}
	}
	slices.Sort(ids)
	var entry bytes.Buffer
	id := ids[len(ids)-1] + 1
	fmt.Fprintf(&entry, "id: %d\nrequirement: Add a column %s.\norigin: {kind: issue, author: jane}\nreading: A new column.\naffects: [%s.%s]\nexpects: [{add_column: %s.%s}]\nchecks:\n%s", id, name, p.Name, name, p.Name, name, check(p.Name, name))
	fmt.Fprintf(&entry, "base: %s\nresult: %s\nchange: Added it by hand.\n", spec.Fingerprint(old, ids), spec.Hash(now))
	return map[string]string{spec.SpecFile: text, spec.EntryFile(id): entry.String(), p.model(): withColumn(files[p.model()], name, false)}, nil
}

// next is the version of an added column.
func next(version string) string {
	var major, minor, patch int
	fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	return fmt.Sprintf("%d.%d.0", major, minor+1)
}
