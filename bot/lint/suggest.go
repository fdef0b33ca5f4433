package lint

import (
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
)

// suggest is a question that names the candidate closest to a misspelt name, to follow a message; empty if none is close.
func suggest(name string, candidates []string) string {
	best, least := "", 1+len(name)/3
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(c)); d < least || d == least && best == "" {
			best, least = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}
