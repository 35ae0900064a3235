-- Proposals of what to order, and what they are computed from.

-- name: load_sold
-- Units that channels accepted of SKUs by day in the merchant's zone, less what was cancelled.
SELECT sku_id, channel_id, (placed_at AT TIME ZONE %(timezone)s::text)::date AS day,
    sum(allocated + short + consumed)::bigint AS units
FROM inventory.pub_demand
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND kind = 'order'
    AND placed_at >= %(since)s::timestamptz AND placed_at < %(until)s::timestamptz
GROUP BY sku_id, channel_id, day
HAVING sum(allocated + short + consumed) > 0
ORDER BY sku_id, day, channel_id;

-- name: lock_open
-- Open proposals, locked in key order.
SELECT proposal_id, sku_id, site_id, supplier, quantity, state, is_changed, figures, computed_at, decided_at, decided_by,
    note, reference
FROM purchasing.proposal
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'open'
ORDER BY proposal_id
FOR UPDATE;

-- name: load_open
-- Open proposals, by supplier.
SELECT proposal_id, sku_id, site_id, supplier, quantity, state, is_changed, figures, computed_at, decided_at, decided_by,
    note, reference
FROM purchasing.proposal
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'open'
ORDER BY supplier, proposal_id;

-- copy: proposal purchasing.proposal (merchant_id, proposal_id, sku_id, site_id, supplier, quantity, state, is_changed,
--     figures, computed_at, decided_at, decided_by, note, reference)
-- New proposals.

-- name: update_proposals
-- What became of proposals.
UPDATE purchasing.proposal AS proposal
SET quantity = stated.quantity, state = stated.state, is_changed = stated.is_changed, figures = stated.figures::jsonb,
    computed_at = stated.computed_at, decided_at = stated.decided_at, decided_by = stated.decided_by, note = stated.note,
    reference = stated.reference
FROM unnest(%(proposal_ids)s::bigint[], %(quantities)s::bigint[], %(states)s::text[], %(changed)s::boolean[],
    %(figures)s::text[], %(computed)s::timestamptz[], %(decided)s::timestamptz[], %(actors)s::text[], %(notes)s::text[],
    %(reference_texts)s::text[])
    AS stated (proposal_id, quantity, state, is_changed, figures, computed_at, decided_at, decided_by, note, reference)
WHERE proposal.merchant_id = %(merchant_id)s::bigint AND proposal.proposal_id = stated.proposal_id;

-- name: load_resting
-- What was dismissed not long ago is not proposed again.
SELECT DISTINCT sku_id, site_id
FROM purchasing.proposal
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'dismissed' AND decided_at > %(since)s::timestamptz;
