package store_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rendite-crm/rendite/internal/store"
)

func TestSetupHappensOnce(t *testing.T) {
	on(t, func(w *workshop) {
		if !w.owner.Admin || w.owner.Email != "anna@example.com" {
			t.Errorf("first user %+v", w.owner)
		}
		_, _, err := w.Setup(w.Context(), store.User{Email: "b@example.com", Name: "B"}, "B")
		w.is(err, store.ErrExists)
		if m, err := w.Member(w.Context(), w.org.ID, w.owner.ID); err != nil || m.Role != store.Owner {
			t.Errorf("first member %+v, %v", m, err)
		}
	})
}

func TestOfTwoSettingUpAtOnceOneSucceeds(t *testing.T) {
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) {
			s := mustOpen(t, newDatabase(t, kind))
			if n := race(8, func(int) error {
				_, _, err := s.Setup(t.Context(), store.User{Email: store.NewID() + "@example.com", Name: "A"}, "A")
				return err
			}, func(err error) {
				if !errors.Is(err, store.ErrExists) {
					t.Error(err)
				}
			}); n != 1 {
				t.Errorf("%d of 8 succeeded", n)
			}
			if n, err := s.CountUsers(t.Context()); err != nil || n != 1 {
				t.Errorf("%d users, %v", n, err)
			}
		})
	}
}

// race runs f n times at once, counts the successes and hands the errors to failed.
func race(n int, f func(i int) error, failed func(error)) (succeeded int) {
	results := make(chan error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			results <- f(i)
		})
	}
	close(start)
	all.Wait()
	close(results)
	for err := range results {
		if err == nil {
			succeeded++
		} else {
			failed(err)
		}
	}
	return succeeded
}

func TestUsersAreFoundChangedAndUnique(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		got, err := w.UserByEmail(ctx, "JÖRG@example.com ")
		w.ok(err)
		if diff := cmp.Diff(w.other, got); diff != "" {
			t.Error(diff)
		}
		_, err = w.CreateUser(ctx, w.actor, store.User{Email: "ANNA@example.com", Name: "Zweite"})
		w.is(err, store.ErrExists)
		for _, bad := range []string{"", "@", "a@", "@b", "a b@c"} {
			_, err = w.CreateUser(ctx, w.actor, store.User{Email: bad, Name: "X"})
			w.is(err, store.ErrEmail)
		}
		_, err = w.CreateUser(ctx, w.actor, store.User{Email: "c@d", Name: " "})
		w.is(err, store.ErrName)

		changed := w.other
		changed.Email, changed.Name, changed.Admin, changed.Lang = "joerg@example.com", "Jörg Ö.", true, "de"
		w.ok(w.UpdateUser(ctx, w.actor, changed))
		got, err = w.User(ctx, w.other.ID)
		w.ok(err)
		if diff := cmp.Diff(changed, got); diff != "" {
			t.Error(diff)
		}
		changed.Email = "anna@example.com"
		w.is(w.UpdateUser(ctx, w.actor, changed), store.ErrExists)
		changed.ID, changed.Email = "nobody", "nobody@example.com"
		w.is(w.UpdateUser(ctx, w.actor, changed), store.ErrNotFound)
		_, err = w.User(ctx, "nobody")
		w.is(err, store.ErrNotFound)
		_, err = w.UserByEmail(ctx, "nobody")
		w.is(err, store.ErrNotFound)
		users, err := w.Users(ctx)
		w.ok(err)
		if len(users) != 2 || users[0].ID != w.owner.ID {
			t.Errorf("users %+v", users)
		}
	})
}

func TestIdentitiesBelongToOneUser(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		i := store.Identity{Issuer: "https://id.example.com", Subject: "42", UserID: w.owner.ID}
		w.ok(w.AddIdentity(ctx, w.actor, i))
		again := i
		again.UserID = w.other.ID
		w.is(w.AddIdentity(ctx, w.actor, again), store.ErrExists)
		w.is(w.AddIdentity(ctx, w.actor, store.Identity{Issuer: "x", Subject: "y", UserID: "nobody"}), store.ErrNotFound)
		u, err := w.UserByIdentity(ctx, i.Issuer, i.Subject)
		w.ok(err)
		if u.ID != w.owner.ID {
			t.Errorf("identity of %s", u.Name)
		}
		list, err := w.Identities(ctx, w.owner.ID)
		w.ok(err)
		if len(list) != 1 || list[0].Subject != "42" || list[0].Created.IsZero() {
			t.Errorf("identities %+v", list)
		}
		w.ok(w.RemoveIdentity(ctx, w.actor, i))
		w.is(w.RemoveIdentity(ctx, w.actor, i), store.ErrNotFound)
		_, err = w.UserByIdentity(ctx, i.Issuer, i.Subject)
		w.is(err, store.ErrNotFound)
	})
}

