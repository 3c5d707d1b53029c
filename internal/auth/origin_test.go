package auth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rendite-crm/rendite/internal/auth"
)

func TestOtherSitesCannotAct(t *testing.T) {
	bearer := "Bearer " + "rendite_" + strings.Repeat("a", 43)
	for _, tt := range []struct {
		name, method, site, origin, authorization string
		want                                      int
	}{
		{"our own page", "POST", "same-origin", "http://localhost:8080", "", 200},
		{"another site", "POST", "cross-site", "https://evil.example", "", 403},
		{"another port of the same host", "POST", "same-site", "http://localhost:9090", "", 403},
		{"a neighbour under the domain", "DELETE", "same-site", "https://blog.firma.de", "", 403},
		{"typed by the person", "POST", "none", "", "", 200},
		{"reading from another site", "GET", "cross-site", "https://evil.example", "", 200},
		{"reading the head", "HEAD", "cross-site", "", "", 200},
		{"an old browser, our own page", "POST", "", "http://localhost:8080", "", 200},
		{"an old browser, another site", "POST", "", "https://evil.example", "", 403},
		{"an old browser, another port", "PUT", "", "http://localhost:9090", "", 403},
		{"an old browser, a frame without origin", "POST", "", "null", "", 403},
		{"no browser", "POST", "", "", "", 200},
		{"behind a proxy that changes the host", "POST", "", "https://crm.firma.de", "", 200},
		{"an API token", "POST", "cross-site", "https://app.example", bearer, 200},
		{"something else in Authorization", "POST", "cross-site", "https://evil.example", "Basic YTpi", 403},
		{"a bearer secret that opens nothing", "POST", "cross-site", "https://evil.example", "Bearer x", 200},
	} {
		o, err := auth.NewOrigin("https://crm.firma.de/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(tt.method, "http://localhost:8080/cases", nil)
		for k, v := range map[string]string{"Sec-Fetch-Site": tt.site, "Origin": tt.origin, "Authorization": tt.authorization} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		r.AddCookie(&http.Cookie{Name: "rendite", Value: "x"})
		cookies := -1
		w := httptest.NewRecorder()
		o.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { cookies = len(r.Cookies()) })).ServeHTTP(w, r)
		want := map[bool]int{true: 0, false: 1}[strings.HasPrefix(tt.authorization, "Bearer ")]
		if w.Code != tt.want || (tt.want == 200 && cookies != want) || (tt.want == 403 && cookies != -1) {
			t.Errorf("%s: %d, %d cookies", tt.name, w.Code, cookies)
		}
		if len(r.Cookies()) != 1 {
			t.Errorf("%s: the request of the caller is changed", tt.name)
		}
	}
}

func TestAnOwnPageAnswersWhatIsRefused(t *testing.T) {
	o, err := auth.NewOrigin("", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) }))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	if o.Handler(http.NotFoundHandler()).ServeHTTP(w, r); w.Code != 418 {
		t.Error(w.Code)
	}
	for _, base := range []string{"crm.firma.de", "://", "ftp:x"} {
		if _, err := auth.NewOrigin(base, nil); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
}
