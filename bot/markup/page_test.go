package markup

import (
	"strings"
	"testing"
	"time"
)

// paged is a page with a part of each sort.
func paged() *Page {
	p := &Page{}
	p.Add(0, "", "# Head\n", "")
	p.Add(1, "checks", "| check |\n|---|\n", "", "| a |\n", "| b |\n")
	p.Append(2, "rows", "| c |\n", "| d |\n")
	p.Add(1, "nothing", "never seen", "")
	p.Fold(3, "notes", "Notes", []string{"- one\n", "- two\n"})
	return p
}

func TestPageIsCutFromItsLeastImportantEnd(t *testing.T) {
	const (
		table = "# Head\n\n| check |\n|---|\n| a |\n| b |\n"
		whole = table + "| c |\n| d |\n\n<details><summary>Notes</summary>\n\n- one\n- two\n\n</details>\n"
	)
	for _, c := range []struct {
		name  string
		limit int
		want  string
	}{
		{"all of it", len(whole) + 6, whole},
		{"all items of a fold", len(whole) - 1, table + "| c |\n| d |\n\n*2 notes left out to fit here.*\n"},
	} {
		got, err := paged().Fit(c.limit)
		if err != nil || got != c.want {
			t.Errorf("%s: %d bytes within %d, %v:\n%s", c.name, len(got), c.limit, err, got)
		}
	}
	for limit := range 200 {
		got, err := paged().Fit(limit)
		if err == nil && (len(got) > limit || !strings.HasPrefix(got, "# Head\n")) {
			t.Errorf("%d bytes within %d:\n%s", len(got), limit, got)
		}
		if err != nil && limit > 60 {
			t.Errorf("within %d: %v", limit, err)
		}
	}
}

func TestALongPageIsCutInNoTime(t *testing.T) {
	rows := make([]string, 100_000)
	for i := range rows {
		rows[i] = "| a row |\n"
	}
	p := &Page{}
	p.Add(0, "", "# Head\n", "")
	p.Add(1, "rows", "", "", rows...)
	start := time.Now()
	if got, err := p.Fit(1000); err != nil || len(got) > 1000 || time.Since(start) > 2*time.Second {
		t.Errorf("%d bytes after %v: %v", len(got), time.Since(start), err)
	}
}
