-- The SQL of the platform room.

-- name: next_id_blocks
-- Blocks of 1,024 ids for this process alone.
SELECT nextval('platform.id_block') FROM generate_series(1, %(blocks)s::int);

-- name: insert_merchant
-- A new merchant, unless its code is known.
INSERT INTO platform.merchant (merchant_id, code, created_at)
VALUES (%(merchant_id)s::bigint, %(code)s::text, %(now)s::timestamptz)
ON CONFLICT DO NOTHING;

-- name: insert_head
-- The head row of a merchant's event log.
INSERT INTO platform.head (merchant_id, position, recorded_at)
VALUES (%(merchant_id)s::bigint, 0, %(now)s::timestamptz)
ON CONFLICT DO NOTHING;

-- name: find_merchant
-- The merchant with a code.
SELECT merchant_id FROM platform.merchant WHERE code = %(code)s::text;

-- name: load_merchants
-- All merchants by code.
SELECT code, merchant_id FROM platform.merchant ORDER BY code;

-- name: advance_head
-- Reserve the next positions; the last lock of a transaction, so that positions are in commit order.
UPDATE platform.head
SET position = position + %(events)s::bigint, recorded_at = GREATEST(recorded_at, %(now)s::timestamptz)
WHERE merchant_id = %(merchant_id)s::bigint
RETURNING position, recorded_at;

-- name: append_events
-- Advance the head and append a few events; an unknown merchant has no head, and so its events no position.
WITH head AS (
    UPDATE platform.head
    SET position = position + %(events)s::bigint, recorded_at = GREATEST(recorded_at, %(now)s::timestamptz)
    WHERE merchant_id = %(merchant_id)s::bigint
    RETURNING merchant_id, position, recorded_at
)
INSERT INTO platform.event
    (merchant_id, position, kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, recorded_at, data)
SELECT %(merchant_id)s::bigint, head.position - %(events)s::bigint + said.place, said.kind, said.version, said.subject,
    said.subject_id, said.owner, said.actor, said.cause_id, said.occurred_at, head.recorded_at, said.data
FROM unnest(
    %(kinds)s::text[], %(versions)s::integer[], %(subjects)s::text[], %(subject_ids)s::bigint[], %(owners)s::text[],
    %(actors)s::text[], %(cause_ids)s::bigint[], %(times)s::timestamptz[], %(data)s::jsonb[]
) WITH ORDINALITY AS said (kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, data, place)
LEFT JOIN head ON head.merchant_id = %(merchant_id)s::bigint
ORDER BY said.place
RETURNING position;

-- name: load_column_types
-- The columns of a table with their types, as a cast writes them.
SELECT attname::text, format_type(atttypid, atttypmod)
FROM pg_attribute
WHERE attrelid = %(table_name)s::text::regclass AND attnum > 0 AND NOT attisdropped;

-- copy: event platform.event (merchant_id, position, kind, version, subject, subject_id, owner, actor, cause_id,
--     occurred_at, recorded_at, data)
-- Many events, which are append-only.

-- name: load_head
-- Up to where the log is written.
SELECT position FROM platform.head WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_events
-- The events of a range of positions, in order.
SELECT position, kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, recorded_at, data
FROM platform.event
WHERE merchant_id = %(merchant_id)s::bigint
    AND position > %(after)s::bigint AND position <= %(until)s::bigint
ORDER BY position
LIMIT %(limit)s::bigint;

-- name: load_events_of_kinds
-- The events of some kinds in a range of positions, in order.
SELECT position, kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, recorded_at, data
FROM platform.event
WHERE merchant_id = %(merchant_id)s::bigint
    AND position > %(after)s::bigint AND position <= %(until)s::bigint
    AND kind = ANY(%(kinds)s::text[])
ORDER BY position
LIMIT %(limit)s::bigint;

-- name: load_events_of_subject
-- The newest events of one subject, newest first.
SELECT position, kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, recorded_at, data
FROM platform.event
WHERE merchant_id = %(merchant_id)s::bigint AND subject_id = %(subject_id)s::bigint
ORDER BY position DESC
LIMIT %(limit)s::bigint;

