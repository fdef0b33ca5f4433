package message

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMetaIsReadBack(t *testing.T) {
	m := renamed(t).Meta()
	if m.Triggers[0].Hash == "" || m.Base == "" || m.Head == "" || m.Change == "" || m.Path == "" {
		t.Errorf("%+v lacks something", m)
	}
	other := m
	other.Change = "c-0001"
	for _, c := range []struct {
		name, body string
		want       Meta
		ok         bool
		err        string
	}{
		{"one", "text\n\n" + m.String(), m, true, ""},
		{"with line breaks of the host", "text\r\n\r\n" + strings.ReplaceAll(m.String(), "\n", "\r\n"), m, true, ""},
		{"the last one", other.String() + "text\n" + m.String() + "more\n", m, true, ""},
		{"none", "text", Meta{}, false, ""},
		{"within a line", "see " + m.String(), Meta{}, false, ""},
		{"newer", strings.Replace(m.String(), "codicil:1", "codicil:2", 1), Meta{}, false, "it is of version 2, and this program knows 1"},
		{"broken", "<!-- codicil:1 abc -->", Meta{}, false, "illegal base64"},
		{"not JSON", "<!-- codicil:1 AAAA -->", Meta{}, false, "invalid character"},
	} {
		got, ok, err := ParseMeta(c.body)
		if ok != c.ok || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || ok && cmp.Diff(c.want, got) != "" {
			t.Errorf("%s: %+v, %v, %v", c.name, got, ok, err)
		}
	}
}

func TestCommentKeys(t *testing.T) {
	for _, key := range []string{"status/991/orders", "", "--> <script>", "ü\n"} {
		body := Said(key, "Nothing to do.")
		if got, ok := CommentKey(body); !ok || got != key {
			t.Errorf("%q came back as %q, %v", key, got, ok)
		}
		if strings.Count(body, "-->") != 1 {
			t.Errorf("%q breaks out: %s", key, body)
		}
	}
	for _, body := range []string{"", "Nothing", "Nothing\n" + Said("k", "x"), "> " + Said("k", "x"), "<!-- codicil:comment a -->"} {
		if got, ok := CommentKey(body); ok {
			t.Errorf("%q has the key %q", body, got)
		}
	}
}
