package product

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// place is where in a file something is wrong, counted from 1; 0 is unknown.
type place struct{ line, column int }

// scan is what a first look at a CSV file tells.
type scan struct {
	// columns are the header's names, empty those of columns without any value, both as the header writes them.
	columns, empty []string
}

// checkCSV reads a CSV file as RFC 4180 has it: comma-separated, one header, rows of one length, UTF-8, and one kind
// of line end. The error, which does not name the file, comes with its place.
func checkCSV(r io.Reader) (scan, place, error) {
	reader := csv.NewReader(&textReader{r: r})
	reader.ReuseRecord = true
	first, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return scan{}, place{}, errors.New("is empty; write a header line with the columns' names, or delete the file")
	}
	if err != nil {
		return refused(err)
	}
	header := append([]string(nil), first...)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	if at, err := checkHeader(reader, header); err != nil {
		return scan{}, at, err
	}
	filled := make([]bool, len(header))
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refused(err)
		}
		for i, value := range row {
			filled[i] = filled[i] || value != ""
		}
	}
	s := scan{columns: header}
	for i, name := range header {
		if !filled[i] {
			s.empty = append(s.empty, name)
		}
	}
	return s, place{}, nil
}

// checkHeader refuses names that are missing or there twice.
func checkHeader(reader *csv.Reader, header []string) (place, error) {
	seen := map[string]bool{}
	for i, name := range header {
		folded := spec.FoldName(strings.TrimSpace(name))
		line, column := reader.FieldPos(i)
		if folded == "" {
			return place{line, column}, fmt.Errorf("column %d of the header has no name; write one", i+1)
		}
		if seen[folded] {
			return place{line, column}, fmt.Errorf("the header names the column %q twice; rename one", name)
		}
		seen[folded] = true
	}
	return place{}, nil
}

// refused turns an error of encoding/csv or of a textReader into a place and advice.
func refused(err error) (scan, place, error) {
	var text *textError
	if errors.As(err, &text) {
		return scan{}, text.place, text
	}
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return scan{}, place{}, err
	}
	switch {
	case errors.Is(parse.Err, csv.ErrFieldCount):
		return scan{}, place{parse.StartLine, 1}, errors.New("has another number of fields than the header; add or remove commas, or quote a field that holds one")
	case errors.Is(parse.Err, csv.ErrQuote) && parse.Line > parse.StartLine:
		return scan{}, place{parse.StartLine, 1}, errors.New(`a double quote that opens in this row is not closed, or one inside it is not doubled; write "" for a quote inside a quoted field`)
	case errors.Is(parse.Err, csv.ErrQuote), errors.Is(parse.Err, csv.ErrBareQuote):
		return scan{}, place{parse.Line, parse.Column}, errors.New(`a double quote is not closed or not doubled; write "" for a quote inside a quoted field`)
	}
	return scan{}, place{parse.Line, parse.Column}, parse.Err
}

// findValue is the place of the first row of a CSV file that holds value in column; the zero place if none does.
func findValue(file, column, value string) place {
	f, err := os.Open(file)
	if err != nil {
		return place{}
	}
	defer f.Close()
	reader := csv.NewReader(f)
	reader.ReuseRecord = true
	at := -1
	for {
		row, err := reader.Read()
		if err != nil {
			return place{}
		}
		if at < 0 {
			for i, name := range row {
				if spec.SameName(strings.TrimPrefix(name, "\ufeff"), column) {
					at = i
				}
			}
			if at < 0 {
				return place{}
			}
			continue
		}
		if row[at] == value {
			line, column := reader.FieldPos(at)
			return place{line, column}
		}
	}
}
