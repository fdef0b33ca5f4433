package endoflife_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/endoflife"
	"github.com/codicil-dev/codicil/bot/evidence"
	"github.com/codicil-dev/codicil/bot/inquiry"
)

// site answers from testdata, each file of which says where it was published, unless fail does it.
type site struct {
	*testing.T
	fail  func(w http.ResponseWriter) bool
	asked atomic.Int32
	now   time.Time
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	if s.fail != nil && s.fail(w) {
		return
	}
	slug, ok := strings.CutPrefix(r.URL.Path, "/api/v1/products/")
	data, err := os.ReadFile("testdata/" + slug + ".json")
	if !ok || err != nil {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<!DOCTYPE html>")
		return
	}
	var file struct {
		Cited  []string
		Answer json.RawMessage
	}
	if err := json.Unmarshal(data, &file); err != nil || len(file.Cited) == 0 || !strings.HasPrefix(file.Cited[0], "https://") {
		s.Errorf("%s: %v: it says where it was published: %v", slug, err, file.Cited)
	}
	_, _ = w.Write(file.Answer)
}

// calendar is one at a day.
func (s *site) calendar(day string, o endoflife.Options) *endoflife.Calendar {
	s.Helper()
	var err error
	if s.now, err = time.Parse(time.DateOnly, day); err != nil {
		s.Fatal(err)
	}
	server := httptest.NewServer(s)
	s.Cleanup(server.Close)
	cache, err := inquiry.OpenCache(s.TempDir(), time.Now())
	if err != nil {
		s.Fatal(err)
	}
	o.Now = func() time.Time { return s.now }
	client, err := inquiry.New(inquiry.Options{Name: "endoflife.date", Base: server.URL + "/api/v1", Cache: cache, FirstWait: time.Millisecond, Timeout: 5 * time.Second, Now: o.Now})
	if err != nil {
		s.Fatal(err)
	}
	return endoflife.New(client, o)
}

// said is a report in a line for each part.
func said(r evidence.Report) string {
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s→%s %s: %s", f.Subject, f.Has, f.Wants, f.Severity, f.Title))
	}
	for _, n := range r.NotAsked {
		lines = append(lines, n.Error())
	}
	return strings.Join(lines, "\n")
}

