package model

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
)

// Player answers from a recording, without a network. Of each stage, the first request gets the first recorded answer, the
// second the second, and so on, provided that the request is the same as the recorded one; see fingerprint. It is safe
// for concurrent use, but what is asked at the same moment should be of different stages.
type Player struct {
	dir      string
	scrub    *Scrubber
	account  *Account
	recorded map[string][]played // by stage
	mu       sync.Mutex
	asked    map[string]int
}

type played struct {
	Exchange
	print
}

// NewPlayer reads the recording in dir. scrub is the one that it was recorded with; nil stands for one without secrets.
// Account, if not nil, counts what was spent when the recording was made, and refuses what is beyond its budget.
func NewPlayer(dir string, scrub *Scrubber, account *Account) (*Player, error) {
	if scrub == nil {
		scrub = NewScrubber()
	}
	exchanges, err := ReadRecording(os.DirFS(dir), dir)
	if err != nil {
		return nil, err
	}
	p := &Player{dir: dir, scrub: scrub, account: account, recorded: map[string][]played{}, asked: map[string]int{}}
	for _, x := range exchanges {
		p.recorded[x.Request.Stage] = append(p.recorded[x.Request.Stage], played{x, fingerprint(x.Request)})
	}
	return p, nil
}

// Models are the names of the models that the recording was made with, each once and in order.
func (p *Player) Models() []string {
	names := map[string]bool{}
	for _, of := range p.recorded {
		for _, x := range of {
			names[x.Request.Model] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// MissingError says that a request was not recorded.
type MissingError struct {
	Dir   string
	Stage string
	Turn  int // the request's place among those of its stage, from 1; 0 where any order will do
	// Nearest is the file of the recorded exchange that is most alike; empty if there is none of that stage.
	Nearest string
	// Where, Recorded and Asked are the first difference from it.
	Where, Recorded, Asked string
}

// Error says which exchange is missing and where the nearest one differs.
func (e *MissingError) Error() string {
	what := fmt.Sprintf("the recording %s lacks request %d of the stage %s", e.Dir, e.Turn, e.Stage)
	if e.Turn == 0 {
		what = fmt.Sprintf("no recording in %s has this request of the stage %s", e.Dir, e.Stage)
	}
	switch {
	case e.Nearest == "":
		return what + ": it has no exchange of that stage; record it again"
	case e.Where == "":
		return fmt.Sprintf("%s: it was asked as in %s, which is not its turn; record it again", what, e.Nearest)
	}
	return fmt.Sprintf("%s: the nearest is %s, and differs first in %s:\n  recorded: %s\n  asked:    %s\nrecord it again",
		what, e.Nearest, e.Where, e.Recorded, e.Asked)
}

// Ask returns the recorded answer, or a *MissingError, a *BudgetError, or the *Error that was recorded.
func (p *Player) Ask(ctx context.Context, r Request) (Answer, error) {
	if err := r.check(); err != nil {
		return Answer{}, err
	}
	if err := context.Cause(ctx); err != nil {
		return Answer{}, fmt.Errorf("replay %s: %w", r.Stage, err)
	}
	x, err := p.next(p.scrub.request(r))
	if err != nil {
		return Answer{}, err
	}
	return x.replay(r, p.account)
}

// replay is what comes of a request that was recorded: the same answer or failure, counted and told as when it was made.
func (x Exchange) replay(r Request, account *Account) (Answer, error) {
	if account != nil {
		settle, err := account.reserve(r.Stage, x.Request.Model, r.Tokens())
		if err != nil {
			return Answer{}, err
		}
		settle(x.Answer.Usage)
	}
	if r.Progress != nil {
		r.Progress(Progress{Stage: r.Stage, Model: x.Request.Model, Tokens: x.Answer.Usage.Out})
	}
	if x.Failure != nil {
		failure := *x.Failure
		return x.Answer, &failure
	}
	return x.Answer, nil
}

// next finds the exchange whose turn it is. A request that does not fit leaves the turn where it is.
func (p *Player) next(r Request) (Exchange, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of, turn, asked := p.recorded[r.Stage], p.asked[r.Stage], fingerprint(r)
	if turn < len(of) && of[turn].sum == asked.sum {
		p.asked[r.Stage]++
		return of[turn].Exchange, nil
	}
	missing := &MissingError{Dir: p.dir, Stage: r.Stage, Turn: turn + 1}
	missing.nearest(of, asked, func(i int) string { return of[i].fileName() })
	return Exchange{}, missing
}

// nearest fills in which of some exchanges is most alike, under the name of its file.
func (e *MissingError) nearest(of []played, asked print, file func(i int) string) {
	best := -1
	for i, x := range of {
		if n := x.same(asked); n > best {
			best = n
			e.Nearest = file(i)
			e.Where, e.Recorded, e.Asked = x.difference(asked, n)
		}
	}
}

// Left returns the files of the exchanges that have not been asked for, in order.
func (p *Player) Left() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for stage, of := range p.recorded {
		for _, x := range of[p.asked[stage]:] {
			out = append(out, x.fileName())
		}
	}
	slices.Sort(out)
	return out
}

// print is what makes two requests the same: the lines of a request and their hash.
type print struct {
	lines []printLine
	sum   [sha256.Size]byte
}

type printLine struct{ where, text string }

// fingerprint takes the stage, the messages, the tools and the schema of r, but not the model, the limit of tokens or the
// ids of tool calls: the same question may be put to another model. Blanks at the ends of lines and how lines end do not
// count, nor does the layout of JSON.
func fingerprint(r Request) print {
	var p print
	add := func(where, text string) {
		text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), " \t\r\n")
		for i, line := range strings.Split(text, "\n") {
			p.lines = append(p.lines, printLine{fmt.Sprintf("%s, line %d", where, i+1), strings.TrimRight(line, " \t\r")})
		}
	}
	for _, t := range r.Tools {
		add("the tool "+t.Name, t.Name+"\n"+t.Description+"\n"+compact(string(t.Parameters)))
	}
	if r.Schema != nil {
		add("the schema", r.Schema.Name+"\n"+compact(string(r.Schema.JSON)))
	}
	for i, m := range r.Messages {
		where := fmt.Sprintf("message %d (%s)", i+1, m.Role)
		add(where, m.Text)
		for _, c := range m.ToolCalls {
			add(where+", the call of "+c.Name, c.Name+"\n"+compact(c.Arguments))
		}
	}
	h := sha256.New()
	for _, l := range p.lines {
		fmt.Fprintf(h, "%s\x00%d\x00%s\n", l.where, len(l.text), l.text)
	}
	h.Sum(p.sum[:0])
	return p
}

