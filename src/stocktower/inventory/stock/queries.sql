-- Stock rows with their ledgers of moves and reservations: read, written, replayed and proved.

-- name: lock_items
-- Lock SKUs in key order, and say how many of them have a row to lock.
SELECT count(*)
FROM (
    SELECT sku_id
    FROM inventory.item
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
    ORDER BY sku_id
    FOR UPDATE
) AS locked;

-- name: insert_items
-- Give SKUs the row that they are locked by, and lock it.
INSERT INTO inventory.item AS item (merchant_id, sku_id)
SELECT %(merchant_id)s::bigint, wanted.sku_id
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
ORDER BY wanted.sku_id
ON CONFLICT (merchant_id, sku_id) DO UPDATE SET sku_id = item.sku_id;

-- name: load_free_rows
-- Sellable stock rows that have something free, and of SKUs that may be given back all rows that somebody has units of.
SELECT stock_id, sku_id, site_id, quantity, allocated, sequence, owner, lot, expires_at,
    sellable AND coalesce(expires_at > %(now)s::timestamptz, true) AS sellable, discrepancy AS missing
FROM inventory.stock_state
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
    AND (quantity > allocated AND sellable AND coalesce(expires_at > %(now)s::timestamptz, true)
        OR allocated > 0 AND sku_id = ANY(%(given_sku_ids)s::bigint[]));

-- name: load_claims_on_free
-- What waits, by channel, of those of some SKUs that have something free, or that are given back.
SELECT waiting.sku_id, waiting.channel_id, waiting.units
FROM unnest(%(sku_ids)s::bigint[]) AS given (sku_id)
CROSS JOIN LATERAL (
    SELECT sku_id, channel_id, sum(short)::bigint AS units
    FROM inventory.demand
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = given.sku_id AND short > 0
    GROUP BY sku_id, channel_id
) AS waiting
WHERE given.sku_id = ANY(%(given_sku_ids)s::bigint[])
    OR EXISTS (
        SELECT FROM inventory.stock_state
        WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = given.sku_id AND quantity > allocated AND sellable
            AND coalesce(expires_at > %(now)s::timestamptz, true)
    );

-- name: load_claims
-- What waits of some SKUs, by channel.
SELECT waiting.sku_id, waiting.channel_id, waiting.units
FROM unnest(%(sku_ids)s::bigint[]) AS given (sku_id)
CROSS JOIN LATERAL (
    SELECT sku_id, channel_id, sum(short)::bigint AS units
    FROM inventory.demand
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = given.sku_id AND short > 0
    GROUP BY sku_id, channel_id
) AS waiting;

-- name: load_waiting
-- Demand of orders that is short, in the order in which it is served.
SELECT order_id, line_no, sku_id, channel_id, priority, placed_at, per_unit, short
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND short > 0
ORDER BY priority, placed_at, order_id, line_no, sku_id
LIMIT %(limit)s::bigint;

-- name: load_unclaimed
-- Demand of orders that is short of more than it claims of inbound, in the order in which it is served.
SELECT demand.order_id, demand.line_no, demand.sku_id, demand.channel_id, demand.priority, demand.placed_at,
    demand.per_unit, demand.short
FROM inventory.demand AS demand
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.sku_id = ANY(%(sku_ids)s::bigint[]) AND demand.short > 0
    AND demand.kind = 'order' AND demand.short > (
        SELECT coalesce(sum(claim.claimed + claim.arrived), 0)
        FROM inventory.inbound_claim AS claim
        WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.order_id = demand.order_id
            AND claim.line_no = demand.line_no AND claim.sku_id = demand.sku_id
    )
ORDER BY demand.priority, demand.placed_at, demand.order_id, demand.line_no, demand.sku_id
LIMIT %(limit)s::bigint;

-- name: reserve_stock
-- Change what is allocated of stock rows, by differences; the row's own constraint refuses more than there is.
UPDATE inventory.stock AS stock
SET allocated = stock.allocated + change.units, sequence = stock.sequence + change.entries,
    recorded_at = greatest(stock.recorded_at, %(now)s::timestamptz)
FROM unnest(%(stock_ids)s::bigint[], %(units)s::bigint[], %(entries)s::bigint[]) AS change (stock_id, units, entries)
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = change.stock_id
RETURNING stock.stock_id, stock.sequence, stock.allocated, stock.recorded_at;

-- name: reserve_few
-- The same, and the entries of the ledger with it: `places` count within a row from 1, `totals` are the sums up to there.
WITH changed AS (
    UPDATE inventory.stock AS stock
    SET allocated = stock.allocated + change.units, sequence = stock.sequence + change.entries,
        recorded_at = greatest(stock.recorded_at, %(now)s::timestamptz)
    FROM unnest(%(stock_ids)s::bigint[], %(units)s::bigint[], %(entries)s::bigint[])
        AS change (stock_id, units, entries)
    WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = change.stock_id
    RETURNING stock.stock_id, stock.sequence - change.entries AS sequence, stock.allocated - change.units AS allocated,
        stock.recorded_at
)
INSERT INTO inventory.reservation
    (merchant_id, stock_id, sequence, order_id, line_no, delta, allocated_after, reason, recorded_at)
SELECT %(merchant_id)s::bigint, changed.stock_id, changed.sequence + entry.place, entry.order_id, entry.line_no,
    entry.delta, changed.allocated + entry.total, entry.reason, changed.recorded_at
