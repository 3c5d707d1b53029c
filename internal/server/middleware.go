package server

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"

	"github.com/rendite-crm/rendite/internal/auth"
)

// policy allows what the pages bring themselves and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; " +
	"base-uri 'none'; frame-ancestors 'none'"

// around puts the middleware around the routes, the outermost first: panics, headers, the host, log and measures, size,
// origin, compression.
func (s *Server) around(mux *http.ServeMux) (http.Handler, error) {
	origin, err := auth.NewOrigin(s.config.BaseURL, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "This request came from another site. / Diese Anfrage kam von einer anderen Seite.", http.StatusForbidden)
	}))
	if err != nil {
		return nil, err
	}
	gzip, err := gzhttp.NewWrapper(gzhttp.MinSize(800), gzhttp.ContentTypes([]string{"text/html", "text/css", "text/javascript", "application/json", "application/problem+json", "application/yaml", "image/svg+xml", "text/plain"}))
	if err != nil {
		return nil, err
	}
	var h http.Handler = gzip(mux)
	h = origin.Handler(h)
	h = s.bounded(h)
	h = s.observe(h)
	h = s.hosts(h)
	h = s.headers(h)
	return s.recovered(h), nil
}

// uploads are the paths that take a large file, of pages and of the API.
var uploads = regexp.MustCompile(`^(/api/v1)?/organisations/[^/]+/data/uploads$`)

// bounded limits what a request may bring, and how long: an upload may take its time as long as it moves.
func (s *Server) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limit := int64(maxBody)
		if r.Method == http.MethodPost && uploads.MatchString(r.URL.Path) {
			limit = s.App.DataLimits().File + maxBody
			c := http.NewResponseController(w)
			r.Body = &moving{r.Body, func() {
				// A connection without deadlines has none to move.
				_ = c.SetReadDeadline(time.Now().Add(readBody))
				_ = c.SetWriteDeadline(time.Now().Add(writeAll))
			}}
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		next.ServeHTTP(w, r)
	})
}

// moving is a body whose deadlines move with it.
type moving struct {
	io.ReadCloser
	on func()
}

func (m *moving) Read(p []byte) (int, error) {
	m.on()
	return m.ReadCloser.Read(p)
}

// headers are those of every answer. What may be kept by a browser says so itself; https is kept to where people reach us
// by it.
func (s *Server) headers(next http.Handler) http.Handler {
	secure := auth.SecureCookies(s.config.BaseURL, false)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// hosts refuses names that do not belong to this machine where no account protects it: a page elsewhere could otherwise
// let its name point here and read along (DNS rebinding).
func (s *Server) hosts(next http.Handler) http.Handler {
	if s.config.Accounts {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if h, _, err := net.SplitHostPort(host); err == nil {
			host = h
		}
		if !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "Open Rendite as http://127.0.0.1. / Rendite bitte als http://127.0.0.1 öffnen.", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recovered answers a panic, which is a fault of ours, and goes on.
func (s *Server) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // a sentinel that is panicked with
				panic(v)
			}
			s.config.Log.Error("panic", "route", r.Pattern, "value", v, "stack", string(debug.Stack()))
			http.Error(w, "Internal error. / Interner Fehler.", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// answered is a response with what became of it.
type answered struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answered) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += n
	return n, err
}

func (a *answered) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// observe logs and counts requests by route: a path can hold the secret of a shared link, its pattern cannot.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := s.config.Now()
		a := &answered{ResponseWriter: w}
		next.ServeHTTP(a, r)
		if a.status == 0 {
			a.status = http.StatusOK
		}
		route := s.route(r)
		took := s.config.Now().Sub(started)
		s.metrics.count(route, a.status, took)
		level := slog.LevelDebug
		if a.status >= 500 {
			level = slog.LevelWarn
		}
		s.config.Log.Log(r.Context(), level, "request", "method", r.Method, "route", route, "status", a.status, "bytes", a.bytes, "ms", float64(took)/float64(time.Millisecond))
	})
}
