package uv

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProxy(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x, func(o *Options) { o.Index, o.Proxy = "http://index.invalid/simple", x.Server.URL }))
	dir := folder(t, requirementsFile, "num==1.0\n")
	environment(t, h, dir).has(t, "num==1.0")
	if _, err := h.Newer(t.Context(), dir); err != nil {
		t.Error(err)
	}
}

func TestIndexThatDoesNotAnswer(t *testing.T) {
	x := town(t)
	h := owner(t, begin(t, x, func(o *Options) { o.Environment = []string{"UV_HTTP_RETRIES=0"} }))
	dir := folder(t, requirementsFile, "num==1.0\n")
	x.down = true
	var unreachable *UnreachableError
	if _, err := h.Environment(t.Context(), dir); !errors.As(err, &unreachable) {
		t.Errorf("Environment, 503: %v", err)
	}
	if _, err := h.Newer(t.Context(), dir); !errors.As(err, &unreachable) {
		t.Errorf("Newer, 503: %v", err)
	}
	x.Server.Close()
	if _, err := h.Environment(t.Context(), dir); !errors.As(err, &unreachable) {
		t.Errorf("Environment, closed: %v", err)
	}
}

func TestCredentials(t *testing.T) {
	x := town(t)
	x.user, x.password = "robot", "p4ss-w0rd"
	dir := folder(t, requirementsFile, "num==1.0\n")
	h := owner(t, begin(t, x, func(o *Options) {
		o.Environment = []string{"UV_INDEX_CODICIL_USERNAME=robot", "UV_INDEX_CODICIL_PASSWORD=p4ss-w0rd"}
	}))
	environment(t, h, dir).has(t, "num==1.0")
	if _, err := h.Newer(t.Context(), dir); err != nil {
		t.Error(err)
	}
	x.password = "changed"
	_, err := owner(t, begin(t, x)).Environment(t.Context(), dir)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) {
		t.Errorf("without credentials: %v", err)
	}
	wrong := owner(t, begin(t, x, func(o *Options) { o.Environment = h.tool.options.Environment }))
	for name, err := range map[string]error{"Environment": second(wrong.Environment(t.Context(), dir)), "Newer": second(wrong.Newer(t.Context(), dir))} {
		if !errors.As(err, &unreachable) || strings.Contains(err.Error(), "p4ss") {
			t.Errorf("%s with other credentials: %v", name, err)
		}
	}
	_, err = New(t.Context(), Options{Cache: t.TempDir(), Index: "https://robot:p4ss-w0rd@example.org/simple"})
	if err == nil || strings.Contains(err.Error(), "p4ss") {
		t.Errorf("credentials in the URL: %v", err)
	}
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }

func TestNoSecretInErrors(t *testing.T) {
	talkative := filepath.Join(t.TempDir(), "uv")
	script := "#!/bin/sh\n[ \"$1\" = --version ] && echo uv 9.0.0 && exit\necho \"No solution found $UV_INDEX_CODICIL_PASSWORD $HTTPS_PROXY\" >&2\nexit 1\n"
	if err := os.WriteFile(talkative, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	tool, err := New(t.Context(), Options{Program: talkative, Cache: t.TempDir(), Proxy: "http://me:s3cret@example.org", Environment: []string{"UV_INDEX_CODICIL_PASSWORD=p4ss-w0rd"}})
	if err != nil {
		t.Skip(err)
	}
	_, err = owner(t, tool).Environment(t.Context(), folder(t, requirementsFile, "num==1.0\n"))
	if err == nil || strings.Contains(err.Error(), "p4ss") || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "****") {
		t.Errorf("Environment: %v", err)
	}
}

func TestMissing(t *testing.T) {
	old := filepath.Join(t.TempDir(), "uv")
	if err := os.WriteFile(old, []byte("#!/bin/sh\necho uv 0.4.1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	var missing *MissingError
	for name, o := range map[string]Options{
		"no uv":     {Program: "/nowhere/uv"},
		"not uv":    {Program: "/bin/false"},
		"old uv":    {Program: old},
		"no Python": {Python: "/nowhere/python"},
		"not one":   {Python: "/bin/false"},
	} {
		t.Run(name, func(t *testing.T) {
			if o.Program == "" {
				needUV(t)
			}
			o.Cache = t.TempDir()
			if _, err := New(t.Context(), o); !errors.As(err, &missing) {
				t.Errorf("New: %v, want a *MissingError", err)
			}
		})
	}
}
