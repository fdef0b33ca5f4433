package evidence_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/evidence"
)

var at = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)

func findings() []evidence.Finding {
	return []evidence.Finding{
		{Source: evidence.OSV, Product: "orders", Subject: "pyyaml", Has: "5.3", Wants: "5.4", Severity: evidence.Critical, ID: "GHSA-8q59-q68h-6hv4", Aliases: []string{"PYSEC-2021-142", "CVE-2020-14343"}, Title: "Improper Input Validation in PyYAML", At: at, File: "requirements.txt", Line: 3},
		{Source: evidence.OSV, Product: "orders", Subject: "jinja2", Has: "3.1.3", Wants: "3.1.4", Severity: evidence.Medium, ID: "GHSA-h75v-3vvj-5mfj", At: at, File: "requirements.txt", Line: 1},
		{Source: evidence.EndOfLife, Product: "orders", Subject: "python", Has: "3.9.2", Wants: "3.13.2", Severity: evidence.Medium, ID: "python 3.9", At: at},
		{Source: evidence.Checks, Product: "items", Subject: "0002: amounts", Severity: evidence.Low, ID: "contradiction", At: at, File: "amendments/0002.yaml", Line: 9},
	}
}

func TestFingerprint(t *testing.T) {
	base := evidence.Report{Findings: findings()}.Fingerprint()
	for i := range 20 {
		all := findings()
		rand.New(rand.NewPCG(1, uint64(i))).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		if got := (evidence.Report{Findings: append(all, all[0])}).Fingerprint(); got != base {
			t.Fatalf("order %d gives %s, not %s", i, got, base)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*evidence.Finding)
		same   bool
	}{
		{"asked a week later", func(f *evidence.Finding) { f.At = at.AddDate(0, 0, 7) }, true},
		{"moved in its file", func(f *evidence.Finding) { f.Line = 12 }, true},
		{"worded otherwise", func(f *evidence.Finding) { f.Title = "Another title" }, true},
		{"linked otherwise", func(f *evidence.Finding) { f.URL = "https://example.com" }, true},
		{"a further alias", func(f *evidence.Finding) { f.Aliases = append(f.Aliases, "X-1") }, true},
		{"another version", func(f *evidence.Finding) { f.Has = "5.3.1" }, false},
		{"another cure", func(f *evidence.Finding) { f.Wants = "6.0" }, false},
		{"another severity", func(f *evidence.Finding) { f.Severity = evidence.High }, false},
		{"another matter", func(f *evidence.Finding) { f.ID = "GHSA-x" }, false},
		{"another product", func(f *evidence.Finding) { f.Product = "items" }, false},
		{"another file", func(f *evidence.Finding) { f.File = "uv.lock" }, false},
		{"fields run together", func(f *evidence.Finding) { f.Subject, f.Has = "pyyaml5", ".3" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := findings()
			c.change(&all[0])
			if got := (evidence.Report{Findings: all}).Fingerprint(); (got == base) != c.same {
				t.Errorf("%s from %s", got, base)
			}
		})
	}
	if (evidence.Report{}).Fingerprint() == base || (evidence.Report{Findings: findings()[1:]}).Fingerprint() == base {
		t.Error("a finding less is not seen")
	}
}

