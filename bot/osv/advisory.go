package osv

import (
	"strconv"
	"strings"
	"time"

	cvss20 "github.com/pandatix/go-cvss/20"
	cvss30 "github.com/pandatix/go-cvss/30"
	cvss31 "github.com/pandatix/go-cvss/31"
	cvss40 "github.com/pandatix/go-cvss/40"

	"github.com/codicil-dev/codicil/bot/evidence"
)

// advisory is what of a record of OSV's schema (https://ossf.github.io/osv-schema/) is of use here.
type advisory struct {
	ID        string     `json:"id"`
	Modified  time.Time  `json:"modified"`
	Withdrawn *time.Time `json:"withdrawn"`
	Aliases   []string   `json:"aliases"`
	Summary   string     `json:"summary"`
	Details   string     `json:"details"`
	Severity  []rating   `json:"severity"`
	Affected  []affected `json:"affected"`
	Database  struct {
		Severity any `json:"severity"` // a text at GitHub, anything elsewhere
	} `json:"database_specific"`
}

// rating is a vector of CVSS.
type rating struct {
	Type  string `json:"type"`
	Score string `json:"score"`
}

// affected is a package with the versions that are affected.
type affected struct {
	Package  named    `json:"package"`
	Severity []rating `json:"severity"`
	Ranges   []struct {
		Type   string  `json:"type"`
		Events []event `json:"events"`
	} `json:"ranges"`
}

// event is where a range of versions begins or ends.
type event struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
}

// about says whether an entry is about a package.
func (a affected) about(q query) bool {
	name := a.Package.Name
	if q.Package.Ecosystem == PyPI {
		name = plainName(name)
	}
	// A distribution's release may follow its name, as in Debian:12.
	ecosystem, _, _ := strings.Cut(a.Package.Ecosystem, ":")
	asked, _, _ := strings.Cut(q.Package.Ecosystem, ":")
	return name == q.Package.Name && ecosystem == asked
}

// severity is how bad the advisory is for a package, and its score, 0 if it has none. Newer versions of CVSS are believed before older ones, a
// score before a word.
func (a advisory) severity(q query) (evidence.Severity, float64) {
	ratings := a.Severity
	for _, x := range a.Affected {
		if x.about(q) {
			ratings = append(append([]rating(nil), x.Severity...), ratings...)
		}
	}
	for _, kind := range []string{"CVSS_V4", "CVSS_V3", "CVSS_V2"} {
		best, rated := 0.0, false
		for _, r := range ratings {
			if score, ok := scoreOf(r); ok && r.Type == kind {
				best, rated = max(best, score), true
			}
		}
		if rated {
			return level(best), best
		}
	}
	if strings.HasPrefix(a.ID, "MAL-") { // made to do harm: https://github.com/ossf/malicious-packages
		return evidence.Critical, 0
	}
	word, _ := a.Database.Severity.(string)
	switch strings.ToUpper(word) {
	case "LOW":
		return evidence.Low, 0
	case "MODERATE", "MEDIUM":
		return evidence.Medium, 0
	case "HIGH":
		return evidence.High, 0
	case "CRITICAL":
		return evidence.Critical, 0
	}
	return evidence.Unknown, 0
}

// scoreOf is the score of a vector; ok is false if it is none.
func scoreOf(r rating) (score float64, ok bool) {
	vector := r.Score
	if len(vector) > 400 {
		return 0, false
	}
	switch {
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		if v, err := cvss40.ParseVector(vector); err == nil {
			return v.Score(), true
		}
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		if v, err := cvss31.ParseVector(vector); err == nil {
			return v.BaseScore(), true
		}
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		if v, err := cvss30.ParseVector(vector); err == nil {
			return v.BaseScore(), true
		}
	case r.Type == "CVSS_V2":
		if v, err := cvss20.ParseVector(vector); err == nil {
			return v.BaseScore(), true
		}
	}
	return 0, false
}

// level is the word for a score, after the table in CVSS 3.1, section 5, which CVSS 4.0 keeps in section 6. A score of 0 is no harm at all: low.
func level(score float64) evidence.Severity {
	switch {
	case score >= 9:
		return evidence.Critical
	case score >= 7:
		return evidence.High
	case score >= 4:
		return evidence.Medium
	}
	return evidence.Low
}

// title is the advisory's summary, or how its text begins.
func (a advisory) title() string {
	if t := evidence.Line(a.Summary); t != "" {
		return t
	}
	return evidence.Line(a.Details)
}

// number writes a score as people do.
func number(score float64) string { return strconv.FormatFloat(score, 'f', 1, 64) }
