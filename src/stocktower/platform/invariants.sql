-- What must always be true of the platform: each statement returns the rows that break it.

-- name: events_are_gapless
-- when: now
-- The head's position is the number of the merchant's events and the position of the last one.
SELECT h.position AS head, e.events, e.first, e.last
FROM platform.head h
CROSS JOIN LATERAL (
    SELECT count(*) AS events, COALESCE(min(position), 1) AS first, COALESCE(max(position), 0) AS last
    FROM platform.event
    WHERE merchant_id = h.merchant_id
) e
WHERE h.merchant_id = %(merchant_id)s::bigint AND (h.position <> e.events OR h.position <> e.last OR e.first <> 1);

-- name: merchant_has_a_head
-- when: now
-- Every merchant has the head row that its events are written under.
SELECT m.merchant_id
FROM platform.merchant m
LEFT JOIN platform.head h ON h.merchant_id = m.merchant_id
WHERE m.merchant_id = %(merchant_id)s::bigint AND h.merchant_id IS NULL;

-- name: recorded_in_order
-- when: now
-- Along the log the time of recording never falls, and never passes the head's.
SELECT step.position, step.recorded_at, step.before
FROM (
    SELECT position, recorded_at, lag(recorded_at) OVER (ORDER BY position) AS before
    FROM platform.event
    WHERE merchant_id = %(merchant_id)s::bigint
) step
JOIN platform.head h ON h.merchant_id = %(merchant_id)s::bigint
WHERE step.recorded_at < step.before OR step.recorded_at > h.recorded_at;

-- name: cursors_within_the_log
-- when: now
-- No subscriber has read further than the log is written.
SELECT c.subscriber, c.position, h.position AS head
FROM platform.cursor c
JOIN platform.head h ON h.merchant_id = c.merchant_id
WHERE c.merchant_id = %(merchant_id)s::bigint AND c.position > h.position;

-- name: parked_events_were_read
-- when: now
-- A parked event lies behind its subscriber's cursor.
SELECT p.subscriber, p.position
FROM platform.parked_event p
LEFT JOIN platform.cursor c ON c.merchant_id = p.merchant_id AND c.subscriber = p.subscriber
WHERE p.merchant_id = %(merchant_id)s::bigint AND p.position > COALESCE(c.position, 0);
