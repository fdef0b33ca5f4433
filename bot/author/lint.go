package author

import (
	"context"
	"os"
	"path"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/lint"
	"github.com/codicil-dev/codicil/bot/spec"
)

// lint checks the product in s.
func (c *change) lint(ctx context.Context, s *scratch) (bot.Problems, error) {
	root, err := os.OpenRoot(s.tree.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	_, problems, err := lint.Lint(ctx, root.FS(), []string{s.path}, c.author.Verifier.Builder)
	return problems, err
}

// lintAmended checks the amended product before it is implemented. Tables that no file makes yet have a stand-in meanwhile.
func (c *change) lintAmended(ctx context.Context, s *spec.Spec) (faults []string, err error) {
	made, err := c.head.files()
	if err != nil {
		return nil, err
	}
	makes := map[string]bool{}
	for name := range made {
		stem := strings.ToLower(strings.TrimSuffix(path.Base(name), path.Ext(name)))
		makes[strings.TrimPrefix(stem, "main.")] = true
	}
	var standIns []string
	for _, t := range s.Tables {
		stem := strings.TrimPrefix(strings.ToLower(t.Name), "main.")
		if makes[stem] || strings.ContainsAny(stem, `/\`) {
			continue
		}
		name := path.Join("models", stem+".sql")
		if err := c.head.write(name, []byte("select 1 as stand_in\n")); err != nil {
			return nil, err
		}
		standIns = append(standIns, name)
	}
	problems, err := c.lint(ctx, c.head)
	for _, name := range standIns {
		if gone := os.Remove(c.head.name(name)); gone != nil && err == nil {
			err = gone
		}
	}
	return lines(problems), err
}
