-- Statements of outside systems, comparisons, what differs and why.

-- name: insert_systems
-- Give the systems of the configuration their rows; a code that has one keeps it.
INSERT INTO reconciliation.system (merchant_id, system_id, code, since)
SELECT %(merchant_id)s::bigint, fresh.system_id, fresh.code, %(now)s::timestamptz
FROM unnest(%(system_ids)s::bigint[], %(codes)s::text[]) AS fresh (system_id, code)
ORDER BY fresh.code
ON CONFLICT (merchant_id, code) DO NOTHING;

-- name: load_systems
-- The systems that were ever applied.
SELECT system_id, code, since, last_as_of
FROM reconciliation.system
WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY code;

-- name: lock_system
-- One comparison of a system at a time.
SELECT system_id, code, since, last_as_of
FROM reconciliation.system
WHERE merchant_id = %(merchant_id)s::bigint AND system_id = %(system_id)s::bigint
FOR UPDATE;

-- name: note_spoken
-- The last instant that a system spoke of.
UPDATE reconciliation.system
SET last_as_of = %(as_of)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND system_id = %(system_id)s::bigint
    AND (last_as_of IS NULL OR last_as_of < %(as_of)s::timestamptz);

-- name: open_statements
-- The headers of statements, new ones where their first part comes; locked in key order.
INSERT INTO reconciliation.statement AS known (merchant_id, statement_id, system_id, as_of, digest, complete, parts, received,
    lines, unreadable, message_id, received_at, compared_at)
SELECT %(merchant_id)s::bigint, fresh.statement_id, fresh.system_id, fresh.as_of, fresh.digest, fresh.complete, NULL, 0, 0, 0,
    fresh.message_id, %(now)s::timestamptz, NULL
FROM unnest(%(statement_ids)s::bigint[], %(system_ids)s::bigint[], %(as_ofs)s::timestamptz[], %(digests)s::text[],
    %(completes)s::boolean[], %(message_ids)s::bigint[])
    AS fresh (statement_id, system_id, as_of, digest, complete, message_id)
ORDER BY fresh.system_id, fresh.as_of, fresh.digest
ON CONFLICT (merchant_id, system_id, as_of, digest) DO UPDATE SET received = known.received
RETURNING statement_id, system_id, as_of, digest;

-- copy: line reconciliation.line (merchant_id, statement_id, part, place, location, sku, status, unit, lot, quantity, row_no)
-- The rows of statements, in the words of their systems.

-- name: count_parts
-- What parts brought; gives back the headers as they are then.
UPDATE reconciliation.statement AS statement
SET received = statement.received + part.received, lines = statement.lines + part.lines,
    unreadable = statement.unreadable + part.unreadable, parts = coalesce(nullif(part.parts, 0), statement.parts)
FROM unnest(%(statement_ids)s::bigint[], %(received)s::integer[], %(lines)s::bigint[], %(unreadables)s::bigint[],
    %(parts)s::integer[]) AS part (statement_id, received, lines, unreadable, parts)
WHERE statement.merchant_id = %(merchant_id)s::bigint AND statement.statement_id = part.statement_id
RETURNING statement.statement_id, statement.system_id, statement.as_of, statement.digest, statement.complete, statement.parts,
    statement.received, statement.lines, statement.unreadable, statement.message_id, statement.received_at,
    statement.compared_at;

-- name: load_statements
-- Statements by id.
SELECT statement_id, system_id, as_of, digest, complete, parts, received, lines, unreadable, message_id, received_at,
    compared_at
FROM reconciliation.statement
WHERE merchant_id = %(merchant_id)s::bigint AND statement_id = ANY(%(statement_ids)s::bigint[]);

-- name: load_last_statements
-- The newest whole statement of each system, the one that came last where several speak of one instant.
SELECT DISTINCT ON (system_id) statement_id, system_id, as_of, digest, complete, parts, received, lines, unreadable, message_id,
    received_at, compared_at