-- name: load_events_of_subjects
-- The events of some kinds and subjects after a position, in order.
SELECT position, kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, recorded_at, data
FROM platform.event
WHERE merchant_id = %(merchant_id)s::bigint AND subject_id = ANY(%(subject_ids)s::bigint[])
    AND position > %(after)s::bigint AND kind = ANY(%(kinds)s::text[])
ORDER BY position
LIMIT %(limit)s::bigint;

-- name: load_events_at
-- The events at some positions, in order.
SELECT position, kind, version, subject, subject_id, owner, actor, cause_id, occurred_at, recorded_at, data
FROM platform.event
WHERE merchant_id = %(merchant_id)s::bigint AND position = ANY(%(positions)s::bigint[])
ORDER BY position;

-- name: count_kinds
-- How many events of some kinds there are after a position.
SELECT kind, count(*)
FROM platform.event
WHERE merchant_id = %(merchant_id)s::bigint AND position > %(after)s::bigint AND kind = ANY(%(kinds)s::text[])
GROUP BY kind;

-- name: find_position_at
-- The last position recorded at or before an instant, by halving: recorded_at never falls along the log.
WITH RECURSIVE halving (low, high) AS (
    SELECT 0::bigint, position FROM platform.head WHERE merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT
        CASE WHEN e.recorded_at <= %(at)s::timestamptz THEN e.position ELSE h.low END,
        CASE WHEN e.recorded_at <= %(at)s::timestamptz THEN h.high ELSE e.position - 1 END
    FROM halving h
    JOIN platform.event e
        ON e.merchant_id = %(merchant_id)s::bigint AND e.position = (h.low + h.high + 1) / 2
    WHERE h.low < h.high
)
SELECT low FROM halving WHERE low = high;

-- name: lock_cursor
-- A subscriber's cursor, unless another worker has it.
SELECT position FROM platform.cursor
WHERE merchant_id = %(merchant_id)s::bigint AND subscriber = %(subscriber)s::text
FOR UPDATE SKIP LOCKED;

-- name: find_cursor
-- A subscriber's cursor, without a lock.
SELECT position FROM platform.cursor
WHERE merchant_id = %(merchant_id)s::bigint AND subscriber = %(subscriber)s::text;

-- name: load_cursors
-- How far every subscriber has read.
SELECT subscriber, position FROM platform.cursor WHERE merchant_id = %(merchant_id)s::bigint ORDER BY subscriber;

-- name: insert_cursor
-- The cursor of a new subscriber, at the beginning.
INSERT INTO platform.cursor (merchant_id, subscriber, position)
VALUES (%(merchant_id)s::bigint, %(subscriber)s::text, 0)
ON CONFLICT DO NOTHING;

-- name: move_cursor
-- A subscriber has read up to a position; a cursor never goes back.
UPDATE platform.cursor SET position = %(position)s::bigint
WHERE merchant_id = %(merchant_id)s::bigint AND subscriber = %(subscriber)s::text
    AND position <= %(position)s::bigint;

-- name: insert_parked
-- An event that a subscriber could not digest, kept until someone mends the cause.
INSERT INTO platform.parked_event (merchant_id, subscriber, position, subject, subject_id, error, parked_at)
VALUES (%(merchant_id)s::bigint, %(subscriber)s::text, %(position)s::bigint, %(subject)s::text,
    %(subject_id)s::bigint, %(error)s::text, %(now)s::timestamptz)
ON CONFLICT DO NOTHING;

-- name: load_parked_subjects
-- The subjects whose later events a subscriber must park too.
SELECT DISTINCT subject, subject_id FROM platform.parked_event
WHERE merchant_id = %(merchant_id)s::bigint AND subscriber = %(subscriber)s::text;

-- name: load_parked
-- What a subscriber has parked, oldest first.
SELECT position, subject, subject_id, error, parked_at FROM platform.parked_event
WHERE merchant_id = %(merchant_id)s::bigint AND subscriber = %(subscriber)s::text
ORDER BY position;

