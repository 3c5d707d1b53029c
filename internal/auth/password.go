package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Params are the cost of one hash by argon2id (RFC 9106).
type Params struct {
	// Memory in KiB.
	Memory uint32
	// Time is the number of passes over it.
	Time uint32
	// Threads is the degree of parallelism. It changes the hash, so it is a parameter and not the number of cores.
	Threads uint8
}

// DefaultParams are what the OWASP Password Storage Cheat Sheet asks for at least: 19 MiB, two passes, one thread.
var DefaultParams = Params{Memory: 19 * 1024, Time: 2, Threads: 1}

// What a stored hash may ask of this machine: a row that someone has tampered with must not take all memory.
const (
	mostMemory  = 256 * 1024
	mostTime    = 16
	mostThreads = 16

	saltBytes = 16
	hashBytes = 32
	// mostBytes is what a password of the greatest length can take in UTF-8.
	mostBytes = 4 * MaxPassword
)

// Passwords hashes passwords and compares them, a limited number at a time, so that log-ins cannot take more memory
// than Params.Memory times that number. It is safe for use by several goroutines.
type Passwords struct {
	params Params
	slots  chan struct{}
	// nobody is a hash that no password has, for users that do not exist.
	nobody hashed
}

// Verdict is what a comparison has found.
type Verdict struct {
	// OK: the password is the right one.
	OK bool
	// Outdated: it is, and the stored hash was made with weaker parameters than those of today.
	Outdated bool
}

// NewPasswords makes one with the cost of new hashes and the number of hashes at the same time, at least one. Params
// below what OWASP asks for are an error.
func NewPasswords(p Params, concurrent int) (*Passwords, error) {
	switch {
	case p.Memory < DefaultParams.Memory || p.Time < DefaultParams.Time || p.Threads < 1:
		return nil, fmt.Errorf("auth: argon2id with m=%d t=%d p=%d is weaker than m=%d t=%d p=1", p.Memory, p.Time, p.Threads,
			DefaultParams.Memory, DefaultParams.Time)
	case p.Memory > mostMemory || p.Time > mostTime || p.Threads > mostThreads:
		return nil, fmt.Errorf("auth: argon2id with m=%d t=%d p=%d is more than m=%d t=%d p=%d", p.Memory, p.Time, p.Threads,
			mostMemory, mostTime, mostThreads)
	case concurrent < 1:
		return nil, errors.New("auth: at least one hash at a time")
	}
	return newPasswords(p, concurrent), nil
}

func newPasswords(p Params, concurrent int) *Passwords {
	h := hashed{Params: p, salt: make([]byte, saltBytes), sum: make([]byte, hashBytes)}
	_, _ = rand.Read(h.salt)
	_, _ = rand.Read(h.sum)
	return &Passwords{params: p, slots: make(chan struct{}, concurrent), nobody: h}
}

// Hash is the hash of a password in the PHC string format, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash". It waits for a
// free slot; when the context ends first, the error is auth_busy. Whether the password is good enough, CheckPassword
// says.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	h := hashed{Params: p.params, salt: make([]byte, saltBytes)}
	_, _ = rand.Read(h.salt)
	sum, err := p.sum(ctx, h, password, hashBytes)
	if err != nil {
		return "", err
	}
	h.sum = sum
	return h.String(), nil
}

// Verify compares a password with a stored hash. An empty hash stands for a user who does not exist or has no password:
// the same work is done, and the password is wrong. A password that no one can have set is wrong without any work.
// An error is auth_busy, or a stored hash that cannot be read.
func (p *Passwords) Verify(ctx context.Context, phc, password string) (Verdict, error) {
	if password == "" || len(password) > mostBytes {
		return Verdict{}, nil
	}
	h := p.nobody
	if phc != "" {
		var err error
		if h, err = parsePHC(phc); err != nil {
			return Verdict{}, err
		}
	}
	sum, err := p.sum(ctx, h, password, len(h.sum))
	if err != nil {
		return Verdict{}, err
	}
	ok := subtle.ConstantTimeCompare(sum, h.sum) == 1 && phc != ""
	weaker := h.Memory < p.params.Memory || h.Time < p.params.Time || len(h.salt) < saltBytes || len(h.sum) < hashBytes
	return Verdict{OK: ok, Outdated: ok && weaker}, nil
}

func (p *Passwords) sum(ctx context.Context, h hashed, password string, bytes int) ([]byte, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", diag.New("auth_busy", diag.Position{}, nil), ctx.Err())
	}
	return argon2.IDKey([]byte(normal(password)), h.salt, h.Time, h.Memory, h.Threads, uint32(bytes)), nil
}

// normal makes one password of those that look the same: "ü" typed as one character or as u and two dots (NIST SP
// 800-63B-4, 3.1.1.2, asks for NFKC or NFKD).
func normal(password string) string { return norm.NFKC.String(password) }

// hashed is a hash in its parts.
type hashed struct {
	Params
	salt, sum []byte
}

// String writes the PHC string format, base64 without padding.
func (h hashed) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.Memory, h.Time, h.Threads,
		b64.EncodeToString(h.salt), b64.EncodeToString(h.sum))
}

// errPHC does not repeat the hash, because it may be logged.
var errPHC = errors.New("auth: the stored password hash is no argon2id hash in PHC format, or asks for too much")

// parsePHC reads what String writes and nothing else: https://github.com/P-H-C/phc-string-format. Every hash it accepts
// can be computed within mostMemory.
func parsePHC(s string) (hashed, error) {
	parts := strings.Split(s, "$")
	if len(s) > 512 || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return hashed{}, errPHC
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return hashed{}, errPHC
	}
	var n [3]uint32
	for i, limit := range []struct {
		name string
		most uint32
	}{{"m=", mostMemory}, {"t=", mostTime}, {"p=", mostThreads}} {
		digits, ok := strings.CutPrefix(costs[i], limit.name)
		v, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil || v < 1 || v > uint64(limit.most) || digits != strconv.FormatUint(v, 10) {
			return hashed{}, errPHC
		}
		n[i] = uint32(v)
	}
	h := hashed{Params: Params{Memory: n[0], Time: n[1], Threads: uint8(n[2])}}
	if h.Memory < 8*uint32(h.Threads) { // RFC 9106, 3.1
		return hashed{}, errPHC
	}
	for _, part := range []struct {
		text        string
		least, most int
		to          *[]byte
	}{{parts[4], 8, 64, &h.salt}, {parts[5], 16, 64, &h.sum}} {
		b, err := base64.RawStdEncoding.Strict().DecodeString(part.text)
		if err != nil || len(b) < part.least || len(b) > part.most || strings.ContainsAny(part.text, "\r\n") {
			return hashed{}, errPHC
		}
		*part.to = b
	}
	return h, nil
}
