package programs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/confine"
	"github.com/codicil-dev/codicil/bot/dbt"
	"github.com/codicil-dev/codicil/bot/product"
)

// dbt has the product's own dbt build it in a scratch database, and takes the tables out as Parquet: its DuckDB may be newer than this program's.
func (r *Runner) dbt(ctx context.Context, j product.Job, o confine.Options, environment string) (ran product.Ran, err error) {
	scratch := filepath.Join(filepath.Dir(j.Tree), "dbt")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		return ran, fmt.Errorf("make a folder for dbt: %w", err)
	}
	o.Scratch, o.Writable = nil, []confine.Bind{{Source: scratch}}
	o.ReadOnly = append(o.ReadOnly, confine.Bind{Source: j.Tree})
	env := o.Env
	tool := &dbt.Tool{DBT: filepath.Join(environment, "bin", "dbt"), Python: filepath.Join(environment, "bin", "python"), Env: env, Threads: 1,
		Run: func(ctx context.Context, args, env []string, dir string) (int, string, error) {
			o := o
			o.Program, o.Args, o.Env, o.Dir = args[0], args[1:], env, dir
			res, err := confine.Run(ctx, o)
			if err != nil {
				return 0, "", err
			}
			ran.Notes = append(ran.Notes, notes(res)...)
			if res.Struck != "" {
				return -1, res.String(), nil
			}
			return res.Code, res.Output, nil
		}}
	p := dbt.Project{Dir: j.Tree, Scratch: scratch}
	built, err := tool.Build(ctx, p)
	if err != nil {
		return ran, err
	}
	ran.Problems = built.Problems
	for _, d := range built.Deprecations {
		ran.Notes = append(ran.Notes, fmt.Sprintf("dbt warns of what is to go (%s): %s", strings.TrimSpace(d.Name+" "+d.File), d.Message))
	}
	for _, n := range built.Tests() {
		one := product.TestResult{Name: n.Name}
		switch n.Status {
		case dbt.Passed, dbt.Warned, dbt.Succeeded:
		default:
			one.Message = orElse(n.Message, "it was not run")
		}
		ran.Tests = append(ran.Tests, one)
	}
	tables, err := tool.Tables(ctx, p, built)
	if errors.Is(err, dbt.ErrNoDatabase) && ran.Problems.Err() != nil {
		return ran, nil
	}
	if err != nil {
		return ran, err
	}
	ran.Problems = append(ran.Problems, tables.Problems...)
	return ran, took(&ran, j, built, tables)
}

// took moves the tables to where the product's are left, and tells what they are made from.
func took(ran *product.Ran, j product.Job, built *dbt.Result, tables *dbt.Tables) error {
	named := map[string]string{} // tables by the ids of what makes them
	for _, t := range tables.Tables {
		name := t.Name
		if t.Schema != "main" {
			name = t.Schema + "." + name
		}
		named[t.Node] = name
	}
	ran.Types = map[string][]product.Column{}
	for _, t := range tables.Tables {
		name := named[t.Node]
		if strings.ContainsAny(name, "/\x00") {
			ran.Problems = append(ran.Problems, bot.Problem{File: "dbt_project.yml", Message: fmt.Sprintf("the relation %q has a name that is no file's; rename it", name)})
			continue
		}
		if err := os.Rename(t.File, filepath.Join(j.Output, name+".parquet")); err != nil {
			return fmt.Errorf("take over the table %s: %w", name, err)
		}
		for _, c := range t.Columns {
			ran.Types[name] = append(ran.Types[name], product.Column{Name: c.Name, Type: c.Type})
		}
		n, ok := built.Node(t.Node)
		if !ok {
			continue
		}
		m := product.Model{Path: n.File, Table: name}
		for _, id := range n.DependsOn {
			if from, ok := named[id]; ok {
				m.Reads = append(m.Reads, product.TableKey(from))
			}
		}
		if n.Kind != dbt.Seed {
			ran.Models = append(ran.Models, m)
		}
	}
	return nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
