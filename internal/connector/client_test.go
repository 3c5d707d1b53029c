package connector_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/connector"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// patience counts what a client would have waited. Its dice show the middle.
type patience struct {
	waits []time.Duration
	now   time.Time
}

func (p *patience) options() connector.ClientOptions {
	return connector.ClientOptions{
		Allowed: []string{"127.0.0.1"}, Random: func() float64 { return 0.5 }, Now: func() time.Time { return p.now },
		Sleep: func(_ context.Context, d time.Duration) error {
			p.waits = append(p.waits, d)
			p.now = p.now.Add(d)
			return nil
		},
	}
}

func client(t *testing.T, h http.HandlerFunc, change ...func(*connector.ClientOptions)) (*connector.Client, *patience) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	p := &patience{now: noon}
	o := p.options()
	for _, f := range change {
		f(&o)
	}
	c, err := connector.NewClient(server.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, p
}

func answer(w http.ResponseWriter, status int, header map[string]string, body string) {
	for k, v := range header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

func TestDo_waitsAsItIsTold(t *testing.T) {
	half := func(d time.Duration) time.Duration { return d * 3 / 4 } // equal jitter with dice that show the middle
	told := func(d time.Duration) time.Duration { return d + d/20 }
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		waits  []time.Duration
	}{
		"429 with seconds":             {429, map[string]string{"Retry-After": "7"}, "", []time.Duration{told(7 * time.Second), told(7 * time.Second)}},
		"429 with a date":              {429, map[string]string{"Retry-After": noon.Add(30 * time.Second).Format(http.TimeFormat)}, "", []time.Duration{told(30 * time.Second), told(time.Millisecond)}},
		"429 without a word":           {429, nil, "", []time.Duration{half(time.Second), half(2 * time.Second)}},
		"429 with nonsense":            {429, map[string]string{"Retry-After": "soon"}, "", []time.Duration{half(time.Second), half(2 * time.Second)}},
		"403 that says when":           {403, map[string]string{"Retry-After": "2"}, "<html>", []time.Duration{told(2 * time.Second), told(2 * time.Second)}},
		"503 in HTML":                  {503, nil, "<html>busy</html>", []time.Duration{half(time.Second), half(2 * time.Second)}},
		"200 that is no JSON":          {200, nil, `{"rows": [1, 2`, []time.Duration{half(time.Second), half(2 * time.Second)}},
		"200 that promises more bytes": {200, map[string]string{"Content-Length": "500"}, `{"rows": [`, []time.Duration{half(time.Second), half(2 * time.Second)}},
	} {
		var asked atomic.Int32
		k, p := client(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) < 3 {
				answer(w, c.status, c.header, c.body)
				return
			}
			answer(w, 200, nil, `{"amount": 12345678901234567890.25}`)
		})
		var got map[string]any
		if err := k.Do(t.Context(), connector.Request{Path: "/x"}, &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if s := fmt.Sprint(got["amount"]); s != "12345678901234567890.25" {
			t.Errorf("%s: the number is %s", name, s)
		}
		if d := cmp.Diff(c.waits, p.waits); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestDo_givesUpWhereWaitingIsNoUse(t *testing.T) {
	midnight := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   connector.Code
		until  time.Time
		asked  int32
	}{
		"Salesforce's budget":           {403, nil, `[{"message":"TotalRequests Limit exceeded for Muster AG","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`, connector.Tomorrow, midnight, 1},
		"HubSpot's day":                 {429, nil, `{"status":"error","policyName":"DAILY","message":"You have reached your daily limit."}`, connector.Tomorrow, midnight, 1},
		"HubSpot's ten seconds":         {429, nil, `{"status":"error","policyName":"TEN_SECONDLY_ROLLING"}`, connector.Unavailable, time.Time{}, 6},
		"Pipedrive's day":               {429, map[string]string{"X-Daily-Requests-Left": "0"}, "", connector.Tomorrow, midnight, 1},
		"three hours":                   {429, map[string]string{"Retry-After": "10800"}, "", connector.Tomorrow, noon.Add(3 * time.Hour), 1},
		"a page instead of an answer":   {403, nil, "<html><body>Muster AG: forbidden</body></html>", connector.Denied, time.Time{}, 1},
		"no right":                      {401, nil, "", connector.Denied, time.Time{}, 1},
		"no such place":                 {404, nil, "", connector.Missing, time.Time{}, 1},
		"a bad question":                {400, nil, `{"message": "/srv/crm/secret/path"}`, connector.Refused, time.Time{}, 1},
		"down for good":                 {502, nil, "", connector.Unavailable, time.Time{}, 6},
		"not built":                     {501, nil, "", connector.Refused, time.Time{}, 1},
		"never JSON":                    {200, nil, "<html>Muster AG</html>", connector.Unreadable, time.Time{}, 6},
		"an answer without end":         {200, nil, `"` + strings.Repeat("Muster AG", 1000) + `"`, connector.TooLarge, time.Time{}, 1},
		"an error that is without end":  {500, nil, strings.Repeat("Muster AG", 1000), connector.TooLarge, time.Time{}, 1},
		"a redirect to another machine": {302, map[string]string{"Location": "http://169.254.169.254/latest/meta-data"}, "", connector.Address, time.Time{}, 1},
		"a redirect to another port":    {307, map[string]string{"Location": "http://127.0.0.1:1/"}, "", connector.Address, time.Time{}, 1},
	} {
		var asked atomic.Int32
		k, _ := client(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			answer(w, c.status, c.header, c.body)
		}, func(o *connector.ClientOptions) { o.MaxBytes = 4096 })
		var got any
		err := k.Do(t.Context(), connector.Request{Place: "deals", Path: "/x", Query: url.Values{"q": {"Muster AG"}}}, &got)
		var e *connector.Error
		if !errors.As(err, &e) || e.Code != c.want || !e.Until.Equal(c.until) {
			t.Errorf("%s: %v, want %s until %s", name, err, c.want, c.until)
			continue
		}
		if asked.Load() != c.asked {
			t.Errorf("%s: asked %d times, want %d", name, asked.Load(), c.asked)
		}
		if s := err.Error(); strings.Contains(s, "Muster") || strings.Contains(s, "secret") || strings.Contains(s, "169.254") {
			t.Errorf("%s: the error repeats the server: %s", name, s)
		}
	}
}

