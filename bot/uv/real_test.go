package uv

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRealPandas makes an environment with an old pandas from the package index that uv uses by itself.
func TestRealPandas(t *testing.T) {
	if testing.Short() {
		t.Skip("the real package index takes its time")
	}
	needUV(t)
	tool, err := New(t.Context(), Options{Cache: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if v := tool.python.minor(); v != "3.11" && v != "3.10" && v != "3.9" && v != "3.8" {
		t.Skipf("there are no wheels of pandas 1.5.3 for Python %s", v)
	}
	h := owner(t, tool)
	dir := folder(t, requirementsFile, "pandas==1.5.3\nnumpy==1.26.4\npython-dateutil==2.9.0.post0\npytz==2024.1\nsix==1.16.0\n")
	e, err := h.Environment(t.Context(), dir)
	var unreachable *UnreachableError
	if errors.As(err, &unreachable) && os.Getenv("CI") == "" {
		t.Skipf("the real package index is not to be reached from here: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	want := []Package{{"numpy", "1.26.4"}, {"pandas", "1.5.3"}, {"python-dateutil", "2.9.0.post0"}, {"pytz", "2024.1"}, {"six", "1.16.0"}}
	if diff := cmp.Diff(want, e.Packages); diff != "" {
		t.Error(diff)
	}
	out, err := exec.Command(e.Python, "-c", "import pandas; print(pandas.DataFrame({'a': [1, 2]}).append({'a': 3}, ignore_index=True)['a'].sum())").CombinedOutput()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "6") {
		t.Errorf("pandas 1.5.3: %s, %v", out, err)
	}
}
