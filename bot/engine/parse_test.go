package engine

import (
	"context"
	"encoding/json"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	s := open(t, Options{})
	mustLock(t, s)
	cases := []struct {
		name, sql    string
		statements   int
		want         string // in the error; empty if there is none
		line, column int
	}{
		{"select", "SELECT * FROM nowhere", 1, "", 0, 0},
		{"from", "FROM x", 1, "", 0, 0},
		{"with", "WITH a AS (SELECT 1) FROM a", 1, "", 0, 0},
		{"two", "SELECT 1; SELECT ';' -- ;\n;", 2, "", 0, 0},
		{"empty", "", 0, "", 0, 0},
		{"comment", "-- nothing;", 0, "", 0, 0},
		{"quotes", "SELECT '''); DROP TABLE a; --'", 1, "", 0, 0},
		{"syntax", "SELECT 'é'\n  FROM x wher y", 1, `syntax error at or near "y"`, 2, 15},
		{"end", "SELECT (1", 1, "syntax error at end of input", 1, 10},
		{"copy", "COPY a TO 'x'", 1, "this is a COPY statement", 1, 1},
		{"second", "SELECT 'é';\n /* x */ ATTACH 'x'", 2, "this is an ATTACH statement", 2, 10},
		{"with insert", "WITH a AS (SELECT 1) INSERT INTO b FROM a", 1, "only SELECT statements are allowed here", 0, 0},
		{"install", "INSTALL httpfs", 1, "this is an INSTALL statement", 1, 1},
		{"load", "LOAD 'x.so'", 1, "this is a LOAD statement", 1, 1},
		{"create", "create or replace table x as select 1", 1, "this is a CREATE statement", 1, 1},
		{"pivot", "PIVOT a ON b USING sum(c)", 1, "SELECT * FROM (PIVOT", 1, 1},
		{"binary", "SELECT '\xff\x00'", 0, "not text in UTF-8", 0, 0},
		{"brackets", "SELECT " + strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), 1, "", 0, 0},
	}
	var texts []string
	for _, c := range cases {
		texts = append(texts, c.sql)
	}
	trees, err := s.Parse(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := trees[i]
			if got.Statements != c.statements {
				t.Errorf("got %d statements, want %d", got.Statements, c.statements)
			}
			if c.want == "" {
				if got.Err != nil {
					t.Fatalf("got error %v", got.Err)
				}
				if !json.Valid(got.JSON) {
					t.Errorf("not JSON: %s", got.JSON)
				}
				return
			}
			if got.Err == nil {
				t.Fatalf("no error, want %s", c.want)
			}
			if !strings.Contains(got.Err.Message, c.want) || got.Err.Line != c.line || got.Err.Column != c.column {
				t.Errorf("got %d:%d: %s, want %d:%d: …%s", got.Err.Line, got.Err.Column, got.Err.Message, c.line, c.column, c.want)
			}
		})
	}
}

