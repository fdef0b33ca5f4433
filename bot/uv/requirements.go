package uv

import (
	"path"
	"regexp"
	"strings"
)

// line is one requirement in a requirements file, with its continuations.
type line struct {
	file string
	// from and to are the first and the last line in the file, from 1.
	from, to int
	// name is the package's name as PEP 503 normalises it, and text the requirement without comments and options.
	name, text string
	// constraint says that the file was named with -c: the line asks for nothing.
	constraint bool
	// hashed says that the line names hashes.
	hashed bool
}

// requirement is a name, perhaps with extras, and what may follow it: versions, a marker, or nothing. A URL or a path is none.
var requirement = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[A-Za-z0-9._,\s-]*\])?\s*($|[(<>=!~;].*)`)

// archive is how the name of a local file ends that uv would take for a package.
var archive = regexp.MustCompile(`(?i)\.(whl|zip|egg|tar|tgz|tbz|txz|tar\.[a-z0-9]+)$`)

// separators are what PEP 503 takes for one hyphen.
var separators = regexp.MustCompile(`[-_.]+`)

// canonical is a package's name as PEP 503 normalises it.
func canonical(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// readRequirements reads a requirements file and those that it names.
func (r *pinReader) readRequirements(name string) {
	content, ok := r.file(name, name, 0)
	if ok {
		r.requirements(name, string(content), false)
	}
}

// requirements reads the lines of a requirements file. It refuses what could lead anywhere else than to the index; whether
// the rest makes sense is for uv to say.
func (r *pinReader) requirements(file, content string, constraint bool) {
	for _, l := range logicalLines(content) {
		switch {
		case l.text == "":
		case strings.Contains(l.text, "${"):
			r.problem(file, l.from, "variables of the environment are not filled in: write the value")
		case strings.HasPrefix(l.text, "-"):
			r.option(file, l, constraint)
		default:
			l.file, l.constraint = file, constraint
			r.requirement(l)
		}
	}
}

// requirement keeps a requirement, or says why it is refused.
func (r *pinReader) requirement(l line) {
	text, options, _ := strings.Cut(l.text, " --")
	for _, o := range strings.Split(options, " --") {
		if o != "" && !strings.HasPrefix(o, "hash=") && !strings.HasPrefix(o, "hash ") {
			r.problem(l.file, l.from, "the option --%s is not allowed for a requirement: only hashes are", firstWord(o))
			return
		}
		l.hashed = l.hashed || o != ""
	}
	l.text = strings.TrimSpace(text)
	name, why := checkRequirement(l.text)
	if why != "" {
		r.problem(l.file, l.from, "%s", why)
		return
	}
	l.name = name
	r.pins.lines = append(r.pins.lines, l)
}

// checkRequirement returns the name in a requirement, or why the requirement is refused.
func checkRequirement(text string) (name, why string) {
	before, _, _ := strings.Cut(text, ";")
	m := requirement.FindStringSubmatch(text)
	switch {
	case strings.Contains(before, "://") || strings.Contains(before, "@"):
		return "", "requirements from URLs and version control are not allowed: name a version that is in the package index"
	case strings.ContainsAny(before, `/\`) || archive.MatchString(strings.TrimSpace(before)) || strings.HasPrefix(before, "."):
		return "", "requirements from local files and folders are not allowed: name a version that is in the package index"
	case m == nil:
		return "", "this is not a requirement of the form name==version"
	}
	return canonical(m[1]), ""
}

// option acts on a line that begins with a hyphen.
func (r *pinReader) option(file string, l line, constraint bool) {
	name, value := optionOf(l.text)
	switch name {
	case "-r", "--requirement", "-c", "--constraint", "--constraints":
	case "--require-hashes", "--only-binary", "--prefer-binary":
		return // stricter than, or the same as what is done anyway
	default:
		r.problem(file, l.from, "the option %s is not allowed here: the package index and how packages are installed are configured for all products", name)
		return
	}
	target := path.Join(path.Dir(file), value)
	switch {
	case value == "" || strings.ContainsAny(value, "\\:") || path.IsAbs(value) || target == ".." || strings.HasPrefix(target, "../"):
		r.problem(file, l.from, "%s may name a file of the product only", name)
	case path.Ext(target) != ".txt" && path.Ext(target) != ".in":
		r.problem(file, l.from, "%s may name a file that ends in .txt or .in only", name)
	default:
		if content, ok := r.file(target, file, l.from); ok {
			r.requirements(target, string(content), constraint || strings.HasPrefix(strings.TrimLeft(name, "-"), "c"))
		}
	}
}

// optionOf splits an option into its name and its value.
func optionOf(text string) (name, value string) {
	if !strings.HasPrefix(text, "--") && len(text) > 2 {
		return text[:2], strings.TrimSpace(strings.TrimPrefix(text[2:], "="))
	}
	i := strings.IndexAny(text, "= \t")
	if i < 0 {
		return text, ""
	}
	return text[:i], strings.TrimSpace(text[i+1:])
}

// firstWord is s to its first space or equals sign.
func firstWord(s string) string {
	if i := strings.IndexAny(s, " =\t"); i >= 0 {
		return s[:i]
	}
	return s
}

// comment begins at a # that follows a space or stands first.
var comment = regexp.MustCompile(`(^|\s)#.*$`)

// logicalLines joins the lines that end with a backslash, and takes the comments out. White space is one space each.
func logicalLines(content string) []line {
	content = strings.TrimPrefix(content, "\ufeff")
	var lines []line
	var open *line
	for i, physical := range strings.Split(strings.ReplaceAll(content, "\r\n", "\n"), "\n") {
		if open == nil {
			lines = append(lines, line{from: i + 1})
			open = &lines[len(lines)-1]
		}
		text := comment.ReplaceAllString(physical, "")
		joined, more := strings.CutSuffix(text, `\`)
		open.text = strings.Join(strings.Fields(open.text+" "+joined), " ")
		open.to = i + 1
		if !more {
			open = nil
		}
	}
	return lines
}
