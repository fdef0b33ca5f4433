package product

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
	"github.com/codicil-dev/codicil/bot/engine"
)

// modelProblem places an engine's error in a model.
func modelProblem(m SQLFile, err error) bot.Problem {
	p := bot.Problem{File: m.Path, Message: err.Error()}
	var e *engine.Error
	if !errors.As(err, &e) {
		return p
	}
	if e.Line > 1 {
		p.Line, p.Column = e.Line-1, e.Column // the model's text begins on the statement's second line
	}
	p.Message = advised(e)
	return p
}

// Messages of DuckDB that need other words here.
var (
	candidates    = regexp.MustCompile(`\s*Candidate functions:.*$`)
	catalogTable  = regexp.MustCompile(` Did you mean "(?:pg_|sqlite_|duckdb_|information_schema|pragma_|system\.|temp\.)[^"]*"\?$`)
	isParameter   = regexp.MustCompile(`^incorrect argument count for command`)
	missingTable  = regexp.MustCompile(`^Table with name (.*?) does not exist!`)
	csvLine       = regexp.MustCompile(`^CSV Error on Line: (\d+)`)
	csvConversion = regexp.MustCompile(`Error when converting column "(.*?)"\. Could not convert string "(.*?)" to '(.*?)'`)
)

// advised is an engine's message about a model, with what to do where DuckDB does not say it.
func advised(e *engine.Error) string {
	message := candidates.ReplaceAllString(e.Message, "")
	switch {
	case e.Kind == engine.KindTimeout:
		return message + "; make the model faster, or allow more with --timeout"
	case e.Kind == engine.KindMemory:
		return "needs more memory or disk than allowed (" + message + "); make the model smaller, or allow more with --memory"
	case e.Kind == engine.KindDenied:
		return message + "; a model reads tables only, so put the file among the seeds"
	case isParameter.MatchString(message):
		return "holds a parameter such as ? or $1, for which a model has no value; write the value"
	case missingTable.MatchString(message):
		return strings.TrimSuffix(catalogTable.ReplaceAllString(message, ""), "!") + "; it is no model, seed or input of this product: correct the name, or add it"
	}
	return message
}

// seedProblem places an engine's error in a seed.
func seedProblem(s Seed, err error) bot.Problem {
	p := bot.Problem{File: s.Path, Message: unaliased(err.Error(), s)}
	var e *engine.Error
	if !errors.As(err, &e) {
		return p
	}
	p.Message = unaliased(e.Message, s)
	switch m := csvLine.FindStringSubmatch(e.Message); {
	case e.Kind == engine.KindTimeout:
		p.Message += "; make the seed smaller, or allow more with --timeout"
	case e.Kind == engine.KindMemory:
		p.Message = "needs more memory or disk than allowed (" + p.Message + "); make the seed smaller, or allow more with --memory"
	case m != nil:
		p.Line, _ = strconv.Atoi(m[1])
		if c := csvConversion.FindStringSubmatch(e.Message); c != nil {
			p.Message = fmt.Sprintf("column %s holds a value here that is no %s; correct it, or declare another type in %s", c[1], c[3], ConfigFile)
			if at := findValue(s.File, c[1], c[2]); at.line > 0 {
				p.Line, p.Column = at.line, at.column
			}
			break
		}
		p.Message = brief(p.Message)
	default:
		p.Message = brief(p.Message)
	}
	return p
}

// brief cuts DuckDB's advice on its own settings off, and the rows that it quotes, which may hold what nobody shall see.
func brief(message string) string {
	for _, end := range []string{" Original Line:", " The search space", " Possible fixes", " Possible solutions", " * "} {
		message, _, _ = strings.Cut(message, end)
	}
	return message
}
