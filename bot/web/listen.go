package web

import (
	"context"
	"fmt"
	"net"
)

// Off is the address at which there are no pages.
const Off = "off"

// OpenError says that the pages would be open to others.
type OpenError struct{ Address string }

// Error says what to do.
func (e *OpenError) Error() string {
	return fmt.Sprintf("the pages would be open to everybody at %s: set server.account, or have server.pages listen on this machine only, such as 127.0.0.1:8421", e.Address)
}

// Listen listens for requests for pages. Beyond this machine that needs an account: without one it is an *OpenError.
func Listen(ctx context.Context, address string, account Account) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for the pages: %w; name another address under server.pages, or off", err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); account.IsZero() && (!ok || !at.IP.IsLoopback()) {
		_ = l.Close()
		return nil, &OpenError{Address: l.Addr().String()}
	}
	return l, nil
}