FROM reconciliation.statement
WHERE merchant_id = %(merchant_id)s::bigint AND received = parts
ORDER BY system_id, as_of DESC, received_at DESC, statement_id DESC;

-- name: compare
-- Compare a statement with our figures as of its instant, and write the run, what differs, and what names nothing of ours.
-- Ours is what the rows hold now, less what happened after the instant (an index look-up a row), and less what a row
-- carries although its site does not have it. Whatever agrees stands no longer.
WITH place AS (
    SELECT * FROM unnest(%(places)s::text[], %(place_ids)s::bigint[]) AS place (word, site_id)
), word AS (
    SELECT * FROM unnest(%(words)s::text[], %(statuses)s::text[]) AS word (word, status)
), rate AS (
    SELECT * FROM unnest(%(currencies)s::text[], %(tops)s::bigint[], %(bottoms)s::bigint[]) AS rate (currency, top, bottom)
), named AS MATERIALIZED (
    SELECT line.part, line.place, line.location, line.sku, line.status AS word, line.unit, line.lot, line.quantity, line.row_no,
        place.site_id,
        coalesce(word.status, CASE WHEN line.status = '' THEN 'available' ELSE replace(lower(line.status), ' ', '_') END)
            AS status,
        coalesce(alias.sku_id, coded.sku_id, listed.sku_id, barred.sku_id) AS sku_id,
        CASE WHEN coded.sku_id IS NULL THEN coalesce(listed.pack_quantity, 1) ELSE 1 END AS pack
    FROM reconciliation.line AS line
    LEFT JOIN place ON place.word = lower(line.location)
    LEFT JOIN word ON word.word = lower(line.status)
    LEFT JOIN catalog.pub_alias AS alias ON alias.merchant_id = %(merchant_id)s::bigint AND alias.code = line.sku
    LEFT JOIN catalog.pub_sku AS coded ON coded.merchant_id = %(merchant_id)s::bigint AND coded.code = line.sku
    LEFT JOIN catalog.pub_listing AS listed ON listed.merchant_id = %(merchant_id)s::bigint
        AND listed.channel_id = %(channel_id)s::bigint AND listed.key = line.sku
    LEFT JOIN LATERAL (
        SELECT min(sku.sku_id) AS sku_id
        FROM catalog.pub_sku AS sku
        WHERE alias.sku_id IS NULL AND coded.sku_id IS NULL AND listed.sku_id IS NULL
            AND sku.merchant_id = %(merchant_id)s::bigint AND sku.barcode = line.sku AND sku.barcode <> ''
        HAVING count(*) = 1
    ) AS barred ON true
    WHERE line.merchant_id = %(merchant_id)s::bigint AND line.statement_id = %(statement_id)s::bigint
), meant AS MATERIALIZED (
    SELECT named.*,
        CASE WHEN named.unit IN ('', sku.stock_unit) THEN named.pack ELSE unit.factor END AS factor,
        CASE
            WHEN named.status = '' THEN 'left out'
            WHEN named.site_id IS NULL THEN 'place'
            WHEN named.sku_id IS NULL THEN 'sku'
            WHEN sku.kind = 'kit' THEN 'kit'
            WHEN named.unit NOT IN ('', sku.stock_unit) AND unit.factor IS NULL THEN 'unit'
            ELSE ''
        END AS problem
    FROM named
    LEFT JOIN catalog.pub_sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = named.sku_id
    LEFT JOIN catalog.pub_unit AS unit ON unit.merchant_id = %(merchant_id)s::bigint AND unit.sku_id = named.sku_id
        AND unit.unit = named.unit
), stated AS MATERIALIZED (
    SELECT sku_id, site_id, status, lot, sum(quantity * factor)::bigint AS units
    FROM meant
    WHERE problem = ''
    GROUP BY sku_id, site_id, status, lot
), held AS (
    SELECT stock.sku_id, stock.site_id, stock.status,
        CASE WHEN (stock.sku_id, stock.site_id) IN (SELECT sku_id, site_id FROM stated WHERE lot <> '')
            THEN stock.lot ELSE '' END AS lot,
        sum(stock.quantity - stock.discrepancy - coalesce(later.units, 0))::bigint AS units
    FROM inventory.pub_stock AS stock
    LEFT JOIN LATERAL (
        SELECT sum(move.delta) AS units
        FROM inventory.pub_move AS move
        WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
            AND move.occurred_at > %(as_of)s::timestamptz
    ) AS later ON true
    WHERE stock.merchant_id = %(merchant_id)s::bigint
        AND CASE WHEN %(complete)s::boolean
            THEN stock.site_id IN (SELECT site_id FROM stated)
                AND stock.status IN (SELECT status FROM stated UNION SELECT status FROM word)
            ELSE (stock.sku_id, stock.site_id, stock.status) IN (SELECT sku_id, site_id, status FROM stated)
        END
    GROUP BY 1, 2, 3, 4
), compared AS MATERIALIZED (
    SELECT both_sides.*, abs(both_sides.theirs - both_sides.ours) AS apart,
        (both_sides.sku_id, both_sides.site_id) IN (SELECT sku_id, site_id FROM stated WHERE lot <> '') AS is_by_lot,
        coalesce(sku.cost_minor, sku.price_minor, 0) * coalesce(rate.top, 0) / coalesce(rate.bottom, 1)::numeric AS unit_value,
        abs(both_sides.theirs - both_sides.ours) <= %(tolerance_units)s::bigint
            OR abs(both_sides.theirs - both_sides.ours) * 10000
                <= %(tolerance_points)s::bigint * greatest(abs(both_sides.ours), abs(both_sides.theirs)) AS near
    FROM (
        SELECT sku_id, site_id, status, lot, coalesce(held.units, 0) AS ours, coalesce(stated.units, 0) AS theirs
        FROM stated
        FULL JOIN held USING (sku_id, site_id, status, lot)
        WHERE stated.units IS NOT NULL OR %(complete)s::boolean
    ) AS both_sides
    LEFT JOIN catalog.pub_sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = both_sides.sku_id
    LEFT JOIN rate ON rate.currency = sku.currency
), written AS (
    INSERT INTO reconciliation.difference (merchant_id, run_id, sku_id, site_id, status, lot, ours, recorded, theirs, before,
        since_at, within, cause, confidence, value_minor, evidence)
    SELECT %(merchant_id)s::bigint, %(run_id)s::bigint, compared.sku_id, compared.site_id, compared.status, compared.lot,
        compared.ours, known.units, compared.theirs,
        CASE WHEN standing.as_of < %(as_of)s::timestamptz THEN standing.delta ELSE last.before END,
        CASE WHEN standing.as_of <= %(as_of)s::timestamptz AND sign(standing.delta) = sign(compared.theirs - compared.ours)
            THEN standing.since_at ELSE %(as_of)s::timestamptz END,
        compared.near, CASE WHEN compared.near THEN 'tolerance' ELSE '' END, CASE WHEN compared.near THEN 100 ELSE 0 END,
        round(compared.apart * compared.unit_value)::bigint, '{}'::jsonb
    FROM compared
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(last.quantity_after), 0)::bigint AS units
        FROM inventory.pub_stock AS stock
        CROSS JOIN LATERAL (
            SELECT move.quantity_after
            FROM inventory.pub_move AS move
            WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
                AND move.recorded_at <= %(as_of)s::timestamptz
            ORDER BY move.sequence DESC
            LIMIT 1
        ) AS last
        WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = compared.sku_id
            AND stock.site_id = compared.site_id AND stock.status = compared.status
            AND (NOT compared.is_by_lot OR stock.lot = compared.lot)
    ) AS known
    LEFT JOIN reconciliation.standing AS standing ON standing.merchant_id = %(merchant_id)s::bigint
        AND standing.system_id = %(system_id)s::bigint AND standing.sku_id = compared.sku_id
        AND standing.site_id = compared.site_id AND standing.status = compared.status AND standing.lot = compared.lot
    LEFT JOIN reconciliation.difference AS last ON last.merchant_id = %(merchant_id)s::bigint
        AND last.run_id = standing.run_id AND last.sku_id = compared.sku_id AND last.site_id = compared.site_id
        AND last.status = compared.status AND last.lot = compared.lot AND standing.as_of = %(as_of)s::timestamptz
    WHERE compared.apart <> 0
), lost AS (
    INSERT INTO reconciliation.unknown (merchant_id, run_id, place, location, sku, status, unit, quantity, problem, row_no)
    SELECT %(merchant_id)s::bigint, %(run_id)s::bigint, row_number() OVER (ORDER BY meant.part, meant.place), meant.location,
        meant.sku, meant.word, meant.unit, meant.quantity, meant.problem, meant.row_no
    FROM meant
    WHERE meant.problem NOT IN ('', 'left out')
), agreed AS (
    DELETE FROM reconciliation.standing AS standing
    WHERE standing.merchant_id = %(merchant_id)s::bigint AND standing.system_id = %(system_id)s::bigint
        AND standing.as_of <= %(as_of)s::timestamptz
        AND CASE WHEN %(complete)s::boolean
            THEN standing.site_id IN (SELECT site_id FROM stated)
            ELSE (standing.sku_id, standing.site_id, standing.status) IN (SELECT sku_id, site_id, status FROM stated)
        END
        AND (standing.sku_id, standing.site_id, standing.status, standing.lot) NOT IN (
            SELECT sku_id, site_id, status, lot FROM compared WHERE apart <> 0
        )
    RETURNING 1
)
INSERT INTO reconciliation.run (merchant_id, run_id, system_id, statement_id, as_of, ran_at, stated, unknown, compared, matched,
    within, different, resolved, units_ours, units_theirs, units_apart, value_minor, value_apart_minor)
