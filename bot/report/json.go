package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/invopop/jsonschema"

	"github.com/codicil-dev/codicil/bot"
)

// JSON writes r for programs, as Schema describes: indented, in the report's own order, with lists that are empty
// rather than null. r is not changed. The error is that of w, or of a number that JSON cannot hold.
func JSON(w io.Writer, r *bot.Report) error {
	out := *r
	out.Schema = SchemaURL
	out.Products = append([]bot.ProductReport{}, r.Products...)
	out.Results = append([]bot.Result{}, r.Results...)
	out.Differences = append([]bot.Difference{}, r.Differences...)
	for i, res := range out.Results {
		if res.Sample == nil {
			continue
		}
		s := bot.Sample{Columns: append([]string{}, res.Sample.Columns...), Rows: make([][]*string, len(res.Sample.Rows)), Total: res.Sample.Total}
		for j, row := range res.Sample.Rows {
			s.Rows[j] = append([]*string{}, row...)
		}
		out.Results[i].Sample = &s
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("write the report as JSON: %w", err)
	}
	return nil
}

// Schema returns the JSON Schema (draft 2020-12) of what JSON writes, made from the types of package bot.
func Schema() []byte {
	reflector := jsonschema.Reflector{Anonymous: true}
	s := reflector.Reflect(&bot.Report{})
	s.ID = SchemaURL
	s.Title = "Codicil report"
	s.Description = "What codicil verify --format json prints: a verification of one or many data products."
	enumerate(s)
	nullable(s.Definitions["Sample"], "rows")
	nullable(s.Definitions["Example"], "old", "new")
	nullable(s.Definitions["Cell"], "value")
	out, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("the schema of bot.Report has no JSON form: %v", err)) // the types are fixed: cannot happen
	}
	return append(out, '\n')
}

// enumerate lists the words that each closed set knows, wherever it is used.
func enumerate(s *jsonschema.Schema) {
	verdict := words(bot.VerdictPass, bot.VerdictReview, bot.VerdictFail)
	impact := words(bot.ImpactNone, bot.ImpactPatch, bot.ImpactMinor, bot.ImpactMajor)
	set(s.Definitions["Report"], "verdict", verdict)
	set(s.Definitions["Report"], "impact", impact)
	set(s.Definitions["ProductReport"], "verdict", verdict)
	set(s.Definitions["ProductReport"], "impact", impact)
	set(s.Definitions["Result"], "status", words(bot.Pass, bot.NotRun, bot.Review, bot.Fail))
	set(s.Definitions["Result"], "area", words(bot.Areas()...))
	set(s.Definitions["Difference"], "kind", words(kinds()...))
	set(s.Definitions["Difference"], "impact", impact)
}

func words[T ~string](ws ...T) []any {
	out := make([]any, len(ws))
	for i, w := range ws {
		out[i] = string(w)
	}
	return out
}

func set(s *jsonschema.Schema, property string, enum []any) {
	if p, ok := s.Properties.Get(property); ok {
		p.Enum = enum
	}
}

// nullable lets the strings of the properties be null, also inside lists.
func nullable(s *jsonschema.Schema, properties ...string) {
	for _, name := range properties {
		p, ok := s.Properties.Get(name)
		if !ok {
			continue
		}
		for p.Items != nil {
			p = p.Items
		}
		p.Type = ""
		p.OneOf = []*jsonschema.Schema{{Type: "string"}, {Type: "null"}}
	}
}

// kinds lists all kinds of difference.
func kinds() []bot.DifferenceKind {
	return []bot.DifferenceKind{
		bot.TableAdded, bot.TableRemoved, bot.TableRenamed, bot.TableEmptied,
		bot.ColumnAdded, bot.ColumnRemoved, bot.ColumnRenamed, bot.ColumnsReordered,
		bot.TypeWidened, bot.TypeNarrowed, bot.TypeChanged,
		bot.NotNullLost, bot.NotNullGained, bot.NullShareUp,
		bot.KeyLost, bot.KeyGained, bot.GrainChanged,
		bot.RowsLost, bot.RowsGained, bot.RowsDuplicated, bot.ValuesChanged,
		bot.AcceptedWidened, bot.AcceptedNarrowed, bot.ReferenceOrphaned, bot.MeaningChanged,
		bot.SeedChanged, bot.TestRemoved, bot.TestChanged, bot.Unstable,
	}
}
