-- What must always be true of cases: each statement returns the rows that break it.

-- name: closed_case_holds_nothing
-- when: now
-- Nothing waits for a closed case.
SELECT waiter.case_id, waiter.subject, waiter.subject_id
FROM worklist.waiter AS waiter
JOIN worklist.case_file AS case_file ON case_file.merchant_id = waiter.merchant_id AND case_file.case_id = waiter.case_id
WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.left_at IS NULL AND case_file.state = 'closed';

-- name: open_case_holds_something
-- when: now
-- A case that had waiters is closed when the last of them left.
SELECT case_file.case_id, case_file.number, case_file.kind, case_file.cause_key
FROM worklist.case_file AS case_file
JOIN worklist.waiter AS waiter ON waiter.merchant_id = case_file.merchant_id AND waiter.case_id = case_file.case_id
WHERE case_file.merchant_id = %(merchant_id)s::bigint AND case_file.state = 'open'
GROUP BY case_file.case_id, case_file.number, case_file.kind, case_file.cause_key
HAVING count(*) FILTER (WHERE waiter.left_at IS NULL) = 0;

-- name: history_begins_with_opening
-- when: now
-- The history of each case has no gap and begins with its opening.
SELECT case_file.case_id, case_file.number
FROM worklist.case_file AS case_file
LEFT JOIN worklist.history AS history ON history.merchant_id = case_file.merchant_id AND history.case_id = case_file.case_id
WHERE case_file.merchant_id = %(merchant_id)s::bigint
GROUP BY case_file.case_id, case_file.number
HAVING count(history.sequence) <> coalesce(max(history.sequence), 0)
    OR count(*) FILTER (WHERE history.sequence = 1 AND history.act = 'opened') <> 1;