// What is nested deep enough to break a parser may end the child, but nothing else, and is said.
func TestParseDeep(t *testing.T) {
	const depth = 200_000
	for name, sql := range map[string]string{
		"brackets": "SELECT " + strings.Repeat("(", depth) + "1" + strings.Repeat(")", depth),
		"sum":      "SELECT 1" + strings.Repeat("+1", depth),
		"selects":  "SELECT " + strings.Repeat("(SELECT ", depth) + "1" + strings.Repeat(")", depth),
		"lists":    "SELECT " + strings.Repeat("[", depth) + strings.Repeat("]", depth),
		"not":      "SELECT " + strings.Repeat("NOT ", depth) + "true",
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Options{Memory: 256 << 20})
			trees, err := s.Parse(context.Background(), []string{sql})
			if err == nil && len(trees) != 1 {
				t.Fatalf("got %d trees", len(trees))
			}
			if err != nil {
				wantKind(t, err, KindCrash)
				return
			}
			if e := trees[0].Err; e == nil || !strings.Contains(e.Message, "nested too deeply") {
				t.Errorf("got %v, want nested too deeply", e)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want []string
	}{
		{"a;b", []string{"a", "b"}},
		{"a;;  ;", []string{"a"}},
		{"';';\";\"", []string{"';'", "\";\""}},
		{"'it''s;';x", []string{"'it''s;'", "x"}},
		{`e'\';';x`, []string{`e'\';'`, "x"}},
		{`a'\';x`, []string{`a'\'`, "x"}},
		{"/* ; /* ; */ ; */a;b", []string{"/* ; /* ; */ ; */a", "b"}},
		{"$$;$$;$t$;$$;$t$", []string{"$$;$$", "$t$;$$;$t$"}},
		{"$1;$2", []string{"$1", "$2"}},
		{"-- x;\n", nil},
		{"'open;", []string{"'open;"}},
		{"é;ü", []string{"é", "ü"}},
	} {
		var got []string
		for _, s := range split(c.sql) {
			got = append(got, s.text)
			if !strings.HasPrefix(c.sql[s.offset:], s.text) {
				t.Errorf("%q: offset %d does not fit %q", c.sql, s.offset, s.text)
			}
		}
		if strings.Join(got, "\x00") != strings.Join(c.want, "\x00") {
			t.Errorf("%q: got %q, want %q", c.sql, got, c.want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"", ";", "a;'b", "e'\\", "$$", "$é$;", "/*/", "--", "\xff;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		end := 0
		for _, s := range split(sql) {
			if s.offset < end || sql[s.offset:s.offset+len(s.text)] != s.text {
				t.Fatalf("%q: %q is not at %d", sql, s.text, s.offset)
			}
			end = s.offset + len(s.text)
			keyword(s.text)
			if line, _ := place(sql, lead(s.text), ""); line == 0 {
				t.Fatalf("%q: no place for byte %d", sql, lead(s.text))
			}
		}
	})
}

// heavy is a text that takes the parser about a second.
var heavy = "SELECT 1 WHERE " + strings.Repeat("1=1 OR ", 30_000) + "1=1"

// A text that is too much for the parser has that as its error; the others are parsed all the same.
func TestParseBlames(t *testing.T) {
	s := open(t, Options{StatementTimeout: 300 * time.Millisecond})
	mustLock(t, s)
	trees, err := s.Parse(context.Background(), []string{"SELECT 1", heavy, "SELEC"})
	if err != nil {
		t.Fatal(err)
	}
	if trees[0].Err != nil || trees[0].Statements != 1 || trees[0].JSON == nil {
		t.Errorf("got %+v", trees[0])
	}
	if e := trees[1].Err; e == nil || !strings.Contains(e.Message, "takes DuckDB's parser too long") {
		t.Errorf("got %v", e)
	}
	if e := trees[2].Err; e == nil || !strings.Contains(e.Message, "syntax error") {
		t.Errorf("got %v", e)
	}
}

// If the child dies while it parses, each text is asked for again, in another child.
func TestParseCrash(t *testing.T) {
	s := open(t, Options{})
	time.AfterFunc(100*time.Millisecond, func() { _ = syscall.Kill(s.child.PID(), syscall.SIGSEGV) })
	trees, err := s.Parse(context.Background(), []string{"SELECT 1", heavy, "SELECT 2"})
	if err != nil {
		t.Fatal(err)
	}
	for i, tree := range trees {
		if tree.Err != nil || tree.JSON == nil {
			t.Errorf("%d: got %v", i, tree.Err)
		}
	}
	wantKind(t, s.Exec(context.Background(), "SELECT 1"), KindClosed)
}

// A caller who gives up gets that, and no second try.
func TestParseGivenUp(t *testing.T) {
	s := open(t, Options{})
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := s.Parse(ctx, []string{heavy})
	wantKind(t, err, KindTimeout)
}

func TestBlame(t *testing.T) {
	for kind, want := range map[Kind]string{KindTimeout: "too long", KindMemory: "too much memory", KindCrash: "crash", KindClosed: "", KindSQL: "", KindDenied: "", KindCancelled: ""} {
		if got := blame(&Error{Kind: kind}); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: got %q", kind, got)
		}
	}
	if blame(nil) != "" || blame(context.Canceled) != "" {
		t.Error("what is no error of DuckDB is blamed on a text")
	}
}
