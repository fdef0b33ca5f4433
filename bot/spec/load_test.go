package spec

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// amendment is a whole amendment of that id.
func amendment(id string) string {
	return "id: " + id + `
requirement: I want it
origin: {kind: issue}
reading: It is wanted.
expects: []
checks: []
change: Done.
`
}

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestLoad(t *testing.T) {
	link := &fstest.MapFile{Data: []byte("elsewhere"), Mode: fs.ModeSymlink}
	tests := []struct {
		name  string
		files fstest.MapFS
		ids   int
		want  string
	}{
		{"good", fstest.MapFS{"p/spec.yaml": file(minimal), "p/amendments/0001.yaml": file(amendment("1")), "p/amendments/0002.yaml": file(amendment("2"))}, 2, ""},
		{"no ledger", fstest.MapFS{"p/spec.yaml": file(minimal)}, 0, ""},
		{"no spec", fstest.MapFS{"p/amendments/0001.yaml": file(amendment("1"))}, 1, "shop/orders/spec.yaml: the file does not exist: write it"},
		{"gap", fstest.MapFS{"p/spec.yaml": file(minimal), "p/amendments/0002.yaml": file(amendment("2")), "p/amendments/0005.yaml": file(amendment("5"))}, 2,
			"shop/orders/amendments/0002.yaml: amendment 1 is missing before this one: restore amendments/0001.yaml, or renumber\n" +
				"shop/orders/amendments/0005.yaml: amendments 3 to 4 are missing before this one: restore them, or renumber"},
		{"wrong id", fstest.MapFS{"p/spec.yaml": file(minimal), "p/amendments/0001.yaml": file(amendment("1")), "p/amendments/0002.yaml": file(amendment("1"))}, 1,
			"shop/orders/amendments/0002.yaml:1:5: the id is 1 but the file is named 0002.yaml: make them agree"},
		{"stray files", fstest.MapFS{"p/spec.yaml": file(minimal), "p/amendments/notes.md": file("hi"), "p/amendments/1.yaml": file(amendment("1")), "p/amendments/00001.yaml": file(amendment("1"))}, 0,
			"shop/orders/amendments/00001.yaml: amendments are numbered from 0001.yaml with four digits: rename the file\n" +
				"shop/orders/amendments/1.yaml: only amendments named as 0001.yaml belong in this folder: move or rename the file\n" +
				"shop/orders/amendments/notes.md: only amendments named as 0001.yaml belong in this folder: move or rename the file"},
		{"links", fstest.MapFS{"p/spec.yaml": link, "p/amendments/0001.yaml": link}, 0,
			"shop/orders/amendments/0001.yaml: the file is a symbolic link: replace it with the file itself\n" +
				"shop/orders/spec.yaml: the file is a symbolic link: replace it with the file itself"},
		{"linked folder", fstest.MapFS{"p/spec.yaml": file(minimal), "p/amendments": link}, 0,
			"shop/orders/amendments: the folder is a symbolic link: replace it with the folder itself"},
		{"irregular", fstest.MapFS{"p/spec.yaml": {Mode: fs.ModeNamedPipe}, "p/amendments": file("")}, 0,
			"shop/orders/amendments: this must be a folder: rename the file\n" +
				"shop/orders/spec.yaml: this is not a regular file: replace it with one"},
		{"errors in all files", fstest.MapFS{"p/spec.yaml": file(strings.Replace(minimal, "1.2.0", "1.0", 1)), "p/amendments/0001.yaml": file("id: one\n" + amendment("1")[6:])}, 0,
			"shop/orders/amendments/0001.yaml:1:5: id must be a whole number, not one: write it without quotes, as in 1\n" +
				"shop/orders/spec.yaml:3:10: version must be a string: put quotes around 1.0"},
		{"huge", fstest.MapFS{"p/spec.yaml": {Data: bytes.Repeat([]byte("#"), 50<<20)}}, 0,
			"shop/orders/spec.yaml: the file has 52428800 bytes, more than the 1048576 that are allowed: shorten it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, problems := Load(tt.files, "p", "shop/orders")
			if got := problems.Error(); got != tt.want {
				t.Errorf("problems:\n%s\nwant:\n%s", got, tt.want)
			}
			if len(d.Ledger.Entries) != tt.ids {
				t.Errorf("%d entries, want %d", len(d.Ledger.Entries), tt.ids)
			}
			if (d.Spec == nil) != strings.Contains(tt.want, "spec.yaml:") {
				t.Errorf("spec is %v", d.Spec)
			}
		})
	}
}
