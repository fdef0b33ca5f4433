package report

import (
	"fmt"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
)

// wide is the number of columns that s takes in a terminal.
func wide(s string) int { return uniseg.StringWidth(s) }

// pad fills s with blanks to n columns.
func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-wide(s))) }

// fit cuts s to n columns, the last of which is … if anything was lost.
func fit(s string, n int) string {
	if wide(s) <= n {
		return s
	}
	var b strings.Builder
	room := n - 1
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if room -= g.Width(); room < 0 {
			break
		}
		b.WriteString(g.Str())
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// wrap breaks s at blanks into lines of at most n columns; a word that is longer is broken where it must be.
func wrap(s string, n int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(s) {
		for wide(w) > n {
			head := strings.TrimSuffix(fit(w, n), "…")
			if head == "" {
				break
			}
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, w = append(lines, head), w[len(head):]
		}
		switch {
		case line == "":
			line = w
		case wide(line)+1+wide(w) <= n:
			line += " " + w
		default:
			lines, line = append(lines, line), w
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// sample writes failing rows as an aligned table that fits the width.
func (t *texter) sample(s *bot.Sample) {
	grid := sampleGrid(s)
	widths := fitColumns(grid, t.width-6)
	for i, row := range grid {
		var b strings.Builder
		for j, cell := range row[:len(widths)] {
			cell = fit(cell, widths[j])
			gap := strings.Repeat(" ", widths[j]-wide(cell))
			if i > 0 && rightAligned(grid, j) {
				b.WriteString(gap + cell + "  ")
			} else {
				b.WriteString(cell + gap + "  ")
			}
		}
		line := strings.TrimRight(b.String(), " ")
		if len(widths) < len(row) {
			line += " …"
		}
		if i == 0 {
			line = t.faint(line)
		}
		t.line("      ", line)
	}
	if left := s.Total - int64(len(s.Rows)); left > 0 {
		t.line("      ", t.faint(fmt.Sprintf("… and %s more", rows(left))))
	}
}

// sampleGrid is the header and the rows as plain text; ragged rows are filled up.
func sampleGrid(s *bot.Sample) [][]string {
	head := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		head[i] = markup.Plain(c)
	}
	grid := [][]string{head}
	for _, row := range s.Rows {
		cells := make([]string, len(head))
		for i := range cells {
			if i < len(row) {
				cells[i] = value(row[i])
			}
		}
		grid = append(grid, cells)
	}
	return grid
}

// fitColumns shares room among columns: narrow ones get what they need, wide ones what is left, at least six each;
// columns for which there is no room are left off.
func fitColumns(grid [][]string, room int) []int {
	const least, between = 6, 2
	want := make([]int, len(grid[0]))
	for _, row := range grid {
		for j, cell := range row {
			want[j] = max(want[j], wide(cell), 1)
		}
	}
	shown := min(len(want), max(1, (room+between)/(least+between)))
	want = want[:shown]
	if shown < len(grid[0]) {
		room -= 2 // for the … that stands for the others
	}
	room -= between * (shown - 1)
	for {
		sum, widest := 0, 0
		for j, w := range want {
			sum += w
			if w > want[widest] {
				widest = j
			}
		}
		if sum <= room || want[widest] <= least {
			return want
		}
		want[widest]--
	}
}

// rightAligned says whether every value of column j is a number or NULL.
func rightAligned(grid [][]string, j int) bool {
	for _, row := range grid[1:] {
		if row[j] != "NULL" && (row[j] == "" || strings.Trim(row[j], "0123456789.,+-eE") != "") {
			return false
		}
	}
	return true
}
