package tiny

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

var (
	newEntry  = regexp.MustCompile(`The new amendment is (amendments/(\d+)\.yaml)`)
	entryPath = regexp.MustCompile("data name=\"(amendments/\\d+\\.yaml)\"")
	added     = regexp.MustCompile(`add_column: (\w+)\.(\w+)`)
	dropped   = regexp.MustCompile(`drop_column: (\w+)\.(\w+)`)
	gap       = regexp.MustCompile(`<[^<>\n]+>`)
)

// amend writes spec and amendment, or only the amendment of a spec that was edited by hand.
func (q question) amend() string {
	m := newEntry.FindStringSubmatch(q.task)
	if m == nil {
		return q.follow()
	}
	var id int
	_, _ = fmt.Sscan(strings.TrimLeft(m[2], "0"), &id)
	text := data(q.all, spec.SpecFile)
	if add := wish(addWish, q.requirement); add != "" {
		return file(spec.SpecFile, addColumn(text, add)) + file(m[1], entry(id, fmt.Sprintf("add_column: %s.%s", q.product, add), check(q.product, add), ""))
	}
	drop := wish(dropWish, q.requirement)
	retires := fmt.Sprintf("supersedes: [{amendment: %d, checks: [%s], because: Nobody needs the column any more.}]\n", q.adder(drop), checkName(drop))
	return file(spec.SpecFile, dropColumn(text, drop)) + file(m[1], entry(id, fmt.Sprintf("drop_column: %s.%s", q.product, drop), "", retires))
}

// entry is an amendment.
func entry(id int, expects, checks, more string) string {
	if checks = "checks:\n" + checks; checks == "checks:\n" {
		checks = "checks: []\n"
	}
	return fmt.Sprintf("id: %d\nrequirement: as asked\norigin: {kind: issue}\nreading: The columns change.\nexpects: [{%s}]\n%s%schange: <tbd>\n", id, expects, checks, more)
}

// follow completes the draft of an amendment.
func (q question) follow() string {
	m := entryPath.FindStringSubmatch(q.task)
	if m == nil {
		return "AMENDMENT: nothing is to be written."
	}
	draft := data(q.task, m[1])
	var checks string
	for _, c := range added.FindAllStringSubmatch(draft, -1) {
		checks += check(c[1], c[2])
	}
	draft = regexp.MustCompile(`(?m)^reading:.*\n`).ReplaceAllString(draft, "reading: The spec was edited.\n")
	draft = regexp.MustCompile(`(?m)^checks:.*\n(  .*\n)*`).ReplaceAllString(draft, "checks:\n"+checks)
	return file(m[1], draft)
}

// implement writes the model for the columns that the newest amendment adds or drops.
func (q question) implement(wrong bool) string {
	m := entryPath.FindStringSubmatch(q.task)
	if m == nil {
		return "AMENDMENT: there is none."
	}
	amendment := data(q.task, m[1])
	name := Product{Name: q.product}.model()
	text := data(q.all, name)
	for _, c := range added.FindAllStringSubmatch(amendment, -1) {
		text = withColumn(text, c[2], wrong)
	}
	if add := wish(addWish, q.requirement); add != "" && amendment == "" { // of a guideline's amendment, nothing may be shown
		text = withColumn(text, add, wrong)
	}
	for _, c := range dropped.FindAllStringSubmatch(amendment, -1) {
		text = withoutColumn(text, c[2])
	}
	did := block(map[string]any{"change": "Changed the columns of the one model.", "rejected": []map[string]any{{"option": "A model of its own", "breaks": []int{}}}})
	return did + file(name, text)
}

// draft fills in the draft of a bare product.
func (q question) draft() string {
	var lines []string
	for l := range strings.Lines(data(q.task, spec.SpecFile)) {
		if !strings.HasPrefix(l, "owner:") { // that is not a model's to say
			l = gap.ReplaceAllString(l, "What a reader of the models can tell")
		}
		lines = append(lines, l)
	}
	return file(spec.SpecFile, strings.Join(lines, "")) +
		file(spec.EntryFile(1), gap.ReplaceAllString(data(q.task, spec.EntryFile(1)), "It is as it was built."))
}
