package verify_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/guideline"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

func TestComplies(t *testing.T) {
	t.Parallel()
	rule := func(appliesTo string, checks ...spec.Check) guideline.Guideline {
		return guideline.Guideline{ID: "rule", Title: "A rule", AppliesTo: appliesTo, Checks: checks}
	}
	positive := spec.Check{Name: "amounts are positive", SQL: "SELECT * FROM orders WHERE amount <= 0"}
	large := spec.Check{Name: "amounts are large", SQL: "SELECT * FROM orders WHERE amount < 3"}
	unit := spec.Check{Name: "amounts have a unit", CEL: "tables.all(t, t.columns.all(c, c.name != 'amount' || c.unit != ''))"}
	contact := spec.Check{Name: "there is a contact", CEL: "owner.contact != ''"}
	broken := files{"models/orders.sql": "SELECT nothing FROM nowhere"}
	for name, test := range map[string]struct {
		head              files
		rule              guideline.Guideline
		applies, complies bool
		failing           string
		why               string
	}{
		"complies":              {nil, rule("'finance' in tags", positive, unit), true, true, "", ""},
		"does not apply":        {nil, rule("'hr' in tags", large), false, false, "", "does not apply to shop"},
		"rows violate it":       {nil, rule("true", positive, large, contact), true, false, "amounts are large: 1 row violates it; there is a contact: the spec does not satisfy owner.contact != ''", "2 of 3 checks do not hold"},
		"nothing to check":      {nil, rule("true"), true, false, "", "people must judge"},
		"not to be run":         {nil, rule("true", spec.Check{Name: "x", SQL: "SELECT * FROM nowhere"}), true, false, "x: it can't be run", "1 of 1 check do"},
		"only the spec matters": {broken, rule("true", unit), true, true, "", ""},
		"it does not build":     {broken, rule("true", unit, positive), true, false, "amounts are positive: the head does not build", "1 of 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			v := verify.Verifier{
				Builder: &product.Builder{Cache: cache, AllowUnconfined: true, StatementTimeout: 20 * time.Second, Threads: 2},
				Log:     slog.New(slog.DiscardHandler), Now: time.Now, Version: "test",
			}
			c, err := v.Complies(t.Context(), verify.Input{Head: shop().over(test.head).write(t, "head"), Under: "."}, test.rule)
			if err != nil {
				t.Fatal(err)
			}
			var failing []string
			for _, r := range c.Failing {
				failing = append(failing, strings.TrimPrefix(r.Name, "A rule: ")+": "+r.Message)
			}
			got := strings.Join(failing, "; ")
			if c.Applies != test.applies || c.Complies != test.complies || !strings.HasPrefix(got, test.failing) || (test.failing == "") != (got == "") {
				t.Errorf("%+v", c)
			}
			if !strings.Contains(c.Why, test.why) || (test.why == "") != (c.Why == "") {
				t.Errorf("why: %q", c.Why)
			}
		})
	}
}

func TestCompliesIsRefused(t *testing.T) {
	t.Parallel()
	v := verify.Verifier{Builder: &product.Builder{Cache: cache, AllowUnconfined: true}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	g := guideline.Guideline{ID: "rule", AppliesTo: "true"}
	for says, head := range map[string]files{
		"its spec can't be read":  {"spec.yaml": "spec: 1\nproduct: shop\n"},
		"there are 2 products":    {"other/spec.yaml": strings.Replace(shopSpec, "product: shop", "product: other", 1)},
		"guideline rule: applies": {},
	} {
		rule := g
		if len(head) == 0 {
			rule.AppliesTo = "spec.nothing == 1"
		}
		if _, err := v.Complies(t.Context(), verify.Input{Head: shop().over(head).write(t, "head"), Under: "."}, rule); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
}
