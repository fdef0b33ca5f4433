package model

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// record makes a recording of questions and their answers, all of one stage.
func record(t *testing.T, dir, stage string, said ...string) {
	t.Helper()
	to := &script{}
	recorder, err := NewRecorder(dir, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(said); i += 2 {
		to.answers = append(to.answers, Answer{Text: said[i+1], Usage: Usage{In: 10, Out: 1}})
		if _, err := recorder.Ask(t.Context(), ask(stage, said[i])); err != nil {
			t.Fatal(err)
		}
	}
}

func TestShelf(t *testing.T) {
	root, other := t.TempDir(), t.TempDir()
	record(t, filepath.Join(root, "one", "recording"), "refine", "count items", "which?", "count them all", "clear", "again", "first")
	record(t, filepath.Join(root, "two"), "refine", "rename", "met", "again", "second")
	record(t, filepath.Join(root, "three"), "amend", "rename", "written")
	record(t, filepath.Join(other, "four"), "review", "judge", "approved")
	shelf, err := OpenShelf("shelf", os.DirFS(root), os.DirFS(other))
	if err != nil {
		t.Fatal(err)
	}
	account := NewAccount(Budget{Tokens: 101}, Prices{}, Spent{}, time.Now)
	reader := shelf.Reader(nil, account)
	for i, asked := range []struct{ stage, says, want string }{
		{"amend", "rename", "written"}, {"refine", "rename", "met"}, {"refine", "count them all", "clear"}, {"refine", "count items", "which?"},
		{"refine", "again", "first"}, {"refine", "again", "second"}, {"refine", "again", "second"}, {"review", "judge", "approved"},
	} {
		if a, err := reader.Ask(t.Context(), ask(asked.stage, asked.says)); err != nil || a.Text != asked.want {
			t.Fatal(i, a.Text, err)
		}
	}
	if s := account.Spent(); s.Total.Usage.Total() != 88 {
		t.Errorf("spent %+v", s.Total)
	}
	if a, err := shelf.Reader(nil, nil).Ask(t.Context(), ask("refine", "again")); err != nil || a.Text != "first" {
		t.Error("another change goes on where the first was:", a.Text, err)
	}
	var missing *MissingError
	_, err = reader.Ask(t.Context(), ask("refine", "count them"))
	if !errors.As(err, &missing) || missing.Nearest != "one/recording/01-refine.md" || !strings.Contains(err.Error(), "no recording in shelf has this request of the stage refine") {
		t.Error(err)
	}
	if _, err = reader.Ask(t.Context(), ask("implement", "rename")); !errors.As(err, &missing) || missing.Nearest != "" {
		t.Error(err)
	}
	var budget *BudgetError
	for range 2 {
		_, err = reader.Ask(t.Context(), ask("amend", "rename"))
	}
	if !errors.As(err, &budget) {
		t.Error("the budget does not hold:", err)
	}
}

func TestShelfIsRefused(t *testing.T) {
	root := t.TempDir()
	if _, err := OpenShelf("shelf", os.DirFS(root)); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Error(err)
	}
	record(t, filepath.Join(root, "one"), "refine", "a", "b", "c", "d")
	if err := os.Remove(filepath.Join(root, "one", "01-refine.md")); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenShelf("shelf", os.DirFS(root)); err == nil || !strings.Contains(err.Error(), "shelf/one: exchange 01 is missing") {
		t.Error(err)
	}
}
