package model

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// waits says how long to wait between tries: exponentially longer and not at the same moment as everyone else, but
// never shorter than the endpoint asks.
type waits struct {
	growing *backoff.ExponentialBackOff
	longest time.Duration
}

func newWaits(l Limits) *waits {
	return &waits{longest: l.LongestWait, growing: &backoff.ExponentialBackOff{
		InitialInterval: l.FirstWait, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: l.LongestWait,
	}}
}

// next returns how long to wait after e; ok is false if the endpoint asks for longer than the longest wait.
func (w *waits) next(e *Error) (pause time.Duration, ok bool) {
	pause = max(w.growing.NextBackOff(), e.RetryAfter)
	if e.RetryAfter > w.longest {
		return e.RetryAfter, false
	}
	return min(pause, w.longest), true
}

// sleep waits for d, or returns why ctx ended.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// retryAfter reads how long an endpoint asks to wait: seconds or a date (RFC 9110, 10.2.3), or the milliseconds that
// some send beside it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return span(ms, time.Millisecond)
	}
	value := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(value, 64); err == nil {
		return span(s, time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}

// span is n units, held within what a Duration can be.
func span(n float64, unit time.Duration) time.Duration {
	if !(n > 0) {
		return 0
	}
	return time.Duration(math.Min(n*float64(unit), float64(365*24*time.Hour)))
}
