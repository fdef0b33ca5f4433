package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codicil-dev/codicil/bot/engine"
)

func TestMain(m *testing.M) {
	engine.ServeIfChild()
	testscript.Main(m, map[string]func(){"codicil": main})
}

// TestScripts runs the command line as people do. The scripts in testdata/script are its documentation by example.
// $EXAMPLES is the folder of the example products.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../deploy/examples")
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples)
			e.Setenv("CODICIL_CACHE", cache)
			e.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(e.WorkDir, ".gitconfig"))
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			return os.WriteFile(filepath.Join(e.WorkDir, ".gitconfig"),
				[]byte("[user]\n\tname = Jane\n\temail = jane@example.com\n[init]\n\tdefaultBranch = main\n"), 0o600)
		},
	})
}
