package spec

import (
	"fmt"
	"reflect"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"
)

// celCostLimit bounds the work of one evaluation, in CEL's own units of about one operation each.
const celCostLimit = 2_000_000

// Expression is a compiled CEL expression over a spec. It may be used by many goroutines at once.
//
// The variable spec holds the spec under the names of spec.yaml, and so do product, version, owner, purpose, tags,
// inputs, tables and custom. Fields that are left out are there with empty values; nullable says whether a column may
// really hold NULL.
type Expression struct {
	text    string
	program cel.Program
}

// ExpressionError is what is wrong with a CEL expression. Line and Column count from 1 within the expression; they are
// 0 if the place is not known.
type ExpressionError struct {
	Line, Column int
	Message      string
}

// Error says where and what.
func (e *ExpressionError) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d of the expression: %s", e.Line, e.Column, e.Message)
}

var celEnvironment = sync.OnceValue(func() *cel.Env {
	options := []cel.EnvOption{ext.Strings(), ext.Lists(), ext.Sets(), cel.Variable("spec", cel.DynType)}
	for _, key := range keysOf(reflect.TypeFor[Spec]()) {
		if key != "spec" {
			options = append(options, cel.Variable(key, cel.DynType))
		}
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		panic(fmt.Sprintf("set up CEL: %v", err)) // the options are ours and do not vary
	}
	return env
})

// CompileCEL compiles an expression that gives true or false. Errors are *ExpressionError.
func CompileCEL(expr string) (*Expression, error) {
	ast, issues := celEnvironment().Compile(expr)
	if issues != nil && len(issues.Errors()) > 0 {
		first := issues.Errors()[0]
		return nil, &ExpressionError{first.Location.Line(), first.Location.Column() + 1, first.Message}
	}
	if t := ast.OutputType(); !t.IsExactType(cel.BoolType) && !t.IsExactType(cel.DynType) {
		return nil, &ExpressionError{1, 1, fmt.Sprintf("it gives a value of type %s: write a condition that is true or false", t)}
	}
	program, err := celEnvironment().Program(ast, cel.CostLimit(celCostLimit))
	if err != nil {
		return nil, &ExpressionError{0, 0, err.Error()}
	}
	return &Expression{expr, program}, nil
}

// String is the expression as it was written.
func (x *Expression) String() string { return x.text }

// True evaluates the expression over s. An error says that it could not be decided: a field that does not exist, a
// value that is neither true nor false, or too much work.
func (x *Expression) True(s *Spec) (bool, error) {
	return x.Holds(View(s))
}

// eval evaluates the expression over variables.
func (x *Expression) eval(vars map[string]any) (bool, error) {
	out, _, err := x.program.Eval(vars)
	if err != nil {
		return false, &ExpressionError{Message: err.Error() + ": correct the expression"}
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, &ExpressionError{1, 1, fmt.Sprintf("it gives a value of type %s: write a condition that is true or false", out.Type().TypeName())}
	}
	return bool(b), nil
}

// View is s as CEL expressions see it: maps and lists under the names of spec.yaml, with every field present.
func View(s *Spec) map[string]any {
	v := viewOf(reflect.ValueOf(*s)).(map[string]any)
	for i, t := range v["tables"].([]any) {
		for j, c := range t.(map[string]any)["columns"].([]any) {
			c.(map[string]any)["nullable"] = s.Tables[i].IsNullable(&s.Tables[i].Columns[j])
		}
	}
	return v
}

// viewOf turns structs into maps and nil into what is empty.
func viewOf(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Struct:
		out := map[string]any{}
		for i := range v.NumField() {
			if k := keyOf(v.Type().Field(i)); k != "" {
				out[k] = viewOf(v.Field(i))
			}
		}
		return out
	case reflect.Slice:
		out := make([]any, v.Len())
		for i := range out {
			out[i] = viewOf(v.Index(i))
		}
		return out
	case reflect.Map:
		out := map[string]any{}
		for it := v.MapRange(); it.Next(); {
			out[it.Key().String()] = viewOf(it.Value())
		}
		return out
	case reflect.Interface, reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return viewOf(v.Elem())
	}
	return v.Interface()
}
