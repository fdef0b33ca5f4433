package outbox

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/forge"
)

// maker makes writes of one key on a host.
type maker struct {
	Host
	git Pusher
	key string
	// Unsure says that an earlier attempt may have been carried out, looked that what it would have made was looked for or can't be there.
	unsure, looked bool
	// Check is the check that is known to be there; 0 if none is known.
	check int64
}

// skew is how far the host's clock and ours may be apart.
const skew = 10 * time.Minute

// find looks for what an operation would make. Since is when it was first wanted.
func (m maker) find(ctx context.Context, op Operation, since time.Time) (r Result, found bool, err error) {
	switch op.Kind {
	case Comment:
		mine, err := m.comments(ctx, op, since)
		if err != nil || len(mine) == 0 {
			return r, false, err
		}
		return Result{ID: mine[0].ID, URL: mine[0].URL}, true, nil
	case OpenRequest:
		return m.findRequest(ctx, op)
	case SetCheck:
		checks, err := m.Checks(ctx, op.Repo, op.Check.SHA, op.Check.Name)
		if err != nil {
			return r, false, fmt.Errorf("look for the check %s: %w", op.Check.Name, err)
		}
		for _, c := range checks {
			if c.Key == op.Check.Key {
				return Result{ID: c.ID, URL: c.URL}, false, nil // found, and to be brought up to date: see check
			}
		}
	}
	return r, false, nil
}

// comments are the bot's own comments with the key's mark, the oldest first.
func (m maker) comments(ctx context.Context, op Operation, since time.Time) (mine []forge.Comment, err error) {
	self, err := m.Self(ctx)
	if err != nil {
		return nil, err
	}
	there, err := m.Comments(ctx, op.Repo, op.Number, since.Add(-skew))
	if err != nil {
		return nil, fmt.Errorf("look for the comment at %s#%d: %w", op.Repo, op.Number, err)
	}
	for _, c := range there {
		if strings.EqualFold(c.Author.Login, self.Login) && strings.Contains(c.Body, Mark(m.key)) {
			mine = append(mine, c)
		}
	}
	return mine, nil
}

// findRequest finds the bot's open merge request of the branch, or the one of the same change that somebody merged or closed already.
func (m maker) findRequest(ctx context.Context, op Operation) (r Result, found bool, err error) {
	self, err := m.Self(ctx)
	if err != nil {
		return r, false, err
	}
	there, err := m.MergeRequests(ctx, op.Repo, forge.MergeRequestFilter{State: forge.StateAll, Head: op.Head})
	if err != nil {
		return r, false, fmt.Errorf("look for the merge request of %s: %w", op.Head, err)
	}
	same := hiddenLine.FindString(op.Body)
	for _, x := range there {
		if (x.Open || same != "" && hiddenLine.FindString(x.Body) == same) && x.Head == op.Head && strings.EqualFold(x.Author.Login, self.Login) && x.HeadRepo.Key() == op.Repo.Key() {
			return Result{Number: x.Number, URL: x.URL}, true, nil
		}
	}
	return r, false, nil
}

// hiddenLine tells in the body of a merge request of which change it is, and of which commits: see message.Meta.
var hiddenLine = regexp.MustCompile(`<!-- codicil:[0-9]+ \S+ -->`)

