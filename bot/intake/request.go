package intake

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"

	maxEventName = 64
)

// headers is what a delivery says besides its body. Only the body is covered by the signature.
type headers struct {
	delivery, event, signature string
	form                       bool
}

func readHeaders(request *http.Request) (headers, *refusal) {
	if request.Method != http.MethodPost {
		return headers{}, errMethod
	}
	form, ok := contentType(request.Header)
	if !ok {
		return headers{}, errContentType
	}
	id, idOK := only(request.Header, "X-GitHub-Delivery")
	event, eventOK := only(request.Header, "X-GitHub-Event")
	signature, signatureOK := only(request.Header, "X-Hub-Signature-256")
	if !idOK || !eventOK || !signatureOK || !eventName(event) {
		return headers{}, errHeaders
	}
	// Parse takes other spellings too, but not in 36 characters.
	guid, err := uuid.Parse(id)
	if err != nil || len(id) != 36 {
		return headers{}, errHeaders
	}
	return headers{delivery: guid.String(), event: event, signature: signature, form: form}, nil
}

// contentType says whether the body is a form; ok is false where it is neither that nor JSON, in UTF-8 and as it is.
func contentType(h http.Header) (form, ok bool) {
	value, ok := only(h, "Content-Type")
	if !ok || h.Get("Content-Encoding") != "" {
		return false, false
	}
	kind, parameters, err := mime.ParseMediaType(value)
	if err != nil {
		return false, false
	}
	if charset, said := parameters["charset"]; said && !strings.EqualFold(charset, "utf-8") {
		return false, false
	}
	return kind == formType, kind == formType || kind == jsonType
}

// only is the header's value where there is exactly one.
func only(h http.Header, name string) (string, bool) {
	values := h.Values(name)
	if len(values) != 1 || values[0] == "" {
		return "", false
	}
	return values[0], true
}

func eventName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= maxEventName
}

// readBody reads the body as it was sent. Size is what it adds to r.held, also where it fails; whoever is done with the body takes it away.
func (r *Receiver) readBody(w http.ResponseWriter, request *http.Request) (body []byte, size int64, refused *refusal) {
	if request.ContentLength > r.o.MaxBody {
		return nil, 0, errTooLarge
	}
	// A writer that knows no deadlines is none of a server's. The server sets its own before the connection's next request.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(r.o.BodyTimeout))
	reader := &counted{from: http.MaxBytesReader(w, request.Body, r.o.MaxBody), held: &r.held, limit: bodiesHeld * r.o.MaxBody}
	var buffer bytes.Buffer
	if _, err := buffer.ReadFrom(reader); err != nil {
		return nil, reader.size, readRefusal(err)
	}
	return buffer.Bytes(), reader.size, nil
}

func readRefusal(err error) *refusal {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.Is(err, errHeld):
		return errFull
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	}
	return errBroken
}

var errHeld = errors.New("too many bodies are held")

// counted adds what it reads to what all requests hold in memory together: no more is read than limit, whoever sends it.
type counted struct {
	from  io.Reader
	held  *atomic.Int64
	size  int64
	limit int64
}

// Read reads on, unless all requests hold too much.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.size += int64(n)
	if c.held.Add(int64(n)) > c.limit {
		return n, errHeld
	}
	return n, err
}

// payloadOf is the JSON object in a body that is authenticated.
func payloadOf(body []byte, form bool) ([]byte, *refusal) {
	if form {
		fields, err := url.ParseQuery(string(body))
		if err != nil || len(fields["payload"]) != 1 {
			return nil, errPayload
		}
		body = []byte(fields["payload"][0])
	}
	// Go's decoder replaces what is not UTF-8 instead of refusing it.
	if !utf8.Valid(body) || !json.Valid(body) || bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return nil, errPayload
	}
	return body, nil
}