FROM unnest(
    %(of_rows)s::bigint[], %(places)s::bigint[], %(order_ids)s::bigint[], %(line_nos)s::bigint[], %(deltas)s::bigint[],
    %(totals)s::bigint[], %(reasons)s::text[]
) AS entry (stock_id, place, order_id, line_no, delta, total, reason)
JOIN changed ON changed.stock_id = entry.stock_id;

-- name: change_stock
-- Change stock rows by differences, where they still stand at the sequence that the change was computed from: how many
-- were there, beside each of those that somebody wrote who began later (one row without any where there are none).
WITH changed AS (
    UPDATE inventory.stock AS stock
    SET quantity = stock.quantity + change.quantity, allocated = stock.allocated + change.allocated,
        discrepancy = change.discrepancy, sequence = change.sequence, counted_at = change.counted_at,
        binned = change.binned, recorded_at = greatest(stock.recorded_at, %(now)s::timestamptz)
    FROM unnest(%(stock_ids)s::bigint[], %(before)s::bigint[], %(quantities)s::bigint[], %(allocateds)s::bigint[],
        %(discrepancies)s::bigint[], %(sequences)s::bigint[], %(counted)s::timestamptz[], %(binned)s::bigint[])
        AS change (stock_id, before, quantity, allocated, discrepancy, sequence, counted_at, binned)
    WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = change.stock_id
        AND stock.sequence = change.before
    RETURNING stock.stock_id, stock.recorded_at
)
SELECT counted.found, late.stock_id, late.recorded_at
FROM (SELECT count(*) AS found FROM changed) AS counted
LEFT JOIN changed AS late ON late.recorded_at > %(now)s::timestamptz;

-- copy: stock inventory.stock (merchant_id, stock_id, sku_id, site_id, status, owner, lot, quantity, allocated,
--     discrepancy, sequence, counted_at, recorded_at, binned)
-- New stock rows, with their first moves beside them.

-- copy: move inventory.move (merchant_id, stock_id, sequence, delta, quantity_after, allocated_after, reason, counterpart,
--     reference, reference_id, actor, occurred_at, recorded_at)
-- Moves are append-only.

-- copy: reservation inventory.reservation (merchant_id, stock_id, sequence, order_id, line_no, delta, allocated_after,
--     reason, recorded_at)
-- The reservation ledger is append-only.

-- copy: demand inventory.demand (merchant_id, order_id, line_no, sku_id, kind, channel_id, priority, placed_at, per_unit,
--     wanted, allocated, short, consumed, cancelled)
-- New demand.

-- name: change_demands
-- What became of demand, whose sum is kept by the row's own constraint: how many rows were there, and of those that are short
-- of more or less than before the difference. What is read before is true: the SKUs are locked.
WITH changed AS (
UPDATE inventory.demand AS demand
SET wanted = change.wanted, allocated = change.allocated, short = change.short, consumed = change.consumed,
    cancelled = change.cancelled
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(wanteds)s::bigint[],
    %(allocateds)s::bigint[], %(shorts)s::bigint[], %(consumeds)s::bigint[], %(cancelleds)s::bigint[])
    AS change (order_id, line_no, sku_id, wanted, allocated, short, consumed, cancelled)
    JOIN inventory.demand AS before ON before.merchant_id = %(merchant_id)s::bigint AND before.order_id = change.order_id
        AND before.line_no = change.line_no AND before.sku_id = change.sku_id
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = change.order_id
    AND demand.line_no = change.line_no AND demand.sku_id = change.sku_id
RETURNING demand.sku_id, demand.channel_id, demand.order_id, demand.line_no, demand.short - before.short AS units
)
SELECT (SELECT count(*) FROM changed) AS rows, changed.sku_id, changed.channel_id, changed.order_id, changed.line_no,
    changed.units
FROM (SELECT) AS always
LEFT JOIN changed ON changed.units <> 0
ORDER BY changed.sku_id, changed.order_id, changed.line_no;

-- copy: shortage inventory.shortage (merchant_id, sku_id, sequence, channel_id, order_id, line_no, delta, waiting_after,
--     recorded_at)
-- The ledger of what demand is short of is append-only.

-- name: load_last_shortages
-- Where the ledger of a SKU stands: its last sequence and instant, and what a channel waits for of it.
SELECT wanted.sku_id, wanted.channel_id, coalesce(last.sequence, 0) AS sequence,
    greatest(last.recorded_at, %(now)s::timestamptz) AS recorded_at, coalesce(own.waiting_after, 0) AS waiting
