-- The SQL of the access room.

-- name: insert_person
-- Somebody new, unless the name is known.
INSERT INTO access.person (merchant_id, person_id, name, role, created_at)
VALUES (%(merchant_id)s::bigint, %(person_id)s::bigint, %(name)s::text, %(role)s::text, %(now)s::timestamptz)
ON CONFLICT (merchant_id, name) DO NOTHING;

-- name: find_person
-- Who has a name, with what the operating model states of who may do what.
SELECT person_id, name, role, (
    SELECT coalesce(json_agg(json_build_array(stated.permission, stated.role, stated.version) ORDER BY stated.permission), '[]')
    FROM access.override AS stated
    WHERE stated.merchant_id = %(merchant_id)s::bigint)::text
FROM access.person
WHERE merchant_id = %(merchant_id)s::bigint AND name = %(name)s::text;

-- name: load_overrides
-- What the operating model states of who may do what.
SELECT (
    SELECT coalesce(json_agg(json_build_array(stated.permission, stated.role, stated.version) ORDER BY stated.permission), '[]')
    FROM access.override AS stated
    WHERE stated.merchant_id = %(merchant_id)s::bigint)::text;

-- name: drop_overrides
-- What the operating model does not state any more.
DELETE FROM access.override
WHERE merchant_id = %(merchant_id)s::bigint AND permission <> ALL(%(permissions)s::text[]);

-- name: upsert_overrides
-- What the operating model states; what stays as it was keeps its version.
INSERT INTO access.override AS known (merchant_id, permission, role, version)
SELECT %(merchant_id)s::bigint, stated.permission, stated.role, %(version)s::integer
FROM unnest(%(permissions)s::text[], %(roles)s::text[]) AS stated (permission, role)
ON CONFLICT (merchant_id, permission) DO UPDATE SET role = excluded.role, version = excluded.version
WHERE known.role <> excluded.role;

-- name: insert_token
-- A token, session or link; never its secret.
INSERT INTO access.token (merchant_id, token_id, person_id, kind, sha256, label, created_at, expires_at)
VALUES (%(merchant_id)s::bigint, %(token_id)s::bigint, %(person_id)s::bigint, %(kind)s::text, %(sha256)s::bytea,
    %(label)s::text, %(now)s::timestamptz, %(expires_at)s::timestamptz);

-- name: find_bearer
-- Whose valid token or session a secret is; a link is none.
SELECT person.person_id, person.name, person.role, (
    SELECT coalesce(json_agg(json_build_array(stated.permission, stated.role, stated.version) ORDER BY stated.permission), '[]')
    FROM access.override AS stated
    WHERE stated.merchant_id = %(merchant_id)s::bigint)::text
FROM access.token AS token
JOIN access.person AS person ON person.merchant_id = token.merchant_id AND person.person_id = token.person_id
WHERE token.merchant_id = %(merchant_id)s::bigint AND token.sha256 = %(sha256)s::bytea
    AND token.kind = ANY(%(kinds)s::text[]) AND token.kind <> 'link' AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > %(now)s::timestamptz) AND person.disabled_at IS NULL;

-- name: use_link
-- Use a valid link up; of two who try at once, one gets the row.
UPDATE access.token AS token
SET used_at = %(now)s::timestamptz
FROM access.person AS person
WHERE token.merchant_id = %(merchant_id)s::bigint AND token.sha256 = %(sha256)s::bytea AND token.kind = 'link'
    AND token.used_at IS NULL AND token.revoked_at IS NULL
    AND (token.expires_at IS NULL OR token.expires_at > %(now)s::timestamptz)
    AND person.merchant_id = token.merchant_id AND person.person_id = token.person_id AND person.disabled_at IS NULL
RETURNING person.person_id, person.name, person.role, (
    SELECT coalesce(json_agg(json_build_array(stated.permission, stated.role, stated.version) ORDER BY stated.permission), '[]')
    FROM access.override AS stated
    WHERE stated.merchant_id = %(merchant_id)s::bigint)::text;

-- name: find_token
-- The token that a secret belongs to.
SELECT token_id FROM access.token WHERE merchant_id = %(merchant_id)s::bigint AND sha256 = %(sha256)s::bytea;

-- name: revoke_token
-- End a token; one that is ended already stays as it is.
UPDATE access.token
SET revoked_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND token_id = %(token_id)s::bigint AND revoked_at IS NULL;

-- name: load_tokens
-- All tokens of some kinds, the newest first.
SELECT token.token_id, person.name, person.role, token.kind, token.label, token.created_at, token.expires_at,
    token.used_at, token.revoked_at
FROM access.token AS token
JOIN access.person AS person ON person.merchant_id = token.merchant_id AND person.person_id = token.person_id
WHERE token.merchant_id = %(merchant_id)s::bigint AND token.kind = ANY(%(kinds)s::text[])
ORDER BY token.created_at DESC, token.token_id DESC;

-- name: take_chain
-- The next sequence of the audit and the hash before it, locked until the end of the transaction; and the data as the
-- database writes it, which is what the hash covers.
INSERT INTO access.chain_head AS head (merchant_id, sequence, sha256)
VALUES (%(merchant_id)s::bigint, 1, %(genesis)s::bytea)
ON CONFLICT (merchant_id) DO UPDATE SET sequence = head.sequence + 1
RETURNING sequence, sha256, %(data)s::jsonb::text;

-- name: append_audit
-- An act at the end of the audit.
INSERT INTO access.audit
    (merchant_id, sequence, at, actor, act, subject, subject_id, data, previous_sha256, sha256)
VALUES (%(merchant_id)s::bigint, %(sequence)s::bigint, %(now)s::timestamptz, %(actor)s::text, %(act)s::text,
    %(subject)s::text, %(subject_id)s::bigint, %(data)s::jsonb, %(previous_sha256)s::bytea, %(sha256)s::bytea);

-- name: move_chain
-- The hash that the audit now ends with.
UPDATE access.chain_head SET sha256 = %(sha256)s::bytea WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_chain_head
-- Where the audit should end.
SELECT sequence, sha256 FROM access.chain_head WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_chain_rows
-- A chunk of the audit with its hashes, in order.
SELECT sequence, at, actor, act, subject, subject_id, data::text, previous_sha256, sha256
FROM access.audit
WHERE merchant_id = %(merchant_id)s::bigint AND sequence > %(after)s::bigint
ORDER BY sequence
LIMIT %(limit)s::bigint;

-- name: load_audit
-- The acts before a sequence, the last first.
SELECT sequence, at, actor, act, subject, subject_id, data
FROM access.audit
WHERE merchant_id = %(merchant_id)s::bigint AND sequence < %(before)s::bigint
ORDER BY sequence DESC
LIMIT %(limit)s::bigint;
