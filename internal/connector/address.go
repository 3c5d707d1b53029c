package connector

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrPrivate is what a dial ends with where the name leads into a network that is not public.
var ErrPrivate = errors.New("the address is not a public one")

// Networks that are unicast and still not for the public: RFC 6890, RFC 6598, RFC 2544, RFC 5737.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	// Addresses of version 6 that wrap one of version 4 (6to4, Teredo), and those of documentation.
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("3fff::/20"),
}

var global6 = netip.MustParsePrefix("2000::/3") // all that is given out to the public; NAT64, ULA and the rest lie outside

// public reports whether an address belongs to the public internet.
func public(a netip.Addr) bool {
	a = a.Unmap()
	if !a.IsValid() || a.Zone() != "" || !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return false
	}
	if a.Is6() && !global6.Contains(a) {
		return false
	}
	return !slices.ContainsFunc(special, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Listed reports whether the operator allows a host, with or without a port.
func Listed(allowed []string, host, port string) bool {
	return slices.ContainsFunc(allowed, func(a string) bool {
		return strings.EqualFold(a, host) || strings.EqualFold(a, net.JoinHostPort(host, port))
	})
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// checkAddress reads the address of a server. Without encryption only hosts that the operator allows may be spoken to: the
// access would be readable on the way.
func checkAddress(address string, allowed []string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "":
		return nil, failf(Address, "", "not an address of a server")
	case u.Scheme == "https":
	case u.Scheme == "http" && Listed(allowed, u.Hostname(), portOf(u)):
	default:
		return nil, failf(Address, "", "the address must begin with https://")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

// Dialer connects to a host and looks at the address that it is really about to reach, so that a name which leads elsewhere
// the second time it is asked does not help. allowed are hosts that may lie anywhere, as in ClientOptions.
func Dialer(allowed []string) func(ctx context.Context, network, address string) (net.Conn, error) {
	open := &net.Dialer{Timeout: 15 * time.Second}
	guarded := &net.Dialer{Timeout: 15 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil || !public(a.Addr()) {
			return ErrPrivate
		}
		return nil
	}}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if Listed(allowed, host, port) {
			return open.DialContext(ctx, network, address)
		}
		return guarded.DialContext(ctx, network, address)
	}
}