FROM unnest(%(sku_ids)s::bigint[], %(channel_ids)s::bigint[]) AS wanted (sku_id, channel_id)
LEFT JOIN LATERAL (
    SELECT sequence, recorded_at
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT waiting_after
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND channel_id = wanted.channel_id
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS own ON true;

-- name: load_demands
-- All demand of some orders or holds.
SELECT order_id, line_no, sku_id, kind, channel_id, priority, placed_at, per_unit, wanted, allocated, short, consumed,
    cancelled
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, line_no, sku_id;

-- name: load_allocations
-- What some orders or holds have of stock rows: the fold of their reservations, looked up order by order. Of these units
-- those count as seen that were taken before the row was last counted; the first taken are the first to leave.
SELECT taken.order_id, taken.line_no, taken.sku_id, taken.stock_id, taken.site_id, taken.units, taken.seen
FROM unnest(%(order_ids)s::bigint[]) AS wanted (order_id)
CROSS JOIN LATERAL (
    SELECT entry.order_id, entry.line_no, stock.sku_id, entry.stock_id, stock.site_id, sum(entry.delta)::bigint AS units,
        greatest(0, coalesce(sum(entry.delta) FILTER (
            WHERE entry.delta < 0 OR entry.recorded_at < stock.counted_at), 0))::bigint AS seen
    FROM inventory.reservation AS entry
    JOIN inventory.stock AS stock
        ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = entry.stock_id
    WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.order_id = wanted.order_id
    GROUP BY entry.order_id, entry.line_no, stock.sku_id, entry.stock_id, stock.site_id
    HAVING sum(entry.delta) <> 0
) AS taken
ORDER BY taken.order_id, taken.line_no, taken.sku_id, taken.stock_id;

-- name: load_allocated_orders
-- The orders and holds that have units of some stock rows.
SELECT DISTINCT taken.order_id
FROM (
    SELECT order_id
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    GROUP BY stock_id, order_id
    HAVING sum(delta) <> 0
) AS taken
ORDER BY taken.order_id;

-- name: load_rows
-- Stock rows of some SKUs, at one site or at all (0). A look-up for each SKU, whatever the planner knows of the table: a
-- plan that was made while it was empty would read all rows of the merchant.
SELECT stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot, stock.quantity,
    stock.allocated, stock.discrepancy, stock.sequence, stock.counted_at, stock.expires_at,
    stock.sellable AND coalesce(stock.expires_at > %(now)s::timestamptz, true) AS sellable, stock.binned
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.stock_state
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id
        AND (%(site_id)s::bigint = 0 OR site_id = %(site_id)s::bigint)
    ORDER BY sku_id, site_id, status, owner, lot
) AS stock
ORDER BY stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot;

-- name: load_rows_taken
-- Stock rows of some SKUs at one site that somebody has units of.
SELECT stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot, stock.quantity,
    stock.allocated, stock.discrepancy, stock.sequence, stock.counted_at, stock.expires_at,
    stock.sellable AND coalesce(stock.expires_at > %(now)s::timestamptz, true) AS sellable, stock.binned
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.stock_state
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND site_id = %(site_id)s::bigint
        AND allocated > 0
    ORDER BY sku_id, site_id, status, owner, lot
) AS stock
ORDER BY stock.sku_id, stock.status, stock.owner, stock.lot;

-- name: load_rows_by_id
-- Stock rows by id.
SELECT stock_id, sku_id, site_id, status, owner, lot, quantity, allocated, discrepancy, sequence, counted_at, expires_at,
    sellable AND coalesce(expires_at > %(now)s::timestamptz, true) AS sellable, binned
FROM inventory.stock_state
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
ORDER BY stock_id;

-- name: load_moved_after
-- The sum of what happened to stock rows after an instant, and is recorded already. Units found to record what happened,
-- and their reversal, never came or went: they say what we did not know.
SELECT stock_id, sum(delta)::bigint AS units
FROM inventory.move
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    AND occurred_at > %(as_of)s::timestamptz AND reason <> 'discrepancy'
GROUP BY stock_id;

-- name: load_moved_after_each
-- The same after an instant of each row.
SELECT wanted.stock_id, moved.units
FROM unnest(%(stock_ids)s::bigint[], %(times)s::timestamptz[]) AS wanted (stock_id, as_of)
CROSS JOIN LATERAL (
    SELECT sum(delta)::bigint AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id AND occurred_at > wanted.as_of
        AND reason <> 'discrepancy'
) AS moved
WHERE moved.units IS NOT NULL;

-- name: load_held_at
-- What rows of a site that we own held at an instant of each, as far as is recorded: in one look, so that nothing comes
-- between a row and its moves.
SELECT wanted.place, (stock.quantity - stock.discrepancy - coalesce(moved.units, 0))::bigint AS units
FROM unnest(%(sku_ids)s::bigint[], %(statuses)s::text[], %(lots)s::text[], %(times)s::timestamptz[])
    WITH ORDINALITY AS wanted (sku_id, status, lot, as_of, place)
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = wanted.sku_id
    AND stock.site_id = %(site_id)s::bigint AND stock.status = wanted.status AND stock.owner = 'own'
    AND stock.lot = wanted.lot
CROSS JOIN LATERAL (
    SELECT sum(move.delta) AS units
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
        AND move.occurred_at > wanted.as_of AND move.reason <> 'discrepancy'
) AS moved;

-- name: load_held_in_bins
-- What the bins of rows of a site that we own held at an instant of each, as far as is recorded; what is picked lies in none.
SELECT wanted.place, bin.bin, (bin.quantity - coalesce(moved.units, 0))::bigint AS units
FROM unnest(%(sku_ids)s::bigint[], %(statuses)s::text[], %(lots)s::text[], %(times)s::timestamptz[])
    WITH ORDINALITY AS wanted (sku_id, status, lot, as_of, place)
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = wanted.sku_id
    AND stock.site_id = %(site_id)s::bigint AND stock.status = wanted.status AND stock.owner = 'own'
    AND stock.lot = wanted.lot
JOIN inventory.bin AS bin ON bin.merchant_id = %(merchant_id)s::bigint AND bin.stock_id = stock.stock_id
    AND bin.bin <> 'picked'
