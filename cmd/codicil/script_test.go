package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/codicil-dev/codicil/bot/confine"
	"github.com/codicil-dev/codicil/bot/state"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"codicil": main})
}

// TestScripts runs the command line as people do. The scripts in testdata/script are its documentation by example.
// $EXAMPLES is the folder of the example products, $PROJECTS that of the projects which other tools build. Beside the usual commands, get FILE fetches the page whose address is in a file, and newer FILE
// makes a database one that a newer program wrote.
func TestScripts(t *testing.T) {
	examples, err := filepath.Abs("../../deploy/examples")
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	projects, err := filepath.Abs("../../deploy/projects")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"get": get, "newer": newer},
		Condition:           condition,
		Setup: func(e *testscript.Env) error {
			e.Setenv("EXAMPLES", examples)
			e.Setenv("PROJECTS", projects)
			e.Setenv("CODICIL_CACHE", cache)
			e.Setenv("GIT_CONFIG_GLOBAL", filepath.Join(e.WorkDir, ".gitconfig"))
			e.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			return os.WriteFile(filepath.Join(e.WorkDir, ".gitconfig"),
				[]byte("[user]\n\tname = Jane\n\temail = jane@example.com\n[init]\n\tdefaultBranch = main\n"), 0o600)
		},
	})
}

func get(ts *testscript.TestScript, _ bool, args []string) {
	response, err := http.Get("http://" + strings.TrimSpace(ts.ReadFile(args[0])) + "/")
	ts.Check(err)
	defer response.Body.Close()
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
}

func newer(ts *testscript.TestScript, _ bool, args []string) {
	db, err := state.Open(context.Background(), ts.MkAbs(args[0]), nil)
	ts.Check(err)
	_, err = db.Writer().Exec(`insert into goose_db_version (version_id, is_applied) values (99, 1)`)
	ts.Check(errors.Join(err, db.Close()))
}

// condition tells scripts what this machine can do. CI never lacks anything.
func condition(name string) (bool, error) {
	switch name {
	case "programs":
		return had(confine.Available(context.Background()))
	case "pypi":
		if _, err := exec.LookPath("uv"); err != nil {
			return had(err)
		}
		got, err := http.Head("https://pypi.org/simple/six/")
		if err == nil {
			_ = got.Body.Close()
		}
		return had(err)
	}
	return false, fmt.Errorf("there is no condition %s", name)
}

// had says whether something is to be had.
func had(err error) (bool, error) {
	if err != nil && os.Getenv("CI") != "" {
		return false, err
	}
	return err == nil, nil
}
