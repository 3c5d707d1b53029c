-- name: InsertMeta :execrows
INSERT INTO meta (key, value) VALUES (@key, @value) ON CONFLICT (key) DO NOTHING;

-- name: CountUsers :one
SELECT COUNT(*) FROM users;

-- name: InsertOrganisation :exec
INSERT INTO organisations (id, name, created) VALUES (@id, @name, @created);

-- name: Organisation :one
SELECT * FROM organisations WHERE id = @id;

-- name: Organisations :many
SELECT * FROM organisations ORDER BY created, id;

-- name: RenameOrganisation :execrows
UPDATE organisations SET name = @name WHERE id = @id;

-- name: LockOrganisation :execrows
UPDATE organisations SET name = name WHERE id = @id;

-- name: InsertUser :exec
INSERT INTO users (id, email, name, password_hash, admin, lang, created, disabled)
VALUES (@id, @email, @name, @password_hash, @admin, @lang, @created, @disabled);

-- name: User :one
SELECT * FROM users WHERE id = @id;

-- name: UserByEmail :one
SELECT * FROM users WHERE email = @email;

-- name: UserByIdentity :one
SELECT u.* FROM users u JOIN identities i ON i.user_id = u.id WHERE i.issuer = @issuer AND i.subject = @subject;

-- name: Users :many
SELECT * FROM users ORDER BY created, id;

-- name: UpdateUser :execrows
UPDATE users SET email = @email, name = @name, admin = @admin, lang = @lang, disabled = @disabled WHERE id = @id;

-- name: SetPassword :execrows
UPDATE users SET password_hash = @password_hash WHERE id = @id;

-- name: RehashPassword :execrows
UPDATE users SET password_hash = @password_hash WHERE id = @id AND password_hash = @old;

-- name: InsertIdentity :exec
INSERT INTO identities (issuer, subject, user_id, created) VALUES (@issuer, @subject, @user_id, @created);

-- name: IdentitiesOfUser :many
SELECT * FROM identities WHERE user_id = @user_id ORDER BY created, issuer, subject;

-- name: DeleteIdentity :execrows
DELETE FROM identities WHERE issuer = @issuer AND subject = @subject AND user_id = @user_id;

-- name: InsertMember :execrows
INSERT INTO members (org_id, user_id, role, created) VALUES (@org_id, @user_id, @role, @created)
ON CONFLICT (org_id, user_id) DO NOTHING;

-- name: Member :one
SELECT * FROM members WHERE org_id = @org_id AND user_id = @user_id;

-- name: MembersOfOrganisation :many
SELECT m.org_id, m.user_id, m.role, m.created, u.name, u.email, u.disabled
FROM members m JOIN users u ON u.id = m.user_id WHERE m.org_id = @org_id ORDER BY m.created, m.user_id;

-- name: MembershipsOfUser :many
SELECT m.org_id, m.user_id, m.role, m.created, o.name
FROM members m JOIN organisations o ON o.id = m.org_id WHERE m.user_id = @user_id ORDER BY m.created, m.org_id;

-- name: SetRole :execrows
UPDATE members SET role = @role WHERE org_id = @org_id AND user_id = @user_id;

-- name: DeleteMember :execrows
DELETE FROM members WHERE org_id = @org_id AND user_id = @user_id;

-- name: CountOtherOwners :one
SELECT COUNT(*) FROM members m JOIN users u ON u.id = m.user_id
WHERE m.org_id = @org_id AND m.user_id <> @user_id AND m.role = 'owner' AND u.disabled = 0;

-- name: InsertInvitation :exec
INSERT INTO invitations (hash, org_id, role, email, created_by, created, expires, accepted_by, accepted_at)
VALUES (@hash, @org_id, @role, @email, @created_by, @created, @expires, '', 0);

-- name: Invitation :one
SELECT * FROM invitations WHERE hash = @hash;

-- name: InvitationsOfOrganisation :many
SELECT * FROM invitations WHERE org_id = @org_id ORDER BY created, hash;

-- name: AcceptInvitation :execrows
UPDATE invitations SET accepted_by = @accepted_by, accepted_at = @accepted_at
WHERE hash = @hash AND accepted_at = 0 AND expires > @accepted_at;

