package auth_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
)

func passwords(t *testing.T, p auth.Params, concurrent int) *auth.Passwords {
	t.Helper()
	h, err := auth.NewPasswords(p, concurrent)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestAPasswordMatchesItsHashAndNothingElse(t *testing.T) {
	p := passwords(t, auth.DefaultParams, 2)
	ctx := context.Background()
	hash, err := p.Hash(ctx, "Grünkohl mit Fahrrad")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	for password, want := range map[string]bool{
		"Grünkohl mit Fahrrad":       true,
		"Gru\u0308nkohl mit Fahrrad": true, // u and two dots
		"grünkohl mit Fahrrad":       false,
		"Grünkohl mit Fahrrad ":      false,
		"":                           false,
		strings.Repeat("x", 100_000): false,
	} {
		v, err := p.Verify(ctx, hash, password)
		if err != nil || v.OK != want || v.Outdated {
			t.Errorf("%.30q: %+v, %v", password, v, err)
		}
	}
	if again, _ := p.Hash(ctx, "Grünkohl mit Fahrrad"); again == hash {
		t.Error("the same salt twice")
	}
	if v, err := p.Verify(ctx, "", "Grünkohl mit Fahrrad"); v.OK || err != nil {
		t.Errorf("nobody has this password: %+v, %v", v, err)
	}
	if _, err := p.Verify(ctx, "plain text", "plain text"); err == nil {
		t.Error("a hash that is none is compared")
	}
}

func TestWeakParametersAreRefused(t *testing.T) {
	for _, p := range []auth.Params{{}, {Memory: 1024, Time: 2, Threads: 1}, {Memory: 19 * 1024, Time: 1, Threads: 1},
		{Memory: 19 * 1024, Time: 2}, {Memory: 1 << 30, Time: 2, Threads: 1}} {
		if _, err := auth.NewPasswords(p, 1); err == nil {
			t.Errorf("%+v", p)
		}
	}
	if _, err := auth.NewPasswords(auth.DefaultParams, 0); err == nil {
		t.Error("no hash at a time")
	}
}

func TestWhoFindsNoFreeSlotIsToldSo(t *testing.T) {
	p := passwords(t, auth.DefaultParams, 1)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	// With one slot and a context that has ended, some of the calls find the slot taken.
	var wg sync.WaitGroup
	var mu sync.Mutex
	busy := 0
	for range 8 {
		wg.Go(func() {
			if _, err := p.Hash(ended, "Grünkohl mit Fahrrad"); err != nil {
				mu.Lock()
				defer mu.Unlock()
				busy++
				if code(err) != "auth_busy" || auth.Status(err) != 503 {
					t.Errorf("%v", err)
				}
			}
		})
	}
	wg.Wait()
	if busy == 0 {
		t.Error("eight at a time where one may")
	}
}

func TestThePolicyRefusesWhatIsGuessedFirst(t *testing.T) {
	for _, tt := range []struct{ password, want string }{
		{"", "auth_password_short"},
		{"kurz", "auth_password_short"},
		{"elf Zeichen", "auth_password_short"},
		{"ääääöööüüüß", "auth_password_short"}, // 11 characters, 22 bytes
		{strings.Repeat("ab cd ef gh ", 17), "auth_password_long"},
		{strings.Repeat("gnu ibex ", 200), "auth_password_long"},
		{"Passwort1234!", "auth_password_common"},
		{"P4ssw0rt!2026", "auth_password_common"},
		{"passwortpasswort", "auth_password_common"},
		{"PASSWORD-2026", "auth_password_common"},
		{"123456789012", "auth_password_common"},
		{"987654321098", "auth_password_common"},
		{"aaaaaaaaaaaaaaaa", "auth_password_common"},
		{"abababababababab", "auth_password_common"},
		{"abcdefghijklmnop", "auth_password_common"},
		{"Qwertzuiop123", "auth_password_common"},
		{"Sommer2026!!!", "auth_password_common"},
		{"Schlüssel2026", "auth_password_common"},
		{"correcthorsebatterystaple", "auth_password_common"},
		{"Anna.Muster2026", "auth_password_personal"},
		{"MusterAnna1234", "auth_password_personal"},
		{"anna.muster@firma.de", "auth_password_personal"},
		{"Firma20262026", "auth_password_personal"},
		{"Müllermüller1", "auth_password_personal"},
		{"Grünkohl mit Fahrrad", ""},
		{"sommerlich lesen Igel", ""},
		{"x7#kQ9!mZ2@v", ""},
		{"837461928374", ""},
		{strings.Repeat("gnu ibex vier ", 14), ""}, // 196 characters
		{"電池馬正解クリップ鉛筆机窓", ""},
	} {
		err := auth.CheckPassword(tt.password, "anna.muster@firma.de", "Anna Müller")
		if code(err) != tt.want {
			t.Errorf("%q: %q, want %q", tt.password, code(err), tt.want)
		}
	}
	if err := auth.CheckPassword("Grünkohl mit Fahrrad", "", ""); err != nil {
		t.Errorf("without address and name: %v", err)
	}
}

// people is a store of credentials in memory.
type people struct {
	by       map[string]auth.Credential
	replaced int
}

func (p *people) CredentialByEmail(_ context.Context, email string) (auth.Credential, bool, error) {
	c, ok := p.by[email]
	return c, ok, nil
}

func (p *people) ReplacePasswordHash(_ context.Context, user, old, hash string) error {
	for email, c := range p.by {
		if c.User == user && c.Hash == old {
			p.replaced++
			c.Hash = hash
			p.by[email] = c
		}
	}
	return nil
}

func TestLogin(t *testing.T) {
	ctx := context.Background()
	weak := passwords(t, auth.DefaultParams, 2)
	strong := passwords(t, auth.Params{Memory: 20 * 1024, Time: 2, Threads: 1}, 2)
	hash, err := weak.Hash(ctx, "Grünkohl mit Fahrrad")
	if err != nil {
		t.Fatal(err)
	}
	store := &people{by: map[string]auth.Credential{
		"anna@firma.de": {User: "anna", Hash: hash},
		"old@firma.de":  {User: "old", Hash: hash, Disabled: true},
		"sso@firma.de":  {User: "sso"},
	}}
	login := &auth.Login{Store: store, Passwords: strong, Limiter: auth.NewLimiter(auth.LoginLimits())}
	check := func(email, password string) (string, error) {
		return login.Check(ctx, email, password, home, noon)
	}
	for _, tt := range [][2]string{{"anna@firma.de", "falsch geraten"}, {"nobody@firma.de", "Grünkohl mit Fahrrad"},
		{"old@firma.de", "Grünkohl mit Fahrrad"}, {"sso@firma.de", ""}, {"sso@firma.de", "Grünkohl mit Fahrrad"}, {"no address", "x"}} {
		user, err := check(tt[0], tt[1])
		if wants(t, err, "auth_login_failed"); user != "" {
			t.Errorf("%s is let in as %q", tt[0], user)
		}
	}
	user, err := check(" Anna@Firma.de", "Grünkohl mit Fahrrad")
	if user != "anna" || err != nil {
		t.Fatalf("%q, %v", user, err)
	}
	if now := store.by["anna@firma.de"].Hash; store.replaced != 1 || !strings.HasPrefix(now, "$argon2id$v=19$m=20480,") {
		t.Errorf("the hash was not made stronger: %s", now)
	}
	if user, err := check("anna@firma.de", "Grünkohl mit Fahrrad"); user != "anna" || err != nil || store.replaced != 1 {
		t.Errorf("%q, %v, %d", user, err, store.replaced)
	}
	for range 6 {
		_, err = login.Check(ctx, "nobody@firma.de", "falsch geraten", netip.MustParseAddr("198.51.100.1"), noon)
	}
	if _, ok := auth.RetryAfter(err); !ok || auth.Status(err) != 429 {
		t.Errorf("the sixth attempt: %v", err)
	}
}

func TestAnUnknownUserTakesTheSameWork(t *testing.T) {
	p := passwords(t, auth.DefaultParams, 1)
	ctx := context.Background()
	hash, _ := p.Hash(ctx, "Grünkohl mit Fahrrad")
	// Memory is what argon2id takes above all, and unlike time it does not depend on the machine.
	known := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = p.Verify(ctx, hash, "falsch geraten")
		}
	}).AllocedBytesPerOp()
	unknown := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = p.Verify(ctx, "", "falsch geraten")
		}
	}).AllocedBytesPerOp()
	if d := known - unknown; known < 19<<20 || d < -100_000 || d > 100_000 {
		t.Errorf("%d bytes for a known user, %d for an unknown one", known, unknown)
	}
}
