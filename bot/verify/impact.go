package verify

import (
	"fmt"
	"path"

	"github.com/Masterminds/semver/v3"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/product"
)

// impactOf is the greatest impact of the differences.
func impactOf(differences []bot.Difference) bot.Impact {
	impact := bot.ImpactNone
	for _, d := range differences {
		impact = impact.Max(d.Impact)
	}
	return impact
}

// leastVersion is the least version that an impact allows after base. Before 1.0.0 a breaking change raises the minor number, as the
// ecosystem of semantic versions has it. A prerelease may become its release where that number tells the impact: 2.0.0 after
// 2.0.0-rc1 whatever changed. Empty if base is no version.
func leastVersion(base string, impact bot.Impact) string {
	v, err := semver.NewVersion(base)
	if err != nil {
		return ""
	}
	next := *v
	if v.Prerelease() != "" && impact != bot.ImpactNone {
		if release, err := v.SetPrerelease(""); err == nil && tells(&release, impact) {
			return release.String()
		}
	}
	switch {
	case impact == bot.ImpactMajor && v.Major() > 0:
		next = v.IncMajor()
	case impact == bot.ImpactMajor, impact == bot.ImpactMinor:
		next = v.IncMinor()
	case impact == bot.ImpactPatch:
		next = v.IncPatch()
	}
	return next.String()
}

// tells says whether a release, by its own number, may have an impact after the one before it.
func tells(release *semver.Version, impact bot.Impact) bool {
	if release.Patch() > 0 {
		return impact == bot.ImpactPatch
	}
	return release.Minor() == 0 || impact != bot.ImpactMajor || release.Major() == 0
}

// version checks that the spec's version says what the change means for readers.
func (w *work) version() {
	if w.base == nil || w.headSame == nil {
		return
	}
	impact := w.ownImpact()
	least := leastVersion(w.base.Spec().Version, impact)
	now, err := semver.NewVersion(w.head.Spec().Version)
	if err != nil || least == "" {
		return
	}
	status, message := bot.Pass, fmt.Sprintf("%s, as an impact of %s allows", now, impact)
	if now.LessThan(semver.MustParse(least)) {
		status, message = bot.Fail, fmt.Sprintf("the version is %s, and an impact of %s asks for at least %s; raise it in spec.yaml", now, impact, least)
		if w.specOnly {
			status = bot.Review
		}
	}
	r := w.add(bot.AreaCompatibility, status, "the version tells the impact", message, "version")
	r.File = path.Join(w.head.Path, product.SpecFile)
	r.Line, _ = w.head.Document.Source.At("/version")
}
