package engine

import (
	"context"
	"encoding/json"
	"fmt"
)

// Plan is a step of how DuckDB would carry out a statement.
type Plan struct {
	// Name is the operator's, such as SEQ_SCAN or HASH_JOIN.
	Name     string `json:"name"`
	Children []Plan `json:"children"`
}

// NeverReturns says that the optimizer found out that the statement returns no row, without reading any. Unless the optimizer
// statistics_propagation is disabled, it may know that from the data as they are.
func (p *Plan) NeverReturns() bool { return p.Name == "EMPTY_RESULT" }

// Plan is the last step of how DuckDB would carry out one statement that only reads, which it does not carry out. See Query for what such a
// statement is.
func (s *Session) Plan(ctx context.Context, sql string) (*Plan, error) {
	r, err := s.call(ctx, request{Op: opPlan, SQL: sql})
	if err != nil {
		return nil, err
	}
	if r.Plan == nil {
		return nil, &Error{Kind: KindCrash, Message: "DuckDB's process gave no plan"}
	}
	return r.Plan, nil
}

// plan explains one statement that reads.
func (d *database) plan(ctx context.Context, text string) (*Plan, error) {
	statements := split(text)
	if len(statements) != 1 {
		return nil, &Error{Kind: KindSQL, Message: fmt.Sprintf("one statement is wanted here, this has %d", len(statements))}
	}
	text = statements[0].text
	if err := d.mustRead(text); err != nil {
		return nil, err
	}
	const before = "EXPLAIN (FORMAT json)\n"
	var kind, said string
	if err := d.conn.QueryRowContext(ctx, before+text).Scan(&kind, &said); err != nil {
		return nil, at(err, text, len(before))
	}
	var plans []Plan
	if err := json.Unmarshal([]byte(said), &plans); err != nil || len(plans) != 1 {
		return nil, fmt.Errorf("read DuckDB's plan: %d steps are the last: %w", len(plans), err)
	}
	return &plans[0], nil
}
