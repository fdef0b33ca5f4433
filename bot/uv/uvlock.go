package uv

import (
	"bytes"

	"github.com/BurntSushi/toml"
)

// lock is what is read of a uv.lock.
type lock struct {
	// packages are the locked packages, without the project itself, in the order of the file.
	packages []locked
	// registries are the URLs of the indexes that the packages came from.
	registries []string
}

// locked is one package in a uv.lock.
type locked struct {
	name, version string
	line          int
}

// lockedFile are the parts of the file that decide.
type lockedFile struct {
	Package []struct {
		Name    string         `toml:"name"`
		Version string         `toml:"version"`
		Source  map[string]any `toml:"source"`
	} `toml:"package"`
}

// readLock reads uv.lock and refuses packages that did not come from an index.
func (r *pinReader) readLock() {
	content, ok := r.file(lockFile, lockFile, 0)
	if !ok {
		return
	}
	var file lockedFile
	if _, err := toml.NewDecoder(bytes.NewReader(content)).Decode(&file); err != nil {
		r.tomlProblem(lockFile, err)
		return
	}
	at := placesOf(content)
	seen := map[string]bool{}
	for _, p := range file.Package {
		if p.Source["virtual"] == "." || p.Source["editable"] == "." {
			continue
		}
		line := at.text(p.Name) // the table's own name comes before what asks for it only by chance
		if n := at.packageLine(p.Name, p.Version); n > 0 {
			line = n
		}
		registry, ok := p.Source["registry"].(string)
		if !ok || len(p.Source) != 1 {
			r.problem(lockFile, line, "%s does not come from a package index: only such packages are allowed", p.Name)
			continue
		}
		if !seen[registry] {
			seen[registry] = true
			r.pins.lock.registries = append(r.pins.lock.registries, registry)
		}
		r.pins.lock.packages = append(r.pins.lock.packages, locked{name: canonical(p.Name), version: p.Version, line: line})
	}
}

// packageLine is the line of a package's name in uv.lock: the one whose next line is its version.
func (p places) packageLine(name, version string) int {
	for i := 0; i+1 < len(p); i++ {
		if p[i] == `name = "`+name+`"` && p[i+1] == `version = "`+version+`"` {
			return i + 1
		}
	}
	return 0
}
