-- The inbox, its work, imports and answers.

-- name: lock_source
-- One receiver of a source at a time until it commits: messages of a key are numbered in the order of their receipt, and
-- two overlapping files never wait for each other in a circle.
SELECT pg_advisory_xact_lock(hashtextextended('exchange.message/' || %(source)s::text, %(merchant_id)s::bigint))::text;

-- name: lock_causes
-- Who waits for some causes and who resolves them see each other: the later one waits until the other has committed.
SELECT count(pg_advisory_xact_lock(hashtextextended('exchange.cause/' || cause.name, %(merchant_id)s::bigint)))
FROM (SELECT name FROM unnest(%(causes)s::text[]) AS named (name) ORDER BY name) AS cause;

-- name: load_known
-- What is known of some keys of a source. OFFSET keeps it one index look-up a key, however large the inbox has grown
-- since the plan was made.
SELECT found.kind, found.key, found.message_id, found.sequence, found.content_hash
FROM unnest(%(kinds)s::text[], %(keys)s::text[]) AS wanted (kind, key)
CROSS JOIN LATERAL (
    SELECT m.kind, m.key, m.message_id, m.sequence, m.content_hash
    FROM exchange.message m
    WHERE m.merchant_id = %(merchant_id)s::bigint AND m.source = %(source)s::text AND m.kind = wanted.kind
        AND m.key = wanted.key
    OFFSET 0
) found;

-- copy: message exchange.message (merchant_id, message_id, source, kind, key, sequence, content_hash:bytea, body:bytea,
--   origin, import_id, received_at, rows)
-- Messages are append-only; one COPY a batch.

-- copy: work exchange.work (merchant_id, message_id, lane, source, kind, key, sequence, state, attempts)
-- What has to be worked of them.

-- name: claim
-- The oldest messages of one lane that are ready and come first of their key, locked; those that another worker holds are
-- passed over. The scalar subquery keeps it one index look-up a message.
WITH claimed AS MATERIALIZED (
    SELECT w.message_id, w.attempts, w.sequence
    FROM exchange.work w
    WHERE w.merchant_id = %(merchant_id)s::bigint AND w.state = 'ready' AND w.lane = %(lane)s::smallint
        AND w.kind = ANY(%(kinds)s::text[])
        AND w.sequence = (
            SELECT e.sequence
            FROM exchange.work e
            WHERE e.merchant_id = %(merchant_id)s::bigint AND e.source = w.source AND e.kind = w.kind AND e.key = w.key
            ORDER BY e.sequence
            LIMIT 1
        )
    ORDER BY w.message_id
    LIMIT %(limit)s::bigint
    FOR UPDATE OF w SKIP LOCKED
)
SELECT m.message_id, m.source, m.kind, m.key, COALESCE(m.body, ''::bytea), m.received_at, c.attempts, c.sequence
FROM claimed c
JOIN exchange.message m ON m.merchant_id = %(merchant_id)s::bigint AND m.message_id = c.message_id
ORDER BY m.message_id;

-- name: delete_work
-- What was worked is work no more.
DELETE FROM exchange.work
WHERE merchant_id = %(merchant_id)s::bigint AND message_id = ANY(%(message_ids)s::bigint[]);

-- name: set_waiting
-- Messages wait for a cause, and the later ones of their key behind them.
UPDATE exchange.work AS w
SET state = 'waiting', cause = told.cause, attempts = LEAST(w.attempts + 1, 32767)
FROM unnest(%(message_ids)s::bigint[], %(causes)s::text[]) AS told (message_id, cause)
WHERE w.merchant_id = %(merchant_id)s::bigint AND w.message_id = told.message_id;

-- name: set_parked
-- A message that cannot be worked is put aside with its error.
UPDATE exchange.work
SET state = 'parked', cause = %(error)s::text
WHERE merchant_id = %(merchant_id)s::bigint AND message_id = %(message_id)s::bigint;

-- name: resume
-- What waited for one of these causes is ready again; locked in key order.
UPDATE exchange.work AS w
SET state = 'ready', cause = NULL
FROM (
    SELECT message_id
    FROM exchange.work
    WHERE merchant_id = %(merchant_id)s::bigint AND state = 'waiting' AND cause = ANY(%(causes)s::text[])
    ORDER BY message_id
    FOR UPDATE
) waited
WHERE w.merchant_id = %(merchant_id)s::bigint AND w.message_id = waited.message_id;

-- name: unpark
-- Parked messages are tried again; locked in key order.
UPDATE exchange.work AS w
SET state = 'ready', cause = NULL, attempts = LEAST(w.attempts + 1, 32767)
FROM (
    SELECT message_id
    FROM exchange.work
    WHERE merchant_id = %(merchant_id)s::bigint AND state = 'parked' AND message_id = ANY(%(message_ids)s::bigint[])
    ORDER BY message_id
    FOR UPDATE
) parked
WHERE w.merchant_id = %(merchant_id)s::bigint AND w.message_id = parked.message_id;

