package verify_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/spec"
	"github.com/codicil-dev/codicil/bot/verify"
)

// TestNoBase holds that without a base, and without a reason for that, compatibility is not run and says so.
func TestNoBase(t *testing.T) {
	v := verify.Verifier{Builder: &product.Builder{Cache: cache, AllowUnconfined: true, Threads: 2}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	r, err := v.Verify(t.Context(), verify.Input{Head: shop().write(t, "head"), Under: "."})
	if err != nil {
		t.Fatal(err)
	}
	for _, res := range r.Results {
		if res.Area == bot.AreaCompatibility {
			if res.Status != bot.NotRun || !strings.Contains(res.Message, "no base") {
				t.Errorf("%s: %s", res.Status, res.Message)
			}
			return
		}
	}
	t.Error("nothing is said of compatibility")
}

// Without a base, and where the last amendment does not say which spec it left, nothing shows what a hand edit lets go of: that is for people to look at.
func TestNoBaseAndNoResult(t *testing.T) {
	v := verify.Verifier{Builder: &product.Builder{Cache: cache, AllowUnconfined: true, Threads: 2}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	first := shop()["amendments/0001.yaml"]
	s, _, problems := spec.ParseSpec("spec.yaml", []byte(shopSpec))
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	told := files{"amendments/0001.yaml": first + "result: " + spec.Hash(s) + "\n"}
	edited := told.over(files{"spec.yaml": strings.Replace(shopSpec, "key: [id]", "key: [id, status]", 1)})
	for name, c := range map[string]struct {
		head    files
		verdict bot.Verdict
		says    string
	}{
		"not told":         {shop(), bot.VerdictReview, "amendment 1 does not say which spec it left"},
		"told":             {shop().over(told), bot.VerdictPass, ""},
		"told, and edited": {shop().over(edited), bot.VerdictReview, "was edited by hand after amendment 1"},
	} {
		r, err := v.Verify(t.Context(), verify.Input{Head: c.head.write(t, "head"), Under: ".", NoBase: "there is none", GuidelinesGiven: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range r.Results {
			if res.ID == "ledger/result" && !strings.Contains(res.Message, c.says) {
				t.Errorf("%s: %s", name, res.Message)
			}
		}
		if r.Verdict != c.verdict {
			t.Errorf("%s: %s, want %s: %v", name, r.Verdict, c.verdict, notPassed(r))
		}
	}
}
