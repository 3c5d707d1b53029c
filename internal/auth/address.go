package auth

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address is where a request comes from. X-Forwarded-For counts only as far as trusted proxies have written it: it is
// read from its end, and the first address that is no proxy of ours is the answer. Without such proxies it is the other
// end of the connection; the zero address where that cannot be read.
func Address(r *http.Request, proxies []netip.Prefix) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	at := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(at) }) {
			return at
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return at
		}
		at = next.Unmap()
	}
	return at
}
