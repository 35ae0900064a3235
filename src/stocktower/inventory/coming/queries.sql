-- What is to come (inbound) and who has claimed it: read and recorded.

-- name: load_coming
-- Inbound of some SKUs that is open, the soonest first and the undated last.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND state = 'open'
ORDER BY sku_id, expected_at, inbound_id;

-- name: load_coming_at
-- Inbound of some SKUs that was open at an instant, as it was known then: what the last word by then left of it.
SELECT inbound.inbound_id, inbound.kind, inbound.reference, inbound.line, inbound.sku_id, inbound.site_id, inbound.lot,
    word.supplier, word.expected, word.received, word.cancelled, word.open, word.excess, word.expected_at,
    word.confirmed_at, word.cost_minor, 'open' AS state, word.version
FROM inventory.inbound AS inbound
CROSS JOIN LATERAL (
    SELECT supplier, expected, received, cancelled, open, excess, expected_at, confirmed_at, cost_minor, version
    FROM inventory.inbound_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = inbound.inbound_id
        AND recorded_at <= %(at)s::timestamptz
    ORDER BY version DESC
    LIMIT 1
) AS word
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.sku_id = ANY(%(sku_ids)s::bigint[]) AND word.open > 0
ORDER BY inbound.sku_id, word.expected_at, inbound.inbound_id;

-- name: load_delivery_times
-- How long the newest deliveries of SKUs took from their confirmation until the last of them was received, in seconds.
SELECT inbound.sku_id, inbound.kind, inbound.supplier,
    greatest(0, extract(epoch FROM came.at - inbound.confirmed_at))::bigint AS seconds
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT inbound_id, sku_id, kind, supplier, confirmed_at
    FROM inventory.inbound
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND state IN ('received', 'closed')
        AND confirmed_at IS NOT NULL AND kind IN ('purchase', 'production')
    ORDER BY confirmed_at DESC, inbound_id DESC
    LIMIT %(limit)s::bigint
) AS inbound
CROSS JOIN LATERAL (
    SELECT max(occurred_at) AS at
    FROM inventory.inbound_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = inbound.inbound_id AND kind = 'received'
) AS came
WHERE came.at IS NOT NULL
ORDER BY inbound.sku_id, inbound.kind, inbound.supplier, inbound.confirmed_at DESC;

-- name: load_delivery_times_at
-- The same as it was known at an instant.
SELECT inbound.sku_id, inbound.kind, inbound.supplier,
    greatest(0, extract(epoch FROM came.at - inbound.confirmed_at))::bigint AS seconds
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT one.inbound_id, one.sku_id, one.kind, word.supplier, word.confirmed_at
    FROM inventory.inbound AS one
    CROSS JOIN LATERAL (
        SELECT supplier, received, cancelled, open, excess, confirmed_at
        FROM inventory.inbound_change
        WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = one.inbound_id
            AND recorded_at <= %(at)s::timestamptz
        ORDER BY version DESC
        LIMIT 1
    ) AS word
    WHERE one.merchant_id = %(merchant_id)s::bigint AND one.sku_id = wanted.sku_id
        AND one.kind IN ('purchase', 'production') AND word.open = 0 AND word.confirmed_at IS NOT NULL
        AND (word.cancelled = 0 OR word.received + word.excess > 0)
    ORDER BY word.confirmed_at DESC, one.inbound_id DESC
    LIMIT %(limit)s::bigint
) AS inbound
CROSS JOIN LATERAL (
    SELECT max(occurred_at) AS at
    FROM inventory.inbound_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = inbound.inbound_id AND kind = 'received'
        AND recorded_at <= %(at)s::timestamptz
) AS came
WHERE came.at IS NOT NULL
ORDER BY inbound.sku_id, inbound.kind, inbound.supplier, inbound.confirmed_at DESC;

-- name: load_inbound_claims
-- What lines of some orders still wait for of inbound, the soonest first.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.order_id = ANY(%(order_ids)s::bigint[])
    AND claim.claimed + claim.arrived > 0
ORDER BY claim.order_id, claim.line_no, inbound.expected_at, claim.inbound_id;

-- name: load_inbound_claims_of_skus
-- Every claim on inbound of some SKUs, the soonest first.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.sku_id = ANY(%(sku_ids)s::bigint[])
    AND claim.claimed + claim.arrived > 0
ORDER BY claim.sku_id, inbound.expected_at, claim.inbound_id, claim.order_id, claim.line_no;

