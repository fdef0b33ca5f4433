package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/codicil-dev/codicil/bot"
)

func TestMarkdownGolden(t *testing.T) {
	for name, c := range map[string]struct {
		report *bot.Report
		o      MarkdownOptions
	}{
		"report.md":       {failing(), MarkdownOptions{}},
		"report-pass.md":  {passing(), MarkdownOptions{}},
		"report-short.md": {failing(), MarkdownOptions{Limit: 2500}},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := Markdown(&b, c.report, c.o); err != nil {
				t.Fatal(err)
			}
			golden(t, name, b.Bytes())
		})
	}
}

func TestMarkdownKeepsItsLimit(t *testing.T) {
	big := failing()
	for i := range 400 {
		d := big.Differences[i%20]
		d.Message = strings.Repeat("`|<b>@x ", i%40) + d.Message
		big.Differences = append(big.Differences, d)
		r := big.Results[i%16]
		r.Message += strings.Repeat(" ünïcode|`", i%60)
		big.Results = append(big.Results, r)
		big.Products = append(big.Products, bot.ProductReport{Product: fmt.Sprintf("p%d", i), Verdict: bot.VerdictPass})
	}
	last := -1
	for limit := 400; limit < 200000; limit = limit*5/4 + 1 {
		var b bytes.Buffer
		if err := Markdown(&b, big, MarkdownOptions{Limit: limit}); err != nil {
			t.Fatalf("limit %d: %v", limit, err)
		}
		if b.Len() > limit {
			t.Errorf("limit %d: %d bytes", limit, b.Len())
		}
		if b.Len() < last/2 {
			t.Errorf("limit %d gives only %d bytes", limit, b.Len())
		}
		last = b.Len()
		wellFormed(t, b.String())
	}
	if err := Markdown(&bytes.Buffer{}, big, MarkdownOptions{Limit: 50}); err == nil {
		t.Error("a limit of 50 bytes was kept, somehow")
	}
}

// wellFormed finds tables cut in the middle and folds that are not closed.
func wellFormed(t *testing.T, md string) {
	t.Helper()
	if o, c := strings.Count(md, "<details>"), strings.Count(md, "</details>"); o != c {
		t.Errorf("%d folds open, %d close", o, c)
	}
	for _, line := range strings.Split(md, "\n") {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|") {
			t.Errorf("a row was cut: %q", line)
		}
	}
}

func TestMarkdownIsInert(t *testing.T) {
	evil := "@root ![x](http://e.vil/x.png) <img src=x> <!-- hide --> [click](javascript:alert(1)) https://e.vil | a\n\n# head\n/close\nfixes #12 ```\n"
	r := failing()
	for i := range r.Products {
		p := &r.Products[i]
		for j := range r.Results {
			if r.Results[j].Product == p.Product {
				r.Results[j].Product += evil
			}
		}
		for j := range r.Differences {
			if r.Differences[j].Product == p.Product {
				r.Differences[j].Product += evil
			}
		}
		p.Product += evil
		p.Version, p.LeastVersion, p.BaseVersion, p.Path = evil, evil, evil, evil
	}
	for i := range r.Results {
		x := &r.Results[i]
		x.Name, x.Message, x.Proof, x.File = evil+x.Name, evil, evil, evil
		if x.Sample != nil {
			x.Sample.Columns[0] = evil
			x.Sample.Rows[0][0] = text(evil)
		}
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		d.Message, d.Table, d.Old = evil, evil, evil
		if len(d.Examples) > 0 {
			d.Examples[0].Old = text(evil)
			d.Examples[0].Key[0] = bot.Cell{Column: evil, Value: text(evil)}
		}
	}
	r.Notes, r.Base = append(r.Notes, evil), evil
	var b bytes.Buffer
	if err := Markdown(&b, r, MarkdownOptions{}); err != nil {
		t.Fatal(err)
	}
	md := b.String()
	for _, bad := range []string{"@root", "<!--", "\n/close", "fixes #12", "#12", "https://"} {
		if strings.Contains(md, bad) {
			t.Errorf("%q came through", bad)
		}
	}
	own := strings.NewReplacer("<details><summary>", "", "</summary>", "", "</details>", "").Replace(md)
	var html bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(own), &html); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<a ", "<img", "<h1", "<pre", "raw HTML omitted"} {
		if strings.Contains(html.String(), bad) {
			t.Errorf("%q is in the rendered page", bad)
		}
	}
}
