package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// listNumber begins an answer in a numbered list.
var listNumber = regexp.MustCompile(`^[0-9]+[.)]\s+`)

// questions says how questions are answered: from a file, at a terminal, or not at all.
func (c *cli) questions(answers string, bar *progress) (func(context.Context, []author.Question) ([]string, error), error) {
	if answers != "" {
		return answersIn(answers)
	}
	if in, ok := c.stdin.(*os.File); !ok || !isTerminal(in) {
		return nil, nil
	}
	lines := bufio.NewReader(c.stdin)
	return func(ctx context.Context, questions []author.Question) ([]string, error) {
		bar.stop()
		return c.prompt(ctx, lines, questions)
	}, nil
}

// answersIn answers questions from the lines of a file, in order.
func answersIn(file string) (func(context.Context, []author.Question) ([]string, error), error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--answers: %w", err)
	}
	var left []string
	for _, line := range strings.Split(string(data), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			left = append(left, listNumber.ReplaceAllString(line, ""))
		}
	}
	return func(_ context.Context, questions []author.Question) ([]string, error) {
		if len(left) < len(questions) {
			return nil, author.ErrNoAnswer
		}
		answers := left[:len(questions)]
		left = left[len(questions):]
		return answers, nil
	}, nil
}

// pose writes a question as wide as the terminal, and what an empty line stands for.
func (c *cli) pose(number int, q author.Question) {
	lead := fmt.Sprintf("%d. ", number)
	for i, line := range terminal.Wrap(markup.Plain(q.Ask), c.width()-len(lead)) {
		if i > 0 {
			lead = "   "
		}
		fmt.Fprintln(c.stderr, lead+line)
	}
	lead = "   enter for: "
	for _, line := range terminal.Wrap(markup.Plain(q.Assume), c.width()-len(lead)) {
		fmt.Fprintln(c.stderr, lead+line)
		lead = strings.Repeat(" ", len(lead))
	}
	fmt.Fprint(c.stderr, "   > ")
}

// prompt asks a person at the terminal; an empty line takes what would be assumed.
func (c *cli) prompt(ctx context.Context, lines *bufio.Reader, questions []author.Question) ([]string, error) {
	var answers []string
	for i, q := range questions {
		c.pose(i+1, q)
		typed := make(chan string, 1)
		ended := make(chan error, 1)
		go func() {
			line, err := lines.ReadString('\n')
			if err != nil {
				ended <- err
				return
			}
			typed <- strings.TrimSpace(line)
		}()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ended:
			return nil, author.ErrNoAnswer
		case line := <-typed:
			if line == "" {
				line = q.Assume + " (assumed)"
			}
			answers = append(answers, line)
		}
	}
	return answers, nil
}