func TestMembersComeChangeAndGo(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		w.ok(w.AddMember(ctx, w.actor, w.org.ID, w.other.ID, store.Viewer))
		w.is(w.AddMember(ctx, w.actor, w.org.ID, w.other.ID, store.Editor), store.ErrExists)
		w.is(w.AddMember(ctx, w.actor, w.org.ID, "nobody", store.Editor), store.ErrNotFound)
		w.is(w.AddMember(ctx, w.actor, "nowhere", w.other.ID, store.Editor), store.ErrNotFound)
		w.is(w.AddMember(ctx, w.actor, w.org.ID, w.other.ID, "king"), store.ErrValue)
		w.ok(w.SetRole(ctx, w.actor, w.org.ID, w.other.ID, store.Editor))
		w.is(w.SetRole(ctx, w.actor, w.org.ID, "nobody", store.Editor), store.ErrNotFound)
		members, err := w.Members(ctx, w.org.ID)
		w.ok(err)
		if len(members) != 2 || members[1].Name != "Jörg 😀" || members[1].Role != store.Editor || members[1].Email != w.other.Email {
			t.Errorf("members %+v", members)
		}
		of, err := w.Memberships(ctx, w.other.ID)
		w.ok(err)
		if len(of) != 1 || of[0].OrgName != "Beispiel GmbH" {
			t.Errorf("memberships %+v", of)
		}
		secret, _, err := w.CreateToken(ctx, w.actor, store.Token{UserID: w.other.ID, OrgID: w.org.ID, Name: "Skript"})
		w.ok(err)
		w.ok(w.RemoveMember(ctx, w.actor, w.org.ID, w.other.ID))
		w.is(w.RemoveMember(ctx, w.actor, w.org.ID, w.other.ID), store.ErrNotFound)
		_, err = w.TokenBySecret(ctx, secret)
		w.is(err, store.ErrNotFound)
		w.told(w.log(), store.MemberRemoved, store.TokenCreated, store.MemberChanged, store.MemberAdded)
		if d := w.log()[2].Detail; d["was"] != "viewer" || d["role"] != "editor" {
			t.Errorf("detail %v", d)
		}
	})
}

func TestAnOrganisationKeepsItsLastOwner(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		w.ok(w.AddMember(ctx, w.actor, w.org.ID, w.other.ID, store.Editor))
		disabled := w.owner
		disabled.Disabled = w.clock.now()
		w.is(w.SetRole(ctx, w.actor, w.org.ID, w.owner.ID, store.Editor), store.ErrLastOwner)
		w.is(w.RemoveMember(ctx, w.actor, w.org.ID, w.owner.ID), store.ErrLastOwner)
		w.is(w.UpdateUser(ctx, w.actor, disabled), store.ErrLastOwner)
		w.ok(w.SetRole(ctx, w.actor, w.org.ID, w.owner.ID, store.Owner))

		// A second owner who cannot sign in is no owner.
		w.ok(w.SetRole(ctx, w.actor, w.org.ID, w.other.ID, store.Owner))
		other := w.other
		other.Disabled = w.clock.now()
		w.ok(w.UpdateUser(ctx, w.actor, other))
		w.is(w.RemoveMember(ctx, w.actor, w.org.ID, w.owner.ID), store.ErrLastOwner)
		other.Disabled = time.Time{}
		w.ok(w.UpdateUser(ctx, w.actor, other))
		w.ok(w.RemoveMember(ctx, w.actor, w.org.ID, w.owner.ID))
	})
}

