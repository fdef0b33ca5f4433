package model

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"
)

// How endpoints word their errors: OpenAI and those that follow it, Anthropic, Google, vLLM, llama.cpp, Ollama, Mistral.
var (
	sayTooLong = regexp.MustCompile(`(?i)context_length_exceeded|exceed_context_size|string_above_max_length|` +
		`maximum context|context (length|window|size|limit)|prompt is too long|input is too long|too many (input )?tokens|` +
		`input token count.*exceed|reduce the length|model_max_prompt_tokens`)
	sayNoModel = regexp.MustCompile(`(?i)model_not_found|invalid_model|unknown model|no such model|` +
		`model\b.{0,100}\b(not found|does not exist|not exist|is not a valid|not supported|not available)|not a valid model`)
	sayNoCredit = regexp.MustCompile(`(?i)insufficient_quota|billing|credit balance|insufficient (balance|credit|funds)`)
	sayFiltered = regexp.MustCompile(`(?i)content_filter|content_policy|content management policy|responsibleai`)
)

// judge is the error for an answer with another status than 200.
func (c *Client) judge(resp *http.Response, body []byte) *Error {
	status, text := resp.StatusCode, said(body)
	var e *Error
	switch {
	case status >= 300 && status < 400:
		e = fault(NotCompatible, "%s answers with a redirect to %s; set base_url or OPENAI_BASE_URL to where it leads", c.base, excerpt(resp.Header.Get("Location")))
	case status == http.StatusPaymentRequired, status == http.StatusTooManyRequests && sayNoCredit.MatchString(text):
		e = fault(NoCredit, "%s says that the account has no credit left (%d): %s", c.base, status, excerpt(text))
	case status == http.StatusTooManyRequests:
		e = passing(RateLimited, "%s asks for fewer requests (429): %s", c.base, excerpt(text))
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status == http.StatusTooEarly,
		status >= 500 && status != http.StatusNotImplemented:
		e = passing(Unavailable, "%s cannot answer now (%d): %s", c.base, status, excerpt(text))
	case status < 300:
		e = notCompatible(c.base, string(body))
	default:
		e = c.turnedAway(status, text, body)
	}
	e.RetryAfter, e.said = retryAfter(resp.Header, c.now()), text
	return e
}

// turnedAway is the error for a request that would be answered with the same status again.
func (c *Client) turnedAway(status int, text string, body []byte) *Error {
	switch {
	case isHTML(body):
		return notCompatible(c.base, string(body))
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fault(WrongKey, "%s refuses the key (%d): %s; set key or OPENAI_API_KEY to one that may use this endpoint and model", c.base, status, excerpt(text))
	case sayTooLong.MatchString(text) || status == http.StatusRequestEntityTooLarge:
		return fault(TooLong, "the prompt is too long for the model (%d): %s", status, excerpt(text))
	case sayFiltered.MatchString(text):
		return fault(Refused, "a content filter of the endpoint turned the prompt away: %s", excerpt(text))
	case sayNoModel.MatchString(text) || status == http.StatusNotFound && strings.Contains(strings.ToLower(text), "model"):
		return fault(UnknownModel, "%s does not know this model (%d): %s; name one that it offers in the configuration", c.base, status, excerpt(text))
	case status == http.StatusNotFound || status == http.StatusMethodNotAllowed:
		return fault(NotCompatible, "nothing to ask is at %s (%d): %s; base_url or OPENAI_BASE_URL mostly ends in /v1", c.base, status, excerpt(text))
	}
	return fault(Rejected, "%s does not accept the request (%d): %s", c.base, status, excerpt(text))
}

// unreachable is the error for a request that found no endpoint, or lost it.
func (c *Client) unreachable(err error) *Error {
	var (
		dns     *net.DNSError
		dial    *net.OpError
		invalid *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		plain   tls.RecordHeaderError
		e       *Error
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		e = fault(Timeout, "%v", err) // the caller knows the cause
	case errors.As(err, &invalid), errors.As(err, &unknown), errors.As(err, &host):
		e = fault(Unreachable, "the TLS certificate of %s is not trusted: %v", c.base, err)
	case errors.As(err, &plain), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		e = fault(Unreachable, "%s does not speak TLS; set base_url or OPENAI_BASE_URL to http:// if that is meant", c.base)
	case errors.As(err, &dns), errors.As(err, &dial) && dial.Op == "dial":
		e = fault(Unreachable, "nothing answers at %s; set base_url or OPENAI_BASE_URL: %v", c.base, err)
		e.retry = c.reached.Load()
	default:
		e = passing(Dropped, "the connection to %s ended before the answer began: %v", c.base, err)
	}
	e.Err = err
	return e
}

func (c *Client) incompatible(text string) *Error { return notCompatible(c.base, text) }

// notCompatible is the error for something that is no answer.
func notCompatible(base, text string) *Error {
	what := "it answers with something that is not JSON"
	switch {
	case isHTML([]byte(text)):
		what = "it answers with HTML"
	case json.Valid([]byte(text)):
		what = "it answers with JSON of another kind"
	case strings.TrimSpace(text) == "":
		what = "it answers with nothing"
	}
	return fault(NotCompatible, "this is not an OpenAI-compatible endpoint: %s: %s: %s; base_url or OPENAI_BASE_URL mostly ends in /v1", base, what, excerpt(text))
}

func isHTML(body []byte) bool {
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html")) || bytes.HasPrefix(start, []byte("<head"))
}

// said finds what an error is about: OpenAI's {"error": {"message", "code", …}} and the forms of others, else all of it.
func said(body []byte) string {
	var form struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
		Code    json.RawMessage `json:"code"`
	}
	text := bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(body), []byte("[")), []byte("]")) // Google sends a list
	if json.Unmarshal(text, &form) != nil {
		return string(body)
	}
	var inner struct{ Message, Type, Param string }
	var code struct{ Code any }
	switch {
	case json.Unmarshal(form.Error, &inner) == nil && inner.Message != "":
		_ = json.Unmarshal(form.Error, &code) // a code is a bonus
		return strings.TrimSpace(fmt.Sprintf("%s %s", inner.Message, labels(inner.Type, inner.Param, code.Code)))
	case len(form.Error) > 2 && string(form.Error) != "null":
		return strings.Trim(string(form.Error), `"`)
	case form.Message != "":
		return form.Message
	case len(form.Detail) > 0:
		return strings.Trim(string(form.Detail), `"`)
	}
	return string(body)
}

// labels lists what is known of an error beside its message, in brackets.
func labels(kind, param string, code any) string {
	var out []string
	for _, l := range []string{kind, param} {
		if l != "" {
			out = append(out, l)
		}
	}
	if code != nil && code != "" {
		out = append(out, fmt.Sprint(code))
	}
	if len(out) == 0 {
		return ""
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// excerpt is the beginning of text on one line.
func excerpt(text string) string {
	const most = 300
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "�")
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
