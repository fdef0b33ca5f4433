package author

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/prompts"
)

// maxObjections is how many objections of a review are looked at.
const maxObjections = 10

//go:embed review.schema.json
var reviewSchema []byte

// opinion is what a review says.
type opinion struct {
	Summary    string `json:"summary"`
	Objections []struct {
		Promise string `json:"promise"`
		Says    string `json:"says"`
	} `json:"objections"`
	Remarks []string `json:"remarks"`
}

// objection is what a review holds against a change, with its counter-example.
type objection struct {
	says, sql string
}

// review has the change doubted in a fresh conversation. Objections whose counter-examples return rows get one round of repair, which
// is reviewed once more.
func (i *implementation) review(ctx context.Context) error {
	proven, texts, err := i.doubts(ctx)
	if err != nil || len(proven) == 0 {
		return err
	}
	best := i.best
	best.stands = texts
	if err := i.countRound(); err != nil {
		return err
	}
	i.say("repairing what the review found")
	written, err := i.round(ctx, prompts.RepairTask{Round: 1, Rounds: 1, Objections: texts, Diff: cut(best.work, maxShown)})
	if err != nil || !written {
		return err
	}
	i.best = nil
	now, err := i.measure(ctx)
	if err != nil {
		i.best = best
		return err
	}
	if len(now.fails) > 0 {
		i.best = best
		i.note("the repair after the review failed its verification, so it was not kept: %s", now.names(3))
		return nil
	}
	if _, now.stands, err = i.tried(ctx, proven, false); err != nil || len(now.stands) > 0 {
		return err
	}
	_, now.stands, err = i.doubts(ctx)
	return err
}

// doubts asks for objections to the best round, and tries them. A model that gives none because it can't be asked is noted.
func (i *implementation) doubts(ctx context.Context) (proven []objection, texts []string, err error) {
	i.say("reviewing")
	objections, err := i.askReview(ctx)
	var failure *model.Error
	if errors.As(err, &failure) {
		i.note("there was no review: %v", err)
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return i.tried(ctx, objections, true)
}

// askReview asks for objections.
func (i *implementation) askReview(ctx context.Context) ([]objection, error) {
	messages, err := i.reviewer(ctx)
	if err != nil {
		return nil, err
	}
	a, err := i.ask(ctx, StageReview, messages, &model.Schema{Name: StageReview, JSON: reviewSchema, Fenced: true}, nil)
	if err != nil {
		return nil, err
	}
	var o opinion
	if err := readJSON(a, &o); err != nil {
		return nil, err
	}
	i.out.Review = o.Summary
	for _, r := range o.Remarks {
		i.out.Notes = append(i.out.Notes, "the review remarks: "+r)
	}
	queries := sqlBlocks(a.Text)
	var out []objection
	for n, x := range o.Objections {
		if n == maxObjections {
			break
		}
		says := strings.TrimSpace(x.Promise + ": " + x.Says)
		if n >= len(queries) {
			i.out.Notes = append(i.out.Notes, "an objection without a counter-example is void: "+says)
			continue
		}
		out = append(out, objection{says, queries[n]})
	}
	return out, nil
}

// reviewer is a conversation that knows spec, ledger, difference and results alone, and what the tables are called.
func (i *implementation) reviewer(ctx context.Context) ([]model.Message, error) {
	text, err := os.ReadFile(i.head.name(spec.SpecFile))
	if err != nil {
		return nil, err
	}
	data := prompts.ProductData{Name: i.product.Name(), Spec: string(text), SpecOnly: true}
	if data.Readers, err = i.readers(); err != nil {
		return nil, err
	}
	tables, err := i.tables(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range i.product.Document.Ledger.Entries {
		data.Ledger = append(data.Ledger, prompts.File{Path: spec.EntryFile(e.Amendment.ID), Text: string(e.Data)})
	}
	amendment, err := i.amendmentText()
	if err != nil {
		return nil, err
	}
	data.Ledger = append(data.Ledger, prompts.File{Path: spec.EntryFile(i.amendment.ID), Text: amendment})
	messages, err := i.opening(data)
	if err != nil {
		return nil, err
	}
	task, err := prompts.Review(prompts.ReviewTask{Diff: cut(i.best.work, maxShown), Results: cut(i.best.text, maxShown), Tables: tables})
	return append(messages, user(task)), err
}

// tables lists the head's tables and inputs with their columns.
func (i *implementation) tables(ctx context.Context) (out []string, err error) {
	b, err := i.builds(ctx, i.head)
	if err != nil {
		return nil, err
	}
	line := func(name string, columns []product.Column) {
		list := make([]string, len(columns))
		for n, c := range columns {
			list[n] = c.Name + " " + i.openType(c.Type)
		}
		out = append(out, fmt.Sprintf("%s (%s)", name, strings.Join(list, ", ")))
	}
	for _, t := range b.Tables {
		line(t.FullName(), t.Columns)
	}
	for n, in := range b.Inputs {
		if t, ok := b.Before[n].Table(in.Table); ok {
			line(in.Name, t.Columns)
		}
	}
	slices.Sort(out)
	return out, nil
}

// openType is a type without the values that an enumeration lists, which may be confidential.
func (i *implementation) openType(typ string) string {
	if i.author.Portrait.Data == portrait.All {
		return typ
	}
	return enumType.ReplaceAllString(typ, "ENUM")
}

// sqlBlock is a block fenced as sql.
var sqlBlock = regexp.MustCompile("(?ms)^[ \t]*`{3,}sql[ \t]*\r?\n(.*?)^[ \t]*`{3,}[ \t]*\r?$")

func sqlBlocks(text string) (out []string) {
	for _, m := range sqlBlock.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// tried runs counter-examples on the new build. Only those that return rows, and other than at the base, prove anything; texts tell
// each with its rows. first notes those that are void.
func (i *implementation) tried(ctx context.Context, objections []objection, first bool) (proven []objection, texts []string, err error) {
	if len(objections) == 0 {
		return nil, nil, nil
	}
	head, err := i.builds(ctx, i.head)
	if err != nil {
		return nil, nil, err
	}
	show, err := i.showsValues()
	if err != nil {
		return nil, nil, err
	}
	for _, o := range objections {
		now, why, err := i.query(ctx, head, o.sql)
		if err != nil {
			return nil, nil, err
		}
		void := ""
		if why != nil {
			void = "its query does not run"
		} else if now.total == 0 {
			void = "its query returns no rows"
		} else if before, why, err := i.query(ctx, i.build, o.sql); err != nil {
			return nil, nil, err
		} else if why == nil && before.total >= now.total {
			void = fmt.Sprintf("its query returned %d rows before the change as well", before.total)
		}
		if void != "" {
			if first {
				i.out.Notes = append(i.out.Notes, fmt.Sprintf("an objection of the review is void, because %s: %s", void, o.says))
			}
			continue
		}
		proven = append(proven, o)
		texts = append(texts, fmt.Sprintf("%s\n\n%s\n%s", o.says, strings.TrimSpace(o.sql), now.text(show)))
	}
	return proven, texts, nil
}