SELECT %(merchant_id)s::bigint, %(run_id)s::bigint, %(system_id)s::bigint, %(statement_id)s::bigint, %(as_of)s::timestamptz,
    %(now)s::timestamptz, (SELECT count(*) FROM meant WHERE problem <> 'left out'),
    (SELECT count(*) FROM meant WHERE problem NOT IN ('', 'left out')),
    count(*), count(*) FILTER (WHERE apart = 0), count(*) FILTER (WHERE apart <> 0 AND near),
    count(*) FILTER (WHERE apart <> 0 AND NOT near), (SELECT count(*) FROM agreed), coalesce(sum(ours), 0),
    coalesce(sum(theirs), 0), coalesce(sum(apart), 0), coalesce(round(sum(greatest(ours, 0) * unit_value)), 0),
    coalesce(round(sum(apart * unit_value)), 0)
FROM compared
RETURNING run_id, system_id, statement_id, as_of, ran_at, stated, unknown, compared, matched, within, different, resolved,
    units_ours, units_theirs, units_apart, value_minor, value_apart_minor;

-- name: load_differing_skus
-- The next SKUs of a run that differ by more than the tolerance.
SELECT DISTINCT sku_id
FROM reconciliation.difference
WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint AND sku_id > %(after)s::bigint AND NOT within
ORDER BY sku_id
LIMIT %(limit)s::bigint;