CROSS JOIN LATERAL (
    SELECT sum(move.delta) AS units
    FROM inventory.bin_move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id AND move.bin = bin.bin
        AND move.occurred_at > wanted.as_of
) AS moved;

-- name: load_site_rows
-- Every row of a site, with what left it after an instant, and when it was first and last moved.
SELECT stock.stock_id, stock.sku_id, stock.status, stock.owner, stock.lot, stock.quantity, stock.discrepancy,
    coalesce(moved.shipped, 0)::bigint AS shipped, moved.surprised_at, first.occurred_at AS opened_at,
    last.occurred_at AS moved_at
FROM inventory.stock AS stock
CROSS JOIN LATERAL (
    SELECT -sum(move.delta) FILTER (WHERE move.reason = 'shipped') AS shipped,
        max(move.occurred_at) FILTER (WHERE move.reason = 'discrepancy') AS surprised_at
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
        AND move.occurred_at > %(since)s::timestamptz
) AS moved
LEFT JOIN LATERAL (
    SELECT move.occurred_at FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
    ORDER BY move.sequence LIMIT 1
) AS first ON true
LEFT JOIN LATERAL (
    SELECT move.occurred_at FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
    ORDER BY move.sequence DESC LIMIT 1
) AS last ON true
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.site_id = %(site_id)s::bigint
ORDER BY stock.sku_id, stock.status, stock.lot;

-- name: load_held_rows
-- What the rows of a site held at an instant, as far as is known, but what is in transit there. Units found to record what
-- happened never came or went.
SELECT stock.stock_id, stock.sku_id, stock.status, stock.owner, stock.lot,
    (stock.quantity - stock.discrepancy - coalesce(moved.units, 0))::bigint AS held, stock.counted_at
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT stock_id, sum(delta) AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND occurred_at > %(as_of)s::timestamptz AND reason <> 'discrepancy'
    GROUP BY stock_id
) AS moved ON moved.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.site_id = %(site_id)s::bigint AND stock.status <> 'in_transit'
ORDER BY stock.sku_id, stock.status, stock.owner, stock.lot;

-- name: load_site_size
-- How many rows of a site in some statuses hold something, as far as is known now, and their units.
SELECT count(*)::bigint, coalesce(sum(quantity - discrepancy), 0)::bigint
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND site_id = %(site_id)s::bigint AND status = ANY(%(statuses)s::text[])
    AND quantity > discrepancy;

-- name: end_statuses
-- Statuses that are not stated any more, or mean something else now, end; of those that ended something may be in stock.
UPDATE inventory.status AS status
SET until = %(now)s::timestamptz
WHERE status.merchant_id = %(merchant_id)s::bigint AND status.until IS NULL AND NOT EXISTS (
    SELECT FROM unnest(%(codes)s::text[], %(names)s::text[], %(sellables)s::boolean[]) AS stated (code, name, sellable)
    WHERE stated.code = status.code AND stated.name = status.name AND stated.sellable = status.sellable
)
RETURNING status.code;

-- name: begin_statuses
-- Statuses that are new, or mean something else from now on.
INSERT INTO inventory.status AS status (merchant_id, code, since, until, name, sellable)
SELECT %(merchant_id)s::bigint, stated.code, %(now)s::timestamptz, NULL, stated.name, stated.sellable
FROM unnest(%(codes)s::text[], %(names)s::text[], %(sellables)s::boolean[]) AS stated (code, name, sellable)
WHERE NOT EXISTS (
    SELECT FROM inventory.status AS known
    WHERE known.merchant_id = %(merchant_id)s::bigint AND known.code = stated.code AND known.until IS NULL
)
ON CONFLICT (merchant_id, code, since) DO UPDATE
SET until = NULL, name = excluded.name, sellable = excluded.sellable
RETURNING status.code;

-- name: load_skus_in
-- The SKUs that there is something of in some statuses.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND status = ANY(%(statuses)s::text[]) AND quantity > 0
ORDER BY sku_id;

-- name: load_rows_of_lots
-- The stock rows of lots that somebody has units of, whatever SKU they are of.
SELECT stock.stock_id
FROM inventory.lot AS lot
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = lot.sku_id
    AND stock.lot = lot.lot
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.lot = ANY(%(lots)s::text[]) AND stock.allocated > 0
ORDER BY stock.stock_id;

-- name: load_moves
-- The last moves of some stock rows, the newest first; each row is read from its own end.
SELECT move.stock_id, move.sequence, move.delta, move.quantity_after, move.allocated_after, move.reason,
    move.counterpart, move.reference, move.reference_id, move.actor, move.occurred_at, move.recorded_at
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
    ORDER BY sequence DESC
    LIMIT %(limit)s::bigint
) AS move
ORDER BY move.recorded_at DESC, move.stock_id, move.sequence DESC
LIMIT %(limit)s::bigint;