func TestOfOwnersLeavingAtOnceOneStays(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		owners := []store.User{w.owner}
		for range 5 {
			u, err := w.CreateUser(ctx, w.actor, store.User{Email: store.NewID() + "@example.com", Name: "X"})
			w.ok(err)
			w.ok(w.AddMember(ctx, w.actor, w.org.ID, u.ID, store.Owner))
			owners = append(owners, u)
		}
		left := race(len(owners), func(i int) error {
			switch i % 3 {
			case 0:
				return w.RemoveMember(ctx, w.actor, w.org.ID, owners[i].ID)
			case 1:
				return w.SetRole(ctx, w.actor, w.org.ID, owners[i].ID, store.Viewer)
			default:
				u := owners[i]
				u.Disabled = epoch
				return w.UpdateUser(ctx, w.actor, u)
			}
		}, func(err error) { w.is(err, store.ErrLastOwner) })
		if left != len(owners)-1 {
			t.Errorf("%d of %d owners left", left, len(owners))
		}
	})
}

func TestInvitationsAreUsedOnce(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		expires := epoch.Add(24 * time.Hour)
		secret, made, err := w.CreateInvitation(ctx, w.actor, store.Invitation{OrgID: w.org.ID, Role: store.Commenter, Email: "JÖRG@example.com", Expires: expires})
		w.ok(err)
		got, err := w.InvitationBySecret(ctx, secret)
		w.ok(err)
		if diff := cmp.Diff(made, got); diff != "" {
			t.Error(diff)
		}
		_, err = w.AcceptInvitation(ctx, secret, w.owner.ID)
		w.is(err, store.ErrWrongEmail)
		_, err = w.AcceptInvitation(ctx, "wrong", w.other.ID)
		w.is(err, store.ErrNotFound)
		accepted := race(4, func(int) error { _, err := w.AcceptInvitation(ctx, secret, w.other.ID); return err },
			func(err error) { w.is(err, store.ErrNotFound) })
		if accepted != 1 {
			t.Errorf("accepted %d times", accepted)
		}
		if m, err := w.Member(ctx, w.org.ID, w.other.ID); err != nil || m.Role != store.Commenter {
			t.Errorf("member %+v, %v", m, err)
		}
		_, err = w.InvitationBySecret(ctx, secret)
		w.is(err, store.ErrNotFound)

		open, _, err := w.CreateInvitation(ctx, w.actor, store.Invitation{OrgID: w.org.ID, Role: store.Viewer, Expires: expires})
		w.ok(err)
		_, err = w.AcceptInvitation(ctx, open, w.owner.ID)
		w.is(err, store.ErrExists)
		if _, err = w.InvitationBySecret(ctx, open); err != nil {
			t.Errorf("an invitation that could not be accepted is used up: %v", err)
		}
		list, err := w.Invitations(ctx, w.org.ID)
		w.ok(err)
		if len(list) != 2 || list[0].AcceptedBy != w.other.ID || !list[1].AcceptedAt.IsZero() {
			t.Errorf("invitations %+v", list)
		}
		w.is(w.RevokeInvitation(ctx, w.actor, w.org.ID, list[0].ID), store.ErrNotFound)
		w.ok(w.RevokeInvitation(ctx, w.actor, w.org.ID, list[1].ID))
		late, _, err := w.CreateInvitation(ctx, w.actor, store.Invitation{OrgID: w.org.ID, Role: store.Viewer, Expires: expires})
		w.ok(err)
		w.clock.jump(48 * time.Hour)
		u, err := w.CreateUser(ctx, w.actor, store.User{Email: "late@example.com", Name: "Late"})
		w.ok(err)
		_, err = w.AcceptInvitation(ctx, late, u.ID)
		w.is(err, store.ErrNotFound)
	})
}

