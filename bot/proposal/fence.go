package proposal

import (
	"fmt"
	"strings"
)

// Fence puts text into a prompt as data under a name, which may be foreign as well. No line of the text can close the
// fence, since that is longer than any run of backticks in it. The text itself stays as it is; only a missing line feed
// at its end is added.
func Fence(name, text string) string {
	longest, run := 2, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	marks := strings.Repeat("`", longest+1)
	return marks + "data name=" + Attr(name) + "\n" + text + marks + "\n"
}

// Attr returns s as one quoted value for the label of a fence or a tag: without line breaks, backticks, quotes, angle brackets or anything
// that is not printable, each of which becomes a character reference as in HTML.
func Attr(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if strings.ContainsRune("\"'`<>&\\", r) || !printable(r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}
