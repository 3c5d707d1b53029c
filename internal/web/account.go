package web

import (
	"cmp"
	"context"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rendite-crm/rendite/internal/app"
	"github.com/rendite-crm/rendite/internal/auth"
	"github.com/rendite-crm/rendite/internal/diag"
	"github.com/rendite-crm/rendite/internal/store"
)

// Accounts is how people sign in where an installation has accounts.
type Accounts struct {
	Sessions  *auth.Sessions
	Login     *auth.Login
	Resets    *auth.Limiter
	Passwords *auth.Passwords
	OIDC      *auth.OIDC // nil where there is no provider
	OIDCName  string
	Proxies   []netip.Prefix
	// SetupCode is asked for when the first account is made, so that it is made by whoever can see the terminal; empty asks
	// for none.
	SetupCode string
	// Administrator is told of a reset link where no mail server is set.
	Administrator func(ctx context.Context, email, link string)
}

// identify finds out who asks.
func (s *Site) identify(q *request) error {
	if s.Accounts == nil {
		quick := strings.HasSuffix(q.Pattern, "/live")
		if kept := s.local.Load(); kept != nil && (q.Method == http.MethodGet || quick) {
			q.who = *kept
			return nil
		}
		who, err := s.App.Local(q.Context(), cmp.Or(s.Person, q.t("web.local.name", nil)), cmp.Or(s.Firm, q.t("web.local.organisation", nil)))
		q.who = who
		if s.local.Store(nil); err == nil && (q.Method == http.MethodGet || quick) {
			s.local.Store(&who) // until something is changed
		}
		return err
	}
	session, err := s.Accounts.Sessions.Read(q.Context(), q.Request, s.Now())
	if err != nil {
		return err
	}
	q.who, err = s.App.Actor(q.Context(), session.User)
	q.who.Session = session.Hash
	return err
}

func (q *request) address() netip.Addr { return auth.Address(q.Request, q.s.Accounts.Proxies) }

// accountPage is one of the small pages around signing in.
type accountPage struct {
	frame
	Kind, Next, Email, Wrong, OIDC                        string
	Lead, Action, Secret, Name, Organisation, Go, Heading string
	AskName, AskEmail, AskOrg, AskCode, Done              bool
	Code                                                  string
}

func (q *request) accountPage(kind, title string) accountPage {
	return accountPage{frame: q.frame(title, "narrow"), Kind: kind, Heading: title}
}

func (s *Site) loginPage(q *request) error {
	if s.Accounts == nil || q.who.User != "" {
		return q.to("/", "", "")
	}
	if fresh, err := s.App.Fresh(q.Context()); err != nil {
		return err
	} else if fresh {
		return q.to("/setup", "", "")
	}
	p := q.accountPage("login", q.t("web.login.title", nil))
	p.Next = auth.LocalPath(q.FormValue("next"))
	if s.Accounts.OIDC != nil {
		p.OIDC = s.Accounts.OIDCName
	}
	q.page(http.StatusOK, "account", p)
	return nil
}

func (s *Site) login(q *request) error {
	if s.Accounts == nil {
		return q.to("/", "", "")
	}
	email := q.FormValue("email")
	user, err := s.Accounts.Login.Check(q.Context(), email, q.FormValue("password"), q.address(), s.Now())
	if err != nil {
		status, text, _ := q.explain(err)
		if status >= 500 {
			return err
		}
		auth.SetRetryAfter(q.ResponseWriter.Header(), err)
		p := q.accountPage("login", q.t("web.login.title", nil))
		p.Email, p.Wrong, p.Next = email, text, auth.LocalPath(q.FormValue("next"))
		if s.Accounts.OIDC != nil {
			p.OIDC = s.Accounts.OIDCName
		}
		q.page(status, "account", p)
		return nil
	}
	return q.signIn(user, auth.LocalPath(q.FormValue("next")))
}

// signIn starts a session and goes on to a page of ours.
func (q *request) signIn(user, next string) error {
	if _, err := q.s.Accounts.Sessions.Start(q.Context(), q.ResponseWriter, q.Request, user, q.address(), q.s.Now()); err != nil {
		return err
	}
	return q.to(next, "", "")
}

