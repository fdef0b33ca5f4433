package uv

import (
	"bufio"
	"fmt"
	"io"
	"net/textproto"
	"os"
	"path/filepath"
	"sort"
)

// installed reads which packages an environment holds from what they say of themselves, so that no interpreter has to be started there.
func installed(environment string) ([]Package, error) {
	described, err := filepath.Glob(filepath.Join(globQuote(environment), "lib", "python*", "site-packages", "*.dist-info", "METADATA"))
	if err != nil {
		return nil, fmt.Errorf("look for packages in %s: %w", environment, err)
	}
	packages := []Package{}
	for _, file := range described {
		p, err := describedBy(file)
		if err != nil {
			return nil, fmt.Errorf("read which package is in %s: %w", filepath.Base(filepath.Dir(file)), err)
		}
		packages = append(packages, p)
	}
	sort.Slice(packages, func(i, j int) bool { return packages[i].Name < packages[j].Name })
	return packages, nil
}

// describedBy reads name and version from a METADATA file.
func describedBy(file string) (Package, error) {
	f, err := os.Open(file)
	if err != nil {
		return Package{}, err
	}
	defer f.Close()
	header, err := textproto.NewReader(bufio.NewReader(io.LimitReader(f, largestFile))).ReadMIMEHeader()
	if header.Get("Name") == "" { // what follows the name may be malformed
		return Package{}, fmt.Errorf("METADATA names no package: %w", err)
	}
	return Package{Name: canonical(header.Get("Name")), Version: header.Get("Version")}, nil
}

// globQuote makes a path stand for itself in a pattern.
func globQuote(path string) string {
	var quoted []rune
	for _, r := range path {
		switch r {
		case '*', '?', '[', '\\':
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, r)
	}
	return string(quoted)
}
