package state

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSeal finds memos that were sealed, and no others.
func TestSeal(t *testing.T) {
	seal := func(secrets ...string) *Seal {
		t.Helper()
		var all [][]byte
		for _, s := range secrets {
			all = append(all, []byte(s))
		}
		s, err := NewSeal(all...)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ours, others, both := seal("secret"), seal("guess"), seal("next", "", "secret")
	m := Memo{Repository: 7, Product: "orders", Change: &Change{UID: "abc", ChangeData: ChangeData{Publication: []byte(`{"x":1}`)}}, Triggers: []Trigger{{ID: 3, Kind: KindIssue}}}
	want := m
	want.Change = &Change{UID: "abc"}
	line := ours.Hide(m, "", 1000)
	bent := func(at int) string {
		packed, err := base64.URLEncoding.DecodeString(strings.Fields(line)[2])
		if err != nil {
			t.Fatal(err)
		}
		packed[(at+len(packed))%len(packed)] ^= 1
		return "<!-- codicil:state " + base64.URLEncoding.EncodeToString(packed) + " -->\n"
	}
	for name, x := range map[string]struct {
		by    *Seal
		text  string
		found bool
		err   error
	}{
		"as it was":                {ours, "Words.\n" + line, true, nil},
		"with a later secret":      {both, "Words.\n" + line, true, nil},
		"before what others added": {ours, line + others.Hide(Memo{Product: "x"}, "Words.", 1000) + "<!-- codicil:state AAAA -->\n", true, nil},
		"no memo":                  {ours, "Words.\n", false, nil},
		"another's":                {others, line, false, ErrUnsealed},
		"nobody's":                 {seal(""), line, false, ErrUnsealed},
		"no seal":                  {nil, line, false, ErrUnsealed},
		"the seal bent":            {ours, bent(0), false, ErrUnsealed},
		"the content bent":         {ours, bent(-1), false, ErrUnsealed},
		"garbage":                  {ours, "<!-- codicil:state H4sIAAAA -->\n", false, ErrUnsealed},
		"no base64":                {ours, "<!-- codicil:state _-= -->\n", false, ErrUnsealed},
	} {
		got, found, err := x.by.Find(x.text)
		if found != x.found || !errors.Is(err, x.err) {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		if diff := cmp.Diff(want, got); found && diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	var none *Seal
	if text := none.Hide(m, "Words.", 1000) + seal().Hide(m, "Words.", 1000) + ours.Hide(m, "Words.", 100); text != "Words.Words.Words." {
		t.Errorf("without a secret or room, this is hidden: %q", text)
	}
}