-- name: load_differences_of
-- What differs of some SKUs in a run.
SELECT sku_id, site_id, status, lot, ours, recorded, theirs, before, since_at, within, cause, confidence, value_minor, evidence
FROM reconciliation.difference
WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id, site_id, status, lot;

-- name: load_pairs
-- Lines of a run whose difference is equal and opposite to that of exactly one other SKU at the site, in the same status.
SELECT pair.sku_id, pair.site_id, pair.status, pair.lot, pair.other
FROM (
    SELECT sku_id, site_id, status, lot, count(*) OVER alike AS lines, sum(theirs - ours) OVER alike AS sum,
        (sum(sku_id) OVER alike - sku_id)::bigint AS other
    FROM reconciliation.difference
    WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint AND NOT within
    WINDOW alike AS (PARTITION BY site_id, status, abs(theirs - ours))
) AS pair
WHERE pair.lines = 2 AND pair.sum = 0 AND pair.other <> pair.sku_id;

-- name: load_moves_near
-- The moves near the instant of the lines of some SKUs that differ: some days before it, and the window after it.
SELECT line.sku_id, line.site_id, line.status, line.lot, near.stock_id, near.sequence, near.delta, near.reason, near.reference,
    near.reference_id, near.occurred_at, near.recorded_at
FROM reconciliation.difference AS line
JOIN inventory.pub_stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = line.sku_id
    AND stock.site_id = line.site_id AND stock.status = line.status
    AND (stock.lot = line.lot OR line.lot = '' AND NOT EXISTS (
        SELECT FROM reconciliation.difference AS lotted
        WHERE lotted.merchant_id = %(merchant_id)s::bigint AND lotted.run_id = %(run_id)s::bigint
            AND lotted.sku_id = line.sku_id AND lotted.site_id = line.site_id AND lotted.lot <> ''))
