package uv

import (
	"context"
	"path/filepath"
)

// install installs what the pins ask for into the empty environment.
func (h *Owner) install(ctx context.Context, p *pins, dir, environment string) error {
	args := []string{"pip", "install", "--quiet", "--python", environment, "--only-binary", ":all:", "--no-sources"}
	switch p.main {
	case lockFile:
		if h.sameIndex(ctx, p) == nil { // else uv takes the lock for old for this alone
			_, err := h.run(ctx, command{dir: dir, pins: p, args: []string{"lock", "--quiet", "--check", "--no-sources", "--python", h.tool.python.Path}})
			if err != nil {
				return err
			}
		}
		exported := "locked.txt"
		_, err := h.run(ctx, command{dir: dir, pins: p, args: []string{"export", "--quiet", "--python", h.tool.python.Path, "--frozen",
			"--no-emit-project", "--no-header", "--no-annotate", "--output-file", exported}})
		if err != nil {
			return err
		}
		args = append(args, "--no-deps", "--require-hashes", "--requirements", exported)
	case projectFile:
		args = append(args, "--requirements", projectFile)
		for _, g := range p.project.groups {
			args = append(args, "--group", g)
		}
	default:
		args = append(args, "--requirements", requirementsFile)
	}
	_, err := h.run(ctx, command{dir: dir, pins: p, args: args})
	return err
}

// compile has the system's interpreter compile what was installed, since nobody may write it later. It does not import it, and the
// environment's own interpreter, which would act on what is there, is not started.
func (h *Owner) compile(ctx context.Context, environment string) error {
	limited, cancel := context.WithTimeout(ctx, h.tool.options.Timeout)
	defer cancel()
	python := h.tool.python.Path
	out, err := process(limited, python, filepath.Join(h.folder, homeFolder), nil, "-I", "-S", "-m", "compileall", "-qq", "-j", "0",
		"--invalidation-mode", "unchecked-hash", filepath.Join(environment, "lib"))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil { // a package may well hold a file that is no Python of this version
		h.tool.options.Log.DebugContext(ctx, "not all of an environment compiles", "error", err, "output", shorten(out.stderr))
	}
	return nil
}