-- name: load_rows_at
-- Stock rows of some SKUs as they were known at some instants: the last entry of each of a row's ledgers by then, one look-up
-- each, however long the history. What a row lacked then is not kept; rows that came later are not there.
SELECT instant.at, stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot,
    coalesce(moved.quantity_after, 0) AS quantity,
    CASE WHEN coalesce(taken.sequence, 0) >= coalesce(moved.sequence, 0) THEN taken.allocated_after
        ELSE moved.allocated_after END AS allocated,
    0::bigint AS discrepancy, greatest(moved.sequence, taken.sequence) AS sequence, NULL::timestamptz AS counted_at,
    lot.expires_at,
    (stock.status = 'available' OR EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = %(merchant_id)s::bigint AND own.code = stock.status AND own.sellable
            AND own.since <= instant.at AND coalesce(own.until > instant.at, true)
    )) AND (stock.lot = '' OR coalesce(lot.state = 'open', false))
        AND coalesce(lot.expires_at > instant.at, true) AS sellable
FROM unnest(%(instants)s::timestamptz[]) AS instant (at)
CROSS JOIN unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT stock_id, sku_id, site_id, status, owner, lot
    FROM inventory.stock
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id
    ORDER BY sku_id, site_id, status, owner, lot
) AS stock
LEFT JOIN LATERAL (
    SELECT sequence, quantity_after, allocated_after
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id AND recorded_at <= instant.at
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS moved ON true
LEFT JOIN LATERAL (
    SELECT sequence, allocated_after
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id AND recorded_at <= instant.at
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS taken ON true
LEFT JOIN LATERAL (
    SELECT CASE WHEN past.state IS NULL THEN one.expires_at ELSE past.expires_at END AS expires_at,
        coalesce(past.state, one.state) AS state
    FROM inventory.lot AS one
    LEFT JOIN LATERAL (
        SELECT expires_at, state
        FROM inventory.past_lot
        WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = stock.sku_id AND lot = stock.lot
            AND until_at > instant.at
        ORDER BY until_at, sequence
        LIMIT 1
    ) AS past ON true
    WHERE stock.lot <> '' AND one.merchant_id = %(merchant_id)s::bigint AND one.sku_id = stock.sku_id
        AND one.lot = stock.lot
    LIMIT 1
) AS lot ON true
WHERE moved.sequence IS NOT NULL OR taken.sequence IS NOT NULL
ORDER BY instant.at, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot;

-- name: load_late_news
-- By how much stock rows of some SKUs were other than known at an instant: what had happened by then and was recorded later,
-- and what was recorded by then and happened later; with what it took of the units that were allocated.
SELECT stock.stock_id, coalesce(late.units, 0)::bigint - coalesce(early.units, 0)::bigint AS quantity,
    coalesce(late.taken, 0)::bigint AS allocated
FROM unnest(%(stock_ids)s::bigint[]) AS stock (stock_id)
LEFT JOIN LATERAL (
    SELECT sum(move.delta) AS units, sum(taken.delta) AS taken
    FROM inventory.move AS move
    LEFT JOIN inventory.reservation AS taken ON taken.merchant_id = %(merchant_id)s::bigint
        AND taken.stock_id = move.stock_id AND taken.sequence = move.sequence
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
        AND move.recorded_at > %(at)s::timestamptz AND move.occurred_at <= %(at)s::timestamptz
) AS late ON true
LEFT JOIN LATERAL (
    SELECT sum(delta) AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id
        AND occurred_at > %(at)s::timestamptz AND recorded_at <= %(at)s::timestamptz
) AS early ON true
WHERE coalesce(late.units, 0) <> coalesce(early.units, 0) OR coalesce(late.taken, 0) <> 0;

-- name: load_waiting_at
-- What each channel waited for of some SKUs at some instants: the last entry of its ledger by then, one look-up each.
SELECT instant.at, wanted.sku_id, channel.channel_id, last.waiting_after
FROM unnest(%(instants)s::timestamptz[]) AS instant (at)
CROSS JOIN unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN unnest(%(channel_ids)s::bigint[]) AS channel (channel_id)
CROSS JOIN LATERAL (
    SELECT waiting_after
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND channel_id = channel.channel_id
        AND recorded_at <= instant.at
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS last
WHERE last.waiting_after > 0;

-- name: load_waiting_orders_at
-- Who waited for a SKU at an instant, the most units first.
SELECT shortage.order_id, shortage.line_no, shortage.channel_id, sum(shortage.delta)::bigint AS units,
    max(shortage.recorded_at) AS since, max(shortage.sequence) AS sequence
FROM inventory.shortage AS shortage
WHERE shortage.merchant_id = %(merchant_id)s::bigint AND shortage.sku_id = %(sku_id)s::bigint
    AND shortage.recorded_at <= %(at)s::timestamptz
GROUP BY shortage.order_id, shortage.line_no, shortage.channel_id
HAVING sum(shortage.delta) > 0
ORDER BY units DESC, shortage.order_id, shortage.line_no;

-- name: load_holders_at
-- The orders, holds and transfers that had units of some stock rows at an instant, the most units first, each with its last
-- reservation by then.
SELECT taken.order_id, taken.line_no, taken.stock_id, taken.units, taken.since, coalesce(demand.kind, 'order') AS kind,
    taken.sequence
FROM (
    SELECT order_id, line_no, stock_id, sum(delta)::bigint AS units, max(recorded_at) AS since, max(sequence) AS sequence
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
        AND recorded_at <= %(at)s::timestamptz
    GROUP BY order_id, line_no, stock_id
    HAVING sum(delta) > 0
) AS taken
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = taken.stock_id
LEFT JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint
    AND demand.order_id = taken.order_id AND demand.line_no = taken.line_no AND demand.sku_id = stock.sku_id
ORDER BY taken.units DESC, taken.order_id, taken.line_no, taken.stock_id;

-- name: load_last_moves_at
-- The last move of some stock rows by an instant, one look-up each.
SELECT wanted.stock_id, last.sequence, last.reason
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    SELECT sequence, reason
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id AND recorded_at <= %(at)s::timestamptz
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS last;

-- name: load_held_by_holds_at
-- What holds had of the stock rows of some SKUs at an instant.
SELECT entry.stock_id, sum(entry.delta)::bigint AS units
FROM inventory.stock AS stock
JOIN inventory.reservation AS entry ON entry.merchant_id = stock.merchant_id AND entry.stock_id = stock.stock_id
    AND entry.recorded_at <= %(at)s::timestamptz
JOIN inventory.demand AS demand ON demand.merchant_id = entry.merchant_id AND demand.order_id = entry.order_id
    AND demand.line_no = entry.line_no AND demand.sku_id = stock.sku_id AND demand.kind = 'hold'
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = ANY(%(sku_ids)s::bigint[])
GROUP BY entry.stock_id
HAVING sum(entry.delta) > 0;

-- name: load_moves_at
-- The moves of some stock rows that happened at an instant.
SELECT recorded_at, stock_id, sequence, true AS is_move, delta, quantity_after, allocated_after, reason, counterpart,
    reference, reference_id, 0 AS line_no, actor, occurred_at
FROM inventory.move
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    AND occurred_at = %(at)s::timestamptz
ORDER BY stock_id, sequence;

-- name: load_moves_of
-- The moves of some rows that one thing made, since an instant, as they were entered.
SELECT recorded_at, stock_id, sequence, true AS is_move, delta, quantity_after, allocated_after, reason, counterpart,
    reference, reference_id, 0 AS line_no, actor, occurred_at
FROM inventory.move
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    AND occurred_at >= %(since)s::timestamptz AND reference = %(reference)s::text
    AND reference_id = %(reference_id)s::bigint
ORDER BY recorded_at, stock_id, sequence;

-- name: load_change_instants
-- When something was recorded of some stock rows after an instant and up to another, the newest first.
SELECT DISTINCT entry.recorded_at
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    (SELECT recorded_at FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
        AND recorded_at > %(after)s::timestamptz AND recorded_at <= %(until)s::timestamptz
    ORDER BY recorded_at DESC
    LIMIT %(limit)s::bigint)
    UNION ALL
    (SELECT recorded_at FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
        AND recorded_at > %(after)s::timestamptz AND recorded_at <= %(until)s::timestamptz
    ORDER BY recorded_at DESC
    LIMIT %(limit)s::bigint)
) AS entry
ORDER BY entry.recorded_at DESC
LIMIT %(limit)s::bigint;

-- name: load_history
-- The entries of some stock rows in both ledgers, the newest first, from before a place on: each row read from that place.
SELECT entry.recorded_at, entry.stock_id, entry.sequence, entry.is_move, entry.delta, entry.quantity_after,
    entry.allocated_after, entry.reason, entry.counterpart, entry.reference, entry.reference_id, entry.line_no, entry.actor,
    entry.occurred_at
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    (SELECT recorded_at, stock_id, sequence, true AS is_move, delta, quantity_after, allocated_after, reason, counterpart,
        reference, reference_id, 0 AS line_no, actor, occurred_at
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
        AND recorded_at <= %(at)s::timestamptz
        AND (recorded_at, stock_id, sequence) < (%(at)s::timestamptz, %(stock_id)s::bigint, %(sequence)s::bigint)
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT %(limit)s::bigint)
    UNION ALL
    (SELECT entry.recorded_at, entry.stock_id, entry.sequence, false, entry.delta, coalesce(moved.quantity_after, 0),
        entry.allocated_after, entry.reason, '', 'order', entry.order_id, entry.line_no, '', entry.recorded_at
    FROM inventory.reservation AS entry
    LEFT JOIN LATERAL (
        SELECT quantity_after
        FROM inventory.move
        WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = entry.stock_id AND sequence <= entry.sequence
        ORDER BY sequence DESC
        LIMIT 1
    ) AS moved ON true
    WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.stock_id = wanted.stock_id
        AND entry.recorded_at <= %(at)s::timestamptz
        AND (entry.recorded_at, entry.stock_id, entry.sequence)
            < (%(at)s::timestamptz, %(stock_id)s::bigint, %(sequence)s::bigint)
    ORDER BY entry.recorded_at DESC, entry.sequence DESC
    LIMIT %(limit)s::bigint)
) AS entry
ORDER BY entry.recorded_at DESC, entry.stock_id DESC, entry.sequence DESC, entry.is_move DESC
LIMIT %(limit)s::bigint;

-- name: load_holders
-- The orders and holds that have units of some stock rows, who took them last before the others.
SELECT taken.order_id, taken.line_no, taken.stock_id, stock.site_id, taken.units, taken.since
FROM (
    SELECT order_id, line_no, stock_id, sum(delta)::bigint AS units, max(recorded_at) AS since
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    GROUP BY order_id, line_no, stock_id
    HAVING sum(delta) > 0
) AS taken
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = taken.stock_id
ORDER BY taken.since DESC, taken.order_id DESC, taken.line_no
LIMIT %(limit)s::bigint;

-- name: load_held
-- What holds under way have of the stock rows of some SKUs.
SELECT taken.stock_id, sum(taken.delta)::bigint AS units
FROM inventory.hold AS hold
JOIN inventory.demand AS demand ON demand.merchant_id = hold.merchant_id AND demand.order_id = hold.hold_id
    AND demand.sku_id = ANY(%(sku_ids)s::bigint[]) AND demand.allocated > 0
JOIN inventory.reservation AS taken ON taken.merchant_id = hold.merchant_id AND taken.order_id = hold.hold_id
    AND taken.line_no = demand.line_no
JOIN inventory.stock AS stock ON stock.merchant_id = hold.merchant_id AND stock.stock_id = taken.stock_id
    AND stock.sku_id = demand.sku_id
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.state = 'held'
GROUP BY taken.stock_id;

-- name: load_move_batch
-- Moves recorded by an instant, by row and sequence, after a place.
SELECT stock_id, sequence, delta, quantity_after, allocated_after, reason, counterpart, reference, reference_id, actor,
    occurred_at, recorded_at
FROM inventory.move
WHERE merchant_id = %(merchant_id)s::bigint AND (stock_id, sequence) > (%(stock_id)s::bigint, %(sequence)s::bigint)
    AND recorded_at <= %(until)s::timestamptz
ORDER BY stock_id, sequence
LIMIT %(limit)s::bigint;

-- name: load_reservation_batch
-- Reservations recorded by an instant, by row and sequence, after a place.
SELECT stock_id, sequence, order_id, line_no, delta, allocated_after, reason, recorded_at
FROM inventory.reservation
WHERE merchant_id = %(merchant_id)s::bigint AND (stock_id, sequence) > (%(stock_id)s::bigint, %(sequence)s::bigint)
    AND recorded_at <= %(until)s::timestamptz
ORDER BY stock_id, sequence
LIMIT %(limit)s::bigint;

-- name: load_skus_of_statuses
-- The SKUs that have rows in statuses other than available.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND status = ANY(%(statuses)s::text[]) AND status <> 'available';

-- name: load_skus_of_owners
-- The SKUs that have rows of owners other than us.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND owner = ANY(%(owners)s::text[]) AND owner <> 'own';

-- name: load_skus_of_lots
-- The SKUs that have one of some lots.
SELECT DISTINCT sku_id
FROM inventory.lot
WHERE merchant_id = %(merchant_id)s::bigint AND lot = ANY(%(lots)s::text[]);

-- name: load_skus_expiring
-- The SKUs that have a lot which expires before an instant.
SELECT DISTINCT sku_id
FROM inventory.lot
WHERE merchant_id = %(merchant_id)s::bigint AND expires_at IS NOT NULL AND expires_at <= %(until)s::timestamptz;

-- name: load_rows_by_figure
-- Stock rows by a figure (of what is on hand, allocated or free; negative: the most first), after a place.
SELECT row.value, row.stock_id
FROM (
    SELECT stock_id, %(sign)s::bigint * CASE %(figure)s::text
        WHEN 'on_hand' THEN quantity WHEN 'allocated' THEN allocated ELSE quantity - allocated END AS value
    FROM inventory.stock
    WHERE merchant_id = %(merchant_id)s::bigint
        AND (cardinality(%(site_ids)s::bigint[]) = 0 OR site_id = ANY(%(site_ids)s::bigint[]))
        AND (cardinality(%(statuses)s::text[]) = 0 OR status = ANY(%(statuses)s::text[]))
        AND (cardinality(%(owners)s::text[]) = 0 OR owner = ANY(%(owners)s::text[]))
        AND (cardinality(%(lots)s::text[]) = 0 OR lot = ANY(%(lots)s::text[]))
        AND (%(all_skus)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]))
        AND (%(all_rows)s::boolean OR stock_id = ANY(%(stock_ids)s::bigint[]))
        AND quantity - allocated > %(above)s::bigint AND quantity - allocated < %(below)s::bigint
) AS row
WHERE (row.value, row.stock_id) > (%(value)s::bigint, %(stock_id)s::bigint)
ORDER BY row.value, row.stock_id
LIMIT %(limit)s::bigint;

