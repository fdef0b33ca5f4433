package osv_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codicil-dev/codicil/bot/evidence"
	"github.com/codicil-dev/codicil/bot/inquiry"
	"github.com/codicil-dev/codicil/bot/osv"
)

var now = time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)

// api answers as OSV's API does, from the records in testdata, each of which says where it was published. It finds an advisory for a
// package by what hits says.
type api struct {
	*testing.T
	records map[string]map[string]any
	// hits are the ids found for ecosystem/name@version.
	hits map[string][]string
	// perPage is how many ids are on a page, 0 for all.
	perPage int
	// fail answers in place of the API; nil, or false from it, lets the API answer.
	fail func(w http.ResponseWriter, r *http.Request) bool

	url   string
	mu    sync.Mutex
	asked []string
}

func newAPI(t *testing.T) *api {
	t.Helper()
	a := &api{T: t, records: map[string]map[string]any{}, hits: map[string][]string{
		"PyPI/pandas@1.0.3":                        {"PYSEC-2020-73"},
		"PyPI/pyyaml@5.3":                          {"GHSA-8q59-q68h-6hv4", "PYSEC-2021-142"},
		"PyPI/requests@2.30.0":                     {"GHSA-9wx4-h78v-vm56", "GHSA-j8r2-6x86-q33q", "PYSEC-2023-74"},
		"PyPI/jinja2@3.1.3":                        {"GHSA-h75v-3vvj-5mfj"},
		"PyPI/numpy@1.18.5":                        {"PYSEC-2021-857"},
		"PyPI/py@1.11.0":                           {"GHSA-w596-4wvx-j9j6"},
		"Go/github.com/navidrome/navidrome@0.55.2": {"GHSA-5wgp-vjxm-3x2r"},
	}}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		var one struct {
			Cited  []string
			Record map[string]any
		}
		if err == nil {
			err = json.Unmarshal(data, &one)
		}
		if err != nil || len(one.Cited) == 0 || !strings.HasPrefix(one.Cited[0], "https://") {
			t.Fatalf("%s: %v: it says where it was published: %v", f, err, one.Cited)
		}
		a.records[one.Record["id"].(string)] = one.Record
	}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	return a
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Method+" "+r.URL.Path)
	if a.fail != nil && a.fail(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodPost && r.URL.Path == "/v1/querybatch" {
		a.batch(w, r)
		return
	}
	id, ok := strings.CutPrefix(r.URL.Path, "/v1/vulns/")
	record, known := a.records[id]
	if !ok || !known || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"code": 5, "message": "Bug not found."}`)
		return
	}
	_ = json.NewEncoder(w).Encode(record)
}

// batch answers queries in their order, page by page.
func (a *api) batch(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Queries []struct {
			Package struct{ Name, Ecosystem string }
			Version string
			Token   string `json:"page_token"`
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		a.Error(err)
	}
	var results []map[string]any
	for _, q := range asked.Queries {
		ids := a.hits[q.Package.Ecosystem+"/"+q.Package.Name+"@"+q.Version]
		from := 0
		if q.Token != "" {
			fmt.Sscan(q.Token, &from)
		}
		to := len(ids)
		result := map[string]any{}
		if a.perPage > 0 && from+a.perPage < to {
			to = from + a.perPage
			result["next_page_token"] = fmt.Sprint(to)
		}
		var vulns []map[string]any
		for _, id := range ids[from:to] {
			vulns = append(vulns, map[string]any{"id": id, "modified": a.modified(id)})
		}
		if len(vulns) > 0 {
			result["vulns"] = vulns
		}
		results = append(results, result)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"results": results})
}

func (a *api) modified(id string) any {
	if r, ok := a.records[id]; ok {
		return r["modified"]
	}
	return "2026-01-01T00:00:00Z"
}

// questions are the requests since the last call.
func (a *api) questions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.asked
	a.asked = nil
	slices.Sort(out)
	return out
}

// database is a client of the API with a cache in a folder, at a time.
func (a *api) database(folder string, at time.Time) *osv.Database {
	a.Helper()
	cache, err := inquiry.OpenCache(folder, time.Now())
	if err != nil {
		a.Fatal(err)
	}
	client, err := inquiry.New(inquiry.Options{Name: "OSV", Base: a.url, Cache: cache, FirstWait: time.Millisecond, Timeout: 5 * time.Second, Now: func() time.Time { return at }})
	if err != nil {
		a.Fatal(err)
	}
	return osv.New(client, 0)
}

func python(name, version string) osv.Package {
	return osv.Package{Ecosystem: osv.PyPI, Name: name, Version: version, Product: "orders", File: "requirements.txt", Line: 1}
}

func ask(t *testing.T, d *osv.Database, packages ...osv.Package) evidence.Report {
	t.Helper()
	r, err := d.Ask(t.Context(), packages)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said is a report in a line for each finding, and for what was not asked.
func said(r evidence.Report) (lines []string) {
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s→%s %s %s %v %s", f.Subject, f.Has, f.Wants, f.Severity, f.ID, f.Aliases, f.Title))
	}
	for _, n := range r.NotAsked {
		lines = append(lines, n.Error())
	}
	return lines
}

func TestAsk(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.perPage = 1
	r := ask(t, a.database(t.TempDir(), now),
		python("Jinja2", "3.1.3"), python("numpy", "1.18.5"), python("PyYAML", "5.3"), python("pandas", "1.0.3"), python("py", "1.11.0"), python("requests", "2.30.0"),
		python("pandas", "2.2.3"), python("nobody-knows-it", "1"), osv.Package{Ecosystem: "Go", Name: "github.com/navidrome/navidrome", Version: "0.55.2", Product: "orders"})
	if diff := cmp.Diff([]string{
		"pyyaml 5.3→5.4 critical GHSA-8q59-q68h-6hv4 [CVE-2020-14343 PYSEC-2021-142] Improper Input Validation in PyYAML (CVSS 9.8)",
		"github.com/navidrome/navidrome 0.55.2→0.56.0 high GHSA-5wgp-vjxm-3x2r [CVE-2025-48949] Navidrome allows SQL Injection via role parameter (CVSS 8.9)",
		"jinja2 3.1.3→3.1.4 medium GHSA-h75v-3vvj-5mfj [CVE-2024-34064] Jinja vulnerable to HTML attribute injection when passing user input as keys to xmlattr filter (CVSS 5.4)",
		"py 1.11.0→ medium GHSA-w596-4wvx-j9j6 [CVE-2022-42969] ReDoS in py library when used with subversion (CVSS 5.3)",
		"requests 2.30.0→2.32.2 medium GHSA-9wx4-h78v-vm56 [CVE-2024-35195] Requests `Session` object does not verify requests after making first request with verify=False (CVSS 5.6)",
		"requests 2.30.0→2.31.0 medium GHSA-j8r2-6x86-q33q [CVE-2023-32681 PYSEC-2023-74] Unintended leak of Proxy-Authorization header in requests (CVSS 6.1)",
		"numpy 1.18.5→1.19.0  PYSEC-2021-857 [CVE-2021-41496] Buffer overflow in the array_from_pyobj function of fortranobject.c in NumPy < 1.19, which allows attackers to conduct a Denial of Service attacks by carefully constructing an array with negative values.",
		"pandas 1.0.3→1.0.4  PYSEC-2020-73 [CVE-2020-13091] ** DISPUTED ** pandas through 1.0.3 can unserialize and execute commands from an untrusted file that is passed to the read_pickle() function, if __reduce__ makes an os.system call. NOTE: third parties dispute this issue because the read_pickle() function is documented as unsafe and it is the user's…",
	}, said(r)); diff != "" {
		t.Error(diff)
	}
	first := r.Findings[0]
	if first.Source != evidence.OSV || first.URL != "https://osv.dev/vulnerability/GHSA-8q59-q68h-6hv4" || !first.At.Equal(now) || first.Product != "orders" || first.File != "requirements.txt" || first.Line != 1 {
		t.Errorf("%+v", first)
	}
}

// TestKept asks for nothing again while answers are fresh, and of advisories only for those that changed.
func TestKept(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	folder := t.TempDir()
	packages := []osv.Package{python("PyYAML", "5.3"), python("jinja2", "3.1.3")}
	first := ask(t, a.database(folder, now), packages...)
	if got := a.questions(); len(got) != 4 {
		t.Error(got)
	}
	later := ask(t, a.database(folder, now.Add(12*time.Hour)), packages...)
	if got := a.questions(); len(got) != 0 || !later.Findings[0].At.Equal(now) {
		t.Error(got, later.Findings[0].At)
	}
	a.records["GHSA-h75v-3vvj-5mfj"]["modified"] = "2026-11-20T00:00:00Z"
	a.records["GHSA-h75v-3vvj-5mfj"]["withdrawn"] = "2026-11-20T00:00:00Z"
	week := ask(t, a.database(folder, now.AddDate(0, 0, 7)), packages...)
	if got := a.questions(); !slices.Equal(got, []string{"GET /v1/vulns/GHSA-h75v-3vvj-5mfj", "POST /v1/querybatch"}) {
		t.Error(got)
	}
	if len(first.Findings) != 2 || first.Fingerprint() != later.Fingerprint() || len(week.Findings) != 1 || week.Fingerprint() == first.Fingerprint() {
		t.Error(said(week))
	}
}

// TestWithdrawn withdraws two advisories: the first really was, on another day.
func TestWithdrawn(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.records["GHSA-w596-4wvx-j9j6"]["withdrawn"] = "2026-01-01T00:00:00Z"
	a.records["PYSEC-2021-142"]["withdrawn"] = "2026-01-01T00:00:00Z"
	if got := said(ask(t, a.database(t.TempDir(), now), python("py", "1.11.0"), python("pyyaml", "5.3"))); len(got) != 1 || !strings.HasPrefix(got[0], "pyyaml 5.3→5.4 critical GHSA-8q59-q68h-6hv4") {
		t.Error(got)
	}
}

// TestFailures holds that what could not be asked is never taken for clean.
func TestFailures(t *testing.T) {
	t.Parallel()
	status := func(code int, retryAfter string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(code)
		}
	}
	body := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { fmt.Fprint(w, text) }
	}
	all, texts := "/v1/querybatch", "/v1/vulns/GHSA-8q59-q68h-6hv4"
	cut := `of the advisory GHSA-8q59-q68h-6hv4: `
	for _, c := range []struct {
		name, path string
		answer     func(http.ResponseWriter)
		// why is what is said of pyyaml, findings are those of pyyaml and jinja2.
		why      string
		findings int
	}{
		{"down", all, status(500, ""), "it answered 500 Internal Server Error", 0},
		{"limited", all, status(429, "7200"), "it answered 429 Too Many Requests, and asks to wait 2h0m0s", 0},
		{"a page", all, body("<html>Sign in"), "it answered with a web page instead of JSON, as a proxy may", 0},
		{"cut off", all, body(`{"results": [{"vulns": [{"id": "GHSA`), "its answer is no JSON of the expected form: unexpected end of JSON input", 0},
		{"huge", all, body(`{"results": [` + strings.Repeat(" ", 10<<20) + `]}`), "its answer is longer than 8388608 bytes", 0},
		{"too few", all, body(`{"results": [{}]}`), "it answered 1 of 2 queries", 0},
		{"empty", all, body(`{}`), "it answered 0 of 2 queries", 0},
		{"without end", all, body(`{"results": [{"next_page_token": "a"}, {"next_page_token": "a"}]}`), "its list of advisories has no end", 0},
		{"text down", texts, status(503, ""), cut + "it answered 503 Service Unavailable", 2},
		{"text gone", texts, status(404, ""), cut + "it answered 404 Not Found", 2},
		{"text a page", texts, body("<html>"), cut + "it answered with a web page instead of JSON, as a proxy may", 2},
		{"text cut off", texts, body(`{"id": "GHSA-8q59-q68h-6hv4", "aff`), cut + "its answer is no JSON of the expected form: unexpected end of JSON input", 2},
		{"text huge", texts, body(`{"id": "` + strings.Repeat("x", 10<<20) + `"}`), cut + "its answer is longer than 8388608 bytes", 2},
		{"text of another", texts, body(`{"id": "GHSA-h75v-3vvj-5mfj", "modified": "2026-11-01T00:00:00Z"}`), cut + "asked for GHSA-8q59-q68h-6hv4, it answered with another", 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			a.hits["PyPI/pyyaml@5.3"] = []string{"GHSA-8q59-q68h-6hv4"}
			folder := t.TempDir()
			packages := []osv.Package{python("jinja2", "3.1.3"), python("pyyaml", "5.3")}
			good := ask(t, a.database(t.TempDir(), now), packages...)
			a.fail = func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != c.path {
					return false
				}
				c.answer(w)
				return true
			}
			r := ask(t, a.database(folder, now), packages...)
			if n := r.NotAsked[len(r.NotAsked)-1]; n != (evidence.NotAsked{Source: evidence.OSV, Product: "orders", Subject: "pyyaml", Why: c.why}) {
				t.Errorf("%+v", r.NotAsked)
			}
			if len(r.Findings) != c.findings && !strings.HasPrefix(c.name, "text") {
				t.Error(said(r))
			}
			// An outage is no change, and the next week all is known again.
			if got := r.Carry(good); got.Fingerprint() != good.Fingerprint() {
				t.Error(said(got))
			}
			a.fail = nil
			if got := ask(t, a.database(folder, now.AddDate(0, 0, 7)), packages...); got.Fingerprint() != good.Fingerprint() || len(got.NotAsked) != 0 {
				t.Error(said(got))
			}
		})
	}
}

func TestForeign(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	a.hits["PyPI/evil@1"] = []string{"../../v1/query", "EVIL-1"}
	a.records["EVIL-1"] = map[string]any{"id": "EVIL-1", "modified": "2026-01-01T00:00:00Z", "summary": "<!-- @everyone -->\n\u202efixes #1", "aliases": []string{"x\ny", "CVE-1"},
		"severity":          []map[string]any{{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/nonsense"}, {"type": "CVSS_V3", "score": strings.Repeat("CVSS:3.1/", 1000)}},
		"affected":          []map[string]any{{"package": map[string]any{"ecosystem": "PyPI", "name": "evil"}, "ranges": []map[string]any{{"type": "ECOSYSTEM", "events": []map[string]any{{"introduced": "not a version"}, {"fixed": "2\nrm -rf"}, {"fixed": "1.5"}}}}}},
		"database_specific": map[string]any{"severity": map[string]any{"not": "a word"}}}
	r := ask(t, a.database(t.TempDir(), now), python("evil", "1"))
	if diff := cmp.Diff([]string{
		"evil 1→1.5 or 2 rm -rf  EVIL-1 [CVE-1] <!-- @everyone --> fixes #1",
		"osv was not asked about evil: of the advisory ../../v1/query: an advisory's name is none",
	}, said(r)); diff != "" {
		t.Error(diff)
	}
	for _, q := range a.questions() {
		if !strings.HasPrefix(q, "POST /v1/querybatch") && q != "GET /v1/vulns/EVIL-1" {
			t.Error(q)
		}
	}
}

// TestSame puts the records of one vulnerability together by whatever name they share, and finds the version that mends what all of them say.
func TestSame(t *testing.T) {
	t.Parallel()
	record := func(id string, aliases []string, ecosystem, name string, events ...map[string]string) map[string]any {
		return map[string]any{"id": id, "modified": "2026-01-01T00:00:00Z", "summary": id, "aliases": aliases,
			"affected": []map[string]any{{"package": map[string]any{"ecosystem": ecosystem, "name": name}, "ranges": []map[string]any{{"type": "ECOSYSTEM", "events": events}}}}}
	}
	from := func(v string) map[string]string { return map[string]string{"introduced": v} }
	fixed := func(v string) map[string]string { return map[string]string{"fixed": v} }
	for _, c := range []struct {
		name    string
		records []map[string]any
		want    []string
	}{
		{"by its own name", []map[string]any{record("PYSEC-1", []string{"GHSA-1"}, "PyPI", "p", from("0"), fixed("2")), record("GHSA-1", nil, "PyPI", "p", from("0"), fixed("2"))}, []string{"GHSA-1 2"}},
		{"by the other's own name", []map[string]any{record("PYSEC-1", nil, "PyPI", "p", from("0"), fixed("2")), record("GHSA-1", []string{"PYSEC-1"}, "PyPI", "p", from("0"), fixed("2"))}, []string{"GHSA-1 2"}},
		{"by a third name", []map[string]any{record("PYSEC-1", []string{"CVE-1"}, "PyPI", "p", from("0"), fixed("1.10")), record("GHSA-1", []string{"CVE-1"}, "PyPI", "p", from("0"), fixed("1.9"))}, []string{"GHSA-1 1.10"}},
		{"by a third record", []map[string]any{record("GHSA-1", []string{"CVE-1"}, "PyPI", "p", from("0"), fixed("2")), record("GHSA-2", []string{"CVE-2"}, "PyPI", "p", from("0"), fixed("3")), record("PYSEC-1", []string{"CVE-1", "CVE-2"}, "PyPI", "p", from("0"), fixed("2"))}, []string{"GHSA-1 3"}},
		{"others", []map[string]any{record("GHSA-1", nil, "PyPI", "p", from("0"), fixed("2")), record("GHSA-2", []string{"CVE-2"}, "PyPI", "p", from("0"), fixed("3rc1"))}, []string{"GHSA-1 2", "GHSA-2 3rc1"}},
		{"of several branches", []map[string]any{record("GHSA-1", nil, "PyPI", "p", from("0"), fixed("0.9.5"), from("1.0"), fixed("1.4.2"), from("2.0"), fixed("2.1"))}, []string{"GHSA-1 1.4.2"}},
		{"without a fix in its branch", []map[string]any{record("GHSA-1", nil, "PyPI", "p", from("0"), fixed("0.9.5"), from("1.0"))}, []string{"GHSA-1 "}},
		{"of another package", []map[string]any{record("GHSA-1", nil, "npm", "p", from("0"), fixed("2"))}, []string{"GHSA-1 "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := newAPI(t)
			for _, r := range c.records {
				id := r["id"].(string)
				a.records[id], a.hits["PyPI/p@1.2"] = r, append(a.hits["PyPI/p@1.2"], id)
			}
			var got []string
			for _, f := range ask(t, a.database(t.TempDir(), now), python("p", "1.2")).Findings {
				got = append(got, f.ID+" "+f.Wants)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoVersion(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	if got := said(ask(t, a.database(t.TempDir(), now), python("pandas", ""))); !slices.Equal(got, []string{"osv was not asked about pandas: its name, version or ecosystem is not known"}) {
		t.Error(got)
	}
	if got := a.questions(); len(got) != 0 {
		t.Error(got)
	}
}

func TestManyProducts(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	var packages []osv.Package
	for i := range 600 {
		packages = append(packages, osv.Package{Ecosystem: osv.PyPI, Name: fmt.Sprintf("p%d", i), Version: "1"})
	}
	for i := range 100 {
		packages = append(packages, osv.Package{Ecosystem: osv.PyPI, Name: "PyYAML", Version: "5.3", Product: fmt.Sprintf("product%d", i)})
	}
	r := ask(t, a.database(t.TempDir(), now), packages...)
	if got := a.questions(); len(r.Findings) != 100 || len(got) != 4 {
		t.Error(len(r.Findings), got)
	}
	if one := r.Of("product7"); len(one.Findings) != 1 || one.Findings[0].ID != "GHSA-8q59-q68h-6hv4" {
		t.Error(said(one))
	}
}

func TestStopped(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	ctx, cancel := context.WithCancel(t.Context())
	a.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			cancel()
			<-r.Context().Done()
		}
		return r.Method == http.MethodGet
	}
	if r, err := a.database(t.TempDir(), now).Ask(ctx, []osv.Package{python("jinja2", "3.1.3")}); !errors.Is(err, context.Canceled) {
		t.Error(r, err)
	}
}
