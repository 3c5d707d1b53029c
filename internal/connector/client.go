package connector

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ClientOptions are the limits of a Client; the zero value has those of production.
type ClientOptions struct {
	// Allowed are hosts, "crm.example.internal" or with a port, that may lie in a private network and may be spoken to
	// without encryption. The operator names them, never a user.
	Allowed []string
	// Timeout is that of one request, 0: a minute.
	Timeout time.Duration
	// MaxBytes is the most that an answer may hold, unpacked, 0: 64 MiB.
	MaxBytes int64
	// Attempts is how often a request is made, 0: six times.
	Attempts int
	// MaxWait is the longest a server may make us wait before it counts as used up until later, 0: ten minutes.
	MaxWait time.Duration
	// Now, Sleep and Random are the clock and the dice, nil: the system's. Random is from 0 to 1.
	Now    func() time.Time
	Sleep  func(ctx context.Context, d time.Duration) error
	Random func() float64
	// TLS is for servers with a certificate of their own.
	TLS *tls.Config
}

// Client speaks JSON to one server, patiently and within limits.
type Client struct {
	base *url.URL
	http *http.Client
	o    ClientOptions
}

// NewClient is a client of the server at an address. Address where it may not be spoken to.
func NewClient(address string, o ClientOptions) (*Client, error) {
	base, err := checkAddress(address, o.Allowed)
	if err != nil {
		return nil, err
	}
	o.Timeout = or(o.Timeout, time.Minute)
	o.MaxBytes = or(o.MaxBytes, 64<<20)
	o.Attempts = or(o.Attempts, 6)
	o.MaxWait = or(o.MaxWait, 10*time.Minute)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Random == nil {
		o.Random = rand.Float64
	}
	// No proxy: behind one we could not see which address is reached.
	transport := &http.Transport{
		DialContext: Dialer(o.Allowed), TLSClientConfig: o.TLS, TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: o.Timeout,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 1 << 20, ForceAttemptHTTP2: true,
	}
	c := &Client{base: base, o: o, http: &http.Client{Transport: transport, Timeout: o.Timeout}}
	c.http.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if len(via) > 5 || !c.own(r.URL) {
			return errElsewhere
		}
		return nil
	}
	return c, nil
}

var errElsewhere = errors.New("the server sends us to another one")

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// own reports whether a URL is of the client's server.
func (c *Client) own(u *url.URL) bool {
	return u.Scheme == c.base.Scheme && strings.EqualFold(u.Hostname(), c.base.Hostname()) && portOf(u) == portOf(c.base) && u.User == nil
}

// Close lets idle connections go.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Now is the client's clock.
func (c *Client) Now() time.Time { return c.o.Now() }

// Request is one question.
type Request struct {
	// Place names it in errors.
	Place string
	// Method is GET where empty, POST with a body.
	Method string
	// Path follows the address of the server. A link that the server gave may be used whole: it must lead to the same server.
	Path   string
	Query  url.Values
	Header http.Header
	// Body is sent as JSON, Form as a form.
	Body any
	Form url.Values
	// Once is for log-ins: asking again could lock the account.
	Once bool
	// Check looks at an answer of any status before its status is judged: errors in an answer of 200, budgets in the words of
	// the vendor. nil leaves it to the status.
	Check func(status int, header http.Header, body []byte) error
}

