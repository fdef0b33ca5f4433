package author_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/model"
)

// drawer keeps the answers of one change, as a database would.
type drawer map[string]string

func (d drawer) Answer(_ context.Context, key string) (a model.Answer, ok bool, err error) {
	text, ok := d[key]
	if ok {
		err = json.Unmarshal([]byte(text), &a)
	}
	return a, ok, err
}

func (d drawer) Keep(_ context.Context, key string, a model.Answer, _ model.Spent) error {
	text, err := json.Marshal(a)
	d[key] = string(text)
	return err
}

func (d drawer) Spend(context.Context, model.Spent) error { return nil }

// Work that is taken up again after the process ended is answered from the store as far as it had come, wherever that was.
func TestResumes(t *testing.T) {
	t.Parallel()
	kept := drawer{}
	for i, stage := range []string{author.StageAmend, author.StageImplement, author.StageReview} {
		job, s := put(t, shop()), good(t) // elsewhere on this machine, as another worktree would be
		ctx, end := context.WithCancel(t.Context())
		s.then = func(at string) {
			if at == stage {
				end()
			}
		}
		if _, err := remembering(s, kept).Amend(ctx, job); !errors.Is(err, context.Canceled) {
			t.Fatalf("%s: %v", stage, err)
		}
		end()
		// The stage before is new in this run the first time, and what came before that is known.
		if asked := len(s.asked); asked != 2 || s.asked[asked-1].Stage != stage || len(kept) != i+1 {
			t.Fatalf("%s: %d requests, %d answers kept", stage, asked, len(kept))
		}
	}
	job, s := put(t, shop()), good(t)
	o, err := remembering(s, kept).Amend(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, o, author.Done)
	if len(s.asked) != 1 || s.asked[0].Stage != author.StageReview {
		t.Errorf("%d requests", len(s.asked))
	}
}

// remembering is an author that remembers.
func remembering(s *script, kept drawer) *author.Author {
	a := newAuthor(s)
	a.Asker = model.NewRemembering(s, kept, nil)
	return a
}
