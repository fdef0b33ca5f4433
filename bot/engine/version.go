package engine

import (
	"runtime/debug"
	"sync"
)

// driver is the module that brings DuckDB.
const driver = "github.com/duckdb/duckdb-go/v2"

// Version names the engine that models run on: the driver's version, which DuckDB's is a part of. It is empty where the program does not know
// what it was built from, as in tests.
var Version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path == driver {
			return m.Version
		}
	}
	return ""
})
