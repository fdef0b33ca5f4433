package report

import (
	"fmt"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/markup"
	"github.com/codicil-dev/codicil/bot/terminal"
)

// sample writes failing rows as an aligned table that fits the width.
func (t *texter) sample(s *bot.Sample) {
	grid := sampleGrid(s)
	widths := fitColumns(grid, t.width-6)
	for i, row := range grid {
		var b strings.Builder
		for j, cell := range row[:len(widths)] {
			cell = terminal.Fit(cell, widths[j])
			gap := strings.Repeat(" ", widths[j]-terminal.Width(cell))
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
			line = t.Faint(line)
		}
		t.line("      ", line)
	}
	if left := s.Total - int64(len(s.Rows)); left > 0 {
		t.line("      ", t.Faint(fmt.Sprintf("… and %s more", rows(left))))
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
			want[j] = max(want[j], terminal.Width(cell), 1)
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
