package message

import (
	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/forge"
)

// The labels that the bot uses.
var labels = map[string]forge.Label{
	"codicil":           {Name: "codicil", Description: "Opened or looked after by Codicil", Color: "5319e7"},
	"codicil/breaking":  {Name: "codicil/breaking", Description: "Who reads the product may break", Color: "b60205"},
	"codicil/minor":     {Name: "codicil/minor", Description: "Adds to what readers have", Color: "0e8a16"},
	"codicil/patch":     {Name: "codicil/patch", Description: "Nothing that readers rely on changes", Color: "c2e0c6"},
	"codicil/guideline": {Name: "codicil/guideline", Description: "An organisation's guideline asks for it", Color: "1d76db"},
	"codicil/refresh":   {Name: "codicil/refresh", Description: "Asked for by the calendar", Color: "bfdadc"},
	"codicil/spec":      {Name: "codicil/spec", Description: "Meets a spec that was edited by hand", Color: "d4c5f9"},
	"codicil/issue":     {Name: "codicil/issue", Description: "Asked for in an issue", Color: "c5def5"},
	"codicil/red":       {Name: "codicil/red", Description: "Does not hold everything yet", Color: "d93f0b"},
}

// AllLabels are all labels that the bot may set.
func AllLabels() []forge.Label {
	names := []string{"codicil", "codicil/breaking", "codicil/minor", "codicil/patch", "codicil/issue", "codicil/guideline", "codicil/spec", "codicil/refresh", "codicil/red"}
	out := make([]forge.Label, len(names))
	for i, n := range names {
		out[i] = labels[n]
	}
	return out
}

// Labels are those of the merge request: whose it is, what it means for readers, what asked for it, and whether it is red.
func (c Change) Labels() []forge.Label {
	out := []forge.Label{labels["codicil"]}
	switch c.impact() {
	case bot.ImpactMajor:
		out = append(out, labels["codicil/breaking"])
	case bot.ImpactMinor:
		out = append(out, labels["codicil/minor"])
	case bot.ImpactPatch:
		out = append(out, labels["codicil/patch"])
	}
	for _, kind := range []string{spec.OriginIssue, spec.OriginGuideline, spec.OriginSpec, spec.OriginRefresh} {
		for _, t := range c.Triggers {
			if t.Kind == kind {
				out = append(out, labels["codicil/"+kind])
				break
			}
		}
	}
	if c.red() {
		out = append(out, labels["codicil/red"])
	}
	return out
}
