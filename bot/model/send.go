package model

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	openai "github.com/sashabaranov/go-openai"
)

// errNotStreamed is how a wire says that the answer came in one piece.
var errNotStreamed = errors.New("the answer came in one piece")

// send makes one request of the endpoint. seen is told how many tokens have come so far.
func (c *Client) send(ctx context.Context, sent sending, seen func(int)) (reply, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := &wire{client: c}
	if sent.Stream {
		w.idle = time.AfterFunc(c.limits.Idle, func() {
			cancel(passing(Silent, "no byte came from %s for %s; raise the idle timeout if the model thinks that long", c.base, c.limits.Idle))
		})
		defer w.idle.Stop()
	}
	defer w.close()
	got, err := c.receive(ctx, w, sent, seen)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return got, cause
	}
	return got, err
}

// receive sends the request through go-openai and puts the answer together.
func (c *Client) receive(ctx context.Context, w *wire, sent sending, seen func(int)) (reply, error) {
	got := reply{limit: c.limits.AnswerBytes}
	if !sent.Stream {
		_, err := c.api(w).CreateChatCompletion(ctx, sent.ChatCompletionRequest)
		return w.inOnePiece(got, err)
	}
	stream, err := c.api(w).CreateChatCompletionStream(ctx, sent.ChatCompletionRequest)
	if err != nil {
		return w.inOnePiece(got, err)
	}
	for {
		data, err := stream.RecvRaw()
		if err != nil {
			got.close()
			return got, w.ended(got, err)
		}
		if err := got.add(data); err != nil {
			return got, c.known(err)
		}
		seen(tokensOf(got.bytes))
	}
}

// wire is the way of one request and its answer: it watches over go-openai's reading, and judges what is no answer.
type wire struct {
	client *Client
	idle   *time.Timer // nil while an answer in one piece is waited for
	body   io.Closer
	asked  bool // whether go-openai let the request pass
	events *events
	whole  []byte // an answer that came in one piece
}

// Do sends r. It returns only answers that are a stream of events; see inOnePiece for the others.
func (w *wire) Do(r *http.Request) (*http.Response, error) {
	w.asked = true
	resp, err := w.client.http.Do(r)
	if err != nil {
		return nil, w.client.unreachable(err)
	}
	w.body = resp.Body
	w.client.reached.Store(true)
	in := newIncoming(resp.Body, w.idle, w.client.limits.Idle, w.client.limits.AnswerBytes)
	if resp.StatusCode != http.StatusOK {
		return nil, w.client.judge(resp, in.some(errorBytes))
	}
	if !in.isStream(resp.Header.Get("Content-Type")) {
		w.whole, err = in.all()
		if err == nil {
			err = errNotStreamed
		}
		return nil, err
	}
	w.events = &events{in: in}
	resp.Body = w.events
	return resp, nil
}

func (w *wire) close() {
	if w.body != nil {
		w.body.Close()
	}
}

// inOnePiece reads the answer that made Do return errNotStreamed; any other err is returned.
func (w *wire) inOnePiece(got reply, err error) (reply, error) {
	if !errors.Is(err, errNotStreamed) {
		var known *Error
		switch {
		case errors.As(err, &known):
		case !w.asked:
			err = fault(Rejected, "the request was not sent: %v", err)
		default:
			err = passing(Dropped, "the connection to %s ended before the answer did: %v", w.client.base, err)
		}
		return got, err
	}
	err = got.decode(w.whole, w.client.base)
	return got, w.client.known(err)
}

// known turns a brokenOff into an *Error, and leaves other errors as they are.
func (c *Client) known(err error) error {
	var b brokenOff
	if errors.As(err, &b) {
		return c.complaint(b)
	}
	return err
}

// ended judges the end of a stream: nil if the answer is whole.
func (w *wire) ended(got reply, err error) error {
	var known *Error
	var said *openai.APIError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &said):
		text, _ := json.Marshal(map[string]any{"error": map[string]any{"message": said.Message, "type": said.Type, "code": said.Code}})
		return w.client.complaint(text)
	case errors.Is(err, io.EOF) && (w.events.done || got.finish != ""):
		return nil
	case errors.Is(err, io.EOF) && w.events.count == 0 && w.events.junk.Len() > 0:
		return w.client.incompatible(w.events.junk.String())
	}
	return passing(Dropped, "the connection to %s ended before the answer did", w.client.base)
}

// brokenOff is an error in OpenAI's form that came where an answer should be.
type brokenOff []byte

// Error is what the endpoint said.
func (b brokenOff) Error() string { return said(b) }

// complaint judges an error that came under the status 200, in the middle of a stream or in the place of an answer.
func (c *Client) complaint(b brokenOff) *Error {
	var with struct {
		Error struct{ Code any }
	}
	_ = json.Unmarshal(b, &with) // without a code, the words must do
	text, status := b.Error(), http.StatusBadGateway
	code, isNumber := with.Error.Code.(float64)
	switch {
	case isNumber && code >= 400 && code < 600:
		status = int(code)
	case sayTooLong.MatchString(text), sayNoModel.MatchString(text), sayFiltered.MatchString(text):
		status = http.StatusBadRequest
	case sayNoCredit.MatchString(text), strings.Contains(strings.ToLower(text), "rate limit"), strings.Contains(text, "rate_limit"):
		status = http.StatusTooManyRequests
	}
	return c.judge(&http.Response{StatusCode: status, Header: http.Header{}}, b)
}
