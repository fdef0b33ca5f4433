// Package osv asks OSV's API (https://google.github.io/osv.dev/api/) which known vulnerabilities packages have.
package osv

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/codicil-dev/codicil/bot/evidence"
	"github.com/codicil-dev/codicil/bot/inquiry"
)

// DefaultBase is the address of OSV's API.
const DefaultBase = "https://api.osv.dev"

// PyPI is Python's ecosystem as OSV calls it; others are listed at https://ossf.github.io/osv-schema/#affectedpackage-field.
const PyPI = "PyPI"

// Package is a package in a version that a product uses.
type Package struct {
	// Ecosystem is OSV's name of where the package comes from, such as PyPI, npm or Go.
	Ecosystem, Name, Version string
	// Product is the data product that uses it, File and Line where it says so.
	Product, File string
	Line          int
}

// key is what OSV is asked for. Python's names are the same in other spellings (https://peps.python.org/pep-0503/#normalized-names).
func (p Package) key() query {
	q := query{Version: strings.TrimSpace(p.Version), Package: named{Name: p.Name, Ecosystem: p.Ecosystem}}
	if p.Ecosystem == PyPI {
		q.Package.Name = plainName(p.Name)
	}
	return q
}

var separators = regexp.MustCompile(`[-_.]+`)

// plainName is a name of PyPI in its one normalised spelling.
func plainName(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// Database asks OSV. It may be used by several goroutines at once.
type Database struct {
	client *inquiry.Client
	fresh  time.Duration
}

// New makes a Database of a client whose base is that of OSV's API. Answers that are not older than fresh are not asked for again: 12h if 0.
func New(client *inquiry.Client, fresh time.Duration) *Database {
	if fresh == 0 {
		fresh = 12 * time.Hour
	}
	return &Database{client, fresh}
}

// What one call of Ask does at most: queries in a request, pages of a query, and advisories read.
const (
	mostQueries    = 500
	mostPages      = 20
	mostAdvisories = 2000
	atOnce         = 4
)

// query is a query of POST /v1/querybatch.
type query struct {
	Package named  `json:"package"`
	Version string `json:"version"`
	Token   string `json:"page_token,omitempty"`
}

type named struct {
	Name      string `json:"name"`
	Ecosystem string `json:"ecosystem"`
}

// brief is an advisory that a query found; its text has to be asked for.
type brief struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
}

// batch is the answer of POST /v1/querybatch: results are in the order of the queries.
type batch struct {
	Results []struct {
		Vulns []brief `json:"vulns"`
		Token string  `json:"next_page_token"`
	} `json:"results"`
}

// Ask finds what is known of packages: a finding for each vulnerability of each of them, however many names the vulnerability has. What could
// not be asked is in the report too. The error is the context's.
func (d *Database) Ask(ctx context.Context, packages []Package) (evidence.Report, error) {
	found := map[query]*answer{}
	var order []query
	for _, p := range packages {
		q := p.key()
		if _, known := found[q]; !known {
			found[q] = &answer{}
			order = append(order, q)
		}
	}
	var queries []query
	for _, q := range order {
		if q.Package.Name == "" || q.Package.Ecosystem == "" || q.Version == "" {
			found[q].why = "its name, version or ecosystem is not known"
			continue
		}
		queries = append(queries, q)
	}
	for part := range slices.Chunk(queries, mostQueries) {
		if err := d.ids(ctx, part, found); err != nil {
			return evidence.Report{}, err
		}
	}
	texts, err := d.advisories(ctx, order, found)
	if err != nil {
		return evidence.Report{}, err
	}
	var r evidence.Report
	for _, p := range packages {
		findings, unread := p.findings(found[p.key()], texts)
		r.Findings = append(r.Findings, findings...)
		r.NotAsked = append(r.NotAsked, unread...)
	}
	return r.Sorted(), nil
}

// answer is what is known of a query.
type answer struct {
	vulns []brief
	at    time.Time
	// why says why it could not be asked; empty if it was.
	why string
}

// ids finds the advisories of queries, page by page.
func (d *Database) ids(ctx context.Context, queries []query, found map[query]*answer) error {
	of := func(q query) *answer {
		q.Token = ""
		return found[q]
	}
	for page := 1; len(queries) > 0; page++ {
		var got batch
		at, err := d.client.Post(ctx, map[string][]query{"queries": queries}, d.fresh, &got, "v1", "querybatch")
		if err == nil && len(got.Results) != len(queries) {
			err = fmt.Errorf("it answered %d of %d queries", len(got.Results), len(queries))
		}
		if ctx.Err() != nil {
			return fmt.Errorf("ask OSV: %w", context.Cause(ctx))
		}
		var next []query
		for i, q := range queries {
			a := of(q)
			switch {
			case err != nil:
				a.why = why(err)
				continue
			case page == 1:
				a.at = at
			}
			a.vulns = append(a.vulns, got.Results[i].Vulns...)
			token := got.Results[i].Token
			switch {
			case token == "":
				continue
			case page == mostPages || token == q.Token:
				a.why = "its list of advisories has no end"
				continue
			}
			q.Token = token
			next = append(next, q)
		}
		queries = next
	}
	return nil
}

// why is an error's reason without the name of who was asked.
func why(err error) string {
	var e *inquiry.Error
	if errors.As(err, &e) {
		return e.Why
	}
	return err.Error()
}

// text is an advisory, or why it could not be read.
type text struct {
	advisory advisory
	err      error
}

// form is what the ids of advisories look like; anything else is not asked for.
var form = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$`)

// advisories reads those that were found, each once.
func (d *Database) advisories(ctx context.Context, order []query, found map[query]*answer) (map[string]*text, error) {
	texts := map[string]*text{}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, q := range order {
		for _, b := range found[q].vulns {
			if texts[b.ID] != nil {
				continue
			}
			t := &text{}
			texts[b.ID] = t
			switch {
			case !form.MatchString(b.ID):
				t.err = errors.New("an advisory's name is none")
			case len(texts) > mostAdvisories:
				t.err = fmt.Errorf("there are more than %d advisories", mostAdvisories)
			default:
				group.Go(func() error {
					t.advisory, t.err = d.read(ctx, b)
					return ctx.Err() // ends nothing early: the client does
				})
			}
		}
	}
	if group.Wait() != nil {
		return nil, fmt.Errorf("ask OSV: %w", context.Cause(ctx))
	}
	return texts, nil
}

// read is an advisory as it is since it was last modified: one that was kept earlier will do if it is that old.
func (d *Database) read(ctx context.Context, b brief) (a advisory, err error) {
	for _, age := range []time.Duration{-1, 0} {
		if _, err := d.client.Get(ctx, age, &a, "v1", "vulns", b.ID); err != nil {
			return advisory{}, err
		}
		if a.ID == b.ID && !a.Modified.Before(b.Modified) {
			return a, nil
		}
	}
	if a.ID != b.ID {
		return advisory{}, fmt.Errorf("asked for %s, it answered with another", b.ID)
	}
	return a, nil // older than was said, but there is none newer
}
