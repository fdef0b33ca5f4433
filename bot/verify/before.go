package verify

import (
	"context"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// VerifyChange is Verify of a change of the products below in.Under. What failed at the base as well, in a product that merely reads them, is not
// the change's to mend: it is shown for review, and does not fail the change.
func (v *Verifier) VerifyChange(ctx context.Context, in Input) (*bot.Report, error) {
	report, err := v.Verify(ctx, in)
	if err != nil || in.Base == nil || !in.Readers {
		return report, err
	}
	own := map[string]bool{}
	for _, p := range report.Products {
		own[p.Product] = in.Under == "." || p.Path == in.Under || strings.HasPrefix(p.Path, in.Under+"/")
	}
	reader := func(r bot.Result) bool {
		mine, known := own[r.Product]
		return r.Status == bot.Fail && known && !mine
	}
	blamed := false
	for _, r := range report.Results {
		blamed = blamed || reader(r)
	}
	if !blamed {
		return report, nil
	}
	before := in
	before.Head, before.Base, before.NoBase = *in.Base, nil, "it is what was there before"
	earlier, err := v.Verify(ctx, before)
	if err != nil {
		return nil, err
	}
	failed := map[[2]string]bool{}
	for _, r := range earlier.Results {
		if r.Status == bot.Fail {
			failed[[2]string{r.Product, r.ID}] = true
		}
	}
	of := map[string][]bot.Result{}
	for i := range report.Results {
		if r := &report.Results[i]; reader(*r) && failed[[2]string{r.Product, r.ID}] {
			r.Status, r.Message = bot.Review, "it failed before this change as well: "+r.Message
		}
		of[report.Results[i].Product] = append(of[report.Results[i].Product], report.Results[i])
	}
	for i := range report.Products {
		report.Products[i].Verdict = bot.VerdictOf(of[report.Products[i].Product])
	}
	report.Verdict = bot.VerdictOf(report.Results)
	return report, nil
}
