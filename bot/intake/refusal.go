package intake

import (
	"io"
	"net/http"
	"strconv"
)

// Reason is why a request was refused.
type Reason string

// Reasons for refusing.
const (
	ReasonMethod      Reason = "method"
	ReasonContentType Reason = "content type"
	ReasonHeaders     Reason = "headers"
	ReasonTooLarge    Reason = "too large"
	ReasonSlow        Reason = "too slow"
	ReasonBroken      Reason = "broken off"
	ReasonSignature   Reason = "signature"
	ReasonPayload     Reason = "payload"
	ReasonFull        Reason = "queue full"
	ReasonClosed      Reason = "shutting down"
	ReasonStore       Reason = "not stored"
)

// retryAfter is how many seconds a sender had better wait. GitHub sends nothing again by itself: the sweep finds what was refused.
const retryAfter = 10

// refusal is an answer that is not 202. Its text is fixed, so that nothing of a request is ever repeated.
type refusal struct {
	reason Reason
	status int
	text   string
}

var (
	errMethod      = &refusal{ReasonMethod, http.StatusMethodNotAllowed, "webhooks are sent by POST"}
	errContentType = &refusal{ReasonContentType, http.StatusUnsupportedMediaType, "send " + jsonType + " or " + formType + " in UTF-8, not compressed"}
	errHeaders     = &refusal{ReasonHeaders, http.StatusBadRequest, "X-GitHub-Delivery (a GUID), X-GitHub-Event and X-Hub-Signature-256 are required, each once"}
	errTooLarge    = &refusal{ReasonTooLarge, http.StatusRequestEntityTooLarge, "the body is too large"}
	errSlow        = &refusal{ReasonSlow, http.StatusRequestTimeout, "the body did not come in time"}
	errBroken      = &refusal{ReasonBroken, http.StatusBadRequest, "the body ended too soon"}
	errSignature   = &refusal{ReasonSignature, http.StatusUnauthorized, "unauthorized"}
	errPayload     = &refusal{ReasonPayload, http.StatusBadRequest, "the payload is not what the event's name says"}
	errFull        = &refusal{ReasonFull, http.StatusServiceUnavailable, "too much is waiting; send it again later"}
	errClosed      = &refusal{ReasonClosed, http.StatusServiceUnavailable, "shutting down; send it again later"}
	errStore       = &refusal{ReasonStore, http.StatusServiceUnavailable, "not stored; send it again later"}
)

func refuse(w http.ResponseWriter, r *refusal) {
	switch r.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	answer(w, r.status, r.text)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// The client may be gone; what was stored stays stored.
	_, _ = io.WriteString(w, text+"\n")
}
