package engine

import (
	"context"
	"errors"
	"fmt"
)

// Parse has DuckDB parse each text, without looking at any table. The result has one Tree for each text, in order.
// A text on which the parser crashes, or that takes it too much time or memory, has that as the error of its Tree; the
// session may have ended by it.
func (s *Session) Parse(ctx context.Context, texts []string) ([]Tree, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	r, err := s.call(ctx, request{Op: opParse, Statements: texts})
	if ctx.Err() == nil && blame(err) != "" {
		return s.parseEach(ctx, texts)
	}
	if err != nil {
		return nil, err
	}
	if len(r.Trees) != len(texts) {
		return nil, &Error{Kind: KindCrash, Message: fmt.Sprintf("DuckDB's process parsed %d of %d texts", len(r.Trees), len(texts))}
	}
	return r.Trees, nil
}

// blame says what a text did to the parser that failed with err; empty if the text is not to blame.
func blame(err error) string {
	var e *Error
	if !errors.As(err, &e) {
		return ""
	}
	switch e.Kind {
	case KindTimeout:
		return "takes DuckDB's parser too long"
	case KindMemory:
		return "takes DuckDB's parser too much memory"
	case KindCrash:
		return "makes DuckDB's parser crash"
	}
	return ""
}

// parseEach finds out which of the texts are to blame, each on its own in a child that only parses. One that is ended by a text
// is replaced for the next.
func (s *Session) parseEach(ctx context.Context, texts []string) ([]Tree, error) {
	var helper *Session
	defer func() {
		if helper != nil {
			_ = helper.Close()
		}
	}()
	trees := make([]Tree, len(texts))
	for i := range texts {
		if helper == nil {
			var err error
			o := s.options
			if helper, err = Start(ctx, Options{Memory: o.Memory, Threads: 1, StatementTimeout: o.StatementTimeout, AllowUnconfined: o.AllowUnconfined, Without: o.Without}); err != nil {
				return nil, err
			}
			if err := helper.Lock(ctx); err != nil {
				return nil, err
			}
		}
		r, err := helper.call(ctx, request{Op: opParse, Statements: texts[i : i+1]})
		switch why := blame(err); {
		case err == nil && len(r.Trees) == 1:
			trees[i] = r.Trees[0]
		case ctx.Err() != nil || why == "":
			return nil, err
		default:
			trees[i] = Tree{Statements: 1, Err: &ParseError{Message: "the statement " + why + "; make it shorter or nest it less"}}
			_ = helper.Close()
			helper = nil
		}
	}
	return trees, nil
}
