package dbtspec

import (
	"testing"
	"testing/fstest"
)

// TestShapes exports into properties files of odd shapes: what is written says all that the spec says, and once.
func TestShapes(t *testing.T) {
	for name, text := range map[string]string{
		"empty":               "",
		"a comment":           "# nothing yet\n",
		"only a version":      "version: 2\n",
		"no models":           "version: 2\nmodels:\n",
		"an empty list":       "version: 2\nmodels: []\n",
		"only a name":         "models:\n- name: orders\n",
		"in brackets":         "models: [{name: orders, columns: [{name: id}]}]\n",
		"columns of nothing":  "models:\n  - name: orders\n    columns:\n    config:\n",
		"columns in brackets": "models:\n  - name: orders\n    columns: [{name: id, tests: [unique]}, {name: STATE}]\n    config: {materialized: table}\n",
		"no line at the end":  "models:\n  - name: orders\n    config:\n      contract:\n        enforced: false",
		"carriage returns":    "models:\r\n  - name: orders\r\n    columns:\r\n      - name: state\r\n        data_tests:\r\n          - accepted_values: {values: [old]}\r\n",
		"test_name":           "models:\n  - name: orders\n    columns:\n      - name: state\n        data_tests:\n          - name: mine\n            test_name: accepted_values\n            values: [old]\n",
		"a long text":         "models:\n  - name: orders\n    description: >-\n      Something\n      else.\n    columns:\n      - name: id\n        description: |\n          Lines.\n\n          More.\n",
	} {
		t.Run(name, func(t *testing.T) {
			fsys, s := project(), parse(t, shop)
			delete(fsys, "models/marts/all.yml")
			fsys["models/marts/orders.yml"] = &fstest.MapFile{Data: []byte(text)}
			files, _, err := Export(fsys, ".", s)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			known, problems := Read(fsys, ".", "")
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if got := lines(Drift(s, known)); len(got) != 1 || got[0] != "orders.agent, relationships: spec.yaml says agents.name, dbt's properties say nothing" {
				t.Errorf("left: %q\n%s", got, fsys["models/marts/orders.yml"].Data)
			}
			if again, _, err := Export(fsys, ".", s); err != nil || len(again) > 0 {
				t.Errorf("%v, a second export would change %+v", err, again)
			}
			if testing.Verbose() {
				t.Logf("%s", fsys["models/marts/orders.yml"].Data)
			}
		})
	}
}
