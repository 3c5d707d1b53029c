package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"
)

// Kind is the prefix of a secret: it says what the secret opens, to people and to scanners that look for leaked secrets.
type Kind string

// The kinds of secrets that this package makes; package store makes those of tokens, invitations, shares and resets.
const (
	SessionSecret Kind = "rds_"
	FlowSecret    Kind = "rdf_"
)

// How long a secret that is sent by e-mail opens something.
const (
	ResetLifetime      = time.Hour
	InvitationLifetime = 7 * 24 * time.Hour
)

const (
	secretBytes = 32
	secretChars = 43 // 32 bytes in base64 without padding
	redacted    = "[secret]"
)

// Secret is something that opens a door. It prints as "[secret]" everywhere; Reveal is the only way to its text, and
// only its hash is stored. The zero value opens nothing.
type Secret struct {
	_ [0]func() // == would compare addresses
	// A pointer, because fmt prints the unexported fields of a struct around a Secret without asking the Secret.
	text *string
}

// NewSecret draws a secret of 256 random bits, written in base64url after the kind's prefix.
func NewSecret(kind Kind) Secret {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails; crashes the program where the system has no randomness
	return SecretOf(string(kind) + base64.RawURLEncoding.EncodeToString(b[:]))
}

// ParseSecret reads what someone has handed in; false where it cannot be a secret of that kind.
func ParseSecret(kind Kind, s string) (Secret, bool) {
	rest, ok := strings.CutPrefix(s, string(kind))
	if !ok || len(rest) != secretChars {
		return Secret{}, false
	}
	// Strict: otherwise four texts would stand for the same secret.
	if _, err := base64.RawURLEncoding.Strict().DecodeString(rest); err != nil || strings.ContainsAny(rest, "\r\n") {
		return Secret{}, false
	}
	return SecretOf(s), true
}

// SecretOf wraps a secret that others have made, such as the client secret of a provider.
func SecretOf(s string) Secret { return Secret{text: &s} }

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s.text == nil || *s.text == "" }

// Reveal is the text of the secret: for the cookie, the link or the one time it is shown.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Hash is the SHA-256 of the text in hexadecimal digits, which is what is stored. 256 random bits need no salt and no
// slow hash.
func (s Secret) Hash() string {
	h := sha256.Sum256([]byte(s.Reveal()))
	return hex.EncodeToString(h[:])
}

// Matches compares with a stored hash in constant time. An empty secret matches nothing.
func (s Secret) Matches(hash string) bool {
	return !s.Empty() && subtle.ConstantTimeCompare([]byte(s.Hash()), []byte(hash)) == 1
}

// String hides the secret.
func (s Secret) String() string { return redacted }

// GoString hides the secret.
func (s Secret) GoString() string { return redacted }

// Format hides the secret from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalJSON hides the secret.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// MarshalText hides the secret from YAML, XML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