func TestSessionsEnd(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		soon := epoch.Add(time.Hour)
		secret, made, err := w.CreateSession(ctx, store.Session{UserID: w.owner.ID, Expires: soon, UserAgent: "Firefox \xff\x00", Address: "192.0.2.1"})
		w.ok(err)
		if made.UserAgent != "Firefox \uFFFD" {
			t.Errorf("user agent %q", made.UserAgent)
		}
		got, err := w.SessionBySecret(ctx, secret)
		w.ok(err)
		if diff := cmp.Diff(made, got); diff != "" {
			t.Error(diff)
		}
		_, err = w.SessionBySecret(ctx, made.ID)
		w.is(err, store.ErrNotFound) // who can read the database cannot sign in with what is there
		w.ok(w.TouchSession(ctx, made.ID, soon.Add(time.Hour)))
		got, err = w.SessionBySecret(ctx, secret)
		w.ok(err)
		if !got.LastSeen.After(made.LastSeen) || !got.Expires.Equal(soon.Add(time.Hour)) {
			t.Errorf("touched %+v", got)
		}
		second, made2, err := w.CreateSession(ctx, store.Session{UserID: w.owner.ID, Expires: soon})
		w.ok(err)
		list, err := w.Sessions(ctx, w.owner.ID)
		w.ok(err)
		if len(list) != 2 || list[0].ID != made2.ID {
			t.Errorf("sessions %+v", list)
		}
		w.is(w.EndSession(ctx, w.other.ID, made2.ID), store.ErrNotFound)
		w.ok(w.EndSession(ctx, w.owner.ID, made2.ID))
		_, err = w.SessionBySecret(ctx, second)
		w.is(err, store.ErrNotFound)
		for range 3 {
			_, _, err = w.CreateSession(ctx, store.Session{UserID: w.owner.ID, Expires: soon})
			w.ok(err)
		}
		n, err := w.EndSessions(ctx, w.owner.ID, made.ID)
		w.ok(err)
		if n != 3 {
			t.Errorf("ended %d", n)
		}
		w.clock.jump(3 * time.Hour)
		_, err = w.SessionBySecret(ctx, secret)
		w.is(err, store.ErrNotFound)
		w.is(w.TouchSession(ctx, made.ID, soon.Add(24*time.Hour)), store.ErrNotFound)
		n, err = w.Prune(ctx, time.Hour)
		w.ok(err)
		if n != 1 {
			t.Errorf("pruned %d", n)
		}
		_, _, err = w.CreateSession(ctx, store.Session{UserID: "nobody", Expires: soon})
		w.is(err, store.ErrNotFound)
	})
}

func TestDisablingAndNewPasswordsSignOut(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		signIn := func() string {
			secret, _, err := w.CreateSession(ctx, store.Session{UserID: w.other.ID, Expires: epoch.Add(time.Hour)})
			w.ok(err)
			return secret
		}
		mine, elsewhere := signIn(), signIn()
		kept, err := w.SessionBySecret(ctx, mine)
		w.ok(err)
		w.ok(w.SetPassword(ctx, w.actor, w.other.ID, "$argon2id$2", kept.ID))
		_, err = w.SessionBySecret(ctx, mine)
		w.ok(err)
		_, err = w.SessionBySecret(ctx, elsewhere)
		w.is(err, store.ErrNotFound)
		w.ok(w.RehashPassword(ctx, w.other.ID, "$argon2id$2", "$argon2id$3"))
		// A sign-in that was slow must not bring the old password back.
		w.is(w.RehashPassword(ctx, w.other.ID, "$argon2id$2", "$argon2id$9"), store.ErrNotFound)
		if u, err := w.User(ctx, w.other.ID); err != nil || u.PasswordHash != "$argon2id$3" {
			t.Errorf("%+v %v", u, err)
		}

		reset, err := w.CreateReset(ctx, w.other.ID, epoch.Add(time.Hour))
		w.ok(err)
		unused, err := w.CreateReset(ctx, w.other.ID, epoch.Add(time.Hour))
		w.ok(err)
		r, err := w.ResetBySecret(ctx, reset)
		w.ok(err)
		if r.UserID != w.other.ID {
			t.Errorf("reset %+v", r)
		}
		used := race(4, func(int) error { _, err := w.UseReset(ctx, reset, "$argon2id$4"); return err },
			func(err error) { w.is(err, store.ErrNotFound) })
		if used != 1 {
			t.Errorf("used %d times", used)
		}
		_, err = w.UseReset(ctx, unused, "$argon2id$5")
		w.is(err, store.ErrNotFound)
		_, err = w.SessionBySecret(ctx, mine)
		w.is(err, store.ErrNotFound)

		again := signIn()
		u := w.other
		u.Disabled = epoch
		w.ok(w.UpdateUser(ctx, w.actor, u))
		_, err = w.SessionBySecret(ctx, again)
		w.is(err, store.ErrNotFound)
		late, err := w.CreateReset(ctx, w.other.ID, epoch.Add(time.Hour))
		w.ok(err)
		w.clock.jump(2 * time.Hour)
		_, err = w.ResetBySecret(ctx, late)
		w.is(err, store.ErrNotFound)
	})
}

