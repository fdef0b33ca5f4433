package author_test

import (
	"testing"

	"github.com/codicil-dev/codicil/bot/author"
)

// TestOverlap has an implementation repeat itself in a second model.
func TestOverlap(t *testing.T) {
	t.Parallel()
	job, s := put(t, shop()), good(t)
	s.answers[author.StageImplement] = []string{implements(newModel) + file("models/again.sql", newModel)}
	o := amend(t, s, job)
	if o.OverlapBefore == nil || o.OverlapAfter == nil || *o.OverlapBefore != 0 || *o.OverlapAfter != 1 {
		t.Fatalf("ended as %s (%s): %v before, %v after", o.Kind, o.Explanation, o.OverlapBefore, o.OverlapAfter)
	}
}
