package proposal

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// Rules say what a proposal may touch. What they do not name is refused, so the zero value refuses everything.
//
// Some things no rules allow: a path that is absolute, climbs or has an odd name; dot files, files that steer a CI system or
// another program; a link; an amendment before the last; another product's files; what is not text.
type Rules struct {
	// Files may be written, each named by its path, such as spec.yaml. They may not be deleted.
	Files []string
	// Folders may hold files that are written, at any depth, if their names end in one of Extensions.
	Folders []string
	// Extensions are in small letters, with the dot.
	Extensions []string
	// Deletable are folders whose files may be deleted, whatever their extension.
	Deletable []string
	// MaxFile is the greatest size of one file after the change, in bytes.
	MaxFile int
	// MaxFiles is the greatest number of files in a proposal.
	MaxFiles int
	// MaxTotal is the greatest size of all files after the change, in bytes.
	MaxTotal int
}

// AmendRules are for the stage that writes the spec: spec.yaml and the one amendment with this id.
func AmendRules(id int) Rules {
	return Rules{Files: []string{spec.SpecFile, spec.EntryFile(id)}, MaxFile: 1 << 20, MaxFiles: 2, MaxTotal: 2 << 20}
}

// ImplementRules are for the stages that implement and repair: models, seeds and tests, and the product's README.md.
func ImplementRules() Rules {
	folders := []string{"models", "seeds", "tests"}
	return Rules{
		Files:      []string{"README.md"},
		Folders:    folders,
		Extensions: []string{".sql", ".csv", ".md"},
		Deletable:  slices.Clone(folders),
		MaxFile:    1 << 20,
		MaxFiles:   100,
		MaxTotal:   8 << 20,
	}
}

// With returns the rules with more files allowed, such as product.yaml.
func (r Rules) With(files ...string) Rules {
	r.Files = slices.Concat(r.Files, files)
	return r
}

// allow says why the rules do not let a clean path be written or deleted; empty if they do.
func (r Rules) allow(action Action, name string) string {
	named := slices.Contains(r.Files, name)
	switch {
	case action == Delete && below(name, r.Deletable) && !guarded(name):
		return ""
	case action == Delete && len(r.Deletable) == 0:
		return "No file may be deleted at this stage. Leave it as it is."
	case action == Delete:
		return fmt.Sprintf("It may not be deleted: only files in %s may. Leave it as it is.", list(r.Deletable))
	case named:
		return ""
	case guarded(name):
		return "It may not be changed at this stage" + r.instead()
	case !below(name, r.Folders):
		return "It lies outside of what may be written at this stage" + r.instead() + " Paths start at the product's folder, without its name."
	case !slices.Contains(r.Extensions, path.Ext(name)):
		return fmt.Sprintf("Its name must end in %s.", orList(r.Extensions))
	}
	return ""
}

// instead ends a sentence with what may be written.
func (r Rules) instead() string {
	may := slices.Clone(r.Files)
	for _, f := range r.Folders {
		may = append(may, "files in "+f)
	}
	if len(may) == 0 {
		return ": no file may be written."
	}
	return fmt.Sprintf(": only %s may be written.", list(may))
}

// below says whether name lies in one of the folders.
func below(name string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return strings.HasPrefix(name, f+"/") })
}

// productFile configures the build of a product.
const productFile = "product.yaml"

// guarded says whether name is, or looks like, part of a spec, a ledger or a build's configuration, wherever it lies:
// such files are written only where the rules name them.
func guarded(name string) bool {
	parts := strings.Split(name, "/")
	for _, part := range parts[:len(parts)-1] {
		if key(part) == spec.LedgerFolder {
			return true
		}
	}
	switch key(parts[len(parts)-1]) {
	case spec.SpecFile, spec.LedgerFolder, productFile:
		return true
	}
	return false
}

func list(words []string) string { return join(words, "and") }

func orList(words []string) string { return join(words, "or") }

func join(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
