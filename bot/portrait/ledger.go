package portrait

import (
	"path"

	"go.yaml.in/yaml/v3"

	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// ledger shows the amendments in order, word for word. Where spec and ledger alone are longer than the budget, the oldest
// ones are shortened to what was asked and what proves it, until some room is left for the implementation.
func (k *knowledge) ledger() []prompts.File {
	entries := k.product.Document.Ledger.Entries
	out := make([]prompts.File, len(entries))
	total := k.options.Estimate(string(k.product.Document.Data)) + frame
	for i, e := range entries {
		out[i] = prompts.File{Path: path.Join(spec.LedgerFolder, path.Base(e.File)), Text: string(e.Data)}
		total += k.cost(out[i].Path, out[i].Text)
	}
	if total <= k.options.Budget {
		return out
	}
	for i := range out {
		if total <= k.options.Budget*3/4 {
			break
		}
		text, ok := shortened(&entries[i].Amendment)
		if !ok || len(text) >= len(out[i].Text) {
			continue
		}
		total -= k.cost(out[i].Path, out[i].Text) - k.cost(out[i].Path, text)
		out[i].Text = text
	}
	return out
}

// shortened is an amendment without all but its requirement and checks.
func shortened(a *spec.Amendment) (string, bool) {
	data, err := yaml.Marshal(struct {
		ID          int          `yaml:"id"`
		Requirement string       `yaml:"requirement"`
		Checks      []spec.Check `yaml:"checks,omitempty"`
	}{a.ID, a.Requirement, a.Checks})
	return "# Shortened: only its requirement and checks are shown.\n" + string(data), err == nil
}
