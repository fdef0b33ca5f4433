package uv

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// Pin is a package that a product's file names, with what the index has of it.
type Pin struct {
	// Name is normalised as PEP 503 has it.
	Name string
	// Has is the version that the pin names or that is locked; empty if a range is asked for, and nothing is locked.
	Has string
	// Within is the newest version that the pins allow, and Beyond the newest that there is without the version constraints of the
	// product's own files. Both go together with all other packages, and run on this interpreter. Empty means that there is
	// none, as for a package that is asked for on other systems only.
	Within, Beyond string
	// Yanked is why Has was withdrawn, and WasYanked that it was: a reason is not always given.
	Yanked    string
	WasYanked bool
	// File and Line are where it is named; Line counts from 1.
	File string
	Line int
}

// Outdated says whether there is something newer, or the version was withdrawn.
func (p Pin) Outdated() bool {
	return p.WasYanked || newer(p.Within, p.Has) || newer(p.Beyond, orElse(p.Has, p.Within))
}

// exact is a version constraint that leaves one version.
var exact = regexp.MustCompile(`^\(?\s*={2,3}\s*[^\s,;*<>()]+\s*\)?$`)

// Newer says of each package in the product's files of pins what the index has, in the order of the files: of the lines of
// requirements files, the requirements in pyproject.toml, or all packages in uv.lock. Errors are those of Environment. Where the
// pins do not go together, that error comes with the pins, which then lack Within, and Beyond too where the index does not have them at all.
func (h *Owner) Newer(ctx context.Context, folder string) ([]Pin, error) {
	p, err := h.read(folder)
	if err != nil {
		return nil, err
	}
	within, wrong, err := apart(h.resolveIn(ctx, p, p.files, nil))
	if err != nil {
		return nil, err
	}
	loose, err := p.loosen(nil)
	if err != nil {
		return nil, err
	}
	beyond := within
	if loose != nil {
		var more bot.Problems
		if beyond, more, err = apart(h.resolveIn(ctx, p, loose, nil)); err != nil {
			return nil, err
		}
		if wrong == nil {
			wrong = more
		}
	}
	found := p.list(within)
	for i := range found {
		f := &found[i]
		f.Within, f.Beyond = within[f.Name], beyond[f.Name]
		if f.Within != "" && !newer(f.Beyond, f.Within) {
			f.Beyond = f.Within
		}
	}
	if err := h.askYanked(ctx, found); err != nil {
		return nil, err
	}
	return found, wrong.Err()
}

// apart tells the product's fault from all other errors.
func apart(v versions, err error) (versions, bot.Problems, error) {
	var wrong bot.Problems
	if errors.As(err, &wrong) {
		return nil, wrong, nil
	}
	return v, nil, err
}

// list are the pins with what they have.
func (p *pins) list(within versions) []Pin {
	var list []Pin
	if p.main == lockFile {
		for _, l := range p.lock.packages {
			list = append(list, Pin{Name: l.name, Has: l.version, File: lockFile, Line: l.line})
		}
		return list
	}
	add := func(name, text, file string, line int) {
		pin := Pin{Name: name, File: file, Line: line}
		if spec := specifier(text); exact.MatchString(spec) {
			pin.Has = strings.Trim(spec, "()= \t")
			if has := within[name]; has != "" && same(has, pin.Has) {
				pin.Has = has // as the index writes it
			}
		}
		list = append(list, pin)
	}
	for _, l := range p.lines {
		add(l.name, l.text, l.file, l.from)
	}
	if p.main == projectFile {
		for _, d := range p.project.dependencies {
			add(d.name, d.text, projectFile, d.line)
		}
	}
	return list
}

// specifier is the version constraint in a requirement; empty if there is none.
func specifier(text string) string {
	m := requirement.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return ""
	}
	spec, _, _ := strings.Cut(m[3], ";")
	return strings.TrimSpace(spec)
}

// resolveIn resolves these files in a folder of their own, with the newest versions of these packages, or of all where names is nil.
func (h *Owner) resolveIn(ctx context.Context, p *pins, files map[string][]byte, names []string) (versions, error) {
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
	return h.resolve(ctx, &changed, dir, names)
}
