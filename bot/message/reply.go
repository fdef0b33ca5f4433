package message

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/report"
	"github.com/codicil-dev/codicil/bot/why"
	"github.com/codicil-dev/codicil/forge"
)

// Refusal answers a command of somebody who may not give it. It names nobody.
func Refusal(key, command string, needed forge.Permission) string {
	p := &markup.Page{}
	needs := "write access to this repository"
	if needed == forge.Admin {
		needs = "administrator's rights in this repository"
	}
	say(p, fmt.Sprintf("Thank you, but %s needs %s, so nothing was done. Somebody who has it can give the same command here.\n", markup.Code(clip(command, 60)), needs))
	return comment(key, p)
}

// Misread is a line that was meant as a command and was not obeyed.
type Misread struct {
	// Text is the line, Why says what is wrong with it in a few words of the bot's own, Suggestion how it is written rightly; both may be empty.
	Text, Why, Suggestion string
}

// Unknown answers lines that were not understood, with how they were probably meant.
func Unknown(key string, lines []Misread) string {
	p := &markup.Page{}
	var units []string
	for _, l := range lines {
		text := "- " + markup.Code(clip(l.Text, mostCell))
		if l.Why != "" {
			text += " " + cell(l.Why)
		}
		if l.Suggestion != "" {
			text += " — did you mean " + markup.Code(clip(l.Suggestion, mostCell)) + "?"
		}
		units = append(units, text+"\n")
	}
	say(p, "This was not understood, and nothing was done for it:\n")
	sayFew(p, "lines", "", units...)
	say(p, "A command stands at the start of a line. `/codicil help` lists them.\n")
	return comment(key, p)
}

// Place is a product and where it is.
type Place struct{ Product, Path string }

// Ambiguous asks which of several products a requirement is for, with a line to copy for each.
func Ambiguous(key, requirement string, products []Place) string {
	p := &markup.Page{}
	say(p, fmt.Sprintf("There are %s here. Which one is it for? Copy its line into a comment:\n", counted(len(products), "product", "products")))
	most := mostText
	if len(products) > 8 {
		most = mostCell
	}
	var units []string
	for _, x := range products {
		unit := "- **" + cell(x.Product) + "** in " + markup.Code(clip(x.Path, mostCell)) + "\n"
		for _, name := range []string{x.Product, x.Path} {
			if canAim(name) {
				unit += "\n" + indented(copied("/amend "+aimed(name, clip(requirement, most))), "  ") + "\n"
				break
			}
		}
		units = append(units, unit)
	}
	sayFew(p, "products", "", units...)
	return comment(key, p)
}

// NoProduct says that there is no product of a name, and which there are. An empty name says that there is none at all.
func NoProduct(key, name string, products []Place) string {
	p := &markup.Page{}
	if len(products) == 0 {
		say(p, "There is no data product in this repository: no folder has a `spec.yaml`. `/codicil init PATH` drafts one for a folder that holds models.\n")
		return comment(key, p)
	}
	say(p, fmt.Sprintf("There is no product %s here, so nothing was done. There are:\n", markup.Code(clip(name, mostCell))))
	var units []string
	for _, x := range products {
		units = append(units, "- **"+cell(x.Product)+"** in "+markup.Code(clip(x.Path, mostCell))+"\n")
	}
	sayFew(p, "products", "", units...)
	return comment(key, p)
}

// Edited answers a comment that was changed before the bot first read it: it is not obeyed, since what was agreed to is not known.
func Edited(key string, at Reference) string {
	p := &markup.Page{}
	what := "A comment"
	if at.URL != "" {
		what = markup.Link("A comment", at.URL)
	}
	say(p, what+" with a command was edited before it could be read, so it was not obeyed: nobody can tell what it said when it was written. Please write the command again in a new comment.\n")
	return comment(key, p)
}

// TooMany says that only the first commands of a comment were obeyed.
func TooMany(key string, limit int) string {
	p := &markup.Page{}
	say(p, fmt.Sprintf("Only the first %s of a comment are obeyed. Please write the others in a new one.\n", counted(limit, "command", "commands")))
	return comment(key, p)
}

