-- What must always be true of customers: each statement returns the rows that break it.

-- name: erased_contact_holds_nothing
-- when: now
-- What was erased is gone.
SELECT order_id, erased_at
FROM customers.contact
WHERE merchant_id = %(merchant_id)s::bigint AND erased_at IS NOT NULL
    AND (details IS NOT NULL OR email_hash IS NOT NULL);

-- name: contact_has_details
-- when: now
-- A contact without details is one that was erased.
SELECT order_id
FROM customers.contact
WHERE merchant_id = %(merchant_id)s::bigint AND erased_at IS NULL AND details IS NULL;
