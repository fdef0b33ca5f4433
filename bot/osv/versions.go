package osv

import (
	"cmp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	pep440 "github.com/aquasecurity/go-pep440-version"
)

// order compares two versions of an ecosystem; ok is false if either can't be read there.
func order(ecosystem, a, b string) (c int, ok bool) {
	switch {
	case a == b:
		return 0, true
	case len(a) > 100 || len(b) > 100:
		return 0, false
	case ecosystem == PyPI:
		x, errX := pep440.Parse(a)
		y, errY := pep440.Parse(b)
		if errX != nil || errY != nil {
			return 0, false
		}
		return x.Compare(y), true
	}
	x, errX := semver.NewVersion(a)
	y, errY := semver.NewVersion(b)
	if errX != nil || errY != nil {
		return 0, false
	}
	return x.Compare(y), true
}

// fixes are the versions that mend what an advisory says of the package: those at the end of ranges that its version is in, or else later ones.
// Where versions can't be compared these are all ends.
func (a advisory) fixes(q query) []string {
	var in, later, all []string
	for _, x := range a.Affected {
		if !x.about(q) {
			continue
		}
		for _, r := range x.Ranges {
			if r.Type == "GIT" {
				continue
			}
			within, known := true, true
			for _, e := range r.Events {
				switch {
				case e.Introduced == "0":
					within = true
				case e.Introduced != "":
					c, ok := order(q.Package.Ecosystem, q.Version, e.Introduced)
					within, known = c >= 0, known && ok
				case e.Fixed != "":
					all = append(all, e.Fixed)
					c, ok := order(q.Package.Ecosystem, q.Version, e.Fixed)
					if known = known && ok; !known || c >= 0 {
						continue
					}
					later = append(later, e.Fixed)
					if within {
						in = append(in, e.Fixed)
						within = false
					}
				}
			}
			if !known {
				return sortedVersions(q.Package.Ecosystem, all)
			}
		}
	}
	if len(in) > 0 {
		return sortedVersions(q.Package.Ecosystem, in)
	}
	return sortedVersions(q.Package.Ecosystem, later)
}

// sortedVersions are the versions in order, each once.
func sortedVersions(ecosystem string, versions []string) []string {
	slices.SortFunc(versions, func(a, b string) int {
		if c, ok := order(ecosystem, a, b); ok {
			return c
		}
		return cmp.Compare(a, b)
	})
	return slices.Compact(versions)
}

// cure is the version that mends all of what several records say of one matter: the highest of each record's lowest. It names several if they
// can't be compared, and is empty if nothing is known to mend it.
func cure(q query, records []advisory) string {
	var lowest []string
	for _, a := range records {
		if f := a.fixes(q); len(f) > 0 {
			first := f[0]
			for _, v := range f[1:] {
				if _, ok := order(q.Package.Ecosystem, first, v); !ok {
					first = strings.Join(f, " or ")
					break
				}
			}
			lowest = append(lowest, first)
		}
	}
	lowest = sortedVersions(q.Package.Ecosystem, lowest)
	if len(lowest) == 0 {
		return ""
	}
	return lowest[len(lowest)-1]
}
