package why

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes s for programs: indented, with lists that are empty rather than null. The error is that of w.
func JSON(w io.Writer, s *Story) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return fmt.Errorf("write the story as JSON: %w", err)
	}
	return nil
}
