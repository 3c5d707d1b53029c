package server

import (
	"net/http"
	"time"
)

// Hasten shortens the limits of a connection, so that a test need not wait for them. Before Serve only.
func (s *Server) Hasten(header, body, idle time.Duration) {
	s.http.ReadHeaderTimeout, s.http.ReadTimeout, s.http.IdleTimeout = header, body, idle
}

// Handler is what answers a request, middleware included.
func (s *Server) Handler() http.Handler { return s.http.Handler }

// Around puts the middleware around other routes.
func (s *Server) Around(m *http.ServeMux) (http.Handler, error) { return s.around(m) }

// Address is where it listens, whatever people call it.
func (s *Server) Address() string { return s.listener.Addr().String() }