CROSS JOIN LATERAL (
    (SELECT * FROM inventory.pub_move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id
        AND occurred_at <= %(as_of)s::timestamptz AND occurred_at > %(since)s::timestamptz
    ORDER BY occurred_at DESC LIMIT %(limit)s::bigint)
    UNION ALL
    (SELECT * FROM inventory.pub_move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id
        AND occurred_at > %(as_of)s::timestamptz AND occurred_at < %(until)s::timestamptz
    ORDER BY occurred_at LIMIT %(limit)s::bigint)
) AS near
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.run_id = %(run_id)s::bigint
    AND line.sku_id = ANY(%(sku_ids)s::bigint[]) AND NOT line.within
ORDER BY near.occurred_at, near.stock_id, near.sequence;

-- name: load_underway
-- Units of some SKUs that requests to sites are to ship, asked for by the instant and not confirmed.
SELECT demand.sku_id, request.site_id, request.order_id, request.fulfillment_id, sum(demand.allocated)::bigint AS units
FROM fulfillment.pub_request AS request
JOIN inventory.pub_demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = request.order_id
    AND demand.sku_id = ANY(%(sku_ids)s::bigint[]) AND demand.allocated > 0
WHERE request.merchant_id = %(merchant_id)s::bigint AND request.site_id = ANY(%(site_ids)s::bigint[])
    AND request.state NOT IN ('shipped', 'cancelled') AND request.released_at <= %(as_of)s::timestamptz
GROUP BY demand.sku_id, request.site_id, request.order_id, request.fulfillment_id
ORDER BY demand.sku_id, request.fulfillment_id;

-- name: load_unworked
-- What sites have told that is not worked yet.
SELECT message_id, kind, body
FROM exchange.pub_unworked
WHERE merchant_id = %(merchant_id)s::bigint AND kind IN ('confirmation', 'stock', 'receipt') AND body IS NOT NULL
ORDER BY message_id
LIMIT %(limit)s::bigint;

-- name: record_verdicts
-- Why lines of a run are likely to differ.
UPDATE reconciliation.difference AS line
SET cause = verdict.cause, confidence = verdict.confidence, evidence = verdict.evidence::jsonb
FROM unnest(%(sku_ids)s::bigint[], %(site_ids)s::bigint[], %(statuses)s::text[], %(lots)s::text[], %(causes)s::text[],
    %(confidences)s::smallint[], %(evidences)s::text[])
    AS verdict (sku_id, site_id, status, lot, cause, confidence, evidence)
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.run_id = %(run_id)s::bigint AND line.sku_id = verdict.sku_id
    AND line.site_id = verdict.site_id AND line.status = verdict.status AND line.lot = verdict.lot;

