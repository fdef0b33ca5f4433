package author

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/survey"
)

// commonColumn is from how many tables on a column's name says nothing of which of them is meant.
const commonColumn = 4

// focus lists the tables, columns and files of a product that a requirement speaks of, as portrait.Options.Focus takes them. It knows
// the requirement alone: what a conversation begins with must not differ between the stages of a change. The build may be nil.
//
// Names are found word by word, in capitals or not, in the singular or the plural: "net amount" and "Net_Amounts" both speak of a
// column net_amount. A column of many tables counts only in those of them that are spoken of as well.
func focus(requirement string, p *product.Product, b *product.Build) []string {
	text := plainWords(requirement)
	says := func(name string) bool {
		words := plainWords(name)
		return strings.TrimSpace(words) != "" && strings.Contains(text, words)
	}
	columns := tableColumns(p, b)
	var out []string
	named := map[string]bool{}
	for table := range columns {
		if says(table) {
			named[table] = true
			out = append(out, table)
		}
	}
	having := map[string][]string{}
	for table, all := range columns {
		for _, column := range all {
			if says(column) {
				having[column] = append(having[column], table)
			}
		}
	}
	for column, tables := range having {
		for _, table := range tables {
			if len(tables) < commonColumn || named[table] {
				out = append(out, table+"."+column)
			}
		}
	}
	for _, file := range sqlFiles(p) {
		if says(path.Base(file)) || says(strings.TrimSuffix(path.Base(file), path.Ext(file))) {
			out = append(out, file)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// plainWords brings a text into a form in which names are found: its words in small letters and without a plural's s, with one space
// before and after each.
func plainWords(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var b strings.Builder
	b.WriteByte(' ')
	for _, w := range words {
		b.WriteString(survey.Singular(w))
		b.WriteByte(' ')
	}
	return b.String()
}

// tableColumns are the columns of each table that the spec promises or that was built, by names in small letters.
func tableColumns(p *product.Product, b *product.Build) map[string][]string {
	out := map[string][]string{}
	add := func(table, column string) {
		table, column = strings.TrimPrefix(strings.ToLower(table), "main."), strings.ToLower(column)
		if !slices.Contains(out[table], column) {
			out[table] = append(out[table], column)
		}
	}
	for _, t := range p.Spec().Tables {
		for _, c := range t.Columns {
			add(t.Name, c.Name)
		}
	}
	if b == nil {
		return out
	}
	for _, t := range b.Tables {
		for _, c := range t.Columns {
			add(t.FullName(), c.Name)
		}
	}
	return out
}

// sqlFiles are the paths of the models and tests that can be read. A seed is found as the table that it makes: to list seeds is to read
// them.
func sqlFiles(p *product.Product) (out []string) {
	models, _ := p.Models()
	tests, _ := p.Tests()
	for _, f := range slices.Concat(models, tests) {
		out = append(out, f.Path)
	}
	return out
}