-- name: load_claims_at
-- What lines still claimed at an instant of inbound that was to come then, the soonest first: the sums of their changes.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    ledger.claimed, ledger.arrived, coming.site_id, coming.expected_at
FROM unnest(%(inbound_ids)s::bigint[], %(site_ids)s::bigint[], %(expected_ats)s::timestamptz[])
    AS coming (inbound_id, site_id, expected_at)
CROSS JOIN LATERAL (
    SELECT order_id, line_no, sku_id, sum(claimed)::bigint AS claimed, sum(arrived)::bigint AS arrived
    FROM inventory.inbound_claim_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = coming.inbound_id
        AND recorded_at <= %(at)s::timestamptz
    GROUP BY order_id, line_no, sku_id
) AS ledger
JOIN inventory.inbound_claim AS claim ON claim.merchant_id = %(merchant_id)s::bigint
    AND claim.order_id = ledger.order_id AND claim.line_no = ledger.line_no AND claim.sku_id = ledger.sku_id
    AND claim.inbound_id = coming.inbound_id
WHERE ledger.claimed > 0
ORDER BY claim.sku_id, coming.expected_at, claim.inbound_id, claim.order_id, claim.line_no;

-- name: load_claims_on
-- The claims on some inbound of which something is still to come.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.inbound_id = ANY(%(inbound_ids)s::bigint[])
    AND claim.claimed > 0
ORDER BY claim.inbound_id, claim.priority, claim.placed_at, claim.order_id, claim.line_no;

-- name: load_claims_with_demand
-- The claims of some orders, with what each line is short of.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at,
    demand.short
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = claim.order_id
    AND demand.line_no = claim.line_no AND demand.sku_id = claim.sku_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.order_id = ANY(%(order_ids)s::bigint[])
    AND claim.claimed + claim.arrived > 0
ORDER BY claim.order_id, claim.line_no, inbound.expected_at, claim.inbound_id;

-- name: load_arrived_orders
-- Orders for which something arrived that is not allocated to them yet, in the order in which they are served.
SELECT order_id
FROM inventory.inbound_claim
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND arrived > 0
GROUP BY order_id
ORDER BY min(priority), min(placed_at), order_id;

-- name: load_claiming_orders
-- The orders that claim some inbound.
SELECT DISTINCT order_id
FROM inventory.inbound_claim
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = ANY(%(inbound_ids)s::bigint[]) AND claimed + arrived > 0
ORDER BY order_id;

-- name: upsert_inbound_claims
-- Claims as they are now.
INSERT INTO inventory.inbound_claim (merchant_id, order_id, line_no, sku_id, inbound_id, channel_id, priority, placed_at,
    claimed, arrived)
SELECT %(merchant_id)s::bigint, stated.order_id, stated.line_no, stated.sku_id, stated.inbound_id, stated.channel_id,
    stated.priority, stated.placed_at, stated.claimed, stated.arrived
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(inbound_ids)s::bigint[],
    %(channel_ids)s::bigint[], %(priorities)s::integer[], %(times)s::timestamptz[], %(claimeds)s::bigint[],
    %(arriveds)s::bigint[])
    AS stated (order_id, line_no, sku_id, inbound_id, channel_id, priority, placed_at, claimed, arrived)
ON CONFLICT (merchant_id, order_id, line_no, sku_id, inbound_id)
DO UPDATE SET claimed = excluded.claimed, arrived = excluded.arrived;

-- name: change_claimed
-- What is claimed of inbound, by differences; no more than is open of it.
UPDATE inventory.inbound AS inbound
SET claimed = inbound.claimed + change.delta
FROM unnest(%(inbound_ids)s::bigint[], %(deltas)s::bigint[]) AS change (inbound_id, delta)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = change.inbound_id;

-- copy: inbound_claim_change inventory.inbound_claim_change (merchant_id, change_id, inbound_id, order_id, line_no, sku_id,
--     claimed, arrived, reason, recorded_at)
-- The ledger of claims is append-only.

-- name: load_inbound_of_references
-- Every line of some references, open or not.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY expected_at, inbound_id;

-- name: load_inbound_by_id
-- Inbound by id.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = ANY(%(inbound_ids)s::bigint[])
ORDER BY inbound_id;

-- copy: inbound inventory.inbound (merchant_id, inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected,
--     received, cancelled, open, excess, expected_at, confirmed_at, cost_minor, state, version)
-- New inbound.

