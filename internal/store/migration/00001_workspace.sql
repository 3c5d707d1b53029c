-- +goose Up
-- One text for SQLite and PostgreSQL: BIGINT, TEXT, BOOLEAN, BYTEA; times are UTC microseconds since 1970, 0 is "never".
-- Names beside an id (author_name, user_name) are copies: the history stays readable when an account is gone.
CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE organisations (
    id      TEXT   NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    created BIGINT NOT NULL
);

CREATE TABLE users (
    id            TEXT    NOT NULL PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    admin         BOOLEAN NOT NULL,
    lang          TEXT    NOT NULL,
    created       BIGINT  NOT NULL,
    disabled      BIGINT  NOT NULL
);

CREATE TABLE identities (
    issuer  TEXT   NOT NULL,
    subject TEXT   NOT NULL,
    user_id TEXT   NOT NULL REFERENCES users (id),
    created BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE members (
    org_id  TEXT   NOT NULL REFERENCES organisations (id),
    user_id TEXT   NOT NULL REFERENCES users (id),
    role    TEXT   NOT NULL CHECK (role IN ('viewer', 'commenter', 'editor', 'owner')),
    created BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX members_user ON members (user_id);

CREATE TABLE invitations (
    hash        TEXT   NOT NULL PRIMARY KEY,
    org_id      TEXT   NOT NULL REFERENCES organisations (id),
    role        TEXT   NOT NULL CHECK (role IN ('viewer', 'commenter', 'editor', 'owner')),
    email       TEXT   NOT NULL,
    created_by  TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    expires     BIGINT NOT NULL,
    accepted_by TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL
);
CREATE INDEX invitations_org ON invitations (org_id, created);

CREATE TABLE sessions (
    hash       TEXT   NOT NULL PRIMARY KEY,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    created    BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    user_agent TEXT   NOT NULL,
    address    TEXT   NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_expires ON sessions (expires);

CREATE TABLE resets (
    hash    TEXT   NOT NULL PRIMARY KEY,
    user_id TEXT   NOT NULL REFERENCES users (id),
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL
);
CREATE INDEX resets_user ON resets (user_id);

-- name_fold is the name for searching, name_key its bytes in hexadecimal: hexadecimal sorts alike under any collation.
CREATE TABLE cases (
    id        TEXT   NOT NULL PRIMARY KEY,
    org_id    TEXT   NOT NULL REFERENCES organisations (id),
    name      TEXT   NOT NULL,
    name_fold TEXT   NOT NULL,
    name_key  TEXT   NOT NULL,
    status    TEXT   NOT NULL CHECK (status IN ('draft', 'decided', 'live', 'ended')),
    head      BIGINT NOT NULL,
    created   BIGINT NOT NULL,
    updated   BIGINT NOT NULL,
    archived  BIGINT NOT NULL
);
CREATE INDEX cases_name ON cases (org_id, name_key, id);
CREATE INDEX cases_updated ON cases (org_id, updated, id);

CREATE TABLE revisions (
    case_id     TEXT   NOT NULL REFERENCES cases (id),
    number      BIGINT NOT NULL CHECK (number >= 1),
    base        BIGINT NOT NULL,
    author_id   TEXT   NOT NULL,
    author_name TEXT   NOT NULL,
    at          BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    text        TEXT   NOT NULL,
    hash        TEXT   NOT NULL,
    PRIMARY KEY (case_id, number)
);

CREATE TABLE seals (
    case_id  TEXT   NOT NULL,
    number   BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    by_id    TEXT   NOT NULL,
    by_name  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    hash     TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    PRIMARY KEY (case_id, number),
    FOREIGN KEY (case_id, revision) REFERENCES revisions (case_id, number)
);

CREATE TABLE outcomes (
    case_id  TEXT   NOT NULL,
    revision BIGINT NOT NULL,
    scenario TEXT   NOT NULL,
    version  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    json     TEXT   NOT NULL,
    PRIMARY KEY (case_id, scenario, revision),
    FOREIGN KEY (case_id, revision) REFERENCES revisions (case_id, number)
);

CREATE TABLE shares (
    id         TEXT   NOT NULL PRIMARY KEY,
    hash       TEXT   NOT NULL UNIQUE,
    case_id    TEXT   NOT NULL REFERENCES cases (id),
    created_by TEXT   NOT NULL,
    created    BIGINT NOT NULL,
    expires    BIGINT NOT NULL,
    revoked    BIGINT NOT NULL
);
CREATE INDEX shares_case ON shares (case_id, created);

CREATE TABLE drafts (
    case_id TEXT   NOT NULL REFERENCES cases (id),
    user_id TEXT   NOT NULL REFERENCES users (id),
    base    BIGINT NOT NULL,
    cursor  BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (case_id, user_id)
);

CREATE TABLE draft_steps (
    case_id TEXT   NOT NULL,
    user_id TEXT   NOT NULL,
    n       BIGINT NOT NULL,
    label   TEXT   NOT NULL,
    text    TEXT   NOT NULL,
    PRIMARY KEY (case_id, user_id, n),
    FOREIGN KEY (case_id, user_id) REFERENCES drafts (case_id, user_id) ON DELETE CASCADE
);

CREATE TABLE comments (
    id               TEXT   NOT NULL PRIMARY KEY,
    case_id          TEXT   NOT NULL REFERENCES cases (id),
    anchor           TEXT   NOT NULL,
    -- Deferred, so that a restore need not know which comment came first.
    parent_id        TEXT   REFERENCES comments (id) DEFERRABLE INITIALLY DEFERRED,
    author_id        TEXT   NOT NULL,
    author_name      TEXT   NOT NULL,
    at               BIGINT NOT NULL,
    edited           BIGINT NOT NULL,
    text             TEXT   NOT NULL,
    resolved_by      TEXT   NOT NULL,
    resolved_by_name TEXT   NOT NULL,
    resolved_at      BIGINT NOT NULL
);
CREATE INDEX comments_case ON comments (case_id, at, id);

CREATE TABLE mentions (
    comment_id TEXT NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id),
    PRIMARY KEY (comment_id, user_id)
);
CREATE INDEX mentions_user ON mentions (user_id);

-- No foreign keys: the log outlives what it tells of.
CREATE TABLE events (
    id        TEXT   NOT NULL PRIMARY KEY,
    org_id    TEXT   NOT NULL,
    case_id   TEXT   NOT NULL,
    user_id   TEXT   NOT NULL,
    user_name TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    action    TEXT   NOT NULL,
    detail    TEXT   NOT NULL
);
CREATE INDEX events_org ON events (org_id, at, id);
CREATE INDEX events_case ON events (case_id, at, id);
