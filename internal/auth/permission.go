package auth

import (
	"slices"

	"github.com/rendite-crm/rendite/internal/diag"
)

// Role is what someone is in an organisation; each role may do what the ones before it may.
type Role int

// The roles of a member.
const (
	NoRole Role = iota
	Viewer
	Commenter
	Editor
	Owner
)

var roleNames = []string{"", "viewer", "commenter", "editor", "owner"}

// String is the name that is stored: "viewer", "commenter", "editor", "owner"; empty for NoRole.
func (r Role) String() string {
	if r < 0 || int(r) >= len(roleNames) {
		return ""
	}
	return roleNames[r]
}

// ParseRole reads the name of a role; false for any other text.
func ParseRole(s string) (Role, bool) {
	i := slices.Index(roleNames, s)
	return Role(max(i, 0)), i > 0
}

// Scope is what an API token may be used for. A token never may more than its owner.
type Scope string

// The scopes.
const (
	CasesRead         Scope = "cases:read"
	CasesWrite        Scope = "cases:write"
	CommentsWrite     Scope = "comments:write"
	SharesWrite       Scope = "shares:write"
	CRMRead           Scope = "data:read"
	CRMWrite          Scope = "data:write"
	OrgRead           Scope = "org:read"
	OrgAdmin          Scope = "org:admin"
	InstallationAdmin Scope = "installation:admin"
)

// Scopes lists the scopes, the harmless ones first.
func Scopes() []Scope {
	return []Scope{CasesRead, CasesWrite, CommentsWrite, SharesWrite, CRMRead, CRMWrite, OrgRead, OrgAdmin, InstallationAdmin}
}

// ParseScopes reads the names of scopes, at least one; they come back sorted and once each. The error is
// auth_scope_unknown or auth_scope_none.
func ParseScopes(names []string) ([]Scope, error) {
	var scopes []Scope
	for _, n := range names {
		if !slices.Contains(Scopes(), Scope(n)) {
			return nil, diag.New("auth_scope_unknown", diag.Position{}, diag.Args{"name": n})
		}
		scopes = append(scopes, Scope(n))
	}
	if len(scopes) == 0 {
		return nil, diag.New("auth_scope_none", diag.Position{}, nil)
	}
	slices.Sort(scopes)
	return slices.Compact(scopes), nil
}

// Operation is something that one may or may not do.
type Operation string

// The operations.
const (
	CaseRead    Operation = "case.read"
	CaseCreate  Operation = "case.create"
	CaseEdit    Operation = "case.edit"
	CaseSave    Operation = "case.save"
	CaseRestore Operation = "case.restore"
	CaseSeal    Operation = "case.seal"
	CaseStatus  Operation = "case.status"
	// CaseDelete puts a case into the archive.
	CaseDelete     Operation = "case.delete"
	CaseExport     Operation = "case.export"
	CommentWrite   Operation = "comment.write"
	CommentResolve Operation = "comment.resolve"
	ShareCreate    Operation = "share.create"
	ShareRevoke    Operation = "share.revoke"
	MemberList     Operation = "member.list"
	MemberInvite   Operation = "member.invite"
	MemberChange   Operation = "member.change"
	OrgRename      Operation = "org.rename"
	OrgCreate      Operation = "org.create"
	// DataRead is of key figures, which show nobody; DataImport also of rows of customers.
	DataRead   Operation = "data.read"
	DataImport Operation = "data.import"
	// DataRemove takes imports back and deletes what came from a source.
	DataRemove    Operation = "data.remove"
	EventList     Operation = "event.list"
	TokenCreate   Operation = "token.create"
	TokenRevoke   Operation = "token.revoke"
	SessionList   Operation = "session.list"
	SessionRevoke Operation = "session.revoke"
	AdminUsers    Operation = "admin.users"
	AdminBackup   Operation = "admin.backup"
)

// rule says who may do an operation.
type rule struct {
	operation Operation
	// least is the least role in the organisation; NoRole where roles do not matter.
	least Role
	// admin: whoever administers the installation may too, without being a member.
	admin bool
	// own: only on what belongs to the person.
	own bool
	// share: a share link may, on its case.
	share bool
	// scope is what an API token needs; without one, no token may.
	scope Scope
}

