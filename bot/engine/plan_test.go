package engine

import (
	"errors"
	"testing"
)

func TestPlan(t *testing.T) {
	for _, statistics := range []bool{true, false} {
		s := open(t, Options{})
		mustExec(t, s, "CREATE TABLE a AS SELECT range AS n FROM range(3)")
		if !statistics {
			mustExec(t, s, "SET disabled_optimizers = 'statistics_propagation'")
		}
		mustLock(t, s)
		for sql, never := range map[string]bool{
			"SELECT * FROM a": false, "SELECT * FROM a WHERE n < 0": statistics, "SELECT * FROM a WHERE n < 0 AND n > 1": true, "SELECT * FROM a WHERE false -- never": true,
			"SELECT count(*) FROM a WHERE false;": false, "FROM a LIMIT 0": true,
		} {
			p, err := s.Plan(t.Context(), sql)
			if err != nil || p.NeverReturns() != never || p.Name == "" {
				t.Errorf("%s: %+v %v", sql, p, err)
			}
		}
		for _, sql := range []string{"", "SELECT 1; SELECT 2", "DROP TABLE a", "EXPLAIN SELECT 1", "SELECT * FROM b", "SELEC 1", "SELECT 1) UNION (SELECT 2"} {
			var e *Error
			if p, err := s.Plan(t.Context(), sql); !errors.As(err, &e) || e.Kind != KindSQL {
				t.Errorf("%q: %+v %v", sql, p, err)
			}
		}
		if got := text(t, s, "SELECT count(*) FROM a"); got != "3" {
			t.Error(got)
		}
	}
}
