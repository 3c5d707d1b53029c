package store

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NewID is 130 random bits as 26 lower-case letters and digits.
func NewID() string { return strings.ToLower(rand.Text()) }

// NewSecret is 260 random bits as 52 lower-case letters and digits: a session, a token, a link. It is shown once; the
// database keeps its hash.
func NewSecret() string { return strings.ToLower(rand.Text() + rand.Text()) }

// Hash is the SHA-256 of a text in hexadecimal: how secrets are kept, and what a revision's text is known by.
func Hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// clean makes a short text fit for both databases: valid UTF-8, no NUL, no blanks around it.
func clean(s string) string {
	return strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, string(unicode.ReplacementChar)), "\x00", ""))
}

// exact passes a text that must stay as it is, byte by byte.
func exact(s string) error {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return ErrText
	}
	return nil
}

// Email is an address as it is kept and compared: lower case, no blanks around it.
func Email(address string) (string, error) {
	a := strings.ToLower(clean(address))
	at := strings.LastIndexByte(a, '@')
	if at < 1 || at == len(a)-1 || strings.ContainsFunc(a, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", ErrEmail
	}
	return a, nil
}
