package auth

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// src/test.c of github.com/P-H-C/phc-winner-argon2, the test of argon2id with t=2, m=2^16, p=1.
const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"

func TestArgon2id_againstTheReferenceImplementation(t *testing.T) {
	p := newPasswords(Params{Memory: 64, Time: 1, Threads: 1}, 1)
	v, err := p.Verify(context.Background(), reference, "password")
	if err != nil || !v.OK {
		t.Errorf("%+v, %v", v, err)
	}
	if v, _ := p.Verify(context.Background(), reference, "Password"); v.OK {
		t.Error("a wrong password is right")
	}
}

func TestWhatIsNoHashIsRefused(t *testing.T) {
	for name, s := range map[string]string{
		"another algorithm":     strings.Replace(reference, "argon2id", "argon2i", 1),
		"another version":       strings.Replace(reference, "v=19", "v=16", 1),
		"too much memory":       strings.Replace(reference, "m=65536", "m=4194304", 1),
		"too many passes":       strings.Replace(reference, "t=2", "t=1000", 1),
		"no passes":             strings.Replace(reference, "t=2", "t=0", 1),
		"a sign":                strings.Replace(reference, "t=2", "t=+2", 1),
		"a leading zero":        strings.Replace(reference, "t=2", "t=02", 1),
		"too many threads":      strings.Replace(reference, "p=1", "p=255", 1),
		"too little memory":     strings.Replace(reference, "m=65536", "m=7", 1),
		"another order":         strings.Replace(reference, "t=2,p=1", "p=1,t=2", 1),
		"one more part":         reference + "$",
		"padding":               reference + "=",
		"no salt":               strings.Replace(reference, "c29tZXNhbHQ", "", 1),
		"a short sum":           reference[:len(reference)-30],
		"bcrypt":                "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"a line break":          reference[:60] + "\n" + reference[60:],
		"other bits at the end": reference[:len(reference)-1] + "d",
	} {
		if _, err := parsePHC(s); err == nil {
			t.Errorf("%s: read", name)
		} else if strings.Contains(err.Error(), "CTFhFd") {
			t.Errorf("%s: the error repeats the hash", name)
		}
	}
}

func FuzzPHC(f *testing.F) {
	for _, s := range []string{reference, "", "$", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5Q", "$argon2id$v=19$m=19456,t=2,p=1$$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parsePHC(s)
		if err != nil {
			return
		}
		if h.Memory > mostMemory || h.Time < 1 || h.Time > mostTime || h.Threads < 1 || h.Memory < 8*uint32(h.Threads) {
			t.Fatalf("%q asks for %+v", s, h.Params)
		}
		if h.String() != s {
			t.Fatalf("%q is written as %q", s, h)
		}
		again, err := parsePHC(h.String())
		if err != nil || again.Params != h.Params || !slices.Equal(again.salt, h.salt) || !slices.Equal(again.sum, h.sum) {
			t.Fatalf("%q does not come back: %v", s, cmp.Diff(again.Params, h.Params))
		}
	})
}

func TestCommonWordsAreWrittenAsTheyAreCompared(t *testing.T) {
	words := common()
	if len(words) < 300 {
		t.Fatalf("%d words", len(words))
	}
	for i, w := range words {
		if spell(w)[0] != w || len(w) < 3 || slices.Index(words, w) != i {
			t.Errorf("%q is short, there twice or written otherwise", w)
		}
	}
}
