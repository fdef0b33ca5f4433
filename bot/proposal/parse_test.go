package proposal

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answer makes a text of lines; ' stands for a backtick.
func answer(lines ...string) string { return strings.ReplaceAll(strings.Join(lines, "\n"), "'", "`") }

func TestParseReadsWhatModelsWrite(t *testing.T) {
	orders := []File{{Action: Write, Path: "models/orders.sql", Text: "select 1\n"}}
	edited := []File{{Action: Edit, Path: "models/orders.sql", Sections: []Section{{Search: "a\n", Replace: "b\n"}}}}
	section := []string{"<<<<<<< SEARCH", "a", "=======", "b", ">>>>>>> REPLACE"}
	edit := func(heading string) string {
		return answer(append(append([]string{heading, "'''"}, section...), "'''")...)
	}
	file := func(heading string) string { return answer(heading, "'''sql", "select 1", "'''") }
	for name, c := range map[string]struct {
		answer string
		want   []File
	}{
		"nothing":              {"There is nothing to change.", nil},
		"empty":                {"", nil},
		"plain":                {file("FILE: models/orders.sql"), orders},
		"bold":                 {file("**FILE: models/orders.sql**"), orders},
		"bold keyword":         {file("**FILE:** 'models/orders.sql'"), orders},
		"title":                {file("### FILE: 'models/orders.sql'"), orders},
		"item":                 {file("1. **FILE: 'models/orders.sql'** (new)"), orders},
		"all in backticks":     {file("'FILE: models/orders.sql'"), orders},
		"colon behind":         {file("FILE: models/orders.sql:"), orders},
		"blanks behind":        {file("FILE: models/orders.sql  \t"), orders},
		"other case":           {file("File: models/orders.sql"), orders},
		"blank line between":   {file("FILE: models/orders.sql\n"), orders},
		"prose between":        {file("FILE: models/orders.sql\nThis is new:"), orders},
		"carriage returns":     {strings.ReplaceAll(file("FILE: models/orders.sql"), "\n", "\r\n"), orders},
		"byte order mark":      {"\ufeff" + file("FILE: models/orders.sql"), orders},
		"tildes":               {answer("FILE: models/orders.sql", "~~~~ sql", "select 1", "~~~~~"), orders},
		"indented in a list":   {answer("- FILE: models/orders.sql", "", "      '''sql", "      select 1", "      '''"), orders},
		"wrapped":              {answer("'''markdown", "Reasons.", "", file("FILE: models/orders.sql"), "'''", ""), orders},
		"wrapped, longer":      {answer("Here it is:", "''''md", file("FILE: models/orders.sql"), "''''"), orders},
		"example block first":  {answer("'''", "FILE: x", "'''", file("FILE: models/orders.sql")), orders},
		"keyword in prose":     {"Edit: the file models/x.sql is to be changed.\nFILE: what you like\n" + file("FILE: models/orders.sql"), orders},
		"edit":                 {edit("EDIT: models/orders.sql"), edited},
		"edit, decorated":      {edit("#### EDIT: **'models/orders.sql'** (changed)"), edited},
		"delete":               {"DELETE: models/orders.sql", []File{{Action: Delete, Path: "models/orders.sql"}}},
		"delete, empty block":  {"DELETE: models/orders.sql\n" + answer("'''", "'''"), []File{{Action: Delete, Path: "models/orders.sql"}}},
		"delete, then a block": {"- DELETE: `models/orders.sql`\n\n" + answer("Then:", "'''", "x", "'''"), []File{{Action: Delete, Path: "models/orders.sql"}}},
		"fences in a file": {answer("FILE: README.md", "''''", "'''sql", "select 1", "'''", "''''"),
			[]File{{Action: Write, Path: "README.md", Text: "```sql\nselect 1\n```\n"}}},
		"several blocks of one edit": {edit("EDIT: models/orders.sql") + "\nand\n" + answer(append(append([]string{"'''"}, section...), "'''")...),
			[]File{{Action: Edit, Path: "models/orders.sql", Sections: []Section{{Search: "a\n", Replace: "b\n"}, {Search: "a\n", Replace: "b\n"}}}}},
		"empty search and replace": {answer("EDIT: models/orders.sql", "'''", "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE", "'''"),
			[]File{{Action: Edit, Path: "models/orders.sql", Sections: []Section{{}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, faults := Parse(c.answer)
			if len(faults) > 0 {
				t.Errorf("faults: %v", faults)
			}
			for i := range got.Files {
				got.Files[i].Line = 0
				for j := range got.Files[i].Sections {
					got.Files[i].Sections[j].Line = 0
				}
			}
			if d := cmp.Diff(c.want, got.Files); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseKeepsReasoning(t *testing.T) {
	p, faults := Parse(answer("I join *late*.", "", "FILE: a.sql", "'''", "select 1", "'''", "To see it:", "'''sql", "select 2", "'''"))
	want := answer("I join *late*.", "", "To see it:", "'''sql", "select 2", "'''")
	if len(faults) > 0 || p.Reasoning != want {
		t.Errorf("got %q, %v", p.Reasoning, faults)
	}
}

func TestParseFaults(t *testing.T) {
	for name, c := range map[string]struct{ answer, want string }{
		"cut off":            {answer("FILE: a.sql", "'''sql", "select"), "a.sql (line 2 of the answer): The block that starts here is never closed"},
		"cut off in prose":   {answer("See:", "'''"), "Line 2 of the answer: The block that starts here is never closed"},
		"cut off, wrapped":   {answer("'''markdown", "FILE: a.sql", "'''sql", "select"), "never closed"},
		"twice":              {answer("FILE: a.sql", "'''", "x", "'''", "FILE: A.sql", "'''", "x", "'''"), "names this file before, on line 1"},
		"no block":           {"FILE: a.sql\n\nDELETE: b.sql", "a.sql (line 1 of the answer): No block follows"},
		"no block at all":    {"EDIT: a.sql", "No block follows"},
		"empty block":        {answer("FILE: a.sql", "'''", " ", "'''"), "The block is empty"},
		"sections in a FILE": {answer("FILE: a.sql", "'''", "<<<<<<< SEARCH", "'''"), "Use EDIT instead of FILE"},
		"EDIT of a whole":    {answer("EDIT: a.sql", "'''", "select 1", "'''"), "holds no section"},
		"sections of none":   {answer("'''", "<<<<<<< SEARCH", "'''"), "do not say which file"},
		"no divider":         {answer("EDIT: a.sql", "'''", "<<<<<<< SEARCH", "a", ">>>>>>> REPLACE", "'''"), "(line 5 of the answer): This section has no line ======="},
		"two dividers":       {answer("EDIT: a.sql", "'''", "<<<<<<< SEARCH", "=======", "=======", ">>>>>>> REPLACE", "'''"), "second line ======="},
		"section in section": {answer("EDIT: a.sql", "'''", "<<<<<<< SEARCH", "<<<<<<< SEARCH", "'''"), "before the one above it has ended"},
		"endless section":    {answer("EDIT: a.sql", "'''", "<<<<<<< SEARCH", "=======", "'''"), "(line 3 of the answer): This section does not end"},
		"text by sections":   {answer("EDIT: a.sql", "'''", "select", "<<<<<<< SEARCH", "'''"), "outside of any section"},
		"DELETE with text":   {answer("DELETE: a.sql", "'''", "old", "'''"), "DELETE takes no block"},
		"which block":        {answer("FILE: a.sql", "For example", "'''", "x", "'''", "but really", "'''", "y", "'''"), "Two blocks follow the heading"},
		"fences in Markdown": {answer("FILE: a.md", "'''", "# A", "'''", "select 1", "'''", "more", "'''"), "put the file between longer fences"},
		"10,000 files":       {strings.Repeat("FILE: a.sql\n", 10_000), "names more than 1000 files"},
		"too long":           {strings.Repeat("x", MaxAnswer+1), "at most 4 MiB are read"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, faults := Parse(c.answer); !told(faults, c.want) {
				t.Errorf("%q is not among %q", c.want, faults)
			}
		})
	}
}

// told says whether one of the faults holds the text.
func told(faults []Fault, text string) bool {
	for _, f := range faults {
		if strings.Contains(f.String(), text) {
			return true
		}
	}
	return false
}

func TestParseTellsFewFaults(t *testing.T) {
	_, faults := Parse(strings.Repeat("FILE: a.sql\n", 1000))
	if len(faults) != maxFaults+1 || !told(faults, "more faults") {
		t.Errorf("%d faults", len(faults))
	}
}

func TestVisibleLeavesOutWhatFilesMayNotHold(t *testing.T) {
	for text, want := range map[string]string{
		"":                            "",
		"two\tlines\r\nand ümlauts ✓": "two\tlines\r\nand ümlauts ✓",
		"a\u202eb\x1b[31m\x00c\u2066": "ab[31mc",
	} {
		got := Visible(text)
		if got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
		if why := checkText(got, ""); why != "" {
			t.Errorf("%q is refused: %s", got, why)
		}
	}
}