-- name: load_short_skus
-- The SKUs that some demand lacks units of.
SELECT DISTINCT sku_id
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND short > 0
ORDER BY sku_id;

-- name: load_used_skus
-- Of some SKUs, those that have stock rows.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id;

-- name: load_stocked_skus
-- Every SKU that has a row to lock, in key order.
SELECT sku_id FROM inventory.item WHERE merchant_id = %(merchant_id)s::bigint ORDER BY sku_id;

-- name: rebuild_stock
-- Stock rows as their ledgers say, where that is not what they say themselves.
SELECT stock.stock_id, stock.quantity, stock.allocated, stock.sequence,
    coalesce(moved.units, 0)::bigint AS moved, coalesce(taken.units, 0)::bigint AS taken,
    greatest(coalesce(moved.sequence, 0), coalesce(taken.sequence, 0)) AS last_sequence
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT stock_id, sum(delta) AS units, max(sequence) AS sequence
    FROM inventory.move WHERE merchant_id = %(merchant_id)s::bigint GROUP BY stock_id
) AS moved ON moved.stock_id = stock.stock_id
LEFT JOIN (
    SELECT stock_id, sum(delta) AS units, max(sequence) AS sequence
    FROM inventory.reservation WHERE merchant_id = %(merchant_id)s::bigint GROUP BY stock_id
) AS taken ON taken.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint
    AND (stock.quantity <> coalesce(moved.units, 0) OR stock.allocated <> coalesce(taken.units, 0)
        OR stock.sequence <> greatest(coalesce(moved.sequence, 0), coalesce(taken.sequence, 0)))
