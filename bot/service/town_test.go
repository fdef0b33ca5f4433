package service_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/codicil-dev/codicil/bot/author/authortest"
	"github.com/codicil-dev/codicil/forge/localforge"
)

// secret signs webhooks.
const secret = "the app's secret"

// town is a forge with two products of two owners, a repository of guidelines, and the bot's App.
type town struct {
	*testing.T
	*localforge.Forge
	server  *http.Server
	setting setting
}

// appKey is the App's key in all tests, as making one takes long.
var appKey = sync.OnceValues(func() (*rsa.PrivateKey, string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
})

// address is one of this machine that is free.
func address(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// open opens the forge in a folder.
func open(t *testing.T, dir string) *town {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f, err := localforge.Open(localforge.Options{Dir: filepath.Join(dir, "forge"), URL: "http://" + l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	_, key := appKey()
	w := &town{T: t, Forge: f, server: &http.Server{Handler: f.Handler(), ReadHeaderTimeout: time.Minute}, setting: setting{API: f.API(), Key: key, Data: filepath.Join(dir, "bot"), Cache: builds(),
		Webhooks: address(t), Asked: filepath.Join(dir, "asked"), Sweep: "1m"}}
	go func() { _ = w.server.Serve(l) }()
	return w
}

// close closes the forge; the bot must be stopped before.
func (w *town) close() {
	_ = w.server.Close()
	if err := w.Forge.Close(); err != nil {
		w.Error(err)
	}
}

// hook is where webhooks go.
func (w *town) hook() string { return "http://" + w.setting.Webhooks + "/webhooks/github" }

// builds is the folder of builds that all bots of the tests share: what is proven here is not how fast a product is built.
var builds = sync.OnceValue(func() string {
	dir, err := os.MkdirTemp("", "codicil-service-test-")
	if err != nil {
		panic(err)
	}
	return dir
})

// found makes all that is in the town.
func found(t *testing.T, dir string) *town {
	t.Helper()
	w := open(t, dir)
	ctx := context.Background()
	key, _ := appKey()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, login := range []string{"jane", "omar", "ada"} {
		_, err := w.AddUser(login)
		must(err)
	}
	app, err := w.AddAppWithKey("codicil", w.hook(), secret, key)
	must(err)
	w.setting.App = app.ID
	for _, r := range []struct {
		owner, name, by string
		files           map[string]string
	}{
		{"commerce", "shop", "jane", map[string]string{"orders/spec.yaml": authortest.Spec, "orders/amendments/0001.yaml": authortest.First, "orders/models/orders.sql": authortest.Model, "orders/seeds/lines.csv": authortest.Lines}},
		{"finance", "books", "omar", map[string]string{"bills/spec.yaml": billsSpec, "bills/amendments/0001.yaml": billsFirst, "bills/models/bills.sql": billsModel}},
		{"northtrail", "guidelines", "ada", map[string]string{"README.md": "# Guidelines\n"}},
	} {
		files := fstest.MapFS{}
		for name, text := range r.files {
			files[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
		}
		must(w.AddOrganization(r.owner))
		must(w.CreateRepository(ctx, r.owner, r.name, false, files, r.by))
		must(w.Grant(r.owner, r.name, r.by, localforge.Write))
		_, err := w.Install(app.ID, r.owner)
		must(err)
	}
	return w
}

// settled is a folder with a town in which the bot has looked at everything once, from which each test takes a copy.
var settled struct {
	once sync.Once
	dir  string
	app  int64
}

// begin is a town of its own in which the bot has looked at everything, and does not run.
func begin(t *testing.T) *town {
	t.Helper()
	settled.once.Do(func() {
		dir, err := os.MkdirTemp("", "codicil-service-town-")
		if err != nil {
			t.Fatal(err)
		}
		w := found(t, dir)
		p := run(t, w.setting, "")
		p.idle(time.Second, time.Minute)
		if err := p.stop(); err != nil {
			t.Fatal(err)
		}
		w.close()
		settled.dir, settled.app = dir, w.setting.App
	})
	dir := t.TempDir()
	if settled.dir == "" {
		t.Fatal("there is no town")
	}
	if err := os.CopyFS(dir, os.DirFS(settled.dir)); err != nil {
		t.Fatal(err)
	}
	w := open(t, dir)
	w.setting.App = settled.app
	w.SetHook(settled.app, w.hook(), secret)
	t.Cleanup(w.close)
	return w
}
