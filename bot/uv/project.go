package uv

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
)

// project is what is read of a pyproject.toml.
type project struct {
	// has says that there is a [project] table.
	has bool
	// python is the constraint on Python's version, at pythonLine; it may be empty.
	python     string
	pythonLine int
	// dependencies are all requirements, in the order of their places.
	dependencies []dependency
	// groups are the dependency groups that uv installs by default, and allGroups all that there are.
	groups, allGroups []string
}

// dependency is one requirement in pyproject.toml.
type dependency struct {
	// name is normalised as PEP 503 has it; text is the requirement as written.
	name, text string
	line       int
	// extra or group is the optional part that it belongs to; both are empty for the project's own.
	extra, group string
}

// pyproject are the parts of the file that decide about environments.
type pyproject struct {
	Project struct {
		Dependencies []string            `toml:"dependencies"`
		Optional     map[string][]string `toml:"optional-dependencies"`
		Dynamic      []string            `toml:"dynamic"`
		Python       string              `toml:"requires-python"`
	} `toml:"project"`
	Groups map[string][]any `toml:"dependency-groups"`
	Tool   struct {
		UV map[string]any `toml:"uv"`
	} `toml:"tool"`
}

// refused are the settings of uv that would lead elsewhere than to the configured index, or out of the product.
var refused = map[string]string{
	"sources":                    "packages come from the package index alone",
	"workspace":                  "a product stands for itself",
	"index":                      "the package index is configured for all products",
	"index-url":                  "the package index is configured for all products",
	"extra-index-url":            "the package index is configured for all products",
	"find-links":                 "the package index is configured for all products",
	"no-index":                   "the package index is configured for all products",
	"dependency-metadata":        "packages describe themselves",
	"pip":                        "how packages are installed is configured for all products",
	"extra-build-dependencies":   "nothing is built",
	"no-build-isolation":         "nothing is built",
	"no-build-isolation-package": "nothing is built",
}

// readProject reads pyproject.toml and refuses what could lead anywhere else than to the index.
func (r *pinReader) readProject() {
	content, ok := r.file(projectFile, projectFile, 0)
	if !ok {
		return
	}
	var p pyproject
	meta, err := toml.NewDecoder(bytes.NewReader(content)).Decode(&p)
	if err != nil {
		r.tomlProblem(projectFile, err)
		return
	}
	at := placesOf(content)
	to := &r.pins.project
	to.has = meta.IsDefined("project")
	to.python, to.pythonLine = p.Project.Python, at.key("requires-python")
	for _, what := range p.Project.Dynamic {
		if what == "dependencies" || what == "optional-dependencies" {
			r.problem(projectFile, at.key("dynamic"), "dynamic %s would have to be built to be known: list them", what)
		}
	}
	add := func(texts []string, extra, group string) {
		for _, text := range texts {
			name, why := checkRequirement(strings.TrimSpace(text))
			line := at.text(text)
			if why != "" {
				r.problem(projectFile, line, "%s", why)
				continue
			}
			to.dependencies = append(to.dependencies, dependency{name: name, text: text, line: line, extra: extra, group: group})
		}
	}
	add(p.Project.Dependencies, "", "")
	for _, extra := range sorted(p.Project.Optional) {
		add(p.Project.Optional[extra], extra, "")
	}
	for _, group := range sorted(p.Groups) {
		add(stringsIn(p.Groups[group]), "", group)
	}
	r.settings(p.Tool.UV, at)
	to.groups, to.allGroups = defaultGroups(p), sorted(p.Groups)
}

// settings refuses what in [tool.uv] could do harm. What uv takes for configuration plays no part, since it is told to read none.
func (r *pinReader) settings(uv map[string]any, at places) {
	for _, key := range sorted(uv) {
		if why, is := refused[key]; is {
			r.problem(projectFile, at.key(key), "tool.uv.%s is not allowed: %s", key, why)
		}
		list, _ := uv[key].([]any)
		if !strings.HasSuffix(key, "dependencies") {
			continue
		}
		for _, text := range stringsIn(list) {
			if _, why := checkRequirement(text); why != "" {
				r.problem(projectFile, at.text(text), "%s", why)
			}
		}
	}
}

// defaultGroups are the groups that `uv sync` installs without being asked: tool.uv.default-groups, or else dev.
func defaultGroups(p pyproject) []string {
	if list, ok := p.Tool.UV["default-groups"].([]any); ok {
		return stringsIn(list)
	}
	if p.Tool.UV["default-groups"] == "all" {
		return sorted(p.Groups)
	}
	if _, ok := p.Groups["dev"]; ok {
		return []string{"dev"}
	}
	return nil
}

// tomlProblem keeps an error of the TOML reader, with its place.
func (r *pinReader) tomlProblem(file string, err error) {
	var parse toml.ParseError
	if errors.As(err, &parse) {
		r.problem(file, parse.Position.Line, "this is not TOML: %s", orElse(parse.Message, parse.Error()))
		return
	}
	r.problem(file, 0, "%s", fmt.Sprint(err))
}

// places finds lines in a TOML file.
type places []string

// placesOf splits the file into lines.
func placesOf(content []byte) places { return strings.Split(string(content), "\n") }

// text is the line of a string as it is quoted there; 0 if it is written otherwise.
func (p places) text(s string) int {
	for i, line := range p {
		if strings.Contains(line, `"`+s+`"`) || strings.Contains(line, `'`+s+`'`) {
			return i + 1
		}
	}
	return 0
}

// key is the line where a key is set, or its table begins; 0 if it is written otherwise.
func (p places) key(name string) int {
	is := regexp.MustCompile(`^\s*(\[+\s*)?([A-Za-z0-9_.-]+\.)?` + regexp.QuoteMeta(name) + `(\.[A-Za-z0-9_.-]+)?\s*[\]=]`)
	for i, line := range p {
		if is.MatchString(line) {
			return i + 1
		}
	}
	return 0
}

// stringsIn are the strings in a list; tables, such as a group that includes another, are left out.
func stringsIn(list []any) []string {
	var out []string
	for _, v := range list {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// sorted are the keys of a map, in order.
func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