// compact returns JSON in one form, and other text as it is.
func compact(text string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return text
	}
	if _, err := d.Token(); err != io.EOF {
		return text
	}
	out, err := json.Marshal(v) // sorts keys
	if err != nil {
		return text
	}
	return string(out)
}

// same counts the lines that p and q begin with alike.
func (p print) same(q print) int {
	n := 0
	for n < len(p.lines) && n < len(q.lines) && p.lines[n] == q.lines[n] {
		n++
	}
	return n
}

// difference describes line n, the first in which p and q differ; all is empty if they do not.
func (p print) difference(q print, n int) (where, inP, inQ string) {
	const end = "(nothing more)"
	inP, inQ = end, end
	if n < len(p.lines) {
		where, inP = p.lines[n].where, p.lines[n].text
	}
	if n < len(q.lines) {
		where, inQ = q.lines[n].where, q.lines[n].text
	}
	if where == "" {
		return "", "", ""
	}
	inP, inQ = around(inP, inQ), around(inQ, inP)
	return where, inP, inQ
}

// around returns the part of a long line where it begins to differ from other.
func around(line, other string) string {
	const before, most = 60, 160
	a, b := []rune(line), []rune(other)
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	lead, tail := "", ""
	if len(a) > most && n > before {
		a, lead = a[n-before:], "…"
	}
	if len(a) > most {
		a, tail = a[:most], "…"
	}
	return lead + string(a) + tail
}

// SameRequest says whether a Player would take two requests for the same.
func SameRequest(a, b Request) bool { return fingerprint(a).sum == fingerprint(b).sum }
