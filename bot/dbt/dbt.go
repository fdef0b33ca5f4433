// Package dbt has the real dbt build a project, and tells what dbt then knows of it: models, seeds, snapshots, tests, contracts, lineage,
// deprecations, and the tables themselves.
//
// Everything in a project is a program: macros and models run as its author wrote them. This package runs none of it by itself: each program is
// started by the [Run] that it is given, which is to confine it. What comes back, the files that dbt leaves included, is read as what a stranger wrote.
package dbt

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/bot"
)

// ProjectFile is the name of the file that makes a folder a dbt project.
const ProjectFile = "dbt_project.yml"

// Run runs a program: args[0] is its path and the rest its arguments, env its whole environment as KEY=value, and dir its work folder. It returns the exit
// code and what was printed last, on both streams. The error is for what is not the program's doing: that it was not found, that nothing
// confines it, or that the context ended.
type Run func(ctx context.Context, args []string, env []string, dir string) (exit int, output string, err error)

// Tool is a dbt that was installed. It may be used by several goroutines at once.
type Tool struct {
	// DBT and Python are the programs of one virtual environment.
	DBT, Python string
	// Run runs them.
	Run Run
	// Env is the environment of both besides what this package sets, such as PATH, and what the product's own profile reads.
	Env []string
	// Threads is how many models are built at once, with a profile that is made here; 0 means four.
	Threads int
	// Memory is DuckDB's limit in bytes, with a profile that is made here; 0 means DuckDB's own.
	Memory int64
}

// Project is a dbt project and where it may be built.
type Project struct {
	// Dir is its folder, an absolute path; it is only read.
	Dir string
	// Path is the folder as problems call it, such as a slash-separated path in a repository; may be empty.
	Path string
	// Scratch is an absolute folder that the programs may write to and that nothing else uses. It must be there; what is in it already is kept, so that a
	// database from an earlier build is built upon.
	Scratch string
	// Profile is the product's own profile; the zero value has one made, for DuckDB and a database in Scratch.
	Profile Profile
	// Fetch allows packages to be fetched by dbt deps. Otherwise they must lie in the project.
	Fetch bool

	packages installed
}

// installed says which project it is and in which of its folders packages lie.
type installed struct{ project, folder string }

// Profile names a profile of the product's own.
type Profile struct {
	// Folder holds profiles.yml: slash-separated, inside the project. Empty means that a profile is made.
	Folder string
	// Target is the target to build for; empty takes the profile's own default.
	Target string
	// Secrets are texts, such as the values of variables that the profile reads, that stand in nothing that is told.
	Secrets []string
}

// own says whether the product brings the profile.
func (p Profile) own() bool { return p.Folder != "" || p.Target != "" }

// Names inside Project.Scratch.
const (
	databaseName = "dbt"
	databaseFile = databaseName + ".duckdb"
	targetFolder = "target"
	logFolder    = "logs"
	homeFolder   = "home"
	profilesDir  = "profile"
	copyFolder   = "project"
	tablesFolder = "tables"
)

// threads is the default of Tool.Threads.
const threads = 4

// Build has dbt build the project: seeds, snapshots, models and tests. What is the project's own fault is in the result's problems; the error is for
// what is not: see [Run].
func (t *Tool) Build(ctx context.Context, p Project) (*Result, error) { return t.run(ctx, p, "build") }

// Parse has dbt read the project without building it. Nothing has a status then, and no SQL is compiled.
func (t *Tool) Parse(ctx context.Context, p Project) (*Result, error) { return t.run(ctx, p, "parse") }

// run runs one of dbt's commands that leave a manifest.
func (t *Tool) run(ctx context.Context, p Project, command string) (*Result, error) {
	start := time.Now()
	out, err := t.command(ctx, p, command)
	if err != nil {
		return nil, fmt.Errorf("dbt %s %s: %w", command, p.name(), err)
	}
	out.Seconds = time.Since(start).Seconds()
	return out, nil
}

func (t *Tool) command(ctx context.Context, p Project, command string) (*Result, error) {
	out := &Result{}
	settings, problems := readProject(p)
	if out.Problems = problems; problems.Err() != nil {
		return out, nil
	}
	if err := prepare(p, settings, t); err != nil {
		return nil, err
	}
	p.packages.folder = settings.installed
	p, problems, err := t.packages(ctx, p, settings)
	if out.Problems = append(out.Problems, problems...); err != nil || problems.Err() != nil {
		out.scrub(p.Profile.Secrets)
		return out, err
	}
	exit, output, err := t.call(ctx, p, command)
	if err != nil {
		return nil, err
	}
	if err := out.read(p, exit, output); err != nil {
		return nil, err
	}
	out.scrub(p.Profile.Secrets)
	return out, nil
}

