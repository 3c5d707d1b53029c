-- name: InsertCase :exec
INSERT INTO cases (id, org_id, name, name_fold, name_key, status, head, created, updated, archived)
VALUES (@id, @org_id, @name, @name_fold, @name_key, @status, @head, @created, @updated, 0);

-- name: CaseByID :one
SELECT * FROM cases WHERE id = @id;

-- name: AdvanceCase :execrows
UPDATE cases SET head = head + 1, updated = @updated WHERE id = @id AND head = @base AND archived = 0;

-- name: LockCase :execrows
UPDATE cases SET head = head WHERE id = @id;

-- name: RenameCase :execrows
UPDATE cases SET name = @name, name_fold = @name_fold, name_key = @name_key, updated = @updated WHERE id = @id;

-- name: SetCaseStatus :execrows
UPDATE cases SET status = @status, updated = @updated WHERE id = @id;

-- name: SetCaseArchived :execrows
UPDATE cases SET archived = @archived, updated = @updated WHERE id = @id;

-- name: CasesByName :many
SELECT * FROM cases
WHERE org_id = @org_id AND archived >= @archived_from AND archived <= @archived_to AND (CAST(@status AS TEXT) = '' OR status = @status)
  AND name_fold LIKE CAST(@pattern AS TEXT) ESCAPE '\'
  AND (name_key > @after_key OR (name_key = @after_key AND id > @after_id))
ORDER BY name_key, id LIMIT @count;

-- name: CasesByUpdate :many
SELECT * FROM cases
WHERE org_id = @org_id AND archived >= @archived_from AND archived <= @archived_to AND (CAST(@status AS TEXT) = '' OR status = @status)
  AND name_fold LIKE CAST(@pattern AS TEXT) ESCAPE '\'
  AND (updated < @before OR (updated = @before AND id < @before_id))
ORDER BY updated DESC, id DESC LIMIT @count;

-- name: InsertRevision :exec
INSERT INTO revisions (case_id, number, base, author_id, author_name, at, reason, text, hash)
VALUES (@case_id, @number, @base, @author_id, @author_name, @at, @reason, @text, @hash);

-- name: Revision :one
SELECT * FROM revisions WHERE case_id = @case_id AND number = @number;

-- name: HeadRevision :one
SELECT r.* FROM revisions r JOIN cases c ON c.id = r.case_id AND c.head = r.number WHERE r.case_id = @case_id;

-- name: RevisionsOfCase :many
SELECT case_id, number, base, author_id, author_name, at, reason, hash FROM revisions
WHERE case_id = @case_id AND number < @before ORDER BY number DESC LIMIT @count;

-- name: InsertSeal :exec
INSERT INTO seals (case_id, number, revision, by_id, by_name, at, hash, note)
VALUES (@case_id, @number, @revision, @by_id, @by_name, @at, @hash, @note);

-- name: LastSealNumber :one
SELECT CAST(COALESCE(MAX(number), 0) AS BIGINT) AS number FROM seals WHERE case_id = @case_id;

-- name: LatestSeal :one
SELECT * FROM seals WHERE case_id = @case_id ORDER BY number DESC LIMIT 1;

-- name: SealsOfCase :many
SELECT * FROM seals WHERE case_id = @case_id ORDER BY number DESC;

-- name: UpsertOutcome :exec
INSERT INTO outcomes (case_id, revision, scenario, version, at, json)
VALUES (@case_id, @revision, @scenario, @version, @at, @json)
ON CONFLICT (case_id, scenario, revision) DO UPDATE SET version = excluded.version, at = excluded.at, json = excluded.json;

-- name: Outcome :one
SELECT * FROM outcomes WHERE case_id = @case_id AND revision = @revision AND scenario = @scenario;

-- name: Portfolio :many
SELECT c.id, c.org_id, c.name, c.status, c.head, c.created, c.updated, c.archived,
       COALESCE(o.revision, 0) AS revision, COALESCE(o.scenario, '') AS scenario, COALESCE(o.version, '') AS version,
       COALESCE(o.at, 0) AS at, COALESCE(o.json, '') AS json
FROM cases c LEFT JOIN outcomes o ON o.case_id = c.id AND o.revision =
     (SELECT MAX(l.revision) FROM outcomes l WHERE l.case_id = o.case_id AND l.scenario = o.scenario)
WHERE c.org_id = @org_id AND c.archived = 0
ORDER BY c.name_key, c.id, o.scenario;

-- name: InsertShare :exec
INSERT INTO shares (id, hash, case_id, created_by, created, expires, revoked)
VALUES (@id, @hash, @case_id, @created_by, @created, @expires, 0);

