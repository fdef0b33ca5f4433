package localforge

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// page is a part of a list.
type page struct{ from, to, number, size int }

// page is the part of a list of n that the request asks for.
func (q *query) page(n int) page {
	number := func(name string, otherwise, most int) int {
		v, err := strconv.Atoi(q.r.URL.Query().Get(name))
		if err != nil || v < 1 {
			return otherwise
		}
		return min(v, most)
	}
	p := page{number: number("page", 1, 1<<20), size: number("per_page", 30, 100)}
	p.from = min((p.number-1)*p.size, n)
	p.to = min(p.from+p.size, n)
	return p
}

// list answers with a page of a list.
func (q *query) list(all []object) answer {
	p := q.page(len(all))
	return q.linked(len(all), ok(all[p.from:p.to]))
}

// linked adds the Link header that names the pages around this one.
func (q *query) linked(n int, a answer) answer {
	p := q.page(n)
	last := (n + p.size - 1) / p.size
	var links []string
	link := func(rel string, number int) {
		v := q.r.URL.Query()
		v.Set("page", strconv.Itoa(number))
		links = append(links, fmt.Sprintf("<%s%s?%s>; rel=%q", q.base, q.r.URL.Path, v.Encode(), rel))
	}
	if p.number > 1 {
		link("prev", p.number-1)
		link("first", 1)
	}
	if p.number < last {
		link("next", p.number+1)
		link("last", last)
	}
	if len(links) > 0 {
		a.header = http.Header{"Link": {strings.Join(links, ", ")}}
	}
	return a
}

// each makes an object of each element.
func each[T any](all []T, make func(T) object) []object {
	out := []object{}
	for _, v := range all {
		out = append(out, make(v))
	}
	return out
}
