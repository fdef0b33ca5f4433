// Package uv makes the virtual environments of Python products from their own pins, and says and mends what in these pins is
// out of date, through the uv program.
//
// What a product wrote is read here first: only its files of pins go to uv, as copies in a folder of their own, and what would make
// uv fetch from anywhere but the configured index, build anything or read other files is refused with its file and line. uv does
// all that has to do with versions.
//
// uv runs as this process's user, and is not confined: it may read and write what this user may, and reach the configured index
// and the hosts from which that index serves its files, through the configured proxy. Its environment is empty but for what is
// configured; its home, its cache and the folder that it runs in belong to one owner of products alone; it reads no
// configuration, neither of the system nor of the product; it unpacks wheels, and runs nothing out of them: no build scripts, and no
// interpreter of an environment once something was installed there, since the mere start of one would run a package's .pth files. Whoever
// uses an environment must therefore run its programs confined.
package uv

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Options say which uv is used and how. The zero value of each field but Cache is good.
type Options struct {
	// Program is the uv program; empty means the one on PATH.
	Program string
	// Python is the interpreter that environments are made of; empty means the system's: /usr/bin/python3, or where that is
	// missing the python3 on PATH.
	Python string
	// Index is the URL of the package index (PEP 503 or 691), without credentials; empty means uv's own default.
	Index string
	// Proxy is the URL of the proxy for all requests; empty means none.
	Proxy string
	// Environment is given to uv besides what this package sets, as KEY=VALUE. Credentials for Index are
	// UV_INDEX_CODICIL_USERNAME and UV_INDEX_CODICIL_PASSWORD; values of variables with such names never appear in an error.
	Environment []string
	// Cache is the folder that holds a folder for each owner; it is made if need be.
	Cache string
	// Limit is how many bytes one owner's folder may hold; zero means DefaultLimit.
	Limit int64
	// Unused is how long an environment is kept that nobody asked for; zero means DefaultUnused.
	Unused time.Duration
	// Timeout limits one run of uv; zero means DefaultTimeout.
	Timeout time.Duration
	// Log may be nil, as may Now, which tells the time.
	Log *slog.Logger
	Now func() time.Time
}

// What the zero values of Options mean.
const (
	DefaultLimit   = 20 << 30
	DefaultUnused  = 14 * 24 * time.Hour
	DefaultTimeout = 15 * time.Minute
)

// Oldest is the oldest uv that does what is asked of it here.
const Oldest = "0.13.0"

// indexName is the name under which uv looks for the credentials of the index.
const indexName = "codicil"

// Tool is a uv program with an interpreter and an index. It may be used by several goroutines, and its cache by several processes, at once.
type Tool struct {
	options Options
	version string
	python  python
	client  *http.Client
	secrets *strings.Replacer
}

// MissingError says that a program is missing on this machine, so that no Python product can be built here.
type MissingError struct {
	// Program is what is missing, and Reason what was tried.
	Program string
	Reason  error
}

// Error names the program and the way to have it.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not to be had on this machine: %v; install it or name it in the configuration", e.Program, e.Reason)
}

// Unwrap is the reason.
func (e *MissingError) Unwrap() error { return e.Reason }

// New finds uv and the interpreter and asks both who they are. A missing one is a *MissingError.
func New(ctx context.Context, o Options) (*Tool, error) {
	t := &Tool{options: o}
	if err := t.settle(); err != nil {
		return nil, fmt.Errorf("set up uv: %w", err)
	}
	program, err := exec.LookPath(orElse(o.Program, "uv"))
	if err != nil {
		return nil, &MissingError{Program: "uv", Reason: err}
	}
	if t.options.Program, err = filepath.Abs(program); err != nil {
		return nil, fmt.Errorf("set up uv: %w", err)
	}
	if t.python, err = findPython(ctx, o.Python); err != nil {
		return nil, err
	}
	h, err := t.Owner("")
	if err != nil {
		return nil, err
	}
	out, err := h.run(ctx, command{dir: h.folder, args: []string{"--version"}})
	if err != nil {
		return nil, &MissingError{Program: "uv", Reason: err}
	}
	t.version = strings.TrimSpace(out)
	number := strings.Fields(t.version + " ?")
	if len(number) < 3 || number[0] != "uv" || newer(Oldest, number[1]) {
		return nil, &MissingError{Program: "uv " + Oldest, Reason: fmt.Errorf("%s is %q", t.options.Program, t.version)}
	}
	return t, nil
}

// settle checks the options and fills in what the zero values mean.
func (t *Tool) settle() error {
	o := &t.options
	if o.Cache == "" {
		return errors.New("no folder for the environments is named")
	}
	for what, address := range map[string]string{"index": o.Index, "proxy": o.Proxy} {
		u, err := url.Parse(address)
		if err != nil {
			return fmt.Errorf("the URL of the %s is not one", what) // the error would show it, and what is in it
		}
		if what == "index" && u.User != nil {
			return fmt.Errorf("the URL of the index holds credentials: give them as UV_INDEX_CODICIL_USERNAME and UV_INDEX_CODICIL_PASSWORD")
		}
	}
	var err error
	if o.Cache, err = filepath.Abs(o.Cache); err != nil {
		return err
	}
	if o.Limit == 0 {
		o.Limit = DefaultLimit
	}
	if o.Unused == 0 {
		o.Unused = DefaultUnused
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	t.secrets = strings.NewReplacer(o.secrets()...)
	t.client, err = o.httpClient()
	return err
}

// Version is what uv says of itself.
func (t *Tool) Version() string { return t.version }

// Python is the version of the interpreter, such as 3.11.2.
func (t *Tool) Python() string { return t.python.Version }

// Owner is what belongs to one owner of products: a home, a cache and environments that no other owner's products can have touched.
type Owner struct {
	tool   *Tool
	folder string
}

// Owner opens the folder of an owner, under a hash of its name.
func (t *Tool) Owner(name string) (*Owner, error) {
	sum := sha256.Sum256([]byte(name))
	h := &Owner{tool: t, folder: filepath.Join(t.options.Cache, hex.EncodeToString(sum[:8]))}
	for _, sub := range []string{homeFolder, cacheFolder, environmentsFolder, scratchFolder} {
		if err := os.MkdirAll(filepath.Join(h.folder, sub), 0o700); err != nil {
			return nil, fmt.Errorf("open the folder for Python environments: %w", err)
		}
	}
	return h, nil
}

// The folders in an owner's.
const (
	homeFolder         = "home"
	cacheFolder        = "cache"
	environmentsFolder = "environments"
	scratchFolder      = "scratch"
)

// scratch makes a folder for one run. It is in the owner's, where no folder above holds a project that uv would take for this one's.
func (h *Owner) scratch() (string, func(), error) {
	dir, err := os.MkdirTemp(filepath.Join(h.folder, scratchFolder), "run-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for uv: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil
}

// orElse is s, or def where s is empty.
func orElse(s, def string) string {
	if s == "" {
		return def
	}
	return s
}
