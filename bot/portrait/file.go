package portrait

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"unicode/utf8"
)

// largestFile is how many bytes of a file are shown.
const largestFile = 64 << 10

// file is the text of a file of the product, cut where it is long; a seed comes without the values that are withheld.
// The errors are for whoever asked for it.
func (k *knowledge) file(name string) (string, error) {
	name, err := k.tidy(name)
	if err != nil {
		return "", err
	}
	for _, s := range k.seeds {
		if s.Path == name {
			text, err := k.seedText(s, askedRows)
			if err != nil {
				return "", fmt.Errorf("%s can't be read as a table of data", name)
			}
			return cutBytes(text), nil
		}
	}
	switch path.Ext(strings.ToLower(name)) {
	case ".sql", ".yaml", ".yml", ".md":
	default:
		return "", fmt.Errorf("%s is not shown: only .sql, .yaml and .md files are, and the seeds", name)
	}
	if strings.HasPrefix(name, "seeds/") {
		return "", fmt.Errorf("%s is not shown: of the folder seeds only CSV and Parquet files are", name)
	}
	return k.read(name)
}

// tidy makes sure that a name is one inside the product.
func (k *knowledge) tidy(name string) (string, error) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "./")
	if k.product.Path != "." {
		name = strings.TrimPrefix(name, k.product.Path+"/")
	}
	if !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00") {
		return "", fmt.Errorf("%q is not a file of this product: write its path inside the product, such as models/orders.sql", cut(name, 100))
	}
	for _, part := range strings.Split(name, "/") {
		if strings.HasPrefix(part, ".") {
			return "", fmt.Errorf("%s is not shown: files and folders whose names begin with a dot are not part of a product", name)
		}
	}
	return name, nil
}

// read reads a text file, without following any link.
func (k *knowledge) read(name string) (string, error) {
	root, err := os.OpenRoot(k.product.Dir())
	if err != nil {
		return "", errors.New("the product's folder can't be opened")
	}
	defer root.Close()
	for i := range strings.Split(name, "/") {
		part := strings.Join(strings.Split(name, "/")[:i+1], "/")
		info, err := root.Lstat(part)
		if err != nil {
			return "", fmt.Errorf("there is no file %s", name)
		}
		if last := part == name; last != info.Mode().IsRegular() || !last && !info.IsDir() {
			return "", fmt.Errorf("%s is not shown: it is not a regular file in regular folders", name)
		}
	}
	f, err := root.Open(name)
	if err != nil {
		return "", fmt.Errorf("%s can't be opened", name)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largestFile+1))
	if err != nil {
		return "", fmt.Errorf("%s can't be read", name)
	}
	if bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data) && len(data) <= largestFile {
		return "", fmt.Errorf("%s is not text", name)
	}
	return cutBytes(string(data)), nil
}

// cutBytes cuts a text at largestFile and says so.
func cutBytes(text string) string {
	if len(text) <= largestFile {
		return text
	}
	return strings.ToValidUTF8(text[:largestFile], "") + "\n… (the rest is left out: the file is longer than what is shown)"
}