func (s *Site) logout(q *request) error {
	if s.Accounts != nil {
		if err := s.Accounts.Sessions.End(q.Context(), q.ResponseWriter, q.Request); err != nil {
			return err
		}
	}
	return q.to("/login", "", "")
}

// setupPage makes the first account; afterwards it is gone.
func (s *Site) setupPage(q *request) error { return q.setup("", http.StatusOK) }

func (q *request) setup(wrong string, status int) error {
	if fresh, err := q.s.App.Fresh(q.Context()); err != nil || !fresh || q.s.Accounts == nil {
		return errors.Join(err, q.to("/login", "", ""))
	}
	p := q.accountPage("setup", q.t("web.setup.title", nil))
	p.Lead, p.Action, p.Go, p.AskName, p.AskEmail, p.AskOrg, p.Wrong = q.t("web.setup.text", nil), "/setup", q.t("web.setup.go", nil), true, true, true, wrong
	p.Name, p.Email, p.Organisation = q.FormValue("name"), q.FormValue("email"), q.FormValue("organisation")
	p.AskCode, p.Code = q.s.Accounts.SetupCode != "", q.FormValue("code")
	q.page(status, "account", p)
	return nil
}

func (s *Site) setupFirst(q *request) error {
	if s.Accounts == nil {
		return q.to("/", "", "")
	}
	if code := s.Accounts.SetupCode; code != "" && subtle.ConstantTimeCompare([]byte(code), []byte(strings.TrimSpace(q.FormValue("code")))) == 0 {
		return q.setup(q.t("web.setup.code.wrong", nil), http.StatusForbidden)
	}
	user, err := s.App.Setup(q.Context(), s.Accounts.Passwords, q.FormValue("name"), q.FormValue("email"), q.FormValue("organisation"), q.FormValue("password"))
	if err != nil {
		status, text, _ := q.explain(err)
		if status >= 500 {
			return err
		}
		return q.setup(text, status)
	}
	return q.signIn(user, "/")
}

// Password reset.

func (s *Site) resetPage(q *request) error {
	if s.Accounts == nil {
		return q.to("/", "", "")
	}
	if secret := q.FormValue("secret"); secret != "" {
		return q.newPassword(secret, "", http.StatusOK)
	}
	q.page(http.StatusOK, "account", q.accountPage("reset", q.t("web.reset.title", nil)))
	return nil
}

func (q *request) newPassword(secret, wrong string, status int) error {
	p := q.accountPage("setup", q.t("web.reset.title", nil))
	p.Lead, p.Action, p.Go, p.Secret, p.Wrong = q.t("web.reset.new", nil), "/reset/password", q.t("web.reset.set", nil), secret, wrong
	q.page(status, "account", p)
	return nil
}

// reset always answers alike, so that nobody learns who has an account.
func (s *Site) reset(q *request) error {
	if s.Accounts == nil {
		return q.to("/", "", "")
	}
	email := q.FormValue("email")
	if err := s.Accounts.Resets.Attempt(email, q.address(), s.Now()); err != nil {
		status, text, _ := q.explain(err)
		auth.SetRetryAfter(q.ResponseWriter.Header(), err)
		p := q.accountPage("reset", q.t("web.reset.title", nil))
		p.Wrong = text
		q.page(status, "account", p)
		return nil
	}
	secret, err := s.App.Reset(q.Context(), email)
	if err != nil {
		return err
	}
	if secret != "" {
		// Not from the request: whoever asks could send the link elsewhere with a forged Host.
		base := strings.TrimSuffix(cmp.Or(s.BaseURL, s.Address), "/")
		s.Accounts.Administrator(q.Context(), email, base+"/reset?secret="+url.QueryEscape(secret))
	}
	p := q.accountPage("reset", q.t("web.reset.title", nil))
	p.Done = true
	q.page(http.StatusOK, "account", p)
	return nil
}

func (s *Site) resetPassword(q *request) error {
	if s.Accounts == nil {
		return q.to("/", "", "")
	}
	secret := q.FormValue("secret")
	if _, err := s.App.UseReset(q.Context(), s.Accounts.Passwords, secret, q.FormValue("password")); err != nil {
		status, text, _ := q.explain(err)
		if status >= 500 {
			return err
		}
		return q.newPassword(secret, text, status)
	}
	return q.to("/login", "password", "")
}

