// Package app holds the operations of the product: who may do what to which case, and what happens then. Start with New.
// Every surface calls these functions and none of them decides for itself, so pages, API and commands cannot disagree. It
// knows neither HTTP nor SQL, and no wording: failures are an Error with a message key.
package app

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/store"
)

// App is the product over one database.
type App struct {
	Engine *Engine
	store  *store.Store
	data   *Data // nil where no data of CRMs are kept
	now    func() time.Time
}

// Option adds something that the product can do without.
type Option func(*App)

// WithData keeps data of CRMs. The caller closes it.
func WithData(d *Data) Option { return func(a *App) { a.data = d } }

// New makes the product; now is the clock, nil the system's.
func New(s *store.Store, e *Engine, now func() time.Time, options ...Option) *App {
	if now == nil {
		now = time.Now
	}
	a := &App{Engine: e, store: s, now: now}
	for _, o := range options {
		o(a)
	}
	return a
}

// Ready reports whether the database answers.
func (a *App) Ready(ctx context.Context) error { return a.store.Ping(ctx) }

// Actor is who asks.
type Actor struct {
	auth.Actor
	Name  string
	Email string
	// Session is the hash of the browser's session, empty for none.
	Session string
}

func (w Actor) log() store.Actor { return store.Actor{UserID: w.User, UserName: w.Name} }

// Local is the one person of an installation without accounts; it is made, with an organisation of the name given, when
// there is nobody yet.
func (a *App) Local(ctx context.Context, name, organisation string) (Actor, error) {
	users, err := a.store.Users(ctx)
	if err != nil {
		return Actor{}, err
	}
	if len(users) == 0 {
		u, _, err := a.store.Setup(ctx, store.User{Email: "local@localhost", Name: name}, organisation)
		if err != nil {
			return Actor{}, err
		}
		users = []store.User{u}
	}
	// An installation that had accounts once is its administrator's when it is run without them.
	u := users[0]
	for _, may := range []func(store.User) bool{
		func(u store.User) bool { return u.Admin && u.Disabled.IsZero() },
		func(u store.User) bool { return u.Disabled.IsZero() },
	} {
		if i := slices.IndexFunc(users, may); i >= 0 {
			u = users[i]
			break
		}
	}
	return a.Actor(ctx, u.ID)
}

// Actor is a user with all roles. auth's error where there is no such user or it is disabled.
func (a *App) Actor(ctx context.Context, userID string) (Actor, error) {
	u, err := a.store.User(ctx, userID)
	if errors.Is(err, store.ErrNotFound) || err == nil && !u.Disabled.IsZero() {
		return Actor{}, &Error{Code: Unauthenticated, Key: "web.error.login"}
	}
	if err != nil {
		return Actor{}, err
	}
	roles, err := a.roles(ctx, userID)
	return Actor{Actor: auth.Actor{User: u.ID, Admin: u.Admin, Roles: roles}, Name: u.Name, Email: u.Email}, err
}

func (a *App) roles(ctx context.Context, userID string) (map[string]auth.Role, error) {
	list, err := a.store.Memberships(ctx, userID)
	roles := map[string]auth.Role{}
	for _, m := range list {
		if r, ok := auth.ParseRole(string(m.Role)); ok {
			roles[m.OrgID] = r
		}
	}
	return roles, err
}

// Organisation is one that somebody belongs to.
type Organisation struct {
	ID, Name string
	Role     auth.Role
}

// Organisations lists those of the actor, by name.
func (a *App) Organisations(ctx context.Context, who Actor) ([]Organisation, error) {
	list, err := a.store.Memberships(ctx, who.User)
	var all []Organisation
	for _, m := range list {
		r, _ := auth.ParseRole(string(m.Role))
		all = append(all, Organisation{m.OrgID, m.OrgName, r})
	}
	return all, err
}

// Home is the organisation that an actor means when none is named.
func (a *App) Home(ctx context.Context, who Actor, asked string) (string, error) {
	if asked != "" {
		return asked, nil
	}
	ids := slices.Sorted(maps.Keys(who.Roles))
	if len(ids) == 0 {
		return "", &Error{Code: NotFound, Key: "web.error.no_organisation"}
	}
	list, err := a.Organisations(ctx, who)
	if err != nil || len(list) == 0 {
		return ids[0], err
	}
	return list[0].ID, nil
}

// allowed checks an operation on a case, and finds it.
func (a *App) allowed(ctx context.Context, who Actor, op auth.Operation, caseID string) (store.Case, error) {
	c, err := a.store.Case(ctx, caseID)
	if errors.Is(err, store.ErrNotFound) {
		return c, &Error{Code: NotFound, Key: "web.error.no_case"}
	}
	if err != nil {
		return c, err
	}
	return c, auth.Allowed(who.Actor, op, auth.Facts{Organisation: c.OrgID, Case: c.ID})
}

func (a *App) inOrganisation(who Actor, op auth.Operation, org string) error {
	return auth.Allowed(who.Actor, op, auth.Facts{Organisation: org})
}

// known turns the store's errors into those that the person can do something about.
func known(err error) error {
	var conflict *store.ConflictError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &conflict):
		return &Error{Code: Conflict, Key: "web.error.conflict", Head: int(conflict.Head)}
	case errors.Is(err, store.ErrNotFound):
		return &Error{Code: NotFound, Key: "web.error.not_found"}
	case errors.Is(err, store.ErrNoStep):
		return &Error{Code: Conflict, Key: "web.error.no_step"}
	case errors.Is(err, store.ErrArchived):
		return &Error{Code: Conflict, Key: "web.error.archived"}
	case errors.Is(err, store.ErrLastOwner):
		return &Error{Code: Conflict, Key: "web.error.last_owner"}
	case errors.Is(err, store.ErrExists):
		return &Error{Code: Conflict, Key: "web.error.exists"}
	case errors.Is(err, store.ErrName):
		return &Error{Code: Invalid, Key: "web.error.name"}
	case errors.Is(err, store.ErrEmail):
		return &Error{Code: Invalid, Key: "web.error.email"}
	case errors.Is(err, store.ErrWrongEmail):
		return &Error{Code: Denied, Key: "web.error.wrong_email"}
	case errors.Is(err, store.ErrText):
		return &Error{Code: Invalid, Key: "web.error.text"}
	case errors.Is(err, store.ErrValue), errors.Is(err, store.ErrCursor):
		return &Error{Code: Invalid, Key: "web.error.request"}
	}
	return err
}
