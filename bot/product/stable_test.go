package product

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// unstable reads the clock, draws at random and depends on the order of rows.
var unstable = one(files{
	"seeds/s.csv":      "x\n" + strings.Repeat("1\n2\n3\n4\n5\n6\n7\n", 1000),
	"models/now.sql":   "select now() as a, current_date as b, localtimestamp as c, age(date '2001-02-03') as d",
	"models/many.sql":  "select range as x from range(500000)",
	"models/draw.sql":  "select count(*) as n, sum(random() * x) as r, max(uuid()) as u from many",
	"models/few.sql":   "select x, row_number() over () as n from s using sample 20 rows",
	"models/first.sql": "select first(x) as f, string_agg(x, '' ) as l from (select * from s limit 10)",
	"models/ids.sql":   "select row_number() over () as n, x from s",
})

func contents(t *testing.T, b *Build) []string {
	t.Helper()
	if !b.OK() {
		t.Fatal(b.Problems)
	}
	return []string{
		text(t, b, "SELECT * FROM now"), text(t, b, "SELECT * FROM draw"), text(t, b, "SELECT * FROM few ORDER BY ALL"),
		text(t, b, "SELECT * FROM first"), text(t, b, "SELECT md5(string_agg(n || ' ' || x, ',' ORDER BY n)) FROM ids"),
	}
}

func TestPinned(t *testing.T) {
	first, second := contents(t, mustBuild(t, sideOf(t, unstable), "p", Own)), contents(t, mustBuild(t, sideOf(t, unstable), "p", Own))
	if !slices.Equal(first, second) {
		t.Errorf("two builds differ:\n%s\n\n%s", strings.Join(first, "\n"), strings.Join(second, "\n"))
	}
	if want := "2026-02-03 04:05:06.123456+00|2026-02-03|2026-02-03 04:05:06.123456|25 years"; first[0] != want {
		t.Errorf("got %s, want %s", first[0], want)
	}
}

func TestControlDiffers(t *testing.T) {
	own, control := contents(t, mustBuild(t, sideOf(t, unstable), "p", Own)), contents(t, mustBuild(t, sideOf(t, unstable), "p", Control))
	for i := range own {
		if own[i] == control[i] {
			t.Errorf("the same in the control build: %.200s", own[i])
		}
	}
}

func TestModelFacts(t *testing.T) {
	b := good(t, unstable)
	got := map[string]string{}
	for _, m := range b.Models {
		got[m.Table] = strings.Join(m.Clock, " ") + "/" + strings.Join(m.Random, " ")
	}
	for table, want := range map[string]string{"now": "age current_date localtimestamp now/", "draw": "/random uuid", "few": "/sample", "ids": "/"} {
		if got[table] != want {
			t.Errorf("%s: got %s, want %s", table, got[table], want)
		}
	}
}

// pair is two sides that are compared.
func pair(t *testing.T, base, head files) (b, h *Side) {
	t.Helper()
	builder := newBuilder(t)
	b = NewSide(builder, products(t, base.write(t)), nil, clock)
	h = NewSide(builder, products(t, head.write(t)), nil, clock)
	b.IsBase, b.Other, h.Other = true, h, b
	return b, h
}

func TestSameData(t *testing.T) {
	base := one(files{"seeds/a.csv": "id,v\n1,1.50\n2,x\n2,x\n3,\n", "seeds/gone.csv": "x\n1\n", "seeds/same.csv": "x\n1\n"})
	head := one(files{
		// a column is new, a row is altered, one lost, one new, and the equal ones differ in the new column
		"seeds/a.csv":  "new,v,id\n10,1.50,1\n20,x,2\n21,x,2\n40,z,4\n",
		"seeds/b.csv":  "y\n5\n",
		"seeds/m.csv":  "y\n6\n",
		"models/n.sql": "select 1 as x", "seeds/same.csv": "x\n1\n",
	})
	base["p/models/m.sql"] = "select 1 as y" // the base makes in a model what the head has as a seed
	b, h := pair(t, base, head)
	for name, x := range map[string]struct {
		build  *Build
		sql    string
		want   string
		absent []string
	}{
		"base":  {mustBuild(t, b, "p", Same), "SELECT id, v FROM a", "1|1.50\n2|x\n2|x\n3|∅", nil},
		"head":  {mustBuild(t, h, "p", Same), "SELECT id, v, new FROM a", "1|1.50|10\n2|x|20\n2|x|21\n3|∅|∅", nil},
		"own":   {mustBuild(t, h, "p", Own), "SELECT id, v, new FROM a", "1|1.50|10\n2|x|20\n2|x|21\n4|z|40", []string{"gone"}},
		"files": {mustBuild(t, b, "p", Same), "SELECT y FROM b", "5", nil},
		"gone":  {mustBuild(t, h, "p", Same), "SELECT x FROM gone", "1", nil},
		"model": {mustBuild(t, b, "p", Same), "SELECT y FROM m", "1", nil},
	} {
		if !x.build.OK() {
			t.Fatalf("%s: %v", name, x.build.Problems)
		}
		if got := text(t, x.build, x.sql); got != x.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, x.want)
		}
		for _, table := range x.absent {
			if _, ok := x.build.Table(table); ok {
				t.Errorf("%s: has %s", name, table)
			}
		}
	}
	if got := columns(t, mustBuild(t, h, "p", Same), "a"); got != "id BIGINT, v VARCHAR, new BIGINT" {
		t.Errorf("got %s", got)
	}
}

// Rows are matched by their text, also where the two versions are of other types.
func TestSameDataOtherTypes(t *testing.T) {
	_, h := pair(t, one(files{"seeds/a.csv": "id,v\n1,5\n2,6\n"}), one(files{"seeds/a.csv": "id,v,new\n1,5,10\n2,6,20\n3,x,30\n"}))
	b := mustBuild(t, h, "p", Same)
	if got := text(t, b, "SELECT * FROM a"); got != "1|5|10\n2|6|20" {
		t.Errorf("got %s", got)
	}
	same, err := h.OwnDataDiffers(t.Context(), "p")
	if err != nil || !same {
		t.Errorf("own data differs: got %v, %v", same, err)
	}
}

func TestSameDataUnchanged(t *testing.T) {
	f := one(files{"seeds/a.csv": "id\n1\n", "models/m.sql": "select * from a"})
	b, h := pair(t, f, f)
	if differs, err := h.OwnDataDiffers(t.Context(), "p"); err != nil || differs {
		t.Errorf("got %v, %v", differs, err)
	}
	if mustBuild(t, b, "p", Same).Key != mustBuild(t, h, "p", Own).Key {
		t.Error("the same was built twice")
	}
	if _, err := os.Stat(mustBuild(t, b, "p", Same).Database()); err != nil {
		t.Error(err)
	}
}
