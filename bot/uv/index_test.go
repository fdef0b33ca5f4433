package uv

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"sort"
	"strings"
	"sync"
	"testing"
)

// index is a package index as PEP 503, 592 and 691 describe one.
type index struct {
	*httptest.Server
	mu       sync.Mutex
	packages map[string][]release
	requests []string
	// user and password are asked for where they are set; down makes every answer a 503.
	user, password string
	down           bool
	// hold, if set, is called before a wheel is served.
	hold func(r *http.Request)
}

// release is one wheel in the index.
type release struct {
	name, version string
	// requires are its requirements, and files what it holds besides its module.
	requires []string
	files    map[string]string
	// yanked is why it was withdrawn.
	yanked string
	python string
	// source makes it a source archive with this setup.py instead of a wheel.
	source string

	content []byte
}

// newIndex serves the releases.
func newIndex(t *testing.T, releases ...release) *index {
	t.Helper()
	x := &index{packages: map[string][]release{}}
	for _, r := range releases {
		x.add(t, r)
	}
	x.Server = httptest.NewServer(x)
	t.Cleanup(x.Server.Close)
	return x
}

// url is what is configured as the index.
func (x *index) url() string { return x.Server.URL + "/simple" }

// add puts a release into the index.
func (x *index) add(t *testing.T, r release) {
	t.Helper()
	if r.source != "" {
		r.content = sourceArchive(t, r)
	} else {
		r.content = wheel(t, r)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.packages[canonical(r.name)] = append(x.packages[canonical(r.name)], r)
}

// asked is how many requests had this in their path.
func (x *index) asked(part string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for _, r := range x.requests {
		if strings.Contains(r, part) {
			n++
		}
	}
	return n
}

// hash is the sha256 of the release's wheel in hexadecimal.
func (x *index) hash(name, version string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, r := range x.packages[name] {
		if r.version == version {
			return r.hash()
		}
	}
	return ""
}

// file is the wheel's or the archive's name.
func (r release) file() string {
	if r.source != "" {
		return r.name + "-" + r.version + ".tar.gz"
	}
	return strings.ReplaceAll(r.name, "-", "_") + "-" + r.version + "-py3-none-any.whl"
}

// hash is the wheel's sha256 in hexadecimal.
func (r release) hash() string {
	sum := sha256.Sum256(r.content)
	return hex.EncodeToString(sum[:])
}

// wheel makes a wheel as PEP 427 describes one.
func wheel(t *testing.T, r release) []byte {
	t.Helper()
	module := strings.ReplaceAll(r.name, "-", "_")
	info := module + "-" + r.version + ".dist-info"
	metadata := fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", r.name, r.version)
	for _, q := range r.requires {
		metadata += "Requires-Dist: " + q + "\n"
	}
	if r.python != "" {
		metadata += "Requires-Python: " + r.python + "\n"
	}
	files := map[string]string{
		module + "/__init__.py": "version = '" + r.version + "'\n",
		info + "/METADATA":      metadata,
		info + "/WHEEL":         "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
	}
	for name, content := range r.files {
		files[name] = content
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	var record, out bytes.Buffer
	z := zip.NewWriter(&out)
	write := func(name, content string) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range names {
		write(name, files[name])
		sum := sha256.Sum256([]byte(files[name]))
		fmt.Fprintf(&record, "%s,sha256=%s,%d\n", name, base64.RawURLEncoding.EncodeToString(sum[:]), len(files[name]))
	}
	fmt.Fprintf(&record, "%s/RECORD,,\n", info)
	write(info+"/RECORD", record.String())
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sourceArchive makes an archive that has to be built.
func sourceArchive(t *testing.T, r release) []byte {
	t.Helper()
	var out bytes.Buffer
	packed := gzip.NewWriter(&out)
	archive := tar.NewWriter(packed)
	for name, content := range map[string]string{"PKG-INFO": "Metadata-Version: 1.0\nName: " + r.name + "\nVersion: " + r.version + "\n", "setup.py": r.source,
		"pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'setup'\nbackend-path = ['.']\n"} {
		err := archive.WriteHeader(&tar.Header{Name: r.name + "-" + r.version + "/" + name, Mode: 0o600, Size: int64(len(content))})
		if err == nil {
			_, err = archive.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), packed.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// ServeHTTP answers as an index does.
func (x *index) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	x.requests = append(x.requests, r.URL.Path)
	user, password, down, hold := x.user, x.password, x.down, x.hold
	x.mu.Unlock()
	if u, p, _ := r.BasicAuth(); u != user || p != password {
		w.Header().Set("WWW-Authenticate", "Basic")
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/simple/"); ok {
		x.list(w, r, strings.TrimSuffix(name, "/"))
		return
	}
	if hold != nil {
		hold(r)
	}
	x.serve(w, r)
}

// list answers with the files of a package.
func (x *index) list(w http.ResponseWriter, r *http.Request, name string) {
	x.mu.Lock()
	releases := x.packages[name]
	x.mu.Unlock()
	if len(releases) == 0 {
		http.NotFound(w, r)
		return
	}
	type file struct {
		Filename string            `json:"filename"`
		URL      string            `json:"url"`
		Hashes   map[string]string `json:"hashes"`
		Python   string            `json:"requires-python,omitempty"`
		Yanked   any               `json:"yanked,omitempty"`
	}
	answer := struct {
		Meta  map[string]string `json:"meta"`
		Name  string            `json:"name"`
		Files []file            `json:"files"`
	}{Meta: map[string]string{"api-version": "1.1"}, Name: name}
	var html strings.Builder
	html.WriteString("<!DOCTYPE html><html><body>")
	for _, rel := range releases {
		f := file{Filename: rel.file(), URL: x.Server.URL + "/files/" + rel.file(), Hashes: map[string]string{"sha256": rel.hash()}, Python: rel.python}
		attributes := ""
		if rel.yanked != "" {
			f.Yanked, attributes = rel.yanked, fmt.Sprintf(" data-yanked=%q", rel.yanked)
		}
		answer.Files = append(answer.Files, f)
		fmt.Fprintf(&html, `<a href="%s#sha256=%s"%s>%s</a>`, f.URL, rel.hash(), attributes, f.Filename)
	}
	if strings.Contains(r.Header.Get("Accept"), "application/vnd.pypi.simple.v1+json") {
		w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte(html.String()))
}

// serve answers with a wheel.
func (x *index) serve(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, releases := range x.packages {
		for _, rel := range releases {
			if rel.file() == path.Base(r.URL.Path) {
				http.ServeContent(w, r, "", zeroTime, bytes.NewReader(rel.content))
				return
			}
		}
	}
	http.NotFound(w, r)
}
