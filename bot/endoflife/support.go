package endoflife

import (
	"fmt"
	"strings"
	"time"

	pep440 "github.com/aquasecurity/go-pep440-version"

	"github.com/codicil-dev/codicil/bot/evidence"
)

// Support is how a version is supported.
type Support struct {
	// Label is the product's name for people, Cycle the release cycle that the version is in.
	Label, Cycle string
	// Ended says that the cycle is not supported any more, and Ends is the day from which it isn't; zero if the day is not known.
	Ended bool
	Ends  time.Time
	// Newest is the newest version of the same cycle; empty if that is not known.
	Newest string
	// Better is the cycle that is supported and began last; empty if there is none.
	Better string
	// At is when endoflife.date said so.
	At time.Time

	slug string
}

// support finds what is said of a version.
func (p product) support(slug, version string, at, now time.Time) (Support, error) {
	s := Support{Label: evidence.Line(p.Label), At: at, slug: slug}
	if s.Label == "" {
		s.Label = slug
	}
	var in, better *cycle
	for i := range p.Releases {
		c := &p.Releases[i]
		if c.holds(version) && (in == nil || len(c.Name) > len(in.Name)) {
			in = c
		}
		if !c.ended(now) && (better == nil || c.Begins.After(better.Begins.Time)) {
			better = c
		}
	}
	if in == nil {
		return Support{}, fmt.Errorf("endoflife.date lists no release cycle of %s %s", s.Label, evidence.Line(version))
	}
	s.Cycle, s.Ended, s.Ends = evidence.Line(in.Name), in.ended(now), in.Ends.Time
	if in.Latest != nil {
		s.Newest = evidence.Line(in.Latest.Name)
	}
	if better != nil {
		s.Better = evidence.Line(better.Name)
	}
	return s, nil
}

// holds says whether a version is of the cycle: 3.1 holds 3.1.5 and 3.1rc1, not 3.11.
func (c cycle) holds(version string) bool {
	rest, ok := strings.CutPrefix(version, c.Name)
	return ok && c.Name != "" && (rest == "" || rest[0] < '0' || rest[0] > '9')
}

// ended says whether the cycle's support is over. The day is believed before the word, which is as old as the answer.
func (c cycle) ended(now time.Time) bool {
	if c.Ends.IsZero() {
		return c.IsEOL
	}
	return !now.Before(c.Ends.Time)
}

// findings are what is to be said of a release. Days that are left are not counted in them: that would be another finding each day.
func (c *Calendar) findings(x Release, s Support) (out []evidence.Finding) {
	f := evidence.Finding{
		Source: evidence.EndOfLife, Product: x.Product, Subject: plain(x.Name), Has: evidence.Line(x.Version), ID: s.slug + " " + s.Cycle, URL: page + s.slug,
		At: s.At, File: x.File, Line: x.Line,
	}
	ends := !s.Ends.IsZero() && c.o.Now().Add(c.o.Within).After(s.Ends)
	if s.Ended || ends {
		over := f
		if s.Better != s.Cycle {
			over.Wants = s.Better
		}
		switch {
		case !s.Ended:
			over.Severity, over.Title = evidence.Low, fmt.Sprintf("Support of %s %s ends on %s", s.Label, s.Cycle, s.Ends.Format(time.DateOnly))
		case s.Ends.IsZero():
			over.Severity, over.Title = evidence.Medium, fmt.Sprintf("%s %s is not supported any more", s.Label, s.Cycle)
		default:
			over.Severity, over.Title = evidence.Medium, fmt.Sprintf("Support of %s %s ended on %s", s.Label, s.Cycle, s.Ends.Format(time.DateOnly))
		}
		out = append(out, over)
	}
	if x.Patches && older(x.Version, s.Newest) {
		f.ID, f.Wants, f.Severity = f.ID+" newest", s.Newest, evidence.Low
		f.Title = fmt.Sprintf("%s is the newest of %s %s", s.Newest, s.Label, s.Cycle)
		out = append(out, f)
	}
	return out
}

// older says whether a version is known to be older than another.
func older(version, than string) bool {
	if len(version) > 100 || len(than) > 100 {
		return false
	}
	a, errA := pep440.Parse(version)
	b, errB := pep440.Parse(than)
	return errA == nil && errB == nil && a.LessThan(b)
}
