package lineage

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// priced is a CASE that models like to repeat.
const priced = `case when status = 'returned' then 0 when discount is not null then round(price * (1 - discount / 100), 2) else price end`

func TestOverlaps(t *testing.T) {
	parse := parser(t)
	show := shower(t)
	join := ` from orders o join lines l on o.id = l.order_id where o.status <> 'test' and l.quantity > 0`
	for _, c := range []struct {
		name string
		sqls []string
		want []string
	}{
		{"an expression", []string{"select id, " + priced + " as net from a", "select " + priced + " * 2 as twice from b"},
			[]string{"[0 1] 17: SELECT CASE  WHEN ((status = 'returned')) THEN (0) WHEN ((discount IS NOT NULL)) THEN (round((price * (1 - (discount / 100))), 2)) ELSE price END AS net"}},
		{"under another alias of its table", []string{"select " + priced + " as n from a", "select " + strings.NewReplacer("status", "x.status", "price", "x.price", "discount", "x.discount").Replace(priced) + " as m from b x"},
			[]string{"[0 1] 17: SELECT CASE  WHEN ((status = 'returned'))"}},
		{"joined and filtered in two queries", []string{"select o.id" + join, "select count(*) as n, max(o.at) as last from orders z join lines y on z.id = y.order_id where z.status <> 'test' and y.quantity > 0"},
			[]string{"[0 1] 13: SELECT * FROM orders AS o INNER JOIN lines AS l ON ((o.id = l.order_id)) WHERE ((o.status != 'test') AND (l.quantity > 0))"}},
		{"a whole query with other names of its results", []string{"select id as a, sum(x) as b from t where x > 1 group by id", "with q as (select id, sum(x) as total from t where x > 1 group by id) select * from q"},
			[]string{"[0 1] 7: SELECT id AS a, sum(x) AS b FROM t WHERE (x > 1) GROUP BY id"}},
		{"in three", []string{"select lower(trim(replace(a, '-', ''))) as x from t", "select lower(trim(replace(a, '-', ''))) as y from u", "select lower(trim(replace(a, '-', ''))) as z from v"},
			[]string{"[0 1 2] 6: SELECT lower(main.\"trim\"(\"replace\"(a, '-', ''))) AS x"}},
		{"the greater in two, the lesser in three", []string{"select lower(trim(replace(a, '-', ''))) as x from t", "select lower(trim(replace(a, '-', ''))) as y from u", "select trim(replace(a, '-', '')) as z from v"},
			[]string{"[0 1] 6: SELECT lower", "[0 1 2] 5: SELECT main.\"trim\""}},
		{"the same columns", []string{"select a, b, c, d, e, f, g, h from t", "select a, b, c, d, e, f, g, h from t"}, nil},
		{"the same casts", []string{"select a::int, b::text, c::date, d::int, e::int from t", "select a::int, b::text, c::date, d::int, e::int from t"}, nil},
		{"one query that repeats itself", []string{"select " + priced + " as a, " + priced + " as b from t"}, nil},
		{"another constant", []string{"select round(price * (1 - discount / 100), 2) as a from t", "select round(price * (1 + discount / 10), 3) as a from t"}, nil},
		{"another side", []string{"select round(abs(a.x - b.x), 2) as d from a join b on a.i > b.i", "select round(abs(b.x - a.x), 2) as d from a join b on a.i > b.i"}, nil},
		{"one name for two things", []string{"with q as (select * from a where u > 1) select x, y from q join w using (id) where q.x > 1 and w.y < 2", "with q as (select * from b where u > 2) select x, y from q join w using (id) where q.x > 1 and w.y < 2"}, nil},
		{"no statement", []string{"", "select 1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			least := 6
			if strings.Contains(c.name, "three") {
				least = 5
			}
			if c.name == "another side" || c.name == "one name for two things" {
				least = 8
			}
			var trees []json.RawMessage
			for _, s := range c.sqls {
				trees = append(trees, parse(s))
			}
			got := Overlaps(trees, least)
			var lines []string
			for i, o := range got.Overlaps {
				line := fmt.Sprintf("%v %d: %s", o.Trees, o.Nodes, show(o.Statement))
				if i < len(c.want) && len(line) > len(c.want[i]) && strings.HasPrefix(line, c.want[i]) {
					line = c.want[i]
				}
				lines = append(lines, line)
			}
			if diff := cmp.Diff(c.want, lines); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if (len(got.Pairs) > 0) != (len(c.want) > 0) || (got.Share > 0) != (len(c.want) > 0) || got.Share > 1 {
				t.Errorf("pairs %v, share %v", got.Pairs, got.Share)
			}
		})
	}
}

