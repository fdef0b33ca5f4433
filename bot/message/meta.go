package message

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// metaSchema is the version of Meta that is written.
const metaSchema = 1

// Meta is what the body of a merge request tells the bot itself, hidden from people. Whoever may edit the body may edit it: it helps to
// find again what was lost, and authorises nothing.
type Meta struct {
	Schema  int    `json:"schema"`
	Change  string `json:"change"`
	Product string `json:"product"`
	Path    string `json:"path"`
	// Base and Head are the commits that the change is between.
	Base     string        `json:"base"`
	Head     string        `json:"head"`
	Triggers []MetaTrigger `json:"triggers,omitempty"`
}

// MetaTrigger names one thing that asked for a change.
type MetaTrigger struct {
	Key  string `json:"key"`
	Hash string `json:"hash"`
	Kind string `json:"kind"`
}

// Meta is what the change's body hides.
func (c Change) Meta() Meta {
	m := Meta{Schema: metaSchema, Change: c.ID, Product: c.Product, Path: c.Path, Base: c.BaseSHA, Head: c.HeadSHA}
	for _, t := range c.Triggers {
		m.Triggers = append(m.Triggers, MetaTrigger{Key: t.Key, Hash: t.Hash, Kind: t.Kind})
	}
	return m
}

// String is the hidden line.
func (m Meta) String() string {
	text, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("a Meta has no JSON form: %v", err)) // it holds strings and a number: cannot happen
	}
	return fmt.Sprintf("<!-- codicil:%d %s -->\n", metaSchema, base64.URLEncoding.EncodeToString(text))
}

var metaLine = regexp.MustCompile(`(?m)^<!-- codicil:([0-9]+) ([A-Za-z0-9_=-]*) -->\r?$`)

// ParseMeta reads the hidden line of a body; the last one counts where there are several. ok is false if there is none. The
// error says that there is one which cannot be read.
func ParseMeta(body string) (m Meta, ok bool, err error) {
	all := metaLine.FindAllStringSubmatch(body, -1)
	if len(all) == 0 {
		return m, false, nil
	}
	last := all[len(all)-1]
	if last[1] != fmt.Sprint(metaSchema) {
		return m, false, fmt.Errorf("read the metadata of a merge request: it is of version %s, and this program knows %d", last[1], metaSchema)
	}
	text, err := base64.URLEncoding.DecodeString(last[2])
	if err != nil {
		return m, false, fmt.Errorf("read the metadata of a merge request: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, false, fmt.Errorf("read the metadata of a merge request: %w", err)
	}
	return m, true, nil
}

// keyed puts the hidden key of a comment in front of its text.
func keyed(key, text string) string {
	return "<!-- codicil:comment " + base64.URLEncoding.EncodeToString([]byte(key)) + " -->\n" + strings.TrimRight(text, "\n") + "\n"
}

var keyLine = regexp.MustCompile(`\A<!-- codicil:comment ([A-Za-z0-9_=-]*) -->\r?(?:\n|\z)`)

// CommentKey is the key that a comment of the bot begins with, by which it finds the comment again; ok is false if there is none. It
// means something only in a comment that the bot wrote.
func CommentKey(body string) (key string, ok bool) {
	m := keyLine.FindStringSubmatch(body)
	if m == nil {
		return "", false
	}
	text, err := base64.URLEncoding.DecodeString(m[1])
	if err != nil {
		return "", false
	}
	return string(text), true
}
