package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Report is what sources found, and what they could not be asked.
type Report struct {
	Findings []Finding  `json:"findings,omitempty"`
	NotAsked []NotAsked `json:"not_asked,omitempty"`
}

// Join puts reports together, sorted and without doubles.
func Join(reports ...Report) Report {
	var all Report
	for _, r := range reports {
		all.Findings = append(all.Findings, r.Findings...)
		all.NotAsked = append(all.NotAsked, r.NotAsked...)
	}
	return all.Sorted()
}

// Sorted is r in an order that depends on what is in it only, each product's worst findings first, and without doubles.
func (r Report) Sorted() Report {
	out := Report{Findings: slices.Clone(r.Findings), NotAsked: slices.Clone(r.NotAsked)}
	for i, f := range out.Findings {
		out.Findings[i].Aliases = slices.Compact(slices.Sorted(slices.Values(f.Aliases)))
	}
	slices.SortFunc(out.Findings, compare)
	out.Findings = slices.CompactFunc(out.Findings, func(a, b Finding) bool { return compare(a, b) == 0 })
	slices.SortFunc(out.NotAsked, func(a, b NotAsked) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	out.NotAsked = slices.Compact(out.NotAsked)
	return out
}

// Of is the part of r that is about one product, and what is about no product in particular.
func (r Report) Of(product string) (out Report) {
	for _, f := range r.Findings {
		if f.Product == product || f.Product == "" {
			out.Findings = append(out.Findings, f)
		}
	}
	for _, n := range r.NotAsked {
		if n.Product == product || n.Product == "" {
			out.NotAsked = append(out.NotAsked, n)
		}
	}
	return out
}

// Worst is the worst severity among the findings of a source; Unknown if there is none. An empty source means all.
func (r Report) Worst(source Source) (worst Severity) {
	for _, f := range r.Findings {
		if source == "" || f.Source == source {
			worst = worst.Max(f.Severity)
		}
	}
	return worst
}

// Fingerprint is the same for the same findings in whatever order they come, and another if there is one more or less or if one has another
// severity, another version or another cure. When it was said, the line where it is and the wording do not count: a week in which nothing
// else changed must open nothing. What was not asked does not count either; see Carry.
func (r Report) Fingerprint() string {
	var keys []string
	for _, f := range r.Findings {
		key, err := json.Marshal([]string{string(f.Source), f.Product, f.Subject, f.ID, f.Has, f.Wants, string(f.Severity), f.File})
		if err != nil {
			panic(err) // strings can always be written
		}
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	s := sha256.Sum256([]byte(strings.Join(slices.Compact(keys), "\n")))
	return hex.EncodeToString(s[:12])
}

// Carry is r with the findings of last that r says nothing of because it could not be asked: an outage neither mends a finding, nor makes
// the finding a new one when it is over. Where r has less to say of the same matter, what last said stays.
func (r Report) Carry(last Report) Report {
	known := map[about]bool{}
	var findings []Finding
	for _, old := range last.Findings {
		if slices.ContainsFunc(r.NotAsked, func(n NotAsked) bool { return n.covers(old) }) && !rated(r.Findings, old) {
			known[old.about()] = true
			findings = append(findings, old)
		}
	}
	for _, f := range r.Findings {
		if !known[f.about()] {
			findings = append(findings, f)
		}
	}
	return Report{Findings: findings, NotAsked: r.NotAsked}.Sorted()
}

// rated says whether findings hold one of the same matter that tells as much as old does.
func rated(findings []Finding, old Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool {
		return f.about() == old.about() && (f.Has != old.Has || f.Severity != Unknown || old.Severity == Unknown)
	})
}
