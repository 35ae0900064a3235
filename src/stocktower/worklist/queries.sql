-- name: lock_causes
-- Waits until nobody else changes the cases of these causes; always in one order, so that nobody waits in a circle.
SELECT pg_advisory_xact_lock(key)
FROM (
    SELECT DISTINCT hashtextextended(kind || '/' || cause_key, %(merchant_id)s::bigint) AS key
    FROM unnest(%(kinds)s::text[], %(cause_keys)s::text[]) AS cause (kind, cause_key)
    ORDER BY key) AS ordered;

-- name: share_all_causes
-- Waits until nobody changes so many cases at once that it took them all; comes before locks on single causes.
SELECT pg_advisory_xact_lock_shared(hashtextextended('worklist', %(merchant_id)s::bigint));

-- name: lock_all_causes
-- Waits until nobody else changes any case: one lock in place of very many.
SELECT pg_advisory_xact_lock(hashtextextended('worklist', %(merchant_id)s::bigint));

-- name: has_open
-- Whether any case of a kind is open; takes no lock.
SELECT EXISTS (
    SELECT FROM worklist.case_file
    WHERE merchant_id = %(merchant_id)s::bigint AND state = 'open' AND kind = %(kind)s::text
);

-- name: load_open_causes
-- Which of these causes have an open case; takes no lock.
SELECT kind, cause_key
FROM worklist.case_file
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'open'
    AND (kind, cause_key) IN (SELECT * FROM unnest(%(kinds)s::text[], %(cause_keys)s::text[]));

-- name: take_numbers
-- New case numbers, ascending.
SELECT nextval('worklist.case_number') FROM generate_series(1, %(count)s::bigint);

-- name: insert_cases
-- Open cases; a cause that someone else opened meanwhile is left out of the result.
INSERT INTO worklist.case_file
    (merchant_id, case_id, number, kind, cause_key, title, state, role, opened_at, due_at, data)
SELECT %(merchant_id)s::bigint, fresh.case_id, fresh.number, fresh.kind, fresh.cause_key, fresh.title, 'open', fresh.role,
    %(now)s::timestamptz, fresh.due_at, fresh.data::jsonb
FROM unnest(%(case_ids)s::bigint[], %(numbers)s::bigint[], %(kinds)s::text[], %(cause_keys)s::text[], %(titles)s::text[],
    %(roles)s::text[], %(due_ats)s::timestamptz[], %(datas)s::text[])
    AS fresh (case_id, number, kind, cause_key, title, role, due_at, data)
ORDER BY fresh.kind, fresh.cause_key
ON CONFLICT (merchant_id, kind, cause_key) WHERE state = 'open' DO NOTHING
RETURNING case_id, number, kind, cause_key, title, role, due_at;

-- name: lock_open_causes
-- The open cases of these causes, locked.
SELECT kind, cause_key, case_id
FROM worklist.case_file
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'open'
    AND (kind, cause_key) IN (SELECT * FROM unnest(%(kinds)s::text[], %(cause_keys)s::text[]))
ORDER BY kind, cause_key
FOR NO KEY UPDATE;

-- name: restate_cases
-- The last title and data stated for an open case.
UPDATE worklist.case_file AS known
SET title = stated.title, data = stated.data::jsonb
FROM unnest(%(case_ids)s::bigint[], %(titles)s::text[], %(datas)s::text[]) AS stated (case_id, title, data)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.case_id = stated.case_id
    AND (known.title <> stated.title OR known.data <> stated.data::jsonb);

-- name: upsert_waiters
-- Who waits for a case; one that left and comes back waits anew.
INSERT INTO worklist.waiter AS known
    (merchant_id, case_id, subject, subject_id, units, money_minor, due_at, since, left_at)
SELECT %(merchant_id)s::bigint, stated.case_id, stated.subject, stated.subject_id, stated.units, stated.money_minor,
    stated.due_at, %(now)s::timestamptz, NULL
FROM unnest(%(case_ids)s::bigint[], %(subjects)s::text[], %(subject_ids)s::bigint[], %(units)s::bigint[],
    %(money_minors)s::bigint[], %(due_ats)s::timestamptz[])
    AS stated (case_id, subject, subject_id, units, money_minor, due_at)