func TestTokensAreRecognisedUsedAndRevoked(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		secret, made, err := w.CreateToken(ctx, w.actor, store.Token{UserID: w.owner.ID, OrgID: w.org.ID, Name: "Monatsimport", Scopes: "cases:read cases:write", Expires: epoch.Add(time.Hour)})
		w.ok(err)
		if !strings.HasPrefix(secret, store.TokenPrefix) {
			t.Errorf("secret %q", secret)
		}
		w.ok(w.TouchToken(ctx, made.ID))
		got, err := w.TokenBySecret(ctx, secret)
		w.ok(err)
		if got.LastUsed.IsZero() || got.Scopes != made.Scopes {
			t.Errorf("token %+v", got)
		}
		forever, _, err := w.CreateToken(ctx, w.actor, store.Token{UserID: w.owner.ID, OrgID: w.org.ID, Name: "Ohne Ende"})
		w.ok(err)
		w.clock.jump(2 * time.Hour)
		_, err = w.TokenBySecret(ctx, secret)
		w.is(err, store.ErrNotFound)
		got, err = w.TokenBySecret(ctx, forever)
		w.ok(err)
		w.ok(w.RevokeToken(ctx, w.actor, got.ID))
		w.is(w.RevokeToken(ctx, w.actor, got.ID), store.ErrNotFound)
		_, err = w.TokenBySecret(ctx, forever)
		w.is(err, store.ErrNotFound)
		ofUser, err := w.UserTokens(ctx, w.owner.ID)
		w.ok(err)
		ofOrg, err := w.OrganisationTokens(ctx, w.org.ID)
		w.ok(err)
		if len(ofUser) != 2 || ofUser[1].Revoked.IsZero() || cmp.Diff(ofUser, ofOrg) != "" {
			t.Errorf("tokens %+v, %+v", ofUser, ofOrg)
		}
		_, _, err = w.CreateToken(ctx, w.actor, store.Token{UserID: "nobody", OrgID: w.org.ID, Name: "x"})
		w.is(err, store.ErrNotFound)
	})
}

func TestARequestSentTwiceIsCarriedOutOnce(t *testing.T) {
	on(t, func(w *workshop) {
		ctx := w.Context()
		request := store.Idempotency{Key: "k1", UserID: w.owner.ID, Method: "POST", Path: "/api/cases", RequestHash: store.Hash("{}")}
		var begun int
		race(6, func(int) error {
			_, fresh, err := w.BeginIdempotent(ctx, request)
			if err == nil && !fresh {
				t.Error("an answer before there was one")
			}
			if err == nil {
				begun++
			}
			return err
		}, func(err error) { w.is(err, store.ErrInProgress) })
		if begun != 1 {
			t.Errorf("begun %d times", begun)
		}
		w.ok(w.FinishIdempotent(ctx, w.owner.ID, "k1", 201, []byte("{\"id\":1}\x00\xff")))
		w.is(w.FinishIdempotent(ctx, w.owner.ID, "k1", 500, nil), store.ErrNotFound)
		answer, fresh, err := w.BeginIdempotent(ctx, request)
		w.ok(err)
		if fresh || answer.Status != 201 || string(answer.Body) != "{\"id\":1}\x00\xff" {
			t.Errorf("answer %+v, fresh %v", answer, fresh)
		}
		other := request
		other.RequestHash = store.Hash("[]")
		_, _, err = w.BeginIdempotent(ctx, other)
		w.is(err, store.ErrKeyReused)
		other.UserID = w.other.ID
		_, fresh, err = w.BeginIdempotent(ctx, other) // another user's keys are another matter
		w.ok(err)
		if !fresh {
			t.Error("one user's key answers another")
		}
		w.ok(w.DropIdempotent(ctx, w.other.ID, "k1"))
		_, fresh, err = w.BeginIdempotent(ctx, other)
		w.ok(err)
		if !fresh {
			t.Error("a key given back is not free")
		}
		w.clock.jump(store.IdempotencyLease + time.Minute)
		_, fresh, err = w.BeginIdempotent(ctx, other)
		w.ok(err)
		if !fresh {
			t.Error("a request that died keeps its key for ever")
		}
		_, _, err = w.BeginIdempotent(ctx, other)
		w.is(err, store.ErrInProgress)
		w.clock.jump(25 * time.Hour)
		n, err := w.Prune(ctx, 24*time.Hour)
		w.ok(err)
		if n != 2 {
			t.Errorf("pruned %d", n)
		}
	})
}
