package message

import (
	"bytes"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/author"
	"github.com/codicil-dev/codicil/bot/why"
	"github.com/codicil-dev/codicil/forge"
)

// evils are texts that act, in as many ways as came to mind.
var evils = []string{
	"@everyone fixes #12, closes: owner/repo#4 and resolves https://github.com/o/r/issues/1",
	"x\n/close\n/approve\n/amend orders: drop everything\n\nCloses #99",
	"<!-- codicil:1 e30= --> <!-- codicil:comment AAAA --><script>alert(1)</script><img src=x onerror=y>",
	"--> </details></table><h1>big</h1>\n\n# head\n\n---\n",
	"![x](http://e.vil/a.png) [click](javascript:alert(1)) [a][b]\n\n[b]: http://e.vil",
	"```\n~~~\n````mermaid\ngraph LR\n  a --> b",
	"\"] --> x[\"y\n  click n0 \"javascript:alert(1)\"\n%%{init: {'securityLevel':'loose'}}%%",
	"Signed-off-by: Linus <l@example.com>\n\nCodicil-Amendment: orders/1\nCo-authored-by: eve <eve@e.vil>\n---\ndiff --git a/x b/x\n[skip ci] ***NO_CI***",
	"\u202eevil\u202c \x1b[31mred\x00 a\u200b@root \xff",
	"| a | b |\n|---|---|\n| 1 | 2 |",
	"> [!CAUTION]\n> all is lost",
	strings.Repeat("`", 40) + strings.Repeat("*[", 500),
	strings.Repeat("wide ", 4000),
	"",
	" ",
}

// poison puts s, with a number, into every text that v holds, however deep. Words of closed sets have types of their own and stay.
func poison(v reflect.Value, s string, n *int) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fresh := reflect.New(v.Type().Elem())
			fresh.Elem().Set(v.Elem())
			poison(fresh.Elem(), s, n)
			v.Set(fresh)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i), s, n)
			}
		}
	case reflect.Slice:
		if v.Len() == 0 && v.Type().Elem().Kind() == reflect.String {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		}
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		for i := range fresh.Len() {
			poison(fresh.Index(i), s, n)
		}
		v.Set(fresh)
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.CanSet() {
			*n++
			v.SetString(s)
		}
	}
}

// poisoned is a change all of whose texts are s, but for the product's name in its report, so that its parts are still found.
func poisoned(c Change, s string) Change {
	n := 0
	poison(reflect.ValueOf(&c).Elem(), s, &n)
	if n < 500 {
		panic(fmt.Sprint("only ", n, " texts were changed"))
	}
	short := strings.ToValidUTF8(s[:min(len(s), 300)], "") // the bot's own names, and a product's, are short
	c.ID, c.Product, c.Path, c.BaseSHA, c.HeadSHA = short, short, short, short, short
	for i := range c.Report.Products {
		c.Report.Products[i].Product = short
	}
	for i := range c.Report.Results {
		c.Report.Results[i].Product = short
	}
	for i := range c.Report.Differences {
		c.Report.Differences[i].Product = short
	}
	for i := range c.Triggers {
		c.Triggers[i].Kind, c.Triggers[i].Key, c.Triggers[i].Hash = "issue", short, short
	}
	for i := range c.Report.Results {
		switch i % 4 {
		case 0:
			c.Report.Results[i].Status = bot.Fail
		case 1:
			c.Report.Results[i].Status, c.Report.Results[i].New = bot.Review, true
		}
	}
	return c
}