-- name: delete_parked
-- Take a subject's parked events out, to be handled again.
DELETE FROM platform.parked_event
WHERE merchant_id = %(merchant_id)s::bigint AND subscriber = %(subscriber)s::text
    AND subject = %(subject)s::text AND subject_id = %(subject_id)s::bigint
RETURNING position;

-- copy: due platform.due (merchant_id, kind, key, due_at)
-- Due work of keys that are new.

-- name: replace_due
-- Work that is to be looked at again at a time; the new time replaces the old one. What a worker has in hand stays with
-- it, and nobody waits for it: it may look once too often.
WITH item AS (
    SELECT item.key, item.due_at FROM unnest(%(keys)s::bigint[], %(times)s::timestamptz[]) AS item (key, due_at)
), old AS MATERIALIZED (
    SELECT due.key, due.due_id FROM platform.due AS due
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text AND due.key = ANY(%(keys)s::bigint[])
    FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM platform.due AS due USING old
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text AND due.key = old.key
        AND due.due_id = old.due_id
)
INSERT INTO platform.due (merchant_id, kind, key, due_at)
SELECT %(merchant_id)s::bigint, %(kind)s::text, item.key, item.due_at FROM item;

-- name: delete_due
-- Work that need not be looked at any more, unless a worker has it in hand.
WITH old AS MATERIALIZED (
    SELECT due.key, due.due_id FROM platform.due AS due
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text AND due.key = ANY(%(keys)s::bigint[])
        AND due.due_at > %(after)s::timestamptz
    FOR UPDATE SKIP LOCKED
)
DELETE FROM platform.due AS due USING old
WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text AND due.key = old.key
    AND due.due_id = old.due_id;

-- name: insert_due
-- Work that is to be looked at at a time, unless it is due by now and not worked yet.
INSERT INTO platform.due (merchant_id, kind, key, due_at)
SELECT %(merchant_id)s::bigint, %(kind)s::text, item.key, item.due_at
FROM unnest(%(keys)s::bigint[], %(times)s::timestamptz[]) AS item (key, due_at)
WHERE NOT EXISTS (
    SELECT FROM platform.due AS due
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text AND due.key = item.key
        AND due.due_at <= %(now)s::timestamptz);

-- name: take_due
-- The oldest due work of a kind that no other worker holds; it leaves the table with the transaction. A key is with one
-- worker only: of what was scheduled while another has it, its rows wait.
WITH picked AS MATERIALIZED (
    SELECT due.key, due.due_id FROM platform.due AS due
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text
        AND due.due_at <= %(now)s::timestamptz
    ORDER BY due.due_at, due.key
    LIMIT %(limit)s::bigint
    FOR UPDATE SKIP LOCKED
), held AS MATERIALIZED (
    SELECT picked.key, picked.due_id FROM picked
    WHERE pg_try_advisory_xact_lock(hashtextextended(%(kind)s::text, %(merchant_id)s::bigint) # picked.key)
), taken AS (
    DELETE FROM platform.due AS due USING held
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = %(kind)s::text AND due.key = held.key
        AND due.due_id = held.due_id
    RETURNING due.key, due.due_at
)
SELECT key FROM taken GROUP BY key ORDER BY min(due_at), key;

-- name: next_due_at
-- When the next work of any kind is due: one index look-up a kind.
WITH RECURSIVE kind (name) AS (
    (SELECT kind FROM platform.due WHERE merchant_id = %(merchant_id)s::bigint ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (
        SELECT d.kind FROM platform.due d
        WHERE d.merchant_id = %(merchant_id)s::bigint AND d.kind > k.name
        ORDER BY d.kind LIMIT 1
    )
    FROM kind k WHERE k.name IS NOT NULL
)
SELECT min((
    SELECT d.due_at FROM platform.due d
    WHERE d.merchant_id = %(merchant_id)s::bigint AND d.kind = k.name
    ORDER BY d.due_at LIMIT 1
))
FROM kind k;
