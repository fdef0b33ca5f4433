package demo_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codicil-dev/codicil/bot/confine"
	"github.com/codicil-dev/codicil/bot/demo"
	"github.com/codicil-dev/codicil/bot/demo/tiny"
	"github.com/codicil-dev/codicil/bot/message"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// programme is a product whose table a program makes: the sum of what its seed holds.
var programme = map[string]string{
	"spec.yaml": "spec: 1\nproduct: totals\nversion: 1.0.0\nowner: {team: tiny}\npurpose: What it costs.\ntables:\n  - name: totals\n    description: One row.\n    why: Asked for.\n    columns:\n" +
		"      - {name: total, type: BIGINT, description: The sum., why: Asked for., nullable: false}\n",
	"amendments/0001.yaml": "id: 1\nrequirement: The sum.\norigin: {kind: bootstrap}\nreading: The sum of all.\nexpects: [{add_table: totals}]\nchecks:\n" +
		"  - name: it is the sum\n    sql: select total from totals where total <> (select sum(cents) from raw_costs)\nchange: Made it.\n",
	"seeds/raw_costs.csv": "id,cents\n1,250\n2,100\n",
	"product.yaml":        "command:\n  build: [sh, build.sh]\n",
	"build.sh":            "awk -F, 'NR > 1 {t += $2} END {print \"total\"; print t}' seeds/raw_costs.csv > \"$CODICIL_OUTPUT/totals.csv\"\n",
}

// A product that a program makes is verified as others are; a fork's program runs only once somebody who may write lets that commit run.
func TestPrograms(t *testing.T) {
	if err := confine.Available(t.Context()); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("programs can't be run here: %v", err)
	}
	t.Parallel()
	examples := fstest.MapFS{}
	others := tiny.Files(map[string][]tiny.Product{"finance": {{Name: "bills"}}, "marketing": {{Name: "mails"}}})
	if err := fs.WalkDir(others, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(others, name)
		examples[name] = &fstest.MapFile{Data: text}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for name, text := range programme {
		examples["commerce/totals/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	p := settle(t, demo.Options{Examples: examples}, 3, newPen(t).account)
	const program = "commerce/totals/build.sh"
	sha := p.push("commerce", "jane", "same", "Plainer", map[string]string{program: "# as before\n" + programme["build.sh"]})
	p.pull("jane", "same")
	p.check("commerce", sha, message.CheckName, "success")
	sha = p.push("commerce", "jane", "wrong", "Rounder", map[string]string{program: "printf 'total\\n400\\n' > \"$CODICIL_OUTPUT/totals.csv\"\n"})
	wrong := p.pull("jane", "wrong")
	p.check("commerce", sha, message.CheckName, "failure")
	p.says(p.remark(wrong, "What fails"), "it is the sum")

	// The author says what it can't do.
	issue, err := p.town.Person("jane").OpenIssue(t.Context(), "commerce", demo.Repository, "Counts", "How many are there?")
	p.do(err)
	_, err = p.town.Person("jane").Comment(t.Context(), "commerce", demo.Repository, issue, "/amend totals: add a column count")
	p.do(err)
	p.wait("it is told that a program makes it", long, func() bool { return strings.Contains(strings.Join(p.remarks(issue), "\n"), "made by a program") })

	p.do(p.town.Fork(t.Context(), "commerce", demo.Repository, "lee"))
	sha, err = p.town.Commit(t.Context(), localforge.Commit{Owner: "lee", Name: demo.Repository, Branch: "mine", By: "lee", Message: "Mine",
		Write: map[string]string{program: "# mine\n" + programme["build.sh"], "commerce/totals/requirements.txt": "evil==1.0\n"}})
	p.do(err)
	number := p.pull("lee", "lee:mine")
	p.check("commerce", sha, message.CheckName, "action_required")
	p.says(p.remark(number, "Nothing was run"), "/codicil verify "+sha)
	_, err = p.town.Person("jane").Comment(t.Context(), "commerce", demo.Repository, number, "/codicil verify "+sha)
	p.do(err)
	p.check("commerce", sha, message.CheckName, "neutral") // its pins were not taken
	p.wait("it is told what was not taken from the fork", long, func() bool {
		return strings.Contains(strings.Join(p.remarks(number), "\n"), "commerce/totals/requirements.txt")
	})
}
