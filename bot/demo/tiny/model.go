package tiny

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/spec"
)

// Model answers what an author asks about tiny products. It knows these requirements, wherever in a text or in the prose of a guideline they stand:
//
//	add a column NAME          adds it, or is met if it is there; with "sloppily" the first attempt is wrong, with "wrongly" each is,
//	                           with "instead of OTHER" each is while there is a column OTHER,
//	                           with "unsure" two questions are asked, with "very unsure" another one after them
//	drop the column NAME       is a conflict with the amendment that added it, unless that may be superseded
//	is there a column NAME     is met if it is
//	the weather                belongs elsewhere
//
// It completes the amendments of specs that were edited by hand to have more columns, and the drafts of bare products. It is safe for
// concurrent use.
type Model struct {
	// Before is called before each answer, with what is worked on; its error is the answer. It may be nil.
	Before func(ctx context.Context, product, stage, requirement string) error

	mu    sync.Mutex
	asked map[string]int
}

// Asked is how often it was asked about a product.
func (m *Model) Asked(product string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked[product]
}

// Ask answers.
func (m *Model) Ask(ctx context.Context, r model.Request) (model.Answer, error) {
	q := read(r)
	m.mu.Lock()
	if m.asked == nil {
		m.asked = map[string]int{}
	}
	m.asked[q.product]++
	m.mu.Unlock()
	if m.Before != nil {
		if err := m.Before(ctx, q.product, r.Stage, q.requirement); err != nil {
			return model.Answer{}, err
		}
	}
	if err := ctx.Err(); err != nil {
		return model.Answer{}, err
	}
	var text string
	switch r.Stage {
	case "refine":
		text = q.refine()
	case "amend":
		text = q.amend()
	case "implement":
		text = q.implement(strings.Contains(q.requirement, "sloppily") || q.fails())
	case "repair":
		text = q.implement(q.fails())
	case "review":
		text = block(map[string]any{"summary": "It keeps what was promised.", "objections": []string{}, "remarks": []string{}})
	case "draft":
		text = q.draft()
	default:
		return model.Answer{}, fmt.Errorf("a tiny model knows no stage %s", r.Stage)
	}
	return model.Answer{Text: text, Usage: model.Usage{In: 100, Out: 10}}, nil
}

// question is what an author asks.
type question struct {
	// all is the whole conversation, task what is asked now or, of a repair, was asked first.
	all, task            string
	product, requirement string
}

var (
	productLine    = regexp.MustCompile(`(?m)^# The product (\w+)$`)
	guidelineFence = regexp.MustCompile("```data name=\"(guideline [^\"\n]+)\"")
	taskLine       = regexp.MustCompile(`(?m)^# The task: (refine|amend|implement|draft)`)
)

func read(r model.Request) (q question) {
	for _, m := range r.Messages {
		if m.Role != model.User {
			continue
		}
		q.all += m.Text + "\n"
		if taskLine.MatchString(m.Text) {
			q.task = m.Text
		}
	}
	if m := productLine.FindStringSubmatch(q.all); m != nil {
		q.product = m[1]
	}
	if q.requirement = data(q.task, "requirement"); q.requirement == "" {
		q.requirement = data(q.task, "what was said")
	}
	if m := guidelineFence.FindStringSubmatch(q.task); q.requirement == "" && m != nil {
		q.requirement = data(q.task, m[1])
	}
	return q
}

// data is the text of the first fence with a name.
func data(text, name string) string {
	open := "```data name=\"" + name + "\"\n"
	_, rest, ok := strings.Cut(text, open)
	if !ok {
		return ""
	}
	inside, _, _ := strings.Cut("\n"+rest, "\n```")
	return strings.TrimPrefix(inside+"\n", "\n")
}

// block is an answer as JSON.
func block(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("tiny: %v", err)) // plain data only
	}
	return "```json\n" + string(text) + "\n```\n"
}

func file(name, text string) string { return "FILE: " + name + "\n````\n" + text + "````\n\n" }

var (
	addWish  = regexp.MustCompile(`(?i)add a column (\w+)`)
	dropWish = regexp.MustCompile(`(?i)drop the column (\w+)`)
	metWish  = regexp.MustCompile(`(?i)is there a column (\w+)`)
	instead  = regexp.MustCompile(`(?i)instead of (\w+)`)
)

func wish(of *regexp.Regexp, text string) string {
	if m := of.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// has says whether the product's spec has a column.
func (q question) has(column string) bool {
	return strings.Contains(data(q.all, spec.SpecFile), "{name: "+column+", ")
}

// fails says whether the implementation is to be wrong for good.
func (q question) fails() bool {
	other := wish(instead, q.requirement)
	return strings.Contains(q.requirement, "wrongly") || other != "" && q.has(other)
}

func (q question) refine() string {
	answer := func(verdict, explanation string, more map[string]any) string {
		v := map[string]any{"verdict": verdict, "explanation": explanation}
		for k, x := range more {
			v[k] = x
		}
		return block(v)
	}
	answered := strings.Count(q.task, "```data name=\"question: ")
	add, drop, there := wish(addWish, q.requirement), wish(dropWish, q.requirement), wish(metWish, q.requirement)
	switch {
	case strings.Contains(q.requirement, "unsure") && answered == 0:
		return answer("unclear", "It can be read in two ways.", map[string]any{"questions": []map[string]string{
			{"ask": "Shall it be there for all rows?", "assume": "Yes"}, {"ask": "Is it a number?", "assume": "Yes, a whole one"}}})
	case strings.Contains(q.requirement, "very unsure") && answered == 2:
		return answer("unclear", "One thing is left open.", map[string]any{"questions": []map[string]string{{"ask": "Who reads it?", "assume": "Everybody"}}})
	case there != "" && q.has(there):
		return answer("met", "The column "+there+" is there already.", map[string]any{"amendments": []int{q.adder(there)}})
	case add != "" && q.has(add):
		return answer("met", "The column "+add+" is there already.", map[string]any{"amendments": []int{q.adder(add)}})
	case strings.Contains(q.requirement, "the weather"):
		return answer("elsewhere", "The weather belongs into a product of its own.", nil)
	case drop != "" && q.has(drop) && !strings.Contains(q.task, "checks that may be superseded"):
		return answer("conflict", fmt.Sprintf("Amendment %d promises the column %s.", q.adder(drop), drop), map[string]any{"amendments": []int{q.adder(drop)}, "options": []map[string]any{
			{"option": "Leave it, and mark it as deprecated"},
			{"option": "Drop it, and give the promise up", "supersedes": []map[string]any{{"amendment": q.adder(drop), "checks": []string{checkName(drop)}}}}}})
	case add == "" && drop == "":
		return answer("elsewhere", "That is not what a tiny product can do.", nil)
	}
	return answer("clear", "That can be done.", map[string]any{"reading": strings.TrimSpace("The columns change: " + add + " " + drop)})
}

var amendmentFence = regexp.MustCompile("data name=\"amendments/0*(\\d+)\\.yaml\"")

// adder is the amendment that added a column; 1 if none did.
func (q question) adder(column string) int {
	before, _, _ := strings.Cut(q.all, "add_column: "+q.product+"."+column)
	ids := amendmentFence.FindAllStringSubmatch(before, -1)
	id := 1
	if len(ids) > 0 && len(before) < len(q.all) {
		_, _ = fmt.Sscan(ids[len(ids)-1][1], &id)
	}
	return id
}
