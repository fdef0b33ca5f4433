package product

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/engine"
)

// upstream is a product that offers tables t and raw.u, and has an internal one.
func upstream(name string) string { return specOf(name, "") }

func TestInputs(t *testing.T) {
	f := files{
		"up/spec.yaml":         upstream("order-lines"),
		"up/models/t.sql":      "select 1 as x",
		"up/models/raw.u.sql":  "select 2 as x",
		"up/models/inside.sql": "select 3 as x",
		"p/spec.yaml": specOf("p", `inputs:
  - {product: order-lines, table: t, version: ^1.0}
  - {product: order-lines, table: raw.u}
`),
		"p/models/a.sql": `select t.x + u.x + (select x from "order-lines".t) + (select x from "Order-Lines".raw.u) as x from T, u`,
	}
	s := sideOf(t, f)
	b := mustBuild(t, s, "p", Own)
	if !b.OK() {
		t.Fatal(b.Problems)
	}
	if got := text(t, b, "SELECT x FROM a"); got != "6" {
		t.Errorf("got %s", got)
	}
	if len(b.Before) != 2 || b.Inputs[0].Product != "order-lines" || b.Inputs[0].Version != "1.2.0" {
		t.Errorf("got inputs %v", b.Inputs)
	}
	f["p/models/a.sql"] = `select * from "order-lines".inside`
	wantProblem(t, mustBuild(t, sideOf(t, f), "p", Own).Problems, "p/models/a.sql", "reads inside of product order-lines, which is not among the inputs")
}

// Two products may offer tables of one name: then the product says which.
func TestInputsOfOneName(t *testing.T) {
	f := files{
		"a/spec.yaml": upstream("a"), "a/models/t.sql": "select 1 as x",
		"b/spec.yaml": upstream("b"), "b/models/t.sql": "select 2 as x",
		"p/spec.yaml":    specOf("p", "inputs: [{product: a, table: t}, {product: b, table: t}]\n"),
		"p/models/m.sql": "select a.t.x + 10 * other.x as x from a.t, b.t as other",
	}
	b := mustBuild(t, sideOf(t, f), "p", Own)
	if !b.OK() {
		t.Fatal(b.Problems)
	}
	if got := text(t, b, "SELECT x FROM m"); got != "21" {
		t.Errorf("got %s", got)
	}
	session, err := engine.Start(t.Context(), engine.Options{ReadOnly: []string{filepath.Dir(b.Before[0].Database()), filepath.Dir(b.Before[1].Database())}})
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if err := AttachInputs(t.Context(), session, b.Inputs, b.Before); err != nil {
		t.Fatal(err)
	}
	if _, err := session.Query(t.Context(), "SELECT * FROM a.t, b.t", 1); err != nil {
		t.Error(err)
	}
	if _, err := session.Query(t.Context(), "SELECT * FROM t", 1); err == nil {
		t.Error("one of the two was taken for t")
	}
	f["p/models/m.sql"] = "select * from t"
	wantProblem(t, mustBuild(t, sideOf(t, f), "p", Own).Problems, "p/models/m.sql", `write which: "a".t or "b".t`)
}

