package spec_test

import (
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/spec"
)

// TestLongTextsAreFolded writes long texts as people do, and reads them back to the byte.
func TestLongTextsAreFolded(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("what the customer kept, by line: ", 12))
	for name, text := range map[string]string{
		"prose": long, "a long word": strings.Repeat("x", 300) + " " + long, "hash": "# " + long, "colons": "a: b: " + long, "two spaces": long + "  " + long,
		"space in front": " " + long, "several lines": long + "\n" + long, "tab": long + "\tx", "ends in a colon": long + ":", "dash": "- " + long, "quotes": `"` + long + `"`,
		"unicode": strings.Repeat("größer als ", 20) + "x", "narrow space": strings.Repeat("12\u202f000 ", 20) + "x",
	} {
		t.Run(name, func(t *testing.T) {
			a := spec.Amendment{ID: 1, Requirement: text, Origin: spec.Origin{Kind: spec.OriginIssue}, Reading: long, Change: "c",
				Rejected: []spec.Rejection{{Option: text, Breaks: []int{1}}}, Checks: []spec.Check{{Name: "n", SQL: "select 1\nwhere false\n"}}}
			data, err := spec.MarshalAmendment(&a)
			if err != nil {
				t.Fatal(err)
			}
			got, _, problems := spec.ParseAmendment("0001.yaml", data)
			if problems.Err() != nil || got.Requirement != text || got.Rejected[0].Option != text {
				t.Fatalf("read back as %q (%v) from\n%s", got.Requirement, problems, data)
			}
			if name != "prose" {
				return
			}
			for _, line := range strings.Split(string(data), "\n") {
				if len(line) > 115 {
					t.Errorf("a line of %d bytes: %s", len(line), line)
				}
			}
			if !strings.Contains(string(data), "reading: >-\n  what the") {
				t.Errorf("it is not folded:\n%s", data)
			}
		})
	}
}