// Invitations.

func (s *Site) invitationPage(q *request) error { return q.invitation("", http.StatusOK) }

func (q *request) invitation(wrong string, status int) error {
	secret := q.PathValue("secret")
	i, org, err := q.s.App.Invitation(q.Context(), secret)
	if err != nil {
		return err
	}
	lead := q.t("web.invited.text", diag.Args{"organisation": org.Name, "role": q.t("web.role."+string(i.Role), nil)})
	if q.who.User != "" {
		p := q.accountPage("accept", org.Name)
		p.Heading, p.Lead, p.Action, p.Secret, p.Go = q.t("web.invited.title", diag.Args{"organisation": org.Name}), lead, "/invitation/"+secret, secret, q.t("web.invited.go", nil)
		q.page(status, "account", p)
		return nil
	}
	p := q.accountPage("setup", q.t("web.invited.title", diag.Args{"organisation": org.Name}))
	p.Lead, p.Action, p.Go, p.AskName, p.AskEmail, p.Wrong = lead+" "+q.t("web.invited.account", nil), "/invitation/"+secret, q.t("web.setup.go", nil), true, true, wrong
	p.Name, p.Email = q.FormValue("name"), q.FormValue("email")
	if p.Email == "" {
		p.Email = i.Email
	}
	q.page(status, "account", p)
	return nil
}

func (s *Site) acceptInvitation(q *request) error {
	secret := q.PathValue("secret")
	if q.who.User != "" {
		org, err := s.App.Accept(q.Context(), q.who, secret)
		if err != nil {
			return err
		}
		return q.to("/?org="+url.QueryEscape(org), "", "")
	}
	if s.Accounts == nil {
		return q.to("/", "", "")
	}
	user, err := s.App.Join(q.Context(), s.Accounts.Passwords, secret, q.FormValue("name"), q.FormValue("email"), q.FormValue("password"))
	if err != nil {
		status, text, _ := q.explain(err)
		if status >= 500 || status == http.StatusNotFound {
			return err
		}
		return q.invitation(text, status)
	}
	return q.signIn(user, "/")
}

// OpenID Connect.

func (s *Site) oidcStart(q *request) error {
	if s.Accounts == nil || s.Accounts.OIDC == nil {
		return &app.Error{Code: app.NotFound, Key: "web.error.not_found"}
	}
	at, err := s.Accounts.OIDC.Begin(q.Context(), q.ResponseWriter, auth.LocalPath(q.FormValue("next")), s.Now())
	if err != nil {
		return err
	}
	http.Redirect(q.ResponseWriter, q.Request, at, http.StatusSeeOther)
	return nil
}

func (s *Site) oidcFinish(q *request) error {
	if s.Accounts == nil || s.Accounts.OIDC == nil {
		return &app.Error{Code: app.NotFound, Key: "web.error.not_found"}
	}
	identity, next, err := s.Accounts.OIDC.Finish(q.Context(), q.ResponseWriter, q.Request, s.Now())
	if err != nil {
		return err
	}
	user, err := s.Accounts.OIDC.Account(q.Context(), s.App.Identities(), identity)
	if err != nil {
		return err
	}
	return q.signIn(user, auth.LocalPath(next))
}

// Settings.

type settingsPage struct {
	frame
	Name, Email, Wrong, NewToken string
	Accounts                     bool
	Sessions                     []sessionView
	Tokens                       []tokenView
	Scopes                       []choice
}

type sessionView struct {
	ID, Agent, Text string
	Current         bool
}

type tokenView struct {
	ID, Name, Text string
	Live           bool
}

func (s *Site) settings(q *request) error { return q.settings("", "", http.StatusOK) }