func TestInputProblems(t *testing.T) {
	up := files{"up/spec.yaml": upstream("up"), "up/models/t.sql": "select 1 as x"}
	for _, x := range []struct {
		name  string
		files files
		at    string
		holds string
	}{
		{"missing", files{"p/spec.yaml": specOf("p", "inputs:\n  - {product: nowhere, table: t}\n")}, "p/spec.yaml:7:5", "--with"},
		{"version", files{"p/spec.yaml": specOf("p", "inputs: [{product: up, table: t, version: ^2.0}]\n")}, "p/spec.yaml:6:10", "has version 1.2.0, which ^2.0 does not allow"},
		{"no such table", files{"p/spec.yaml": specOf("p", "inputs: [{product: up, table: tt}]\n"), "p/models/m.sql": "select * from tt join up.tt as b using (x)"}, "p/spec.yaml:6:10", "product up has no table tt"},
		{"broken", files{"p/spec.yaml": specOf("p", "inputs: [{product: up, table: t}]\n"), "up/models/t.sql": "select nope"}, "p/spec.yaml:6:10", "since it does not build: up/models/t.sql:1:8"},
		{"clash with a model", files{"p/spec.yaml": specOf("p", "inputs: [{product: up, table: t}]\n"), "p/models/T.sql": "select 1 as x"}, "p/models/T.sql", "which is an input from product up"},
		{"clash with a schema", files{"p/spec.yaml": specOf("p", "inputs: [{product: up, table: t}]\n"), "p/models/up.z.sql": "select 1 as x"}, "p/models/up.z.sql", "the name of a product among the inputs"},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := files{"p/models/m.sql": "select * from t"}
			for _, more := range []files{up, x.files} {
				for name, text := range more {
					f[name] = text
				}
			}
			wantProblem(t, mustBuild(t, sideOf(t, f), "p", Own).Problems, x.at, x.holds)
		})
	}
}

// Where the product is not to be had, a snapshot among the seeds stands for its table.
func TestInputSnapshot(t *testing.T) {
	b := good(t, files{
		"p/spec.yaml":    specOf("p", "inputs: [{product: nowhere, table: raw.t}]\n"),
		"p/seeds/t.csv":  "x\n7\n",
		"p/models/m.sql": "select x from t",
	})
	if got := text(t, b, "SELECT x FROM m"); got != "7" {
		t.Errorf("got %s", got)
	}
}

// Where there are both, the product counts and not the snapshot.
func TestInputBeforeSnapshot(t *testing.T) {
	b := good(t, files{
		"up/spec.yaml": upstream("up"), "up/models/t.sql": "select 1 as x",
		"p/spec.yaml":    specOf("p", "inputs: [{product: up, table: t}]\n"),
		"p/seeds/t.csv":  "x\n7\n",
		"p/models/m.sql": "select x from t",
	})
	if got := text(t, b, "SELECT x FROM m"); got != "1" {
		t.Errorf("got %s", got)
	}
	if _, ok := b.Table("t"); ok {
		t.Error("the snapshot was loaded")
	}
}

func TestInputFromOutside(t *testing.T) {
	p := files{"p/spec.yaml": specOf("p", "inputs: [{product: up, table: t}]\n"), "p/models/m.sql": "select x from t"}.write(t)
	outside := files{"spec.yaml": upstream("up"), "models/t.sql": "select 5 as x"}.write(t)
	b := mustBuild(t, NewSide(newBuilder(t), products(t, p), products(t, outside), clock), "p", Own)
	if !b.OK() {
		t.Fatal(b.Problems)
	}
	if got := text(t, b, "SELECT x FROM m"); got != "5" {
		t.Errorf("got %s", got)
	}
}

func TestProductCircle(t *testing.T) {
	s := sideOf(t, files{
		"a/spec.yaml": specOf("a", "inputs: [{product: b, table: t}]\n"), "a/models/t.sql": "select 1 as x",
		"b/spec.yaml": specOf("b", "inputs: [{product: a, table: t}]\n"), "b/models/t.sql": "select 1 as x",
	})
	_, err := s.Build(context.Background(), "a", Own)
	var circle *CircleError
	if !errors.As(err, &circle) || strings.Join(circle.Products, " ") != "a b a" {
		t.Errorf("got %v", err)
	}
}

// A product called as one of DuckDB's own databases is read all the same.
func TestInputReservedName(t *testing.T) {
	for _, name := range []string{"temp", "main", "built"} {
		b := mustBuild(t, sideOf(t, files{
			"up/spec.yaml": upstream(name), "up/models/t.sql": "select 5 as x",
			"p/spec.yaml": specOf("p", "inputs: [{product: "+name+", table: t}]\n"), "p/models/m.sql": "select x from t",
		}), "p", Own)
		if !b.OK() {
			t.Errorf("%s: %v", name, b.Problems)
		}
	}
}
