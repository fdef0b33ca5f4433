package inquiry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Error is a question that got no answer of use.
type Error struct {
	// Service is who was asked.
	Service string
	// Status is what HTTP said, 0 if it did not come to that.
	Status int
	// Why is for people, in a few words.
	Why string
	// Silent says that the service itself did not answer, whatever the question.
	Silent bool
}

// Error says who gave no answer, and why.
func (e *Error) Error() string { return "ask " + e.Service + ": " + e.Why }

// judge makes an error of an answer that is none: with a wait if the service asks for one, final where asking again is of no use.
func (c *Client) judge(response *http.Response) error {
	status := response.StatusCode
	if status == http.StatusOK {
		return nil
	}
	why := &Error{Service: c.o.Name, Status: status, Why: fmt.Sprintf("it answered %d %s", status, http.StatusText(status))}
	again := status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= 500 && status != http.StatusNotImplemented
	why.Silent = again
	if !again {
		return backoff.Permanent(why)
	}
	wait, told := retryAfter(response, c.o.Now())
	if !told {
		return why
	}
	if wait > c.o.Patience {
		why.Why += ", and asks to wait " + wait.Round(time.Second).String()
		return backoff.Permanent(why)
	}
	return fmt.Errorf("%w (%w)", &backoff.RetryAfterError{Duration: wait}, why)
}

// retryAfter is how long a service asks to wait (RFC 9110, section 10.2.3); ok is false if it doesn't say.
func retryAfter(response *http.Response, now time.Time) (wait time.Duration, ok bool) {
	text := response.Header.Get("Retry-After")
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<30)) * time.Second, true
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0), true
	}
	return 0, false
}

// unreached is an error of the network in a few words, without addresses of the inside.
func (c *Client) unreached(err error) error {
	var known *backoff.PermanentError
	if errors.As(err, &known) {
		return known
	}
	why := &Error{Service: c.o.Name, Why: "it can't be reached", Silent: true}
	var dns *net.DNSError
	var timeout interface{ Timeout() bool }
	var request *url.Error
	switch {
	case errors.As(err, &dns):
		why.Why += ": its name " + dns.Name + " is not known"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		why.Why = fmt.Sprintf("it gave no answer within %s", c.o.Timeout)
	case errors.As(err, &request):
		why.Why += ": " + request.Err.Error()
	default:
		why.Why = "its answer was cut off: " + err.Error()
	}
	return why
}

// resetting decodes into a new value, so that nothing of an earlier attempt stays.
func resetting(answer []byte, into any) error {
	at := reflect.ValueOf(into).Elem()
	value := reflect.New(at.Type())
	if err := json.Unmarshal(answer, value.Interface()); err != nil {
		at.SetZero()
		return err
	}
	at.Set(value.Elem())
	return nil
}
