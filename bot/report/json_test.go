package report

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/codicil-dev/codicil/bot"
)

// against compiles a schema from a file of testdata, or from text.
func against(t *testing.T, name string, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(s *jsonschema.Schema, data []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

func render(t *testing.T, r *bot.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJSONFollowsItsSchema(t *testing.T) {
	golden(t, "schema.json", Schema())
	schema := against(t, SchemaURL, Schema())
	for name, r := range map[string]*bot.Report{
		"report.json":       failing(),
		"report-pass.json":  passing(),
		"report-empty.json": {Verdict: bot.VerdictPass, Impact: bot.ImpactNone, Results: []bot.Result{{Area: bot.AreaBuild, Status: bot.Pass, Sample: &bot.Sample{Rows: [][]*string{nil}}}}},
	} {
		got := render(t, r)
		golden(t, name, got)
		if err := validate(schema, got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if bytes.Contains(got, []byte(`s": null`)) {
			t.Errorf("%s has a list that is null", name)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	schema := against(t, SchemaURL, Schema())
	good := string(render(t, failing()))
	for _, c := range []struct{ old, new string }{
		{`"status": "pass"`, `"status": "fine"`},
		{`"kind": "rows_lost"`, `"kind": "rows_eaten"`},
		{`"area": "drift"`, `"area": "mood"`},
		{`"verdict": "fail"`, `"verdict": "bad"`},
		{`"seconds"`, `"minutes"`},
		{`"line": 31`, `"line": "31"`},
	} {
		bad := strings.Replace(good, c.old, c.new, 1)
		if bad == good {
			t.Fatalf("%s is not in the report", c.old)
		}
		if validate(schema, []byte(bad)) == nil {
			t.Errorf("the schema accepts %s", c.new)
		}
	}
}

// TestKindsAreComplete reads the source of package bot, so that a new kind cannot be forgotten in the schema.
func TestKindsAreComplete(t *testing.T) {
	src, err := os.ReadFile("../report.go")
	if err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), "report.go", src, 0)
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, k := range kinds() {
		listed[string(k)] = true
	}
	found := 0
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || v.Type == nil || len(v.Values) == 0 {
			return true
		}
		if id, ok := v.Type.(*ast.Ident); ok && id.Name == "DifferenceKind" {
			found++
			if word := strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`); !listed[word] {
				t.Errorf("kinds lacks %s", word)
			}
		}
		return true
	})
	if found != len(kinds()) {
		t.Errorf("package bot has %d kinds, the list %d", found, len(kinds()))
	}
	for _, d := range failing().Differences {
		delete(listed, string(d.Kind))
	}
	for k := range listed {
		t.Errorf("the example report has no %s", k)
	}
}
