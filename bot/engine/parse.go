package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// parseSQL has DuckDB parse its parameter. The text is never part of the SQL itself.
const parseSQL = `SELECT CAST(json_serialize_sql(CAST(? AS VARCHAR)) AS VARCHAR)`

// parse parses each text.
func (d *database) parse(ctx context.Context, texts []string) ([]Tree, error) {
	stmt, err := d.conn.PrepareContext(ctx, parseSQL)
	if err != nil {
		return nil, at(err, "", 0)
	}
	defer stmt.Close()
	trees := make([]Tree, 0, len(texts))
	for _, text := range texts {
		if !validText(text) {
			trees = append(trees, Tree{Err: &ParseError{Message: "this is not text in UTF-8; is it a binary file?"}})
			continue
		}
		var out string
		if err := stmt.QueryRowContext(ctx, text).Scan(&out); err != nil {
			return nil, at(err, "", 0)
		}
		trees = append(trees, tree(text, out))
	}
	return trees, nil
}

// tree makes a Tree of what json_serialize_sql says about text.
func tree(text, out string) Tree {
	var said struct {
		Error      bool              `json:"error"`
		Type       string            `json:"error_type"`
		Message    string            `json:"error_message"`
		Subtype    string            `json:"error_subtype"`
		Position   string            `json:"position"`
		Statements []json.RawMessage `json:"statements"`
	}
	statements := split(text)
	if err := json.Unmarshal([]byte(out), &said); err != nil {
		return Tree{Statements: len(statements), Err: &ParseError{Message: "the statement is nested too deeply to be read"}}
	}
	if !said.Error {
		return Tree{Statements: len(said.Statements), JSON: json.RawMessage(out)}
	}
	t := Tree{Statements: len(statements), Err: &ParseError{Message: tidy(said.Message)}}
	if said.Type == "not implemented" && strings.HasPrefix(said.Message, "Only SELECT statements") {
		t.Err = notSelect(text, statements)
		return t
	}
	if strings.HasPrefix(said.Message, "memory exhausted at") || strings.HasPrefix(said.Message, "Max expression depth") {
		t.Err.Message = "the statement is nested too deeply for DuckDB's parser"
	}
	if n, err := strconv.Atoi(said.Position); err == nil {
		t.Err.Line, t.Err.Column = place(text, n, said.Subtype)
	}
	return t
}

// notSelect names the first statement that is not a SELECT, as far as its first word tells.
func notSelect(text string, statements []statement) *ParseError {
	for _, s := range statements {
		switch word := keyword(s.text); word {
		case "SELECT", "FROM", "VALUES", "TABLE", "DESCRIBE", "SHOW", "SUMMARIZE", "DESC":
		case "WITH":
			if len(statements) > 1 {
				continue
			}
			return &ParseError{Message: "only SELECT statements are allowed here; this is a WITH that ends in another one"}
		default:
			e := &ParseError{Message: "only SELECT statements are allowed here; this is " + article(word)}
			if word == "PIVOT" || word == "UNPIVOT" {
				e.Message = fmt.Sprintf("%s cannot stand alone here; write SELECT * FROM (%s …)", word, word)
			}
			e.Line, e.Column = place(text, s.offset+lead(s.text), "")
			return e
		}
	}
	return &ParseError{Message: "only SELECT statements are allowed here"}
}

// lead is how many bytes of space and comments s begins with.
func lead(s string) int {
	i := 0
	for i < len(s) {
		n, blank := token(s[i:])
		if !blank {
			break
		}
		i += n
	}
	return i
}
