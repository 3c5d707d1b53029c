package auth

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Origin refuses requests that another site makes in a person's name (CSRF), by http.CrossOriginProtection: a request
// other than GET, HEAD and OPTIONS passes where the browser says Sec-Fetch-Site: same-origin or none; from an older
// browser, where Origin is our own address; without either header, since then it comes from no browser. Another port or
// a neighbour under the same domain counts as another site. So handlers of GET must not change anything.
//
// A request with a bearer secret in Authorization, good or not, needs no such guard, because no other site can set that header without
// our consent (CORS, which we do not give). It loses its cookies on the way, so that it can be judged by the token alone.
type Origin struct {
	guard  *http.CrossOriginProtection
	denied http.Handler
}

// NewOrigin makes one. baseURL is the address that people type, which counts as our own even where a proxy changes Host;
// empty where none is configured. denied answers what is refused; nil for plain 403.
func NewOrigin(baseURL string, denied http.Handler) (*Origin, error) {
	o := &Origin{guard: http.NewCrossOriginProtection(), denied: denied}
	if denied == nil {
		o.denied = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
		})
	}
	if baseURL != "" {
		u, err := url.Parse(baseURL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("auth: %q is no address of a site", baseURL)
		}
		if err := o.guard.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, fmt.Errorf("auth: %q is no address of a site: %w", baseURL, err)
		}
	}
	return o, nil
}

// Handler guards a handler.
func (o *Origin) Handler(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if scheme, _, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
			r = r.Clone(r.Context())
			r.Header.Del("Cookie")
		} else if o.guard.Check(r) != nil {
			o.denied.ServeHTTP(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}