-- name: CountInvitationsTo :one
SELECT COUNT(*) FROM invitations WHERE accepted_by = @accepted_by AND email = @email;

-- name: DeleteInvitation :execrows
DELETE FROM invitations WHERE hash = @hash AND org_id = @org_id AND accepted_at = 0;

-- name: InsertSession :exec
INSERT INTO sessions (hash, user_id, created, last_seen, expires, user_agent, address)
VALUES (@hash, @user_id, @created, @last_seen, @expires, @user_agent, @address);

-- name: Session :one
SELECT * FROM sessions WHERE hash = @hash AND expires > @now;

-- name: TouchSession :execrows
UPDATE sessions SET last_seen = @last_seen, expires = @expires WHERE hash = @hash AND expires > @last_seen;

-- name: SessionsOfUser :many
SELECT * FROM sessions WHERE user_id = @user_id AND expires > @now ORDER BY last_seen DESC, hash;

-- name: DeleteSession :execrows
DELETE FROM sessions WHERE hash = @hash AND user_id = @user_id;

-- name: DeleteSessionsOfUser :execrows
DELETE FROM sessions WHERE user_id = @user_id AND hash <> @kept;

-- name: DeleteExpiredSessions :execrows
DELETE FROM sessions WHERE expires <= @now;

-- name: InsertReset :exec
INSERT INTO resets (hash, user_id, created, expires, used) VALUES (@hash, @user_id, @created, @expires, 0);

-- name: Reset :one
SELECT * FROM resets WHERE hash = @hash AND used = 0 AND expires > @now;

-- name: UseReset :execrows
UPDATE resets SET used = @now WHERE hash = @hash AND used = 0 AND expires > @now;

-- name: VoidResets :execrows
UPDATE resets SET used = @now WHERE user_id = @user_id AND used = 0;

-- name: DeleteExpiredResets :execrows
DELETE FROM resets WHERE expires <= @now;

-- name: InsertToken :exec
INSERT INTO tokens (id, hash, user_id, org_id, name, scopes, created, last_used, expires, revoked)
VALUES (@id, @hash, @user_id, @org_id, @name, @scopes, @created, 0, @expires, 0);

-- name: TokenByHash :one
SELECT * FROM tokens WHERE hash = @hash AND revoked = 0 AND (expires = 0 OR expires > @now);

-- name: Token :one
SELECT * FROM tokens WHERE id = @id;

-- name: TokensOfUser :many
SELECT * FROM tokens WHERE user_id = @user_id ORDER BY created, id;

-- name: TokensOfOrganisation :many
SELECT * FROM tokens WHERE org_id = @org_id ORDER BY created, id;

-- name: TouchToken :execrows
UPDATE tokens SET last_used = @last_used WHERE id = @id;

-- name: RevokeToken :execrows
UPDATE tokens SET revoked = @revoked WHERE id = @id AND revoked = 0;

-- name: RevokeTokensOfMember :execrows
UPDATE tokens SET revoked = @revoked WHERE org_id = @org_id AND user_id = @user_id AND revoked = 0;

-- name: InsertIdempotency :execrows
INSERT INTO idempotency (user_id, key, method, path, request_hash, status, body, at)
VALUES (@user_id, @key, @method, @path, @request_hash, 0, @body, @at)
ON CONFLICT (user_id, key) DO NOTHING;

-- name: Idempotency :one
SELECT * FROM idempotency WHERE user_id = @user_id AND key = @key;

-- name: TakeIdempotency :execrows
UPDATE idempotency SET at = @at WHERE user_id = @user_id AND key = @key AND status = 0 AND at <= @before;

-- name: FinishIdempotency :execrows
UPDATE idempotency SET status = @status, body = @body WHERE user_id = @user_id AND key = @key AND status = 0;

-- name: DeleteIdempotency :execrows
DELETE FROM idempotency WHERE user_id = @user_id AND key = @key AND status = 0;

-- name: ExpireIdempotency :execrows
DELETE FROM idempotency WHERE at < @before;
