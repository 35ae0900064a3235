-- Adjustments by governed reason, with a second person where the value asks for one.

-- name: find_adjustments
-- Adjustments by reference.
SELECT adjustment_id, reference, sku_id, site_id, status, owner, lot, delta, reason, account_role, note, cost_minor,
    value_minor, state, requested_by, occurred_at, recorded_at, message_id, decided_by, decided_at
FROM inventory.adjustment
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY adjustment_id;

-- name: lock_adjustment
-- An adjustment by id, locked.
SELECT adjustment_id, reference, sku_id, site_id, status, owner, lot, delta, reason, account_role, note, cost_minor,
    value_minor, state, requested_by, occurred_at, recorded_at, message_id, decided_by, decided_at
FROM inventory.adjustment
WHERE merchant_id = %(merchant_id)s::bigint AND adjustment_id = %(adjustment_id)s::bigint
FOR UPDATE;

-- copy: adjustment inventory.adjustment (merchant_id, adjustment_id, reference, sku_id, site_id, status, owner, lot, delta,
--     reason, account_role, note, cost_minor, value_minor, state, requested_by, occurred_at, recorded_at, message_id,
--     decided_by, decided_at)
-- New adjustments.

-- name: decide_adjustment
-- How a second person decided.
UPDATE inventory.adjustment
SET state = %(state)s::text, decided_by = %(decided_by)s::text, decided_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND adjustment_id = %(adjustment_id)s::bigint;
