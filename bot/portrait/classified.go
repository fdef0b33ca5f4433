package portrait

import (
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/lineage"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
)

// withheld stands for a value that is not shown.
const withheld = "•••"

// rules say by its name whether a column is classified.
type rules struct {
	// classified are the columns that a spec classifies, and those that such columns are made of; known are those that a
	// spec names.
	classified, known map[string]bool
	// open are the products, by name, whose specs were read.
	open map[string]bool
}

// learnRules reads the specs of the product, of those that it reads, and of those that the caller names.
func (k *knowledge) learnRules() rules {
	r := rules{classified: map[string]bool{}, known: map[string]bool{}, open: map[string]bool{}}
	r.learn(k.product.Spec())
	for _, p := range k.options.Also {
		if p != nil {
			r.learn(p.Spec())
		}
	}
	if k.build != nil {
		r.follow(k.product.Tree, k.build)
	}
	if k.options.NoSpec {
		r.closed()
	}
	k.trace(&r)
	return r
}

func (r *rules) learn(s *spec.Spec) {
	r.open[strings.ToLower(s.Product)] = true
	for _, t := range s.Tables {
		for _, c := range t.Columns {
			r.known[strings.ToLower(c.Name)] = true
			if c.Classification != "" {
				r.classified[strings.ToLower(c.Name)] = true
			}
		}
	}
}

// follow reads the specs of the products that a build was made from, and of those before them.
func (r *rules) follow(tree product.Tree, b *product.Build) {
	for _, before := range b.Before {
		if !r.open[strings.ToLower(before.Product)] {
			if p, _ := product.Load(tree, before.Path); p != nil && p.Name() == before.Product {
				r.learn(p.Spec())
			}
		}
		r.follow(tree, before)
	}
}

// trace adds the columns that classified ones are made of, unless a spec names them and leaves them open.
func (k *knowledge) trace(r *rules) {
	for grown := true; grown; {
		grown = false
		for _, m := range k.models {
			flow, err := lineage.FlowOf(m.tree)
			if err != nil {
				continue
			}
			for name := range flow.Sources(r.classified) {
				if !r.known[name] && !r.classified[name] {
					r.classified[name], grown = true, true
				}
			}
		}
	}
}

// personalWord are words in the names of columns that hold personal data.
var personalWord = regexp.MustCompile(`^(e?mails?|mailbox|phones?|telephone|tel|mobile|cell|fax|names?|firstname|lastname|fullname|forename|surname|username|nickname|maiden|` +
	`address(es)?|addr|street|city|zip|zipcode|postcode|postal|iban|bic|account|card|pan|cvv|ssn|passport|licen[cs]e|taxid|birth|birthday|birthdate|dob|gender|` +
	`ip|ipv4|ipv6|mac|latitude|longitude|lat|lon|lng|password|secret|token|salary|recipient|sender|contact|person|signature|comment|comments|note|notes)$`)

// wordEnd is where a name in camel case begins a new word.
var wordEnd = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// looksPersonal says whether a column's name lets one expect personal data or free text.
func looksPersonal(column string) bool {
	column = strings.ToLower(wordEnd.ReplaceAllString(column, "${1}_$2"))
	for _, word := range strings.FieldsFunc(column, func(r rune) bool { return r == '_' || r == '-' || r == ' ' || r == '.' }) {
		if personalWord.MatchString(strings.TrimRight(word, "0123456789")) {
			return true
		}
	}
	return strings.Contains(strings.ToLower(column), "e_mail")
}

// hides says whether values of a column that a file brings are withheld, by its name.
func (k *knowledge) hides(column string) bool {
	switch k.options.Data {
	case All:
		return false
	case Schema:
		return true
	}
	name := strings.ToLower(strings.TrimSpace(column))
	return k.rules.classified[name] || !k.rules.known[name] && looksPersonal(column)
}

// hide decides for each table which columns are withheld: by name, and by where their values come from.
func (k *knowledge) hide() {
	made := map[string]source{}
	for _, m := range k.models {
		made[tableKey(m.Name)] = m
	}
	for _, s := range k.sheets {
		s.hidden, s.personal = map[string]bool{}, map[string]bool{}
		if s.input && k.options.Data == Masked && !k.rules.open[strings.ToLower(s.schema)] {
			s.hideWhole()
		}
		for _, c := range s.columns {
			if name := strings.ToLower(c.Name); k.hides(c.Name) {
				s.hidden[name] = true
				s.personal[name] = k.options.Data == Masked && !k.rules.classified[name]
			}
		}
	}
	if k.options.Data != Masked {
		return
	}
	placed := map[string]bool{}
	for _, m := range k.build.Models {
		s, ok := k.sheet(tableKey(m.Table))
		if !ok {
			continue
		}
		placed[tableKey(m.Table)] = true
		k.carry(s, made[tableKey(m.Table)])
	}
	seeds := map[string]bool{}
	for _, s := range k.seeds {
		seeds[tableKey(s.Table)] = true
	}
	for _, s := range k.sheets { // what nobody knows how it was made
		if key := tableKey(s.schema + "." + s.name); !s.input && !placed[key] && !seeds[key] {
			k.hideUnknown(s)
		}
	}
}

// hideWhole withholds all columns.
func (s *sheet) hideWhole() {
	for _, c := range s.columns {
		s.hidden[strings.ToLower(c.Name)] = true
	}
}

// hideUnknown withholds columns that no spec leaves open.
func (k *knowledge) hideUnknown(s *sheet) {
	for _, c := range s.columns {
		if name := strings.ToLower(c.Name); !k.rules.known[name] {
			s.hidden[name] = true
		}
	}
}