// shower returns a function that has DuckDB write a tree as SQL.
func shower(t *testing.T) func(json.RawMessage) string {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func(tree json.RawMessage) string {
		var text string
		if err := db.QueryRow("SELECT json_deserialize_sql(CAST(? AS JSON))", string(tree)).Scan(&text); err != nil {
			return err.Error()
		}
		return text
	}
}

func TestShareOfCopies(t *testing.T) {
	parse := parser(t)
	const model = "select id, sum(x) as total from t where x > 1 group by id"
	got := Overlaps([]json.RawMessage{parse(model), parse(model), parse("select 1 as one")}, 5)
	if len(got.Pairs) != 1 || got.Pairs[0].A != 0 || got.Pairs[0].B != 1 || got.Pairs[0].Share != 1 {
		t.Errorf("pairs %v, want the two copies to share all", got.Pairs)
	}
	if got.Share < 0.8 || got.Share >= 1 {
		t.Errorf("share %v, want nearly all", got.Share)
	}
}

func TestFlow(t *testing.T) {
	parse := parser(t)
	for _, c := range []struct {
		name, sql, from, want string
		all                   bool
	}{
		{"as it is", "select email from t", "email", "email", false},
		{"renamed", "select email as x, id as y from t", "email", "email x", false},
		{"computed", "select lower(t.email) as x, id as y from t", "email", "email x", false},
		{"by way of another name", "with a as (select email as m from t) select m || 'x' as n, id as o from a", "email", "email m n", false},
		{"counted", "select count(email) as n, count(distinct email) as d, email is null as e from t", "email", "email", false},
		{"counted where", "select count(*) filter (where email = 'a') as n from t", "email", "email n", false},
		{"the row", "select t as r, id as y from t", "email", "email r", false},
		{"packed", "select {'a': email} as s, {'b': id} as u from t", "email", "a email s", false},
		{"opened", "select unnest({'country': email}) from t", "email", "country email", true},
		{"opened by a star", "select s.* from (select {'f': email} as s from t) q", "email", "email f s", true},
		{"columns", "select columns('e.*') as x from t", "email", "email x", true},
		{"by position", "select #1 from t", "email", "email", true},
		{"renaming star", "select * rename (email as x) from t", "email", "email x", false},
		{"replacing star", "select * replace (email as id) from t", "email", "email id", false},
		{"a star that replaces what is open", "select * replace (round(x, 2) as x), x + 1 as y from t", "email", "email", false},
		{"star", "select * from t", "email", "email", false},
		{"list of aliases", "select x from t as u(x)", "email", "email", true},
		{"aliases of a table expression", "with u(x) as (select email from t) select x from u", "email", "email", true},
		{"branches", "select id as a, 'x' as b from t union all select id, email from t", "email", "b email", false},
		{"branches with a star", "select id, b from t union all select * from t", "email", "email", true},
		{"a scalar subquery", "select (select max(email) from t) as x", "email", "email x", false},
		{"summarize", "select * from (summarize t)", "email", "email", true},
		{"nothing to hide", "select columns('e.*') from t", "", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := FlowOf(parse(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			from := map[string]bool{}
			for _, n := range strings.Fields(c.from) {
				from[n] = true
			}
			names, all := f.Reached(from)
			if got := strings.Join(sorted(names), " "); got != c.want || all != c.all {
				t.Errorf("got %q, all %v; want %q, all %v", got, all, c.want, c.all)
			}
		})
	}
}

func TestSources(t *testing.T) {
	f, err := FlowOf(parser(t)("select case when e.id is null then lower(c.mail) end as email, c.id as id from c join e using (id)"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(sorted(f.Sources(map[string]bool{"email": true})), " "); got != "c email mail" {
		t.Errorf("email is made of %q, want c, email and mail", got)
	}
}
