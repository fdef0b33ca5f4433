package proposal

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot/spec"
)

// planner judges a proposal against a product's folder, without writing.
type planner struct {
	fsys  fs.FS
	rules Rules
	// folders caches the names in each folder, by key: more than one where the folder itself holds names that look alike.
	folders map[string]map[string][]string
	// proposed has the path of each file that the proposal writes or deletes, by key.
	proposed map[string]string
	// passed has the spelling of each folder that a path of the proposal goes through, by key.
	passed map[string]string
	total  int
}

// maxSections is the greatest number of sections in a proposal: each looks through a whole file.
const maxSections = 200

// plan returns what the proposal changes in fsys, or the faults that keep all of it from being applied. The error is
// for a folder that can't be read.
func plan(fsys fs.FS, p Proposal, rules Rules) ([]Change, []Fault, error) {
	if n := len(p.Files); n > rules.MaxFiles {
		return nil, []Fault{{Message: fmt.Sprintf("The answer names %d files, and at most %d may be changed at once. Change fewer.", n, rules.MaxFiles)}}, nil
	}
	pl := &planner{fsys: fsys, rules: rules, folders: map[string]map[string][]string{}, proposed: map[string]string{}, passed: map[string]string{}}
	sections := 0
	for _, f := range p.Files {
		sections += len(f.Sections)
	}
	if sections > maxSections {
		return nil, []Fault{{Message: fmt.Sprintf("The answer has %d sections of search and replace, and at most %d are read. Use FILE with the whole file where much changes.", sections, maxSections)}}, nil
	}
	var changes []Change
	var faults []Fault
	for _, f := range p.Files {
		c, found, err := pl.file(f)
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", show(f.Path), err)
		}
		faults = append(faults, found...)
		if len(found) == 0 && (c.Deleted || c.Created || c.old != c.new) {
			changes = append(changes, c)
		}
	}
	if pl.total > rules.MaxTotal {
		faults = append(faults, Fault{Message: fmt.Sprintf("The files come to %s, and at most %s are written at once. Change fewer, or use EDIT.", size(pl.total), size(rules.MaxTotal))})
	}
	if len(faults) > 0 {
		return nil, few(faults), nil
	}
	return changes, nil, nil
}

// file plans the change of one file.
func (pl *planner) file(f File) (Change, []Fault, error) {
	refuse := func(why string) (Change, []Fault, error) {
		return Change{}, []Fault{{Path: f.Path, Line: f.Line, Message: why}}, nil
	}
	name, why := cleanPath(f.Path)
	if why == "" {
		why = pl.rules.allow(f.Action, name)
	}
	if why == "" {
		why = pl.claim(name)
	}
	if why != "" {
		return refuse(why)
	}
	info, why, err := pl.locate(name)
	if err != nil || why != "" {
		c, faults, _ := refuse(why)
		return c, faults, err
	}
	if why, err := pl.ledger(name); err != nil || why != "" {
		c, faults, _ := refuse(why)
		return c, faults, err
	}
	c := Change{Path: name, Created: info == nil, Deleted: f.Action == Delete}
	if info != nil {
		c.OldSize = info.Size()
		if c.OldSize <= int64(pl.rules.MaxFile) {
			data, err := fs.ReadFile(pl.fsys, name)
			if err != nil {
				return Change{}, nil, err
			}
			c.old = string(data)
		}
	}
	switch {
	case f.Action == Delete && info == nil:
		return refuse("There is no such file to delete.")
	case f.Action == Delete:
		return c, nil, nil
	case f.Action != Write && f.Action != Edit:
		return refuse("The action is none of FILE, EDIT and DELETE.")
	case f.Action == Edit && c.OldSize > int64(pl.rules.MaxFile):
		return refuse(fmt.Sprintf("The file has %s, and only files up to %s can be edited. Leave it as it is.", size(int(c.OldSize)), size(pl.rules.MaxFile)))
	}
	return pl.text(f, c)
}

// text plans the new text of a file.
func (pl *planner) text(f File, c Change) (Change, []Fault, error) {
	c.new = f.Text
	if f.Action == Edit {
		var faults []Fault
		if c.new, faults = edit(f, c.old, !c.Created); len(faults) > 0 {
			return c, faults, nil
		}
	}
	why := ""
	switch {
	case len(c.new) > pl.rules.MaxFile:
		why = fmt.Sprintf("The new text has %s, and a file may have %s. Split it, or leave data out.", size(len(c.new)), size(pl.rules.MaxFile))
	case strings.TrimSpace(c.new) == "":
		why = "The file would be left empty. Use DELETE if it should go."
	default:
		why = checkText(c.new, c.old)
	}
	if why != "" {
		return c, []Fault{{Path: f.Path, Line: f.Line, Message: why}}, nil
	}
	c.NewSize = int64(len(c.new))
	pl.total += len(c.new)
	return c, nil, nil
}

