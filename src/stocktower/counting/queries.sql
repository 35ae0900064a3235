-- Count sheets, their lines, what was entered, and the counts that came of it.

-- name: take_number
-- The next number of a sheet.
SELECT nextval('counting.sheet_number');

-- copy: sheet counting.sheet (merchant_id, sheet_id, number, site_id, origin, planned_on, state, created_at, created_by,
--     closed_at, closed_by, outcome)
-- New sheets.

-- name: insert_lines
-- Lines of a sheet, row by row, each row on no other unfinished sheet; says which were taken.
WITH given AS (
    SELECT *
    FROM unnest(%(line_nos)s::integer[], %(sku_ids)s::bigint[], %(statuses)s::text[], %(lots)s::text[],
        %(grades)s::text[], %(whys)s::text[], %(book_quantities)s::bigint[], %(costs)s::bigint[], %(by_bins)s::boolean[],
        %(bins)s::text[], %(leads)s::boolean[])
        AS given (line_no, sku_id, status, lot, grade, why, book_quantity, cost_minor, by_bin, bin, leads)
), heads AS (
    INSERT INTO counting.line (merchant_id, sheet_id, line_no, site_id, sku_id, status, lot, grade, why, state, round,
        book_quantity, cost_minor, by_bin, bin, leads)
    SELECT %(merchant_id)s::bigint, %(sheet_id)s::bigint, given.line_no, %(site_id)s::bigint, given.sku_id, given.status,
        given.lot, given.grade, given.why, 'open', 1, given.book_quantity, given.cost_minor, given.by_bin, given.bin, true
    FROM given
    WHERE given.leads
    ORDER BY given.sku_id, given.status, given.lot
    ON CONFLICT (merchant_id, site_id, sku_id, status, lot) WHERE leads AND state IN ('open', 'agreed', 'disputed')
        DO NOTHING
    RETURNING line_no, sku_id, status, lot
), others AS (
    INSERT INTO counting.line (merchant_id, sheet_id, line_no, site_id, sku_id, status, lot, grade, why, state, round,
        book_quantity, cost_minor, by_bin, bin, leads)
    SELECT %(merchant_id)s::bigint, %(sheet_id)s::bigint, given.line_no, %(site_id)s::bigint, given.sku_id, given.status,
        given.lot, given.grade, given.why, 'open', 1, given.book_quantity, given.cost_minor, given.by_bin, given.bin, false
    FROM given
    JOIN heads ON heads.sku_id = given.sku_id AND heads.status = given.status AND heads.lot = given.lot
    WHERE NOT given.leads
    RETURNING line_no
)
SELECT line_no FROM heads
UNION ALL
SELECT line_no FROM others;

-- name: insert_bin_line
-- Another place of a row that is on the sheet.
INSERT INTO counting.line (merchant_id, sheet_id, line_no, site_id, sku_id, status, lot, grade, why, state, round,
    book_quantity, cost_minor, by_bin, bin, leads)
VALUES (%(merchant_id)s::bigint, %(sheet_id)s::bigint, %(line_no)s::integer, %(site_id)s::bigint, %(sku_id)s::bigint,
    %(status)s::text, %(lot)s::text, %(grade)s::text, %(why)s::text, 'open', 1, %(book_quantity)s::bigint,
    %(cost_minor)s::bigint, true, %(bin)s::text, false);

-- name: load_under_way
-- The rows of a site that are on an unfinished sheet, and on which.
SELECT line.sku_id, line.status, line.lot, sheet.number
FROM counting.line AS line
JOIN counting.sheet AS sheet ON sheet.merchant_id = %(merchant_id)s::bigint AND sheet.sheet_id = line.sheet_id
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.site_id = %(site_id)s::bigint
    AND line.state IN ('open', 'agreed', 'disputed');

-- name: count_planned
-- Lines that a site was given on a day, and those of earlier days that are still to be counted.
SELECT count(*) FILTER (WHERE sheet.planned_on = %(day)s::date AND line.why <> 'found') AS today,
    count(*) FILTER (WHERE sheet.planned_on < %(day)s::date AND line.state = 'open') AS left_over