func TestDo_asksOnceWhereAskingAgainCouldLockTheAccount(t *testing.T) {
	var asked atomic.Int32
	k, _ := client(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); answer(w, 503, nil, "") })
	if err := k.Do(t.Context(), connector.Request{Path: "/login", Once: true}, nil); !connector.Is(err, connector.Unavailable) || asked.Load() != 1 {
		t.Errorf("%v after %d", err, asked.Load())
	}
}

func TestDo_endsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	k, _ := client(t, func(w http.ResponseWriter, _ *http.Request) { answer(w, 503, nil, "") },
		func(o *connector.ClientOptions) {
			o.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
		})
	if err := k.Do(ctx, connector.Request{Path: "/"}, nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestDo_aServerThatDoesNotAnswerInTime(t *testing.T) {
	var asked atomic.Int32
	release := make(chan struct{})
	k, p := client(t, func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}, func(o *connector.ClientOptions) { o.Timeout, o.Attempts = 50*time.Millisecond, 3 })
	defer close(release)
	if err := k.Do(t.Context(), connector.Request{Path: "/"}, nil); !connector.Is(err, connector.Unavailable) || asked.Load() != 3 || len(p.waits) != 2 {
		t.Errorf("%v, asked %d times, waited %v", err, asked.Load(), p.waits)
	}
}

// A link that a server gives may lead to its own next page, never elsewhere.
func TestDo_followsOnlyItsOwnLinks(t *testing.T) {
	k, _ := client(t, func(w http.ResponseWriter, r *http.Request) { answer(w, 200, nil, `"`+r.URL.RequestURI()+`"`) })
	var got string
	if err := k.Do(t.Context(), connector.Request{Path: "/next?$skiptoken=a%20b"}, &got); err != nil || got != "/next?$skiptoken=a%20b" {
		t.Errorf("%q, %v", got, err)
	}
	for _, link := range []string{"https://example.com/next", "//example.com/next", "http://127.0.0.1:1/next", "http://user@127.0.0.1/next", "file:///etc/passwd"} {
		if err := k.Do(t.Context(), connector.Request{Path: link}, &got); !connector.Is(err, connector.Address) {
			t.Errorf("%s: %v", link, err)
		}
	}
}

func TestNewClient_refusesAddressesThatAreNone(t *testing.T) {
	for _, a := range []string{"", "crm", "http://crm.example.com", "ftp://crm.example.com", "https://user:word@crm.example.com", "https://crm.example.com/?token=1", "https://", "javascript:alert(1)", "http://127.0.0.1"} {
		if _, err := connector.NewClient(a, connector.ClientOptions{Allowed: []string{"crm.example.internal"}}); !connector.Is(err, connector.Address) {
			t.Errorf("%q: %v", a, err)
		}
	}
	for _, a := range []string{"https://crm.example.com/", "http://crm.example.internal", "http://CRM.example.internal:8069/odoo"} {
		if _, err := connector.NewClient(a, connector.ClientOptions{Allowed: []string{"crm.example.internal"}}); err != nil {
			t.Errorf("%q: %v", a, err)
		}
	}
}

// The name may lead to a public address when it is checked and into the company's network when it is used; the address that
// is dialled counts. "localhost" stands for such a name.
func TestDo_reachesNoPrivateAddressByAnyName(t *testing.T) {
	asked := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		k, err := connector.NewClient("https://"+host+":"+port, connector.ClientOptions{Attempts: 1, Allowed: []string{"crm.example.internal", "127.0.0.1:1"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := k.Do(t.Context(), connector.Request{Path: "/"}, nil); !connector.Is(err, connector.Address) || asked {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestDo_tellsNoSecret(t *testing.T) {
	secret := auth.SecretOf("pat-eu1-0123456789")
	k, _ := client(t, func(w http.ResponseWriter, r *http.Request) {
		answer(w, 400, nil, `{"you sent": "`+r.Header.Get("Authorization")+`"}`)
	})
	err := k.Do(t.Context(), connector.Request{Path: "/", Header: http.Header{"Authorization": {"Bearer " + secret.Reveal()}}}, nil)
	for _, s := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err), fmt.Sprintf("%+v", connector.Access{Secret: secret})} {
		if strings.Contains(s, "0123456789") {
			t.Error(s)
		}
	}
}
