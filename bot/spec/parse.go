package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
)

var specValidator = sync.OnceValue(func() *Validator {
	return NewValidator(SpecSchemaID, Schemas()["spec-1.json"], Spec{})
})

var amendmentValidator = sync.OnceValue(func() *Validator {
	return NewValidator(AmendmentSchemaID, Schemas()["amendment-1.json"], Amendment{})
})

// ParseSpec reads a spec.yaml; file names it in problems. The spec is nil if there are problems that are errors.
// It checks what can be known from the file alone, but not that names are unique or that what they name exists.
func ParseSpec(file string, data []byte) (*Spec, *Source, bot.Problems) {
	var s Spec
	source, problems := specValidator().Parse(file, data, &s)
	if problems != nil {
		return nil, source, problems
	}
	normaliseSpec(&s)
	if problems := checkSpec(&s, source); problems != nil {
		return nil, source, problems
	}
	return &s, source, nil
}

// ParseAmendment reads a file of the ledger; see ParseSpec.
func ParseAmendment(file string, data []byte) (*Amendment, *Source, bot.Problems) {
	var a Amendment
	source, problems := amendmentValidator().Parse(file, data, &a)
	if problems != nil {
		return nil, source, problems
	}
	for i := range a.Expects {
		normaliseAlterations(&a.Expects[i])
	}
	if problems := checkAmendment(&a, source); problems != nil {
		return nil, source, problems
	}
	return &a, source, nil
}

// Parse reads strict YAML, checks it and, if nothing is wrong, stores it in the struct that into points to.
func (v *Validator) Parse(file string, text []byte, into any) (*Source, bot.Problems) {
	value, source, problems := ReadYAML(file, text)
	if value != nil {
		refused := slices.Clone(problems)
		for _, p := range v.Check(value, source) {
			if !slices.ContainsFunc(refused, func(q bot.Problem) bool { return q.Line == p.Line && q.Column == p.Column }) {
				problems = append(problems, p)
			}
		}
	}
	if len(problems) > 0 {
		return source, problems.Sorted()
	}
	data, err := json.Marshal(value)
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		dec.DisallowUnknownFields()
		err = dec.Decode(into)
	}
	if err != nil {
		line, column := source.At("")
		return source, bot.Problems{problem(source.file, line, column, fmt.Sprintf("a value does not fit its key (%v): correct it", err))}
	}
	return source, nil
}

// normaliseSpec gives the untyped values of s their Go types.
func normaliseSpec(s *Spec) {
	for i := range s.Tables {
		for j := range s.Tables[i].Columns {
			for k, v := range s.Tables[i].Columns[j].Values {
				s.Tables[i].Columns[j].Values[k] = normalise(v)
			}
		}
	}
	for k, v := range s.Custom {
		s.Custom[k] = normalise(v)
	}
}

// normalise turns numbers into int64 or float64.
func normalise(v any) any {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, _ := v.Float64()
			return f
		}
		i, _ := v.Int64()
		return i
	case []any:
		for i := range v {
			v[i] = normalise(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = normalise(v[k])
		}
	}
	return v
}

// normaliseAlterations makes the new key of a table a list of strings.
func normaliseAlterations(e *Expectation) {
	if e.ChangeKey == nil {
		return
	}
	key := []string{}
	if to, ok := e.ChangeKey.To.([]any); ok {
		for _, k := range to {
			key = append(key, fmt.Sprint(k))
		}
	}
	e.ChangeKey.To = key
}

// checkSpec finds what the schema cannot say.
func checkSpec(s *Spec, source *Source) bot.Problems {
	var problems bot.Problems
	for i, in := range s.Inputs {
		if in.Version == "" {
			continue
		}
		if _, err := semver.NewConstraint(in.Version); err != nil {
			line, column := source.At(pointerf("/inputs", i, "version"))
			problems = append(problems, problem(source.file, line, column,
				fmt.Sprintf("version %q is not a constraint: write one such as ^1.0 or >=1.2 <3", in.Version)))
		}
	}
	return append(problems, plainNames(s, source)...)
}

// equalValues says whether two values mean the same in a file: nil and empty are alike, so are 1 and 1.0.
func equalValues(a, b any) bool {
	a, b = canonical(a), canonical(b)
	return isEmpty(a) && isEmpty(b) || reflect.DeepEqual(a, b)
}
