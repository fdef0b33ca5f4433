package engine

import (
	"context"
	_ "embed"
	"strings"
	"time"
)

// pinClock makes temporary macros that hide DuckDB's clock functions, with the same types. @at is the instant in UTC.
//
//go:embed clock.sql
var pinClock string

// PinClock makes the functions in ClockFunctions return at, in UTC and to the microsecond, for the rest of the
// session; it works before and after Lock and may be called again. The macros that do it are temporary: they hide the
// functions in every database of the session and leave no trace in any.
//
// Not pinned: the functions called with their catalog before their name, as in system.main.now(), default values of
// columns that were made before, uuidv7(), and what DuckDB's own system tables tell.
func (s *Session) PinClock(ctx context.Context, at time.Time) error {
	return s.Exec(ctx, strings.ReplaceAll(pinClock, "@at", at.UTC().Format("2006-01-02 15:04:05.000000")))
}

// ClockFunctions are the functions that read the clock, in lower case, each true if PinClock pins it.
func ClockFunctions() map[string]bool {
	return map[string]bool{
		"now": true, "current_timestamp": true, "get_current_timestamp": true, "transaction_timestamp": true,
		"current_date": true, "today": true, "current_time": true, "get_current_time": true,
		"localtime": true, "current_localtime": true, "localtimestamp": true, "current_localtimestamp": true,
		"age": true, "pg_postmaster_start_time": true, "pg_conf_load_time": true,
		"uuidv7": false,
	}
}

// RandomFunctions are the functions whose result is random or differs from run to run for another reason than the
// clock, in lower case, each true if SELECT setseed(x) right before the statement makes it repeatable, provided that
// DuckDB uses one thread. TABLESAMPLE and USING SAMPLE without REPEATABLE are random too, and are not functions.
func RandomFunctions() map[string]bool {
	return map[string]bool{
		"random": true,
		"uuid":   true, "uuidv4": true, "gen_random_uuid": true,
		"uuidv7": false, "reservoir_quantile": false,
		"current_connection_id": false, "current_query_id": false, "current_transaction_id": false, "txid_current": false,
	}
}
