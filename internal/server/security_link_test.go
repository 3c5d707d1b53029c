package server_test

import (
	"net/url"
	"testing"
)

// Single sign-on takes an account over by its address only where its owner has proved to have that address
// (auth.IdentityStore): through a link that was made out to it, not by typing it.
func TestLink_anAddressThatIsOnlyClaimed(t *testing.T) {
	w := newWorld(t)
	join := func(invited, email string) {
		t.Helper()
		if a := w.do(ask{method: "POST", path: "/invitation/" + w.invitation(w.org, "owner", invited), form: url.Values{"name": {"Eve"}, "email": {email}, "password": {password}}}); a.StatusCode != 303 {
			t.Fatalf("join: status %d", a.StatusCode)
		}
	}
	join("", "claimed@firma.example")
	join("proved@firma.example", "proved@firma.example")
	for email, want := range map[string]bool{"claimed@firma.example": false, "proved@firma.example": true} {
		if _, found, err := w.server.App.Identities().UserByEmail(t.Context(), email); err != nil || found != want {
			t.Errorf("%s: found %v, want %v (%v)", email, found, want, err)
		}
	}
}