// Do asks and reads the answer into a value; numbers in an `any` stay json.Number. It asks again where that can help.
func (c *Client) Do(ctx context.Context, r Request, into any) error {
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		wait, err := c.once(ctx, r, into)
		if err == nil || wait < 0 || r.Once || attempt >= c.o.Attempts || ctx.Err() != nil {
			if err != nil && ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
		if wait == 0 {
			wait = c.backoff(attempt)
		} else if wait > c.o.MaxWait-waited {
			return &Error{Code: Tomorrow, Place: r.Place, Status: Status(err), Until: c.o.Now().Add(wait)}
		} else {
			wait += time.Duration(c.o.Random() * float64(wait) / 10) // so that many do not come back at once
		}
		waited += wait
		if err := c.o.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// Status is the status of HTTP that an error came with, 0 where there is none.
func Status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

// backoff doubles from one second to a minute; half of it is by chance ("equal jitter", Brooker, AWS Architecture Blog 2015).
func (c *Client) backoff(attempt int) time.Duration {
	d := min(time.Second<<min(attempt-1, 10), time.Minute)
	return d/2 + time.Duration(c.o.Random()*float64(d/2))
}

// once asks one time. wait is negative where asking again is no use, 0 where the server does not say how long to wait.
func (c *Client) once(ctx context.Context, r Request, into any) (wait time.Duration, err error) {
	request, err := c.request(ctx, r)
	if err != nil {
		return -1, err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return c.network(r, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, c.o.MaxBytes+1))
	switch {
	case err != nil:
		return c.network(r, err)
	case int64(len(body)) > c.o.MaxBytes:
		return -1, &Error{Code: TooLarge, Place: r.Place, Status: answer.StatusCode}
	}
	if r.Check != nil {
		if err := r.Check(answer.StatusCode, answer.Header, body); err != nil {
			return -1, err
		}
	}
	if answer.StatusCode/100 != 2 {
		return c.judge(r, answer, body)
	}
	if into == nil || answer.StatusCode == http.StatusNoContent {
		return 0, nil
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		// The decoder's message may quote the answer, so it is left out. A cut answer may be whole the next time.
		return 0, &Error{Code: Unreadable, Place: r.Place, Status: answer.StatusCode}
	}
	return 0, nil
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	u, err := url.Parse(r.Path)
	if err != nil {
		return nil, &Error{Code: Address, Place: r.Place}
	}
	if u.IsAbs() || u.Host != "" {
		if u = c.base.ResolveReference(u); !c.own(u) {
			return nil, &Error{Code: Address, Place: r.Place, Cause: errElsewhere}
		}
	} else {
		whole := *c.base
		whole.Path, whole.RawPath = c.base.Path+u.Path, ""
		if u.RawPath != "" {
			whole.RawPath = c.base.EscapedPath() + u.RawPath
		}
		whole.RawQuery = u.RawQuery
		u = &whole
	}
	if len(r.Query) > 0 {
		u.RawQuery = r.Query.Encode()
	}
	method, kind := r.Method, ""
	var body io.Reader
	switch {
	case r.Form != nil:
		body, kind = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	case r.Body != nil:
		b, err := json.Marshal(r.Body)
		if err != nil {
			return nil, &Error{Code: Refused, Place: r.Place, Cause: err}
		}
		body, kind = bytes.NewReader(b), "application/json"
	}
	if method == "" {
		method = http.MethodGet
		if body != nil {
			method = http.MethodPost
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, &Error{Code: Address, Place: r.Place}
	}
	for k, v := range r.Header {
		request.Header[k] = v
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "Rendite")
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	return request, nil
}

// network judges a failure without an answer.
func (c *Client) network(r Request, err error) (time.Duration, error) {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address, whose query may hold what is not meant for logs
	}
	if errors.Is(err, ErrPrivate) || errors.Is(err, errElsewhere) {
		return -1, &Error{Code: Address, Place: r.Place, Cause: err}
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return -1, &Error{Code: Unavailable, Place: r.Place, Cause: err}
	}
	return 0, &Error{Code: Unavailable, Place: r.Place, Cause: err}
}

// judge says what an answer that is not 2xx means. Its body is only searched for the names of budgets.
func (c *Client) judge(r Request, a *http.Response, body []byte) (time.Duration, error) {
	fail := func(code Code) error { return &Error{Code: code, Place: r.Place, Status: a.StatusCode} }
	after, told := c.after(a.Header.Get("Retry-After"))
	slow := a.StatusCode == http.StatusTooManyRequests || a.StatusCode == http.StatusForbidden
	if slow && spent(a.Header, body) {
		until := c.o.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
		if told && after > c.o.MaxWait {
			until = c.o.Now().Add(after)
		}
		return -1, &Error{Code: Tomorrow, Place: r.Place, Status: a.StatusCode, Until: until}
	}
	switch s := a.StatusCode; {
	case s == http.StatusTooManyRequests, s == http.StatusForbidden && told, s == http.StatusRequestTimeout, s == http.StatusTooEarly,
		s >= 500 && s != http.StatusNotImplemented && s != http.StatusHTTPVersionNotSupported:
		return after, fail(Unavailable)
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusPaymentRequired:
		return -1, fail(Denied)
	case s == http.StatusNotFound, s == http.StatusGone, s == http.StatusMethodNotAllowed:
		return -1, fail(Missing)
	}
	return -1, fail(Refused)
}

// spent recognises a budget that is used up for the day: Salesforce's REQUEST_LIMIT_EXCEEDED, HubSpot's policy DAILY, and
// the headers in which HubSpot and Pipedrive count what is left of the day.
func spent(h http.Header, body []byte) bool {
	for _, name := range []string{"X-HubSpot-RateLimit-Daily-Remaining", "X-Daily-Requests-Left", "X-Daily-Ratelimit-Token-Remaining"} {
		if h.Get(name) == "0" {
			return true
		}
	}
	b := bytes.ToUpper(body[:min(len(body), 4096)])
	return bytes.Contains(b, []byte("REQUEST_LIMIT_EXCEEDED")) || bytes.Contains(b, []byte(`"DAILY"`)) || bytes.Contains(b, []byte("DAILY LIMIT")) || bytes.Contains(b, []byte("DAILY REQUEST"))
}

// after reads Retry-After, which is seconds or a date (RFC 9110, 10.2.3). told is false where there is none to be read.
func (c *Client) after(s string) (d time.Duration, told bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 0 && n < 1e8 {
		return max(time.Duration(n*float64(time.Second)), time.Millisecond), true
	}
	if at, err := http.ParseTime(s); err == nil {
		return max(at.Sub(c.o.Now()), time.Millisecond), true
	}
	return 0, false
}
