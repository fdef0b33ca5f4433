package uv

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// systemPython is the interpreter that a confined process sees too, since it is part of the system.
const systemPython = "/usr/bin/python3"

// python is an interpreter and what decides about the packages for it.
type python struct {
	Path           string `json:"path"`
	Version        string `json:"version"`
	Implementation string `json:"implementation"`
	Platform       string `json:"platform"`
	LibC           string `json:"libc"`
	Prefix         string `json:"prefix"`
}

// pythonFacts prints a python as JSON.
const pythonFacts = `import json, platform, sys, sysconfig
print(json.dumps(dict(version=platform.python_version(), implementation=sys.implementation.cache_tag,
    platform=sysconfig.get_platform(), libc=" ".join(platform.libc_ver()), prefix=sys.base_prefix)))`

// findPython finds the interpreter and asks it for its facts. The user's own packages play no part in it.
func findPython(ctx context.Context, name string) (python, error) {
	if name == "" {
		name = systemPython
		if _, err := os.Stat(name); err != nil {
			name = "python3"
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return python{}, &MissingError{Program: "Python", Reason: err}
	}
	if path, err = filepath.Abs(path); err != nil {
		return python{}, fmt.Errorf("find Python: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	out, err := process(ctx, path, string(filepath.Separator), nil, "-I", "-S", "-c", pythonFacts)
	if err != nil {
		return python{}, &MissingError{Program: "Python", Reason: fmt.Errorf("%s does not run: %w", path, err)}
	}
	p := python{Path: path}
	if err := json.Unmarshal([]byte(out.stdout), &p); err != nil {
		return python{}, &MissingError{Program: "Python", Reason: fmt.Errorf("%s does not say what it is: %w", path, err)}
	}
	return p, nil
}

// minor is the version without its last number, such as 3.11.
func (p python) minor() string {
	parts := strings.SplitN(p.Version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