-- name: load_messages
-- Messages by id, with how often they were tried.
SELECT m.message_id, m.source, m.kind, m.key, COALESCE(m.body, ''::bytea), m.received_at,
    COALESCE(w.attempts, 0::smallint), m.sequence
FROM exchange.message m
LEFT JOIN exchange.work w ON w.merchant_id = m.merchant_id AND w.message_id = m.message_id
WHERE m.merchant_id = %(merchant_id)s::bigint AND m.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY m.message_id;

-- name: load_messages_of_key
-- The messages of one key in the order of their receipt.
SELECT m.message_id, m.source, m.kind, m.key, COALESCE(m.body, ''::bytea), m.received_at,
    COALESCE(w.attempts, 0::smallint), m.sequence
FROM exchange.message m
LEFT JOIN exchange.work w ON w.merchant_id = m.merchant_id AND w.message_id = m.message_id
WHERE m.merchant_id = %(merchant_id)s::bigint AND m.source = %(source)s::text AND m.kind = %(kind)s::text
    AND m.key = %(key)s::text
ORDER BY m.sequence;

-- name: load_newest_of_keys
-- The newest message of each of some keys, with the state of its work; nothing where it is done.
SELECT newest.message_id, newest.key, COALESCE(w.state, ''), COALESCE(newest.body, ''::bytea)
FROM unnest(%(keys)s::text[]) AS wanted (key)
CROSS JOIN LATERAL (
    SELECT m.message_id, m.key, m.body
    FROM exchange.message m
    WHERE m.merchant_id = %(merchant_id)s::bigint AND m.source = %(source)s::text AND m.kind = %(kind)s::text
        AND m.key = wanted.key
    ORDER BY m.sequence DESC
    LIMIT 1
) newest
LEFT JOIN exchange.work w ON w.merchant_id = %(merchant_id)s::bigint AND w.message_id = newest.message_id
ORDER BY newest.message_id;

-- name: find_waiting
-- Messages that wait for some causes.
SELECT message_id
FROM exchange.work
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'waiting' AND cause = ANY(%(causes)s::text[])
ORDER BY message_id;

-- name: view_messages
-- Messages by id as a page shows them.
SELECT m.message_id, m.source, m.kind, m.key, m.sequence, m.origin, m.import_id, m.received_at, m.erased_at,
    COALESCE(w.state, ''), COALESCE(w.cause, ''), COALESCE(w.attempts, 0::smallint), COALESCE(m.body, ''::bytea)
FROM exchange.message m
LEFT JOIN exchange.work w ON w.merchant_id = m.merchant_id AND w.message_id = m.message_id
WHERE m.merchant_id = %(merchant_id)s::bigint AND m.message_id = ANY(%(message_ids)s::bigint[])
ORDER BY m.received_at, m.message_id;

-- name: view_messages_of_key
-- The messages of one key as a page shows them, in the order of their receipt.
SELECT m.message_id, m.source, m.kind, m.key, m.sequence, m.origin, m.import_id, m.received_at, m.erased_at,
    COALESCE(w.state, ''), COALESCE(w.cause, ''), COALESCE(w.attempts, 0::smallint), COALESCE(m.body, ''::bytea)
FROM exchange.message m
LEFT JOIN exchange.work w ON w.merchant_id = m.merchant_id AND w.message_id = m.message_id
WHERE m.merchant_id = %(merchant_id)s::bigint AND m.source = %(source)s::text AND m.kind = %(kind)s::text
    AND m.key = %(key)s::text
ORDER BY m.sequence;

-- name: load_backlog
-- What is not finished, by kind and state.
SELECT w.kind, w.state, count(*), min(m.received_at)
FROM exchange.work w
JOIN exchange.message m ON m.merchant_id = w.merchant_id AND m.message_id = w.message_id
WHERE w.merchant_id = %(merchant_id)s::bigint
GROUP BY w.kind, w.state
ORDER BY w.kind, w.state;

-- name: erase_bodies
-- Personal data goes; that there was a message, and its digest, stay.
UPDATE exchange.message
SET body = NULL, erased_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND message_id = ANY(%(message_ids)s::bigint[]) AND body IS NOT NULL;

-- name: insert_import
-- An import begins.
INSERT INTO exchange.file_import (merchant_id, import_id, kind, source, format, name, sha256, bytes, state, rows_read,
    rows_new, rows_changed, rows_repeated, rows_kept, orders, lines, cases, actor, notes, started_at, ended_at, rows_total)
