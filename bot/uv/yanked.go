package uv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/sync/errgroup"
)

// simpleJSON and simpleHTML are the two forms of an index, of PEP 691 and of PEP 503.
const (
	simpleJSON = "application/vnd.pypi.simple.v1+json"
	simpleHTML = "application/vnd.pypi.simple.v1+html"
)

// largestAnswer is how many bytes the index may say of one package.
const largestAnswer = 64 << 20

// yankedFile is a file in the index.
type yankedFile struct {
	Filename string
	Yanked   bool
	Reason   string
}

// askYanked asks the index for each pin whether its version was withdrawn (PEP 592): whether all of its files were.
func (h *Owner) askYanked(ctx context.Context, list []Pin) error {
	base, err := h.indexURL(ctx)
	if err != nil {
		return err
	}
	places := map[string][]int{}
	for i, p := range list {
		if p.Has != "" {
			places[p.Name] = append(places[p.Name], i)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for name, at := range places {
		group.Go(func() error {
			files, err := h.tool.filesOf(ctx, base, name)
			if err != nil {
				return err
			}
			for _, i := range at {
				list[i].Yanked, list[i].WasYanked = yanked(files, name, list[i].Has)
			}
			return nil
		})
	}
	return group.Wait()
}

// indexURL is the index that uv uses, without a slash at the end; where none is configured, uv is asked.
func (h *Owner) indexURL(ctx context.Context) (string, error) {
	if index := h.tool.options.Index; index != "" {
		return strings.TrimSuffix(index, "/"), nil
	}
	dir, remove, err := h.scratch()
	if err != nil {
		return "", err
	}
	defer remove()
	if err := writeFile(dir, requirementsFile, nil); err != nil {
		return "", fmt.Errorf("ask uv for its index: %w", err)
	}
	out, err := h.run(ctx, command{dir: dir, args: []string{"pip", "compile", "--quiet", "--no-header", "--emit-index-url",
		"--python", h.tool.python.Path, requirementsFile}})
	if err != nil {
		return "", err
	}
	for _, l := range strings.Split(out, "\n") {
		if index, ok := strings.CutPrefix(l, "--index-url "); ok {
			return strings.TrimSuffix(strings.TrimSpace(index), "/"), nil
		}
	}
	return "", errors.New("ask uv for its index: it names none; configure one")
}

// filesOf asks the index for the files of a package. One that it does not have has none.
func (t *Tool) filesOf(ctx context.Context, base, name string) ([]yankedFile, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/"+url.PathEscape(name)+"/", nil)
	if err != nil {
		return nil, errors.New("ask the package index: its URL is not one")
	}
	request.Header.Set("Accept", simpleJSON+", "+simpleHTML+";q=0.2, text/html;q=0.1")
	request.Header.Set("User-Agent", "codicil")
	if password := t.options.variable("UV_INDEX_CODICIL_PASSWORD"); password != "" {
		request.SetBasicAuth(t.options.variable("UV_INDEX_CODICIL_USERNAME"), password)
	}
	response, err := t.client.Do(request)
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &UnreachableError{Detail: t.secrets.Replace(err.Error())}
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	if response.StatusCode != http.StatusOK {
		return nil, &UnreachableError{Detail: fmt.Sprintf("it answers %s for %s", response.Status, name)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, largestAnswer+1))
	if err == nil && len(body) > largestAnswer {
		err = fmt.Errorf("more than %d MB", largestAnswer>>20)
	}
	var files []yankedFile
	if err == nil {
		files, err = filesIn(response.Header.Get("Content-Type"), body)
	}
	if err != nil {
		return nil, &UnreachableError{Detail: fmt.Sprintf("its answer for %s is not one: %v", name, err)}
	}
	return files, nil
}

// filesIn reads an answer of the index.
func filesIn(contentType string, body []byte) ([]yankedFile, error) {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil, err
	}
	switch kind {
	case simpleJSON:
		return filesInJSON(body)
	case simpleHTML, "text/html":
		return filesInHTML(string(body))
	}
	return nil, fmt.Errorf("%q is neither JSON nor HTML of an index", kind)
}

// filesInJSON reads the form of PEP 691, where yanked is a reason or true.
func filesInJSON(body []byte) ([]yankedFile, error) {
	var answer struct {
		Files []struct {
			Filename string `json:"filename"`
			Yanked   any    `json:"yanked"`
		} `json:"files"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, err
	}
	files := make([]yankedFile, 0, len(answer.Files))
	for _, f := range answer.Files {
		reason, isText := f.Yanked.(string)
		files = append(files, yankedFile{Filename: f.Filename, Reason: reason, Yanked: isText || f.Yanked == true})
	}
	return files, nil
}

// filesInHTML reads the form of PEP 503: links whose text is the file's name, with the attribute of PEP 592.
func filesInHTML(body string) ([]yankedFile, error) {
	var files []yankedFile
	for z := html.NewTokenizer(strings.NewReader(body)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if errors.Is(z.Err(), io.EOF) {
				return files, nil
			}
			return nil, z.Err()
		case html.StartTagToken:
			tag := z.Token()
			if tag.Data != "a" {
				continue
			}
			var f yankedFile
			for _, a := range tag.Attr {
				if a.Key == "data-yanked" {
					f.Yanked, f.Reason = true, a.Val
				}
			}
			if z.Next() == html.TextToken {
				f.Filename = strings.TrimSpace(z.Token().Data)
				files = append(files, f)
			}
		}
	}
}

// yanked says whether all of a version's files were withdrawn, and why the first of them was. Reasons are cut at 500 bytes.
func yanked(files []yankedFile, name, version string) (reason string, is bool) {
	for _, f := range files {
		if !same(versionOf(f.Filename, name), version) {
			continue
		}
		if !f.Yanked {
			return "", false
		}
		if !is {
			is, reason = true, strings.Join(strings.Fields(f.Reason), " ")
		}
	}
	if len(reason) > 500 {
		reason = strings.ToValidUTF8(reason[:500], "") + "…"
	}
	return reason, is
}

// versionOf is the version in the name of a wheel or a source archive.
func versionOf(file, name string) string {
	if wheel, ok := strings.CutSuffix(file, ".whl"); ok {
		if parts := strings.Split(wheel, "-"); len(parts) >= 5 {
			return parts[1]
		}
		return ""
	}
	for _, ending := range []string{".tar.gz", ".zip", ".tar.bz2", ".tar.xz"} {
		stem, ok := strings.CutSuffix(file, ending)
		if ok && len(stem) > len(name) && canonical(stem[:len(name)]) == name {
			return stem[len(name)+1:]
		}
	}
	return ""
}
