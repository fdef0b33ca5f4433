package lint

import (
	"fmt"
	"io/fs"
	"path"
	"sort"
	"strings"

	"github.com/codicil-dev/codicil/bot/product"
)

// The folders of a product that builds with SQL.
const (
	modelFolder = "models"
	testFolder  = "tests"
	seedFolder  = "seeds"
)

// files checks the files of a product: no links out of it, models and tests of one SELECT each, no table made twice.
// The SQL of a dbt project is dbt's matter.
func (p *candidate) files(l *linter) {
	_, err := fs.Stat(l.fsys, path.Join(p.dir, "dbt_project.yml"))
	dbt := err == nil
	makers := map[string]string{} // the file that makes a table, by the table's name in lower case
	if p.doc.Spec != nil {
		for _, in := range p.doc.Spec.Inputs {
			makers[makes(in.Table)] = "the input from " + in.Product
			makers[strings.ToLower(in.Product+"."+in.Table)] = makers[makes(in.Table)]
		}
	}
	_ = fs.WalkDir(l.fsys, p.dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			l.file(name, "this is not readable (%v): mend its permissions", err)
			return nil
		case entry.IsDir() && name != p.dir && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules"):
			return fs.SkipDir
		case entry.Type()&fs.ModeSymlink != 0:
			p.link(l, name)
			return nil
		case entry.IsDir() || dbt:
			return nil
		}
		p.sqlFile(l, name, entry, makers)
		return nil
	})
	config, _ := product.LoadConfig(l.fsys, p.dir)                               // whose problems are told elsewhere
	if !dbt && config.Command == nil && config.Runner != product.RunnerCommand { // what a program makes shows when it has run
		p.unmade(l, makers)
	}
}

// unmade reports tables of the spec that no file makes.
func (p *candidate) unmade(l *linter, makers map[string]string) {
	if p.doc.Spec == nil {
		return
	}
	for i, t := range p.doc.Spec.Tables {
		if _, ok := makers[makes(t.Name)]; !ok {
			l.at(p.doc.Source, fmt.Sprintf("/tables/%d/name", i), "no model or seed makes the table %s: write %s/%s.sql, or take the table out%s", t.Name, modelFolder, t.Name, suggest(t.Name, known(makers)))
		}
	}
}

// known are the tables that files and inputs make.
func known(makers map[string]string) []string {
	names := make([]string, 0, len(makers))
	for name := range makers {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// link refuses a link that leads out of the product, or that stands for a file that is read.
func (p *candidate) link(l *linter, name string) {
	target, err := fs.ReadLink(l.fsys, name)
	inside := err == nil && !path.IsAbs(target) && contains(p.dir, path.Join(path.Dir(name), target))
	inside = inside && !strings.HasPrefix(path.Join(path.Dir(name), target), "..")
	switch folder := p.folder(name); {
	case !inside:
		l.file(name, "this is a link that leads out of the product: replace it with what it leads to")
	case folder == modelFolder || folder == testFolder || folder == seedFolder:
		l.file(name, "this is a link: replace it with the file itself")
	}
}

// folder is the first folder in the product on the way to a file; empty for a file at its top.
func (p *candidate) folder(name string) string {
	rel := name
	if p.dir != "." {
		rel = strings.TrimPrefix(name, p.dir+"/")
	}
	first, _, below := strings.Cut(rel, "/")
	if !below {
		if first == modelFolder || first == testFolder || first == seedFolder {
			return first // the folder itself, as a link
		}
		return ""
	}
	return first
}

// makes is the table, in lower case, that a file of that name makes without its extension.
func makes(stem string) string { return strings.TrimPrefix(strings.ToLower(stem), "main.") }

// sqlFile checks one file of a product.
func (p *candidate) sqlFile(l *linter, name string, entry fs.DirEntry, makers map[string]string) {
	folder, extension := p.folder(name), strings.ToLower(path.Ext(name))
	isSQL := extension == ".sql" && (folder == modelFolder || folder == testFolder)
	isSeed := folder == seedFolder && (extension == ".csv" || extension == ".parquet")
	if !isSQL && !isSeed {
		return
	}
	if !entry.Type().IsRegular() {
		l.file(name, "this is not a regular file: replace it with one")
		return
	}
	if folder == modelFolder || isSeed {
		table := makes(strings.TrimSuffix(path.Base(name), path.Ext(name)))
		if first, taken := makers[table]; taken {
			l.file(name, "this makes the table %s, as %s does: rename one", table, first)
		} else {
			makers[table] = name
		}
	}
	if !isSQL {
		return
	}
	f, err := l.fsys.Open(name)
	if err != nil {
		l.file(name, "the file is not readable (%v): mend its permissions", err)
		return
	}
	defer f.Close()
	text, err := product.ReadSQL(f)
	if err != nil {
		l.file(name, "the file %v", err)
		return
	}
	subject := "the model"
	if folder == testFolder {
		subject = "the test"
	}
	l.askSelect(name, text, subject, makers, func(line, column int) (int, int) { return line, column })
	if table, ok := p.published(strings.TrimSuffix(path.Base(name), path.Ext(name))); ok && folder == modelFolder {
		l.askHabits(name, text, table)
	}
}
