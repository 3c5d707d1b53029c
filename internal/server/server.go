// Package server runs the workspace: database, pages, API, middleware, start and stop. Start with Open; a test starts the
// same on a free port. It decides nothing about cases.
package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/rendite-crm/rendite/internal/api"
	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/catalogue"
	"github.com/rendite-crm/rendite/internal/store"
	"github.com/rendite-crm/rendite/internal/warehouse"
	"github.com/rendite-crm/rendite/internal/web"
)

// Limits of a connection.
const (
	readHeader = 5 * time.Second
	readBody   = 30 * time.Second
	writeAll   = 90 * time.Second
	idle       = 2 * time.Minute
	maxHeader  = 32 << 10
	maxBody    = 2 << 20
	shutdown   = 10 * time.Second
	// keepKeys is how long a repeated request is recognised by its Idempotency-Key; docs/api.md says so.
	keepKeys = 24 * time.Hour
)

// Config says how to run.
type Config struct {
	Listen   string // host:port; port 0 takes a free one
	Database string // a file or postgres://…; empty is store.DefaultFile
	// Data is where data of CRMs are kept, a file or postgres://…; empty is beside the database.
	Data string
	// Uploads bound what imports may bring; zero fields are app.DefaultDataLimits.
	Uploads app.DataLimits
	// Accounts asks everybody to sign in. Without it the server answers on loopback addresses only.
	Accounts bool
	BaseURL  string // how people reach it, where that is not the address it listens on
	// Proxies are trusted to say whom they speak for.
	Proxies []netip.Prefix
	OIDC    *auth.OIDCConfig // nil for none; RedirectURL is filled in
	// OIDCName is what people call the provider.
	OIDCName string
	// Person and Firm name the one person without accounts and where the cases are kept.
	Person, Firm string
	Catalogue    *catalogue.Catalogue
	Version      string
	Log          *slog.Logger
	Now          func() time.Time
	// Administrator is told of password reset links; nil writes them to the terminal.
	Administrator func(ctx context.Context, email, link string)
}

// Server is a running workspace.
type Server struct {
	App      *app.App
	Store    *store.Store
	data     *app.Data
	records  *warehouse.Warehouse
	config   Config
	http     *http.Server
	listener net.Listener
	metrics  *metrics
	route    func(*http.Request) string
	done     chan error

	setupCode string
}

// ErrNeedsAccounts is returned for an address beyond this machine without accounts.
var ErrNeedsAccounts = errors.New("server: listening beyond this machine needs accounts")

// Open opens the database, brings it up to date and starts to listen; requests are answered from Serve on.
func Open(ctx context.Context, c Config) (*Server, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, err
	}
	if !c.Accounts && !loopback(host) {
		return nil, ErrNeedsAccounts
	}
	// The address first: where another program has it, the database is left alone.
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(ctx, c.Database, store.WithClock(c.Now))
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	s := &Server{Store: db, config: c, listener: listener, done: make(chan error, 1)}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.closeData(), db.Close(), listener.Close())
	}
	return s, nil
}

// openData opens what is kept of CRMs.
func (s *Server) openData(ctx context.Context) (err error) {
	c := s.config
	address, uploads := c.Data, ""
	switch {
	case address != "":
	case strings.Contains(c.Database, "://"):
		address = c.Database
	default:
		address = filepath.Join(filepath.Dir(cmp.Or(c.Database, store.DefaultFile)), warehouse.DefaultFile)
	}
	if !strings.Contains(address, "://") {
		uploads = address + "-uploads"
	}
	if s.records, err = warehouse.Open(ctx, address, c.Now); err != nil {
		return &DataError{err}
	}
	s.data, err = app.OpenData(s.records, uploads, c.Uploads, c.Now, c.Log)
	return err
}

// DataError says that the data of CRMs cannot be opened. The address, which may hold a password, is not in it.
type DataError struct{ Cause error }

func (e *DataError) Error() string { return "server: the data cannot be opened" }

func (e *DataError) Unwrap() error { return e.Cause }

// closeData ends running imports, which can be resumed, and closes what openData opened.
func (s *Server) closeData() (err error) {
	if s.data != nil {
		err = s.data.Close()
	}
	if s.records != nil {
		err = errors.Join(err, s.records.Close())
	}
	return err
}

