package uv

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"
	pep440 "github.com/aquasecurity/go-pep440-version"
)

// versions are the versions of packages that go together, by normalised name.
type versions map[string]string

// newer says whether version a is newer than b; what is no version is not.
func newer(a, b string) bool {
	va, errA := pep440.Parse(a)
	vb, errB := pep440.Parse(b)
	return errA == nil && errB == nil && va.GreaterThan(vb)
}

// same says whether two texts mean the same version, as 1.0 and 1.0.0 do.
func same(a, b string) bool {
	va, errA := pep440.Parse(a)
	vb, errB := pep440.Parse(b)
	if errA != nil || errB != nil {
		return a == b
	}
	return va.Equal(vb)
}

// add keeps a version, the newer one where there are several for different systems.
func (v versions) add(name, version string) {
	if has, ok := v[name]; !ok || newer(version, has) {
		v[name] = version
	}
}

// resolve has uv find the newest versions of these packages, or of all where names is nil, that the files of pins in a folder allow. What is
// locked in uv.lock, or compiled into requirements.txt, is made anew there; other packages keep their versions in it as far as they can.
func (h *Owner) resolve(ctx context.Context, p *pins, dir string, names []string) (versions, error) {
	upgrade := []string{"--upgrade"}
	if names != nil {
		upgrade = nil
		for _, name := range names {
			upgrade = append(upgrade, "--upgrade-package", name)
		}
	}
	if p.main == lockFile {
		_, err := h.run(ctx, command{dir: dir, pins: p, args: append([]string{"lock", "--quiet", "--python", h.tool.python.Path, "--no-sources"}, upgrade...)})
		if err != nil {
			return nil, err
		}
		return lockedIn(dir)
	}
	args := append(h.compileArgs(p), upgrade...)
	if p.source() {
		args = append(args, "--output-file", requirementsFile)
		args = append(args, compiledAs(p.files[requirementsFile])...)
	} else {
		args = append(args, "--no-annotate", "--no-header")
	}
	out, err := h.run(ctx, command{dir: dir, pins: p, args: args})
	if err == nil && p.source() {
		var content []byte
		content, err = os.ReadFile(filepath.Join(dir, requirementsFile))
		out = string(content)
	}
	if err != nil {
		return nil, err
	}
	return compiled(out), nil
}

// compiledAs are uv's arguments to write a requirements file in the form that it has.
func compiledAs(content []byte) []string {
	var args []string
	header := false
	for _, l := range strings.Split(string(content), "\n") {
		if by, ok := strings.CutPrefix(l, "#    "); ok && strings.Contains(by, "compile") {
			header = true
			args = append(args, "--custom-compile-command", by)
			if strings.Contains(by, "--universal") {
				args = append(args, "--universal")
			}
			break
		}
	}
	if !header {
		args = append(args, "--no-header")
	}
	if !bytes.Contains(content, []byte("# via")) {
		args = append(args, "--no-annotate")
	}
	if bytes.Contains(content, []byte("--hash=")) {
		args = append(args, "--generate-hashes")
	}
	return args
}

// compileArgs are uv's arguments to resolve the files of pins for this interpreter.
func (h *Owner) compileArgs(p *pins) []string {
	args := []string{"pip", "compile", "--quiet", "--python", h.tool.python.Path, "--only-binary", ":all:", "--no-sources"}
	switch {
	case p.main == projectFile:
		args = append(args, projectFile, "--all-extras")
		for _, g := range p.project.allGroups {
			args = append(args, "--group", g)
		}
	case p.source():
		args = append(args, compiledFrom)
	default:
		args = append(args, requirementsFile)
	}
	return args
}

// lockedIn reads the versions in a folder's uv.lock.
func lockedIn(dir string) (versions, error) {
	content, err := os.ReadFile(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, fmt.Errorf("read what uv locked: %w", err)
	}
	var file lockedFile
	if _, err := toml.NewDecoder(bytes.NewReader(content)).Decode(&file); err != nil {
		return nil, fmt.Errorf("read what uv locked: %w", err)
	}
	v := versions{}
	for _, p := range file.Package {
		if _, fromIndex := p.Source["registry"]; fromIndex {
			v.add(canonical(p.Name), p.Version)
		}
	}
	return v, nil
}

// compiled reads the versions in what `uv pip compile` prints.
func compiled(out string) versions {
	v := versions{}
	for _, l := range logicalLines(out) {
		requirement, _, _ := strings.Cut(l.text, " ")
		if name, version, ok := strings.Cut(requirement, "=="); ok {
			name, _, _ = strings.Cut(name, "[")
			v.add(canonical(name), version)
		}
	}
	return v
}

// Resolve returns the packages that an environment for the product holds or would hold, with those that others require: as locked in
// uv.lock, or else as uv resolves the pins now. Errors are those of Environment.
func (h *Owner) Resolve(ctx context.Context, folder string) ([]Package, error) {
	p, err := h.read(folder)
	if err != nil {
		return nil, err
	}
	v := versions{}
	if p.main == lockFile {
		for _, l := range p.lock.packages {
			v.add(l.name, l.version)
		}
	} else {
		dir, remove, err := h.scratch()
		if err != nil {
			return nil, err
		}
		defer remove()
		if err := p.write(dir); err != nil {
			return nil, err
		}
		asked := *p
		asked.sources = nil // requirements.txt is what is installed, not what it was made from
		asked.project.allGroups = p.project.groups
		if v, err = h.resolve(ctx, &asked, dir, nil); err != nil {
			return nil, err
		}
	}
	packages := make([]Package, 0, len(v))
	for _, name := range sorted(v) {
		packages = append(packages, Package{Name: name, Version: v[name]})
	}
	return packages, nil
}
