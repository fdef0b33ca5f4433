package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
	"github.com/codicil-dev/codicil/bot/spec"
)

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// check finds what the schema cannot say.
func (c *Config) check(source *spec.Source) (problems bot.Problems) {
	refuse := func(pointer, format string, args ...any) {
		line, column := source.At(pointer)
		problems = append(problems, bot.Problem{File: source.File(), Line: line, Column: column, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)})
	}
	m := c.Model
	if m.BaseURL != "" {
		if err := model.CheckAddress(m.BaseURL); err != nil {
			refuse("/model/base_url", "base_url %v", err)
		}
	}
	if m.Currency != "" && !currencyForm.MatchString(m.Currency) {
		refuse("/model/currency", "currency is written as three capital letters such as USD, not %q", m.Currency)
	}
	for name, text := range m.Timeouts.texts() {
		if d, err := time.ParseDuration(*text); *text != "" && (err != nil || d <= 0) {
			refuse("/model/timeouts/"+name, "%s cannot be %q: write a duration such as 90s or 15m", name, *text)
		}
	}
	for name, p := range m.Prices {
		if p.In < 0 || p.Out < 0 || p.Cached < 0 {
			refuse("/model/prices/"+strings.NewReplacer("~", "~0", "/", "~1").Replace(name), "a price of %s is less than nothing: correct it", name)
		}
	}
	return problems
}

// texts are the timeouts by their keys.
func (t *Timeouts) texts() map[string]*string {
	return map[string]*string{"idle": &t.Idle, "total": &t.Total, "wait": &t.Wait}
}

// Limits are the timeouts as a client takes them; those that are not said are zero.
func (t Timeouts) Limits() model.Limits {
	of := func(text string) time.Duration {
		d, _ := time.ParseDuration(text) // checked when it was read
		return d
	}
	return model.Limits{Idle: of(t.Idle), Total: of(t.Total), LongestWait: of(t.Wait)}
}

// Names are the models of the stages as an author takes them: the one of all stages stands under "".
func (m Model) Names() map[string]string {
	names := map[string]string{"": m.Name}
	s := m.Stages
	for stage, name := range map[string]string{
		author.StageDraft: s.Draft, author.StageRefine: s.Refine, author.StageAmend: s.Amend,
		author.StageImplement: s.Implement, author.StageRepair: s.Repair, author.StageReview: s.Review, author.StageMend: s.Mend,
	} {
		if name != "" {
			names[stage] = name
		}
	}
	return names
}

// Account is the budget as an account takes it.
func (b Budget) Account() model.Budget {
	return model.Budget{Tokens: b.Tokens, Cost: b.Cost, Duration: time.Duration(b.Minutes * float64(time.Minute))}
}
