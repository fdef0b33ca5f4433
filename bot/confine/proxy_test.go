package confine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestPublic(t *testing.T) {
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"} {
		if !public(netip.MustParseAddr(a)) {
			t.Errorf("%s is closed", a)
		}
	}
	for _, a := range []string{
		"127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "169.254.0.1",
		"100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
		"::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1",
		"::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:4136:e378::1", "2001:db8::1", "100::1",
		"fe80::1%eth0", "2606:4700:4700::1111%eth0",
	} {
		if public(netip.MustParseAddr(a)) {
			t.Errorf("%s is open", a)
		}
	}
}

// rig is a proxy with a network that is made up: dialled are the addresses to which it connected, each answered by server.
type rig struct {
	p       *proxy
	dialled []string
	server  *httptest.Server
	saw     chan *http.Request
}

// newRig makes a proxy that allows the hosts; lookups are the answers to the question for any name, one after the other.
func newRig(t *testing.T, o Options, lookups ...[]string) *rig {
	t.Helper()
	r := &rig{saw: make(chan *http.Request, 20)}
	r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		req.Header.Set("X-Body", string(body))
		r.saw <- req
		if req.URL.Path == "/away" {
			http.Redirect(w, req, "http://169.254.169.254/latest/meta-data", http.StatusFound)
			return
		}
		fmt.Fprint(w, "hello from ", req.Host)
	}))
	t.Cleanup(r.server.Close)
	o.resolve = func(context.Context, string) ([]netip.Addr, error) {
		if len(lookups) == 0 {
			return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
		}
		var all []netip.Addr
		for _, a := range lookups[0] {
			all = append(all, netip.MustParseAddr(a))
		}
		if len(lookups) > 1 {
			lookups = lookups[1:]
		}
		return all, nil
	}
	o.dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
		r.dialled = append(r.dialled, to.String())
		return (&net.Dialer{}).DialContext(ctx, "tcp", r.server.Listener.Addr().String())
	}
	o.Limits = o.Limits.withDefaults(1)
	allowed, err := checked(o.Network)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r.p = newProxy(ctx, o, allowed)
	t.Cleanup(func() { cancel(); r.p.wait() })
	return r
}

// ask sends raw bytes to the proxy over a connection of its own, and returns the first answers, each as status and body.
func (r *rig) ask(t *testing.T, raw string, answers int) []string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	inside, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	r.p.serve(t.Context(), inside, 0)
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(c, raw); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(c)
	var got []string
	for range answers {
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			return append(got, "ended")
		}
		if strings.HasPrefix(raw, "CONNECT") && a.StatusCode == http.StatusOK {
			got = append(got, "200 tunnel")
			continue
		}
		body, _ := io.ReadAll(a.Body)
		got = append(got, fmt.Sprint(a.StatusCode, " ", strings.TrimSpace(string(body))))
	}
	return got
}

var example = []Allowance{{Host: "Example.com.", Port: 443}, {Host: "example.com", Port: 80}}