FROM counting.sheet AS sheet
JOIN counting.line AS line ON line.merchant_id = %(merchant_id)s::bigint AND line.sheet_id = sheet.sheet_id
WHERE sheet.merchant_id = %(merchant_id)s::bigint AND sheet.site_id = %(site_id)s::bigint AND sheet.origin = 'plan'
    AND (sheet.planned_on = %(day)s::date OR sheet.state = 'open');

-- name: load_last_counts
-- When each row of a site was last counted on a sheet.
SELECT sku_id, status, lot, max(counted_at) AS counted_at
FROM counting.line
WHERE merchant_id = %(merchant_id)s::bigint AND site_id = %(site_id)s::bigint AND state = 'applied'
GROUP BY sku_id, status, lot;

-- name: find_sheet
-- A sheet by number.
SELECT sheet_id, number, site_id, origin, planned_on, state, created_at, created_by, closed_at, closed_by, outcome
FROM counting.sheet
WHERE merchant_id = %(merchant_id)s::bigint AND number = %(number)s::bigint;

-- name: load_sheets_by_id
-- Sheets by id.
SELECT sheet_id, number, site_id, origin, planned_on, state, created_at, created_by, closed_at, closed_by, outcome
FROM counting.sheet
WHERE merchant_id = %(merchant_id)s::bigint AND sheet_id = ANY(%(sheet_ids)s::bigint[]);

-- name: share_sheet
-- A sheet by number, so that nobody finishes it while something is entered.
SELECT sheet_id, number, site_id, origin, planned_on, state, created_at, created_by, closed_at, closed_by, outcome
FROM counting.sheet
WHERE merchant_id = %(merchant_id)s::bigint AND number = %(number)s::bigint
FOR SHARE;

-- name: lock_sheet
-- A sheet by number, so that nobody else does anything with it.
SELECT sheet_id, number, site_id, origin, planned_on, state, created_at, created_by, closed_at, closed_by, outcome
FROM counting.sheet
WHERE merchant_id = %(merchant_id)s::bigint AND number = %(number)s::bigint
FOR UPDATE;

-- name: load_lines
-- The lines of a sheet, in order.
SELECT line_no, sku_id, status, lot, grade, why, state, round, book_quantity, cost_minor, counted, expected, counted_at,
    stock_id, moved, by_bin, bin, leads
FROM counting.line
WHERE merchant_id = %(merchant_id)s::bigint AND sheet_id = %(sheet_id)s::bigint
ORDER BY line_no;

-- name: lock_lines
-- Lines of a sheet, locked in order.
SELECT line_no, sku_id, status, lot, grade, why, state, round, book_quantity, cost_minor, counted, expected, counted_at,
    stock_id, moved, by_bin, bin, leads
FROM counting.line
WHERE merchant_id = %(merchant_id)s::bigint AND sheet_id = %(sheet_id)s::bigint AND line_no = ANY(%(line_nos)s::integer[])
ORDER BY line_no
FOR UPDATE;

-- name: load_entries
-- What was entered for the lines of a sheet, in order.
SELECT line_no, round, sequence, quantity, stated, unit, counted_at, counted_by, recorded_at, recorded_by
FROM counting.entry
WHERE merchant_id = %(merchant_id)s::bigint AND sheet_id = %(sheet_id)s::bigint
ORDER BY line_no, round, sequence;

-- copy: entry counting.entry (merchant_id, sheet_id, line_no, round, sequence, quantity, stated, unit, counted_at,
--     counted_by, recorded_at, recorded_by)
-- Entries are append-only.

-- name: load_counts
-- The counts of finished rounds of a sheet, in order.
SELECT line_no, round, quantity, expected, counted_at, counted_by
FROM counting.count
WHERE merchant_id = %(merchant_id)s::bigint AND sheet_id = %(sheet_id)s::bigint
ORDER BY line_no, round;

-- copy: count counting.count (merchant_id, sheet_id, line_no, round, quantity, expected, counted_at, counted_by)
-- The counts of a round.

-- name: change_lines
-- What became of lines.
UPDATE counting.line AS line
SET state = change.state, round = change.round, counted = change.counted, expected = change.expected,
    counted_at = change.counted_at, stock_id = change.stock_id, moved = change.moved
