-- Holds with their expiry, and what can be promised by which date.

-- copy: hold inventory.hold (merchant_id, hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id)
-- New holds.

-- name: find_holds
-- Holds by channel and reference: a look-up for each, whatever the planner knew of the table when it made its plan.
SELECT hold.hold_id, hold.channel_id, hold.reference, hold.state, hold.created_at, hold.expires_at, hold.ended_at,
    hold.order_id
FROM unnest(%(channel_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (channel_id, reference)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.hold
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = wanted.channel_id AND reference = wanted.reference
    LIMIT 1
) AS hold;

-- name: load_hold_references
-- What holds are called by their channels.
SELECT hold_id, reference FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND hold_id = ANY(%(hold_ids)s::bigint[]);

-- name: lock_holds
-- Holds under way by id that no order has taken, locked in key order.
SELECT hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id
FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND hold_id = ANY(%(hold_ids)s::bigint[]) AND state = 'held'
    AND order_id IS NULL
ORDER BY hold_id
FOR UPDATE;

-- name: lock_carts
-- Holds of carts by channel and reference, whatever became of them, locked in key order.
SELECT hold.hold_id, hold.channel_id, hold.reference, hold.state, hold.created_at, hold.expires_at, hold.ended_at,
    hold.order_id
FROM unnest(%(channel_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (channel_id, reference)
JOIN inventory.hold AS hold ON hold.merchant_id = %(merchant_id)s::bigint
    AND hold.channel_id = wanted.channel_id AND hold.reference = wanted.reference
ORDER BY hold.hold_id
FOR UPDATE OF hold;

-- name: lock_holds_of_orders
-- Holds under way that wait for their orders to reserve, locked in key order.
SELECT hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id
FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]) AND state = 'held'
ORDER BY hold_id
FOR UPDATE;

-- name: set_hold_orders
-- Holds whose orders have come: they end with them, or wait for them to reserve.
UPDATE inventory.hold AS hold
SET order_id = taken.order_id
FROM unnest(%(hold_ids)s::bigint[], %(order_ids)s::bigint[]) AS taken (hold_id, order_id)
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.hold_id = taken.hold_id;

-- name: end_holds
-- Holds that are over.
UPDATE inventory.hold
SET state = %(state)s::text, ended_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND hold_id = ANY(%(hold_ids)s::bigint[]);

-- name: extend_holds
-- Holds that last longer.
UPDATE inventory.hold AS hold
SET expires_at = longer.expires_at
FROM unnest(%(hold_ids)s::bigint[], %(times)s::timestamptz[]) AS longer (hold_id, expires_at)
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.hold_id = longer.hold_id AND hold.state = 'held';

-- name: load_open_holds
-- Holds under way, the one that ends first before the others.
SELECT hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id
FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'held'
ORDER BY expires_at, hold_id
LIMIT %(limit)s::bigint;
