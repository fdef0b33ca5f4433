package lineage

import (
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
	"github.com/google/go-cmp/cmp"
)

// parser returns a function that has a real DuckDB write parse trees.
func parser(t testing.TB) func(string) json.RawMessage {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return func(text string) json.RawMessage {
		t.Helper()
		var tree string
		if err := db.QueryRow("SELECT json_serialize_sql(CAST(? AS VARCHAR))::VARCHAR", text).Scan(&tree); err != nil {
			t.Fatal(err)
		}
		return json.RawMessage(tree)
	}
}

func TestTables(t *testing.T) {
	parse := parser(t)
	for _, c := range []struct{ name, sql, want string }{
		{"plain", `select * from orders`, "orders"},
		{"from alone", `from a`, "a"},
		{"nothing", `select 1`, ""},
		{"no statement", `-- empty`, ""},
		{"two statements", `select * from a; select * from b`, "a b"},
		{"alias", `select o.x from orders o`, "orders"},
		{"twice, in two spellings", `select * from Orders, ORDERS o`, "Orders"},
		{"schema and catalog", `select * from s.t, c.s.t`, "s.t c.s.t"},
		{"quoted", `select * from "My Table", "S"."T"`, "My Table S.T"},
		{"file", `select * from 'a.csv'`, "a.csv"},
		{"joins", `select * from a left join b using (x) semi join c using (x) asof join d on a.t >= d.t positional join e`, "a b c d e"},
		{"comma and lateral", `select * from a, lateral (select * from b where b.x = a.x)`, "a b"},
		{"set operations", `select 1 from a union select 2 from b except (select 3 from c intersect select 4 from d)`, "a b c d"},
		{"order and limit", `select 1 from a order by (select 1 from b) limit (select 1 from c) offset (select 1 from d)`, "a b c d"},
		{"in the select list", `select (select max(x) from a), exists (select 1 from b), array(select 1 from c)`, "a b c"},
		{"where, having, qualify", `select x from a where x in (select y from b) and x = any (select 1 from c) group by (select 1 from d) having sum(x) > (select 1 from e) qualify row_number() over (partition by (select 1 from f)) = 1`, "a b c d e f"},
		{"case, between, cast", `select case when (select true from a) then 1 else (select 1 from b) end, x between (select 1 from c) and 2, (select 1 from d)::text`, "a b c d"},
		{"values", `values (1), ((select 1 from a))`, "a"},
		{"values in from", `select * from (values (1)) v(x)`, ""},
		{"pivot", `pivot a on x in ('p', 'q') using sum(y) group by z`, "a"},
		{"pivot of a query", `with a as (select * from b) select * from (pivot a on x in ('p') using sum(y))`, "b"},
		{"unpivot", `unpivot a on x, y into name n value v`, "a"},
		{"describe and summarize", `select * from (describe a), (summarize select * from b)`, "a b"},
		{"argument of a table function", `select * from range((select max(x) from a))`, "a"},
		{"list comprehension", `select [x for x in (select list(y) from a)]`, "a"},
		{"replaced star", `select * replace ((select 1 from b) as x) from a`, "a b"},
		{"filter and ordered aggregate", `select sum(x order by (select 1 from a)) filter (y in (select 1 from b))`, "a b"},

		{"with", `with a as (select * from b) select * from a`, "b"},
		{"with, other case", `with A as (select * from b) select * from "a"`, "b"},
		{"with the name of what it reads", `with orders as (select * from orders) select * from orders`, "orders"},
		{"with, not recursive, in a union", `with x as (select v from y union all select v from x) select * from x`, "x y"},
		{"with hides a table only inside", `select * from (with x as (select 1) select * from x) a, x`, "x"},
		{"with hides only that side", `(with x as (select 1) select * from x) union all select * from x`, "x"},
		{"with over a set operation", `with x as (select 1) (select * from x) union all (select * from x)`, ""},
		{"with does not see later ones", `with a as (select * from b), b as (select 1) select * from a`, "b"},
		{"with sees earlier ones", `with b as (select 1), a as (select * from b) select * from a`, ""},
		{"with in with", `with a as (with b as (select * from c) select * from b), d as (select * from b) select * from a, d`, "b c"},
		{"with in with of the same name", `with a as (select * from c) select * from (with a as (select * from a) select * from a)`, "c"},
		{"with, seen in subqueries", `with x as (select 1 v) select (select v from x), exists (select 1 from x) from y order by (select v from x)`, "y"},
		{"with, schema named", `with x as (select 1) select * from main.x`, "main.x"},
		{"with, materialized", `with x as materialized (select * from y) select * from x, x x2`, "y"},
		{"recursive", `with recursive r as (select 1 n union all select n + 1 from r where n < 3) select * from r`, ""},
		{"recursive, start reads the table", `with recursive r as (select n from r union all select n + 1 from r where n < 3) select * from r`, "r"},
		{"recursive, start only", `with recursive r as (select * from r) select * from r`, "r"},
		{"recursive, deep", `with recursive r as (select 1 n union all (with q as (select * from r, s) select n from q)) select * from r`, "s"},
		{"recursive with keys", `with recursive t(k, v) using key (k) as (select 1, 2 union select k + 1, v from recurring.t) select * from t`, ""},
		{"schema called recurring", `select * from recurring.t`, "recurring.t"},
		{"text that looks like a tree", `select '{"type":"BASE_TABLE","table_name":"x"}'`, ""},
		{"struct that looks like a tree", `select {'type': 'BASE_TABLE', 'table_name': 'x'}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			use, err := Of(parse(c.sql))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, n := range use.Tables {
				got = append(got, n.String())
			}
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("%s\nreads %q, want %q", c.sql, g, c.want)
			}
		})
	}
}

func TestFunctions(t *testing.T) {
	parse := parser(t)
	for _, c := range []struct{ sql, functions, tables string }{
		{`select UPPER(a) || 'x', -b, a like 'c', a + 1 from t`, "upper", ""},
		{`select now(), current_timestamp, current_date, current_time, localtime, localtimestamp, today()`,
			"current_date current_time current_timestamp localtime localtimestamp now today", ""},
		{`select random(), uuid(), gen_random_uuid(), "RANDOM"()`, "gen_random_uuid random uuid", ""},
		{`select t.current_date from t`, "", ""},
		{`select user, current_user, session_user`, "current_user session_user user", ""},
		{`select sum(x) over (order by now()), count(*) from t`, "count_star now sum", ""},
		{`select list_transform(l, x -> x + random()) from t`, "list_transform random", ""},
		{`select [random()]`, "list_value random", ""},
		{`select main.nextval('s')`, "nextval", ""},
		{`select * from READ_CSV('x'), range(length('abc')), unnest([1]), glob('*')`, "length list_value", "glob range read_csv unnest"},
		{`select * from query('select 1 from hidden'), query_table('x')`, "", "query query_table"},
		{`describe t`, "", "describe"},
		{`show tables`, "", "show_unqualified"},
	} {
		use, err := Of(parse(c.sql))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(use.Functions, " "); got != c.functions {
			t.Errorf("%s\nfunctions %q, want %q", c.sql, got, c.functions)
		}
		if got := strings.Join(use.TableFunctions, " "); got != c.tables {
			t.Errorf("%s\ntable functions %q, want %q", c.sql, got, c.tables)
		}
	}
}

func TestSamples(t *testing.T) {
	parse := parser(t)
	for text, want := range map[string]bool{
		`select * from t`:                                                 false,
		`select * from t tablesample 10%`:                                 true,
		`select * from t using sample 5`:                                  true,
		`select * from (from t limit 1) using sample 5`:                   true,
		`select * from t tablesample reservoir(5 rows) repeatable (3)`:    false,
		`select * from (select * from t using sample 3 rows (system, 1))`: false,
	} {
		use, err := Of(parse(text))
		if err != nil {
			t.Fatal(err)
		}
		if use.Samples != want {
			t.Errorf("%s: samples %v, want %v", text, use.Samples, want)
		}
	}
}

func TestOfErrors(t *testing.T) {
	parse := parser(t)
	for _, c := range []struct{ tree, want string }{
		{string(parse(`selec 1`)), "syntax error at or near"},
		{string(parse(`insert into t select 1`)), "Only SELECT statements"},
		{``, "unexpected end"},
		{`[]`, "read parse tree"},
		{`{}`, "no list of statements"},
		{`{"statements": null}`, "no list of statements"},
	} {
		_, err := Of(json.RawMessage(c.tree))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Of(%s) is %v, want an error with %q", c.tree, err, c.want)
		}
	}
}

func TestLooksLikeFile(t *testing.T) {
	for _, c := range []struct {
		name Name
		want bool
	}{
		{Name{Table: "orders"}, false},
		{Name{Schema: "staging", Table: "orders"}, false},
		{Name{Table: "a.csv"}, true},
		{Name{Table: "A.CSV.GZ"}, true},
		{Name{Schema: "data", Table: "csv"}, true},
		{Name{Table: "s3://b/x.parquet"}, true},
		{Name{Table: "../up"}, true},
		{Name{Table: "*"}, true},
		{Name{Table: "v1.2"}, false},
		{Name{Table: "csv"}, false},
	} {
		if got := c.name.LooksLikeFile(); got != c.want {
			t.Errorf("%+v looks like a file: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestOrder(t *testing.T) {
	for _, c := range []struct {
		name  string
		reads map[string][]string
		want  string
		cycle string
	}{
		{"none", nil, "", ""},
		{"names decide", map[string][]string{"c": nil, "a": nil, "b": nil}, "a b c", ""},
		{"first what is read", map[string][]string{"a": {"b"}, "b": {"c"}, "c": nil, "d": nil}, "c b a d", ""},
		{"outside names", map[string][]string{"a": {"seed", "b"}, "b": {"seed"}}, "b a", ""},
		{"case", map[string][]string{"A": {"B"}, "b": nil}, "b A", ""},
		{"diamond", map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"d", "d"}, "d": nil}, "d b c a", ""},
		{"itself", map[string][]string{"a": {"a"}}, "", "a → a"},
		{"two", map[string][]string{"b": {"a"}, "a": {"b"}, "c": nil}, "", "a → b → a"},
		{"shortest", map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}}, "", "d → e → d"},
		{"reader of a cycle", map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"b"}}, "", "b → c → b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Order(c.reads)
			var cycle *CycleError
			if errors.As(err, &cycle) != (c.cycle != "") || err != nil && err.Error() != c.cycle {
				t.Fatalf("error %v, want %q", err, c.cycle)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("order %q, want %q", s, c.want)
			}
		})
	}
}

func TestIsExpression(t *testing.T) {
	parse := parser(t)
	for _, c := range []struct {
		expr string
		want [][]string
		err  string
	}{
		{expr: `true`},
		{expr: `status = 'returned' and "Total Amount" > 10 -- note`, want: [][]string{{"status"}, {"Total Amount"}}},
		{expr: `orders.amount > 1 or address.city is null or Amount in (1, amount)`, want: [][]string{{"address", "city"}, {"Amount"}, {"orders", "amount"}}},
		{expr: `len(list_filter(l, x -> x > y)) > 0`, want: [][]string{{"l"}, {"y"}}},
		{expr: `len(list_filter(l, lambda x, i: x > i)) > 0`, want: [][]string{{"l"}}},
		{expr: `j -> 'a' = '1'`, want: [][]string{{"j"}}},
		{expr: `lower(j ->> 'a') = 'b' and ordered_at < current_date`, want: [][]string{{"j"}, {"ordered_at"}}},
		{expr: `1) or (1`, err: "rejects the statement"},
		{expr: `1; select 2`, err: "2 statements"},
		{expr: `1;`, err: "rejects the statement"},
		{expr: ``, err: "rejects the statement"},
		{expr: `1 from secrets`, err: "FROM clause"},
		{expr: `1) from secrets where (1`, err: "rejects the statement"},
		{expr: `a, b`, err: "2 expressions"},
		{expr: `a as b`, err: "names its value b"},
		{expr: `distinct a`, err: "more than an expression"},
		{expr: `a order by 1`, err: "more than an expression"},
		{expr: `a union select 2`, err: "not an expression"},
		{expr: `all a`, err: "rejects the statement"},
		{expr: `a in (select x from secrets)`, err: "subquery"},
		{expr: `exists (select 1)`, err: "subquery"},
		{expr: `sum(a) > 1`, err: "aggregate sum"},
		{expr: `my_agg(distinct a) > 1`, err: "aggregate my_agg"},
		{expr: `row_number() over () = 1`, err: "window"},
		{expr: `*`, err: "COLUMNS"},
		{expr: `columns(*) > 1`, err: "COLUMNS"},
		{expr: `a = ?`, err: "parameter"},
		{expr: `#1 > 2`, err: "position"},
		{expr: `1 /*`, err: "rejects the statement"},
	} {
		bare, bracketed := ExpressionStatements(c.expr)
		got, err := IsExpression(parse(bare), parse(bracketed))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %q", c.expr, err, c.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: columns (-want +got)\n%s", c.expr, d)
		}
	}
}

func FuzzOf(f *testing.F) {
	parse := parser(f)
	for _, s := range []string{
		`with recursive r as (select 1 n union all select n + 1 from r) select * from r, range(3) using sample 3`,
		`pivot a on x in ('p') using sum(y)`, `selec`, `select (select x from y), list_filter(l, x -> x)`,
	} {
		f.Add([]byte(parse(s)))
	}
	f.Add([]byte(`{"statements":[{"node":{"type":"RECURSIVE_CTE_NODE","cte_map":{"map":[1,{"key":2}]},"right":[],"sample":{"seed":"x"}}}]}`))
	f.Fuzz(func(t *testing.T, tree []byte) {
		use, err := Of(tree)
		if err != nil && use.Tables != nil {
			t.Error("a result and an error")
		}
		_, _ = IsExpression(tree, tree)
	})
}
