package uv

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/codicil-dev/codicil/bot"
)

// Bump rewrites the product's files of pins in its folder, so that these packages, or all where there are no names, have the newest
// version that the pins allow or, with beyond, that there is; always one that goes together with the packages that are not named.
// It returns the paths of the files that changed, none where there is nothing newer to write down: a range that
// allows the newest version, for example, stays.
//
// uv.lock is made anew by uv, as is a requirements.txt that was compiled from a requirements.in. In all others only the versions change, with
// their hashes: == and ~= stay what they are, >= gets the new version, and a range with an upper bound one up to the next major
// version. All files change or none. Errors are those of Environment; a uv.lock that was made from another index than the
// configured one is bot.Problems.
func (h *Owner) Bump(ctx context.Context, folder string, names []string, beyond bool) ([]string, error) {
	p, err := h.read(folder)
	if err != nil {
		return nil, err
	}
	if err := h.sameIndex(ctx, p); err != nil {
		return nil, err
	}
	var wanted []string
	for _, name := range names {
		wanted = append(wanted, canonical(name))
	}
	files := p.files
	if beyond {
		if files, err = h.beyond(ctx, p, wanted); err != nil {
			return nil, err
		}
	}
	if files, err = h.settle(ctx, p, files, wanted); err != nil {
		return nil, err
	}
	return p.replace(folder, files)
}

// sameIndex refuses a lock that names another index than uv's: it would come back with two.
func (h *Owner) sameIndex(ctx context.Context, p *pins) error {
	if len(p.lock.registries) == 0 {
		return nil
	}
	index, err := h.indexURL(ctx)
	if err != nil {
		return err
	}
	for _, registry := range p.lock.registries {
		if strings.TrimSuffix(registry, "/") != index {
			return bot.Problems{{File: lockFile, Severity: bot.SeverityError, Message: fmt.Sprintf(
				"it was made from the index %s, and the index that is configured here is %s: make it from that, or configure the other", registry, index)}}
		}
	}
	return nil
}

// beyond returns the files with version constraints that allow the newest versions.
func (h *Owner) beyond(ctx context.Context, p *pins, names []string) (map[string][]byte, error) {
	loose, err := p.loosen(names)
	if err != nil || loose == nil {
		return p.files, err
	}
	target, err := h.resolveIn(ctx, p, loose, names)
	if err != nil {
		return nil, err
	}
	within, _, err := apart(h.resolveIn(ctx, p, p.files, names)) // this is what mends pins that do not go together
	if err != nil {
		return nil, err
	}
	return p.rewrite(names, func(name, old string) (string, []string, error) {
		to, ok := target[name]
		if old == "" || !ok || (within != nil && !newer(to, within[name])) {
			return old, nil, nil
		}
		spec, err := h.constraint(ctx, name, old, to)
		if err != nil {
			return "", nil, err
		}
		hashes, err := h.hashes(ctx, p, name, to)
		return spec, hashes, err
	})
}

// constraint is the version constraint that takes an old one's place and allows the version.
func (h *Owner) constraint(ctx context.Context, name, old, version string) (string, error) {
	switch bare := strings.TrimSpace(strings.Trim(old, "()")); {
	case strings.Contains(bare, "<"):
		return h.bounded(ctx, name, version)
	case strings.Contains(bare, ","):
		return ">=" + version, nil
	case strings.HasPrefix(bare, "==="):
		return "===" + version, nil
	case strings.HasPrefix(bare, "=="), strings.HasPrefix(bare, "~="):
		return bare[:2] + version, nil
	}
	return ">=" + version, nil
}

// bounded has uv write a constraint from this version up to the next major one.
func (h *Owner) bounded(ctx context.Context, name, version string) (string, error) {
	dir, remove, err := h.scratch()
	if err != nil {
		return "", err
	}
	defer remove()
	text := fmt.Sprintf("[project]\nname = %q\nversion = \"0\"\nrequires-python = \"==%s.*\"\n[tool.uv]\npackage = false\nconstraint-dependencies = [%q]\n",
		"codicil-bounds", h.tool.python.minor(), name+"=="+version)
	if err := writeFile(dir, projectFile, []byte(text)); err != nil {
		return "", fmt.Errorf("have uv bound %s: %w", name, err)
	}
	_, err = h.run(ctx, command{dir: dir, args: []string{"add", "--quiet", "--no-sync", "--bounds", "major", "--python", h.tool.python.Path, name}})
	if err != nil {
		return "", err
	}
	var made pyproject
	if _, err := toml.DecodeFile(filepath.Join(dir, projectFile), &made); err != nil {
		return "", fmt.Errorf("have uv bound %s: %w", name, err)
	}
	if len(made.Project.Dependencies) != 1 || specifier(made.Project.Dependencies[0]) == "" {
		return "", fmt.Errorf("have uv bound %s: it wrote %q", name, made.Project.Dependencies)
	}
	return specifier(made.Project.Dependencies[0]), nil
}

// hashes asks for a version's hashes, where a line of the package has some.
func (h *Owner) hashes(ctx context.Context, p *pins, name, version string) ([]string, error) {
	has := false
	for _, l := range p.lines {
		has = has || l.name == name && l.hashed
	}
	if !has {
		return nil, nil
	}
	dir, remove, err := h.scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	if err := writeFile(dir, requirementsFile, []byte(name+"=="+version+"\n")); err != nil {
		return nil, fmt.Errorf("ask for the hashes of %s: %w", name, err)
	}
	out, err := h.run(ctx, command{dir: dir, args: append(h.compileArgs(&pins{main: requirementsFile}), "--no-deps", "--generate-hashes", "--no-annotate", "--no-header")})
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, l := range logicalLines(out) {
		for _, word := range strings.Fields(l.text) {
			if hash, ok := strings.CutPrefix(word, "--hash="); ok {
				hashes = append(hashes, hash)
			}
		}
	}
	return hashes, nil
}

// settle has uv make anew what it made, from the files as they are now, and see that the rest goes together.
func (h *Owner) settle(ctx context.Context, p *pins, files map[string][]byte, names []string) (map[string][]byte, error) {
	dir, remove, err := h.scratch()
	if err != nil {
		return nil, err
	}
	defer remove()
	changed := *p
	changed.files = files
	if err := changed.write(dir); err != nil {
		return nil, err
	}
	if _, err := h.resolve(ctx, &changed, dir, names); err != nil {
		return nil, err
	}
	made := map[string][]byte{}
	for name := range files {
		if made[name], err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			return nil, fmt.Errorf("read what uv made of %s: %w", name, err)
		}
	}
	return made, nil
}

// replace writes the files that differ into the product's folder, each at once, and returns their paths.
func (p *pins) replace(folder string, files map[string][]byte) ([]string, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("write pins: %w", err)
	}
	defer root.Close()
	const beside = ".codicil-new"
	var changed []string
	for _, name := range p.names() {
		if bytes.Equal(files[name], p.files[name]) {
			continue
		}
		changed = append(changed, name)
		info, err := root.Stat(filepath.FromSlash(name))
		if err == nil {
			err = root.WriteFile(filepath.FromSlash(name)+beside, files[name], info.Mode().Perm())
		}
		if err != nil {
			return nil, fmt.Errorf("write pins: %w", err)
		}
	}
	for _, name := range changed {
		if err := root.Rename(filepath.FromSlash(name)+beside, filepath.FromSlash(name)); err != nil {
			return nil, fmt.Errorf("write pins: %w", err)
		}
	}
	return changed, nil
}
