package verify_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
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
