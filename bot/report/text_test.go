package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/terminal"
)

func TestTextGolden(t *testing.T) {
	for name, c := range map[string]struct {
		report *bot.Report
		o      TextOptions
	}{
		"text.golden":         {failing(), TextOptions{}},
		"text-verbose.golden": {failing(), TextOptions{Verbose: true, Width: 100}},
		"text-narrow.golden":  {failing(), TextOptions{Width: 44}},
		"text-colour.golden":  {failing(), TextOptions{Colour: true}},
		"text-pass.golden":    {passing(), TextOptions{}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Text(&b, c.report, c.o); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
			width := max(c.o.Width, 40)
			if c.o.Width == 0 {
				width = 80
			}
			for _, line := range strings.Split(ansi.ReplaceAllString(b.String(), ""), "\n") {
				if terminal.Width(line) > width {
					t.Errorf("%d columns, more than %d: %q", terminal.Width(line), width, line)
				}
			}
		})
	}
}

func TestTextIsInert(t *testing.T) {
	r := failing()
	for i := range r.Results {
		r.Results[i].Message += "\x1b[2J\u202egnol\r\nnext"
		r.Results[i].Name += "\x1b]0;title\a"
	}
	var b bytes.Buffer
	if err := Text(&b, r, TextOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\a\r\u202e") {
		t.Errorf("control characters came through")
	}
}

func TestTextLeavesNothingOut(t *testing.T) {
	r := failing()
	var b bytes.Buffer
	if err := Text(&b, r, TextOptions{Width: 400}); err != nil {
		t.Fatal(err)
	}
	for _, res := range r.Results {
		if res.Status != bot.Pass && !strings.Contains(b.String(), res.Name) {
			t.Errorf("%s result %q is missing", res.Status, res.Name)
		}
	}
	for _, d := range r.Differences {
		if d.Product == "orders" && !strings.Contains(b.String(), d.Message) {
			t.Errorf("difference %q is missing", d.Message)
		}
	}
}