-- name: change_inbound
-- What became of inbound, where it still stands at the version that the change was computed from.
UPDATE inventory.inbound AS inbound
SET supplier = change.supplier, expected = change.expected, received = change.received, cancelled = change.cancelled,
    open = change.open, excess = change.excess, expected_at = change.expected_at, confirmed_at = change.confirmed_at,
    cost_minor = change.cost_minor, state = change.state, version = change.version
FROM unnest(%(inbound_ids)s::bigint[], %(before)s::bigint[], %(versions)s::bigint[], %(suppliers)s::text[],
    %(expecteds)s::bigint[], %(receiveds)s::bigint[], %(cancelleds)s::bigint[], %(opens)s::bigint[],
    %(excesses)s::bigint[], %(expected_ats)s::timestamptz[], %(confirmed_ats)s::timestamptz[],
    %(cost_minors)s::bigint[], %(states)s::text[])
    AS change (inbound_id, before, version, supplier, expected, received, cancelled, open, excess, expected_at,
        confirmed_at, cost_minor, state)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = change.inbound_id
    AND inbound.version = change.before;

-- copy: inbound_change inventory.inbound_change (merchant_id, inbound_id, version, kind, expected, received, cancelled, open,
--     excess, expected_at, confirmed_at, cost_minor, reason, reference, reference_id, actor, occurred_at, recorded_at,
--     supplier)
-- The history of inbound is append-only.

-- name: load_inbound_changes
-- The history of one inbound, the first word first.
SELECT inbound_id, version, kind, expected, received, cancelled, open, excess, expected_at, confirmed_at, cost_minor,
    reason, reference, reference_id, actor, occurred_at, recorded_at, supplier
FROM inventory.inbound_change
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = %(inbound_id)s::bigint
ORDER BY version;

-- copy: receipt inventory.receipt (merchant_id, receipt_id, site_id, reference, inbound_reference, received_at, recorded_at)
-- New receipts.

-- copy: receipt_line inventory.receipt_line (merchant_id, receipt_id, sequence, stock_id, sku_id, status, lot, line,
--     inbound_id, units, cost_minor, message_id, actor, occurred_at, recorded_at)
-- What was received, append-only.

