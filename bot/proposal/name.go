package proposal

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// The greatest lengths of a path and of one name in it, in bytes. They leave room for a repository's folders above.
const (
	maxPath = 200
	maxName = 100
)

// cleanPath returns the path in its one form, or says why no file may have it, whatever the rules.
func cleanPath(p string) (clean, why string) {
	switch {
	case p == "":
		return "", "The path is empty. Name a file."
	case len(p) > maxPath:
		return "", fmt.Sprintf("The path is longer than %d bytes. Use a shorter one.", maxPath)
	case !utf8.ValidString(p):
		return "", "The path is not UTF-8 text. Use plain letters."
	case strings.ContainsRune(p, '\\'):
		return "", `The path holds a backslash. Separate folders by / only.`
	case strings.HasPrefix(p, "/"):
		return "", "The path is absolute. Write it from the product's folder, without a slash in front."
	case strings.HasSuffix(p, "/"):
		return "", "The path ends in a slash, so it names a folder. Name a file."
	}
	parts := strings.Split(p, "/")
	for _, part := range parts {
		if part == ".." {
			return "", "The path climbs out of a folder with .. in it. Write it from the product's folder downwards."
		}
	}
	clean = path.Clean(p)
	if clean == "." {
		return "", "The path names the product's folder itself. Name a file."
	}
	for _, part := range strings.Split(clean, "/") {
		if why := checkName(part); why != "" {
			return "", why
		}
	}
	if why := checkSteering(clean); why != "" {
		return "", why
	}
	return clean, ""
}

// reserved are names that Windows gives to devices, with any extension.
var reserved = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9]|lpt[0-9]|conin|conout|clock)$`)

// checkName says why no file or folder may have the name.
func checkName(name string) string {
	stem, _, _ := strings.Cut(name, ".")
	switch {
	case strings.HasPrefix(name, "."):
		return fmt.Sprintf("%s starts with a dot. Files and folders of that kind steer other programs and are never written.", show(name))
	case len(name) > maxName:
		return fmt.Sprintf("A name in the path is longer than %d bytes. Use a shorter one.", maxName)
	case strings.HasPrefix(name, "-"), strings.TrimSpace(name) != name, strings.HasSuffix(name, "."):
		return fmt.Sprintf("%s starts with a hyphen or a blank, or ends in a dot or a blank. Use another name.", show(name))
	case !norm.NFKC.IsNormalString(name):
		return fmt.Sprintf("%s holds characters that are written otherwise in their normal form. Use plain letters.", show(name))
	case reserved.MatchString(strings.TrimSpace(stem)):
		return fmt.Sprintf("%s is a name that Windows keeps for a device. Use another.", show(name))
	}
	for _, r := range name {
		if !inName(r) {
			what := show(string(r))
			if r >= utf8.RuneSelf {
				what = fmt.Sprintf("the character %U", r)
			}
			return fmt.Sprintf("%s holds %s. Use letters, digits, hyphens, underscores and dots.", show(name), what)
		}
	}
	if mixed(strings.TrimSuffix(name, path.Ext(name))) {
		return fmt.Sprintf("%s mixes letters of several scripts that look alike. Use one script.", show(name))
	}
	return ""
}

// inName says whether a character may be part of a name: letters, digits and what needs no quoting anywhere.
func inName(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-. +()[],=@&#", r)
	}
	return unicode.In(r, unicode.Letter, unicode.Mark, unicode.Digit) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) && !unicode.Is(unicode.Variation_Selector, r)
}

// printable says whether a character shows as itself in text of any direction.
func printable(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }

// mixed says whether a name has Latin letters together with some of a script that has letters of the same looks.
func mixed(name string) bool {
	latin, other := false, false
	for _, r := range name {
		latin = latin || unicode.Is(unicode.Latin, r)
		other = other || unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu)
	}
	return latin && other
}

// lookalikes puts Latin letters for letters of other scripts that look the same.
var lookalikes = strings.NewReplacer(
	"а", "a", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "ӏ", "l", "о", "o", "р", "p", "ԛ", "q", "ѕ", "s", "ԝ", "w", "х", "x", "у", "y",
	"α", "a", "ο", "o", "ρ", "p", "ν", "v", "ϲ", "c", "ι", "i", "օ", "o", "ı", "i", "ɑ", "a", "ɡ", "g")

// key is equal for names that a file system or a reader may take for one another: different in case, in normal form, or
// in letters of the same looks.
func key(name string) string {
	if ascii(name) {
		return strings.ToLower(name)
	}
	fold := cases.Fold()
	return lookalikes.Replace(norm.NFKC.String(fold.String(norm.NFKC.String(name))))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// steering are files that a CI system, a forge or a person's tools obey, by their name alone and at any depth.
var steering = regexp.MustCompile(`^(jenkinsfile.*|(azure|bitbucket)[-_]pipelines?.*|appveyor\.ya?ml|wercker\.ya?ml|shippable\.ya?ml|buildspec.*\.ya?ml|cloudbuild.*\.(ya?ml|json)|codeship-.*|codefresh\.ya?ml|screwdriver\.ya?ml|tekton.*\.ya?ml|skaffold\.ya?ml|action\.ya?ml|codecov\.ya?ml|renovate\.json5?|` +
	`makefile.*|gnumakefile|justfile|rakefile|vagrantfile|dockerfile.*|containerfile|.*\.dockerfile|docker-compose.*|compose\.ya?ml|tox\.ini|noxfile\.py|conftest\.py|setup\.py|sitecustomize\.py|usercustomize\.py|` +
	`codeowners|owners|owners_aliases|app\.ya?ml|package\.json|pyproject\.toml|` +
	`(agents?|claude|gemini|copilot|copilot-instructions|cursor|conventions|llms?|skill)(\.local|\.override)?\.(md|txt))$`)

// steeringFolders hold such files.
var steeringFolders = regexp.MustCompile(`^(jenkins|tekton|circleci|github|gitlab|buildkite|hooks)$`)

// checkSteering says why a path must be kept from programs that would obey what is in it.
func checkSteering(clean string) string {
	parts := strings.Split(clean, "/")
	for i, part := range parts {
		k := key(part)
		if steering.MatchString(k) || i < len(parts)-1 && steeringFolders.MatchString(k) {
			return fmt.Sprintf("%s steers a CI system or another program, and is never written.", show(part))
		}
	}
	return ""
}