ORDER BY stated.case_id, stated.subject, stated.subject_id
ON CONFLICT (merchant_id, case_id, subject, subject_id) DO UPDATE
SET units = excluded.units, money_minor = excluded.money_minor, due_at = excluded.due_at,
    since = CASE WHEN known.left_at IS NULL THEN known.since ELSE excluded.since END, left_at = NULL
WHERE (known.units, known.money_minor, known.due_at, known.left_at)
    IS DISTINCT FROM (excluded.units, excluded.money_minor, excluded.due_at, NULL::timestamptz);

-- name: load_cases_waited_for
-- The open cases of some kinds that these objects wait for.
SELECT DISTINCT case_file.case_id, case_file.number, case_file.kind, case_file.cause_key
FROM unnest(%(subjects)s::text[], %(subject_ids)s::bigint[]) AS item (subject, subject_id)
JOIN worklist.waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint
    AND waiter.subject_id = item.subject_id AND waiter.subject = item.subject AND waiter.left_at IS NULL
JOIN worklist.case_file AS case_file ON case_file.merchant_id = %(merchant_id)s::bigint
    AND case_file.case_id = waiter.case_id AND case_file.state = 'open' AND case_file.kind = ANY(%(kinds)s::text[]);

-- name: load_cases_left
-- The open cases of these very causes that these objects wait for.
SELECT DISTINCT case_file.case_id, case_file.number, case_file.kind, case_file.cause_key
FROM unnest(%(kinds)s::text[], %(cause_keys)s::text[], %(subjects)s::text[], %(subject_ids)s::bigint[])
    AS item (kind, cause_key, subject, subject_id)
JOIN worklist.waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint
    AND waiter.subject_id = item.subject_id AND waiter.subject = item.subject AND waiter.left_at IS NULL
JOIN worklist.case_file AS case_file ON case_file.merchant_id = %(merchant_id)s::bigint
    AND case_file.case_id = waiter.case_id AND case_file.state = 'open' AND case_file.kind = item.kind
    AND case_file.cause_key = item.cause_key;

-- name: record_left_cases
-- These objects wait no longer for these very causes, among cases that are locked.
UPDATE worklist.waiter AS waiter
SET left_at = %(now)s::timestamptz
FROM unnest(%(kinds)s::text[], %(cause_keys)s::text[], %(subjects)s::text[], %(subject_ids)s::bigint[])
    AS item (kind, cause_key, subject, subject_id)
JOIN worklist.case_file AS case_file ON case_file.merchant_id = %(merchant_id)s::bigint
    AND case_file.kind = item.kind AND case_file.cause_key = item.cause_key
    AND case_file.case_id = ANY(%(case_ids)s::bigint[])
WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.case_id = case_file.case_id
    AND waiter.subject_id = item.subject_id AND waiter.subject = item.subject AND waiter.left_at IS NULL;

-- name: load_causes
-- The causes of some cases.
SELECT case_id, number, kind, cause_key
FROM worklist.case_file
WHERE merchant_id = %(merchant_id)s::bigint AND case_id = ANY(%(case_ids)s::bigint[]);

-- name: lock_cases
-- The open ones of these cases, locked.
SELECT case_id, number, kind, cause_key
FROM worklist.case_file
WHERE merchant_id = %(merchant_id)s::bigint AND case_id = ANY(%(case_ids)s::bigint[]) AND state = 'open'
ORDER BY kind, cause_key
FOR NO KEY UPDATE;

-- name: record_left
-- These objects wait no longer for these cases.
UPDATE worklist.waiter AS waiter
SET left_at = %(now)s::timestamptz
FROM unnest(%(subjects)s::text[], %(subject_ids)s::bigint[]) AS item (subject, subject_id)
WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.case_id = ANY(%(case_ids)s::bigint[])
    AND waiter.subject_id = item.subject_id AND waiter.subject = item.subject AND waiter.left_at IS NULL;

