package confine

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

const (
	dialLimit   = 30 * time.Second
	idleLimit   = 2 * time.Minute
	mostContact = 200
)

// proxy connects a confined program to the hosts that it is allowed. It is asked over connections that serve is given, in the
// way of an HTTP proxy, or by the number of a direct allowance.
type proxy struct {
	done     <-chan struct{} // of the run, which ends all connections
	allowed  []Allowance
	direct   []Allowance // those of them that are direct, in order
	resolve  func(context.Context, string) ([]netip.Addr, error)
	dial     func(context.Context, netip.AddrPort) (net.Conn, error)
	most     int64
	openMost int
	server   *http.Server
	incoming chan net.Conn
	work     sync.WaitGroup

	mu       sync.Mutex
	contacts []*Contact
	moved    int64
	open     int
}

// newProxy makes a proxy that lives as long as ctx.
func newProxy(ctx context.Context, o Options, allowed []Allowance) *proxy {
	p := &proxy{done: ctx.Done(), allowed: allowed, most: o.Limits.Transfer, openMost: o.Limits.Connections, incoming: make(chan net.Conn),
		resolve: o.resolve, dial: o.dial}
	if p.resolve == nil {
		p.resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if p.dial == nil {
		p.dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", to.String())
		}
	}
	for _, a := range allowed {
		if a.Direct {
			p.direct = append(p.direct, a)
		}
	}
	quiet := log.New(io.Discard, "", 0)
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.Host = r.Out.URL.Host },
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            p.dialAsked,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 1 << 20,
			IdleConnTimeout:        10 * time.Second,
			ResponseHeaderTimeout:  5 * time.Minute,
		},
		ErrorLog:      quiet,
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, err error) { answer(w, err) },
	}
	p.server = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodConnect:
				p.tunnel(w, r)
			case r.URL.Scheme == "http" && r.URL.Host != "":
				if r.Header.Get("Upgrade") != "" {
					r.Header.Del("Upgrade") // else the connection would turn into a tunnel for anything
				}
				r.URL.User = nil
				forward.ServeHTTP(w, r)
			default:
				http.Error(w, "this is a proxy: ask for a whole http:// URL, or CONNECT", http.StatusBadRequest)
			}
		}),
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          quiet,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	p.work.Go(func() { _ = p.server.Serve(&handed{p}) }) // ends with ctx
	context.AfterFunc(ctx, func() { _ = p.server.Close() })
	return p
}

// refusal says why something is not allowed.
type refusal struct{ why string }

// Error is why.
func (r *refusal) Error() string { return r.why }

// answer tells the program what went wrong.
func answer(w http.ResponseWriter, err error) {
	var no *refusal
	if errors.As(err, &no) {
		http.Error(w, "refused by the network allowance: "+no.why, http.StatusForbidden)
		return
	}
	http.Error(w, "no connection", http.StatusBadGateway)
}

// serve takes over a connection that the program made: which is 0 for one to the proxy, else the number of a direct allowance.
func (p *proxy) serve(ctx context.Context, c net.Conn, which int) {
	p.mu.Lock()
	full := p.open >= p.openMost
	if !full {
		p.open++
	}
	p.mu.Unlock()
	if full || which < 0 || which > len(p.direct) {
		c.Close()
		if !full {
			p.closedOne()
		}
		return
	}
	c = &once{Conn: c, after: p.closedOne}
	if which == 0 {
		select {
		case p.incoming <- c:
		case <-p.done:
			c.Close()
		}
		return
	}
	p.work.Go(func() {
		defer c.Close()
		a := p.direct[which-1]
		out, err := p.connect(ctx, a.Host, a.Port)
		if err != nil {
			return
		}
		p.join(ctx, c, c, out)
	})
}

// closedOne makes room for another connection.
func (p *proxy) closedOne() {
	p.mu.Lock()
	p.open--
	p.mu.Unlock()
}

// tunnel serves CONNECT.
func (p *proxy) tunnel(w http.ResponseWriter, r *http.Request) {
	out, err := p.dialAsked(r.Context(), "tcp", r.Host)
	if err != nil {
		answer(w, err)
		return
	}
	c, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		out.Close()
		answer(w, err)
		return
	}
	defer c.Close()
	_ = c.SetDeadline(time.Time{})
	if _, err := io.WriteString(c, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		out.Close()
		return
	}
	p.join(r.Context(), buffered.Reader, c, out)
}

