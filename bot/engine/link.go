//go:build linux && cgo

package engine

// DuckDB's names, which nothing outside the program looks up, are not exported: a table of them all would be read, and stay in memory, at each
// start, 7 MB in each process.

// #cgo LDFLAGS: -Wl,--no-export-dynamic
import "C"
