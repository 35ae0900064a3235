-- What must always be true of comparisons: each statement returns the rows that break it.

-- name: runs_count_what_differs
-- when: now
-- A run counts the differences that it wrote.
SELECT run.run_id, run.within, run.different, written.within AS written_within, written.different AS written_different
FROM reconciliation.run AS run
LEFT JOIN (
    SELECT run_id, count(*) FILTER (WHERE within) AS within, count(*) FILTER (WHERE NOT within) AS different,
        sum(abs(theirs - ours)) AS apart
    FROM reconciliation.difference
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY run_id
) AS written ON written.run_id = run.run_id
WHERE run.merchant_id = %(merchant_id)s::bigint
    AND (run.within <> coalesce(written.within, 0) OR run.different <> coalesce(written.different, 0)
        OR run.units_apart <> coalesce(written.apart, 0));

-- name: every_difference_has_a_cause
-- when: now
-- Each line that differs was judged.
SELECT run_id, sku_id, site_id, status, lot
FROM reconciliation.difference
WHERE merchant_id = %(merchant_id)s::bigint AND (cause = '' OR (cause = 'tolerance') <> within);

-- name: causes_add_up
-- when: now
-- The causes of a run add up to its lines that differ and that are unknown.
SELECT run.run_id, run.within + run.different + run.unknown AS lines, coalesce(sum(cause.lines), 0) AS by_cause
FROM reconciliation.run AS run
LEFT JOIN reconciliation.run_cause AS cause ON cause.merchant_id = run.merchant_id AND cause.run_id = run.run_id
WHERE run.merchant_id = %(merchant_id)s::bigint
GROUP BY run.run_id, run.within, run.different, run.unknown
HAVING run.within + run.different + run.unknown <> coalesce(sum(cause.lines), 0);

-- name: unknown_lines_are_kept
-- when: now
-- A run keeps every line that names nothing of ours.
SELECT run.run_id, run.unknown, count(line.place) AS kept
FROM reconciliation.run AS run
LEFT JOIN reconciliation.unknown AS line ON line.merchant_id = run.merchant_id AND line.run_id = run.run_id
WHERE run.merchant_id = %(merchant_id)s::bigint
GROUP BY run.run_id, run.unknown
HAVING run.unknown <> count(line.place);

-- name: standing_is_what_a_run_said
-- when: now
-- What stands is what the run that it names found.
SELECT standing.system_id, standing.sku_id, standing.site_id, standing.status, standing.lot
FROM reconciliation.standing AS standing
LEFT JOIN reconciliation.difference AS line ON line.merchant_id = standing.merchant_id AND line.run_id = standing.run_id
    AND line.sku_id = standing.sku_id AND line.site_id = standing.site_id AND line.status = standing.status
    AND line.lot = standing.lot
LEFT JOIN reconciliation.run AS run ON run.merchant_id = standing.merchant_id AND run.run_id = standing.run_id
WHERE standing.merchant_id = %(merchant_id)s::bigint
    AND (line.run_id IS NULL OR line.theirs - line.ours <> standing.delta OR run.system_id <> standing.system_id
        OR run.as_of <> standing.as_of);

-- name: statements_hold_their_lines
-- when: now
-- A statement that is not compared yet has the lines that it counts.
SELECT statement.statement_id, statement.lines, count(line.place) AS kept
FROM reconciliation.statement AS statement
LEFT JOIN reconciliation.line AS line ON line.merchant_id = statement.merchant_id
    AND line.statement_id = statement.statement_id
WHERE statement.merchant_id = %(merchant_id)s::bigint AND statement.compared_at IS NULL
GROUP BY statement.statement_id, statement.lines
HAVING statement.lines <> count(line.place);

-- name: allowances_are_of_a_system
-- when: now
-- What is left out is left out of a system that is there, for a time that came after it was made.
SELECT allowance.allowance_id
FROM reconciliation.allowance AS allowance
LEFT JOIN reconciliation.system AS system ON system.merchant_id = allowance.merchant_id
    AND system.system_id = allowance.system_id
WHERE allowance.merchant_id = %(merchant_id)s::bigint
    AND (system.system_id IS NULL OR allowance.until_at <= allowance.made_at);

-- name: spoken_is_the_last_statement
-- when: now
-- The last instant of a system is that of its newest whole statement.
SELECT system.system_id, system.last_as_of, last.as_of
FROM reconciliation.system AS system
LEFT JOIN (
    SELECT system_id, max(as_of) AS as_of
    FROM reconciliation.statement
    WHERE merchant_id = %(merchant_id)s::bigint AND received = parts
    GROUP BY system_id
) AS last ON last.system_id = system.system_id
WHERE system.merchant_id = %(merchant_id)s::bigint AND system.last_as_of IS DISTINCT FROM last.as_of;
