package odcs

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/spec"
)

//go:embed schema/odcs-3.0.2.schema.json schema/odcs-3.1.0.schema.json
var schemaFiles embed.FS

// schemas are the compiled schemas by the versions that they stand for. The schema of 3.1 accepts 3.0 as well, and
// mends mistakes of the older one (exclusiveMaximum as a boolean): a contract of 3.0 need follow only one of the two.
var schemas = sync.OnceValue(func() map[string][]*jsonschema.Schema {
	c := jsonschema.NewCompiler()
	out := map[string][]*jsonschema.Schema{}
	for _, f := range []struct {
		name     string
		versions []string
	}{
		{"odcs-3.0.2.schema.json", []string{"v3.0.0", "v3.0.1", "v3.0.2"}},
		{"odcs-3.1.0.schema.json", []string{"v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0"}},
	} {
		name := f.name
		data, err := schemaFiles.ReadFile("schema/" + name)
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		if err == nil {
			err = c.AddResource(name, doc)
		}
		if err != nil {
			panic(err) // embedded: is JSON
		}
		compiled := c.MustCompile(name)
		for _, v := range f.versions {
			out[v] = append(out[v], compiled)
		}
	}
	return out
})

// refuse finds what makes tree no contract of a version that can be read.
func refuse(tree map[string]any, source *spec.Source) bot.Problems {
	at := func(pointer, message string) bot.Problems {
		line, column := source.At(pointer)
		return bot.Problems{{File: source.File(), Line: line, Column: column, Severity: bot.SeverityError, Message: message}}
	}
	version, isText := tree["apiVersion"].(string)
	_, v2 := tree["dataContractSpecification"]
	_, old := tree["datasetName"]
	switch {
	case v2:
		return at("/dataContractSpecification", "this follows the Data Contract Specification, not ODCS: convert it (datacontract export --format odcs) and import the result")
	case tree["apiVersion"] == nil && tree["kind"] == nil && tree["schema"] == nil:
		return at("", `this is not an Open Data Contract: it has neither "apiVersion" nor "kind: DataContract"`)
	case tree["apiVersion"] == nil:
		return at("", `the contract has no "apiVersion": add one such as apiVersion: `+Version)
	case !isText:
		return at("/apiVersion", `"apiVersion" must be text such as `+Version)
	case strings.HasPrefix(version, "v2") || strings.HasPrefix(version, "2") || old:
		return at("/apiVersion", "this is a contract of version 2, which cannot be imported: bring it to version 3.1 first")
	}
	if _, ok := schemas()[version]; !ok {
		return at("/apiVersion", fmt.Sprintf("version %q of the standard is not known here: use one of v3.0.0, v3.0.1, v3.0.2 and v3.1.0", version))
	}
	value, err := jsonValue(tree)
	if err != nil {
		return at("", fmt.Sprintf("the contract has no JSON form (%v)", err))
	}
	return explain(validate(version, value), source)
}

// validate is nil if value follows a schema of its version; else it says why it does not follow the first.
func validate(version string, value any) error {
	var first error
	for _, schema := range schemas()[version] {
		err := schema.Validate(value)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// check validates a contract that was made here.
func check(tree map[string]any) error {
	version, _ := tree["apiVersion"].(string)
	if _, ok := schemas()[version]; !ok {
		return fmt.Errorf("apiVersion %q is not known", version)
	}
	value, err := jsonValue(tree)
	if err != nil {
		return err
	}
	return explain(validate(version, value), nil).Err()
}

// jsonValue is v as the validator wants it.
func jsonValue(v any) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// explain turns a validation error into problems: one for each place, that of the deepest cause.
func explain(err error, source *spec.Source) bot.Problems {
	if err == nil {
		return nil
	}
	ve, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return bot.Problems{{File: source.File(), Severity: bot.SeverityError, Message: err.Error()}}
	}
	causes := map[string][]string{}
	collect(ve, causes)
	if len(causes) > 1 { // what a failed branch made of the rest says nothing by itself
		for pointer, messages := range causes {
			messages = slices.DeleteFunc(messages, func(m string) bool { return m == "false schema" })
			if causes[pointer] = messages; len(messages) == 0 {
				delete(causes, pointer)
			}
		}
	}
	var out bot.Problems
	for pointer, messages := range causes {
		if deeper(pointer, causes) {
			continue
		}
		sort.Strings(messages)
		line, column := source.At(pointer)
		shown := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
		if shown == "" {
			shown = "the contract"
		}
		out = append(out, bot.Problem{File: source.File(), Line: line, Column: column, Severity: bot.SeverityError,
			Message: fmt.Sprintf("%s does not follow the standard: %s", shown, strings.Join(dedupe(messages), "; or "))})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Message < out[j].Message })
	return out.Sorted()
}

// collect gathers the leaves of a validation error by the place they speak of.
func collect(e *jsonschema.ValidationError, into map[string][]string) {
	for _, c := range e.Causes {
		collect(c, into)
	}
	if len(e.Causes) > 0 {
		return
	}
	var b strings.Builder
	for _, s := range e.InstanceLocation {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(s))
	}
	into[b.String()] = append(into[b.String()], e.ErrorKind.LocalizedString(message.NewPrinter(language.English)))
}

// deeper says whether some other cause lies inside pointer, which then says more.
func deeper(pointer string, causes map[string][]string) bool {
	for other := range causes {
		if strings.HasPrefix(other, pointer+"/") {
			return true
		}
	}
	return false
}

// dedupe drops repeats from a sorted list, and cuts it to the first few.
func dedupe(sorted []string) []string {
	var out []string
	for i, s := range sorted {
		if i == 0 || s != sorted[i-1] {
			out = append(out, s)
		}
	}
	return out[:min(len(out), 3)]
}
