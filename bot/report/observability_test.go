package report

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

func TestObservabilityFollowsTheStandardAsRead(t *testing.T) {
	data, err := os.ReadFile("testdata/oors-0.8.1.reading.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	schema := against(t, "oors.json", data)
	for name, r := range map[string]*bot.Report{"observability.json": failing(), "observability-pass.json": passing(), "observability-empty.json": {}} {
		var b bytes.Buffer
		if err := Observability(&b, r); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
		if err := validate(schema, b.Bytes()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(b.String(), "gift wrap") {
			t.Errorf("%s holds rows of data", name)
		}
	}
}
