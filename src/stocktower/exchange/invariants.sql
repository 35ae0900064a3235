-- What must always be true of the inbox and the imports: each statement returns the rows that break it.

-- name: imports_add_up
-- when: now
-- Every row of an import is new, changed, repeated or kept, and a file that was read has brought no more messages than rows.
SELECT f.import_id, f.rows_read, f.rows_new, f.rows_changed, f.rows_repeated, f.rows_kept, brought.messages
FROM exchange.file_import f
CROSS JOIN LATERAL (
    SELECT count(*) AS messages
    FROM exchange.message m
    WHERE m.merchant_id = %(merchant_id)s::bigint AND m.import_id = f.import_id
) brought
WHERE f.merchant_id = %(merchant_id)s::bigint
    AND (f.rows_read <> f.rows_new + f.rows_changed + f.rows_repeated + f.rows_kept
        OR brought.messages > f.rows_new + f.rows_changed + f.rows_kept
        OR f.orders > f.rows_read);

-- name: imports_end
-- when: now
-- An import that ended says when, and one that runs does not.
SELECT import_id, state, ended_at
FROM exchange.file_import
WHERE merchant_id = %(merchant_id)s::bigint AND (state = 'running') <> (ended_at IS NULL);

-- name: work_is_of_its_message
-- when: now
-- Work repeats what its message says, and what was kept is not work.
SELECT w.message_id
FROM exchange.work w
JOIN exchange.message m ON m.merchant_id = w.merchant_id AND m.message_id = w.message_id
WHERE w.merchant_id = %(merchant_id)s::bigint
    AND ((w.source, w.kind, w.key, w.sequence) <> (m.source, m.kind, m.key, m.sequence) OR w.kind = 'kept');

-- name: waiting_has_a_cause
-- when: now
-- What waits or is parked says why, and what is ready waits for nothing.
SELECT message_id, state, cause
FROM exchange.work
WHERE merchant_id = %(merchant_id)s::bigint AND (state = 'ready') <> (cause IS NULL);

-- name: messages_are_counted
-- when: now
-- The different messages of a key are numbered without a gap.
SELECT source, kind, key, count(*) AS messages, min(sequence) AS first, max(sequence) AS last
FROM exchange.message
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY source, kind, key
HAVING min(sequence) <> 1 OR max(sequence) <> count(*) OR count(DISTINCT sequence) <> count(*);

-- name: bodies_are_there_until_erased
-- when: now
-- Only an erased message has no body.
SELECT message_id
FROM exchange.message
WHERE merchant_id = %(merchant_id)s::bigint AND (body IS NULL) <> (erased_at IS NOT NULL);
