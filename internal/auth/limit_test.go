package auth_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
)

func wait(err error) time.Duration {
	d, _ := auth.RetryAfter(err)
	return d
}

func stranger(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{100, byte(i >> 16), byte(i >> 8), byte(i)})
}

func TestGuessingFromOneAddressGetsSlowerAndSlower(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	now := noon
	var waits []time.Duration
	for range 17 {
		err := l.Attempt("anna", home, now)
		if err != nil {
			waits = append(waits, wait(err))
			if e := l.Attempt("anna", home, now.Add(wait(err)-time.Millisecond)); e == nil {
				t.Fatalf("let in before %v are over", wait(err))
			}
			now = now.Add(wait(err))
			err = l.Attempt("anna", home, now)
		}
		if err != nil {
			t.Fatalf("not let in after the wait: %v", err)
		}
	}
	// Five for nothing, then 2 s doubling to 30 min.
	if len(waits) != 12 || waits[0] != 2*time.Second || waits[1] != 4*time.Second || waits[11] != 30*time.Minute {
		t.Errorf("%v", waits)
	}
	if err := l.Attempt("anna", home, now.Add(24*time.Hour)); err != nil {
		t.Errorf("not forgotten after a day: %v", err)
	}
}

func TestADayOfGuessingFromOneAddressIsFewerThanAHundredAttempts(t *testing.T) {
	// NIST SP 800-63B-4, 3.2.2: at most 100 consecutive failed attempts.
	l := auth.NewLimiter(auth.LoginLimits())
	n := 0
	for now := noon; now.Before(noon.Add(24 * time.Hour)); now = now.Add(time.Second) {
		if l.Attempt("anna", home, now) == nil {
			n++
		}
	}
	if n >= 100 {
		t.Errorf("%d attempts", n)
	}
}

func TestOnePasswordOnManyAccountsIsSlowedDown(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	n := 0
	for i := range 1000 {
		if l.Attempt(fmt.Sprint("user", i), home, noon) == nil {
			n++
		}
	}
	if n != 40 {
		t.Errorf("%d accounts tried at once", n)
	}
	if err := l.Attempt("another", home, noon.Add(6*time.Second)); err != nil {
		t.Errorf("%v", err)
	}
	if err := l.Attempt("and another", home, noon.Add(6*time.Second)); wait(err) != 6*time.Second {
		t.Errorf("%v", err)
	}
	if err := l.Attempt("user1", stranger(1), noon); err != nil {
		t.Errorf("another address pays for it: %v", err)
	}
}

func TestAnOwnerIsNeverLockedOut(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	usual, abroad := home, netip.MustParseAddr("192.0.2.9")
	if err := l.Attempt("anna", usual, noon); err != nil {
		t.Fatal(err)
	}
	l.Succeeded("anna", usual, noon)

	// A flood from ten thousand addresses over ten minutes.
	now := noon
	for i := range 10_000 {
		now = now.Add(60 * time.Millisecond)
		_ = l.Attempt("anna", stranger(i), now)
	}
	if err := l.Attempt("anna", usual, now); err != nil {
		t.Errorf("at the usual place: %v", err)
	}
	err := l.Attempt("anna", abroad, now)
	if wait(err) <= 0 || wait(err) > 30*time.Second {
		t.Fatalf("from a new address: %v", err)
	}
	// The flood goes on while the owner waits.
	for i := range 500 {
		_ = l.Attempt("anna", stranger(20_000+i), now.Add(time.Duration(i)*wait(err)/500))
	}
	if err := l.Attempt("anna", abroad, now.Add(wait(err))); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}

func TestAFloodFromManyAddressesIsSlowedDownAndForgotten(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	n := 0
	for i := range 1000 {
		if l.Attempt("anna", stranger(i), noon) == nil {
			n++
		}
	}
	if n != 20 {
		t.Errorf("%d attempts at once from different addresses", n)
	}
	if err := l.Attempt("anna", stranger(5000), noon.Add(time.Hour)); err != nil {
		t.Errorf("an hour later: %v", err)
	}
}

