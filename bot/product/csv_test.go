package product

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestCheckCSV(t *testing.T) {
	for _, x := range []struct {
		name, data string
		at         place
		holds      string // empty if the file is good
	}{
		{"plain", "a,b\n1,2\n", place{}, ""},
		{"no last line end", "a,b\n1,2", place{}, ""},
		{"header only", "a,b\n", place{}, ""},
		{"CRLF", "a,b\r\n1,2\r\n", place{}, ""},
		{"byte order mark", "\ufeffa,b\n1,2\n", place{}, ""},
		{"quotes", "a,b\n\"1\n2\",\"say \"\"x\"\"\"\n", place{}, ""},
		{"both line ends, one of them quoted", "a\r\n\"x\ny\"\r\n", place{}, ""},
		{"more than ASCII", "näme\nżółć\n", place{}, ""},
		{"empty", "", place{}, "is empty"},
		{"blank lines", "\n\n", place{}, "is empty"},
		{"too many fields", "a,b\n1,2\n1,2,3\n", place{3, 1}, "another number of fields"},
		{"too few fields", "a,b\n1,2\n1\n", place{3, 1}, "another number of fields"},
		{"too few after a quoted line end", "a,b\n\"1\n\",2\n1\n", place{4, 1}, "another number of fields"},
		{"same name", "id,x,ID\n1,2,3\n", place{1, 6}, `"ID" twice`},
		{"no name", "id,,x\n1,2,3\n", place{1, 4}, "column 2 of the header has no name"},
		{"Latin-1", "a,b\n1,caf\xe9\n", place{2, 6}, "not UTF-8"},
		{"UTF-16", "\xff\xfea\x00,\x00b\x00", place{1, 1}, "UTF-16"},
		{"UTF-16 the other way", "\xfe\xff\x00a\x00,\x00b", place{1, 1}, "UTF-16"},
		{"NUL", "a,b\n1,ö\x002\n", place{2, 4}, "NUL byte"},
		{"cut character", "a,b\n1,\xc3", place{2, 3}, "not UTF-8"},
		{"open quote", "a,b\n1,2\n1,\"x\n2,3\n", place{3, 1}, "opens in this row"},
		{"bare quote", "a,b\n1,x\"y\n", place{2, 4}, "double quote"},
		{"CR alone", "a,b\r1,2\r", place{1, 4}, "carriage return alone"},
		{"CR at the end", "a,b\n1,2\r", place{2, 4}, "carriage return alone"},
		{"mixed line ends", "a,b\r\n1,2\n", place{2, 4}, "LF and line 1 in CRLF"},
		{"long row", "a,b\n1,2\n1," + strings.Repeat("x", maxLine) + "\n", place{3, 1}, "longer than"},
	} {
		t.Run(x.name, func(t *testing.T) {
			for name, r := range map[string]io.Reader{
				"at once": strings.NewReader(x.data), "in bytes": iotest.OneByteReader(strings.NewReader(x.data)), "with EOF": iotest.DataErrReader(strings.NewReader(x.data)),
			} {
				_, at, err := checkCSV(r)
				if got := fmt.Sprint(err); (err == nil) != (x.holds == "") || !strings.Contains(got, x.holds) {
					t.Errorf("%s: got error %v, want one with %q", name, err, x.holds)
				}
				if at != x.at {
					t.Errorf("%s: got %v, want %v", name, at, x.at)
				}
			}
		})
	}
}

func TestScanCSV(t *testing.T) {
	s, _, err := checkCSV(strings.NewReader("\ufeffA,b,c\n1,,\n2,,x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.columns, s.empty); got != "[A b c] [b]" {
		t.Errorf("got %s", got)
	}
}
