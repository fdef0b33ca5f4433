package author

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/proposal"
	"github.com/codicil-dev/codicil/prompts"
)

// How often a requirement is refined with answers, and how many questions may be asked at once.
const (
	maxRefinements = 2
	maxQuestions   = 3
)

//go:embed refine.schema.json
var refineSchema []byte

// ErrNoAnswer is what Author.Questions returns if nobody is there to answer: the work ends with the questions asked.
var ErrNoAnswer = errors.New("nobody answers")

// refinement is what a model makes of a requirement.
type refinement struct {
	Verdict     string     `json:"verdict"`
	Explanation string     `json:"explanation"`
	Reading     string     `json:"reading"`
	Assumptions []string   `json:"assumptions"`
	Facts       []string   `json:"facts"`
	Questions   []Question `json:"questions"`
	Amendments  []int      `json:"amendments"`
	Options     []struct {
		Option     string `json:"option"`
		Supersedes []struct {
			Amendment int      `json:"amendment"`
			Checks    []string `json:"checks"`
		} `json:"supersedes"`
	} `json:"options"`
}

// refine finds out whether the requirement is clear, and asks if it is not.
func (c *change) refine(ctx context.Context) error {
	var objection []model.Message // to what was said of a rule that fails
	for asked := 0; ; asked++ {
		c.say("reading the requirement")
		r, said, err := c.askRefinement(ctx, objection)
		if err != nil {
			return err
		}
		c.out.Amendments = c.known(r.Amendments)
		switch r.Verdict {
		case "met":
			why := c.adopting.unmet()
			if why == "" {
				return c.end(Met, "%s", r.Explanation)
			}
			if objection != nil {
				return c.end(Failed, "The guideline was found to be kept, but it is not: %s", why)
			}
			text, err := prompts.Faults([]string{"The verdict can't be met. " + why})
			if err != nil {
				return err
			}
			objection = []model.Message{assistant(cut(said, maxShown)), user(text)}
			continue
		case "elsewhere":
			return c.end(Elsewhere, "%s", r.Explanation)
		case "conflict":
			c.conflict(r)
			return c.end(Conflict, "%s", r.Explanation)
		case "unclear":
			if len(r.Questions) == 0 {
				return c.end(Failed, "The requirement was found unclear, but no question was asked: %s", r.Explanation)
			}
			if err := c.settle(ctx, r, asked); err != nil {
				return err
			}
			continue
		}
		c.reading = r.Reading
		if strings.TrimSpace(c.reading) == "" {
			c.reading = r.Explanation
		}
		for _, a := range r.Assumptions {
			c.reading += "\nAssumed: " + a
		}
		c.out.Reading = c.reading
		c.facts = r.Facts
		return nil
	}
}

// askRefinement asks what a requirement means; after is what was said since it was asked. said is the whole answer.
func (c *change) askRefinement(ctx context.Context, after []model.Message) (r refinement, said string, err error) {
	text, err := c.refineTask()
	if err != nil {
		return r, "", err
	}
	a, _, err := c.consult(ctx, StageRefine, append(c.with(text), after...), &model.Schema{Name: StageRefine, JSON: refineSchema, Fenced: true})
	if err != nil {
		return r, "", err
	}
	return r, a.Text, readJSON(a, &r)
}

// refineTask is what is asked of whoever reads the requirement.
func (c *change) refineTask() (string, error) {
	switch {
	case c.adopting != nil:
		return prompts.RefineGuideline(prompts.RefineGuidelineTask{Adoption: c.adopting.shown(c.job.Evidence), Answers: c.answers, Supersede: c.allowed()})
	case c.refreshing:
		return prompts.Refresh(prompts.RefreshTask{Evidence: c.job.Evidence, Answers: c.answers})
	}
	return prompts.Refine(prompts.RefineTask{Requirement: c.job.Requirement, Answers: c.answers, Supersede: c.allowed()})
}

// settle has the questions answered: by a person, or by what would be assumed.
func (c *change) settle(ctx context.Context, r refinement, asked int) error {
	questions := r.Questions[:min(len(r.Questions), maxQuestions)]
	if asked >= maxRefinements {
		c.out.Questions = questions
		if c.unattended {
			return c.end(Failed, "With all that could be assumed it is still not clear, and there is nobody to ask: %s", r.Explanation)
		}
		return c.end(Asked, "After %d rounds of questions it is still not clear: %s", asked, r.Explanation)
	}
	answers := make([]string, len(questions))
	switch {
	case c.job.AssumeYes || c.unattended:
		for i, q := range questions {
			answers[i] = q.Assume + " (assumed)"
		}
	case c.author.Questions == nil:
		c.out.Questions = questions
		return c.end(Asked, "%s", r.Explanation)
	default:
		var err error
		answers, err = c.author.Questions(ctx, questions)
		if errors.Is(err, ErrNoAnswer) {
			c.out.Questions = questions
			return c.end(Asked, "%s", r.Explanation)
		}
		if err != nil {
			return err
		}
	}
	if len(answers) != len(questions) {
		return fmt.Errorf("%d questions were asked and %d answered", len(questions), len(answers))
	}
	for i, q := range questions {
		c.answers = append(c.answers, prompts.Answered{Ask: proposal.Visible(q.Ask), Answer: proposal.Visible(answers[i])})
	}
	c.out.Questions = append(c.out.Questions, questions...)
	return nil
}

// conflict keeps the ways out.
func (c *change) conflict(r refinement) {
	for _, o := range r.Options {
		option := Option{Option: o.Option}
		for _, s := range o.Supersedes {
			if _, ok := c.product.Document.Ledger.Entry(s.Amendment); !ok {
				continue
			}
			for _, check := range s.Checks {
				option.Supersedes = append(option.Supersedes, Supersede{s.Amendment, check}.String())
			}
			if len(s.Checks) == 0 {
				option.Supersedes = append(option.Supersedes, Supersede{Amendment: s.Amendment}.String())
			}
		}
		c.out.Options = append(c.out.Options, option)
	}
}

// known drops numbers that no amendment has.
func (c *change) known(ids []int) (out []int) {
	for _, id := range ids {
		if _, ok := c.product.Document.Ledger.Entry(id); ok {
			out = append(out, id)
		}
	}
	return out
}

// allowed tells in words what may be retired.
func (c *change) allowed() (out []string) {
	for _, s := range c.job.Supersede {
		check := s.Check
		if check == "" {
			check = "all its checks"
		}
		out = append(out, fmt.Sprintf("amendment %d: %s", s.Amendment, check))
	}
	return out
}

// jsonBlock is a block fenced as json.
var jsonBlock = regexp.MustCompile("(?ms)^[ \t]*(`{3,}|~{3,})json[ \t]*\r?\n(.*?)^[ \t]*(?:`{3,}|~{3,})[ \t]*\r?$")

// lastJSON is the text of the last block fenced as json; ok is false if there is none.
func lastJSON(text string) (found []byte, ok bool) {
	all := jsonBlock.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return nil, false
	}
	return []byte(all[len(all)-1][2]), true
}

// readJSON reads an answer that was held to a schema.
func readJSON(a model.Answer, into any) error {
	data := []byte(a.JSON)
	if data == nil {
		var ok bool
		if data, ok = lastJSON(a.Text); !ok {
			return fmt.Errorf("the model's answer holds no JSON")
		}
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("read the model's answer: %w", err)
	}
	return nil
}