ORDER BY stock.stock_id;

-- name: count_projections
-- How many rows the projections of stock have: stock, demand, inbound.
SELECT (SELECT count(*) FROM inventory.stock WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM inventory.demand WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM inventory.inbound WHERE merchant_id = %(merchant_id)s::bigint);

-- name: find_unlike_demand
-- Demand that has, or is short of, something else than its ledgers say: with what has been shipped of what it had.
SELECT demand.order_id, demand.line_no, demand.sku_id, demand.wanted, demand.allocated, demand.short, demand.consumed,
    demand.cancelled, coalesce(taken.units, 0)::bigint AS taken, coalesce(lacks.units, 0)::bigint AS lacks,
    coalesce(taken.shipped, 0)::bigint AS shipped
FROM inventory.demand AS demand
LEFT JOIN (
    SELECT reservation.order_id, reservation.line_no, stock.sku_id, sum(reservation.delta) AS units,
        -sum(reservation.delta) FILTER (WHERE reservation.reason = 'shipped') AS shipped
    FROM inventory.reservation AS reservation
    JOIN inventory.stock AS stock
        ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = reservation.stock_id
    WHERE reservation.merchant_id = %(merchant_id)s::bigint
    GROUP BY reservation.order_id, reservation.line_no, stock.sku_id
) AS taken ON taken.order_id = demand.order_id AND taken.line_no = demand.line_no AND taken.sku_id = demand.sku_id
LEFT JOIN (
    SELECT order_id, line_no, sku_id, sum(delta) AS units
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY order_id, line_no, sku_id
) AS lacks ON lacks.order_id = demand.order_id AND lacks.line_no = demand.line_no AND lacks.sku_id = demand.sku_id
WHERE demand.merchant_id = %(merchant_id)s::bigint
    AND (demand.allocated <> coalesce(taken.units, 0) OR demand.short <> coalesce(lacks.units, 0))
