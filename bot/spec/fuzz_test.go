package spec

import (
	"bytes"
	"testing"

	"github.com/codicil-dev/codicil/bot"
)

// inside fails if a problem is not at a place of the file.
func inside(t *testing.T, data []byte, problems bot.Problems) {
	lines := len(newText(data).lines)
	for _, p := range problems {
		if p.Line < 0 || p.Line > lines || p.Column < 0 || p.Column > len(data)+1 || p.Message == "" {
			t.Errorf("problem outside of the %d lines: %v", lines, p)
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(commented))
	f.Add([]byte("a: [*x, &y z]\n<<: 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, problems := ParseSpec("s.yaml", data)
		inside(t, data, problems)
		if (s == nil) != (len(problems) > 0) {
			t.Fatalf("spec %v with problems %v", s, problems)
		}
		if s == nil {
			return
		}
		if again, err := UpdateSpec(data, s); err != nil || !bytes.Equal(again, data) {
			t.Fatalf("update without a change: %v", err)
		}
		written, err := MarshalSpec(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, problems := ParseSpec("s.yaml", written); got == nil || Hash(got) != Hash(s) {
			t.Fatalf("read back otherwise: %v\n%s", problems, written)
		}
		if changes := Diff(s, s, nil); len(changes) > 0 {
			t.Fatalf("differs from itself: %v", changes)
		}
		changed := *s
		changed.Purpose = "Changed."
		if got, err := UpdateSpec(data, &changed); err != nil {
			t.Fatal(err)
		} else if read, _, problems := ParseSpec("s.yaml", got); read == nil || !equalValues(read, changed) {
			t.Fatalf("update went wrong: %v\n%s", problems, got)
		}
	})
}

func FuzzParseAmendment(f *testing.F) {
	f.Add([]byte(amendment("1")))
	f.Add([]byte("id: 1\nexpects: [{change_key: {on: a, to: [b]}}]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, _, problems := ParseAmendment("a.yaml", data)
		inside(t, data, problems)
		if (a == nil) != (len(problems) > 0) {
			t.Fatalf("amendment %v with problems %v", a, problems)
		}
		if a == nil {
			return
		}
		written, err := MarshalAmendment(a)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, problems := ParseAmendment("a.yaml", written); got == nil || !equalValues(got, a) {
			t.Fatalf("read back otherwise: %v\n%s", problems, written)
		}
	})
}