func TestAsk(t *testing.T) {
	t.Parallel()
	const day = "2026-11-23"
	for _, c := range []struct {
		name, version string
		patches       bool
		want          string
	}{
		{"python", "3.9.2", false, "python 3.9.2→3.13 medium: Support of Python 3.9 ended on 2025-10-31"},
		{"Python", "3.10.16", false, "python 3.10.16→3.13 medium: Support of Python 3.10 ended on 2026-10-31"},
		{"python", "3.12.9", true, ""},
		{"python", "3.12.3", false, ""},
		{"python", "3.12.3", true, "python 3.12.3→3.12.9 low: 3.12.9 is the newest of Python 3.12"},
		{"python", "3.12.10", true, ""},
		{"python", "3.9.2", true, "python 3.9.2→3.13 medium: Support of Python 3.9 ended on 2025-10-31\npython 3.9.2→3.9.21 low: 3.9.21 is the newest of Python 3.9"},
		{"python", "3.1.4", false, "python 3.1.4→3.13 medium: Support of Python 3.1 ended on 2012-04-09"},
		{"python", "3.11rc1", false, ""},
		{"python", "3.15.0", false, "endoflife was not asked about python: endoflife.date lists no release cycle of Python 3.15.0"},
		{"python", "", false, "endoflife was not asked about python: endoflife.date lists no release cycle of Python"},
		{"duckdb", "v1.4.1", false, "duckdb v1.4.1→ medium: Support of DuckDB 1.4 ended on 2026-09-16"},
		{"duckdb", "0.9.2", false, "duckdb 0.9.2→ medium: Support of DuckDB 0 ended on 2024-05-29"},
		{"dbt_core", "1.11.2", false, "dbt-core 1.11.2→ low: Support of dbt Core 1.11 ends on 2026-12-19"},
		{"dbt-core", "1.8.9", false, "dbt-core 1.8.9→1.11 medium: Support of dbt Core 1.8 ended on 2025-05-09"},
		{"numpy", "1.18.5", false, "numpy 1.18.5→2.4 medium: Support of NumPy 1.18 ended on 2021-12-22"},
		{"numpy", "2.2.6", false, "numpy 2.2.6→2.4 low: Support of NumPy 2.2 ends on 2026-12-09"},
		{"numpy", "2.3.5", false, ""},
		{"postgres", "14.9", false, "postgres 14.9→16 medium: Support of PostgreSQL 14 ended on 2026-11-12"},
		{"postgresql", "9.6.1", false, "postgresql 9.6.1→16 medium: Support of PostgreSQL 9.6 ended on 2021-11-11"},
		{"postgresql", "16.3 (Debian 16.3-1)", true, ""},
		{"pandas", "1.5.3", false, ""},
		{"django", "4.2", false, "endoflife was not asked about django: endoflife.date does not list it"}, // not in testdata
	} {
		t.Run(c.name+" "+c.version, func(t *testing.T) {
			t.Parallel()
			s := &site{T: t}
			r, err := s.calendar(day, endoflife.Options{}).Ask(t.Context(), []endoflife.Release{{Name: c.name, Version: c.version, Patches: c.patches, Product: "orders", File: "pyproject.toml", Line: 4}})
			if got := said(r); err != nil || got != c.want {
				t.Errorf("%v\n%s\nwant\n%s", err, got, c.want)
			}
			for _, f := range r.Findings {
				if f.Source != evidence.EndOfLife || !strings.HasPrefix(f.URL, "https://endoflife.date/") || !f.At.Equal(s.now) || f.Product != "orders" || f.File != "pyproject.toml" || f.Line != 4 {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// TestDays goes through the days around the end of support of Python 3.9, which was on 2025-10-31: three states, and nothing new within one.
func TestDays(t *testing.T) {
	t.Parallel()
	prints := map[string]string{}
	for _, c := range []struct {
		day, want string
		within    time.Duration
	}{
		{"2025-08-01", "", 0},
		{"2025-08-03", "ends", 0}, {"2025-10-30", "ends", 0},
		{"2025-10-31", "ended", 0}, {"2026-10-01", "ended", 0},
		{"2025-10-01", "", 7 * 24 * time.Hour}, {"2025-10-25", "ends", 7 * 24 * time.Hour},
	} {
		s := &site{T: t}
		r, err := s.calendar(c.day, endoflife.Options{Within: c.within}).Ask(t.Context(), []endoflife.Release{{Name: "python", Version: "3.9.21", Patches: true}})
		if err != nil || len(r.NotAsked) != 0 || (c.want == "") != (len(r.Findings) == 0) || !strings.Contains(said(r), c.want) {
			t.Errorf("%s: %v\n%s", c.day, err, said(r))
		}
		if before, ok := prints[c.want]; ok && before != r.Fingerprint() {
			t.Errorf("%s: it is another finding", c.day)
		}
		prints[c.want] = r.Fingerprint()
	}
	if len(prints) != 3 || prints["ends"] == prints["ended"] {
		t.Error(prints)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		why    string
	}{
		{"down", func(w http.ResponseWriter) { w.WriteHeader(500) }, "it answered 500 Internal Server Error"},
		{"limited", func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(429)
		}, "it answered 429 Too Many Requests, and asks to wait 10m0s"},
		{"a page", func(w http.ResponseWriter) { fmt.Fprint(w, "<html>") }, "it answered with a web page instead of JSON, as a proxy may"},
		{"cut off", func(w http.ResponseWriter) { fmt.Fprint(w, `{"result": {"releases": [{"na`) }, "its answer is no JSON of the expected form: unexpected end of JSON input"},
		{"huge", func(w http.ResponseWriter) { fmt.Fprint(w, `{"x":"`+strings.Repeat("x", 10<<20)+`"}`) }, "its answer is longer than 8388608 bytes"},
		{"of version 0", func(w http.ResponseWriter) { fmt.Fprint(w, `[{"cycle": "3.9", "eol": "2025-10-31"}]`) }, "its answer is no JSON of the expected form: it is no object"},
		{"empty", func(w http.ResponseWriter) { fmt.Fprint(w, `{}`) }, "endoflife.date's answer lists no release"},
		{"no date", func(w http.ResponseWriter) {
			fmt.Fprint(w, `{"result": {"releases": [{"name": "3.9", "eolFrom": "soon"}]}}`)
		}, `its answer is no JSON of the expected form: parsing time "soon" as "2006-01-02": cannot parse "soon" as "2006"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &site{T: t, fail: func(w http.ResponseWriter) bool { c.answer(w); return true }}
			r, err := s.calendar("2026-11-23", endoflife.Options{}).Ask(t.Context(), []endoflife.Release{{Name: "python", Version: "3.9.2", Product: "orders"}})
			if err != nil || len(r.Findings) != 0 || len(r.NotAsked) != 1 || r.NotAsked[0] != (evidence.NotAsked{Source: evidence.EndOfLife, Product: "orders", Subject: "python", Why: c.why}) {
				t.Errorf("%v %+v", err, r)
			}
		})
	}
}

func TestForeign(t *testing.T) {
	t.Parallel()
	s := &site{T: t, fail: func(w http.ResponseWriter) bool {
		fmt.Fprint(w, `{"result": {"label": "Py\u202ethon\n@all", "releases": [{"name": "", "isEol": true}, {"name": "3", "isEol": true, "eolFrom": null, "latest": null}, {"name": "4", "releaseDate": "2026-01-01", "latest": {"name": "`+strings.Repeat("9", 1000)+`"}}]}}`)
		return true
	}}
	calendar := s.calendar("2026-11-23", endoflife.Options{Listed: map[string]string{"A_Thing": "../x"}})
	r, err := calendar.Ask(t.Context(), []endoflife.Release{{Name: "python", Version: "3.9"}, {Name: "python", Version: "4.1", Patches: true}})
	if got := said(r); err != nil || got != "python 3.9→4 medium: Python @all 3 is not supported any more" {
		t.Error(err, got)
	}
	if _, err := calendar.Look(t.Context(), "a-thing", "3.1"); err != nil {
		t.Error(err)
	}
}

// TestNarrowest takes the cycle that says most of a version, in whatever order they are listed.
func TestNarrowest(t *testing.T) {
	t.Parallel()
	for _, releases := range []string{`{"name": "3"}, {"name": "3.9"}`, `{"name": "3.9"}, {"name": "3"}`} {
		s := &site{T: t, fail: func(w http.ResponseWriter) bool {
			fmt.Fprint(w, `{"result": {"releases": [`+releases+`]}}`)
			return true
		}}
		if got, err := s.calendar("2026-11-23", endoflife.Options{}).Look(t.Context(), "python", "3.9.1"); err != nil || got.Cycle != "3.9" {
			t.Error(got, err)
		}
	}
}

func TestKept(t *testing.T) {
	t.Parallel()
	s := &site{T: t}
	calendar := s.calendar("2026-11-23", endoflife.Options{})
	for i, after := range []time.Duration{0, 0, 24 * time.Hour, time.Second} {
		s.now = s.now.Add(after)
		if _, err := calendar.Ask(t.Context(), []endoflife.Release{{Name: "python", Version: "3.9.2"}, {Name: "python", Version: "3.12.1"}, {Name: "private-package", Version: "1"}}); err != nil {
			t.Fatal(err)
		}
		if want := int32(1 + i/3); s.asked.Load() != want {
			t.Errorf("%d: asked %d times", i, s.asked.Load())
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := calendar.Ask(ctx, []endoflife.Release{{Name: "numpy", Version: "1"}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var unlisted *endoflife.UnlistedError
	if _, err := calendar.Look(t.Context(), "private-package", "1"); !errors.As(err, &unlisted) {
		t.Error(err)
	}
}
