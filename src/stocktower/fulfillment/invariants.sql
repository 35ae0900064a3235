-- name: request_units
-- A request's units are the sum of its lines.
-- when: now
SELECT request.fulfillment_id, request.units, coalesce(sums.units, 0) AS line_units
FROM fulfillment.request AS request
LEFT JOIN (
    SELECT line.fulfillment_id, sum(line.quantity)::bigint AS units
    FROM fulfillment.request_line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.fulfillment_id) AS sums ON sums.fulfillment_id = request.fulfillment_id
WHERE request.merchant_id = %(merchant_id)s::bigint AND request.units <> coalesce(sums.units, 0);

-- name: request_line_belongs_to_a_request
-- No line is left without its request.
-- when: now
SELECT line.fulfillment_id, line.line_no
FROM fulfillment.request_line AS line
WHERE line.merchant_id = %(merchant_id)s::bigint AND NOT EXISTS (
    SELECT FROM fulfillment.request AS request
    WHERE request.merchant_id = %(merchant_id)s::bigint AND request.fulfillment_id = line.fulfillment_id);

-- name: request_state_follows_lines
-- A request is shipped when all that could ship has, cancelled when nothing can, and open otherwise.
-- when: now
SELECT request.fulfillment_id, request.state, sums.live, sums.shipped
FROM fulfillment.request AS request
JOIN (
    SELECT line.fulfillment_id, sum(line.quantity - line.short - line.cancelled) AS live, sum(line.shipped) AS shipped
    FROM fulfillment.request_line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.fulfillment_id) AS sums ON sums.fulfillment_id = request.fulfillment_id
WHERE request.merchant_id = %(merchant_id)s::bigint
    AND request.state <> CASE
        WHEN sums.live = 0 THEN 'cancelled'
        WHEN sums.shipped = sums.live THEN 'shipped'
        WHEN sums.shipped > 0 THEN 'partially_shipped'
        WHEN request.state IN ('acknowledged', 'picked', 'packed') THEN request.state
        ELSE 'released' END;

-- name: acknowledgement_is_watched
-- Every request that its site has not acknowledged is watched, or its time is up and a case has told so.
-- when: now
SELECT request.fulfillment_id, request.number, request.acknowledge_by_at
FROM fulfillment.request AS request
WHERE request.merchant_id = %(merchant_id)s::bigint AND request.state = 'released'
    AND NOT EXISTS (
        SELECT FROM platform.due AS due
        WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = 'fulfillment.acknowledge'
            AND due.key = request.fulfillment_id)
    AND NOT EXISTS (
        SELECT FROM worklist.pub_waiter AS waiter
        WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = 'fulfillment'
            AND waiter.subject_id = request.fulfillment_id);
