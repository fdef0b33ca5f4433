package lineage

import (
	"fmt"
	"strings"
	"testing"
)

// said are the habits that were found, in words.
func said(h Habits) string {
	var out []string
	for _, s := range h.Stars {
		line := fmt.Sprintf("* of %s at %d", s.Table, s.Offset)
		if s.Result {
			line += ", out"
		}
		if len(s.Followed) > 0 {
			line += ", then " + strings.Join(s.Followed, " ")
		}
		out = append(out, line)
	}
	for _, g := range h.Groupings {
		if g.All {
			out = append(out, fmt.Sprintf("all after %d", g.Offset))
		} else {
			out = append(out, fmt.Sprintf("by %v at %d", g.Positions, g.Offset))
		}
	}
	return strings.Join(out, "; ")
}

func TestHabits(t *testing.T) {
	parse := parser(t)
	for _, c := range []struct{ name, sql, want string }{
		{"none", `select a, count(*) as n from t group by a`, ""},
		{"a star", `select * from t`, "* of t at 7, out"},
		{"from alone", `from t`, "* of t at 0, out"},
		{"of a join", `select * from s.t join u using (a)`, "* of s.t at 7, out; * of u at 7, out"},
		{"of one side", `select 1 as one, B.* from t as a join u as b using (id)`, "* of u at 17, out"},
		{"without some", `select * exclude (a), b, c from t`, "* of t at 7, out, then b c"},
		{"in a subquery in FROM", `select x from (select *, a + 1 as b from t)`, "* of t at 22, then b"},
		{"through a subquery", `select * from (select * from t)`, "* of t at 22, out"},
		{"import", `with c as (select * from t) select a from c`, "* of t at 18"},
		{"through an import", `with c as (select * from t) select * from c`, "* of t at 18, out"},
		{"through two", `with c as (select * from t), d as (select c.* from c) select * from d`, "* of t at 18, out"},
		{"not its columns", `with c as (select * from t), d as (select a from c) select * from d`, "* of t at 18"},
		{"an own list", `with c as (select a from t) select * from c`, ""},
		{"a name used anew", `with t as (select * from t) select * from t`, "* of t at 18, out"},
		{"of a schema, not the expression", `with t as (select 1 as a) select * from main.t`, "* of main.t at 33, out"},
		{"then computed", `with c as (select *, a * 2 as b, t.d from t) select b from c`, "* of t at 18, then b d"},
		{"computed before", `with c as (select a * 2 as b, * from t) select b from c`, "* of t at 30"},
		{"computed under a name that it excludes", `with c as (select * exclude (B), a * 2 as b from t) select b from c`, "* of t at 18"},
		{"set operations", `select * from t union all by name select * from u`, "* of t at 7, out; * of u at 41, out"},
		{"in IN", `select a from t where a in (select * from u)`, "* of u at 35"},
		{"recursive", `with recursive c as (select * from t union all select c.* from c) select * from c`, "* of t at 28, out"},
		{"of no table", `select * from range(3)`, ""},
		{"counted", `select count(*) from t`, ""},
		{"a pattern", `select columns('a.*') from t`, ""},
		{"group by all", `select a, sum(b) from t where a > 1 group by all`, "all after 34"},
		{"group by position", `select a, b, sum(c) from t group by 1, b, 2`, "by [1 2] at 36"},
		{"group by a text", `select sum(c) from t group by 'x'`, ""},
		{"in an expression", `with c as (select a, sum(b) as b from t group by 1) select a, b from c`, "by [1] at 49"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := HabitsOf(parse(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			if got := said(h); got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", c.sql, got, c.want)
			}
		})
	}
}

// TestHabitsEnd has expressions that each stand for the one before twice, which would be endless to follow.
func TestHabitsEnd(t *testing.T) {
	text := "with c0 as (select * from t)"
	for i := range 60 {
		text += fmt.Sprintf(", c%d as (select * from c%d, c%d)", i+1, i, i)
	}
	h, err := HabitsOf(parser(t)(text + " select * from c60"))
	if err != nil || len(h.Stars) != 1 {
		t.Error(said(h), err)
	}
}
