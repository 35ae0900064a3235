-- Payments of orders.

-- copy: payment payments.payment (merchant_id, payment_id, order_id, method, reference, currency, amount_minor,
--     captured_minor, refunded_minor, state, authorized_until, updated_at)
-- New payments; one COPY a batch.

-- name: load_payments
-- The payments of orders, in the order of their recording.
SELECT payment_id, order_id, method, reference, currency, amount_minor, captured_minor, refunded_minor, state,
    authorized_until
FROM payments.payment
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, payment_id;

-- name: load_payments_by_id
-- Payments by id.
SELECT payment_id, order_id, method, reference, currency, amount_minor, captured_minor, refunded_minor, state,
    authorized_until
FROM payments.payment
WHERE merchant_id = %(merchant_id)s::bigint AND payment_id = ANY(%(payment_ids)s::bigint[])
ORDER BY payment_id;

-- name: lock_payments
-- Payments by id, locked in the order of their ids.
SELECT payment_id, order_id, method, reference, currency, amount_minor, captured_minor, refunded_minor, state,
    authorized_until
FROM payments.payment
WHERE merchant_id = %(merchant_id)s::bigint AND payment_id = ANY(%(payment_ids)s::bigint[])
ORDER BY payment_id
FOR NO KEY UPDATE;

-- name: update_payments
-- Where payments stand now.
UPDATE payments.payment AS payment
SET amount_minor = stated.amount_minor, captured_minor = stated.captured_minor, refunded_minor = stated.refunded_minor,
    state = stated.state, authorized_until = stated.authorized_until, updated_at = %(now)s::timestamptz
FROM unnest(%(payment_ids)s::bigint[], %(amounts)s::bigint[], %(captured)s::bigint[], %(refunded)s::bigint[],
    %(states)s::text[], %(untils)s::timestamptz[])
    AS stated (payment_id, amount_minor, captured_minor, refunded_minor, state, authorized_until)
WHERE payment.merchant_id = %(merchant_id)s::bigint AND payment.payment_id = stated.payment_id;

-- name: upsert_attempts
-- Where payments of carts stand.
INSERT INTO payments.attempt (merchant_id, channel_id, reference, state, started_at, updated_at)
SELECT %(merchant_id)s::bigint, stated.channel_id, stated.reference, stated.state, %(now)s::timestamptz,
    %(now)s::timestamptz
FROM unnest(%(channel_ids)s::bigint[], %(reference_texts)s::text[], %(states)s::text[])
    AS stated (channel_id, reference, state)
ORDER BY stated.channel_id, stated.reference
ON CONFLICT (merchant_id, channel_id, reference) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at;

-- name: load_attempts
-- Payments of carts by channel and reference.
SELECT attempt.channel_id, attempt.reference, attempt.state, attempt.started_at, attempt.updated_at
FROM unnest(%(channel_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (channel_id, reference)
JOIN payments.attempt AS attempt ON attempt.merchant_id = %(merchant_id)s::bigint
    AND attempt.channel_id = wanted.channel_id AND attempt.reference = wanted.reference;
