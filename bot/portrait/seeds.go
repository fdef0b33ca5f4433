package portrait

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/codicil-dev/codicil/bot/product"
)

// How many rows of a seed are shown in a portrait, and to one who asks for the file.
const (
	portraitRows = 3
	askedRows    = 20
)

// wholeSeed is up to how many bytes a seed is shown whole in a portrait: rules and lists of codes are such, and all of their rows matter.
const wholeSeed = 1500

// countedRows is up to how many rows of a seed are counted.
const countedRows = 1_000_000

// seedText shows the header and the first rows of a seed, without the values that are withheld, and how many rows it has.
func (k *knowledge) seedText(s product.Seed, rows int) (string, error) {
	if !strings.EqualFold(s.Path[strings.LastIndexByte(s.Path, '.')+1:], "csv") {
		return "This is a Parquet file; what its table " + s.Table + " holds is told with the tables.", nil
	}
	f, err := os.Open(s.File)
	if err != nil {
		return "", err
	}
	defer f.Close()
	reader := csv.NewReader(f)
	reader.ReuseRecord = true
	header, err := reader.Read()
	if err != nil {
		return "", err
	}
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	header = append([]string(nil), header...)
	hide := k.hiddenFields(s, header)
	if k.options.Data == Schema {
		rows = 0
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	_ = w.Write(header) // into memory
	total, err := copyRows(reader, w, hide, rows)
	if err != nil {
		return "", err
	}
	w.Flush()
	return count(total, min(rows, total)) + k.typesOf(s) + "\n" + strings.TrimRight(b.String(), "\n"), nil
}

// copyRows copies the first rows and counts all.
func copyRows(from *csv.Reader, to *csv.Writer, hide []bool, rows int) (total int, err error) {
	for total < countedRows {
		row, err := from.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return total, err
		}
		if total++; total > rows {
			continue
		}
		for i, value := range row {
			if i < len(hide) && hide[i] && value != "" {
				row[i] = withheld
			} else {
				row[i] = cut(value, 5*shownValue)
			}
		}
		_ = to.Write(row) // into memory
	}
	return total, nil
}

// count says how many rows there are, and how many of them are shown.
func count(total, shown int) string {
	rows := fmt.Sprintf("%d rows", total)
	switch {
	case total == 1:
		rows = "1 row"
	case total >= countedRows:
		rows = fmt.Sprintf("%d rows or more", total)
	}
	switch {
	case shown == 0 || shown == total:
		return rows + "."
	case shown == 1:
		return rows + ", of which this is the first."
	}
	return fmt.Sprintf("%s, of which these are the first %d.", rows, shown)
}

// hiddenFields says which fields of a seed's file are withheld: by their names, or because the table's column is.
func (k *knowledge) hiddenFields(s product.Seed, header []string) []bool {
	from, ok := k.sheet(tableKey(s.Table))
	hide := make([]bool, len(header))
	for i, name := range header {
		hide[i] = k.hides(name) || ok && from.hidden[strings.ToLower(strings.TrimSpace(name))]
	}
	return hide
}

// typesOf tells the declared types of a seed that no build tells of.
func (k *knowledge) typesOf(s product.Seed) string {
	if _, ok := k.sheet(tableKey(s.Table)); ok || len(s.Types) == 0 {
		return ""
	}
	var list []string
	for _, name := range sortedKeys(s.Types) {
		list = append(list, name+" "+s.Types[name])
	}
	return " Declared types: " + strings.Join(list, ", ") + "."
}

// cut shortens a text to a number of characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
