package confine

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Allowance is a host and port that a program may connect to.
type Allowance struct {
	// Host is a name, or an IP address, which then may be any, also a private one or one of this machine.
	Host string
	Port int
	// Address, if it is valid, is used for Host instead of asking for it, and may be any too.
	Address netip.Addr
	// Direct lets programs that know no proxy connect: inside, Host stands in /etc/hosts as a loopback address of its own, and what
	// connects to it at Port is passed on. Host must be a name, and Port 1024 or higher.
	Direct bool
}

// String is host:port.
func (a Allowance) String() string {
	if strings.Contains(a.Host, ":") {
		return "[" + a.Host + "]:" + strconv.Itoa(a.Port)
	}
	return a.Host + ":" + strconv.Itoa(a.Port)
}

// Contact is what a program asked of the proxy.
type Contact struct {
	// Host and Port are as they were asked for; at most 255 bytes of the host, without control characters.
	Host string
	Port int
	// Allowed says whether a connection was made or tried, Address the last one to which, and Why why not, or what went wrong with it.
	Allowed bool
	Address string
	Why     string
	// Times is how often; Sent and Received are the bytes of all of them.
	Times          int
	Sent, Received int64
}

// String is one line for reports.
func (c Contact) String() string {
	to := Allowance{Host: c.Host, Port: c.Port}.String()
	if !c.Allowed {
		return fmt.Sprintf("%s: refused %d times: %s", to, c.Times, c.Why)
	}
	s := fmt.Sprintf("%s: %d times, %d bytes sent, %d received", to, c.Times, c.Sent, c.Received)
	if c.Why != "" {
		s += "; " + c.Why
	}
	return s
}

// plainHost is the host as allowances have it: a name in lower case without a final dot, or an IP address in its one form.
func plainHost(host string) (string, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Zone() != "" {
			return "", fmt.Errorf("the address %s has a zone", a)
		}
		return a.Unmap().String(), nil
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "" || len(host) > 253 {
		return "", fmt.Errorf("%q is no host name", clean(host))
	}
	for _, r := range host {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_') {
			return "", fmt.Errorf("%q is no host name", clean(host))
		}
	}
	return host, nil
}

// clean is text of a program without control characters, cut at 255 bytes.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return s[:min(255, len(s))]
}

// checked are the allowances in their plain form.
func checked(allowances []Allowance) ([]Allowance, error) {
	var plain []Allowance
	direct := map[string]bool{}
	for _, a := range allowances {
		host, err := plainHost(a.Host)
		if err != nil {
			return nil, fmt.Errorf("allow %s: %w", a, err)
		}
		if a.Port < 1 || a.Port > 65535 {
			return nil, fmt.Errorf("allow %s: the port must be from 1 to 65535", a)
		}
		a.Host = host
		if _, err := netip.ParseAddr(host); err == nil && a.Direct {
			return nil, fmt.Errorf("allow %s: a direct connection needs a host name", a)
		}
		if a.Direct && (a.Port < 1024 || host == "localhost") {
			return nil, fmt.Errorf("allow %s: a direct connection needs a port of 1024 or higher, and another name than localhost", a)
		}
		if a.Direct {
			if direct[a.String()] {
				return nil, fmt.Errorf("allow %s: it is there twice", a)
			}
			direct[a.String()] = true
		}
		plain = append(plain, a)
	}
	if len(direct) > 200 {
		return nil, fmt.Errorf("allow %d direct connections: 200 are the most", len(direct))
	}
	return plain, nil
}

// loopbacks gives each host that has a direct allowance a loopback address of its own.
func loopbacks(allowances []Allowance) map[string]netip.Addr {
	of := map[string]netip.Addr{}
	for _, a := range allowances {
		if _, has := of[a.Host]; a.Direct && !has {
			of[a.Host] = netip.AddrFrom4([4]byte{127, 0, 1, byte(len(of) + 1)})
		}
	}
	return of
}

// addresses are those to which a connection to the allowed host may go, as they are now.
func (p *proxy) addresses(ctx context.Context, a Allowance) ([]netip.Addr, error) {
	if a.Address.IsValid() {
		return []netip.Addr{a.Address}, nil
	}
	if ip, err := netip.ParseAddr(a.Host); err == nil {
		return []netip.Addr{ip}, nil
	}
	found, err := p.resolve(ctx, a.Host)
	if err != nil {
		return nil, fmt.Errorf("the name is not known: %w", err)
	}
	own, err := ownAddresses()
	if err != nil {
		return nil, fmt.Errorf("this machine's own addresses are not known: %w", err)
	}
	var good []netip.Addr
	for _, f := range found {
		if public(f) && !own[f.Unmap()] {
			good = append(good, f.Unmap())
		}
	}
	if len(good) == 0 {
		return nil, &closedError{found}
	}
	return good, nil
}

// closedError says that a name leads only to addresses that are closed.
type closedError struct{ found []netip.Addr }

// Error names the addresses.
func (e *closedError) Error() string {
	return fmt.Sprintf("the name leads to addresses that are no public ones: %v", e.found[:min(4, len(e.found))])
}
