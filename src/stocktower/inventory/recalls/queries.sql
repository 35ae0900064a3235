-- name: load_lot_links
-- Every assembly by which units of one lot became units of others, and so on to any depth: towards what was made of it
-- (1), or back to what it was made of (-1). Each lot is reached once, so that a circle ends; what has no lot is an end.
WITH RECURSIVE reached AS (
    SELECT %(sku_id)s::bigint AS sku_id, %(lot)s::text AS lot
    UNION
    SELECT far.sku_id, far.lot
    FROM reached
    JOIN inventory.assembly_line AS near ON near.merchant_id = %(merchant_id)s::bigint AND near.sku_id = reached.sku_id
        AND near.lot = reached.lot AND near.lot <> '' AND near.delta * %(towards)s::bigint < 0
    JOIN inventory.assembly_line AS far ON far.merchant_id = %(merchant_id)s::bigint
        AND far.assembly_id = near.assembly_id AND far.delta * %(towards)s::bigint > 0
)
SELECT near.sku_id, near.lot, far.sku_id AS far_sku_id, far.lot AS far_lot, assembly.assembly_id, assembly.reference,
    assembly.site_id, assembly.units, abs(near.delta) AS near_units, abs(far.delta) AS far_units, assembly.occurred_at
FROM reached
JOIN inventory.assembly_line AS near ON near.merchant_id = %(merchant_id)s::bigint AND near.sku_id = reached.sku_id
    AND near.lot = reached.lot AND near.lot <> '' AND near.delta * %(towards)s::bigint < 0
JOIN inventory.assembly_line AS far ON far.merchant_id = %(merchant_id)s::bigint
    AND far.assembly_id = near.assembly_id AND far.delta * %(towards)s::bigint > 0
JOIN inventory.assembly AS assembly ON assembly.merchant_id = %(merchant_id)s::bigint
    AND assembly.assembly_id = near.assembly_id
ORDER BY assembly.occurred_at, assembly.assembly_id, near.sku_id, near.lot, far.sku_id, far.lot;

-- name: load_facts_of_lots
-- Some lots, with what is on hand of each.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.received_at, lot.state,
    coalesce(held.quantity, 0)::bigint AS quantity, coalesce(held.allocated, 0)::bigint AS allocated
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[]) AS wanted (sku_id, lot)
JOIN inventory.lot AS lot ON lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = wanted.sku_id
    AND lot.lot = wanted.lot
LEFT JOIN LATERAL (
    SELECT sum(stock.quantity) AS quantity, sum(stock.allocated) AS allocated
    FROM inventory.stock AS stock
    WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = lot.sku_id AND stock.lot = lot.lot
) AS held ON true
ORDER BY lot.sku_id, lot.lot;

-- name: set_lot_states
-- Hold some lots, or let them back, those that are not in that state; gives those that changed. What was known of them until now
-- is kept; their SKUs are locked.
WITH kept AS (
    INSERT INTO inventory.past_lot (merchant_id, sku_id, lot, sequence, expires_at, made_on, state, until_at)
    SELECT lot.merchant_id, lot.sku_id, lot.lot, coalesce(last.sequence, 0) + 1, lot.expires_at, lot.made_on, lot.state,
        greatest(last.until_at, %(now)s::timestamptz)
    FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[]) AS wanted (sku_id, lot)
    JOIN inventory.lot AS lot ON lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = wanted.sku_id
        AND lot.lot = wanted.lot AND lot.state <> %(state)s::text
    LEFT JOIN LATERAL (
        SELECT sequence, until_at
        FROM inventory.past_lot
        WHERE merchant_id = lot.merchant_id AND sku_id = lot.sku_id AND lot = lot.lot
        ORDER BY sequence DESC
        LIMIT 1
    ) AS last ON true
)
UPDATE inventory.lot AS lot
SET state = %(state)s::text
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[]) AS wanted (sku_id, lot)
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = wanted.sku_id AND lot.lot = wanted.lot
    AND lot.state <> %(state)s::text
RETURNING lot.sku_id, lot.lot;

-- name: load_recalls
-- The recalls that go on and that hold one of some lots, or are of one of them, with every lot that each holds.
SELECT recall.root_sku_id, recall.root_lot, recall.sku_id, recall.lot, recall.note, recall.actor, recall.recorded_at
FROM inventory.recall_lot AS recall
WHERE recall.merchant_id = %(merchant_id)s::bigint AND recall.ended_at IS NULL
    AND (recall.root_sku_id, recall.root_lot) IN (
        SELECT one.root_sku_id, one.root_lot
        FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[]) AS wanted (sku_id, lot)
        JOIN inventory.recall_lot AS one ON one.merchant_id = %(merchant_id)s::bigint AND one.sku_id = wanted.sku_id
            AND one.lot = wanted.lot AND one.ended_at IS NULL
    )
ORDER BY recall.recorded_at, recall.root_sku_id, recall.root_lot, recall.sku_id, recall.lot;

-- copy: recall_lot inventory.recall_lot (merchant_id, entry_id, root_sku_id, root_lot, sku_id, lot, note, actor,
--     recorded_at)
-- Lots that a recall holds from now on.

-- name: end_recalls
-- Some lots are held by these recalls no more.
UPDATE inventory.recall_lot AS recall
SET ended_at = %(now)s::timestamptz, ended_by = %(actor)s::text, end_note = %(note)s::text
FROM unnest(
    %(root_sku_ids)s::bigint[], %(root_lots)s::text[], %(sku_ids)s::bigint[], %(lots)s::text[]
) AS ended (root_sku_id, root_lot, sku_id, lot)
WHERE recall.merchant_id = %(merchant_id)s::bigint AND recall.root_sku_id = ended.root_sku_id
    AND recall.root_lot = ended.root_lot AND recall.sku_id = ended.sku_id AND recall.lot = ended.lot
    AND recall.ended_at IS NULL;

-- name: count_lots
-- How many lots are known.
SELECT count(*) FROM inventory.lot WHERE merchant_id = %(merchant_id)s::bigint;

-- name: find_unlike_lots
-- Lots that are not held exactly while a recall holds them.
SELECT lot.sku_id, lot.lot, lot.state, CASE WHEN recall.lot IS NULL THEN 'open' ELSE 'held' END
FROM inventory.lot AS lot
LEFT JOIN (
    SELECT DISTINCT sku_id, lot FROM inventory.recall_lot
    WHERE merchant_id = %(merchant_id)s::bigint AND ended_at IS NULL
) AS recall ON recall.sku_id = lot.sku_id AND recall.lot = lot.lot
WHERE lot.merchant_id = %(merchant_id)s::bigint AND (lot.state = 'held') <> (recall.lot IS NOT NULL)
ORDER BY lot.sku_id, lot.lot;