func TestSorted(t *testing.T) {
	all := findings()
	slices.Reverse(all)
	r := evidence.Join(evidence.Report{Findings: all}, evidence.Report{Findings: findings()[:2], NotAsked: []evidence.NotAsked{{Source: "b"}, {Source: "a"}, {Source: "b"}}})
	var got []string
	for _, f := range r.Findings {
		got = append(got, f.Subject)
	}
	if want := []string{"0002: amounts", "pyyaml", "python", "jinja2"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if !slices.Equal(r.Findings[1].Aliases, []string{"CVE-2020-14343", "PYSEC-2021-142"}) {
		t.Errorf("%v", r.Findings[1].Aliases)
	}
	if len(r.NotAsked) != 2 || r.NotAsked[0].Source != "a" {
		t.Errorf("%v", r.NotAsked)
	}
	if r.Worst("") != evidence.Critical || r.Worst(evidence.EndOfLife) != evidence.Medium || r.Worst(evidence.Versions) != evidence.Unknown {
		t.Error("the worst is another")
	}
	if part := r.Of("items"); len(part.Findings) != 1 || len(part.NotAsked) != 2 {
		t.Errorf("%+v", part)
	}
}

func TestCarry(t *testing.T) {
	last := evidence.Report{Findings: findings()}.Sorted()
	down := evidence.NotAsked{Source: evidence.OSV, Why: "it can't be reached"}
	for _, c := range []struct {
		name string
		now  evidence.Report
		same bool
		want int
	}{
		{"a source is down", evidence.Report{Findings: findings()[2:], NotAsked: []evidence.NotAsked{down}}, true, 4},
		{"of one subject only", evidence.Report{Findings: findings()[1:], NotAsked: []evidence.NotAsked{{Source: evidence.OSV, Subject: "pyyaml"}}}, true, 4},
		{"of another product", evidence.Report{Findings: findings()[2:], NotAsked: []evidence.NotAsked{{Source: evidence.OSV, Product: "items"}}}, false, 2},
		{"mended", evidence.Report{Findings: findings()[2:]}, false, 2},
		{"of one subject, while another is mended", evidence.Report{Findings: findings()[2:], NotAsked: []evidence.NotAsked{{Source: evidence.OSV, Subject: "pyyaml"}}}, false, 3},
		{"known, but not how bad", evidence.Report{Findings: append(findings()[1:], evidence.Finding{Source: evidence.OSV, Product: "orders", Subject: "pyyaml", Has: "5.3", ID: "GHSA-8q59-q68h-6hv4", File: "requirements.txt"}), NotAsked: []evidence.NotAsked{down}}, true, 4},
		{"known worse", evidence.Report{Findings: append(findings()[2:], evidence.Finding{Source: evidence.OSV, Product: "orders", Subject: "jinja2", Has: "3.1.3", Severity: evidence.High, ID: "GHSA-h75v-3vvj-5mfj", File: "requirements.txt"}), NotAsked: []evidence.NotAsked{down}}, false, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.now.Carry(last)
			if len(got.Findings) != c.want || (got.Fingerprint() == last.Fingerprint()) != c.same {
				t.Errorf("%+v", got)
			}
			if diff := cmp.Diff(c.now.Sorted().NotAsked, got.NotAsked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNotAskedIsAnError(t *testing.T) {
	err := error(evidence.NotAsked{Source: evidence.OSV, Subject: "pandas", Why: "it can't be reached"})
	var n evidence.NotAsked
	if !errors.As(err, &n) || err.Error() != "osv was not asked about pandas: it can't be reached" {
		t.Error(err)
	}
}

func TestString(t *testing.T) {
	f := findings()
	f[0].URL = "https://osv.dev/vulnerability/GHSA-8q59-q68h-6hv4"
	f[3].Title = "it reads no table"
	for i, want := range map[int]string{
		0: "requirements.txt:3: pyyaml 5.3: Improper Input Validation in PyYAML [critical]; 5.4 would mend it (GHSA-8q59-q68h-6hv4, PYSEC-2021-142, CVE-2020-14343) https://osv.dev/vulnerability/GHSA-8q59-q68h-6hv4",
		2: "python 3.9.2:  [medium]; 3.13.2 would mend it",
		3: "amendments/0002.yaml:9: 0002: amounts: it reads no table [low]",
	} {
		if got := f[i].String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSeverity(t *testing.T) {
	order := []evidence.Severity{evidence.Unknown, evidence.Low, evidence.Medium, evidence.High, evidence.Critical}
	for i, a := range order {
		for j, b := range order {
			if a.AtLeast(b) != (i >= j) || a.Max(b) != order[max(i, j)] {
				t.Errorf("%q and %q", a, b)
			}
		}
	}
}

func TestLine(t *testing.T) {
	for text, want := range map[string]string{
		"":                                   "",
		" Two\n lines\tand\x00 more ":        "Two lines and more",
		"right\u202eleft\u200bzero\ufeff":    "rightleftzero",
		"bad \xff\xfe bytes":                 "bad bytes",
		strings.Repeat("é", 400):             strings.Repeat("é", 299) + "…",
		strings.Repeat("x ", 1<<20) + "last": strings.Repeat("x ", 149) + "x…",
	} {
		if got := evidence.Line(text); got != want {
			t.Errorf("%.40q gives %q", text, got)
		}
	}
}
