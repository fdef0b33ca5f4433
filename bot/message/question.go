package message

import (
	"fmt"
	"time"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
)

// Inquiry is a round of questions about a requirement.
type Inquiry struct {
	Key     string
	Product string
	// Asker is the login of who asked for the change; empty if unknown.
	Asker string
	// Round counts from 1.
	Round     int
	Questions []author.Question
	// Deadline is when the work goes on, or ends, without answers; the zero time means never.
	Deadline time.Time
	// Strict says that nothing is assumed: without answers the work ends.
	Strict bool
}

// Comment asks the questions, numbered, with what is assumed if nobody answers.
func (q Inquiry) Comment() string {
	p := &markup.Page{}
	what := counted(len(q.Questions), "thing is unclear", "things are unclear")
	if q.Round > 1 {
		what += " still"
	}
	say(p, fmt.Sprintf("Before %s is changed, %s:\n", bold(q.Product), what))
	sayFew(p, "questions", "", q.numbered()...)
	who := "Whoever asked for the change, or a maintainer, can answer"
	if q.Asker != "" {
		who = cell(q.Asker) + ", or a maintainer, can answer"
	}
	say(p, who+" in a comment here, one numbered line for each:\n\n```\n1. yes\n```\n")
	if !q.Strict {
		say(p, "What is not answered is decided as it says above.\n")
	}
	if !q.Deadline.IsZero() {
		say(p, q.without()+"\n")
	}
	return comment(q.Key, p)
}

func (q Inquiry) numbered() (units []string) {
	for i, x := range q.Questions {
		units = append(units, fmt.Sprintf("%d. %s\n   *If nobody says: %s*\n", i+1, markup.Escape(clip(x.Ask, 2*mostLine)), line(x.Assume)))
	}
	return units
}

// without says what happens without answers.
func (q Inquiry) without() string {
	if q.Strict {
		return "Without an answer by " + moment(q.Deadline) + " nothing is changed."
	}
	return "Without an answer by " + moment(q.Deadline) + " the work goes on with what would be assumed."
}

// Reminder says that the questions still wait; at is the comment that asks them.
func (q Inquiry) Reminder(at Reference) string {
	p := &markup.Page{}
	what := counted(len(q.Questions), "question", "questions")
	if at.URL != "" {
		what = markup.Link(what, at.URL)
	}
	verb := "wait"
	if len(q.Questions) == 1 {
		verb = "waits"
	}
	say(p, fmt.Sprintf("A reminder: %s about %s still %s for an answer.\n", what, bold(q.Product), verb))
	if !q.Deadline.IsZero() {
		say(p, q.without()+"\n")
	}
	return comment(q.Key, p)
}

// Expired says that nobody answered in time, and what follows from it.
func (q Inquiry) Expired() string {
	p := &markup.Page{}
	if q.Strict {
		say(p, fmt.Sprintf("Nobody answered in time, so %s was not changed. `/codicil retry` asks again.\n", bold(q.Product)))
		return comment(q.Key, p)
	}
	say(p, fmt.Sprintf("Nobody answered in time, so the work on %s goes on with this:\n", bold(q.Product)))
	var units []string
	for _, x := range q.Questions {
		units = append(units, "- "+markup.Escape(clip(x.Ask, 2*mostLine))+" — *"+line(x.Assume)+"*\n")
	}
	sayFew(p, "questions", "", units...)
	say(p, "It stands in the merge request too, where `/amend` can still change it.\n")
	return comment(q.Key, p)
}
