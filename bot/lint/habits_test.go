package lint

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHabits(t *testing.T) {
	s := session(t)
	const file, star = "orders/models/orders.sql:", " warning: the model of orders passes on all columns of stg_orders by a *, so that one added there would be published too: name the columns"
	for _, c := range []struct{ name, sql, want string }{
		{"named", "select order_id, sum(amount) as amount from stg_orders group by order_id", ""},
		{"a star", "-- orders\nselect *\nfrom stg_orders", file + "2:8:" + star},
		{"after letters of several bytes", "select 'é' as e, o.* from stg_orders as o", file + "1:18:" + star},
		{"an import", "with o as (select * from stg_orders) select order_id from o", ""},
		{"through an import", "with o as (select * from stg_orders)\nselect * from o", file + "1:19:" + star},
		{"of an input", "select * from customers", file + "1:8: warning: the model of orders passes on all columns of customers by a *"},
		{"an own list", "with o as (select order_id from stg_orders) select * from o", ""},
		{"then computed", "with o as (select *, amount * 2 as double, 1 as one from stg_orders) select double from o",
			file + "1:19: warning: the model of orders takes all columns of stg_orders by a *, with double, one after it, so that a column added there under such a name is taken in its place unseen: name the columns that it needs"},
		{"computed before", "with o as (select amount * 2 as double, * from stg_orders) select double from o", ""},
		{"group by all", "select order_id, -- group by all\n sum(amount) as amount\nfrom stg_orders\ngroup  by\nall",
			file + "4:1: warning: the model of orders groups by all, so that a column added to the list changes unseen what a row stands for: name the columns that it groups by"},
		{"group by position", "select order_id, sum(amount) as amount from stg_orders group by 1", file + "1:65: warning: the model of orders groups by position (1), so that"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := good()
			files["orders/models/orders.sql"] = c.sql
			// What no spec names may be written so.
			files["orders/models/stg_orders.sql"] = "select *, 1 as amount from raw group by all"
			files["orders/tests/orders.sql"] = "select * from orders where false"
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			check(t, want, lintAll(t, s, files, nil))
		})
	}
}

// TestExampleWarnings has the examples' warnings, which the demonstration's week turns up.
func TestExampleWarnings(t *testing.T) {
	_, problems, err := Lint(context.Background(), os.DirFS("../../deploy/examples"), nil, session(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"marketing/attribution/models/channel_performance.sql:9:5: warning: the model of channel_performance groups by all, so that a column added to the list changes unseen what a row stands for: name the columns that it groups by",
		"marketing/attribution/models/order_attribution.sql:4:12: warning: the model of order_attribution takes all columns of int_order_touches by a *, with amount_cents after it, so that a column added there under such a name is taken in its place unseen: name the columns that it needs",
	}
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(strings.TrimSpace(diff))
	}
}