-- name: find_receipts
-- Receipts by the number that their sites gave them.
SELECT receipt.site_id, receipt.reference, receipt.receipt_id
FROM unnest(%(site_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (site_id, reference)
JOIN inventory.receipt AS receipt ON receipt.merchant_id = %(merchant_id)s::bigint
    AND receipt.site_id = wanted.site_id AND receipt.reference = wanted.reference;

-- name: load_receipts
-- Deliveries by id.
SELECT receipt_id, site_id, reference, inbound_reference, received_at, recorded_at
FROM inventory.receipt
WHERE merchant_id = %(merchant_id)s::bigint AND receipt_id = ANY(%(receipt_ids)s::bigint[])
ORDER BY receipt_id;

-- name: load_receipts_of_inbound
-- The deliveries under one order or advice, as they were received.
SELECT receipt_id, site_id, reference, inbound_reference, received_at, recorded_at
FROM inventory.receipt
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_reference = %(reference_text)s::text AND inbound_reference <> ''
ORDER BY received_at, receipt_id;

-- name: load_receipt_lines
-- All that was entered of some receipts, in order.
SELECT line.receipt_id, line.sequence, line.stock_id, line.sku_id, line.status, line.lot, line.line, line.inbound_id,
    line.units, line.cost_minor, line.message_id, line.actor, line.occurred_at, line.recorded_at
FROM unnest(%(site_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (site_id, reference)
JOIN inventory.receipt AS receipt ON receipt.merchant_id = %(merchant_id)s::bigint
    AND receipt.site_id = wanted.site_id AND receipt.reference = wanted.reference
JOIN inventory.receipt_line AS line ON line.merchant_id = receipt.merchant_id AND line.receipt_id = receipt.receipt_id
ORDER BY line.receipt_id, line.sequence;

-- name: load_coming_page
-- A page of inbound, the soonest first and the undated last, with how many match.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version, count(*) OVER () AS total
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND (%(state)s::text = '' OR state = %(state)s::text)
    AND (%(sku_id)s::bigint = 0 OR sku_id = %(sku_id)s::bigint)
    AND (%(site_id)s::bigint = 0 OR site_id = %(site_id)s::bigint)
    AND (%(reference)s::text = '' OR reference = %(reference)s::text)
    AND (NOT %(late)s::boolean OR (open > 0 AND expected_at < %(now)s::timestamptz))
ORDER BY expected_at, inbound_id
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: load_move_rows
-- Moves of a span of time with their places, the last recorded first.
SELECT move.stock_id, move.sequence, stock.sku_id, stock.site_id, stock.status, stock.lot, move.delta, move.quantity_after,
    move.reason, move.counterpart, move.reference, move.reference_id, move.actor, move.occurred_at, move.recorded_at
FROM inventory.move AS move
JOIN inventory.stock AS stock ON stock.merchant_id = move.merchant_id AND stock.stock_id = move.stock_id
WHERE move.merchant_id = %(merchant_id)s::bigint
    AND (%(sku_id)s::bigint = 0 OR stock.sku_id = %(sku_id)s::bigint)
    AND (%(site_id)s::bigint = 0 OR stock.site_id = %(site_id)s::bigint)
    AND (%(reason)s::text = '' OR move.reason = %(reason)s::text)
    AND (%(reference_id)s::bigint = 0 OR move.reference_id = %(reference_id)s::bigint)
    AND move.recorded_at >= %(since)s::timestamptz AND move.recorded_at < %(until)s::timestamptz
ORDER BY move.recorded_at DESC, move.stock_id DESC, move.sequence DESC
LIMIT %(limit)s::bigint;

-- name: count_claims
-- How many claims on inbound there are or were.
SELECT count(*) FROM inventory.inbound_claim WHERE merchant_id = %(merchant_id)s::bigint;

-- name: find_unlike_claims
-- Claims that are not the sum of their changes.
SELECT coalesce(claim.order_id, ledger.order_id) AS order_id, coalesce(claim.line_no, ledger.line_no) AS line_no,
    coalesce(claim.sku_id, ledger.sku_id) AS sku_id, coalesce(claim.inbound_id, ledger.inbound_id) AS inbound_id,
    claim.claimed, claim.arrived, ledger.claimed, ledger.arrived
FROM (SELECT * FROM inventory.inbound_claim WHERE merchant_id = %(merchant_id)s::bigint) AS claim
FULL JOIN (
    SELECT inbound_id, order_id, line_no, sku_id, sum(claimed)::bigint AS claimed, sum(arrived)::bigint AS arrived
    FROM inventory.inbound_claim_change
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY inbound_id, order_id, line_no, sku_id
) AS ledger ON ledger.inbound_id = claim.inbound_id AND ledger.order_id = claim.order_id
    AND ledger.line_no = claim.line_no AND ledger.sku_id = claim.sku_id
WHERE (claim.claimed, claim.arrived) IS DISTINCT FROM (ledger.claimed, ledger.arrived)
ORDER BY 1, 2, 3, 4;

-- name: restore_claims
-- Make claims the sum of their changes; who claims is what its demand says.
INSERT INTO inventory.inbound_claim (merchant_id, order_id, line_no, sku_id, inbound_id, channel_id, priority, placed_at,
    claimed, arrived)
SELECT demand.merchant_id, demand.order_id, demand.line_no, demand.sku_id, truth.inbound_id, demand.channel_id,
    demand.priority, demand.placed_at, truth.claimed, truth.arrived
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(inbound_ids)s::bigint[],
    %(claimeds)s::bigint[], %(arriveds)s::bigint[])
    AS truth (order_id, line_no, sku_id, inbound_id, claimed, arrived)
JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = truth.order_id
    AND demand.line_no = truth.line_no AND demand.sku_id = truth.sku_id
ON CONFLICT (merchant_id, order_id, line_no, sku_id, inbound_id)
DO UPDATE SET claimed = excluded.claimed, arrived = excluded.arrived;

-- name: find_unlike_claimed
-- Inbound of which something else is claimed than its claims add up to by their changes.
SELECT inbound.inbound_id, inbound.claimed, coalesce(ledger.units, 0)::bigint
FROM inventory.inbound AS inbound
LEFT JOIN (
    SELECT inbound_id, sum(claimed) AS units
    FROM inventory.inbound_claim_change
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY inbound_id
) AS ledger ON ledger.inbound_id = inbound.inbound_id
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.claimed <> coalesce(ledger.units, 0)
ORDER BY inbound.inbound_id;

-- name: restore_claimed
-- Make what is claimed of inbound what its claims add up to.
UPDATE inventory.inbound AS inbound
SET claimed = truth.claimed
FROM unnest(%(inbound_ids)s::bigint[], %(claimeds)s::bigint[]) AS truth (inbound_id, claimed)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = truth.inbound_id;