func (q *request) settings(wrong, token string, status int) error {
	p := settingsPage{frame: q.frame(q.t("web.nav.settings", nil), "narrow"), Name: q.who.Name, Email: q.who.Email, Wrong: wrong, NewToken: token, Accounts: q.s.Accounts != nil}
	if p.Accounts {
		list, err := q.s.App.Sessions(q.Context(), q.who)
		if err != nil {
			return err
		}
		for _, v := range list {
			p.Sessions = append(p.Sessions, sessionView{v.ID, agent(v.UserAgent), q.t("web.sessions.since", diag.Args{"since": q.when(v.Created), "seen": q.when(v.LastSeen), "address": v.Address}), v.ID == q.who.Session})
		}
	} else {
		p.Email = ""
	}
	list, err := q.s.App.Tokens(q.Context(), q.who)
	if err != nil {
		return err
	}
	for _, t := range list {
		live := t.Revoked.IsZero() && t.Expires.After(q.s.Now())
		key := "web.tokens.until"
		if !live {
			key = "web.tokens.ended"
		}
		used := q.t("web.tokens.unused", nil)
		if !t.LastUsed.IsZero() {
			used = q.when(t.LastUsed)
		}
		p.Tokens = append(p.Tokens, tokenView{t.ID, t.Name, q.t(key, diag.Args{"until": q.when(t.Expires), "scopes": t.Scopes, "used": used}), live})
	}
	for _, sc := range auth.Scopes() {
		p.Scopes = append(p.Scopes, choice{string(sc), q.t("web.scope."+strings.ReplaceAll(string(sc), ":", "_"), nil), sc == auth.Scope("cases:read")})
	}
	q.page(status, "settings", p)
	return nil
}

// agent is what a person recognises in a browser's description of itself.
func agent(s string) string {
	for _, name := range []string{"Firefox", "Edg", "OPR", "Chrome", "Safari", "curl"} {
		if strings.Contains(s, name) {
			system := ""
			for _, sys := range []string{"Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux"} {
				if strings.Contains(s, sys) {
					system = " · " + sys
					break
				}
			}
			return map[string]string{"Edg": "Edge", "OPR": "Opera"}[name] + strings.TrimPrefix(name, map[string]string{"Edg": "Edg", "OPR": "OPR"}[name]) + system
		}
	}
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60])
	}
	return s
}

func (s *Site) setProfile(q *request) error {
	if err := s.App.SetName(q.Context(), q.who, q.FormValue("name")); err != nil {
		return err
	}
	return q.to("/settings", "kept", "")
}

func (s *Site) setPassword(q *request) error {
	if s.Accounts == nil {
		return q.to("/settings", "", "")
	}
	err := s.App.SetPassword(q.Context(), q.who, s.Accounts.Passwords, q.FormValue("old"), q.FormValue("password"))
	if err != nil {
		status, text, _ := q.explain(err)
		if status >= 500 {
			return err
		}
		return q.settings(text, "", status)
	}
	return q.to("/settings", "password", "")
}

func (s *Site) revokeSession(q *request) error {
	if err := s.App.EndSession(q.Context(), q.who, q.FormValue("id")); err != nil {
		return err
	}
	return q.to("/settings", "kept", "")
}

func (s *Site) createToken(q *request) error {
	days, _ := strconv.Atoi(q.FormValue("days"))
	org, err := s.App.Home(q.Context(), q.who, q.FormValue("org"))
	if err != nil {
		return err
	}
	secret, err := s.App.CreateToken(q.Context(), q.who, org, q.FormValue("name"), q.PostForm["scope"], days)
	if err != nil {
		return err
	}
	return q.settings("", secret, http.StatusOK)
}

func (s *Site) revokeToken(q *request) error {
	if err := s.App.RevokeToken(q.Context(), q.who, q.FormValue("id")); err != nil {
		return err
	}
	return q.to("/settings", "kept", "")
}

// Organisations.

type organisationPage struct {
	frame
	ID, Name, Link                  string
	CanRename, CanManage, CanCreate bool
	CanSeeData                      bool
	Others                          []link
	Members                         []memberView
	Invitations                     []invitationView
	Roles                           []choice
	Events                          []event
	More                            string
}

type memberView struct {
	ID, Name, Email, Role string
	Roles                 []choice
}

type invitationView struct{ ID, Who, Text string }

func (q *request) roles(selected string) []choice {
	var all []choice
	for _, r := range []store.Role{store.Viewer, store.Commenter, store.Editor, store.Owner} {
		all = append(all, choice{string(r), q.t("web.role."+string(r), nil), string(r) == selected})
	}
	return all
}

func (s *Site) organisation(q *request) error { return q.organisation("") }

