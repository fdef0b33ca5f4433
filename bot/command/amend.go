package command

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

var (
	// target is a word that could be a product's name or path, and the colon behind it.
	target = regexp.MustCompile("^(`?)([\\pL\\pN_./-]{1,200})(`?):(?:[^/]|/[^/]|$)")
	// flag is what begins as one. Telephones make one dash of two.
	flag      = regexp.MustCompile(`^(?:--|—|–)([A-Za-z]+)(?:$|[\s=])`)
	supersede = regexp.MustCompile("^#?0*([1-9][0-9]{0,8})(?::(?:\"([^\"\\n]*)\"|“([^”\\n]*)”|'([^'\\n]*)'|`([^`\\n]*)`|([^\\s\"“'`]+)))?(?:\\s|$)")
)

// amend reads what stands behind /amend: flags, a target, and the requirement.
func amend(c Command, text string) (Command, Reason) {
	whole, reason := flags(Request{}, text)
	if reason != "" {
		return c, reason
	}
	c.Whole, c.Aimed = whole, whole
	m := target.FindStringSubmatch(whole.Text)
	if m == nil || m[1] != m[3] || strings.Trim(m[2], "./-") == "" {
		return c, ""
	}
	aimed, reason := flags(whole, strings.TrimLeftFunc(whole.Text[len(m[1]+m[2]+m[3])+1:], unicode.IsSpace))
	if reason != "" {
		return c, reason
	}
	c.Target, c.Aimed = m[2], aimed
	return c, ""
}

// flags takes the flags off the start of text and adds them to r. Words with dashes that are like no flag of ours are text.
func flags(r Request, text string) (Request, Reason) {
	r.Supersede = append([]Supersede(nil), r.Supersede...)
	for {
		m := flag.FindStringSubmatch(text)
		if m == nil {
			break
		}
		name, exact := nearest(m[1], []string{"supersede", "supersedes", "yes"})
		if name == "" {
			break
		}
		if !exact {
			return r, Malformed
		}
		dash := len(text) - len(strings.TrimLeft(text, "-—–"))
		rest := text[dash+len(m[1]):]
		if name == "yes" {
			if strings.HasPrefix(rest, "=") {
				return r, Malformed
			}
			r.Yes, text = true, strings.TrimLeftFunc(rest, unicode.IsSpace)
			continue
		}
		rest = strings.TrimLeftFunc(strings.TrimPrefix(rest, "="), unicode.IsSpace)
		v := supersede.FindStringSubmatch(rest)
		if v == nil {
			return r, Malformed
		}
		s, ok := superseded(v)
		if !ok {
			return r, Malformed
		}
		r.Supersede = append(r.Supersede, s)
		text = strings.TrimLeftFunc(rest[len(v[0]):], unicode.IsSpace)
	}
	r.Text = text
	return r, ""
}

// superseded reads the value of --supersede. A colon without a name behind it is not taken for "all checks".
func superseded(match []string) (Supersede, bool) {
	n, err := strconv.Atoi(match[1])
	check := strings.TrimSpace(strings.Join(match[2:], ""))
	named := strings.Contains(match[0], ":")
	return Supersede{Amendment: n, Check: check}, err == nil && named == (check != "")
}
