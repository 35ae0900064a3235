-- The SQL of the customers room.

-- copy: contact customers.contact (merchant_id, order_id, email_hash:bytea, details)
-- The contacts of new orders; one COPY per batch.

-- name: upsert_contacts
-- The contacts of orders as last stated; what was erased stays erased.
INSERT INTO customers.contact AS known (merchant_id, order_id, email_hash, details)
SELECT %(merchant_id)s::bigint, stated.order_id, decode(stated.email_hash, 'hex'), stated.details::jsonb
FROM unnest(%(order_ids)s::bigint[], %(email_hashes)s::text[], %(details)s::text[])
    AS stated (order_id, email_hash, details)
ORDER BY stated.order_id
ON CONFLICT (merchant_id, order_id) DO UPDATE
SET email_hash = excluded.email_hash, details = excluded.details
WHERE known.erased_at IS NULL
    AND (known.email_hash, known.details) IS DISTINCT FROM (excluded.email_hash, excluded.details);

-- name: load_contacts
-- The contacts of orders that have one and still hold it.
SELECT order_id, details
FROM customers.contact
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]) AND details IS NOT NULL;

-- name: find_orders_of_email
-- The orders of an e-mail address that still hold it.
SELECT order_id
FROM customers.contact
WHERE merchant_id = %(merchant_id)s::bigint AND email_hash = %(email_hash)s::bytea
ORDER BY order_id;

-- name: erase_contacts
-- Forget who is behind orders; locked in key order.
WITH held AS (
    SELECT order_id
    FROM customers.contact
    WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]) AND erased_at IS NULL
    ORDER BY order_id
    FOR UPDATE
)
UPDATE customers.contact AS contact
SET details = NULL, email_hash = NULL, erased_at = %(now)s::timestamptz
FROM held
WHERE contact.merchant_id = %(merchant_id)s::bigint AND contact.order_id = held.order_id
RETURNING contact.order_id;
