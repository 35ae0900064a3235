-- Lots, serials, expiry and owners of stock, and the trace of a lot.

-- name: load_expired
-- Stock rows whose lot has expired and that are in a status which could be sold.
SELECT stock.stock_id
FROM inventory.stock_state AS stock
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = ANY(%(sku_ids)s::bigint[]) AND stock.lot <> ''
    AND stock.quantity > 0 AND stock.expires_at <= %(now)s::timestamptz
    AND (stock.status = 'available' OR EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = stock.merchant_id AND own.code = stock.status AND own.until IS NULL AND own.sellable))
ORDER BY stock.stock_id;

-- name: load_expiring_skus
-- The SKUs of which a lot expires after now.
SELECT DISTINCT sku_id
FROM inventory.lot
WHERE merchant_id = %(merchant_id)s::bigint AND expires_at > %(now)s::timestamptz
ORDER BY sku_id;

-- name: load_known_lots
-- Lots by SKU and code.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.made_on, lot.received_at, lot.state, lot.recorded_at
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[]) AS wanted (sku_id, lot)
JOIN inventory.lot AS lot ON lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = wanted.sku_id
    AND lot.lot = wanted.lot;

-- name: load_lots_of
-- The lots of some SKUs, the first to expire before the others.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.made_on, lot.received_at, lot.state, lot.recorded_at
FROM inventory.lot AS lot
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY lot.sku_id, lot.expires_at NULLS LAST, lot.lot;

-- copy: lot inventory.lot (merchant_id, sku_id, lot, expires_at, made_on, received_at, state, recorded_at)
-- New lots.

-- name: record_past_lots
-- What was known of lots until now, of those of which something else is known from now on.
INSERT INTO inventory.past_lot (merchant_id, sku_id, lot, sequence, expires_at, made_on, state, until_at)
SELECT lot.merchant_id, lot.sku_id, lot.lot, coalesce(last.sequence, 0) + 1, lot.expires_at, lot.made_on, lot.state,
    greatest(last.until_at, %(now)s::timestamptz)
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[], %(expiries)s::timestamptz[], %(made)s::date[], %(states)s::text[])
    AS known (sku_id, lot, expires_at, made_on, state)
JOIN inventory.lot AS lot ON lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = known.sku_id
    AND lot.lot = known.lot
    AND (lot.expires_at, lot.made_on, lot.state) IS DISTINCT FROM (known.expires_at, known.made_on, known.state)
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM inventory.past_lot
    WHERE merchant_id = lot.merchant_id AND sku_id = lot.sku_id AND lot = lot.lot
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true;

-- name: change_lots
-- What is known of lots now.
UPDATE inventory.lot AS lot
SET expires_at = known.expires_at, made_on = known.made_on, state = known.state
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[], %(expiries)s::timestamptz[], %(made)s::date[], %(states)s::text[])
    AS known (sku_id, lot, expires_at, made_on, state)
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = known.sku_id AND lot.lot = known.lot;

-- name: load_lots
-- Lots, the first to expire first, with what is on hand of each.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.received_at, lot.state,
    coalesce(held.quantity, 0)::bigint AS quantity, coalesce(held.allocated, 0)::bigint AS allocated
FROM inventory.lot AS lot
LEFT JOIN LATERAL (
    SELECT sum(stock.quantity) AS quantity, sum(stock.allocated) AS allocated
    FROM inventory.stock AS stock
    WHERE stock.merchant_id = lot.merchant_id AND stock.sku_id = lot.sku_id AND stock.lot = lot.lot
) AS held ON true
WHERE lot.merchant_id = %(merchant_id)s::bigint AND starts_with(lot.lot, %(code)s::text)
    AND (%(sku_id)s::bigint = 0 OR lot.sku_id = %(sku_id)s::bigint)
    AND (%(state)s::text = '' OR lot.state = %(state)s::text)
ORDER BY lot.expires_at NULLS LAST, lot.lot, lot.sku_id
LIMIT %(limit)s::bigint;

-- name: load_lot_moves
-- All moves of some stock rows, in the order in which they were recorded.
SELECT move.stock_id, move.sequence, stock.site_id, stock.status, move.delta, move.quantity_after, move.reason,
    move.counterpart, move.reference, move.reference_id, move.occurred_at, move.recorded_at
FROM inventory.move AS move
JOIN inventory.stock AS stock ON stock.merchant_id = move.merchant_id AND stock.stock_id = move.stock_id
WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = ANY(%(stock_ids)s::bigint[])
ORDER BY move.recorded_at, move.stock_id, move.sequence;

-- name: load_lot_holders
-- Who has units of some stock rows now.
SELECT taken.stock_id, taken.order_id, taken.line_no, demand.kind, stock.site_id, taken.units
FROM (
    SELECT order_id, line_no, stock_id, sum(delta)::bigint AS units
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    GROUP BY order_id, line_no, stock_id
    HAVING sum(delta) > 0
) AS taken
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = taken.stock_id
JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = taken.order_id
    AND demand.line_no = taken.line_no AND demand.sku_id = stock.sku_id
ORDER BY taken.order_id, taken.line_no, stock.site_id;

-- name: load_lots_of_orders
-- What lines of some orders have or had of lots; order by order, whatever the planner knows of the ledger.
SELECT taken.order_id, taken.line_no, taken.sku_id, taken.lot, taken.site_id, taken.allocated, taken.shipped
FROM unnest(%(order_ids)s::bigint[]) AS wanted (order_id)
CROSS JOIN LATERAL (
    SELECT entry.order_id, entry.line_no, stock.sku_id, stock.lot, stock.site_id, sum(entry.delta)::bigint AS allocated,
        coalesce(-sum(entry.delta) FILTER (WHERE entry.reason = 'shipped'), 0)::bigint AS shipped
    FROM inventory.reservation AS entry
    JOIN inventory.stock AS stock ON stock.merchant_id = entry.merchant_id AND stock.stock_id = entry.stock_id
    WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.order_id = wanted.order_id AND stock.lot <> ''
    GROUP BY entry.order_id, entry.line_no, stock.sku_id, stock.lot, stock.site_id
) AS taken
WHERE taken.allocated <> 0 OR taken.shipped <> 0
ORDER BY taken.order_id, taken.line_no, taken.sku_id, taken.lot, taken.site_id;