// claim notes that the proposal touches name, and says why it can't do so beside the files that it named before.
func (pl *planner) claim(name string) string {
	k := key(name)
	if other, ok := pl.proposed[k]; ok {
		return fmt.Sprintf("The answer names this file twice, the other time as %s. Give each file one heading.", show(other))
	}
	if other, ok := pl.passed[k]; ok {
		return fmt.Sprintf("The answer uses %s as a folder, too. Choose one.", show(other))
	}
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if other, ok := pl.proposed[key(dir)]; ok {
			return fmt.Sprintf("The answer uses %s as a file, too. Choose one.", show(other))
		}
		if other, ok := pl.passed[key(dir)]; ok && other != dir {
			return fmt.Sprintf("The answer spells this folder %s elsewhere. Spell it in one way.", show(other))
		}
		pl.passed[key(dir)] = dir
	}
	pl.proposed[k] = name
	return ""
}

// locate walks from the product's folder to name, and says why there is no going. The info is nil if there is no such file.
func (pl *planner) locate(name string) (info fs.FileInfo, why string, err error) {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		dir, here := path.Join(".", path.Join(parts[:i]...)), path.Join(parts[:i+1]...)
		names, err := pl.folder(dir)
		if err != nil {
			return nil, "", err
		}
		if i > 0 && len(names[spec.SpecFile]) > 0 {
			return nil, fmt.Sprintf("%s holds a spec.yaml, so it is another product. Only this product's files are changed.", show(dir)), nil
		}
		alike := names[key(part)]
		if len(alike) == 0 {
			return nil, "", nil
		}
		if !slices.Contains(alike, part) {
			return nil, fmt.Sprintf("%s looks like %s, which exists. Use that name, or one that is clearly another.", show(here), show(alike[0])), nil
		}
		info, err = fs.Lstat(pl.fsys, here)
		if err != nil {
			return nil, "", err
		}
		last := i == len(parts)-1
		switch mode := info.Mode(); {
		case mode&fs.ModeSymlink != 0:
			return nil, fmt.Sprintf("%s is a link, and nothing is written through one. Use another path.", show(here)), nil
		case !last && !mode.IsDir():
			return nil, fmt.Sprintf("%s is a file, not a folder. Use another path.", show(here)), nil
		case last && mode.IsDir():
			return nil, "There is a folder of this name. Name a file.", nil
		case last && !mode.IsRegular():
			return nil, "It is not a regular file. Use another path.", nil
		}
	}
	return info, "", nil
}

// folder returns the names in dir by their keys; none if there is no such folder.
func (pl *planner) folder(dir string) (map[string][]string, error) {
	if names, ok := pl.folders[dir]; ok {
		return names, nil
	}
	entries, err := fs.ReadDir(pl.fsys, dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	names := make(map[string][]string, len(entries))
	for _, e := range entries {
		k := key(e.Name())
		names[k] = append(names[k], e.Name())
	}
	pl.folders[dir] = names
	return names, nil
}

// entryName is the name of an amendment's file.
var entryName = regexp.MustCompile(`^([0-9]{4,9})\.yaml$`)

// ledger says why an amendment may not be written although the rules name it: it is not the last.
func (pl *planner) ledger(name string) (string, error) {
	if path.Dir(name) != spec.LedgerFolder {
		return "", nil
	}
	m := entryName.FindStringSubmatch(path.Base(name))
	if m == nil {
		return "Only amendments named as 0001.yaml belong in this folder.", nil
	}
	id, _ := strconv.Atoi(m[1])
	names, err := pl.folder(spec.LedgerFolder)
	if err != nil {
		return "", err
	}
	for _, alike := range names {
		for _, other := range alike {
			o := entryName.FindStringSubmatch(other)
			if o == nil {
				continue
			}
			if n, _ := strconv.Atoi(o[1]); n > id {
				return fmt.Sprintf("It is an earlier amendment than %s, and earlier amendments are never changed.", other), nil
			}
		}
	}
	return "", nil
}

// size is a number of bytes in words.
func size(n int) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
