package spec

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// Constant says what the expression gives whatever the spec; ok is false if that depends on the spec, or can't be told.
func (x *Expression) Constant() (value, ok bool) {
	tree, issues := celEnvironment().Compile(x.text)
	if issues != nil && issues.Err() != nil {
		return false, false
	}
	program, err := celEnvironment().Program(tree, cel.CostLimit(celCostLimit), cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		return false, false
	}
	var unknown []*cel.AttributePatternType
	for _, v := range celEnvironment().Variables() {
		unknown = append(unknown, cel.AttributePattern(v.Name()))
	}
	vars, err := cel.PartialVars(map[string]any{}, unknown...)
	if err != nil {
		return false, false
	}
	out, _, err := program.Eval(vars)
	if err != nil {
		return false, false
	}
	b, ok := out.(types.Bool)
	return bool(b), ok
}

// Holds evaluates the expression over a spec as View shows it. See True for what an error says.
func (x *Expression) Holds(view map[string]any) (bool, error) {
	vars := map[string]any{"spec": view}
	for k, v := range view {
		if k != "spec" {
			vars[k] = v
		}
	}
	return x.eval(vars)
}

// Literals are the strings and numbers that stand in the expression, as string, int64, uint64 or float64, and the functions that it calls,
// without operators.
func (x *Expression) Literals() (values []any, functions []string) {
	tree, issues := celEnvironment().Compile(x.text)
	if issues != nil && issues.Err() != nil {
		return nil, nil
	}
	ast.PreOrderVisit(tree.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.LiteralKind:
			switch v := e.AsLiteral().Value().(type) {
			case string, int64, uint64, float64:
				if !slices.Contains(values, v) {
					values = append(values, v)
				}
			}
		case ast.CallKind:
			name := e.AsCall().FunctionName()
			if _, operator := operators.FindReverse(name); !operator && !strings.HasPrefix(name, "@") && !slices.Contains(functions, name) {
				functions = append(functions, name)
			}
		}
	}))
	return values, functions
}