var (
	ownLine   = regexp.MustCompile(`(?m)^(?:<!-- codicil:(?:1|comment) [A-Za-z0-9_=-]* -->|Closes #12|For #12\.|For northtrail/plans#3\.)$|[Mm]erge request #[0-9]+`)
	ownFence  = regexp.MustCompile("(?m)^ *```+\n *(?:/amend [^\n]*|/codicil verify [^\n]*)\n *```+$")
	acts      = regexp.MustCompile(`(?im)@[a-z0-9]|#[0-9]|^\s*/[a-z]|<!--|\[(skip ci)|\bGH-[0-9]|(close[sd]?|fix(es|ed)?|resolve[sd]?):? +\S*(#|https?:)`)
	mermaid   = regexp.MustCompile("(?ms)^```mermaid\n(.*?)^```$")
	graphLine = regexp.MustCompile(`^(?:graph LR|  n\d+(?:\[/"[^"<>#;{}()\[\]|%` + "`" + `]*"/\]|\[\("[^"<>#;{}()\[\]|%` + "`" + `]*"\)\]|\(\["[^"<>#;{}()\[\]|%` + "`" + `]*"\]\)|\["[^"<>#;{}()\[\]|%` + "`" + `]*"\])|  n\d+ --> n\d+|  classDef [a-z]+ [a-z0-9:,#-]+|  class [n0-9,]+ [a-z]+)$`)
	badTags   = regexp.MustCompile(`(?i)<(?:img|script|iframe|h1|style|form|object|svg|video|input)\b|href="(?:javascript|data)`)
)

// inert fails if a text acts in another way than the bot itself means.
func inert(t *testing.T, what, text string) {
	t.Helper()
	if len(text) > Limit {
		t.Errorf("%s has %d bytes", what, len(text))
	}
	if !strings.EqualFold(text, strings.ToValidUTF8(text, "")) {
		t.Errorf("%s is no UTF-8", what)
	}
	for _, m := range mermaid.FindAllStringSubmatch(text, -1) {
		for _, l := range strings.Split(strings.TrimRight(m[1], "\n"), "\n") {
			if !graphLine.MatchString(l) {
				t.Errorf("%s has a line in its picture that says %q", what, l)
			}
		}
	}
	bare := mermaid.ReplaceAllString(text, "")
	bare = ownFence.ReplaceAllString(ownLine.ReplaceAllString(bare, ""), "")
	if m := acts.FindString(bare); m != "" {
		at := strings.Index(bare, m)
		t.Errorf("%s still has %q in %q", what, m, bare[max(0, at-60):min(len(bare), at+60)])
	}
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(html.WithUnsafe())).Convert([]byte(text), &b); err != nil {
		t.Fatal(err)
	}
	if m := badTags.FindString(b.String()); m != "" {
		t.Errorf("%s is shown with %q", what, m)
	}
	if open, closed := strings.Count(b.String(), "<details>"), strings.Count(b.String(), "</details>"); open != closed {
		t.Errorf("%s opens %d folds and closes %d", what, open, closed)
	}
}

func TestNothingForeignActsInAChange(t *testing.T) {
	for i, evil := range evils {
		for name, c := range changes(t) {
			if (name == "rename") != (i%2 == 0) && name != "red" {
				continue // each text in two of them is enough
			}
			c := poisoned(c, evil)
			c.Repo = shop
			for j := range c.Triggers {
				c.Triggers[j].Repo = forge.Repo{}
				c.Triggers[j].Issue = 12
			}
			what := fmt.Sprintf("%s with text %d", name, i)
			body := c.Body(0)
			inert(t, what, body)
			if n := strings.Count(body, "\nCloses #"); n != 1 {
				t.Errorf("%s closes %d issues", what, n)
			}
			m, ok, err := ParseMeta(body)
			if err != nil || !ok || cmp.Diff(valid(c.Meta()), m) != "" {
				t.Errorf("%s: the metadata is %+v, %v, %v", what, m, ok, err)
			}
			if title := c.Title(); len([]rune(title)) > mostTitle || strings.ContainsAny(title, "\n\r") || acts.MatchString(strings.ReplaceAll(title, "<!--", "")) {
				t.Errorf("%s is titled %q", what, title)
			}
			check := c.Check("1")
			inert(t, what+": summary", check.Summary)
			inert(t, what+": text", check.Text)
			if strings.ContainsAny(check.Title, "\n\r") || len(check.Annotations) > mostAnnotations {
				t.Errorf("%s: %q, %d annotations", what, check.Title, len(check.Annotations))
			}
			spec, implementation := CommitMessages(c)
			committed(t, what, spec)
			committed(t, what, implementation)
		}
	}
}

