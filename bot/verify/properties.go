package verify

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/dbtspec"
	"github.com/codicil-dev/codicil/bot/spec"
)

// shownProperties is how many differences one result tells.
const shownProperties = 5

// properties holds what a dbt project's properties files say against the spec: whoever reads them there is told the same as here. It is review and no more,
// since what the tables hold is proven elsewhere.
func (w *work) properties(context.Context) error {
	root, err := os.OpenRoot(w.head.Tree.Root)
	if err != nil {
		return fmt.Errorf("read dbt's properties: %w", err)
	}
	defer root.Close()
	if !dbt.IsProject(root.FS(), w.head.Path) {
		return nil
	}
	known, problems := dbtspec.Read(root.FS(), w.head.Path, w.head.Path)
	if len(problems) > 0 {
		r := w.add(bot.AreaContract, bot.Review, "dbt's properties can be read", problems[0].Message, "dbt")
		r.File, r.Line = problems[0].File, problems[0].Line
		return nil
	}
	drifted := dbtspec.Drift(w.head.Spec(), known)
	for _, t := range w.head.Spec().Tables {
		w.drifted(t, drifted)
	}
	return nil
}

// drifted records what is said differently of one table.
func (w *work) drifted(t spec.Table, all []dbtspec.Difference) {
	var found []dbtspec.Difference
	var told []string
	missing := true
	for _, d := range all {
		if !spec.SameName(d.Table, t.Name) {
			continue
		}
		found = append(found, d)
		missing = missing && d.Missing
		if len(told) < shownProperties {
			told = append(told, d.String())
		}
	}
	name := "dbt's properties of " + t.Name + " say what the spec says"
	if len(found) == 0 {
		w.add(bot.AreaContract, bot.Pass, name, "", "dbt", t.Name)
		return
	}
	if more := len(found) - len(told); more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	advice := "correct the one that is wrong; codicil export dbt writes what the spec says"
	if missing {
		advice = "codicil export dbt writes what they leave out"
	}
	r := w.add(bot.AreaContract, bot.Review, name, strings.Join(told, "; ")+"; "+advice, "dbt", t.Name)
	r.File, r.Line = found[0].File, found[0].Line
}
