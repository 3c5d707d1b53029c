package server

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/locale"
	"github.com/rendite-crm/rendite/internal/web"
)

// identify finds out who asks the API without a token: by the session of the pages, or whoever is at this machine.
func (s *Server) identify(accounts *web.Accounts) func(*http.Request) (app.Actor, error) {
	return func(r *http.Request) (app.Actor, error) {
		if accounts == nil {
			l := locale.New(locale.English)
			if strings.HasPrefix(strings.ToLower(r.Header.Get("Accept-Language")), "de") {
				l = locale.New(locale.German)
			}
			return s.App.Local(r.Context(), cmp.Or(s.config.Person, l.Text("web.local.name", nil)), cmp.Or(s.config.Firm, l.Text("web.local.organisation", nil)))
		}
		session, err := accounts.Sessions.Read(r.Context(), r, s.config.Now())
		if err != nil {
			return app.Actor{}, err
		}
		who, err := s.App.Actor(r.Context(), session.User)
		who.Session = session.Hash
		return who, err
	}
}