-- name: record_causes
-- What a run found by cause; lines that name nothing of ours are a matter of mapping.
INSERT INTO reconciliation.run_cause (merchant_id, run_id, cause, lines, units, value_minor)
SELECT %(merchant_id)s::bigint, %(run_id)s::bigint, found.cause, sum(found.lines), sum(found.units), sum(found.value_minor)
FROM (
    SELECT cause, count(*) AS lines, sum(abs(theirs - ours)) AS units, sum(value_minor) AS value_minor
    FROM reconciliation.difference
    WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint
    GROUP BY cause
    UNION ALL
    SELECT 'mapping', count(*), coalesce(sum(abs(quantity)), 0), 0
    FROM reconciliation.unknown
    WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint
    HAVING count(*) > 0
) AS found
GROUP BY found.cause;

-- name: record_standing
-- What a run found to be different is what stands now, unless a later instant was spoken of.
INSERT INTO reconciliation.standing AS known (merchant_id, system_id, sku_id, site_id, status, lot, run_id, as_of, since_at,
    delta, within, cause, value_minor)
SELECT %(merchant_id)s::bigint, %(system_id)s::bigint, sku_id, site_id, status, lot, run_id, %(as_of)s::timestamptz, since_at,
    theirs - ours, within, cause, value_minor
FROM reconciliation.difference
WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint
ON CONFLICT (merchant_id, system_id, sku_id, site_id, status, lot) DO UPDATE
SET run_id = excluded.run_id, as_of = excluded.as_of, since_at = excluded.since_at, delta = excluded.delta,
    within = excluded.within, cause = excluded.cause, value_minor = excluded.value_minor
WHERE known.as_of <= excluded.as_of;

-- name: note_compared
-- A statement was compared.
UPDATE reconciliation.statement
SET compared_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND statement_id = %(statement_id)s::bigint;

-- name: drop_lines
-- The rows of statements that are older than the one compared; the inbox has them all the same.
DELETE FROM reconciliation.line AS line
USING reconciliation.statement AS older
WHERE older.merchant_id = %(merchant_id)s::bigint AND older.system_id = %(system_id)s::bigint
    AND older.as_of < %(as_of)s::timestamptz AND older.compared_at IS NOT NULL
    AND line.merchant_id = %(merchant_id)s::bigint AND line.statement_id = older.statement_id;

-- name: load_standing_causes
-- What stands of a system by cause, without what is allowed or within the tolerance; timing only where it lasts.
SELECT standing.cause, count(*) AS lines, sum(abs(standing.delta))::bigint AS units, sum(standing.value_minor)::bigint AS value
FROM reconciliation.standing AS standing
WHERE standing.merchant_id = %(merchant_id)s::bigint AND standing.system_id = %(system_id)s::bigint AND NOT standing.within
    AND (standing.cause <> 'timing' OR standing.since_at < standing.as_of)
    AND NOT EXISTS (
        SELECT FROM reconciliation.allowance AS allowance
        WHERE allowance.merchant_id = %(merchant_id)s::bigint AND allowance.system_id = %(system_id)s::bigint
            AND allowance.cause = standing.cause AND allowance.units >= abs(standing.delta)
            AND allowance.until_at > %(now)s::timestamptz
    )
GROUP BY standing.cause
ORDER BY standing.cause;

-- name: load_standing_skus
-- The SKUs that stand under a cause of a system, the most money first; without what is allowed or within the tolerance.
SELECT standing.sku_id, sum(abs(standing.delta))::bigint AS units, sum(standing.value_minor)::bigint AS value_minor
FROM reconciliation.standing AS standing
WHERE standing.merchant_id = %(merchant_id)s::bigint AND standing.system_id = %(system_id)s::bigint AND NOT standing.within
    AND standing.cause = %(cause)s::text AND (standing.cause <> 'timing' OR standing.since_at < standing.as_of)
    AND NOT EXISTS (
        SELECT FROM reconciliation.allowance AS allowance
        WHERE allowance.merchant_id = %(merchant_id)s::bigint AND allowance.system_id = %(system_id)s::bigint
            AND allowance.cause = standing.cause AND allowance.units >= abs(standing.delta)
            AND allowance.until_at > %(now)s::timestamptz
    )
