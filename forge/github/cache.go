package github

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"sync"
)

// conditional asks GitHub only for what changed: a read whose answer is known is sent with its ETag, and an answer of 304, which counts nothing
// against the limits, gives the known one. Every read is asked of GitHub: nothing is answered from here alone, so a permission is always the
// present one. The libraries that do this answer from memory for the minute that GitHub's Cache-Control allows, and know nothing of credentials.
type conditional struct {
	cache *cache
	name  string // of the credential: what one may see is not shown to another
	next  http.RoundTripper
}

// RoundTrip sends a request.
func (c *conditional) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || req.Header.Get("Range") != "" || req.Header.Get("If-None-Match") != "" {
		return c.next.RoundTrip(req)
	}
	key := c.name + "\n" + req.Header.Get("Accept") + "\n" + req.URL.String()
	known := c.cache.get(key)
	if known != nil {
		req = req.Clone(req.Context())
		req.Header.Set("If-None-Match", known.tag)
	}
	response, err := c.next.RoundTrip(req)
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusNotModified && known != nil:
		_ = response.Body.Close()
		return known.answer(response), nil
	case response.StatusCode != http.StatusOK || response.Header.Get("ETag") == "":
		return response, nil
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, int64(biggestKept)+1))
	if err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	if len(data) > biggestKept {
		response.Body = joined{io.MultiReader(bytes.NewReader(data), response.Body), response.Body}
		return response, nil
	}
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(data))
	c.cache.put(&kept{key: key, tag: response.Header.Get("ETag"), header: response.Header.Clone(), data: data})
	return response, nil
}

type joined struct {
	io.Reader
	io.Closer
}

// biggestKept is how large an answer may be to be kept, in bytes.
const biggestKept = 2 << 20

// kept is an answer with its ETag.
type kept struct {
	key, tag string
	header   http.Header
	data     []byte
}

// answer is the kept one, with what the fresh 304 says of limits and time.
func (k *kept) answer(fresh *http.Response) *http.Response {
	header := k.header.Clone()
	for name, values := range fresh.Header {
		if name != "Content-Length" && name != "Content-Type" && name != "Content-Encoding" {
			header[name] = values
		}
	}
	return &http.Response{Status: "200 OK", StatusCode: http.StatusOK, Proto: fresh.Proto, ProtoMajor: fresh.ProtoMajor, ProtoMinor: fresh.ProtoMinor, Header: header,
		Body: io.NopCloser(bytes.NewReader(k.data)), ContentLength: int64(len(k.data)), Request: fresh.Request}
}

// cache keeps the answers that were asked for last, up to a number of bytes.
type cache struct {
	most int

	mu     sync.Mutex
	size   int
	recent *list.List // of *kept, the latest in front
	byKey  map[string]*list.Element
}

func newCache(most int) *cache {
	return &cache{most: most, recent: list.New(), byKey: map[string]*list.Element{}}
}

func (k *kept) size() int { return 2*len(k.key) + len(k.data) + 1024 }

// get is the answer kept under a key; nil if there is none.
func (c *cache) get(key string) *kept {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.recent.MoveToFront(e)
	return e.Value.(*kept)
}

func (c *cache) put(k *kept) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[k.key]; e != nil {
		c.drop(e)
	}
	c.byKey[k.key] = c.recent.PushFront(k)
	c.size += k.size()
	for c.size > c.most && c.recent.Len() > 0 {
		c.drop(c.recent.Back())
	}
}

func (c *cache) drop(e *list.Element) {
	k := c.recent.Remove(e).(*kept)
	delete(c.byKey, k.key)
	c.size -= k.size()
}
