package forge

import (
	"errors"
	"fmt"
	"time"
)

// Errors that adapters wrap, so that callers can tell them apart on every host.
var (
	// ErrNotFound: there is no such thing, or the credential may not see it.
	ErrNotFound = errors.New("not found")
	// ErrForbidden: the credential may not do that.
	ErrForbidden = errors.New("forbidden")
	// ErrUnauthorized: the credential is not taken.
	ErrUnauthorized = errors.New("the credential is not accepted")
	// ErrExists: it is there already.
	ErrExists = errors.New("exists already")
	// ErrInvalid: the host understood and refuses; asking again is no use.
	ErrInvalid = errors.New("refused by the host")
	// ErrGone: it was there once.
	ErrGone = errors.New("gone")
	// ErrMoved: it has another name now. Reading it follows the move; writing to it does not.
	ErrMoved = errors.New("it was moved")
	// ErrPayload: a webhook's body is not what its kind says that it is.
	ErrPayload = errors.New("not a payload of that kind")
)

// RetryError says that a request may be made again, and when.
type RetryError struct {
	// After is when; the zero time means whenever the caller likes.
	After time.Time
	// Unsure says that the request may have been carried out although no answer tells so: look before doing it again.
	Unsure bool
	Err    error
}

// Error tells what happened, and from when on it is worth asking again.
func (e *RetryError) Error() string {
	if e.After.IsZero() {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v (again from %s)", e.Err, e.After.UTC().Format(time.RFC3339))
}

// Unwrap is the cause.
func (e *RetryError) Unwrap() error { return e.Err }

// MayRetry says whether err is worth another attempt, from when, and whether it may have been carried out.
func MayRetry(err error) (after time.Time, unsure, ok bool) {
	var r *RetryError
	if errors.As(err, &r) {
		return r.After, r.Unsure, true
	}
	return time.Time{}, false, false
}