-- name: ShareByHash :one
SELECT * FROM shares WHERE hash = @hash AND revoked = 0 AND (expires = 0 OR expires > @now);

-- name: Share :one
SELECT * FROM shares WHERE id = @id;

-- name: SharesOfCase :many
SELECT * FROM shares WHERE case_id = @case_id ORDER BY created, id;

-- name: RevokeShare :execrows
UPDATE shares SET revoked = @revoked WHERE id = @id AND revoked = 0;

-- name: InsertDraft :execrows
INSERT INTO drafts (case_id, user_id, base, cursor, updated) VALUES (@case_id, @user_id, @base, 0, @updated)
ON CONFLICT (case_id, user_id) DO NOTHING;

-- name: LockDraft :execrows
UPDATE drafts SET updated = @updated WHERE case_id = @case_id AND user_id = @user_id;

-- name: Draft :one
SELECT d.base, d.cursor, d.updated, s.label, s.text,
       CAST((SELECT MIN(f.n) FROM draft_steps f WHERE f.case_id = d.case_id AND f.user_id = d.user_id) AS BIGINT) AS first,
       CAST((SELECT MAX(l.n) FROM draft_steps l WHERE l.case_id = d.case_id AND l.user_id = d.user_id) AS BIGINT) AS last
FROM drafts d JOIN draft_steps s ON s.case_id = d.case_id AND s.user_id = d.user_id AND s.n = d.cursor
WHERE d.case_id = @case_id AND d.user_id = @user_id;

-- name: DraftsOfUser :many
SELECT d.* FROM drafts d WHERE d.user_id = @user_id ORDER BY d.updated DESC, d.case_id;

-- name: DraftSteps :many
SELECT n, label FROM draft_steps WHERE case_id = @case_id AND user_id = @user_id ORDER BY n;

-- name: InsertDraftStep :exec
INSERT INTO draft_steps (case_id, user_id, n, label, text) VALUES (@case_id, @user_id, @n, @label, @text);

-- name: DeleteDraftStepsAfter :exec
DELETE FROM draft_steps WHERE case_id = @case_id AND user_id = @user_id AND n > @n;

-- name: DeleteDraftStepsBefore :exec
DELETE FROM draft_steps WHERE case_id = @case_id AND user_id = @user_id AND n < @n;

-- name: MoveDraft :exec
UPDATE drafts SET cursor = @cursor, base = @base, updated = @updated WHERE case_id = @case_id AND user_id = @user_id;

-- name: DeleteDraft :execrows
DELETE FROM drafts WHERE case_id = @case_id AND user_id = @user_id;

-- name: InsertComment :exec
INSERT INTO comments (id, case_id, anchor, parent_id, author_id, author_name, at, edited, text, resolved_by, resolved_by_name, resolved_at)
VALUES (@id, @case_id, @anchor, @parent_id, @author_id, @author_name, @at, 0, @text, '', '', 0);

-- name: Comment :one
SELECT * FROM comments WHERE id = @id;

-- name: CommentsOfCase :many
SELECT * FROM comments WHERE case_id = @case_id ORDER BY at, id;

-- name: SetCommentText :execrows
UPDATE comments SET text = @text, edited = @edited WHERE id = @id;

-- name: ResolveComment :execrows
UPDATE comments SET resolved_by = @resolved_by, resolved_by_name = @resolved_by_name, resolved_at = @resolved_at WHERE id = @id;

-- name: InsertMention :exec
INSERT INTO mentions (comment_id, user_id) VALUES (@comment_id, @user_id) ON CONFLICT (comment_id, user_id) DO NOTHING;

-- name: DeleteMentions :exec
DELETE FROM mentions WHERE comment_id = @comment_id;

-- name: MentionsOfComment :many
SELECT user_id FROM mentions WHERE comment_id = @comment_id ORDER BY user_id;

-- name: MentionsOfCase :many
SELECT m.comment_id, m.user_id FROM mentions m JOIN comments c ON c.id = m.comment_id
WHERE c.case_id = @case_id ORDER BY m.comment_id, m.user_id;

-- name: InsertEvent :exec
INSERT INTO events (id, org_id, case_id, user_id, user_name, at, action, detail)
VALUES (@id, @org_id, @case_id, @user_id, @user_name, @at, @action, @detail);

-- name: EventsOfOrganisation :many
SELECT * FROM events WHERE org_id = @org_id AND (at < @before OR (at = @before AND id < @before_id))
ORDER BY at DESC, id DESC LIMIT @count;

-- name: EventsOfCase :many
SELECT * FROM events WHERE case_id = @case_id AND (at < @before OR (at = @before AND id < @before_id))
ORDER BY at DESC, id DESC LIMIT @count;