func TestConnect(t *testing.T) {
	const tunnelled = "GET / HTTP/1.1\r\nHost: inner\r\n\r\n"
	for _, x := range []struct {
		target, want string
		lookup       []string
		dialled      string
	}{
		{"example.com:443", "200 tunnel", []string{"93.184.216.34"}, "[93.184.216.34:443]"},
		{"EXAMPLE.com.:443", "200 tunnel", []string{"93.184.216.34"}, "[93.184.216.34:443]"},
		{"example.com:443", "200 tunnel", []string{"10.0.0.1", "::1", "93.184.216.34"}, "[93.184.216.34:443]"},
		{"example.com:443", "403", []string{"127.0.0.1"}, "[]"},
		{"example.com:443", "403", []string{"169.254.169.254", "fd00:ec2::254", "::ffff:127.0.0.1"}, "[]"},
		{"example.com:443", "502", nil, "[]"},
		{"example.com:22", "403", []string{"93.184.216.34"}, "[]"},
		{"example.com.evil.com:443", "403", []string{"93.184.216.34"}, "[]"},
		{"evil.com:443", "403", []string{"93.184.216.34"}, "[]"},
		{"93.184.216.34:443", "403", []string{"93.184.216.34"}, "[]"},
		{"127.0.0.1:443", "403", nil, "[]"}, {"[::1]:443", "403", nil, "[]"}, {"[::ffff:127.0.0.1]:443", "403", nil, "[]"},
		{"2130706433:443", "403", nil, "[]"}, {"0x7f.1:443", "403", nil, "[]"}, {"169.254.169.254:80", "403", nil, "[]"},
		{"user@example.com:443", "200 tunnel", []string{"93.184.216.34"}, "[93.184.216.34:443]"}, {"example.com:443@evil.com:443", "4", nil, "[]"},
		{"example.com", "403", []string{"93.184.216.34"}, "[]"}, {"example.com:0443x", "4", nil, "[]"}, {"example.com:65979", "4", nil, "[]"},
		{"evil.com:443 example.com:443", "400", nil, "[]"}, {"evil.com%00.example.com:443", "4", nil, "[]"}, {"example.com#.evil.com:443", "4", nil, "[]"},
	} {
		lookups := [][]string{x.lookup}
		if x.lookup == nil {
			lookups = nil
		}
		r := newRig(t, Options{Network: example}, lookups...)
		got := r.ask(t, "CONNECT "+x.target+" HTTP/1.1\r\nHost: example.com:443\r\n\r\n"+tunnelled, 1)
		if !strings.HasPrefix(got[0], x.want) || fmt.Sprint(r.dialled) != x.dialled {
			t.Errorf("%s: got %q and dialled %v, want %s and %s", x.target, got, r.dialled, x.want, x.dialled)
		}
	}
}

// A name that leads elsewhere when it is asked for again is of no use: what was checked is what is connected to.
func TestRebinding(t *testing.T) {
	r := newRig(t, Options{Network: example}, []string{"93.184.216.34"}, []string{"127.0.0.1"})
	request := "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
	first := r.ask(t, request, 1)
	if first[0] != "200 hello from example.com" || fmt.Sprint(r.dialled) != "[93.184.216.34:80]" {
		t.Fatalf("got %q and dialled %v", first, r.dialled)
	}
	_, err := r.p.connect(t.Context(), "example.com", 80)
	if err == nil || len(r.dialled) != 1 {
		t.Errorf("the second time: %v, dialled %v", err, r.dialled)
	}
}