// join passes on bytes both ways until both sides are done, one fails, or the run ends. It closes out.
func (p *proxy) join(ctx context.Context, from io.Reader, c net.Conn, out net.Conn) {
	stop := context.AfterFunc(ctx, func() { c.Close(); out.Close() })
	defer stop()
	defer out.Close()
	var up sync.WaitGroup
	up.Go(func() {
		if _, err := io.Copy(out, from); err != nil {
			out.Close()
			c.Close()
			return
		}
		if half, ok := out.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite() // if it is closed already, so much the better
		}
	})
	_, _ = io.Copy(c, out) // the end of either side is the end
	c.Close()
	up.Wait()
}

// dialAsked connects to what the program named.
func (p *proxy) dialAsked(ctx context.Context, _, hostPort string) (net.Conn, error) {
	host, portText, err := net.SplitHostPort(hostPort)
	port, err2 := strconv.ParseUint(portText, 10, 16)
	if err != nil || err2 != nil || port == 0 {
		return nil, p.refuse(clean(hostPort), 0, "it is no host:port")
	}
	return p.connect(ctx, host, int(port))
}

// connect connects to a host and port if they are allowed, at an address that was checked.
func (p *proxy) connect(ctx context.Context, asked string, port int) (net.Conn, error) {
	host, err := plainHost(asked)
	if err != nil {
		return nil, p.refuse(clean(asked), port, err.Error())
	}
	var allowance *Allowance
	for i, a := range p.allowed {
		if a.Host == host && a.Port == port {
			allowance = &p.allowed[i]
			break
		}
	}
	if allowance == nil {
		return nil, p.refuse(host, port, "it is not among the allowed")
	}
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	addresses, err := p.addresses(ctx, *allowance)
	var closed *closedError
	if errors.As(err, &closed) {
		return nil, p.refuse(host, port, err.Error())
	}
	if err != nil {
		return nil, p.failed(host, port, "", err)
	}
	var last error
	for _, a := range addresses {
		to := netip.AddrPortFrom(a, uint16(port))
		c, err := p.dial(ctx, to)
		if err == nil {
			return p.count(c, p.note(Contact{Host: host, Port: port, Allowed: true, Address: to.String()})), nil
		}
		last = p.failed(host, port, to.String(), err)
	}
	return nil, last
}

// refuse notes a refusal and is it.
func (p *proxy) refuse(host string, port int, why string) error {
	p.note(Contact{Host: host, Port: port, Why: why})
	return &refusal{why}
}

// failed notes that a connection came to nothing, and is the error.
func (p *proxy) failed(host string, port int, address string, err error) error {
	p.note(Contact{Host: host, Port: port, Allowed: true, Address: address, Why: clean(err.Error())})
	return err
}

// note counts a contact, with others of its kind.
func (p *proxy) note(c Contact) *Contact {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, known := range p.contacts {
		if known.Host == c.Host && known.Port == c.Port && known.Allowed == c.Allowed && (known.Why == "") == (c.Why == "") {
			known.Times++
			known.Address = c.Address
			return known
		}
	}
	c.Times = 1
	if len(p.contacts) < mostContact {
		p.contacts = append(p.contacts, &c)
	}
	return &c
}

// report is what was asked so far.
func (p *proxy) report() []Contact {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Contact
	for _, c := range p.contacts {
		all = append(all, *c)
	}
	return all
}

// wait waits until nothing is under way, after the context has ended.
func (p *proxy) wait() { p.work.Wait() }

// handed is a listener of connections that are handed to it.
type handed struct{ p *proxy }

// Accept waits for the next connection.
func (h *handed) Accept() (net.Conn, error) {
	select {
	case c := <-h.p.incoming:
		return c, nil
	case <-h.p.done:
		return nil, net.ErrClosed
	}
}

// Close does nothing: the context ends it.
func (h *handed) Close() error { return nil }

// Addr is of no use.
func (h *handed) Addr() net.Addr { return &net.UnixAddr{} }

// once is a connection that tells when it is closed.
type once struct {
	net.Conn
	done  sync.Once
	after func()
}

// Close closes the connection.
func (o *once) Close() error {
	err := o.Conn.Close()
	o.done.Do(o.after)
	return err
}