// valid is m as JSON keeps it: what is no UTF-8 is replaced.
func valid(m Meta) Meta {
	v := reflect.ValueOf(&m).Elem()
	for i := range v.NumField() {
		if v.Field(i).Kind() == reflect.String {
			v.Field(i).SetString(strings.ToValidUTF8(v.Field(i).String(), "\uFFFD"))
		}
	}
	for i, x := range m.Triggers {
		m.Triggers[i] = MetaTrigger{strings.ToValidUTF8(x.Key, "\uFFFD"), strings.ToValidUTF8(x.Hash, "\uFFFD"), x.Kind}
	}
	return m
}

var trailerLine = regexp.MustCompile(`^[A-Za-z0-9-]+ ?:`)

// committed fails if a commit message has a trailer that is not the bot's, or acts otherwise.
func committed(t *testing.T, what, message string) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(message, "\n"), "\n")
	if len([]rune(lines[0])) > mostSubject || len(lines) < 3 || lines[1] != "" {
		t.Errorf("%s: the subject is %q", what, lines[0])
	}
	for _, l := range lines[1:] {
		own := strings.HasPrefix(l, "Codicil-Change:") || strings.HasPrefix(l, "Codicil-Amendment:")
		if trailerLine.MatchString(l) && !own || strings.HasPrefix(l, "---") || strings.HasPrefix(l, "#") || strings.HasPrefix(l, "diff ") {
			t.Errorf("%s: the message has the line %q", what, l)
		}
	}
	if n := strings.Count(message, "\nCodicil-Change:"); n != 1 {
		t.Errorf("%s: %d trailers Codicil-Change", what, n)
	}
	if m := acts.FindString(strings.ReplaceAll(message, "<!--", "")); m != "" {
		t.Errorf("%s: the message has %q:\n%s", what, m, message)
	}
}

func TestNothingForeignActsInAComment(t *testing.T) {
	for i, evil := range evils {
		for j, s := range statuses(t) {
			n, key := 0, s.Key
			poison(reflect.ValueOf(&s).Elem(), evil, &n)
			s.Key = key + evil[:min(len(evil), 300)]
			s.Requirements = map[int]string{3: evil, 4: evil}
			if s.Outcome != nil {
				s.Outcome.Options = append(s.Outcome.Options, author.Option{Option: evil, Supersedes: []string{evil, "4:" + evil, "4:a \"b\" 'c'"}})
			}
			inert(t, fmt.Sprintf("status %d with text %d", j, i), s.Comment())
		}
		q, n := inquiry(), 0
		poison(reflect.ValueOf(&q).Elem(), evil, &n)
		c := campaign(false)
		poison(reflect.ValueOf(&c).Elem(), evil, &n)
		v := verification(t)
		v.Products = append(v.Products, Place{"invoices", "finance/invoices"})
		poison(reflect.ValueOf(&v).Elem(), evil, &n)
		v.Products[1].Product += "other"
		key := evil[:min(len(evil), 300)]
		q.Key, c.Key, v.Key = key, key, key
		somewhere := Reference{Number: 3, URL: evil, Repo: forge.Repo{Owner: evil, Name: evil}}
		for j, text := range []string{
			q.Comment(), q.Reminder(somewhere), q.Expired(), c.Comment(), v.Comment(), v.Check().Summary, v.Check().Text,
			Refusal(key, evil, forge.Admin), Unknown(key, []Misread{{evil, evil, evil}}), Ambiguous(key, evil, []Place{{evil, evil}, {"a", evil}}),
			NoProduct(key, evil, []Place{{evil, evil}}), Edited(key, somewhere), NothingToTell(key, &why.UnknownError{Product: evil, Target: evil, Near: []string{evil, evil}}),
			StatusOf(key, []ProductStatus{{Place: Place{evil, evil}, Version: evil, Stage: Ready, MergeRequest: &somewhere}}), Said(key, evil), ForkComment(key, evil), ReportOf(key, evil, v.Report),
		} {
			inert(t, fmt.Sprintf("comment %d with text %d", j, i), text)
		}
	}
}

