package model

import (
	"fmt"
	"strings"
	"time"
)

// Kind names what went wrong. It is an error itself, so that errors.Is(err, TooLong) asks for it.
type Kind string

// The kinds of Error. Those from RateLimited to Silent were tried again before they were returned.
const (
	WrongKey      Kind = "wrong_key"      // 401, 403
	NoCredit      Kind = "no_credit"      // 402, or 429 with a quota that waiting does not refill
	UnknownModel  Kind = "unknown_model"  // the endpoint has no such model
	TooLong       Kind = "too_long"       // the prompt exceeds the model's context
	Rejected      Kind = "rejected"       // any other refusal of the request itself
	NotCompatible Kind = "not_compatible" // HTML, something that is not JSON, or JSON of another kind
	Unreachable   Kind = "unreachable"    // DNS, TLS, connection refused
	RateLimited   Kind = "rate_limited"   // 429
	Unavailable   Kind = "unavailable"    // 5xx
	Dropped       Kind = "dropped"        // the connection ended before the answer did
	Silent        Kind = "silent"         // no byte came for the idle timeout
	Timeout       Kind = "timeout"        // the total timeout
	TooLarge      Kind = "too_large"      // the answer exceeds the size limit
	Refused       Kind = "refused"        // the model, or a filter before it, will not answer
	Empty         Kind = "empty"          // nothing was answered, twice
	CutOff        Kind = "cut_off"        // the answer was still not whole after being continued
	WrongSchema   Kind = "wrong_schema"   // the answer did not fit the schema, however often it was sent back
)

// Error makes a Kind usable as the target of errors.Is.
func (k Kind) Error() string { return strings.ReplaceAll(string(k), "_", " ") }

// Error is why a request has no answer.
type Error struct {
	Kind  Kind
	Stage string
	Model string
	// Endpoint is the base URL that was asked.
	Endpoint string
	// Message says what happened and what to do, without secrets.
	Message string
	// Text is what the model said, for Refused, CutOff and WrongSchema.
	Text string
	// RetryAfter is what the endpoint asked to wait; 0 if it did not.
	RetryAfter time.Duration
	// Err is the error underneath; it may be nil.
	Err error

	retry bool   // whether asking again may help
	said  string // the endpoint's own words
}

// Error says which stage and model it was, and Message.
func (e *Error) Error() string {
	return fmt.Sprintf("ask %s for %s: %s", e.Model, e.Stage, e.Message)
}

// Unwrap returns e's Kind and the error underneath.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// ofModel says whether e is something that the model answered, rather than something that kept it from answering.
func (e *Error) ofModel() bool {
	switch e.Kind {
	case Refused, Empty, CutOff, WrongSchema:
		return true
	}
	return false
}

// fault makes an Error; the caller adds stage and model.
func fault(k Kind, format string, args ...any) *Error {
	return &Error{Kind: k, Message: fmt.Sprintf(format, args...)}
}

// passing is a fault that asking again may mend.
func passing(k Kind, format string, args ...any) *Error {
	e := fault(k, format, args...)
	e.retry = true
	return e
}
