-- What a database of schema 1 held; runs on both databases.
INSERT INTO meta (key, value) VALUES ('setup', '1764057600000000');
INSERT INTO organisations (id, name, created) VALUES ('org1', 'Beispiel GmbH', 1764057600000000);
INSERT INTO users (id, email, name, password_hash, admin, lang, created, disabled) VALUES ('user1', 'anna@example.com', 'Anna Müller', '$argon2id$x', TRUE, 'de', 1764057600000001, 0);
INSERT INTO members (org_id, user_id, role, created) VALUES ('org1', 'user1', 'owner', 1764057600000002);
INSERT INTO cases (id, org_id, name, name_fold, name_key, status, head, created, updated, archived) VALUES ('case1', 'org1', 'Fall Ä', 'fall a', '2066616c6c2061', 'live', 2, 1764057600000003, 1764057600000004, 0);
INSERT INTO revisions (case_id, number, base, author_id, author_name, at, reason, text, hash) VALUES ('case1', 1, 0, 'user1', 'Anna Müller', 1764057600000003, 'neu', 'name: ä', 'c5f0');
INSERT INTO revisions (case_id, number, base, author_id, author_name, at, reason, text, hash) VALUES ('case1', 2, 1, 'user1', 'Anna Müller', 1764057600000004, 'zweite', 'name: ö', 'c5f1');
INSERT INTO comments (id, case_id, anchor, parent_id, author_id, author_name, at, edited, text, resolved_by, resolved_by_name, resolved_at) VALUES ('a1', 'case1', 'result.npv', NULL, 'user1', 'Anna Müller', 1764057600000005, 0, 'Frage', '', '', 0);
INSERT INTO events (id, org_id, case_id, user_id, user_name, at, action, detail) VALUES ('event1', 'org1', 'case1', 'user1', 'Anna Müller', 1764057600000004, 'revision.saved', '{"revision":"2"}');
