package github

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/codicil-dev/codicil/forge"
)

// sender sends requests within the limits. A read that fails for no lasting reason is sent again; a write only if it was certainly not carried out.
type sender struct {
	host   *Host
	budget *budget
	next   http.RoundTripper
}

// repeating sends writes again as reads are: of those that come to the same when they are carried out twice.
type repeating struct{ *sender }

// RoundTrip is sender's, for writes that may be sent again.
func (r repeating) RoundTrip(req *http.Request) (*http.Response, error) { return r.carry(req, sets) }

// How often a request is tried that may be sent again, and one that a limit refused.
const (
	mostTries   = 5
	mostRefusal = 6
)

// biggestAnswer is the largest answer that is read, in bytes.
const biggestAnswer = 64 << 20

// RoundTrip sends a request, and reads the whole answer: a connection that is lost meanwhile is no answer.
func (s *sender) RoundTrip(req *http.Request) (*http.Response, error) { return s.carry(req, makes) }

// carry sends a request, whose effect is as write says unless its method says that it reads.
func (s *sender) carry(req *http.Request, write effect) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	what := write
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		what = reads
	}
	if what != reads {
		end, err := s.budget.startWrite(req.Context())
		if err != nil {
			return nil, err
		}
		defer end()
	}
	kind := "core"
	if req.URL.Path == s.host.at.graphql.Path {
		kind = "graphql"
	}
	return s.send(req, body, kind, what)
}

// send makes attempts until one has an answer that is of use, or no further one is.
func (s *sender) send(req *http.Request, body []byte, kind string, what effect) (_ *http.Response, err error) {
	write, unsure := what != reads, false
	defer func() { // whatever came last, an attempt before may have been carried out
		var r *forge.RetryError
		if unsure && errors.As(err, &r) {
			r.Unsure = true
		}
	}()
	waits := newWaits()
	giveUp := s.budget.now().Add(s.budget.maxWait)
	for tries, refusals := 1, 0; ; {
		if err := s.budget.wait(req.Context(), kind, write, giveUp); err != nil {
			return nil, err
		}
		response, data, err := s.once(req, body)
		if err == nil && s.budget.note(kind, response, data) {
			if refusals++; refusals < mostRefusal {
				continue
			}
			return nil, &forge.RetryError{After: s.budget.free(kind, write), Err: errLimit}
		}
		if err == nil && (response.StatusCode < 500 || response.StatusCode == http.StatusNotImplemented) {
			for _, header := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Used"} {
				response.Header.Del(header) // heeded here; the client would refuse further requests by them instead of waiting
			}
			return response, nil
		}
		wait := waits.NextBackOff()
		told := s.told(response, err)
		again, err := s.judge(req, what, response, data, err)
		if !again {
			if retry, ok := err.(*forge.RetryError); ok {
				retry.After = told
			}
			return nil, err
		}
		unsure = unsure || what == sets && doubtful(err)
		free := s.budget.now().Add(wait)
		if told.After(free) {
			free = told
		}
		if tries >= mostTries || free.After(giveUp) {
			return nil, &forge.RetryError{After: free, Err: err}
		}
		tries++
		s.host.log.Debug("GitHub is asked again", slog.String("method", req.Method), slog.String("path", req.URL.Path), slog.Any("because", err))
		if err := pause(req.Context(), free.Sub(s.budget.now())); err != nil {
			return nil, err
		}
	}
}

// told is when GitHub, or the server before it, says that the request may be made again, as one does that is being looked after; the zero time if
// it doesn't.
func (s *sender) told(response *http.Response, err error) time.Time {
	var not *unsent
	switch {
	case errors.As(err, &not):
		return not.after
	case err == nil:
		after, _ := retryAfter(response, s.budget.now())
		return after
	}
	return time.Time{}
}

// newWaits are the times between attempts.
func newWaits() *backoff.ExponentialBackOff {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.MaxInterval = 200*time.Millisecond, 5*time.Second
	return waits
}

// once makes one attempt.
func (s *sender) once(req *http.Request, body []byte) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(req.Context(), s.host.options.Timeout)
	defer cancel()
	select {
	case s.host.places <- struct{}{}:
		defer func() { <-s.host.places }()
	case <-ctx.Done():
		return nil, nil, &unsent{err: errors.New("too many requests to GitHub are under way"), again: true}
	}
	attempt := req.Clone(ctx)
	if body != nil {
		attempt.Body = io.NopCloser(bytes.NewReader(body))
		attempt.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	}
	response, err := s.next.RoundTrip(attempt)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, biggestAnswer+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read GitHub's answer: %w", err)
	}
	if len(data) > biggestAnswer {
		return nil, nil, fmt.Errorf("GitHub's answer is larger than %d bytes", biggestAnswer)
	}
	response.Body, response.Request = io.NopCloser(bytes.NewReader(data)), req
	return response, data, nil
}

// judge says of an attempt without a usable answer whether to make another, and what its error is.
func (s *sender) judge(req *http.Request, what effect, response *http.Response, data []byte, err error) (again bool, _ error) {
	if err == nil {
		err = fmt.Errorf("GitHub answers %s", said(response, data))
	}
	err = withoutAddress(err)
	var not *unsent
	isUnsent := errors.As(err, &not)
	switch {
	case req.Context().Err() != nil:
		if what != reads && !isUnsent {
			return false, &forge.RetryError{Unsure: true, Err: req.Context().Err()}
		}
		return false, req.Context().Err()
	case isUnsent:
		return not.again, err
	case untrusted(err):
		return false, err
	case what == makes && doubtful(err):
		return false, &forge.RetryError{Unsure: true, Err: err}
	}
	return true, err
}

// doubtful says that a write which ended in an error may have been carried out.
func doubtful(err error) bool {
	var not *unsent
	return !errors.As(err, &not) && !unconnected(err)
}

// unconnected says that there was no connection on which anything could have been sent.
func unconnected(err error) bool {
	var e *net.OpError
	return errors.As(err, &e) && e.Op == "dial"
}

// untrusted says that the other side is not who it should be, which no further attempt will change.
func untrusted(err error) bool {
	var e *tls.CertificateVerificationError
	return errors.As(err, &e)
}

// readBody reads a request's body, so that it can be sent again; nil for none.
func readBody(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	defer req.Body.Close()
	data, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, fmt.Errorf("read the request to GitHub: %w", err)
	}
	return data, nil
}
