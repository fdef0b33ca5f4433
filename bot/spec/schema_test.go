package spec

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestSchemas(t *testing.T) {
	for name, got := range Schemas() {
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if string(want) != string(got) {
			t.Errorf("schema %s differs from its golden file; run go test -update and look at the difference", name)
		}
	}
}

func TestEveryFieldIsDescribed(t *testing.T) {
	for _, v := range []any{Spec{}, Owner{}, Input{}, Table{}, Column{}, Amendment{}, Origin{}, Question{}, Check{}, Supersession{},
		Rejection{}, Expectation{}, Rename{}, Alteration{}, Meaning{}, ColumnChange{}, RowChange{}, SeedChange{}, TestChange{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			f := typ.Field(i)
			if described[typ.Name()+"."+f.Name] == "" {
				t.Errorf("%s.%s has no description", typ.Name(), f.Name)
			}
			if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != keyOf(f) {
				t.Errorf("%s.%s is %q in YAML and %q in JSON", typ.Name(), f.Name, key, keyOf(f))
			}
		}
	}
}