func (q *request) organisation(invitation string) error {
	id := q.PathValue("id")
	o, err := q.s.App.Organisation(q.Context(), q.who, id)
	if err != nil {
		return err
	}
	may := func(op auth.Operation) bool {
		return auth.Allowed(q.who.Actor, op, auth.Facts{Organisation: id}) == nil
	}
	p := organisationPage{frame: q.frame(o.Name, "narrow"), ID: id, Name: o.Name, Link: invitation, CanRename: may(auth.OrgRename), CanManage: may(auth.MemberChange) && q.s.Accounts != nil, Roles: q.roles("editor")}
	p.CanCreate = auth.Allowed(q.who.Actor, auth.OrgCreate, auth.Facts{}) == nil
	p.CanSeeData = may(auth.DataRead) && q.s.App.HasData()
	all, err := q.s.App.Organisations(q.Context(), q.who)
	if err != nil {
		return err
	}
	for _, other := range all {
		if len(all) > 1 {
			p.Others = append(p.Others, link{Href: "/organisations/" + other.ID, Label: other.Name, Current: other.ID == id})
		}
	}
	if may(auth.MemberList) {
		members, err := q.s.App.Members(q.Context(), q.who, id)
		if err != nil {
			return err
		}
		for _, m := range members {
			p.Members = append(p.Members, memberView{m.UserID, m.Name, m.Email, q.t("web.role."+string(m.Role), nil), q.roles(string(m.Role))})
		}
	}
	if p.CanManage {
		list, err := q.s.App.Invitations(q.Context(), q.who, id)
		if err != nil {
			return err
		}
		for _, i := range list {
			p.Invitations = append(p.Invitations, invitationView{i.ID, cmp.Or(i.Email, q.t("web.org.invite.anybody", nil)),
				q.t("web.org.invite.until", diag.Args{"role": q.t("web.role."+string(i.Role), nil), "until": q.when(i.Expires)})})
		}
	}
	if may(auth.EventList) {
		list, next, err := q.s.App.Events(q.Context(), q.who, id, "", q.FormValue("after"))
		if err != nil {
			return err
		}
		p.Events = q.events(list)
		if next != "" {
			p.More = "/organisations/" + id + "?after=" + url.QueryEscape(next)
		}
	}
	q.page(http.StatusOK, "organisation", p)
	return nil
}

func (s *Site) organisations(q *request) error {
	list, err := s.App.Organisations(q.Context(), q.who)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return &app.Error{Code: app.NotFound, Key: "web.error.no_organisation"}
	}
	slices.SortFunc(list, func(a, b app.Organisation) int { return strings.Compare(a.Name, b.Name) })
	return q.to("/organisations/"+list[0].ID, "", "")
}

func (s *Site) createOrganisation(q *request) error {
	o, err := s.App.CreateOrganisation(q.Context(), q.who, q.FormValue("name"))
	if err != nil {
		return err
	}
	return q.to("/organisations/"+o.ID, "kept", "")
}

func (s *Site) renameOrganisation(q *request) error {
	if err := s.App.RenameOrganisation(q.Context(), q.who, q.PathValue("id"), q.FormValue("name")); err != nil {
		return err
	}
	return q.to("/organisations/"+q.PathValue("id"), "kept", "")
}

func (s *Site) changeMember(q *request) error {
	id, user := q.PathValue("id"), q.FormValue("user")
	var err error
	if q.FormValue("remove") != "" {
		err = s.App.RemoveMember(q.Context(), q.who, id, user)
	} else {
		err = s.App.SetRole(q.Context(), q.who, id, user, q.FormValue("role"))
	}
	if err != nil {
		return err
	}
	return q.to("/organisations/"+id, "kept", "")
}

func (s *Site) invite(q *request) error {
	secret, err := s.App.Invite(q.Context(), q.who, q.PathValue("id"), q.FormValue("email"), q.FormValue("role"))
	if err != nil {
		return err
	}
	return q.organisation(q.base() + "/invitation/" + secret)
}

func (s *Site) withdraw(q *request) error {
	if err := s.App.Withdraw(q.Context(), q.who, q.PathValue("id"), q.FormValue("invitation")); err != nil {
		return err
	}
	return q.to("/organisations/"+q.PathValue("id"), "kept", "")
}
