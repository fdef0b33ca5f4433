package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/codicil-dev/codicil/"

// layers are the folders of the program from the lowest to the highest. A package may import packages of its own module from
// lower layers only, and of its own layer none. A new package must be put into a layer here.
var layers = [][]string{
	{"forge", "forge/localforge/octokit"},
	{"forge/localforge"},
	{"forge/github", "forge/forgetest", "forge/localforge/pages"},
	{"bot", "bot/fault", "bot/gitcmd", "bot/author/authortest"},
	{"bot/state", "bot/sqltype", "bot/lineage", "bot/sandbox", "bot/markup", "bot/repo", "bot/mirror", "bot/terminal", "bot/model", "bot/codeowners", "bot/intake", "bot/intake/load", "bot/dbt"},
	{"bot/queue", "bot/command"},
	{"bot/outbox", "bot/standing"},
	{"bot/spec", "bot/web"},
	{"bot/engine", "bot/proposal"},
	{"prompts"},
	{"bot/guideline", "bot/compare", "bot/odcs", "bot/product", "bot/dbtspec"},
	{"bot/lint", "bot/survey", "bot/workspace"},
	{"bot/verify", "bot/portrait", "bot/rulebook"},
	{"bot/report", "bot/why"},
	{"bot/author"},
	{"bot/config"},
	{"bot/message", "bot/apart"},
	{"bot/work", "bot/campaign"},
	{"bot/triage"},
	{"bot/gate", "bot/sweep", "bot/refresh"},
	{"bot/resync"},
	{"bot/service", "deploy"},
	{"bot/demo/tiny"},
	{"bot/demo"},
	{"cmd/codicil"},
}

func TestImportsPointDownwards(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	layerOf := map[string]int{}
	for i, layer := range layers {
		for _, p := range layer {
			layerOf[p] = i
		}
	}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	seen := 0
	for decoder.More() {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := decoder.Decode(&p); err != nil {
			t.Fatal(err)
		}
		seen++
		from := strings.TrimPrefix(p.ImportPath, module)
		layer, ok := layerOf[from]
		if !ok {
			t.Errorf("package %s is in no layer: put it into one in this test", from)
			continue
		}
		for _, i := range p.Imports {
			to, own := strings.CutPrefix(i, module)
			if own && layerOf[to] >= layer {
				t.Errorf("%s imports %s, which is not in a lower layer", from, to)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages were looked at", seen)
	}
}
