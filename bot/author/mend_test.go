package author_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
)

// A product that does not build is not amended; it is offered for repair, and its models alone may be mended.
func TestMend(t *testing.T) {
	t.Parallel()
	broken := func(model string) map[string]string {
		files := shop()
		files["models/orders.sql"] = model
		return files
	}
	misspelt := strings.Replace(shopModel, "from lines", "from line", 1)
	for name, test := range map[string]struct {
		files   map[string]string
		answers []string
		want    author.Kind
		says    string
		asked   int
	}{
		"a model that reads a table which is not there": {broken(misspelt), []string{file("models/orders.sql", shopModel)}, author.Done, "builds again", 1},
		"a model that is no SQL":                        {broken("selec 1"), []string{file("models/orders.sql", shopModel)}, author.Done, "builds again", 1},
		"it builds, but breaks a check": {broken(misspelt), []string{file("models/orders.sql", strings.Replace(shopModel, "price * quantity", "price", 1)), file("models/orders.sql", shopModel)}, author.Done,
			"builds again", 2},
		"no progress":         {broken(misspelt), []string{"I do not know."}, author.Failed, "in 4 attempts", 4},
		"another file":        {broken(misspelt), []string{file("spec.yaml", shopSpec), file("tests/positive.sql", "select 1 where false\n"), file("seeds/line.csv", shopLines), file("models/orders.sql", shopModel)}, author.Done, "builds again", 4},
		"nothing is broken":   {shop(), nil, author.Met, "nothing to repair", 0},
		"a spec that is none": {map[string]string{"spec.yaml": "product: orders\n"}, nil, author.Failed, "mend them first", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job, s := put(t, test.files), good(t)
			job.Requirement = ""
			s.answers[author.StageMend] = test.answers
			o, err := newAuthor(s).Repair(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			wantKind(t, o, test.want)
			if !strings.Contains(o.Explanation, test.says) || len(s.asked) != test.asked {
				t.Errorf("%d requests, %q", len(s.asked), o.Explanation)
			}
			if test.want != author.Done {
				return
			}
			if err := o.Write(false); err != nil {
				t.Fatal(err)
			}
			after := read(t, job.Tree.Root)
			if after["models/orders.sql"] != shopModel || after["spec.yaml"] != shopSpec || after["tests/positive.sql"] != shopTest || after["seeds/line.csv"] != "" {
				t.Errorf("written:\n%s", after)
			}
		})
	}
	t.Run("amend offers it", func(t *testing.T) {
		t.Parallel()
		for _, model := range []string{misspelt, "selec 1"} {
			s := good(t)
			o := amend(t, s, put(t, broken(model)))
			wantKind(t, o, author.Failed)
			if !strings.Contains(o.Explanation, "codicil repair") || len(s.asked) > 0 {
				t.Errorf("%d requests, %q", len(s.asked), o.Explanation)
			}
		}
	})
}
