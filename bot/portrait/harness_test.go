package portrait_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/codicil-dev/codicil/bot/portrait"
	"github.com/codicil-dev/codicil/bot/product"
	"github.com/codicil-dev/codicil/prompts"
)

var (
	cache *product.Cache
	clock = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
)

func TestMain(m *testing.M) {
	var err error
	if cache, err = product.OpenCache(""); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = cache.Close()
	os.Exit(code)
}

func newBuilder() *product.Builder {
	return &product.Builder{Cache: cache, Threads: 2, Memory: 256 << 20, AllowUnconfined: true, StatementTimeout: 20 * time.Second}
}

// files are a tree's files by path.
type files map[string]string

func (f files) write(t testing.TB) product.Tree {
	t.Helper()
	root := t.TempDir()
	for name, text := range f {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return product.Tree{Root: root, Label: "test"}
}

// built is a product with its build.
type built struct {
	product *product.Product
	build   *product.Build
	builder *product.Builder
}

// build builds the product in folder dir of a tree.
func build(t testing.TB, tree product.Tree, dir string) built {
	t.Helper()
	dirs, err := product.Find(tree, ".")
	if err != nil {
		t.Fatal(err)
	}
	var all []*product.Product
	out := built{builder: newBuilder()}
	for _, d := range dirs {
		p, problems := product.Load(tree, d)
		if p == nil || problems.Err() != nil {
			t.Fatalf("load %s: %v", d, problems)
		}
		if d == dir {
			out.product = p
		}
		all = append(all, p)
	}
	if out.product == nil {
		t.Fatalf("no product in %s", dir)
	}
	side := product.NewSide(out.builder, all, nil, clock)
	if out.build, err = side.Build(t.Context(), out.product.Name(), product.Own); err != nil {
		t.Fatal(err)
	}
	if !out.build.OK() {
		t.Fatalf("problems: %v", out.build.Problems)
	}
	return out
}

func (b built) draw(t testing.TB, o portrait.Options) prompts.ProductData {
	t.Helper()
	data, err := portrait.Of(t.Context(), b.product, b.build, b.builder, o)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// text is the whole of what a model sees of a product.
func text(t testing.TB, data prompts.ProductData) string {
	t.Helper()
	out, err := prompts.Product(data)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (b built) desk(t testing.TB, o portrait.Options) *portrait.Desk {
	t.Helper()
	d, err := portrait.OpenDesk(t.Context(), b.product, b.build, b.builder, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func estimate(s string) int { return (2*len(s) + 6) / 7 }
