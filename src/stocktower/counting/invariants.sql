-- What must always be true of count sheets: each statement returns the rows that break it.

-- name: closed_sheet_has_closed_lines
-- when: now
-- Every line of a closed sheet is applied, rejected or superseded; none of an unfinished one is.
SELECT sheet.number, sheet.state, line.line_no, line.state AS line_state
FROM counting.sheet AS sheet
JOIN counting.line AS line ON line.merchant_id = sheet.merchant_id AND line.sheet_id = sheet.sheet_id
WHERE sheet.merchant_id = %(merchant_id)s::bigint
    AND (sheet.state IN ('applied', 'rejected')) <> (line.state IN ('applied', 'rejected', 'superseded'));

-- name: rejected_sheet_applied_nothing
-- when: now
-- No line of a rejected sheet is applied.
SELECT sheet.number, line.line_no
FROM counting.sheet AS sheet
JOIN counting.line AS line ON line.merchant_id = sheet.merchant_id AND line.sheet_id = sheet.sheet_id
WHERE sheet.merchant_id = %(merchant_id)s::bigint AND sheet.state = 'rejected' AND line.state = 'applied';

-- name: sheet_that_waits_is_decided
-- when: now
-- A sheet that waits for approval has nothing left to count, and an open one has.
SELECT sheet.number, sheet.state
FROM counting.sheet AS sheet
WHERE sheet.merchant_id = %(merchant_id)s::bigint AND sheet.state IN ('open', 'approval')
    AND (sheet.state = 'open') <> EXISTS (
        SELECT FROM counting.line AS line
        WHERE line.merchant_id = sheet.merchant_id AND line.sheet_id = sheet.sheet_id AND line.state = 'open'
    );

-- name: applied_row_moved_once
-- when: now
-- What the applied lines of a row moved is what the moves of their sheet on it add up to, as of the last of them, and there
-- is one at most.
SELECT counted.sheet_id, counted.stock_id, counted.moved, coalesce(ledger.units, 0) AS units, coalesce(ledger.moves, 0) AS moves
FROM (
    SELECT sheet_id, stock_id, sum(moved) AS moved, max(counted_at) AS counted_at
    FROM counting.line
    WHERE merchant_id = %(merchant_id)s::bigint AND state = 'applied'
    GROUP BY sheet_id, stock_id
) AS counted
LEFT JOIN LATERAL (
    SELECT sum(move.delta) AS units, count(*) AS moves
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = counted.stock_id
        AND move.occurred_at = counted.counted_at AND move.reference = 'count' AND move.reference_id = counted.sheet_id
) AS ledger ON true
WHERE counted.moved <> coalesce(ledger.units, 0) OR coalesce(ledger.moves, 0) > 1;

-- name: row_is_counted_whole
-- when: now
-- A row of a sheet has one line that leads, goes bin by bin or as a whole, and is applied with all of its places or with none.
SELECT sheet_id, sku_id, status, lot, count(*) FILTER (WHERE leads) AS leading, count(DISTINCT by_bin) AS ways,
    count(DISTINCT state) FILTER (WHERE state IN ('applied', 'rejected', 'superseded')) AS ends
FROM counting.line
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY sheet_id, sku_id, status, lot
HAVING count(*) FILTER (WHERE leads) <> 1 OR count(DISTINCT by_bin) <> 1
    OR count(DISTINCT state) FILTER (WHERE state IN ('applied', 'rejected', 'superseded')) > 1;

-- name: applied_row_was_counted
-- when: now
-- The row of an applied line says that it was counted then, or later.
SELECT line.sheet_id, line.line_no, line.counted_at, stock.counted_at AS row_counted_at
FROM counting.line AS line
LEFT JOIN inventory.stock AS stock ON stock.merchant_id = line.merchant_id AND stock.stock_id = line.stock_id
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.state = 'applied'
    AND (stock.counted_at IS NULL OR stock.counted_at < line.counted_at);

-- name: decided_line_has_its_count
-- when: now
-- What stands on a decided line is the count of its last round.
SELECT line.sheet_id, line.line_no, line.round, line.counted, counted.quantity
FROM counting.line AS line
LEFT JOIN counting.count AS counted ON counted.merchant_id = line.merchant_id AND counted.sheet_id = line.sheet_id
    AND counted.line_no = line.line_no AND counted.round = line.round
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.state IN ('agreed', 'disputed', 'applied', 'superseded')
    AND (line.counted, line.expected, line.counted_at)
        IS DISTINCT FROM (counted.quantity, counted.expected, counted.counted_at);

-- name: count_is_the_last_entry
-- when: now
-- The count of a round is what was entered last in it.
SELECT counted.sheet_id, counted.line_no, counted.round, counted.quantity, last.quantity AS entered
FROM counting.count AS counted
LEFT JOIN LATERAL (
    SELECT entry.quantity, entry.counted_at, entry.counted_by
    FROM counting.entry AS entry
    WHERE entry.merchant_id = counted.merchant_id AND entry.sheet_id = counted.sheet_id
        AND entry.line_no = counted.line_no AND entry.round = counted.round
    ORDER BY entry.sequence DESC
    LIMIT 1
) AS last ON true
WHERE counted.merchant_id = %(merchant_id)s::bigint
    AND (counted.quantity, counted.counted_at, counted.counted_by)
        IS DISTINCT FROM (last.quantity, last.counted_at, last.counted_by);

-- name: round_is_counted_by_one
-- when: now
-- A round of a line is counted by one person.
SELECT sheet_id, line_no, round, count(DISTINCT counted_by) AS people
FROM counting.entry
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY sheet_id, line_no, round
HAVING count(DISTINCT counted_by) > 1;

-- name: sheet_that_waits_has_a_case
-- when: now
-- A sheet waits for approval exactly while a case for it is open.
SELECT coalesce(sheet.sheet_id::text, file.cause_key) AS sheet, sheet.state, file.state AS case_state
FROM (SELECT * FROM counting.sheet WHERE merchant_id = %(merchant_id)s::bigint AND state = 'approval') AS sheet
FULL JOIN (
    SELECT * FROM worklist.case_file
    WHERE merchant_id = %(merchant_id)s::bigint AND kind = 'count_approval' AND state = 'open'
) AS file ON file.cause_key = 'count/' || sheet.sheet_id
WHERE sheet.sheet_id IS NULL OR file.cause_key IS NULL;
