package model

import "testing"

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"a\n\tb \\ c\n": "", // nothing to protect
		"Größe 数 🙂 �":   "",
		"a \nb":         `a\x20` + "\nb",
		"a\t":           `a\x09`,
		"a\r\nb\\":      `a\r` + "\n" + `b\\`,
		"\xff":          `\xff`,
		"\u202eevil":    `\u{202e}evil`,
		"\ufeffa\x00":   `\u{feff}a\u{0}`,
	} {
		if fragile(text) != (want != "") {
			t.Errorf("%q: fragile is %v", text, fragile(text))
		}
		if got := escape(text); want != "" && got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
		if back, ok := unescape(escape(text)); !ok || back != text {
			t.Errorf("%q came back as %q", text, back)
		}
	}
	for _, text := range []string{`\`, `\q`, `\x`, `\x1`, `\xzz`, `\u{}`, `\u{110000}`, `\u{d800}`, `\u{12`, `\u12`} {
		if got, ok := unescape(text); ok {
			t.Errorf("%q was read as %q", text, got)
		}
	}
}
