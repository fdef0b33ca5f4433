package localforge

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// object is a JSON object.
type object = map[string]any

// answer is what a request is answered with.
type answer struct {
	status int
	body   any // nil for none
	header http.Header
}

// handler answers a request, with the forge's mutex held.
type handler func(q *query) answer

// query is one request of the API.
type query struct {
	r      *http.Request
	body   []byte
	caller *caller
	base   string // the API's address
}

// biggestBody is the largest request that is read, in bytes.
const biggestBody = 10 << 20

// documentation is where GitHub's errors say that more is written.
const documentation = "https://docs.github.com/rest"

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }

var (
	nothing  = answer{status: http.StatusNoContent}
	notFound = refused(http.StatusNotFound, "Not Found")
)

// refused is an error as GitHub words it.
func refused(status int, message string) answer {
	return answer{status: status, body: object{"message": message, "documentation_url": documentation, "status": strconv.Itoa(status)}}
}

// invalid is GitHub's answer to a request that it understands and can't do.
func invalid(resource, field, code, message string) answer {
	e := object{"resource": resource, "code": code}
	if field != "" {
		e["field"] = field
	}
	if message != "" {
		e["message"] = message
	}
	return answer{status: http.StatusUnprocessableEntity, body: object{"message": "Validation Failed", "errors": []object{e}, "documentation_url": documentation, "status": "422"}}
}

// rest serves the API, with paths that begin behind /api/v3.
func (f *Forge) rest() http.Handler {
	mux := chi.NewRouter() // the standard library's refuses paths such as GitHub's, of which neither is more special than the other
	route := func(pattern string, h handler) {
		method, path, _ := strings.Cut(pattern, " ")
		mux.MethodFunc(method, path, func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, h) })
	}
	f.appRoutes(route)
	f.userRoutes(route)
	f.repoRoutes(route)
	f.issueRoutes(route)
	f.commentRoutes(route)
	f.lockRoutes(route)
	f.labelRoutes(route)
	f.pullRoutes(route)
	f.checkRoutes(route)
	f.hookRoutes(route)
	f.commitRoutes(route)
	f.limitRoute(route)
	mux.NotFound(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, func(*query) answer { return notFound }) })
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) { f.serve(w, r, func(*query) answer { return notFound }) })
	return mux
}

// serve answers one request, or has it go wrong.
func (f *Forge) serve(w http.ResponseWriter, r *http.Request, h handler) {
	body := new(bytes.Buffer)
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, biggestBody)); err != nil {
		f.write(w, r, refused(http.StatusBadRequest, "Problems parsing JSON"), unlimited)
		return
	}
	acting, inside := r.Context().Value(actingKey{}).(*caller)
	var fault FaultKind
	if !inside {
		f.dawdle(r.Context(), r)
		fault = f.fate(r)
	}
	if a, now := f.refusal(fault); now {
		f.write(w, r, a, unlimited)
		return
	}
	a, caller, left := f.answer(&query{r: r, body: body.Bytes(), caller: acting, base: f.API()}, inside, fault, h)
	switch fault {
	case DropAfter:
		panic(http.ErrAbortHandler)
	case FailAfter:
		a = answer{status: http.StatusBadGateway, body: object{"message": "Server Error"}}
	}
	if status := f.write(w, r, a, left); status == http.StatusNotModified && left.limit > 0 {
		f.limits.use(caller.name(), -1, f.faults.now(), f.now())
	}
}

// answer finds out who asks, unless that is known, and answers if the caller has requests left.
func (f *Forge) answer(q *query, inside bool, fault FaultKind, h handler) (a answer, c *caller, left quota) {
	f.mu.Lock()
	defer f.mu.Unlock()
	why := ""
	if !inside {
		q.caller, why = f.caller(q.r)
	}
	if !inside && why == "" && q.r.URL.Path != "/rate_limit" {
		left = f.limits.use(q.caller.name(), 1, f.faults.now(), f.now())
	}
	if fault == PrimaryLimit {
		left = quota{limit: 5000, used: 5000, ends: f.faults.now().oneRefusal(f.now()), refused: 1, over: true}
	}
	switch {
	case why != "":
		a = refused(http.StatusUnauthorized, why)
	case left.over:
		a = exceeded(q.caller, left)
	case len(q.body) > 0 && !json.Valid(q.body):
		a = refused(http.StatusBadRequest, "Problems parsing JSON")
	default:
		a = h(q)
	}
	return a, q.caller, left
}

// write sends an answer, or nothing but its status where the caller knows it already by its ETag. It returns the status.
func (f *Forge) write(w http.ResponseWriter, r *http.Request, a answer, left quota) int {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
	left.headers(w.Header())
	if a.body == nil {
		w.WriteHeader(a.status)
		return a.status
	}
	data, err := json.Marshal(a.body)
	if err != nil {
		panic(fmt.Sprintf("localforge: answer %s %s: %v", r.Method, r.URL.Path, err)) // only this package's own types
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		sum := sha256.Sum256(data)
		tag := `W/"` + hex.EncodeToString(sum[:16]) + `"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return http.StatusNotModified
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(data) // a caller that is gone needs no answer
	return a.status
}

// decode reads the request's body; fault answers one that does not fit.
func (q *query) decode(into any) (fault *answer) {
	if len(q.body) == 0 {
		return nil
	}
	if err := json.Unmarshal(q.body, into); err != nil {
		a := answer{status: http.StatusUnprocessableEntity, body: object{"message": "Invalid request.\n\n" + err.Error(), "documentation_url": documentation, "status": "422"}}
		return &a
	}
	return nil
}

// part is a part of the path, unescaped.
func (q *query) part(name string) string {
	text := q.r.PathValue(name)
	if q.r.URL.RawPath == "" {
		return text
	}
	if plain, err := url.PathUnescape(text); err == nil {
		return plain
	}
	return text
}

// id is a number in the path, 0 if it is none.
func (q *query) id(name string) int64 {
	n, _ := strconv.ParseInt(q.r.PathValue(name), 10, 64)
	return n
}

// login is the caller's, empty for the public.
func (q *query) login() string {
	if q.caller == nil || q.caller.user == nil {
		return ""
	}
	return q.caller.user.Login
}

// stamp is a time as GitHub writes it; the zero time is null.
func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// node is the id of an object in GitHub's other API.
func node(kind string, id int64) string { return fmt.Sprintf("%s_%d", kind, id) }

// escape is a segment of a path.
func escape(s string) string { return url.PathEscape(s) }