-- name: load_empty_cases
-- Which of these cases nobody waits for any more.
SELECT case_id
FROM unnest(%(case_ids)s::bigint[]) AS item (case_id)
WHERE NOT EXISTS (
    SELECT FROM worklist.waiter AS waiter
    WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.case_id = item.case_id AND waiter.left_at IS NULL);

-- name: record_closed
-- Cases are closed, with the outcome and who did it.
UPDATE worklist.case_file
SET state = 'closed', closed_at = %(now)s::timestamptz, closed_by = %(closed_by)s::text, outcome = %(outcome)s::text
WHERE merchant_id = %(merchant_id)s::bigint AND case_id = ANY(%(case_ids)s::bigint[]) AND state = 'open';

-- name: record_all_left
-- Nobody waits any more for closed cases.
UPDATE worklist.waiter
SET left_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND case_id = ANY(%(case_ids)s::bigint[]) AND left_at IS NULL;

-- name: add_history
-- One entry to the history of each case, under the lock of the case.
INSERT INTO worklist.history (merchant_id, case_id, sequence, at, actor, act, data)
SELECT %(merchant_id)s::bigint, item.case_id, coalesce(last.sequence, 0) + 1, %(now)s::timestamptz, %(actor)s::text,
    %(act)s::text, %(data)s::text::jsonb
FROM unnest(%(case_ids)s::bigint[]) AS item (case_id)
LEFT JOIN LATERAL (
    SELECT max(history.sequence) AS sequence FROM worklist.history AS history
    WHERE history.merchant_id = %(merchant_id)s::bigint AND history.case_id = item.case_id) AS last ON true;

-- name: load_open_cases
-- Every open case of a kind and role (empty: all) with the sums over what waits for it.
SELECT case_file.case_id, number, kind, cause_key, title, state, role, opened_at, case_file.due_at, closed_at, closed_by,
    outcome, data, coalesce(sums.waiters, 0), coalesce(sums.units, 0), coalesce(sums.money_minor, 0), sums.soonest_at
FROM worklist.case_file AS case_file
LEFT JOIN (
    SELECT waiter.case_id, count(*) AS waiters, sum(waiter.units)::bigint AS units,
        sum(waiter.money_minor)::bigint AS money_minor, min(waiter.due_at) AS soonest_at
    FROM worklist.waiter AS waiter
    WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.left_at IS NULL
    GROUP BY waiter.case_id) AS sums ON sums.case_id = case_file.case_id
WHERE case_file.merchant_id = %(merchant_id)s::bigint AND state = 'open'
    AND (%(kind)s::text = '' OR kind = %(kind)s::text) AND (%(role)s::text = '' OR role = %(role)s::text);

-- name: load_closed_cases
-- A page of the closed cases, the last closed first, with the sums over all that waited.
SELECT page.case_id, number, kind, cause_key, title, state, role, opened_at, page.due_at, closed_at, closed_by, outcome,
    data, count(waiter.subject_id), coalesce(sum(waiter.units), 0)::bigint, coalesce(sum(waiter.money_minor), 0)::bigint,
    min(waiter.due_at)
FROM (
    SELECT * FROM worklist.case_file
    WHERE merchant_id = %(merchant_id)s::bigint AND state = 'closed'
        AND (%(kind)s::text = '' OR kind = %(kind)s::text) AND (%(role)s::text = '' OR role = %(role)s::text)
    ORDER BY closed_at DESC, case_id DESC
    LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint) AS page
LEFT JOIN worklist.waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint AND waiter.case_id = page.case_id
GROUP BY page.case_id, number, kind, cause_key, title, state, role, opened_at, page.due_at, closed_at, closed_by, outcome, data
ORDER BY closed_at DESC, page.case_id DESC;

-- name: count_closed_cases
-- How many cases of a kind and role (empty: all) are closed.
SELECT count(*)
FROM worklist.case_file
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'closed'
    AND (%(kind)s::text = '' OR kind = %(kind)s::text) AND (%(role)s::text = '' OR role = %(role)s::text);

