package spec

import (
	"fmt"
	"testing"
)

func TestConstant(t *testing.T) {
	for text, want := range map[string]string{
		"true": "true true", "1 == 1": "true true", "false || 2 > 3": "false true", "true || owner.team == 'x'": "true true", "owner.team == 'x' || true": "true true",
		"owner.team == 'x'": "false false", "tables.all(t, true)": "false false", "size(spec.tables) >= 0": "false false", "spec.nothing == 1 || false": "false false",
		"['a', 'b'].all(x, x != '')": "true true", "product != product": "false false", "1 / 0 == 1": "false false",
	} {
		x, err := CompileCEL(text)
		if err != nil {
			t.Fatal(text, err)
		}
		value, ok := x.Constant()
		if fmt.Sprint(value)+" "+fmt.Sprint(ok) != want {
			t.Errorf("%s: %v %v, want %s", text, value, ok, want)
		}
	}
}

func TestLiterals(t *testing.T) {
	x, err := CompileCEL(`tables.all(t, t.name.startsWith("a") || size(t.key) > 2 && t.name in ["a", "b"])`)
	if err != nil {
		t.Fatal(err)
	}
	values, functions := x.Literals()
	if got, want := fmt.Sprint(values, functions), "[a 2 b] [startsWith size]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
