package dbt

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/codicil-dev/codicil/bot"
)

// event is a line of dbt's log.
type event struct {
	Data map[string]any `json:"data"`
	Info struct {
		Name    string `json:"name"`
		Code    string `json:"code"`
		Level   string `json:"level"`
		Message string `json:"msg"`
	} `json:"info"`
}

// logged is what is kept of dbt's log.
type logged struct {
	version  string
	warnings []event
	errors   []event
}

// mostEvents is how many warnings, and how many errors, are kept.
const mostEvents = 1000

// readLog reads the log file, and what was printed where there is none.
func readLog(root *os.Root, output string) *logged {
	l := &logged{}
	f, err := openRegular(root, path.Join(logFolder, logFile), mostLog)
	if err != nil {
		l.take(strings.NewReader(output))
		return l
	}
	defer f.Close()
	l.take(io.LimitReader(f, mostLog))
	return l
}

// take takes the lines that are events; others, such as a stack trace of Python, are none.
func (l *logged) take(r io.Reader) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		if len(line) > 0 && json.Unmarshal(line, &e) == nil {
			l.add(e)
		}
		if err != nil {
			return
		}
	}
}

func (l *logged) add(e event) {
	switch {
	case e.Info.Name == "MainReportVersion" && l.version == "":
		v, _ := e.Data["version"].(string)
		l.version = cut(strings.TrimPrefix(v, "="), 40)
	case e.Info.Level == "warn" && len(l.warnings) < mostEvents:
		l.warnings = append(l.warnings, e)
	case e.Info.Level == "error" && len(l.errors) < mostEvents:
		l.errors = append(l.errors, e)
	}
}

// Patterns in dbt's messages.
var (
	// bracketed is what dbt puts before warnings and errors.
	bracketed = regexp.MustCompile(`^(\[[A-Za-z]+\](\[[A-Za-z]+\])?:\s*)?(Deprecated\s+functionality\s*)?(Encountered an error:\s*)?`)
	// namedFile is a file of a project.
	namedFile = regexp.MustCompile("(?:^|[\\s(`'\"])((?:[A-Za-z0-9_.@+-]+/)*[A-Za-z0-9_.@+-]+\\.(?:ya?ml|sql|py|csv|md))\\b")
	// atLine is a line of the file that a message names.
	atLine = regexp.MustCompile(`(?i)\bline (\d{1,7})`)
	// inYAML is where a broken properties file stands: it is named without the folder that it lies in.
	inYAML = regexp.MustCompile(`Error reading [^:\n]+: (\S+\.ya?ml)`)
)

// deprecations are those among the warnings, each once.
func (l *logged) deprecations(p Project) (out []Deprecation) {
	seen := map[Deprecation]bool{}
	for _, e := range l.warnings {
		if !strings.HasSuffix(e.Info.Name, "Deprecation") {
			continue
		}
		d := Deprecation{Code: cut(e.Info.Code, 40), Name: cut(e.Info.Name, 200), Message: p.clean(plain(e.Info.Message))}
		for _, key := range []string{"file", "file_path", "model_file_path", "yaml_file"} {
			if s, ok := e.Data[key].(string); ok && s != "" && d.File == "" {
				d.File = p.file(s)
			}
		}
		if m := namedFile.FindStringSubmatch(e.Info.Message); m != nil && d.File == "" {
			d.File = p.file(m[1])
		}
		if m := atLine.FindStringSubmatch(e.Info.Message); m != nil && d.File != "" {
			d.Line, _ = strconv.Atoi(m[1])
		}
		if !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

// plain is a message on one line, without what dbt puts before it.
func plain(message string) string {
	return cut(strings.Join(strings.Fields(bracketed.ReplaceAllString(message, "")), " "), mostText)
}

// broken says why dbt came to no end of its own: by what it logged, else by what it printed, else by why a file of its can't be read.
func (r *Result) broken(p Project, exit int, l *logged, output string, cause error) {
	before := len(r.Problems)
	for _, e := range l.errors {
		if e.Info.Name == "MainEncounteredError" || e.Info.Name == "MainStackTrace" || len(r.Problems) == before && strings.HasPrefix(e.Info.Code, "Z") {
			r.Problems = append(r.Problems, p.logged(e.Info.Message))
		}
	}
	switch {
	case r.Problems.Err() != nil:
	case cause != nil && !errors.Is(cause, fs.ErrNotExist):
		r.Problems = append(r.Problems, p.problem(ProjectFile, 0, "what dbt left can't be used: %v", cause))
	case exit != 0 && strings.TrimSpace(output) != "":
		r.Problems = append(r.Problems, p.problem(ProjectFile, 0, "dbt ended with code %d; the last that it said: %s", exit, p.clean(lastLines(output))))
	case exit != 0:
		r.Problems = append(r.Problems, p.problem(ProjectFile, 0, "dbt ended with code %d and said nothing", exit))
	default:
		r.Problems = append(r.Problems, p.problem(ProjectFile, 0, "dbt said that all went well, but left no result that can be read: %v", cause))
	}
}

// clean takes the place of project and scratch folder on this machine out of a message.
func (p Project) clean(message string) string {
	return strings.NewReplacer(p.Dir+"/", "", p.Scratch+"/", "", p.Dir, "the project", p.Scratch, "the scratch folder").Replace(message)
}

// lastLines is the end of what was printed, without colours and control characters.
func lastLines(output string) string {
	output = strings.TrimSpace(output)
	if len(output) > mostText/4 {
		output = "… " + strings.ToValidUTF8(output[len(output)-mostText/4:], "")
	}
	return strings.Join(strings.Fields(output), " ")
}

// logged is an error of dbt's own as a problem, at the file and line that it names.
func (p Project) logged(message string) bot.Problem {
	message = p.clean(message)
	out := p.problem(ProjectFile, 0, "%s", plain(message))
	if m := inYAML.FindStringSubmatch(message); m != nil {
		out.File = p.file(p.find(m[1]))
	} else if m := namedFile.FindStringSubmatch(message); m != nil {
		out.File = p.file(m[1])
	}
	if m := atLine.FindStringSubmatch(message); m != nil {
		out.Line, _ = strconv.Atoi(m[1])
	}
	return out
}

// find is the path of a properties file that dbt names from the folder that it lies in, such as models.
func (p Project) find(name string) string {
	root, err := os.OpenRoot(p.Dir)
	if err != nil {
		return name
	}
	defer root.Close()
	for _, folder := range []string{"", "models", "seeds", "snapshots", "tests", "macros", "analyses"} {
		if info, err := root.Lstat(path.Join(folder, name)); err == nil && info.Mode().IsRegular() {
			return path.Join(folder, name)
		}
	}
	return name
}

// warning is a problem with the project that stops nothing.
func (p Project) warning(format string, args ...any) bot.Problem {
	return bot.Problem{File: p.file(ProjectFile), Severity: bot.SeverityWarning, Message: fmt.Sprintf(format, args...)}
}
