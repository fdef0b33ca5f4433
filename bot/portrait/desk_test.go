package portrait_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
)

// reader is a product that reads the shop's people, with models that try to carry what is classified out under other names.
func reader() files {
	f := shop()
	maps.Copy(f, files{
		"reader/spec.yaml": "spec: 1\nproduct: reader\nversion: 1.0.0\nowner: {team: t}\npurpose: p\ninputs: [{product: shop, table: people, version: ^1.0}]\ntables:\n" +
			"  - name: plain\n    description: d\n    why: w\n    columns:\n" +
			"      - {name: person_id, type: INTEGER, description: d, why: w}\n      - {name: harmless, type: VARCHAR, description: d, why: w}\n      - {name: country, type: VARCHAR, description: d, why: w}\n      - {name: has_contact, type: BOOLEAN, description: d, why: w}\n",
		"reader/amendments/0001.yaml":  "id: 1\nrequirement: r\norigin: {kind: bootstrap}\nreading: r\nexpects: [{add_table: plain}]\nchecks:\n  - {name: c, sql: SELECT 1 WHERE false}\nchange: c\n",
		"reader/models/plain.sql":      "select person_id, upper(contact) as harmless, country, contact is not null as has_contact from people",
		"reader/models/again.sql":      "select p.harmless as again, person_id from plain p",
		"reader/models/rowed.sql":      "select p as whole, person_id from shop.people p",
		"reader/models/opened.sql":     "select unnest({'country': contact}) from people",
		"reader/models/unpacked.sql":   "select whole.* from rowed",
		"reader/models/by_place.sql":   "select x, person_id from (select contact, person_id from people) as q(x, person_id)",
		"reader/models/by_known.sql":   "select country, since from (select contact, person_id from people) as q(country, since)",
		"reader/models/packed.sql":     "select {'country': contact, 'since': 1} as pack from people",
		"reader/models/unpacked2.sql":  "select unnest(pack) from packed",
		"reader/models/unpacked3.sql":  "select pack.* from packed",
		"reader/models/spelled2.sql":   "select m.contact as country from shop.main.people m",
		"reader/models/branches.sql":   "select 'a' as part, country from people union all select contact, country from people",
		"reader/models/nameless.sql":   "select contact, contact, lower(contact), country from people",
		"reader/models/listed.sql":     "select list(contact) as members, country from people group by country",
		"reader/models/picked.sql":     "select members[1] as first_one, country from listed",
		"reader/models/kinds.sql":      "select contact::ENUM('marker1@x.org', 'marker2@x.org', 'marker4@x.org') as kind from people",
		"reader/models/patterns.sql":   "select columns('con.*') as c, country from people",
		"reader/models/replaced.sql":   "select * replace (contact as country) from people",
		"reader/models/deep.sql":       "select (select max(contact) from people) as top, max(country) as country from people",
		"reader/models/spelled.sql":    "select m.contact as spelled, country from shop.main.people m",
		"reader/seeds/remarks.csv":     "id,customer_name,size\n1,MARKER Smith,3\n",
		"reader/models/stg_remark.sql": "select id, customer_name as who, size from remarks",
		"reader/product.yaml":          "seeds: {remarks: {types: {id: INTEGER}}}\n",
	})
	return f
}

// leaks says whether a text holds a classified value.
func leaks(text string) bool {
	upper := strings.ToUpper(text)
	for _, marker := range []string{"MARKER1", "MARKER2", "MARKER4", "+49", "MARKER SMITH", "@X.ORG"} {
		// The models' own text names some of them; what is looked at is data.
		if strings.Contains(upper, marker) {
			return true
		}
	}
	return false
}

