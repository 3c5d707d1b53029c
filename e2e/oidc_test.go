package e2e

import (
	"net"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/auth/authtest"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/server"
)

// single starts a workspace with single sign-on at a provider of its own, which is another site for the browser.
func single(t *testing.T, users ...*authtest.User) *workspace {
	t.Helper()
	// The provider must know our address before we have it.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listen := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	base := "http://" + listen
	provider := authtest.New(t, base+"/oidc/callback", users...)
	w := startBeside(t, true, func(c *server.Config) {
		c.Listen, c.BaseURL, c.OIDCName = listen, base, "Firma"
		c.OIDC = &auth.OIDCConfig{Issuer: provider.URL, ClientID: authtest.Client, ClientSecret: auth.SecretOf(authtest.Secret), AllowedDomains: []string{"firma.de"}, CreateUsers: true}
	})
	w.others = []string{provider.URL}
	w.setup()
	return w
}

// atProvider goes from our log-in page to the provider's and fills its form.
func (p *tab) atProvider(user string) {
	p.t.Helper()
	p.allow(404) // the provider has no icon
	p.goTo("/login?next=/settings")
	p.click("link", p.text("web.login.oidc", "name", "Firma"))
	p.until("the provider's page", `location.hostname === "localhost" && e2e.quiet() && document.querySelector("input[name=password]")`)
	p.fillIn("", "input[name=username]", "", user)
	p.fillIn("", "input[name=password]", "", "geheim")
	p.click("button", "")
}

func TestSingleSignOnMakesAnAccountForAnAllowedDomainOnly(t *testing.T) {
	t.Parallel()
	turn(t)
	w := single(t,
		&authtest.User{ID: "u1", Username: "bea", Password: "geheim", FirstName: "Bea", LastName: "Firma", Email: "bea@firma.de", EmailVerified: true},
		&authtest.User{ID: "u2", Username: "fremd", Password: "geheim", FirstName: "Frida", LastName: "Fremd", Email: "frida@anderswo.de", EmailVerified: true},
		&authtest.User{ID: "u3", Username: "ungeprueft", Password: "geheim", FirstName: "Udo", LastName: "Ungeprüft", Email: "udo@firma.de"})
	bea := w.open(locale.German)
	bea.atProvider("bea")
	bea.until("to be back where she wanted to go", `location.pathname === "/settings" && e2e.quiet()`)
	bea.see("bea@firma.de")
	var name string
	if bea.get(`document.querySelector("form[action='/settings/profile'] input[name=name]").value`, &name); name != "Bea Firma" {
		t.Errorf("the new account is called %q", name)
	}
	// She has an organisation of her own, sees none of the other's, and comes into that by invitation.
	bea.goTo("/organisations")
	bea.seeIn("h1", "Bea Firma")
	if said := bea.said(""); strings.Contains(said, "Muster AG") {
		t.Errorf("a stranger sees the organisation: %s", said)
	}
	bea.goTo(w.invite("bea@firma.de"))
	bea.click("button", bea.text("web.invited.go"))
	bea.until("the organisation's cases", `location.pathname === "/" && e2e.quiet()`)
	bea.goTo("/organisations")
	bea.clickIn("main nav", "link", "Muster AG")
	bea.until("the organisation", `e2e.quiet() && e2e.said("h1") === "Muster AG"`)
	// Logged out, she comes again, to the same account.
	bea.click("summary", "Bea Firma")
	bea.click("button", bea.text("web.nav.logout"))
	bea.see(bea.text("web.login.title"))
	again := w.open(locale.English)
	again.atProvider("bea")
	again.until("to be back", `location.pathname === "/settings" && e2e.quiet()`)
	again.goTo("/")
	again.see(again.text("web.hero.title"))

	for _, user := range []string{"fremd", "ungeprueft"} {
		p := w.open(locale.English)
		p.allow(403, 401)
		p.atProvider(user)
		p.see(p.text("diag.auth_oidc_no_account"))
		p.see(p.text("diag.auth_oidc_no_account.hint"))
		p.goTo("/settings")
		p.see(p.text("web.login.title"))
	}
}
