-- Transfers between sites, with what is in transit and what went missing.

-- name: lock_transfers
-- Transfers by reference, locked in the order of their ids: before stock, like orders.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at, closed_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY transfer_id
FOR UPDATE;

-- name: find_transfer
-- The transfer of a reference.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at, closed_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND reference = %(reference)s::text;

-- name: find_transfer_ids
-- Transfers by reference, not locked.
SELECT reference, transfer_id
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[]);

-- name: load_transfers
-- Transfers by id.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at, closed_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
ORDER BY transfer_id;

-- name: load_transfer_lines
-- The lines of transfers, in order.
SELECT transfer_id, line_no, sku_id, status, owner, lot, ordered, shipped, cancelled, arrived, damaged, lost, claimed,
    returned, ahead
FROM inventory.transfer_line
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
ORDER BY transfer_id, line_no;

-- name: load_transfer_changes
-- Every step of transfers, in order.
SELECT transfer_id, sequence, line_no, kind, units, document, message_id, actor, occurred_at, recorded_at
FROM inventory.transfer_change
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
ORDER BY transfer_id, sequence;

-- copy: transfer inventory.transfer (merchant_id, transfer_id, reference, from_site_id, to_site_id, state, expected_at,
--     ordered_at, recorded_at, closed_at)
-- New transfers.

-- copy: transfer_line inventory.transfer_line (merchant_id, transfer_id, line_no, sku_id, status, owner, lot, ordered,
--     shipped, cancelled, arrived, damaged, lost, claimed, returned, ahead)
-- New lines of transfers.

-- copy: transfer_change inventory.transfer_change (merchant_id, transfer_id, sequence, line_no, kind, units, document,
--     message_id, actor, occurred_at, recorded_at)
-- The steps of transfers are append-only.

-- name: change_transfers
-- What became of transfers.
UPDATE inventory.transfer AS transfer
SET state = change.state, expected_at = change.expected_at, closed_at = change.closed_at
FROM unnest(%(transfer_ids)s::bigint[], %(states)s::text[], %(expected_ats)s::timestamptz[],
    %(closed_ats)s::timestamptz[]) AS change (transfer_id, state, expected_at, closed_at)
WHERE transfer.merchant_id = %(merchant_id)s::bigint AND transfer.transfer_id = change.transfer_id;

-- name: change_transfer_lines
-- What became of lines of transfers.
UPDATE inventory.transfer_line AS line
SET ordered = change.ordered, shipped = change.shipped, cancelled = change.cancelled, arrived = change.arrived,
    damaged = change.damaged, lost = change.lost, claimed = change.claimed, returned = change.returned,
    ahead = change.ahead
FROM unnest(%(transfer_ids)s::bigint[], %(line_nos)s::integer[], %(ordered_units)s::bigint[], %(shipped_units)s::bigint[],
    %(cancelled_units)s::bigint[], %(arrived_units)s::bigint[], %(damaged_units)s::bigint[], %(lost_units)s::bigint[],
    %(claimed_units)s::bigint[], %(returned_units)s::bigint[], %(ahead_units)s::bigint[])
    AS change (transfer_id, line_no, ordered, shipped, cancelled, arrived, damaged, lost, claimed, returned, ahead)
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.transfer_id = change.transfer_id
    AND line.line_no = change.line_no;

-- name: load_every_transfer
-- Every transfer by id.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at, closed_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY transfer_id;