// rules is the one table of permissions.
//
// Who administers the installation looks after people and organisations but reads no cases: that takes a role, which
// leaves an event. What a CRM holds is read as key figures by all members; its rows, in previews and rejects, are for those
// who import, and what cannot be brought back is the owner's to remove. A share link reads the report of its case, not the file with its comments. Sealing cannot be taken
// back and is the owner's. Tokens can make no tokens, or a stolen one would live on.
var rules = []rule{
	{operation: CaseRead, least: Viewer, share: true, scope: CasesRead},
	{operation: CaseCreate, least: Editor, scope: CasesWrite},
	{operation: CaseEdit, least: Editor, scope: CasesWrite},
	{operation: CaseSave, least: Editor, scope: CasesWrite},
	{operation: CaseRestore, least: Editor, scope: CasesWrite},
	{operation: CaseSeal, least: Owner, scope: CasesWrite},
	{operation: CaseStatus, least: Editor, scope: CasesWrite},
	{operation: CaseDelete, least: Editor, scope: CasesWrite},
	{operation: CaseExport, least: Viewer, scope: CasesRead},
	{operation: CommentWrite, least: Commenter, scope: CommentsWrite},
	{operation: CommentResolve, least: Commenter, scope: CommentsWrite},
	{operation: ShareCreate, least: Editor, scope: SharesWrite},
	{operation: ShareRevoke, least: Editor, scope: SharesWrite},
	{operation: MemberList, least: Viewer, admin: true, scope: OrgRead},
	{operation: MemberInvite, least: Owner, admin: true, scope: OrgAdmin},
	{operation: MemberChange, least: Owner, admin: true, scope: OrgAdmin},
	{operation: OrgRename, least: Owner, admin: true, scope: OrgAdmin},
	{operation: OrgCreate, admin: true, scope: InstallationAdmin},
	{operation: DataRead, least: Viewer, scope: CRMRead},
	{operation: DataImport, least: Editor, scope: CRMWrite},
	{operation: DataRemove, least: Owner, scope: CRMWrite},
	{operation: EventList, least: Owner, admin: true, scope: OrgAdmin},
	{operation: TokenCreate, own: true},
	{operation: TokenRevoke, own: true},
	{operation: SessionList, own: true},
	{operation: SessionRevoke, own: true},
	{operation: AdminUsers, admin: true, scope: InstallationAdmin},
	{operation: AdminBackup, admin: true, scope: InstallationAdmin},
}

// Operations lists all operations.
func Operations() []Operation {
	all := make([]Operation, len(rules))
	for i, r := range rules {
		all[i] = r.operation
	}
	return all
}

// Actor is who wants to do something. The zero value is nobody.
type Actor struct {
	// User is the person; empty for nobody and for share links.
	User string
	// Admin administers the installation.
	Admin bool
	// Roles by organisation.
	Roles map[string]Role
	// Token, where an API token of the person acts.
	Token *Grant
	// Share, where a share link acts. Everything else is then ignored.
	Share *SharedCase
}

// Grant is what an API token was made for.
type Grant struct {
	// Organisation is the only one the token may act in; empty for all of its owner's.
	Organisation string
	Scopes       []Scope
}

// SharedCase is the one case that a share link shows.
type SharedCase struct{ Organisation, Case string }

// Facts say what an operation is done to, as it is stored and not as a request says. Unknown facts stay empty and are
// never in favour of the actor.
type Facts struct {
	Organisation string
	Case         string
	// User is whose session or token it is.
	User string
}

// Allowed is nil where the actor may do the operation. Otherwise the error is auth_login_needed for nobody,
// auth_not_found where the actor may not even know that it exists, auth_scope_missing for a token that lacks a scope, and
// auth_forbidden. An unknown operation is forbidden to all.
func Allowed(a Actor, op Operation, f Facts) error {
	none := diag.Position{}
	forbidden := diag.New("auth_forbidden", none, nil)
	i := slices.IndexFunc(rules, func(r rule) bool { return r.operation == op })
	if i < 0 {
		return forbidden
	}
	r := rules[i]
	switch {
	case a.Share != nil:
		same := a.Share.Case != "" && a.Share.Organisation != "" && *a.Share == SharedCase{f.Organisation, f.Case}
		switch {
		case !same:
			return diag.New("auth_not_found", none, nil)
		case !r.share:
			return forbidden
		}
		return nil
	case a.User == "":
		return diag.New("auth_login_needed", none, nil)
	}
	if t := a.Token; t != nil {
		switch {
		case r.scope == "":
			return diag.New("auth_token_cannot", none, nil)
		case t.Organisation != "" && r.scope == InstallationAdmin:
			return forbidden // made for one organisation
		case t.Organisation != "" && t.Organisation != f.Organisation:
			return diag.New("auth_not_found", none, nil)
		case !slices.Contains(t.Scopes, r.scope):
			return diag.New("auth_scope_missing", none, diag.Args{"scope": string(r.scope)})
		}
	}
	if r.own {
		if f.User != a.User {
			return diag.New("auth_not_found", none, nil)
		}
		return nil
	}
	// A token made for the organisations of its owner does not reach into those of others.
	if r.admin && a.Admin && (a.Token == nil || slices.Contains(a.Token.Scopes, InstallationAdmin)) {
		return nil
	}
	if r.least == NoRole {
		return forbidden
	}
	switch role := a.Roles[f.Organisation]; {
	case f.Organisation == "" || role <= NoRole:
		return diag.New("auth_not_found", none, nil)
	case role > Owner || role < r.least:
		return diag.New("auth_forbidden_role", none, diag.Args{"role": "role." + r.least.String()})
	}
	return nil
}
