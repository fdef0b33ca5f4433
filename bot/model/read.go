package model

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
)

// ReadRecording reads the exchanges in the root of fsys, in order. Display goes before the names of files in errors, as the folder that
// fsys is. A number that is missing or there twice is an error.
func ReadRecording(fsys fs.FS, display string) ([]Exchange, error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read recording %s: %w", display, err)
	}
	named := map[int]string{}
	last := 0
	for _, e := range entries {
		m := exchangeFile.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1]) // at most six digits
		if named[n] != "" {
			return nil, fmt.Errorf("read recording %s: %s and %s have the same number", display, named[n], e.Name())
		}
		named[n], last = e.Name(), max(last, n)
	}
	if last == 0 {
		return nil, fmt.Errorf("read recording %s: it holds no exchange such as 01-refine.md", display)
	}
	var out []Exchange
	for n := 1; n <= last; n++ {
		if named[n] == "" {
			return nil, fmt.Errorf("read recording %s: exchange %02d is missing, of %d", display, n, last)
		}
		x, err := readExchange(fsys, display, named[n])
		if err != nil {
			return nil, err
		}
		x.Number = n
		if err := x.fillIn(out); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Join(display, named[n]), err)
		}
		out = append(out, x)
	}
	return out, nil
}

func readExchange(fsys fs.FS, display, name string) (Exchange, error) {
	file := path.Join(display, name)
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Exchange{}, fmt.Errorf("read recording %s: %w", display, err)
	}
	x, err := ParseExchange(file, data)
	if err == nil && exchangeFile.FindStringSubmatch(name)[2] != x.Request.Stage {
		err = fmt.Errorf("%s: the name says another stage than the head: %s", file, x.Request.Stage)
	}
	return x, err
}

// fileName is the name of the file that an exchange stands in.
func (x Exchange) fileName() string { return fmt.Sprintf("%02d-%s.md", x.Number, x.Request.Stage) }