// TestSizeIsKept has far more of everything than fits.
func TestSizeIsKept(t *testing.T) {
	big := reddened(t)
	long := strings.Repeat("a requirement | of many <words> ", 10)
	for i := range 5000 {
		status := []bot.Status{bot.Fail, bot.Review, bot.Pass, bot.NotRun}[i%4]
		big.Report.Results = append(big.Report.Results, bot.Result{Product: "orders", ID: fmt.Sprint("requirements/", i, "/x"), Area: bot.Areas()[i%8], Name: long, Status: status, Message: long, Amendment: i % 700, Requirement: long, New: i%3 == 0, File: "commerce/orders/spec.yaml", Line: i})
	}
	columns := make([]string, 200)
	values := make([]*string, 200)
	for i := range columns {
		columns[i], values[i] = fmt.Sprint("column_", i), &long
	}
	for i := range 200 {
		big.Report.Results[i%len(big.Report.Results)].Sample = &bot.Sample{Columns: columns, Rows: [][]*string{values, values}, Total: 900}
		big.Report.Differences = append(big.Report.Differences, bot.Difference{Product: "orders", Kind: bot.ValuesChanged, Message: long, Examples: []bot.Example{{Key: []bot.Cell{{Column: long, Value: &long}}, Old: &long, New: &long}}})
		big.Outcome.Weakens, big.Outcome.Notes = append(big.Outcome.Weakens, long), append(big.Outcome.Notes, long)
		big.Picture.Nodes = append(big.Picture.Nodes, Node{Key: fmt.Sprint(i), Name: long, Kind: NodeModel})
		for j := range 30 {
			big.Picture.Edges = append(big.Picture.Edges, Edge{fmt.Sprint(i), fmt.Sprint(j)})
		}
		if i > 0 {
			big.Triggers = append(big.Triggers, big.Triggers[0])
		}
	}
	for _, limit := range []int{0, 50000} {
		body := big.Body(limit)
		want := limit
		if want == 0 {
			want = Limit
		}
		if len(body) > want || len(body) < want-16000 {
			t.Errorf("the body has %d bytes within %d", len(body), want)
		}
		m, ok, err := ParseMeta(body)
		if !ok || err != nil || len(m.Triggers) != len(big.Triggers) {
			t.Errorf("the metadata within %d: %v, %v", limit, ok, err)
		}
		for _, part := range []string{"A draft, not to be merged", "**How to go on**", "\nCloses #12\n"} {
			if !strings.Contains(body, part) {
				t.Errorf("%q is missing within %d", part, limit)
			}
		}
	}
	if m, ok, err := ParseMeta(big.Body(10)); !ok || err != nil || m.Change != big.ID {
		t.Errorf("metadata is cut: %v, %v, %v", m, ok, err)
	}
	if n := strings.Count(big.Picture.Mermaid(), "\n  n"); n > mostNodes+mostEdges {
		t.Errorf("the picture has %d lines", n)
	}
	check := big.Check("1")
	if len(check.Summary) > Limit || len(check.Text) > Limit || len(check.Annotations) != mostAnnotations {
		t.Errorf("the check has %d and %d bytes and %d annotations", len(check.Summary), len(check.Text), len(check.Annotations))
	}
	v := Verification{Key: "k", Products: []Place{{"orders", "commerce/orders"}}, Report: big.Report, Drafted: []Drafted{{"f", strings.Repeat(long, 1000)}}}
	if n := len(v.Comment()); n > Limit {
		t.Errorf("the comment has %d bytes", n)
	}
	s := Status{Key: "k", Product: "orders", Stage: Failed, Outcome: big.Outcome}
	if n := len(s.Comment()); n > Limit {
		t.Errorf("the status has %d bytes", n)
	}
	many := campaign(true)
	for range 12 {
		many.Entries = append(many.Entries, many.Entries...)
	}
	if text := many.Comment(); len(text) > Limit || !strings.Contains(text, "products left out to fit here") {
		t.Errorf("the campaign has %d bytes", len(text))
	}
}
