-- What must always be true of access: each statement returns the rows that break it. The hashes are checked by verify.

-- name: audit_is_gapless
-- when: now
-- The acts of people are numbered from 1 without a gap, up to where the chain ends.
SELECT count(audit.sequence), max(audit.sequence), max(head.sequence)
FROM access.audit AS audit
FULL JOIN access.chain_head AS head ON head.merchant_id = audit.merchant_id AND head.sequence = audit.sequence
WHERE coalesce(audit.merchant_id, head.merchant_id) = %(merchant_id)s::bigint
HAVING count(audit.sequence) <> coalesce(max(audit.sequence), 0)
    OR coalesce(max(head.sequence), 0) <> coalesce(max(audit.sequence), 0);

-- name: used_link_is_a_link
-- when: now
-- Only sign-in links are used up; tokens and sessions expire or are revoked.
SELECT token_id, kind FROM access.token
WHERE merchant_id = %(merchant_id)s::bigint AND used_at IS NOT NULL AND kind <> 'link';