func TestForward(t *testing.T) {
	for _, x := range []struct {
		name, raw string
		want      []string
	}{
		{"plain", "GET http://example.com/a HTTP/1.1\r\nHost: example.com\r\n\r\n", []string{"200 hello from example.com"}},
		{"another host in the header", "GET http://example.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n", []string{"200 hello from example.com"}},
		{"another host in the URL", "GET http://evil.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n", []string{"403"}},
		{"another port", "GET http://example.com:8080/ HTTP/1.1\r\nHost: example.com\r\n\r\n", []string{"403"}},
		{"an address", "GET http://127.0.0.1/ HTTP/1.1\r\nHost: example.com\r\n\r\n", []string{"403"}},
		{"a second request on the connection", "GET http://example.com/ HTTP/1.1\r\nHost: a\r\n\r\nGET http://evil.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
			[]string{"200 hello from example.com", "403"}},
		{"not for a proxy", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", []string{"400"}},
		{"another scheme", "GET ftp://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n", []string{"400"}},
		{"two hosts", "GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\nHost: evil.com\r\n\r\n", []string{"400"}},
		{"two lengths", "POST http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde", []string{"400"}},
		{"a strange encoding", "POST http://example.com/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc", []string{"501"}},
		{"a space before the colon", "GET http://example.com/ HTTP/1.1\r\nHost : evil.com\r\n\r\n", []string{"400"}},
		{"a folded header", "GET http://example.com/ HTTP/1.1\r\nHost: a\r\n X: evil.com\r\n\r\n", []string{"400"}},
		{"a bare line feed in the URL", "GET http://example.com/\nHost:evil HTTP/1.1\r\nHost: a\r\n\r\n", []string{"400"}},
		{"a redirect is not followed", "GET http://example.com/away HTTP/1.1\r\nHost: a\r\n\r\nGET http://169.254.169.254/latest/meta-data HTTP/1.1\r\nHost: a\r\n\r\n",
			[]string{"302", "403"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			r := newRig(t, Options{Network: example}, []string{"93.184.216.34"})
			got := r.ask(t, x.raw, len(x.want))
			for i, w := range x.want {
				if i >= len(got) || !strings.HasPrefix(got[i], w) {
					t.Errorf("got %q, want %q", got, x.want)
				}
			}
			for _, d := range r.dialled {
				if d != "93.184.216.34:80" {
					t.Errorf("dialled %s", d)
				}
			}
		})
	}
}

// A body with both a length and chunks is passed on as one thing, so that no second request hides in it; nor does an upgrade pass.
func TestSmuggling(t *testing.T) {
	r := newRig(t, Options{Network: example}, []string{"93.184.216.34"})
	got := r.ask(t, "POST http://example.com/ HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Proxy-Authorization: Basic eA==\r\n\r\n5\r\nGET /\r\n0\r\n\r\n", 1)
	if !strings.HasPrefix(got[0], "200") && !strings.HasPrefix(got[0], "400") {
		t.Fatalf("got %q", got)
	}
	for len(r.saw) > 0 {
		req := <-r.saw
		if req.Header.Get("X-Body") != "GET /" || req.Host != "example.com" || req.Header.Get("Upgrade") != "" || req.Header.Get("Proxy-Authorization") != "" {
			t.Errorf("the host saw %s %s %v", req.Method, req.Host, req.Header)
		}
	}
}

func TestProxyLimits(t *testing.T) {
	r := newRig(t, Options{Network: example, Limits: Limits{Transfer: 100, Connections: 1}}, []string{"93.184.216.34"})
	got := r.ask(t, "GET http://example.com/"+strings.Repeat("x", 200)+" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 1)
	if !strings.HasPrefix(got[0], "502") {
		t.Errorf("got %q", got)
	}
	report := r.p.report()
	if len(report) != 1 || !strings.Contains(report[0].Why, "limit of bytes") || len(r.saw) > 0 {
		t.Errorf("got %v", report)
	}
	a, b := net.Pipe()
	defer a.Close()
	r.p.mu.Lock()
	r.p.open = 1
	r.p.mu.Unlock()
	r.p.serve(t.Context(), b, 0)
	if _, err := a.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a connection too many: %v", err)
	}
}

func TestAllowances(t *testing.T) {
	for _, a := range []Allowance{{Host: "", Port: 1}, {Host: "a b", Port: 1}, {Host: "a", Port: 0}, {Host: "a", Port: 65536}, {Host: "fe80::1%eth0", Port: 1},
		{Host: "a\nb", Port: 1}, {Host: "10.0.0.1", Port: 5432, Direct: true}, {Host: "db", Port: 80, Direct: true}, {Host: "localhost", Port: 5432, Direct: true},
		{Host: "ä.example", Port: 443}, {Host: "*.example.com", Port: 443}} {
		if got, err := checked([]Allowance{a}); err == nil {
			t.Errorf("%v: got %v", a, got)
		}
	}
	r := newRig(t, Options{Network: []Allowance{{Host: "127.0.0.1", Port: 80}, {Host: "db", Port: 80, Address: netip.MustParseAddr("10.0.0.5")}}})
	for target, want := range map[string]string{"127.0.0.1": "127.0.0.1:80", "[::ffff:127.0.0.1]": "127.0.0.1:80", "db": "10.0.0.5:80"} {
		r.dialled = nil
		if got := r.ask(t, "CONNECT "+target+":80 HTTP/1.1\r\nHost: a\r\n\r\n", 1); got[0] != "200 tunnel" || fmt.Sprint(r.dialled) != "["+want+"]" {
			t.Errorf("%s: got %q, dialled %v", target, got, r.dialled)
		}
	}
	if got := r.ask(t, "CONNECT 10.0.0.5:80 HTTP/1.1\r\nHost: a\r\n\r\n", 1); !strings.HasPrefix(got[0], "403") {
		t.Errorf("an address that is allowed by a name only: %q", got)
	}
}
