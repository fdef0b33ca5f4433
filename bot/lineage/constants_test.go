package lineage

import (
	"strings"
	"testing"
)

func TestConstants(t *testing.T) {
	parse := parser(t)
	for sql, want := range map[string]string{
		"select 1":    "1",
		"select null": "",
		"select * from t where a = 'it''s' and b > 2.50 and c < -3 and d = date '2026-01-02' and e in ('x', 'it''s') limit 5": "-3 2.5 2026-01-02 5 it's x",
		"select 1e3, 0.1": "0.1 1000",
	} {
		got, err := Constants(parse(sql))
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q %v, want %q", sql, got, err, want)
		}
	}
	if _, err := Constants([]byte("{")); err == nil {
		t.Error("no tree")
	}
}