FROM unnest(%(line_nos)s::integer[], %(states)s::text[], %(rounds)s::integer[], %(counteds)s::bigint[],
    %(expecteds)s::bigint[], %(counted_ats)s::timestamptz[], %(stock_ids)s::bigint[], %(moveds)s::bigint[])
    AS change (line_no, state, round, counted, expected, counted_at, stock_id, moved)
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.sheet_id = %(sheet_id)s::bigint
    AND line.line_no = change.line_no;

-- name: change_sheet
-- What became of a sheet; closed_at and closed_by only where it is closed.
UPDATE counting.sheet
SET state = %(state)s::text, closed_at = %(closed_at)s::timestamptz, closed_by = %(closed_by)s::text,
    outcome = %(outcome)s::text
WHERE merchant_id = %(merchant_id)s::bigint AND sheet_id = %(sheet_id)s::bigint;

-- name: list_sheets
-- Sheets of a site (0: of all), unfinished or closed ones, with how far they are; the newest first.
SELECT sheet.sheet_id, sheet.number, sheet.site_id, sheet.origin, sheet.planned_on, sheet.state, sheet.created_at,
    sheet.created_by, sheet.closed_at, sheet.closed_by, sheet.outcome, lines.lines, lines.entered, lines.to_count,
    lines.to_recount, lines.differing, lines.net_minor, lines.absolute_minor
FROM (
    SELECT *
    FROM counting.sheet
    WHERE merchant_id = %(merchant_id)s::bigint AND (%(site_id)s::bigint = 0 OR site_id = %(site_id)s::bigint)
        AND (state IN ('open', 'approval')) = %(unfinished)s::boolean
    ORDER BY number DESC
    LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint
) AS sheet
CROSS JOIN LATERAL (
    SELECT count(*) AS lines,
        count(*) FILTER (WHERE line.state = 'open' AND entered.yes) AS entered,
        count(*) FILTER (WHERE line.state = 'open') AS to_count,
        count(*) FILTER (WHERE line.state = 'open' AND line.round > 1) AS to_recount,
        count(*) FILTER (WHERE line.counted <> line.expected) AS differing,
        coalesce(sum((line.counted - line.expected) * coalesce(line.cost_minor, 0)), 0)::bigint AS net_minor,
        coalesce(sum(abs(line.counted - line.expected) * coalesce(line.cost_minor, 0)), 0)::bigint AS absolute_minor
    FROM counting.line AS line
    CROSS JOIN LATERAL (
        SELECT EXISTS (
            SELECT FROM counting.entry AS entry
            WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.sheet_id = line.sheet_id
                AND entry.line_no = line.line_no AND entry.round = line.round
        ) AS yes
    ) AS entered
    WHERE line.merchant_id = %(merchant_id)s::bigint AND line.sheet_id = sheet.sheet_id
) AS lines
ORDER BY sheet.number DESC;

-- name: count_sheets
-- How many sheets of a site (0: of all) are unfinished, and how many are closed.
SELECT count(*) FILTER (WHERE state IN ('open', 'approval')) AS unfinished,
    count(*) FILTER (WHERE state NOT IN ('open', 'approval')) AS closed
FROM counting.sheet
WHERE merchant_id = %(merchant_id)s::bigint AND (%(site_id)s::bigint = 0 OR site_id = %(site_id)s::bigint);

-- name: load_accuracy
-- How right the books were at each count, by month of the count and site; superseded and rejected lines do not count.
SELECT to_char(line.counted_at AT TIME ZONE %(timezone)s::text, 'YYYY-MM') AS month, line.site_id, count(*) AS lines,
    count(*) FILTER (WHERE line.counted = line.expected) AS right_lines,
    sum(line.expected)::bigint AS expected, sum(abs(line.counted - line.expected))::bigint AS difference,
    sum(line.expected * coalesce(line.cost_minor, 0))::bigint AS expected_minor,
    sum(abs(line.counted - line.expected) * coalesce(line.cost_minor, 0))::bigint AS absolute_minor,
    sum((line.counted - line.expected) * coalesce(line.cost_minor, 0))::bigint AS net_minor
FROM counting.line AS line
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.state = 'applied'
    AND (%(site_id)s::bigint = 0 OR line.site_id = %(site_id)s::bigint)
GROUP BY 1, 2
ORDER BY 1 DESC, 2;
