// Package endoflife asks endoflife.date (https://endoflife.date/docs/api/v1/) how long engines, languages and libraries are supported.
package endoflife

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot/evidence"
	"github.com/codicil-dev/codicil/bot/inquiry"
)

// DefaultBase is the address of version 1 of the API. Version 0, below /api, is to be switched off
// (https://github.com/endoflife-date/endoflife.date/blob/master/CHANGELOG_API.md).
const DefaultBase = "https://endoflife.date/api/v1"

// page is where people read about a product.
const page = "https://endoflife.date/"

// listed are the names at endoflife.date of what data products are made with, by the names that these have elsewhere. Only these are asked for,
// and what is configured: the names of a product's other packages are nobody's business, and nearly all of them would be unknown.
var listed = map[string]string{
	"python": "python", "duckdb": "duckdb", "dbt-core": "dbt-core", "numpy": "numpy", "django": "django", "postgresql": "postgresql", "postgres": "postgresql",
}

// Options say what is asked and what counts.
type Options struct {
	// Fresh is how old an answer may be that is not asked for again, 24h by default. Within is how long before the end of support it is told
	// of, 90 days by default.
	Fresh, Within time.Duration
	// Listed are further names at endoflife.date by the names of packages.
	Listed map[string]string
	// Now is the clock by which support has ended; it is needed.
	Now func() time.Time
}

// Calendar knows when support ends. It may be used by several goroutines at once.
type Calendar struct {
	client *inquiry.Client
	o      Options
	listed map[string]string
}

// New makes a Calendar of a client whose base is that of the API.
func New(client *inquiry.Client, o Options) *Calendar {
	if o.Fresh == 0 {
		o.Fresh = 24 * time.Hour
	}
	if o.Within == 0 {
		o.Within = 90 * 24 * time.Hour
	}
	c := &Calendar{client: client, o: o, listed: maps.Clone(listed)}
	for name, at := range o.Listed {
		c.listed[plain(name)] = at
	}
	return c
}

var separators = regexp.MustCompile(`[-_.]+`)

// plain is a name in one spelling, as of packages at PyPI.
func plain(name string) string {
	return strings.ToLower(separators.ReplaceAllString(strings.TrimSpace(name), "-"))
}

// Release is a version of something that a product uses.
type Release struct {
	// Name is python, duckdb, postgresql or a package's name, Version a full version such as 3.11.4.
	Name, Version string
	// Patches asks also whether there is a newer version of the same cycle. No other source tells it of engines and languages.
	Patches bool
	// Product is the data product that uses it, File and Line where it says so.
	Product, File string
	Line          int
}

// Ask finds the releases whose support has ended or soon will. Those whose names are not listed are left out. What could not be asked is in
// the report too. The error is the context's.
func (c *Calendar) Ask(ctx context.Context, releases []Release) (evidence.Report, error) {
	var r evidence.Report
	for _, x := range releases {
		s, err := c.Look(ctx, x.Name, x.Version)
		var unlisted *UnlistedError
		switch {
		case ctx.Err() != nil:
			return evidence.Report{}, fmt.Errorf("ask endoflife.date: %w", context.Cause(ctx))
		case errors.As(err, &unlisted):
			continue
		case err != nil:
			r.NotAsked = append(r.NotAsked, evidence.NotAsked{Source: evidence.EndOfLife, Product: x.Product, Subject: plain(x.Name), Why: evidence.Line(why(err))})
			continue
		}
		r.Findings = append(r.Findings, c.findings(x, s)...)
	}
	return r.Sorted(), nil
}

// why is an error's reason without the name of who was asked.
func why(err error) string {
	var e *inquiry.Error
	switch {
	case errors.As(err, &e) && e.Status == 404:
		return "endoflife.date does not list it"
	case errors.As(err, &e):
		return e.Why
	}
	return err.Error()
}

// UnlistedError is a name that is not asked for, since endoflife.date is not known to list it.
type UnlistedError struct{ Name string }

// Error names the name.
func (e *UnlistedError) Error() string {
	return e.Name + " is not known to be listed at endoflife.date"
}

// Look finds the release cycle of a version and how it is supported. Errors are *[UnlistedError] and those of [inquiry.Client.Get]; a version of
// which no cycle is listed is an error too.
func (c *Calendar) Look(ctx context.Context, name, version string) (Support, error) {
	slug, ok := c.listed[plain(name)]
	if !ok {
		return Support{}, &UnlistedError{name}
	}
	var got answer
	at, err := c.client.Get(ctx, c.o.Fresh, &got, "products", slug)
	if err != nil {
		return Support{}, err
	}
	if len(got.Result.Releases) == 0 {
		return Support{}, errors.New("endoflife.date's answer lists no release")
	}
	return got.Result.support(slug, strings.TrimPrefix(strings.TrimSpace(version), "v"), at, c.o.Now())
}

// answer is what of ProductResponse in the API's description is of use here.
type answer struct {
	Result product `json:"result"`
}

type product struct {
	Label    string  `json:"label"`
	Releases []cycle `json:"releases"`
}

// cycle is a release cycle.
type cycle struct {
	Name   string `json:"name"`
	Begins day    `json:"releaseDate"`
	IsEOL  bool   `json:"isEol"`
	Ends   day    `json:"eolFrom"`
	Latest *struct {
		Name string `json:"name"`
	} `json:"latest"`
}

// day is a date; the zero time if it is not known.
type day struct{ time.Time }

// UnmarshalJSON reads a date such as 2026-09-16, or null.
func (d *day) UnmarshalJSON(data []byte) (err error) {
	var text *string
	if err := json.Unmarshal(data, &text); err != nil || text == nil {
		return err
	}
	d.Time, err = time.Parse(time.DateOnly, *text)
	return err
}