func TestASuccessClearsTheFailures(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	now := noon
	for range 20 {
		for range 5 {
			if err := l.Attempt("anna", home, now); err != nil {
				t.Fatal(err)
			}
		}
		l.Succeeded("anna", home, now)
		now = now.Add(time.Minute)
	}
}

func TestResetsAreRarer(t *testing.T) {
	l := auth.NewLimiter(auth.ResetLimits())
	for range 3 {
		if err := l.Attempt("anna", home, noon); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Attempt("anna", home, noon); wait(err) != time.Minute {
		t.Errorf("%v", err)
	}
}

func TestAConnectionWithIPv6IsOneAddress(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	refused := 0
	for i := range 10 {
		if l.Attempt("anna", netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", i+1)), noon) != nil {
			refused++
		}
	}
	if refused != 5 {
		t.Errorf("%d of 10 refused", refused)
	}
	if err := l.Attempt("anna", netip.MustParseAddr("2001:db8:1:3::1"), noon); err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	for range 5 {
		_ = l.Attempt("bert", netip.MustParseAddr("::ffff:198.51.100.4"), noon)
	}
	if err := l.Attempt("bert", netip.MustParseAddr("198.51.100.4"), noon); err == nil {
		t.Error("IPv4 written as IPv6 is another address")
	}
}

func TestTheLimiterDoesNotGrow(t *testing.T) {
	limits := auth.LoginLimits()
	limits.Entries = 100
	l := auth.NewLimiter(limits)
	fill := func(from, to int) {
		for i := from; i < to; i++ {
			_ = l.Attempt(fmt.Sprint("user", i), stranger(i), noon)
			l.Succeeded(fmt.Sprint("user", i), stranger(i), noon)
			_ = l.Attempt(fmt.Sprint("user", i), stranger(i), noon)
		}
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	fill(0, 1000)
	before := heap()
	fill(1000, 100_000)
	if after := heap(); after > before+1<<20 {
		t.Errorf("%d bytes more", after-before)
	}
	runtime.KeepAlive(l)
}

func TestAClockSetBackOpensNothing(t *testing.T) {
	l := auth.NewLimiter(auth.LoginLimits())
	for range 5 {
		_ = l.Attempt("anna", home, noon)
	}
	if err := l.Attempt("anna", home, noon.Add(-time.Hour)); err == nil {
		t.Error("let in an hour ago")
	}
}

func TestTheAddressOfARequest(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}
	for _, tt := range []struct {
		name, peer string
		forwarded  []string
		want       string
	}{
		{"direct", "203.0.113.7:5000", nil, "203.0.113.7"},
		{"direct, with a header anyone can write", "203.0.113.7:5000", []string{"1.2.3.4"}, "203.0.113.7"},
		{"through our proxy", "10.0.0.1:80", []string{"203.0.113.7"}, "203.0.113.7"},
		{"through two of ours", "127.0.0.1:80", []string{"203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"the client has begun the header", "10.0.0.1:80", []string{"1.2.3.4, 203.0.113.7"}, "203.0.113.7"},
		{"in two headers", "10.0.0.1:80", []string{"1.2.3.4", "203.0.113.7"}, "203.0.113.7"},
		{"the proxy says nothing", "10.0.0.1:80", nil, "10.0.0.1"},
		{"no address in the header", "10.0.0.1:80", []string{"1.2.3.4, unknown"}, "10.0.0.1"},
		{"IPv4 in IPv6", "[::ffff:10.0.0.1]:80", []string{"2001:db8::1"}, "2001:db8::1"},
		{"no connection", "@", nil, "invalid IP"},
	} {
		r, _ := http.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.peer
		for _, f := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := auth.Address(r, proxies).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}
