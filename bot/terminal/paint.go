package terminal

import "github.com/fatih/color"

// Ink colours text.
type Ink = func(a ...any) string

// Paint holds the colours of one rendering. The library's global switch, which looks at the program's own standard
// output, is left alone.
type Paint struct{ Good, Warn, Bad, Bold, Faint, Title Ink }

// NewPaint returns the colours, or inks that leave text as it is.
func NewPaint(on bool) Paint {
	of := func(attrs ...color.Attribute) Ink {
		c := color.New(attrs...)
		if on {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.SprintFunc()
	}
	return Paint{
		Good: of(color.FgGreen), Warn: of(color.FgYellow), Bad: of(color.FgRed),
		Bold: of(color.Bold), Faint: of(color.Faint), Title: of(color.Bold, color.FgCyan),
	}
}