func (s *Server) build(ctx context.Context) error {
	c := s.config
	engine, err := app.NewEngine(c.Catalogue, c.Version)
	if err != nil {
		return err
	}
	if err := s.openData(ctx); err != nil {
		return err
	}
	s.App = app.New(s.Store, engine, c.Now, app.WithData(s.data))
	s.metrics = newMetrics(engine, c.Version)
	o := web.Options{App: s.App, Version: c.Version, Log: c.Log, BaseURL: c.BaseURL, Address: s.URL(), Now: c.Now, Person: c.Person, Firm: c.Firm}
	if c.Accounts {
		if o.Accounts, err = s.accounts(); err != nil {
			return err
		}
		fresh, err := s.App.Fresh(ctx)
		if err != nil {
			return err
		}
		if fresh {
			s.setupCode = rand.Text()
			o.Accounts.SetupCode = s.setupCode
		}
	}
	pages, err := web.New(o)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/", pages)
	programs := api.New(api.Options{App: s.App, Version: c.Version, Log: c.Log, Identify: s.identify(o.Accounts), Now: c.Now})
	mux.Handle("/api", programs)
	mux.Handle("/api/", programs)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metrics.handler())
	s.route = func(r *http.Request) string {
		if _, pattern := mux.Handler(r); pattern != "/" {
			return pattern
		}
		return pages.Route(r)
	}
	handler, err := s.around(mux)
	if err != nil {
		return err
	}
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: readHeader, ReadTimeout: readBody, WriteTimeout: writeAll, IdleTimeout: idle, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(c.Log.Handler(), slog.LevelDebug)}
	return nil
}

func (s *Server) accounts() (*web.Accounts, error) {
	c := s.config
	passwords, err := auth.NewPasswords(auth.DefaultParams, 2)
	if err != nil {
		return nil, err
	}
	a := &web.Accounts{Passwords: passwords, Resets: auth.NewLimiter(auth.ResetLimits()), Proxies: c.Proxies, OIDCName: c.OIDCName, Administrator: c.Administrator,
		Sessions: &auth.Sessions{Store: s.App.SessionStore(), Secure: auth.SecureCookies(c.BaseURL, false)},
		Login:    &auth.Login{Store: s.App.CredentialStore(), Passwords: passwords, Limiter: auth.NewLimiter(auth.LoginLimits())}}
	if a.Administrator == nil {
		a.Administrator = func(_ context.Context, email, link string) {
			// To the operator's terminal, not to the log: a log is kept and read by others.
			fmt.Printf("Rendite: password reset for %s: %s\n", email, link) // the operator's terminal
		}
	}
	if c.OIDC != nil {
		o := *c.OIDC
		if o.RedirectURL == "" {
			o.RedirectURL = strings.TrimSuffix(c.BaseURL, "/") + "/oidc/callback"
		}
		if a.OIDC, err = auth.NewOIDC(o, auth.NewMemoryFlows(10_000)); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	if err := s.App.Ready(ctx); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "database does not answer")
		return
	}
	fmt.Fprintln(w, "ready")
}

// URL is where the workspace is reached.
func (s *Server) URL() string {
	if s.config.BaseURL != "" {
		return s.config.BaseURL
	}
	host, port, _ := net.SplitHostPort(s.listener.Addr().String()) // the system wrote it
	if a, err := netip.ParseAddr(host); err == nil && a.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			host = name
		}
	}
	u := url.URL{Scheme: "http", Host: net.JoinHostPort(host, port), Path: "/"}
	return u.String()
}

// Setup is the page that makes the first account, with the code that it asks for; empty where there is an account already
// or none are used. It is for the operator's terminal.
func (s *Server) Setup() string {
	if s.setupCode == "" {
		return ""
	}
	return strings.TrimSuffix(s.URL(), "/") + "/setup?code=" + s.setupCode
}

// Serve answers requests until ctx ends, then lets running ones finish, and closes the database.
func (s *Server) Serve(ctx context.Context) error {
	go func() { s.done <- s.http.Serve(s.listener) }()
	keeping, stopped := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.prune(keeping) })
	var err error
	select {
	case err = <-s.done:
	case <-ctx.Done():
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
		defer cancel()
		if err = s.http.Shutdown(stop); err != nil {
			err = errors.Join(err, s.http.Close())
		}
	}
	stopped()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.closeData(), s.Store.Close())
}

// prune deletes what has run out, now and every hour.
func (s *Server) prune(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if n, err := s.Store.Prune(ctx, keepKeys); err != nil && ctx.Err() == nil {
			s.config.Log.Warn("deleting what has run out", "error", err)
		} else if n > 0 {
			s.config.Log.Debug("deleted what has run out", "rows", n)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
