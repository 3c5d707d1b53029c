package auth

import (
	"container/list"
	"crypto/sha256"
	"math"
	"net/netip"
	"sync"
	"time"
)

// Limits of attempts on three levels. Strict for an account from one address, where guessing happens; a budget for an
// address over all accounts, where one password is tried on many; soft for an account over all addresses, because there
// an attacker could otherwise shut its owner out.
type Limits struct {
	// Free attempts for an account from one address; after that the wait begins at FirstWait and doubles up to LongestWait.
	Free                   int
	FirstWait, LongestWait time.Duration
	// Forget is how long it takes until one failed attempt of an account from one address is forgotten.
	Forget time.Duration

	// AddressBurst attempts at once from one address, then one every AddressEvery.
	AddressBurst int
	AddressEvery time.Duration

	// AccountFree failed attempts for an account over all addresses, forgotten one every AccountForget. Beyond them an
	// address from which the account has not been opened before waits, at most AccountWait. Whoever has waited gets an
	// attempt, however many others try.
	AccountFree   int
	AccountForget time.Duration
	AccountWait   time.Duration

	// Entries is how many accounts, addresses and pairs are remembered, each.
	Entries int
}

// LoginLimits are for log-ins: five attempts, then 2 s, 4 s … 30 min; forty from one address, then one in 6 s.
func LoginLimits() Limits {
	return Limits{
		Free: 5, FirstWait: 2 * time.Second, LongestWait: 30 * time.Minute, Forget: time.Hour,
		AddressBurst: 40, AddressEvery: 6 * time.Second,
		AccountFree: 20, AccountForget: time.Minute, AccountWait: 30 * time.Second,
		Entries: 20_000,
	}
}

// ResetLimits are for requests of a new password and for invitations, where each attempt sends a message: three, then
// a minute, two … an hour; ten from one address, then one in five minutes.
func ResetLimits() Limits {
	return Limits{
		Free: 3, FirstWait: time.Minute, LongestWait: time.Hour, Forget: time.Hour,
		AddressBurst: 10, AddressEvery: 5 * time.Minute,
		AccountFree: 6, AccountForget: 15 * time.Minute, AccountWait: 10 * time.Minute,
		Entries: 20_000,
	}
}

// Limiter counts attempts in memory; after a restart everyone begins anew. It is safe for use by several goroutines.
type Limiter struct {
	limits    Limits
	mu        sync.Mutex
	pairs     *table
	addresses *table
	accounts  *table
	// known are the pairs that have succeeded: the owner at the usual place.
	known *table
}

// NewLimiter makes a limiter.
func NewLimiter(l Limits) *Limiter {
	l.Entries = max(l.Entries, 1)
	return &Limiter{limits: l, pairs: newTable(l.Entries), addresses: newTable(l.Entries), accounts: newTable(l.Entries),
		known: newTable(l.Entries)}
}

// Attempt asks for one attempt on an account from an address, and counts it as failed until Succeeded says otherwise, so
// that attempts at the same time cannot slip through. The error is a *TooMany; a refused attempt is not counted.
// IPv6 addresses count by their /64, which is what one connection gets.
func (l *Limiter) Attempt(account string, address netip.Addr, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := network(address)
	pairKey := key("pair", account, from)

	spent := l.addresses.bucket(key("address", from), now, l.limits.AddressEvery)
	if wait := time.Duration((spent.level - float64(l.limits.AddressBurst-1)) * float64(l.limits.AddressEvery)); wait > 0 {
		return &TooMany{wait}
	}
	pair := l.pairs.bucket(pairKey, now, l.limits.Forget)
	if now.Before(pair.next) {
		return &TooMany{pair.next.Sub(now)}
	}
	all := l.accounts.bucket(key("account", account), now, l.limits.AccountForget)
	if over := all.level - float64(l.limits.AccountFree); over >= 0 && !pair.waited && !l.known.has(pairKey) {
		wait := growing(over, time.Second, l.limits.AccountWait)
		pair.next, pair.waited = now.Add(wait), true
		return &TooMany{wait}
	}

	spent.level++
	pair.level++
	pair.waited = false
	if over := math.Round(pair.level) - float64(l.limits.Free); over >= 0 {
		pair.next = now.Add(growing(over, l.limits.FirstWait, l.limits.LongestWait))
	}
	// The level stops rising where the wait does, so that a flood is forgotten soon after it ends.
	all.level = min(all.level+1, float64(l.limits.AccountFree)+10)
	return nil
}

// Succeeded takes the attempt back, and remembers that the account is opened from this address.
func (l *Limiter) Succeeded(account string, address netip.Addr, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := network(address)
	pairKey := key("pair", account, from)
	l.pairs.drop(pairKey)
	for _, b := range []*bucket{
		l.addresses.bucket(key("address", from), now, l.limits.AddressEvery),
		l.accounts.bucket(key("account", account), now, l.limits.AccountForget),
	} {
		b.level = max(0, b.level-1)
	}
	l.known.bucket(pairKey, now, time.Hour)
}

// growing is first · 2^over, at most most.
func growing(over float64, first, most time.Duration) time.Duration {
	return time.Duration(min(float64(most), float64(first)*math.Pow(2, min(over, 40))))
}

// network is what counts as one address.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

// key has the same size for any account and shows none of them.
func key(parts ...string) [32]byte {
	h := sha256.New()
	for _, p := range parts {
		n := len(p)
		h.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
		h.Write([]byte(p))
	}
	return [32]byte(h.Sum(nil))
}

// bucket leaks: its level falls by one every so often.
type bucket struct {
	level  float64
	at     time.Time
	next   time.Time
	waited bool
	place  *list.Element
}

// table remembers a limited number of buckets and forgets the one unused for longest.
type table struct {
	most    int
	buckets map[[32]byte]*bucket
	order   *list.List // of keys, the last used in front
}

func newTable(most int) *table {
	return &table{most: most, buckets: map[[32]byte]*bucket{}, order: list.New()}
}

func (t *table) bucket(k [32]byte, now time.Time, forget time.Duration) *bucket {
	b, ok := t.buckets[k]
	if !ok {
		if len(t.buckets) >= t.most {
			t.drop(t.order.Back().Value.([32]byte))
		}
		b = &bucket{at: now, place: t.order.PushFront(k)}
		t.buckets[k] = b
		return b
	}
	t.order.MoveToFront(b.place)
	if passed := now.Sub(b.at); passed > 0 { // a clock set back must not count
		b.level = max(0, b.level-float64(passed)/float64(forget))
		b.at = now
	}
	return b
}

func (t *table) has(k [32]byte) bool { return t.buckets[k] != nil }

func (t *table) drop(k [32]byte) {
	if b, ok := t.buckets[k]; ok {
		t.order.Remove(b.place)
		delete(t.buckets, k)
	}
}
