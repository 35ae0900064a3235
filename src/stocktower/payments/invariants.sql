-- What must always be true of payments: each statement returns the rows that break it.

-- name: state_fits_amounts
-- when: now
-- A payment's state says what its amounts say.
SELECT payment_id, state, amount_minor, captured_minor, refunded_minor
FROM payments.payment
WHERE merchant_id = %(merchant_id)s::bigint AND state <> CASE
    WHEN captured_minor = 0 THEN CASE WHEN state IN ('captured', 'refunded') AND amount_minor <> 0 THEN '' ELSE state END
    WHEN refunded_minor = 0 THEN 'captured'
    WHEN refunded_minor = captured_minor THEN 'refunded'
    ELSE 'partially_refunded'
END;

-- name: captured_within_amount
-- when: now
-- No more is captured than the payment is about.
SELECT payment_id, amount_minor, captured_minor
FROM payments.payment
WHERE merchant_id = %(merchant_id)s::bigint AND captured_minor > amount_minor;

-- name: authorizations_end
-- when: now
-- An authorisation says until when it runs.
SELECT payment_id, order_id
FROM payments.payment
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'authorized' AND authorized_until IS NULL;

-- name: attempts_run_forward
-- when: now
-- The payment of a cart was last heard of after it began.
SELECT channel_id, reference, started_at, updated_at
FROM payments.attempt
WHERE merchant_id = %(merchant_id)s::bigint AND updated_at < started_at;
