package service_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/author/authortest"
	"github.com/codicil-dev/codicil/bot/model"
)

// clerk answers at once what the story asks, and writes down that it was asked.
type clerk struct{ order, file string }

// Ask answers by the stage and by what the last message is about.
func (c *clerk) Ask(_ context.Context, r model.Request) (model.Answer, error) {
	about := r.Messages[len(r.Messages)-1].Text
	rule := strings.Contains(about, "They were mixed up") || strings.Contains(about, "kind: guideline")
	if err := c.note(r.Stage, about); err != nil {
		return model.Answer{}, err
	}
	text, ok := "", true
	switch r.Stage {
	case author.StageRefine:
		switch {
		case rule:
			text = "```json\n" + `{"verdict": "clear", "explanation": "Words only.", "reading": "The amount says that it is gross."}` + "\n```\n"
		case strings.Contains(about, answer):
			text = "```json\n" + `{"verdict": "clear", "explanation": "A new column.", "reading": "A new column item_count, the sum of quantities."}` + "\n```\n"
		default:
			text = "```json\n" + `{"verdict": "unclear", "explanation": "Returned items?", "questions": [{"ask": "Do returned items count?", "assume": "Yes"}]}` + "\n```\n"
		}
	case author.StageAmend:
		switch {
		case rule && strings.Contains(about, "amendments/0003"):
			text = written("spec.yaml", gross(authortest.CountedSpec)) + written("amendments/0003.yaml", ruled(3, "orders"))
		case rule && said(r, "# The product bills"):
			text = written("spec.yaml", gross(billsSpec)) + written("amendments/0002.yaml", ruled(2, "bills"))
		case rule:
			text = written("spec.yaml", gross(authortest.Spec)) + written("amendments/0002.yaml", ruled(2, "orders"))
		default:
			text = written("spec.yaml", authortest.CountedSpec) + written("amendments/0002.yaml", counted)
		}
	case author.StageImplement:
		text = "```json\n{\"change\": \"Counted the items from the lines.\"}\n```\n" + written("models/orders.sql", authortest.CountedModel)
	case author.StageReview:
		text = "```json\n{\"summary\": \"It keeps the spec.\", \"objections\": [], \"remarks\": []}\n```\n"
	default:
		ok = false
	}
	if !ok {
		return model.Answer{}, fmt.Errorf("nothing is scripted for %s", r.Stage)
	}
	return model.Answer{Text: text, Usage: model.Usage{In: 10, Out: 5}}, nil
}

// said tells whether some words are in a request.
func said(r model.Request, words string) bool {
	return slices.ContainsFunc(r.Messages, func(m model.Message) bool { return strings.Contains(m.Text, words) })
}

// note writes a line for each request.
func (c *clerk) note(stage, about string) error {
	f, err := os.OpenFile(c.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, trigger, _ := strings.Cut(c.order, "/")
	_, err = fmt.Fprintf(f, "%s %s answered=%t\n", trigger, stage, stage == author.StageRefine && strings.Contains(about, answer))
	return err
}

func written(name, text string) string { return "FILE: " + name + "\n````\n" + text + "````\n\n" }

// answer is what jane answers.
const answer = "Never count what came back"

// The products of the story.
const (
	billsSpec = `spec: 1
product: bills
version: 1.0.0
owner: {team: books}
purpose: What customers owe.
inputs: [{product: orders, table: orders, version: ^1.0}]
tables:
  - name: bills
    description: One row for each bill.
    why: Money comes in by bills.
    key: [order_id]
    columns:
      - {name: order_id, type: BIGINT, description: Number of the order., why: Names the order.}
      - {name: amount, type: "DECIMAL(10,2)", unit: USD, description: What it came to., why: It is paid., nullable: false}
`
	billsFirst = `id: 1
requirement: We need bills.
origin: {kind: bootstrap}
reading: A table of bills.
expects: [{add_table: bills}]
checks:
  - name: each order is billed
    sql: select order_id from orders where order_id not in (select order_id from bills)
change: Made it.
`
	billsModel = "select order_id, amount\nfrom orders\n"

	want    = "/amend orders: I want to see the number of items in each order"
	counted = "id: 2\nrequirement: x\norigin: {kind: bootstrap}\nreading: A new column.\nexpects: [{add_column: orders.item_count}]\n" +
		"checks:\n  - name: item_count is the sum of quantities\n    sql: " + authortest.CountedCheck + "\nchange: <tbd>\n"

	rule = `---
id: gross
title: Amounts say what they include
applies_to: tables.exists(t, t.columns.exists(c, c.unit == "USD"))
checks:
  - name: amounts say gross or net
    cel: tables.all(t, t.columns.all(c, c.unit != "USD" || c.description.matches("[Gg]ross|[Nn]et")))
---
# Amounts

**Rule.** A column in USD says whether it is gross or net.

**Why.** They were mixed up.
`
)

// gross is a spec that keeps the rule.
func gross(spec string) string {
	return strings.Replace(spec, "What it came to.", "Gross total.", 1)
}

// ruled is the amendment that adopts the rule.
func ruled(id int, table string) string {
	return fmt.Sprintf("id: %d\nrequirement: x\norigin: {kind: guideline, id: gross}\nreading: The amount says that it is gross.\nexpects: [{change_meaning: {on: %s.amount, field: description}}]\nchecks: []\nchange: <tbd>\n", id, table)
}
