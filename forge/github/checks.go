package github

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/codicil-dev/codicil/forge"
)

// What GitHub takes at once: annotations, and bytes of a text, of an annotation's title and of its message.
// See https://docs.github.com/en/rest/checks/runs.
const (
	mostAnnotations   = 50
	longestText       = 65535
	longestTitle      = 255
	longestAnnotation = 64 << 10
)

// CreateCheck shows a check at a commit, pending or with its result. Texts that are too long for GitHub are cut, and say so. Annotations go in
// batches: after an error, the check that is returned has its ID if it was made.
func (h *Host) CreateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error) {
	op := fmt.Sprintf("make the check %s of commit %s of %s", c.Name, c.SHA, repo)
	first, rest := batch(c.Annotations)
	options := github.CreateCheckRunOptions{Name: c.Name, HeadSHA: c.SHA, DetailsURL: some(c.URL), ExternalID: some(c.Key), Output: output(c, first)}
	options.Status, options.Conclusion, options.CompletedAt = h.state(c.Conclusion)
	run, err := ask(ctx, h, repo, op, makes, func(client *github.Client) (*github.CheckRun, *github.Response, error) {
		return client.Checks.CreateCheckRun(ctx, repo.Owner, repo.Name, options)
	})
	if err != nil {
		return forge.Check{}, err
	}
	made := check(run)
	made.Annotations = c.Annotations
	if c.ID = made.ID; len(rest) > 0 {
		_, err = h.annotate(ctx, repo, op, c, rest)
	}
	return made, err
}

// UpdateCheck changes a check that CreateCheck made: c.ID names it. Of its annotations those are added that the check lacks; GitHub takes none
// away.
func (h *Host) UpdateCheck(ctx context.Context, repo forge.Repo, c forge.Check) (forge.Check, error) {
	op := fmt.Sprintf("update the check %s (%d) of %s", c.Name, c.ID, repo)
	lacking, err := h.lacking(ctx, repo, op, c)
	if err != nil {
		return forge.Check{}, err
	}
	run, err := h.annotate(ctx, repo, op, c, lacking)
	if err != nil {
		return forge.Check{}, err
	}
	made := check(run)
	made.Annotations = c.Annotations
	return made, nil
}

// annotate updates a check, and adds annotations in batches. Where no answer tells whether a batch came, those that lack are looked for.
func (h *Host) annotate(ctx context.Context, repo forge.Repo, op string, c forge.Check, lacking []forge.Annotation) (run *github.CheckRun, err error) {
	for tries := 1; ; {
		some, rest := batch(lacking)
		run, err = h.updateCheck(ctx, repo, op, c, some)
		switch _, unsure, _ := forge.MayRetry(err); {
		case err == nil && len(rest) == 0:
			return run, nil
		case err == nil:
			lacking = rest
			continue
		case !unsure || len(some) == 0 || tries >= mostTries:
			return nil, err
		}
		if pause(ctx, time.Duration(tries)*betweenBatches) != nil {
			return nil, err
		}
		tries++
		if lacking, err = h.lacking(ctx, repo, op, c); err != nil {
			return nil, err
		}
	}
}

// betweenBatches is how long is waited after the first answer that does not tell whether annotations came; longer after each further one.
const betweenBatches = 200 * time.Millisecond

func (h *Host) updateCheck(ctx context.Context, repo forge.Repo, op string, c forge.Check, annotations []forge.Annotation) (*github.CheckRun, error) {
	options := github.UpdateCheckRunOptions{Name: c.Name, DetailsURL: some(c.URL), ExternalID: some(c.Key), Output: output(c, annotations)}
	options.Status, options.Conclusion, options.CompletedAt = h.state(c.Conclusion)
	what := sets
	if len(annotations) > 0 { // they would be there twice
		what = makes
	}
	return ask(ctx, h, repo, op, what, func(client *github.Client) (*github.CheckRun, *github.Response, error) {
		return client.Checks.UpdateCheckRun(ctx, repo.Owner, repo.Name, c.ID, options)
	})
}

// lacking are the annotations that a check is to have and does not have.
func (h *Host) lacking(ctx context.Context, repo forge.Repo, op string, c forge.Check) (lacking []forge.Annotation, err error) {
	if len(c.Annotations) == 0 {
		return nil, nil
	}
	there, err := every(ctx, h, repo, op, func(client *github.Client, o github.ListOptions) ([]*github.CheckRunAnnotation, *github.Response, error) {
		return client.Checks.ListCheckRunAnnotations(ctx, repo.Owner, repo.Name, c.ID, &o)
	})
	if err != nil {
		return nil, err
	}
	has := map[string]int{}
	for _, a := range there {
		has[content(a)]++
	}
	for _, a := range c.Annotations {
		if is := content(annotation(c, a)); has[is] > 0 {
			has[is]--
			continue
		}
		lacking = append(lacking, a)
	}
	return lacking, nil
}

