package confine

import (
	"net"
	"net/netip"
)

// closed are the networks that no name may lead to, besides those that netip knows as private, loopback, link-local or multicast.
// Source: IANA's registries of special-purpose addresses for IPv4 and IPv6 (RFC 6890), and the addresses at which clouds answer
// questions about the machine itself.
var closed = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),    // shared; 100.100.100.200 is Alibaba's metadata
	netip.MustParsePrefix("168.63.129.16/32"), // Azure's wire server
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("2001::/23"), // among them Teredo, which carries IPv4 addresses
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), // 6to4 carries IPv4 addresses
	netip.MustParsePrefix("3fff::/20"),
}

// unicast6 is where IPv6 addresses are that the world can reach. What is outside of it, such as the mapping 64:ff9b::/96 of IPv4
// addresses, is closed.
var unicast6 = netip.MustParsePrefix("2000::/3")

// public says whether a is an address out in the world.
func public(a netip.Addr) bool {
	if a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return false
	}
	if a.Is6() && !unicast6.Contains(a) {
		return false
	}
	for _, p := range closed {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// ownAddresses are the addresses of this machine, which are closed too: what listens on them may trust its own machine.
func ownAddresses() (map[netip.Addr]bool, error) {
	found, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	own := map[netip.Addr]bool{}
	for _, f := range found {
		if p, err := netip.ParsePrefix(f.String()); err == nil {
			own[p.Addr().Unmap()] = true
		}
	}
	return own, nil
}