// Help lists the commands.
func Help(key string) string {
	p := &markup.Page{}
	say(p, `A command stands at the start of a line of a comment on an issue or a merge request. Who may write here may give it.

| command | what it does |
|---|---|
| `+"`/amend what I need`"+` | changes the product: the spec first, then the whole implementation, proven, as one merge request |
| `+"`/amend orders: what I need`"+` | the same where the repository holds several products; a path will do as well |
| `+"`/amend --supersede 3:\"a check\" what I need`"+` | the same, and lets that earlier promise go, in the open |
| `+"`/amend …`"+` on a merge request of the bot | refines what is in flight |
| `+"`/answer 1. yes`"+` | answers questions; numbered lines alone will do |
| `+"`/codicil why orders.order_amount`"+` | tells why a product, table or column is as it is, and what holds it |
| `+"`/codicil status`"+` | lists the products and what is under way |
| `+"`/codicil retry`"+` | takes up again what failed, was cancelled or declined |
| `+"`/codicil cancel`"+` | stops what is under way |
| `+"`/codicil refresh`"+` | looks now for what is out of date, instead of at the end of the week |
| `+"`/codicil rebase`"+` | brings a merge request of the bot up to date with its target |
| `+"`/codicil pause`"+`, `+"`/codicil resume`"+` | holds a campaign, and lets it go on |
| `+"`/codicil init PATH`"+` | drafts the spec of a folder that has none |
| `+"`/codicil verify SHA`"+` | lets a fork's commit be verified |
| `+"`/codicil help`"+` | this |

Commands in code, quotes and edited comments are not obeyed.
`)
	return comment(key, p)
}

// Why tells a product's, a table's or a column's story.
func Why(key string, s *why.Story) string {
	p := &markup.Page{}
	var b bytes.Buffer
	if err := why.Markdown(&b, s); err != nil { // a buffer takes everything
		b.Reset()
	}
	sections := strings.Split(strings.TrimRight(b.String(), "\n"), "\n\n**")
	say(p, sections[0]+"\n")
	rest := sections[1:]
	for i := range rest {
		rest[i] = "\n**" + rest[i] + "\n"
	}
	sayFew(p, "amendments", "", rest...)
	return comment(key, p)
}

// NothingToTell answers a question about a name that a product has not and had not. The error names what is close.
func NothingToTell(key string, err *why.UnknownError) string {
	p := &markup.Page{}
	text := fmt.Sprintf("%s has no table or column %s, and never had.", cell(err.Product), markup.Code(clip(err.Target, mostCell)))
	var near []string
	for _, n := range few(err.Near, 5) {
		near = append(near, markup.Code(clip(n, mostCell)))
	}
	if len(near) > 0 {
		text += " Did you mean " + list(near, "or") + "?"
	}
	say(p, text+"\n")
	return comment(key, p)
}

// ProductStatus is a product in the table of StatusOf.
type ProductStatus struct {
	Place
	Version string
	// Verdict is that of the last verification on the default branch; empty if there was none.
	Verdict bot.Verdict
	// Stage is where work on it stands; empty if there is none.
	Stage Stage
	// MergeRequest is the one of the bot that is open; nil for none.
	MergeRequest *Reference
	// Waiting is how many triggers wait their turn.
	Waiting int
}

// StatusOf is the table of products and what is under way.
func StatusOf(key string, products []ProductStatus) string {
	p := &markup.Page{}
	if len(products) == 0 {
		return NoProduct(key, "", nil)
	}
	var units []string
	for _, x := range products {
		verdict := "–"
		if x.Verdict != "" {
			verdict = sign(x.Verdict) + " " + string(x.Verdict)
		}
		doing := "–"
		if x.Stage != "" {
			doing = strings.ReplaceAll(string(x.Stage), "_", " ")
		}
		open := "–"
		if x.MergeRequest != nil {
			open = lowerFirst(x.MergeRequest.text("merge request"))
		}
		waiting := "–"
		if x.Waiting > 0 {
			waiting = grouped(x.Waiting)
		}
		units = append(units, row(bold(x.Product), cell(x.Version), verdict, doing, open, waiting))
	}
	sayFew(p, "products", "| product | version | last verdict | at work | open | waiting |\n|---|---|---|---|---|--:|\n", units...)
	return comment(key, p)
}

// Said is a short answer of the bot's own words, such as that there is nothing to do, because of a reason.
func Said(key, text string) string {
	p := &markup.Page{}
	say(p, paragraphs("", text, mostText))
	return comment(key, p)
}

// ReportOf is a whole report as a comment, with a line of the bot's own above it.
func ReportOf(key, lead string, r *bot.Report) string {
	head := line(lead) + "\n\n"
	var b bytes.Buffer
	if err := report.Markdown(&b, r, report.MarkdownOptions{Limit: Limit - len(head) - len(keyed(key, "")) - 2}); err != nil {
		b.Reset()
	}
	return keyed(key, head+b.String())
}
