package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// headers keep browsers from running, embedding or keeping anything. There are no scripts, and nothing from elsewhere.
var headers = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
	"X-Content-Type-Options":       "nosniff",
	"X-Frame-Options":              "DENY",
	"Referrer-Policy":              "same-origin", // with no-referrer, browsers would not say that a button was pressed here
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Permissions-Policy":           "camera=(), geolocation=(), microphone=()",
	"Cache-Control":                "no-store",
}

// mostForm is how many bytes a request may bring. The forms have no fields.
const mostForm = 4 << 10

// guard lets through what may see the pages, and writes only from the pages themselves.
func (p *pages) guard(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.problem(w, r, http.StatusForbidden, "That did not come from this page. Go there and press the button yourself.")
	}))
	inner := origin.Handler(next)
	doorman := &doorman{now: p.DB.Now}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range headers {
			w.Header().Set(name, value)
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostForm)
		if p.Account.IsZero() {
			// A name that leads here from elsewhere would let a stranger's page read these: DNS rebinding.
			if !ofThisMachine(r.Host) {
				p.problem(w, r, http.StatusMisdirectedRequest, "Without an account, these pages are there only under the names of this machine, such as localhost. Set server.account to have them under others.")
				return
			}
			inner.ServeHTTP(w, r)
			return
		}
		switch doorman.look(r, p.Account) {
		case known:
			inner.ServeHTTP(w, r)
		case tooMany:
			w.Header().Set("Retry-After", "60")
			p.problem(w, r, http.StatusTooManyRequests, "There were too many wrong passwords. Try again in a minute.")
		default:
			w.Header().Set("WWW-Authenticate", `Basic realm="Codicil", charset="UTF-8"`)
			p.problem(w, r, http.StatusUnauthorized, "These pages ask for an account.")
		}
	})
}

// ofThisMachine says whether a Host header names this machine from itself.
func ofThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// Account is a name and a password.
type Account struct{ User, Password string }

// IsZero says whether there is no account.
func (a Account) IsZero() bool { return a == Account{} }

// is says whether a name and a password are the account's, in the same time whatever they are.
func (a Account) is(user, password string) bool {
	same := func(x, y string) int {
		hx, hy := sha256.Sum256([]byte(x)), sha256.Sum256([]byte(y))
		return subtle.ConstantTimeCompare(hx[:], hy[:])
	}
	return same(a.User, user)&same(a.Password, password) == 1
}

// doorman looks at who comes, and does not listen for a while to whoever was wrong too often.
type doorman struct {
	now func() time.Time

	mu    sync.Mutex
	wrong map[netip.Prefix]mistakes
}

// mistakes are those of one address in one minute.
type mistakes struct {
	since time.Time
	n     int
}

// How many mistakes an address may make in a period, and how many addresses are remembered; beyond that, all are one.
const (
	mostWrong  = 10
	period     = time.Minute
	mostOrigin = 10000
)

type verdict int

const (
	unknown verdict = iota
	known
	tooMany
)

// look says whether a request brings the account.
func (d *doorman) look(r *http.Request, a Account) verdict {
	user, password, brought := r.BasicAuth()
	if !brought {
		return unknown
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	from := d.from(r.RemoteAddr)
	m := d.wrong[from]
	if d.now().Sub(m.since) >= period {
		m = mistakes{since: d.now()}
	}
	if m.n >= mostWrong {
		return tooMany
	}
	if a.is(user, password) {
		return known
	}
	m.n++
	d.wrong[from] = m
	return unknown
}

// from is where a request comes from: an IPv4 address, or the network that one IPv6 customer has. The caller holds the lock.
func (d *doorman) from(remote string) netip.Prefix {
	if d.wrong == nil {
		d.wrong = map[netip.Prefix]mistakes{}
	}
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	ip, bits := at.Addr().Unmap().WithZone(""), 32
	if ip.Is6() {
		bits = 64
	}
	from, err := ip.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	if _, there := d.wrong[from]; !there && len(d.wrong) >= mostOrigin {
		for other, m := range d.wrong {
			if d.now().Sub(m.since) >= period {
				delete(d.wrong, other)
			}
		}
		if len(d.wrong) >= mostOrigin {
			return netip.Prefix{}
		}
	}
	return from
}