// content is what an annotation says and where.
func content(a *github.CheckRunAnnotation) string {
	return fmt.Sprintf("%q %d %d %q %q %q", a.GetPath(), a.GetStartLine(), a.GetEndLine(), a.GetAnnotationLevel(), strings.TrimSpace(a.GetTitle()), strings.TrimSpace(a.GetMessage()))
}

// Checks lists the checks of a name at a commit, as far as they are the App's own; with a token, everybody's. An empty name means all of them.
func (h *Host) Checks(ctx context.Context, repo forge.Repo, sha, name string) ([]forge.Check, error) {
	op := fmt.Sprintf("list the checks of commit %s of %s", sha, repo)
	if err := checkCommit(op, sha); err != nil {
		return nil, err
	}
	options := github.ListCheckRunsOptions{CheckName: some(name), Filter: github.String("all")}
	if h.options.App != nil {
		options.AppID = &h.options.App.ID
	}
	all, err := every(ctx, h, repo, op, func(c *github.Client, o github.ListOptions) ([]*github.CheckRun, *github.Response, error) {
		options.ListOptions = o
		some, response, err := c.Checks.ListCheckRunsForRef(ctx, repo.Owner, repo.Name, sha, &options)
		if err != nil {
			return nil, response, err
		}
		return some.CheckRuns, response, nil
	})
	if err != nil {
		return nil, err
	}
	return each(all, check), nil
}

// state is GitHub's for a conclusion.
func (h *Host) state(c forge.Conclusion) (status, conclusion *string, completed *github.Timestamp) {
	if c == forge.Pending {
		return github.String("in_progress"), nil, nil
	}
	return github.String("completed"), github.String(string(c)), &github.Timestamp{Time: h.options.Now().UTC().Truncate(time.Second)}
}

// some is a text, nil if it is empty.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func batch(all []forge.Annotation) (first, rest []forge.Annotation) {
	n := min(len(all), mostAnnotations)
	return all[:n], all[n:]
}

// output is what a check shows; nil for nothing.
func output(c forge.Check, annotations []forge.Annotation) *github.CheckRunOutput {
	if c.Title == "" && c.Summary == "" && c.Text == "" && len(annotations) == 0 {
		return nil
	}
	title, summary := cut(c.Title, longestTitle), cutMarkdown(c.Summary, longestText)
	if title == "" {
		title = c.Name // GitHub wants one
	}
	out := &github.CheckRunOutput{Title: &title, Summary: &summary, Text: some(cutMarkdown(c.Text, longestText))}
	for _, a := range annotations {
		out.Annotations = append(out.Annotations, annotation(c, a))
	}
	return out
}

// annotation is GitHub's for one of a check.
func annotation(c forge.Check, a forge.Annotation) *github.CheckRunAnnotation {
	start := max(a.Start, 1)
	level := a.Level
	if level != forge.LevelNotice && level != forge.LevelWarning {
		level = forge.LevelFailure
	}
	message := cut(a.Message, longestAnnotation)
	if message == "" {
		message = c.Name
	}
	return &github.CheckRunAnnotation{Path: github.String(a.Path), StartLine: &start, EndLine: github.Int(max(a.End, start)),
		AnnotationLevel: github.String(string(level)), Title: some(cut(a.Title, longestTitle)), Message: &message}
}

// shortened is what a text ends in that was cut.
const shortened = "\n\n*(The rest is left out: GitHub shows no more.)*\n"

// cutMarkdown is a Markdown text of at most n bytes. It is cut at the end of a line, and a code block that is open there is closed.
func cutMarkdown(s string, n int) string {
	if len(s) <= n {
		return s
	}
	const room = 16 // for the end of a code block
	kept := cut(s, n-len(shortened)-room)
	if at := strings.LastIndexByte(kept, '\n'); at > len(kept)/2 {
		kept = kept[:at]
	}
	fence := ""
	for line := range strings.Lines(kept) {
		line = strings.TrimSpace(line)
		marks := len(line) - len(strings.TrimLeft(line, "`"))
		switch {
		case fence == "" && marks >= 3:
			fence = line[:min(marks, room-1)]
		case fence != "" && marks >= len(fence) && marks == len(line):
			fence = ""
		}
	}
	if fence != "" {
		kept += "\n" + fence
	}
	return kept + shortened
}
