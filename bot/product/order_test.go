package product

import (
	"strings"
	"testing"
)

func TestOrder(t *testing.T) {
	b := good(t, one(files{
		"seeds/s.csv":              "x\n1\n",
		"models/a_last.sql":        "with b as (select * from C), d as (select 1) select (select max(x) from \"Deep\") + x as x from b where exists (select 1 from st.e)",
		"models/c.sql":             "select x from D\n;\n",
		"models/d.sql":             "select x from S -- the seed",
		"models/sub/deep.sql":      "from c select x union all select x from main.d",
		"models/st.e.sql":          "select x from (select * from \"ST\".\"F g\") q",
		"models/St.F g.sql":        "select 1 as x",
		"models/z_reads_first.sql": "select count(*) as n from a_last, lateral (select * from c where c.x = a_last.x) l",
	}))
	var order []string
	for _, m := range b.Models {
		order = append(order, m.Table)
	}
	if got, want := strings.Join(order, " "), "d c Deep St.F g st.e a_last z_reads_first"; !strings.EqualFold(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := text(t, b, "SELECT a.x, e.x, z.n FROM a_last a, st.e, z_reads_first z"); got != "2|1|0" {
		t.Errorf("got %s", got)
	}
}

// A common table expression hides the model of its name.
func TestOrderCommonTable(t *testing.T) {
	good(t, one(files{"models/a.sql": "with b as (select 1 as x) select * from b", "models/b.sql": "select * from a"}))
}

func TestModelProblems(t *testing.T) {
	for _, x := range []struct {
		name  string
		files files
		at    string
		holds string
	}{
		{"circle", files{"models/a.sql": "select * from \"B\"", "models/b.sql": "select * from x.C", "models/x.c.sql": "select * from A", "models/d.sql": "select * from a"},
			"p/models/a.sql", "in a circle: models/a.sql → models/b.sql → models/x.c.sql → models/a.sql"},
		{"itself", files{"models/a.sql": "select * from a"}, "p/models/a.sql", "models/a.sql → models/a.sql"},
		{"syntax in line 1", files{"models/a.sql": "selec 1"}, "p/models/a.sql:1:1", `"selec"`},
		{"syntax after other letters", files{"models/a.sql": "select 'żółć'\n, 'é' as ż, a b c"}, "p/models/a.sql:2:17", `"c"`},
		{"column in line 1", files{"models/a.sql": "select nope"}, "p/models/a.sql:1:8", `"nope"`},
		{"column after other letters", files{"models/a.sql": "select 'żółć' as \"ż\",\n  'é€𝄞' as x, nope from range(1)"}, "p/models/a.sql:2:15", `"nope"`},
		{"byte order mark", files{"models/a.sql": "\ufeffselect nope"}, "p/models/a.sql:1:8", `"nope"`},
		{"carriage returns", files{"models/a.sql": "select 1,\r\n  nope\r\n"}, "p/models/a.sql:2:3", `"nope"`},
		{"missing table", files{"models/a.sql": "select *\nfrom nowhere"}, "p/models/a.sql:2:6", "nowhere does not exist; it is no model, seed or input"},
		{"conversion", files{"models/a.sql": "select 'x'::integer as i"}, "p/models/a.sql:1:11", "Could not convert"},
		{"reads a failed one", files{"models/a.sql": "select nope", "models/b.sql": "select * from a", "models/c.sql": "select * from main.b"}, "p/models/a.sql:1:8", "nope"},
		{"two of one table", files{"models/a.sql": "select 1 as x", "models/x/A.sql": "select 1 as x", "models/b.sql": "select * from a"}, "p/models/x/A.sql", "as models/a.sql does"},
		{"as a seed", files{"models/s.sql": "select 1 as x", "seeds/s.csv": "a\n1\n"}, "p/models/s.sql", "as the seed seeds/s.csv does"},
		{"as a seed in main", files{"models/main.s.sql": "select 1 as x", "seeds/s.csv": "a\n1\n"}, "p/models/main.s.sql", "as the seed seeds/s.csv does"},
		{"dots", files{"models/a.b.c.sql": "select 1 as x"}, "p/models/a.b.c.sql", "too many dots"},
		{"no name", files{"models/.sql": "select 1 as x"}, "p/models/.sql", "no name"},
		{"a query", files{"models/a.sql": "select * from query('select 1')"}, "p/models/a.sql", "hides what the model reads"},
	} {
		t.Run(x.name, func(t *testing.T) {
			wantProblem(t, mustBuild(t, sideOf(t, one(x.files)), "p", Own).Problems, x.at, x.holds)
		})
	}
}

// Errors of several models are told at once, in one build.
func TestSeveralProblems(t *testing.T) {
	b := mustBuild(t, sideOf(t, one(files{"models/a.sql": "select nope", "models/b.sql": "selec", "models/c.sql": "select 1 as x", "seeds/s.csv": ""})), "p", Own)
	var at []string
	for _, p := range b.Problems.Sorted() {
		at = append(at, p.File)
	}
	if got, want := strings.Join(at, " "), "p/models/a.sql p/models/b.sql p/seeds/s.csv"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if _, ok := b.Table("c"); !ok {
		t.Error("the good model was not built")
	}
}
