// Package programs runs the programs that make products' tables: confined, and with the Python packages that they pin.
package programs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/confine"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/bot/uv"
)

// Places of a job inside the sandbox.
const (
	treePlace   = "/codicil/product"
	inputPlace  = "/codicil/inputs"
	outputPlace = "/codicil/output"
)

// Runner runs programs. It may be used by several goroutines at once.
type Runner struct {
	// UV says how environments are made. Its program is looked for when the first product wants one.
	UV uv.Options
	// Limits bound each run; zero values are confine's defaults.
	Limits confine.Limits
	// Log is told each line that a program writes; it may be nil.
	Log func(product, line string)

	mu   sync.Mutex
	tool *uv.Tool
}

var _ product.Programs = (*Runner)(nil)

// pinFiles are the files by which a product asks for packages.
var pinFiles = []string{"requirements.txt", "pyproject.toml", "uv.lock"}

// pinned says whether a program asks for packages.
func pinned(p product.Program) bool {
	return slices.ContainsFunc(p.Files, func(f product.File) bool { return slices.Contains(pinFiles, f.Path) })
}

// Environment tells the system's release and, where products ask for packages, the versions of uv and Python. Where programs can't be confined it is
// a *confine.UnavailableError.
func (r *Runner) Environment(ctx context.Context, p product.Program) (string, error) {
	if err := confine.Available(ctx); err != nil {
		return "", err
	}
	release, _ := os.ReadFile("/etc/os-release") // where there is none, nothing more is known
	said := runtime.GOOS + "/" + runtime.GOARCH + "\n" + string(release)
	if !pinned(p) {
		return said, nil
	}
	tool, err := r.uv(ctx)
	if err != nil {
		return "", err
	}
	return said + "uv " + tool.Version() + ", Python " + tool.Python(), nil
}

// uv finds uv the first time.
func (r *Runner) uv(ctx context.Context) (*uv.Tool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tool != nil {
		return r.tool, nil
	}
	tool, err := uv.New(ctx, r.UV)
	r.tool = tool
	return tool, err
}

// Run runs the program of a job, and then its tests.
func (r *Runner) Run(ctx context.Context, j product.Job) (ran product.Ran, err error) {
	o := confine.Options{
		Dir:      treePlace,
		Env:      environment(j),
		ReadOnly: []confine.Bind{{Source: j.Inputs, Target: inputPlace}},
		Writable: []confine.Bind{{Source: j.Output, Target: outputPlace}},
		Scratch:  []confine.Bind{{Source: j.Tree, Target: treePlace}},
		Limits:   r.Limits,
	}
	if o.Limits.Wall == 0 {
		o.Limits.Wall = j.Limit
	}
	if r.Log != nil {
		o.Line = func(line string) { r.Log(j.Product, line) }
	}
	if o.Network, err = allowances(j.Network); err != nil {
		return ran, err
	}
	path := "/usr/local/bin:/usr/bin:/bin"
	packages, failure, err := r.packages(ctx, j)
	if err != nil || failure != "" {
		return product.Ran{Failure: failure}, err
	}
	if packages != nil {
		defer packages.Close()
		path = packages.Folder + "/bin:" + path
		o.ReadOnly = append(o.ReadOnly, confine.Bind{Source: packages.Folder})
	}
	o.Env = append(o.Env, "PATH="+path)
	if j.Runner == product.RunnerDBT {
		if packages == nil {
			return product.Ran{Failure: "it is a dbt project, and nothing says which dbt builds it; name dbt-core and an adapter such as dbt-duckdb in requirements.txt, with their versions"}, nil
		}
		return r.dbt(ctx, j, o, packages.Folder)
	}
	o.Program, o.Args = j.Build[0], j.Build[1:]
	res, err := confine.Run(ctx, o)
	if err != nil {
		return ran, err
	}
	ran.Notes = notes(res)
	if !res.OK() {
		ran.Failure = failed(strings.Join(j.Build, " "), res)
		return ran, nil
	}
	if len(j.Test) == 0 {
		return ran, nil
	}
	o.Program, o.Args = j.Test[0], j.Test[1:]
	o.ReadOnly, o.Writable = append(o.ReadOnly, o.Writable...), nil
	if res, err = confine.Run(ctx, o); err != nil {
		return ran, err
	}
	one := product.TestResult{Name: strings.Join(j.Test, " ")}
	if !res.OK() {
		one.Message = failed(one.Name, res)
	}
	ran.Tests = append(ran.Tests, one)
	return ran, nil
}

// packages are what the product's pins ask for; nil if it has none. Failure is what is wrong with the pins.
func (r *Runner) packages(ctx context.Context, j product.Job) (e *uv.Environment, failure string, err error) {
	if !pinned(j.Program) {
		return nil, "", nil
	}
	tool, err := r.uv(ctx)
	if err != nil {
		return nil, "", err
	}
	owner, err := tool.Owner(j.Owner)
	if err != nil {
		return nil, "", err
	}
	e, err = owner.Environment(ctx, j.Tree)
	var none *uv.NoPinsError
	var wrong bot.Problems
	switch {
	case errors.As(err, &none):
		return nil, "", nil
	case errors.As(err, &wrong):
		return nil, wrong.Error(), nil
	}
	return e, "", err
}

// environment is what a program is told.
func environment(j product.Job) []string {
	return []string{
		"CODICIL_OUTPUT=" + outputPlace, "CODICIL_INPUTS=" + inputPlace, "CODICIL_NOW=" + j.Clock.UTC().Format(time.RFC3339),
		"SOURCE_DATE_EPOCH=" + strconv.FormatInt(j.Clock.Unix(), 10), "PYTHONHASHSEED=" + strconv.Itoa(j.Seed), "PYTHONDONTWRITEBYTECODE=1", "TZ=UTC",
	}
}

// allowances are hosts with ports, which a configuration has checked.
func allowances(hosts []string) (out []confine.Allowance, err error) {
	for _, h := range hosts {
		host, port, err := net.SplitHostPort(h)
		if err != nil {
			return nil, fmt.Errorf("allow %s: %w", h, err)
		}
		n, err := strconv.Atoi(port)
		if err != nil {
			return nil, fmt.Errorf("allow %s: %w", h, err)
		}
		out = append(out, confine.Allowance{Host: host, Port: n})
	}
	return out, nil
}

// notes are what people should know of a run.
func notes(r confine.Result) (out []string) {
	for _, c := range r.Network {
		out = append(out, "the program asked for "+c.String())
	}
	for _, removed := range r.Removed {
		out = append(out, "the program left "+path.Base(removed)+", which was removed")
	}
	return out
}

// mostTail is how much of what a program wrote is told.
const mostTail = 2000

// failed says how a program ended, with the last that it wrote.
func failed(command string, r confine.Result) string {
	tail := strings.TrimSpace(r.Output)
	if len(tail) > mostTail {
		tail = "…" + strings.ToValidUTF8(tail[len(tail)-mostTail:], "")
	}
	if tail != "" {
		tail = "; the last that it wrote:\n" + tail
	}
	return fmt.Sprintf("%s: %s%s", command, r, tail)
}