-- name: load_cases_by_id
-- Cases with the sums over what waits for them (closed: over all that waited).
SELECT case_file.case_id, number, kind, cause_key, title, state, role, opened_at, case_file.due_at, closed_at, closed_by,
    outcome, data, count(waiter.subject_id), coalesce(sum(waiter.units), 0)::bigint,
    coalesce(sum(waiter.money_minor), 0)::bigint, min(waiter.due_at)
FROM worklist.case_file AS case_file
LEFT JOIN worklist.waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint
    AND waiter.case_id = case_file.case_id AND (state = 'closed' OR waiter.left_at IS NULL)
WHERE case_file.merchant_id = %(merchant_id)s::bigint AND case_file.case_id = ANY(%(case_ids)s::bigint[])
GROUP BY case_file.merchant_id, case_file.case_id
ORDER BY case_file.number;

-- name: find_case
-- The id of the case with a number.
SELECT case_id FROM worklist.case_file
WHERE merchant_id = %(merchant_id)s::bigint AND number = %(number)s::bigint;

-- name: load_case_ids_of
-- The cases that objects wait for, or waited for.
SELECT waiter.subject_id, waiter.case_id, waiter.left_at IS NULL
FROM worklist.waiter AS waiter
WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = %(subject)s::text
    AND waiter.subject_id = ANY(%(subject_ids)s::bigint[])
ORDER BY waiter.subject_id, waiter.since, waiter.case_id;

-- name: load_waiters
-- A page of what a case holds up: what still waits first, then the soonest due, then the most money.
SELECT subject, subject_id, units, money_minor, due_at, since, left_at
FROM worklist.waiter
WHERE merchant_id = %(merchant_id)s::bigint AND case_id = %(case_id)s::bigint
ORDER BY left_at IS NOT NULL, due_at NULLS LAST, money_minor DESC, subject_id
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: load_waiting_subjects
-- Everything of one sort that still waits for open cases of a kind, by cause (no cause keys: all of the kind).
SELECT case_file.cause_key, waiter.subject_id
FROM worklist.case_file AS case_file
JOIN worklist.waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint AND waiter.case_id = case_file.case_id
    AND waiter.left_at IS NULL AND waiter.subject = %(subject)s::text
WHERE case_file.merchant_id = %(merchant_id)s::bigint AND case_file.state = 'open' AND case_file.kind = %(kind)s::text
    AND case_file.cause_key = ANY(%(cause_keys)s::text[])
ORDER BY case_file.cause_key, waiter.subject_id;

-- name: load_history
-- What was done about a case.
SELECT sequence, at, actor, act, data
FROM worklist.history
WHERE merchant_id = %(merchant_id)s::bigint AND case_id = %(case_id)s::bigint
ORDER BY sequence;

-- name: count_open_kinds
-- The open cases by kind; what waits for several cases of one kind counts once.
WITH open_case AS (
    SELECT case_id, kind, opened_at, due_at FROM worklist.case_file
    WHERE merchant_id = %(merchant_id)s::bigint AND state = 'open'),
waiting AS (
    SELECT DISTINCT ON (open_case.kind, waiter.subject, waiter.subject_id)
        open_case.kind, waiter.units, waiter.money_minor, waiter.due_at
    FROM open_case
    JOIN worklist.waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint
        AND waiter.case_id = open_case.case_id AND waiter.left_at IS NULL
    ORDER BY open_case.kind, waiter.subject, waiter.subject_id, waiter.money_minor DESC),
sums AS (
    SELECT kind, count(*) AS waiters, sum(units)::bigint AS units, sum(money_minor)::bigint AS money_minor,
        min(due_at) AS soonest_at
    FROM waiting GROUP BY kind)
SELECT open_case.kind, count(*), coalesce(min(sums.waiters), 0), coalesce(min(sums.units), 0),
    coalesce(min(sums.money_minor), 0), min(open_case.opened_at), least(min(open_case.due_at), min(sums.soonest_at))
FROM open_case
LEFT JOIN sums ON sums.kind = open_case.kind
GROUP BY open_case.kind
ORDER BY 5 DESC, 7, open_case.kind;
