-- What must always be true of proposals: each statement returns the rows that break it.

-- name: accepted_proposals_are_inbound
-- when: now
-- What was accepted stands as an inbound with its reference.
SELECT proposal.proposal_id, proposal.reference
FROM purchasing.proposal AS proposal
WHERE proposal.merchant_id = %(merchant_id)s::bigint AND proposal.state = 'accepted' AND NOT EXISTS (
    SELECT FROM inventory.inbound AS inbound
    WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.reference = proposal.reference
        AND inbound.sku_id = proposal.sku_id AND inbound.site_id = proposal.site_id);

-- name: decided_by_somebody
-- when: now
-- What is not open any more says when and by whom.
SELECT proposal_id, state
FROM purchasing.proposal
WHERE merchant_id = %(merchant_id)s::bigint AND (state = 'open') <> (decided_at IS NULL);