// call runs dbt with what every command is told. Options that not every version knows are in the environment.
func (t *Tool) call(ctx context.Context, p Project, command string) (exit int, output string, err error) {
	args := []string{t.DBT, "--no-use-colors", "--log-format", "json", "--log-format-file", "json", "--log-level-file", "info", command,
		"--project-dir", p.Dir, "--profiles-dir", p.profiles()}
	if p.Profile.Target != "" {
		args = append(args, "--target", p.Profile.Target)
	}
	if command != "deps" {
		args = append(args, "--no-partial-parse", "--target-path", p.in(targetFolder))
	}
	args = append(args, "--log-path", p.in(logFolder))
	return t.Run(ctx, args, t.environment(p), p.Dir)
}

// environment is that of both programs. What is set here can't be set otherwise.
func (t *Tool) environment(p Project) []string {
	out := []string{
		"HOME=" + p.in(homeFolder), "TZ=UTC", "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1",
		"DO_NOT_TRACK=1", "DBT_SEND_ANONYMOUS_USAGE_STATS=false", "DBT_SHOW_ALL_DEPRECATIONS=1", "DBT_USE_COLORS=false", "DBT_WRITE_JSON=true",
	}
	for _, e := range t.Env {
		key, _, _ := strings.Cut(e, "=")
		if !slices.ContainsFunc(out, func(set string) bool { return strings.HasPrefix(set, key+"=") }) {
			out = append(out, e)
		}
	}
	return out
}

// prepare makes the folders and the profile.
func prepare(p Project, s settings, t *Tool) error {
	for _, folder := range []string{targetFolder, logFolder, homeFolder, profilesDir} {
		if err := os.MkdirAll(p.in(folder), 0o700); err != nil {
			return err
		}
	}
	// An earlier command's files must not be taken for this one's.
	for _, file := range []string{filepath.Join(targetFolder, manifestFile), filepath.Join(targetFolder, resultsFile), filepath.Join(logFolder, logFile)} {
		if err := os.RemoveAll(p.in(file)); err != nil {
			return err
		}
	}
	if p.Profile.own() {
		return nil
	}
	return os.WriteFile(filepath.Join(p.in(profilesDir), "profiles.yml"), t.profile(p, s), 0o600)
}

// profile is a profiles.yml for a scratch database. JSON is YAML.
func (t *Tool) profile(p Project, s settings) []byte {
	n := t.Threads
	if n < 1 {
		n = threads
	}
	limits := `"temp_directory": ` + quote(p.in("spill"))
	if t.Memory > 0 {
		limits += `, "memory_limit": ` + quote(strconv.FormatInt(max(1, t.Memory>>20), 10)+"MiB")
	}
	return []byte(fmt.Sprintf(`{%s: {"target": "codicil", "outputs": {"codicil": {"type": "duckdb", "path": %s, "schema": "main", "threads": %d, "settings": {%s}}}}}`+"\n",
		quote(s.profile), quote(p.in(databaseFile)), n, limits))
}

// quote writes a text so that YAML reads it as it is, and Jinja, which dbt applies to profiles, as well.
func quote(s string) string {
	return strings.NewReplacer("{", `\u007b`).Replace(strconv.QuoteToASCII(s))
}

// in is the path of something in the scratch folder.
func (p Project) in(name string) string { return filepath.Join(p.Scratch, name) }

// profiles is the folder with the profile.
func (p Project) profiles() string {
	if p.Profile.own() {
		return filepath.Join(p.Dir, filepath.FromSlash(p.Profile.Folder))
	}
	return p.in(profilesDir)
}

// name is the project as errors call it.
func (p Project) name() string {
	if p.Path != "" {
		return p.Path
	}
	return filepath.Base(p.Dir)
}

// IsProject says whether a folder of fsys holds a dbt project.
func IsProject(fsys fs.FS, dir string) bool {
	info, err := fs.Lstat(fsys, filepath.ToSlash(filepath.Join(dir, ProjectFile)))
	return err == nil && info.Mode().IsRegular()
}

// problem is a problem with a file of the project.
func (p Project) problem(file string, line int, format string, args ...any) bot.Problem {
	return bot.Problem{File: p.file(file), Line: line, Severity: bot.SeverityError, Message: fmt.Sprintf(format, args...)}
}
