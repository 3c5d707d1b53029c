-- +goose Up
CREATE TABLE tokens (
    id        TEXT   NOT NULL PRIMARY KEY,
    hash      TEXT   NOT NULL UNIQUE,
    user_id   TEXT   NOT NULL REFERENCES users (id),
    org_id    TEXT   NOT NULL REFERENCES organisations (id),
    name      TEXT   NOT NULL,
    scopes    TEXT   NOT NULL,
    created   BIGINT NOT NULL,
    last_used BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    revoked   BIGINT NOT NULL
);
CREATE INDEX tokens_user ON tokens (user_id);
CREATE INDEX tokens_org ON tokens (org_id);

CREATE TABLE idempotency (
    user_id      TEXT   NOT NULL REFERENCES users (id),
    key          TEXT   NOT NULL,
    method       TEXT   NOT NULL,
    path         TEXT   NOT NULL,
    request_hash TEXT   NOT NULL,
    status       BIGINT NOT NULL,
    body         BYTEA  NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_at ON idempotency (at);