ORDER BY demand.order_id, demand.line_no, demand.sku_id;

-- name: restore_demand
-- Set demand to what its ledgers say; no shortage is noted, the ledger of shortages is the truth.
UPDATE inventory.demand AS demand
SET allocated = truth.allocated, short = truth.short, consumed = truth.consumed, cancelled = truth.cancelled
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(allocateds)s::bigint[],
    %(shorts)s::bigint[], %(consumeds)s::bigint[], %(cancelleds)s::bigint[])
    AS truth (order_id, line_no, sku_id, allocated, short, consumed, cancelled)
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = truth.order_id
    AND demand.line_no = truth.line_no AND demand.sku_id = truth.sku_id;

-- name: find_unlike_inbound
-- Inbound that says something else than the last word about it.
SELECT inbound.inbound_id, inbound.expected, inbound.received, inbound.cancelled, inbound.open, inbound.excess,
    inbound.version, last.expected, last.received, last.cancelled, last.open, last.excess, last.version
FROM inventory.inbound AS inbound
JOIN LATERAL (
    SELECT expected, received, cancelled, open, excess, version
    FROM inventory.inbound_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = inbound.inbound_id
    ORDER BY version DESC
    LIMIT 1
) AS last ON true
WHERE inbound.merchant_id = %(merchant_id)s::bigint
    AND (inbound.expected, inbound.received, inbound.cancelled, inbound.open, inbound.excess, inbound.version)
        <> (last.expected, last.received, last.cancelled, last.open, last.excess, last.version)
ORDER BY inbound.inbound_id;

-- name: load_skus_of_inbound
-- The SKUs that some inbound is of.
SELECT DISTINCT sku_id FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = ANY(%(inbound_ids)s::bigint[]);

-- name: restore_inbound
-- Set inbound to the last word about it; its state is what its figures say.
UPDATE inventory.inbound AS inbound
SET expected = truth.expected, received = truth.received, cancelled = truth.cancelled, open = truth.open,
    excess = truth.excess, version = truth.version, state = CASE
        WHEN truth.open > 0 THEN 'open'
        WHEN truth.cancelled = 0 THEN 'received'
        WHEN truth.received + truth.excess > 0 THEN 'closed'
        ELSE 'cancelled' END
FROM unnest(%(inbound_ids)s::bigint[], %(expecteds)s::bigint[], %(receiveds)s::bigint[], %(cancelleds)s::bigint[],
    %(opens)s::bigint[], %(excesses)s::bigint[], %(versions)s::bigint[])
    AS truth (inbound_id, expected, received, cancelled, open, excess, version)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = truth.inbound_id;

-- name: restore_stock
-- Set stock rows to what their ledgers say; what lies in bins is never more.
UPDATE inventory.stock AS stock
SET quantity = truth.quantity, allocated = truth.allocated, sequence = truth.sequence,
    binned = least(stock.binned, truth.quantity)
FROM unnest(%(stock_ids)s::bigint[], %(quantities)s::bigint[], %(allocateds)s::bigint[], %(sequences)s::bigint[])
    AS truth (stock_id, quantity, allocated, sequence)
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = truth.stock_id;