GROUP BY standing.sku_id
ORDER BY 3 DESC, 2 DESC, 1
LIMIT %(limit)s::bigint;

-- name: load_standing_lines
-- What stands under a cause of a system ('': under any), of one SKU or of all (0), as its last run found it; most money first.
SELECT line.sku_id, line.site_id, line.status, line.lot, line.ours, line.recorded, line.theirs, line.before, line.since_at,
    line.within, line.cause, line.confidence, line.value_minor, line.evidence, standing.as_of
FROM reconciliation.standing AS standing
JOIN reconciliation.difference AS line ON line.merchant_id = %(merchant_id)s::bigint AND line.run_id = standing.run_id
    AND line.sku_id = standing.sku_id AND line.site_id = standing.site_id AND line.status = standing.status
    AND line.lot = standing.lot
WHERE standing.merchant_id = %(merchant_id)s::bigint AND standing.system_id = %(system_id)s::bigint
    AND (%(cause)s::text = '' OR standing.cause = %(cause)s::text)
    AND (%(sku_id)s::bigint = 0 OR standing.sku_id = %(sku_id)s::bigint)
ORDER BY standing.value_minor DESC, abs(standing.delta) DESC, standing.sku_id, standing.site_id, standing.status, standing.lot
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: count_standing
-- What stands of each system by cause, all of it.
SELECT system_id, cause, count(*) AS lines, sum(abs(delta))::bigint AS units, sum(value_minor)::bigint AS value_minor,
    min(since_at) AS since_at
FROM reconciliation.standing
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY system_id, cause
ORDER BY system_id, cause;

-- name: load_runs
-- The last runs of a system, the newest first: one a statement, as it was last compared.
SELECT run_id, system_id, statement_id, as_of, ran_at, stated, unknown, compared, matched, within, different, resolved,
    units_ours, units_theirs, units_apart, value_minor, value_apart_minor
FROM (
    SELECT DISTINCT ON (as_of, statement_id) *
    FROM reconciliation.run
    WHERE merchant_id = %(merchant_id)s::bigint AND system_id = %(system_id)s::bigint
    ORDER BY as_of DESC, statement_id DESC, ran_at DESC, run_id DESC
) AS run
ORDER BY as_of DESC, statement_id DESC
LIMIT %(limit)s::bigint;

-- name: load_run_causes
-- What some runs found by cause.
SELECT run_id, cause, lines, units, value_minor
FROM reconciliation.run_cause
WHERE merchant_id = %(merchant_id)s::bigint AND run_id = ANY(%(run_ids)s::bigint[])
ORDER BY run_id, cause;

-- name: load_unknown
-- Lines of a run that name nothing of ours.
SELECT location, sku, status, unit, quantity, problem, row_no
FROM reconciliation.unknown
WHERE merchant_id = %(merchant_id)s::bigint AND run_id = %(run_id)s::bigint
ORDER BY place
LIMIT %(limit)s::bigint;

-- name: insert_allowance
-- Leave differences of a cause out of the cases, up to a size and until a time.
INSERT INTO reconciliation.allowance (merchant_id, allowance_id, system_id, cause, units, reason, actor, made_at, until_at)
VALUES (%(merchant_id)s::bigint, %(allowance_id)s::bigint, %(system_id)s::bigint, %(cause)s::text, %(units)s::bigint,
    %(reason)s::text, %(actor)s::text, %(now)s::timestamptz, %(until_at)s::timestamptz);

-- name: load_allowances
-- What is left out of the cases of a system now.
SELECT allowance_id, cause, units, reason, actor, made_at, until_at
FROM reconciliation.allowance
WHERE merchant_id = %(merchant_id)s::bigint AND system_id = %(system_id)s::bigint AND until_at > %(now)s::timestamptz
ORDER BY until_at, allowance_id;