VALUES (%(merchant_id)s::bigint, %(import_id)s::bigint, %(kind)s::text, %(source)s::text, %(format)s::text, %(name)s::text,
    %(sha256)s::text, %(bytes)s::bigint, 'running', 0, 0, 0, 0, 0, 0, 0, 0, %(actor)s::text, %(notes)s::text,
    %(now)s::timestamptz, NULL, %(rows_total)s::bigint);

-- name: end_broken_imports
-- Imports of the same file that a killed process left running: the one that begins now does their work.
UPDATE exchange.file_import
SET state = 'failed', ended_at = %(now)s::timestamptz, notes = 'Did not come to its end; the file was imported again.'
WHERE merchant_id = %(merchant_id)s::bigint AND kind = %(kind)s::text AND source = %(source)s::text
    AND sha256 = %(sha256)s::text AND state = 'running';

-- name: add_progress
-- What one batch adds to an import.
UPDATE exchange.file_import
SET rows_read = rows_read + %(rows)s::bigint, rows_new = rows_new + %(new)s::bigint,
    rows_changed = rows_changed + %(changed)s::bigint, rows_repeated = rows_repeated + %(repeated)s::bigint,
    rows_kept = rows_kept + %(kept)s::bigint, orders = orders + %(orders)s::bigint, lines = lines + %(lines)s::bigint,
    cases = cases + %(cases)s::bigint
WHERE merchant_id = %(merchant_id)s::bigint AND import_id = %(import_id)s::bigint;

-- name: end_import
-- An import ends.
UPDATE exchange.file_import
SET state = %(state)s::text, notes = %(notes)s::text, ended_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND import_id = %(import_id)s::bigint;

-- name: load_import
-- One import.
SELECT import_id, kind, source, format, name, rows_read, rows_new, rows_changed, rows_repeated, rows_kept, orders, lines,
    cases, state, notes, sha256, bytes, actor, started_at, ended_at, rows_total
FROM exchange.file_import
WHERE merchant_id = %(merchant_id)s::bigint AND import_id = %(import_id)s::bigint;

-- name: load_imports
-- The imports of a merchant, the newest first.
SELECT import_id, kind, source, format, name, rows_read, rows_new, rows_changed, rows_repeated, rows_kept, orders, lines,
    cases, state, notes, sha256, bytes, actor, started_at, ended_at, rows_total
FROM exchange.file_import
WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY started_at DESC, import_id DESC
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: load_import_work
-- How many rows of some imports are worked, still to be worked, waiting and parked; what they repeated or kept is not work.
SELECT m.import_id, COALESCE(sum(m.rows) FILTER (WHERE w.state IS NULL), 0)::bigint,
    COALESCE(sum(m.rows) FILTER (WHERE w.state = 'ready'), 0)::bigint,
    COALESCE(sum(m.rows) FILTER (WHERE w.state = 'waiting'), 0)::bigint,
    COALESCE(sum(m.rows) FILTER (WHERE w.state = 'parked'), 0)::bigint
FROM exchange.message m
LEFT JOIN exchange.work w ON w.merchant_id = m.merchant_id AND w.message_id = m.message_id
WHERE m.merchant_id = %(merchant_id)s::bigint AND m.import_id = ANY(%(import_ids)s::bigint[]) AND m.kind <> 'kept'
GROUP BY m.import_id;

-- name: load_rows_to_work
-- How many rows are to be worked, by kind of message.
SELECT w.kind, sum(m.rows)::bigint
FROM exchange.work w
JOIN exchange.message m ON m.merchant_id = w.merchant_id AND m.message_id = w.message_id
WHERE w.merchant_id = %(merchant_id)s::bigint AND w.state = 'ready'
GROUP BY w.kind;

-- name: load_messages_of_import
-- The ids of the messages that an import brought, without those that it repeated.
SELECT message_id
FROM exchange.message
WHERE merchant_id = %(merchant_id)s::bigint AND import_id = %(import_id)s::bigint
ORDER BY message_id
LIMIT %(limit)s::bigint;

-- name: load_kept_of_import
-- The rows of an import that could not be read, in the order of the file, where they are not erased.
SELECT message_id, body
FROM exchange.message
WHERE merchant_id = %(merchant_id)s::bigint AND import_id = %(import_id)s::bigint AND kind = 'kept' AND body IS NOT NULL
ORDER BY message_id
LIMIT %(limit)s::bigint;

-- name: insert_answer
-- Remember what was answered; nothing when the key has an answer.
INSERT INTO exchange.idempotency (merchant_id, key, request_hash, status, response, created_at)
VALUES (%(merchant_id)s::bigint, %(key)s::text, %(request_hash)s::bytea, %(status)s::smallint, %(response)s::bytea,
    %(now)s::timestamptz)
ON CONFLICT (merchant_id, key) DO NOTHING;

-- name: load_answer
-- What was answered to a key.
SELECT request_hash, status, response
FROM exchange.idempotency
WHERE merchant_id = %(merchant_id)s::bigint AND key = %(key)s::text;
