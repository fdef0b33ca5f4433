package model

import "strings"

// An anchor is at least shortAnchor bytes long where there is as much, and about longAnchor at most.
const (
	shortAnchor = 24
	longAnchor  = 200
)

// anchor returns the end of text by which a continuation is recognised: its last line, or a few more if that is short.
// It is a suffix of text.
func anchor(text string) string {
	start := len(text)
	for start > 0 && len(strings.TrimSpace(text[start:])) < shortAnchor {
		start = strings.LastIndexByte(text[:start-1], '\n') + 1
	}
	if len(text)-start > longAnchor {
		start = len(text) - longAnchor
		for start < len(text) && text[start]&0xC0 == 0x80 { // not within a character
			start++
		}
	}
	return text[start:]
}

// join puts a continuation behind text. One that repeats text's anchor, as it is asked to, replaces it: what the model
// now says about the white space at the seam is right. Any other continuation is taken to go on at the last character.
func join(text, more string) string {
	last := anchor(text)
	core := strings.TrimSpace(last)
	begin := strings.TrimLeft(more, " \t\r\n")
	if core == "" || !strings.HasPrefix(begin, core) {
		return text + more
	}
	lead := last[:strings.Index(last, core)]
	return text[:len(text)-len(last)] + lead + begin
}
