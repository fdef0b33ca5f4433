package engine

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"strconv"

	_ "github.com/duckdb/duckdb-go/v2" // the driver
)

// database is the DuckDB of a child, with the one connection that all requests share.
type database struct {
	db   *sql.DB
	conn *sql.Conn
}

// settings are what every session starts with, before anything else runs. Errors come as JSON so that their place in
// the SQL is known.
const settings = `
SET errors_as_json = true;
SET TimeZone = 'UTC';
SET enable_progress_bar = false;
SET autoinstall_known_extensions = false;
SET autoload_known_extensions = false;
SET allow_persistent_secrets = false;
`

// locking closes what is left open by settings. The order matters: nothing can be set after the last line.
const locking = `
SET allow_community_extensions = false;
SET enable_external_access = false;
SET lock_configuration = true;
`

// openDatabase opens the database and sets what does not depend on the product.
func openDatabase(ctx context.Context, o opening) (*database, error) {
	if err := os.Chdir(o.Dir); err != nil {
		return nil, fmt.Errorf("enter the folder of the database: %w", err)
	}
	dsn := ":memory:"
	if o.Database != "" {
		dsn = "./" + o.Database
	}
	start := url.Values{"threads": {strconv.Itoa(o.Threads)}, "memory_limit": {strconv.FormatInt(o.Memory, 10) + "B"}}
	db, err := sql.Open("duckdb", dsn+"?"+start.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	conn, err := db.Conn(ctx)
	if err != nil {
		db.Close()
		return nil, err
	}
	d := &database{db: db, conn: conn}
	own := fmt.Sprintf("SET temp_directory = %s; SET max_temp_directory_size = '%dB'; SET home_directory = %s; SET extension_directory = %s; SET secret_directory = %s;",
		Literal(o.Spill), o.MaxSpill, Literal(o.Dir), Literal(o.Spill+"/none"), Literal(o.Spill+"/none"))
	if err := d.exec(ctx, settings+own); err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// exec runs one or several statements.
func (d *database) exec(ctx context.Context, sql string) error {
	_, err := d.conn.ExecContext(ctx, sql)
	return at(err, sql, 0)
}

// lock takes away what untrusted SQL must not have.
func (d *database) lock(ctx context.Context) error { return d.exec(ctx, locking) }

// close writes the database out.
func (d *database) close() error {
	if d == nil {
		return nil
	}
	if err := d.conn.Close(); err != nil {
		return err
	}
	return d.db.Close()
}
