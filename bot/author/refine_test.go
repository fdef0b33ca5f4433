package author_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/spec"
)

func TestVerdicts(t *testing.T) {
	t.Parallel()
	job := put(t, shop())
	before := read(t, job.Tree.Root)
	for verdict, kind := range map[string]author.Kind{"met": author.Met, "elsewhere": author.Elsewhere, "conflict": author.Conflict, "unclear": author.Asked} {
		s := good(t)
		s.answers[author.StageRefine] = []string{"```json\n" + `{"verdict": "` + verdict + `", "explanation": "Because of amendment 1.", "amendments": [1, 9], "questions": [{"ask": "Which?", "assume": "All"}],
			"options": [{"option": "Retire it", "supersedes": [{"amendment": 1, "checks": ["amount is the sum of the lines"]}, {"amendment": 9}]}]}` + "\n```\n"}
		o := amend(t, s, job)
		wantKind(t, o, kind)
		if o.Explanation != "Because of amendment 1." || !slices.Equal(o.Amendments, []int{1}) {
			t.Errorf("%s: %q %v", verdict, o.Explanation, o.Amendments)
		}
		if kind == author.Conflict && !slices.Equal(o.Options[0].Supersedes, []string{"1:amount is the sum of the lines"}) {
			t.Errorf("options %v", o.Options)
		}
		if kind == author.Asked && len(o.Questions) != 1 {
			t.Errorf("questions %v", o.Questions)
		}
	}
	if diff := cmp.Diff(before, read(t, job.Tree.Root)); diff != "" {
		t.Error(diff)
	}
}

func TestQuestions(t *testing.T) {
	t.Parallel()
	unclear := "```json\n" + `{"verdict": "unclear", "explanation": "Returned items?", "questions": [{"ask": "Do returned items count?", "assume": "No"}]}` + "\n```\n"
	for name, assume := range map[string]bool{"asked": false, "assumed": true} {
		t.Run(name, func(t *testing.T) {
			job, s := put(t, shop()), good(t)
			s.answers[author.StageRefine] = []string{unclear, clear}
			job.AssumeYes = assume
			a := newAuthor(s)
			answer := "Never: they are gone"
			a.Questions = func(context.Context, []author.Question) ([]string, error) { return []string{answer}, nil }
			if assume {
				answer = "No (assumed)"
			}
			o, err := a.Amend(t.Context(), job)
			if err != nil {
				t.Fatal(err)
			}
			wantKind(t, o, author.Done)
			if diff := cmp.Diff([]spec.Question{{Ask: "Do returned items count?", Answer: answer}}, o.Amendment.Questions); diff != "" {
				t.Error(diff)
			}
			if text := s.of(author.StageRefine)[1].Messages[3].Text; !strings.Contains(text, answer) {
				t.Errorf("the answer was not passed on:\n%s", text)
			}
		})
	}
}
