package standing

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/codicil-dev/codicil/forge"
)

// lastEvents is how many events are read.
const lastEvents = 20

// commits are names of commits, of which the beginning says enough.
var commits = regexp.MustCompile(`\b([0-9a-f]{8})[0-9a-f]{32}\b`)

// events reads what was told last.
func (r *reader) events(s *Standing) error {
	all, err := r.Events(lastEvents)
	for _, e := range all {
		// What was found has no name of the forge's; its key says which repository, what, and which one.
		if parts := strings.SplitN(e.Key, "/", 3); e.Found && len(parts) == 3 {
			e.Name = parts[1]
		}
		s.Events = append(s.Events, Event{Host: r.text(e.Host), Name: r.text(e.Name), What: commits.ReplaceAllString(r.text(e.Key), "$1"), Found: e.Found, Received: e.Received, Outcome: r.text(e.Outcome), Done: e.Done})
	}
	return err
}

// hosts reads how each forge is heard from.
func (r *reader) hosts(s *Standing) error {
	swept, err := r.Settings("swept/")
	if err != nil {
		return err
	}
	names := map[string]*Host{}
	for _, x := range r.repositories {
		h := names[x.Host]
		if h == nil {
			h = &Host{Name: x.Host, Limits: []Limit{}}
			names[x.Host] = h
		}
		h.Repositories++
		n, err := strconv.ParseInt(swept[x.Key()], 10, 64)
		if at := time.UnixMilli(n).UTC(); err == nil && at.After(h.Swept) {
			h.Swept = at
		}
	}
	allowed, err := r.Allowances()
	if err != nil {
		return err
	}
	for name, h := range names {
		for _, a := range allowed[name] {
			h.limit(r, a)
		}
		if h.LastWebhook, err = r.LastReceived(name); err != nil {
			return err
		}
		if h.Found, err = r.FoundSince(name, h.LastWebhook); err != nil {
			return err
		}
		h.Name = r.text(name)
		s.Hosts = append(s.Hosts, *h)
	}
	slices.SortFunc(s.Hosts, func(a, b Host) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// limit adds what a forge allows, as far as that still holds.
func (h *Host) limit(r *reader, a forge.Allowance) {
	l := Limit{Who: r.text(a.Who), Kind: r.text(a.Kind)}
	if a.Reset.After(r.now) {
		l.Limit, l.Remaining, l.Reset = a.Limit, a.Remaining, a.Reset
	}
	if a.Until.After(r.now) {
		l.Until = a.Until
	}
	if l.Limit > 0 || !l.Until.IsZero() {
		h.Limits = append(h.Limits, l)
	}
}

// Requests says in a few words what is left.
func (l Limit) Requests() string {
	what := strings.TrimSpace(l.Who + " " + l.Kind)
	if l.Limit == 0 {
		return what
	}
	return fmt.Sprintf("%s: %d of %d requests left", what, l.Remaining, l.Limit)
}

// troubles reads what is wrong with how repositories are looked after.
func (r *reader) troubles(s *Standing) error {
	if r.o.Product != 0 {
		return nil
	}
	crowds, err := r.Crowds()
	if err != nil {
		return err
	}
	stuck, err := r.Troubles()
	if err != nil {
		return err
	}
	for key, c := range crowds {
		s.Troubles = append(s.Troubles, Trouble{Repository: r.text(key), Products: c.Holds, Limit: c.Limit})
	}
	for key, x := range stuck {
		s.Troubles = append(s.Troubles, Trouble{Repository: r.text(key), Why: r.text(x.Why), Since: x.Since})
	}
	slices.SortFunc(s.Troubles, func(a, b Trouble) int {
		return cmp.Or(strings.Compare(a.Repository, b.Repository), a.Products-b.Products)
	})
	return nil
}

// late is how many sweeps may be missing before it is said.
const late = 3

// warn says what somebody should look into.
func (s *Standing) warn(o Options) {
	say := func(format string, args ...any) { s.Warnings = append(s.Warnings, fmt.Sprintf(format, args...)) }
	for _, h := range s.Hosts {
		switch {
		case h.Found > 0 && h.LastWebhook.IsZero():
			say("No webhook ever came from %s, and %s found by looking. See the webhook's address and secret in the App's settings: until then everything is late by a sweep.", h.Name, events(h.Found))
		case h.Found > 0 && s.At.Sub(h.LastWebhook) > o.Silence:
			say("No webhook came from %s for %s, and %s found by looking since. See the recent deliveries in the App's settings.", h.Name, Span(s.At.Sub(h.LastWebhook)), events(h.Found))
		}
		for _, l := range h.Limits {
			if !l.Until.IsZero() {
				say("%s has the requests of %s wait for %s more: what is to be read or written there comes later.", h.Name, strings.TrimSpace(l.Who+" "+l.Kind), Span(l.Until.Sub(s.At)))
			}
		}
		if o.Sweep > 0 && !h.Swept.IsZero() && s.At.Sub(h.Swept) > late*o.Sweep {
			say("The repositories of %s were last looked through %s ago, and every %s is wanted. The log of the bot says why.", h.Name, Span(s.At.Sub(h.Swept)), Span(o.Sweep))
		}
	}
	for _, x := range s.Troubles {
		if x.Products > 0 {
			say("%s holds %d products, and %d are looked after: the other %d get no changes. Raise limits.products in the configuration, or take what is no product out of it.", x.Repository, x.Products, x.Limit, x.Products-x.Limit)
			continue
		}
		say("%s could not be looked through for %s: %s", x.Repository, Span(s.At.Sub(x.Since)), x.Why)
	}
	if n := len(s.DeadJobs); n > 0 {
		say("%s given up: “Trouble” on the pages says why, and runs them again.", several(n, "job was", "jobs were"))
	}
	if n := len(s.DeadWrites); n > 0 {
		say("%s refused for good: “Trouble” on the pages says why, and makes them again.", several(n, "write on the forge was", "writes on the forge were"))
	}
	for _, p := range s.Products {
		if p.Unreadable != "" {
			say("The spec of %s in %s can't be read: %s", p.Name, p.Repository, p.Unreadable)
		}
	}
}

func events(n int) string { return several(n, "event was", "events were") }

func several(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// Span is a length of time in words that are as exact as a person needs, such as 3 minutes or 2 days.
func Span(d time.Duration) string {
	for _, u := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		// Two days begin at 48 hours: 30 hours are told as hours.
		if n := int(d / u.length); n >= 2 || n == 1 && (u.length < 24*time.Hour) {
			return several(n, u.name, u.name+"s")
		}
	}
	return "less than a second"
}
