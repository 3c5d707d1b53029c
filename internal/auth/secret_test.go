package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
)

var kinds = []auth.Kind{auth.SessionSecret, auth.FlowSecret}

func TestASecretComesBackFromItsText(t *testing.T) {
	seen := map[string]bool{}
	for range 100 {
		for _, k := range kinds {
			s := auth.NewSecret(k)
			text := s.Reveal()
			if seen[text] || !strings.HasPrefix(text, string(k)) || strings.ContainsAny(text, "+/= ") || len(text) != 47 {
				t.Fatalf("%q", text)
			}
			seen[text] = true
			back, ok := auth.ParseSecret(k, text)
			if !ok || !back.Matches(s.Hash()) || len(s.Hash()) != 64 {
				t.Fatalf("%q does not come back", text)
			}
			for _, other := range kinds {
				if _, ok := auth.ParseSecret(other, text); ok != (other == k) {
					t.Errorf("%q read as %q", text, other)
				}
			}
		}
	}
}

// SHA-256 of "abc": FIPS 180-2, appendix B.1.
func TestTheHashIsSHA256(t *testing.T) {
	if got := auth.SecretOf("abc").Hash(); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Error(got)
	}
}

func TestWhatIsNoSecretIsNotRead(t *testing.T) {
	good := auth.NewSecret(auth.FlowSecret).Reveal()
	for _, s := range []string{"", "rdt_", good[:46], good + "A", good[:46] + "!", good[:30] + "\n" + good[31:], good[:46] + "B", strings.ToUpper(good)} {
		if _, ok := auth.ParseSecret(auth.FlowSecret, s); ok {
			t.Errorf("%q is read", s)
		}
	}
}

func TestAnEmptySecretMatchesNothing(t *testing.T) {
	var none auth.Secret
	if none.Matches(none.Hash()) || auth.SecretOf("").Matches(auth.SecretOf("").Hash()) || !none.Empty() {
		t.Error("an empty secret opens something")
	}
	if s := auth.NewSecret(auth.FlowSecret); s.Matches("") || s.Matches(auth.NewSecret(auth.FlowSecret).Hash()) {
		t.Error("a secret matches a foreign hash")
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	s := auth.NewSecret(auth.SessionSecret)
	type outer struct {
		Public auth.Secret
		hidden auth.Secret
		list   []auth.Secret
	}
	o := outer{s, s, []auth.Secret{s}}
	var out bytes.Buffer
	for _, v := range []any{s, &s, o, &o, map[string]auth.Secret{"a": s}, fmt.Errorf("log-in with %v: %w", s, http.ErrNoCookie)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, _ := json.Marshal(v)
		out.Write(b)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "secret", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "secret", v)
	}
	b, _ := s.MarshalText()
	out.Write(b)
	text := s.Reveal()
	for _, leak := range []string{text, text[4:20], fmt.Sprintf("%x", text), fmt.Sprintf("%X", text)} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret is printed as %q", leak)
		}
	}
	if !strings.Contains(out.String(), "[secret]") {
		t.Error("nothing was printed at all")
	}
}
