package confine

import (
	"errors"
	"net"
	"time"
)

// errTransfer says that a run has moved all the bytes that it may.
var errTransfer = errors.New("the limit of bytes through the proxy is reached")

// counted is a connection to an allowed host whose bytes count.
type counted struct {
	net.Conn
	p  *proxy
	as *Contact
}

// count counts the bytes of c for as. It breaks off when nothing moves for long.
func (p *proxy) count(c net.Conn, as *Contact) net.Conn { return &counted{Conn: c, p: p, as: as} }

// spend counts bytes.
func (c *counted) spend(n int, of *int64) error {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	*of += int64(n)
	c.p.moved += int64(n)
	if c.p.moved > c.p.most {
		c.as.Why = errTransfer.Error()
		return errTransfer
	}
	return nil
}

// Read reads what the host sent.
func (c *counted) Read(b []byte) (int, error) {
	_ = c.SetReadDeadline(time.Now().Add(5 * idleLimit)) // a deadline that can't be set is one of the run
	n, err := c.Conn.Read(b)
	if over := c.spend(n, &c.as.Received); over != nil {
		return 0, over
	}
	return n, err
}

// Write sends to the host.
func (c *counted) Write(b []byte) (int, error) {
	if over := c.spend(len(b), &c.as.Sent); over != nil {
		return 0, over
	}
	return c.Conn.Write(b)
}

// CloseWrite tells the host that nothing more comes.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
