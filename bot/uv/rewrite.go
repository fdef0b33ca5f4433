package uv

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// physical is a line of a requirements file: what leads to the version constraint, the constraint, and what follows it.
var physical = regexp.MustCompile(`^(\s*[A-Za-z0-9][A-Za-z0-9._-]*\s*(?:\[[^\]]*\])?\s*)(\(?[<>=!~][^;#\\]*?)?(\s*(?:;.*|\s#.*|\\\s*|--hash.*|\r)?)$`)

// constrain is given a package and its version constraint, and returns the new one, which leaves any version where it is empty, with the
// hashes that go with it.
type constrain func(name, old string) (spec string, hashes []string, err error)

// loosen returns the files without the version constraints of these packages, or of all where names is nil; no files at all if nothing
// changes. Hashes go with the constraints.
func (p *pins) loosen(names []string) (map[string][]byte, error) {
	changed := false
	files, err := p.rewrite(names, func(_, old string) (string, []string, error) {
		changed = changed || old != ""
		return "", nil, nil
	})
	if err != nil || !changed {
		return nil, err
	}
	return files, nil
}

// rewrite returns the files with other version constraints for these packages, or for all where names is nil. What people wrote around them,
// and their order, stays. In requirements files that have hashes, those of what changes are replaced.
func (p *pins) rewrite(names []string, to constrain) (map[string][]byte, error) {
	files := map[string][]byte{}
	for name, content := range p.files {
		files[name] = content
	}
	for _, file := range p.names() {
		var err error
		if file == projectFile {
			files[file], err = p.rewriteProject(files[file], names, to)
		} else if file != lockFile {
			files[file], err = p.rewriteLines(file, files[file], names, to)
		}
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// wanted says whether a package is among names; nil means all.
func wanted(names []string, name string) bool { return names == nil || slices.Contains(names, name) }

// rewriteLines is rewrite for a requirements file.
func (p *pins) rewriteLines(file string, content []byte, names []string, to constrain) ([]byte, error) {
	lines := strings.Split(string(content), "\n")
	all := append(append([]line(nil), p.lines...), p.sources...)
	for i := len(all) - 1; i >= 0; i-- { // from the last, so that lines keep their numbers
		l := all[i]
		if l.file != file || !wanted(names, l.name) {
			continue
		}
		m := physical.FindStringSubmatch(lines[l.from-1])
		if m == nil || (l.to > l.from && !l.hashed && strings.HasSuffix(strings.TrimSpace(m[3]), `\`)) {
			return nil, bot.Problems{{File: file, Line: l.from, Severity: bot.SeverityError,
				Message: "write this requirement on one line, so that its version can be changed"}}
		}
		old := strings.TrimSpace(m[2])
		spec, hashes, err := to(l.name, old)
		if err != nil {
			return nil, err
		}
		if spec == old {
			continue
		}
		tail := strings.TrimRight(m[3], " \t\r\\")
		if at := strings.Index(tail, "--hash"); at >= 0 {
			tail = strings.TrimRight(tail[:at], " \t")
		}
		end := ""
		if strings.HasSuffix(lines[l.to-1], "\r") {
			end = "\r"
		}
		made := []string{strings.TrimRight(m[1], " \t") + spec + tail}
		if l.hashed {
			for _, hash := range hashes {
				made[len(made)-1] += ` \` + end
				made = append(made, "    --hash="+hash)
			}
		}
		made[len(made)-1] += end
		lines = slices.Replace(lines, l.from-1, l.to, made...)
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// rewriteProject is rewrite for pyproject.toml.
func (p *pins) rewriteProject(content []byte, names []string, to constrain) ([]byte, error) {
	done := map[string]bool{}
	for _, d := range p.project.dependencies {
		old := specifier(d.text)
		if !wanted(names, d.name) || old == "" || done[d.text] {
			continue
		}
		done[d.text] = true
		spec, _, err := to(d.name, old)
		if err != nil {
			return nil, err
		}
		m := requirement.FindStringSubmatch(strings.TrimSpace(d.text))
		text := m[1] + m[2] + spec
		if _, marker, ok := strings.Cut(m[3], ";"); ok {
			text += " ;" + marker
		}
		changed := content
		for _, quote := range []string{`"`, `'`} {
			changed = bytes.ReplaceAll(changed, []byte(quote+d.text+quote), []byte(quote+text+quote))
		}
		if text != d.text && bytes.Equal(changed, content) {
			return nil, bot.Problems{{File: projectFile, Line: d.line, Severity: bot.SeverityError,
				Message: fmt.Sprintf("write the requirement of %s without escapes, so that its version can be changed", d.name)}}
		}
		content = changed
	}
	return content, nil
}