// make makes a write.
func (m maker) make(ctx context.Context, op Operation) (r Result, err error) {
	switch op.Kind {
	case Comment:
		c, err := m.CreateComment(ctx, op.Repo, op.Number, marked(op.Body, m.key))
		return Result{ID: c.ID, URL: c.URL}, err
	case EditComment:
		c, err := m.EditComment(ctx, op.Repo, op.CommentID, marked(op.Body, op.Of))
		return Result{ID: c.ID, URL: c.URL}, err
	case React:
		if op.CommentID == 0 {
			return r, m.ReactToIssue(ctx, op.Repo, op.Number, op.Reaction)
		}
		return r, m.React(ctx, op.Repo, op.CommentID, op.Reaction)
	case CloseIssue:
		return r, m.CloseIssue(ctx, op.Repo, op.Number, forge.Completed)
	case OpenRequest:
		x, err := m.OpenMergeRequest(ctx, op.Repo, forge.NewMergeRequest{Title: op.Title, Body: op.Body, Head: op.Head, Base: op.Base, Draft: op.Draft})
		return Result{Number: x.Number, URL: x.URL}, err
	case EditRequest:
		return m.editRequest(ctx, op)
	case SetDraft:
		return m.draft(ctx, op)
	case SetLabels:
		return r, m.labels(ctx, op)
	case AskReviewers:
		refused, err := m.RequestReviewers(ctx, op.Repo, op.Number, op.Users, op.Teams)
		if len(refused) > 0 {
			r.Note = "these can't review here: " + strings.Join(refused, ", ")
		}
		return r, err
	case SetCheck:
		return m.setCheck(ctx, op)
	case Push:
		return r, m.git.Push(ctx, op.Repo, op.Bundle, op.Commit, op.Branch, op.Expected)
	case DeleteBranch:
		return r, m.git.DeleteBranch(ctx, op.Repo, op.Branch, op.Expected)
	}
	return r, fmt.Errorf("%w: there is no operation %q", forge.ErrInvalid, op.Kind)
}

func (m maker) editRequest(ctx context.Context, op Operation) (Result, error) {
	edit := forge.MergeRequestEdit{Open: op.Open}
	if op.Title != "" {
		edit.Title = &op.Title
	}
	if op.Body != "" {
		edit.Body = &op.Body
	}
	x, err := m.EditMergeRequest(ctx, op.Repo, op.Number, edit)
	return Result{Number: x.Number, URL: x.URL}, err
}

// draft makes a merge request a draft or ready, unless it is.
func (m maker) draft(ctx context.Context, op Operation) (r Result, err error) {
	x, err := m.MergeRequest(ctx, op.Repo, op.Number)
	if err != nil || x.Draft == op.Draft {
		return r, err
	}
	return r, m.SetDraft(ctx, op.Repo, x, op.Draft)
}

// labels sees to it that the labels are there, and those to drop are not. It asks for no more than what lacks.
func (m maker) labels(ctx context.Context, op Operation) error {
	var there []string
	if m.unsure || len(op.Drop) > 0 {
		x, err := m.MergeRequest(ctx, op.Repo, op.Number)
		if err != nil {
			return err
		}
		there = x.Labels
	}
	has := func(name string) bool {
		return slices.ContainsFunc(there, func(l string) bool { return strings.EqualFold(l, name) })
	}
	var names []string
	for _, l := range op.Labels {
		if has(l.Name) {
			continue
		}
		if err := m.EnsureLabel(ctx, op.Repo, l); err != nil {
			return err
		}
		names = append(names, l.Name)
	}
	if len(names) > 0 {
		if err := m.AddLabels(ctx, op.Repo, op.Number, names); err != nil {
			return err
		}
	}
	for _, name := range op.Drop {
		if !has(name) {
			continue
		}
		if err := m.RemoveLabel(ctx, op.Repo, op.Number, name); err != nil {
			return err
		}
	}
	return nil
}

// setCheck makes the check, or brings the one that is there up to date.
func (m maker) setCheck(ctx context.Context, op Operation) (r Result, err error) {
	c := *op.Check
	if c.ID = m.check; c.ID == 0 && !m.looked {
		there, _, err := m.find(ctx, op, time.Time{})
		if err != nil {
			return r, err
		}
		c.ID = there.ID
	}
	if c.ID != 0 {
		c, err = m.UpdateCheck(ctx, op.Repo, c)
	} else {
		c, err = m.CreateCheck(ctx, op.Repo, c)
	}
	if m.check != 0 && !m.looked && errors.Is(err, forge.ErrNotFound) { // hosts don't keep checks for ever
		m.check = 0
		return m.setCheck(ctx, op)
	}
	return Result{ID: c.ID, URL: c.URL}, err
}