func TestNothingClassifiedInPortraits(t *testing.T) {
	tree := reader().write(t)
	for _, dir := range []string{"shop", "reader"} {
		b := build(t, tree, dir)
		data := b.draw(t, portrait.Options{Budget: 1 << 20, Want: []string{"seeds/raw_people.csv", "seeds/remarks.csv"}})
		for _, f := range data.Files {
			if leaks(f.Text) && f.Path != "models/kinds.sql" {
				t.Errorf("%s shows %s", f.Path, f.Text)
			}
		}
		for _, table := range data.Tables {
			if leaks(table.Text) {
				t.Errorf("the table %s shows %s", table.Name, table.Text)
			}
		}
		if dir == "reader" {
			for _, table := range data.Tables {
				if table.Name == "plain" && (!strings.Contains(table.Text, "DE 2×") || !strings.Contains(table.Text, "has_contact BOOLEAN; no nulls; 2 distinct: true 3×")) {
					t.Errorf("more than what is classified is withheld: %s", table.Text)
				}
				if table.Name == "shop.people" && !strings.Contains(table.Text, "DE 2×") {
					t.Errorf("more than what is classified is withheld: %s", table.Text)
				}
			}
		}
	}
}

// TestUnknownInput shows that nothing of an input is shown whose spec is not to be found.
func TestUnknownInput(t *testing.T) {
	b := build(t, reader().write(t), "reader")
	elsewhere := *b.product
	elsewhere.Tree = product.Tree{Root: t.TempDir(), Label: "elsewhere"}
	k, err := portrait.OpenDesk(t.Context(), &elsewhere, b.build, b.builder, portrait.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if got := ask(t, k, "select country, contact from people"); leaks(got) || strings.Contains(got, "DE") {
		t.Errorf("got %s", got)
	}
	known := portrait.Options{Also: []*product.Product{build(t, reader().write(t), "shop").product}}
	if k, err = portrait.OpenDesk(t.Context(), &elsewhere, b.build, b.builder, known); err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if got := ask(t, k, "select country, contact from people"); leaks(got) || !strings.Contains(got, "DE") {
		t.Errorf("got %s", got)
	}
}

func ask(t *testing.T, d *portrait.Desk, sql string) string {
	t.Helper()
	got, err := d.Query(t.Context(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// attacks try to get at classified values.
var attacks = []string{
	"select * from people",
	"select contact as c from people",
	"select p from people p",
	"select columns(*) from people",
	"select columns('.*') from people",
	"select row(p.*) from people p",
	"select {'a': contact} from people",
	"select to_json(p) from people p",
	"select list(contact) from people",
	"select string_agg(contact, ',') from people",
	"select histogram(contact) from people",
	"select min(contact), max(contact) from people",
	"select substr(contact, 1, 7) from people",
	"select error(contact) from people where contact is not null",
	"select cast(contact as integer) from people",
	"select contact::date from people",
	"select decode(encode(contact)) from people",
	"select * from shop.people",
	"select * from main.people",
	"select * from memory.main.people",
	"select * from shop.main.people",
	"select * from built.main.people",
	"select * from codicil_build.people",
	`select * from "codicil source 0".people`,
	"select * from shop.raw_people",
	"select * from shop.stg_people",
	"select * from (summarize people)",
	"summarize people",
	"describe people",
	"show all tables",
	"select * from duckdb_databases()",
	"select * from duckdb_tables()",
	"select * from duckdb_views()",
	"select sql from sqlite_master",
	"select * from information_schema.tables",
	"select * from information_schema.columns",
	"select * from pg_catalog.pg_class",
	"select * from pragma_storage_info('people')",
	"select * from pragma_database_list",
	"select * from query('select * from people')",
	"select * from query_table('people')",
	"from query_table(['people'])",
	"select * from read_csv('seeds/raw_people.csv')",
	"select * from read_text('/etc/passwd')",
	"select * from 'seeds/raw_people.csv'",
	"select * from json_execute_serialized_sql('{}')",
	"select getenv('PATH')",
	"select current_setting('home_directory')",
	"select stats(contact) from people",
	"with people as (select 1 as x) select * from people, shop.people",
	"select (select contact from people limit 1)",
	"select * from people order by contact",
	"select * from people where contact like 'marker1%'",
	"select contact from people union all select country from people",
	"select * from (values (1)) v, lateral (select * from people)",
	"explain analyze select * from people",
	"attach 'x' as y",
	"copy people to 'x.csv'",
	"insert into people values (1)",
	"select 1; select * from people",
	"pragma table_info('people')",
	"call pragma_table_info('people')",
	"set threads = 1",
	"create table x as select * from people",
	"drop view people",
	"select \x00",
	"",
	"/* nothing */",
	strings.Repeat("(", 5000) + "select 1" + strings.Repeat(")", 5000),
	"select * from again", "select * from rowed", "select * from opened", "select * from unpacked", "select * from by_place", "select * from branches",
	"select * from nameless", "select * from listed", "select * from picked", "select * from kinds", "select * from patterns", "select * from replaced",
	"select * from deep", "select * from spelled", "select * from spelled2", "select * from by_known", "select * from packed", "select * from unpacked2", "select * from unpacked3", "select pack.country from packed", "select * from remarks", "select * from stg_remark", "select * from plain",
	"select enum_range(kind) from kinds", "select typeof(kind) from kinds",
	"select * from raw_people", "select * from stg_people", "select \"Other Name\" from stg_people", "select phone from raw_people",
}

func TestNothingClassifiedFromDesks(t *testing.T) {
	tree := reader().write(t)
	for _, dir := range []string{"shop", "reader"} {
		for mode, name := range map[portrait.Mode]string{portrait.Masked: "masked", portrait.Schema: "schema"} {
			d := build(t, tree, dir).desk(t, portrait.Options{Data: mode})
			for _, sql := range attacks {
				got := ask(t, d, sql)
				if leaks(got) && !strings.HasPrefix(sql, "select * from people where contact like 'marker1") {
					t.Errorf("%s %s: %s gives %s", dir, name, cutTo(sql, 80), got)
				}
				if mode == portrait.Schema && strings.Contains(got, "DE") && strings.Contains(got, "US") {
					t.Errorf("%s %s: %s gives %s", dir, name, cutTo(sql, 80), got)
				}
			}
			for _, name := range []string{"seeds/raw_people.csv", "seeds/remarks.csv", "../shop/seeds/raw_people.csv", "shop/seeds/raw_people.csv"} {
				if got, _ := d.File(name); leaks(got) {
					t.Errorf("%s %s: the file %s shows %s", dir, name, name, got)
				}
			}
		}
	}
}

func cutTo(s string, n int) string { return s[:min(n, len(s))] }

func TestDeskAnswers(t *testing.T) {
	d := build(t, reader().write(t), "shop").desk(t, portrait.Options{})
	schema := build(t, reader().write(t), "shop").desk(t, portrait.Options{Data: portrait.Schema})
	all := build(t, reader().write(t), "shop").desk(t, portrait.Options{Data: portrait.All})
	for _, c := range []struct {
		name string
		desk *portrait.Desk
		sql  string
		want string
	}{
		{"rows", d, "select person_id, contact, country from people order by 1 limit 3", "person_id,contact,country\n1,•••,DE\n2,•••,DE\n3,NULL,US\n(3 rows)"},
		{"one row", d, "select count(*) as n, count(contact) as c from main.people;", "n,c\n4,3\n(1 row)"},
		{"the greatest number of rows", d, "select i from range(50) t(i)", "i\n0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n(these are the first 20 rows; there are more)"},
		{"no table", d, "select * from peple", "The query can't be run: there is no table peple here; there are people, raw_people, spending, stg_people"},
		{"no column", d, "select nope from people", "The query can't be run: 1:8: Referenced column \"nope\" not found"},
		{"no SELECT", d, "delete from people", "The query can't be run: 1:1: only SELECT statements are allowed here; this is a DELETE statement"},
		{"two", d, "select 1; select 2", "The query can't be run: it holds 2 statements; write one SELECT"},
		{"too long", d, strings.Repeat("x", 30000), "The query is longer than 20480 bytes; write a shorter one."},
		{"schema", schema, "select person_id, contact from people", "person_id BIGINT\ncontact VARCHAR\n4 rows. Values are not shown."},
		{"all", all, "select contact from people where person_id = 1", "contact\nmarker1@x.org\n(1 row)"},
	} {
		if got := ask(t, c.desk, c.sql); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got  %s\nwant %s", c.name, got, c.want)
		}
	}
	long := ask(t, d, "select repeat('x', 100000) as a, repeat('y', 190) as b, repeat('z', 190) as c from range(30)")
	if len(long) > 9000 || !strings.HasSuffix(long, "there are more)") {
		t.Errorf("%d bytes: …%s", len(long), long[len(long)-60:])
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Query(ctx, "select 1"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want that the context ended", err)
	}
	if got := ask(t, d, "select 1 as a"); got != "a\n1\n(1 row)" {
		t.Errorf("after a query that was given up: %s", got)
	}
}

func TestDeskWithoutBuild(t *testing.T) {
	b := build(t, shop().write(t), "shop")
	b.build = nil
	d := b.desk(t, portrait.Options{})
	if got := ask(t, d, "select 1"); got != "There is no build of this product to query." {
		t.Errorf("got %s", got)
	}
	if got, _ := d.File("seeds/raw_people.csv"); leaks(got) || !strings.Contains(got, "DE") {
		t.Errorf("got %s", got)
	}
}

func TestFiles(t *testing.T) {
	f := reader()
	f["shop/.env"] = "SECRET"
	f["shop/.git/config"] = "SECRET"
	f["shop/data.json"] = "SECRET"
	f["shop/seeds/notes.md"] = "SECRET"
	f["shop/seeds/broken.md/x.csv"] = "a,b\n1\n"
	f["shop/binary.sql"] = "SECRET\x00"
	f["shop/README.md"] = "Read me."
	f["shop/long.md"] = strings.Repeat("long ", 50000)
	f["secret.sql"] = "SECRET"
	tree := f.write(t)
	for name, target := range map[string]string{"link.sql": "../secret.sql", "folder": "..", "inside.sql": "data.json"} {
		if err := os.Symlink(target, filepath.Join(tree.Root, "shop", name)); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := product.Load(tree, "shop")
	d, err := portrait.OpenDesk(t.Context(), p, nil, newBuilder(), portrait.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for name, want := range map[string]string{
		"models/people.sql": "select person_id", "./models/people.sql": "select person_id", "shop/models/people.sql": "select person_id",
		"spec.yaml": "spec: 1", "amendments/0001.yaml": "id: 1", "README.md": "Read me.",
		"seeds/raw_people.csv": "4 rows.\nid,handle,phone,nation,since,amount\n1,•••,•••,DE,2024-01-02,5\n",
		".env":                 "It can't be shown: .env is not shown", ".git/config": "It can't be shown: ", "data.json": "It can't be shown: ",
		"seeds/notes.md": "It can't be shown: ", "binary.sql": "It can't be shown: ", "link.sql": "It can't be shown: ", "inside.sql": "It can't be shown: ",
		"folder/secret.sql": "It can't be shown: ", "../secret.sql": "It can't be shown: ", "/etc/passwd": "It can't be shown: ", "models": "It can't be shown: ",
		"models/none.sql": "It can't be shown: there is no file models/none.sql.", "": "It can't be shown: ", "models/../../secret.sql": "It can't be shown: ", "a\x00b": "It can't be shown: ",
	} {
		got, err := d.File(name)
		if err != nil || !strings.HasPrefix(got, want) || strings.Contains(got, "SECRET") {
			t.Errorf("%q: got %.200s, %v; want %s", name, got, err, want)
		}
	}
	if got, _ := d.File("long.md"); len(got) > 70<<10 || !strings.Contains(got, "the rest is left out") {
		t.Errorf("a long file: %d bytes", len(got))
	}
}
