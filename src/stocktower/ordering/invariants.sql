-- name: demand_follows_lines
-- What inventory knows of a line is what the line says: allocated and backordered sold units in each stocked SKU.
-- when: now
SELECT line.order_id, line.line_no, demand.sku_id, line.allocated, line.backordered, demand.per_unit, demand.allocated,
    demand.short
FROM ordering.line AS line
JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = line.order_id
    AND demand.line_no = line.line_no AND demand.kind = 'order'
WHERE line.merchant_id = %(merchant_id)s::bigint
    AND (demand.allocated <> line.allocated * demand.per_unit OR demand.short <> line.backordered * demand.per_unit
        OR demand.consumed > line.shipped * demand.per_unit);

-- name: line_is_known_to_inventory
-- A line that has or waits for stock is known to inventory; one of history never is.
-- when: now
SELECT line.order_id, line.line_no, line.allocated, line.backordered
FROM ordering.line AS line
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint AND header.order_id = line.order_id
WHERE line.merchant_id = %(merchant_id)s::bigint
    AND (line.allocated + line.backordered > 0 OR header.is_history)
    AND (line.allocated + line.backordered > 0) IS DISTINCT FROM EXISTS (
        SELECT FROM inventory.demand AS demand
        WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = line.order_id
            AND demand.line_no = line.line_no);

-- name: demand_belongs_to_a_line
-- No demand of an order is left without its line.
-- when: now
SELECT demand.order_id, demand.line_no, demand.sku_id
FROM inventory.demand AS demand
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.kind = 'order' AND NOT EXISTS (
    SELECT FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint AND line.order_id = demand.order_id
        AND line.line_no = demand.line_no);

-- name: reservations_follow_demand
-- What a line's demand has allocated is what its reservations add up to.
-- when: now
-- Both are added up in one pass, which no plan can make slow.
SELECT held.order_id, held.line_no, held.sku_id, sum(held.allocated) AS allocated, sum(held.taken) AS taken
FROM (
    SELECT order_id, line_no, sku_id, allocated, 0 AS taken, 1 AS demands
    FROM inventory.demand
    WHERE merchant_id = %(merchant_id)s::bigint AND kind = 'order'
    UNION ALL
    SELECT reservation.order_id, reservation.line_no, stock.sku_id, 0, reservation.delta, 0
    FROM inventory.reservation AS reservation
    JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint
        AND stock.stock_id = reservation.stock_id
    WHERE reservation.merchant_id = %(merchant_id)s::bigint
) AS held
GROUP BY held.order_id, held.line_no, held.sku_id
HAVING sum(held.demands) > 0 AND sum(held.allocated) <> sum(held.taken);

-- name: requests_follow_lines
-- What sites still owe of a line is what is released of it, and what they shipped is no more than has shipped.
-- when: now
SELECT line.order_id, line.line_no, line.released, coalesce(asked.outstanding, 0) AS outstanding, line.shipped,
    coalesce(asked.shipped, 0) AS shipped_by_sites
FROM ordering.line AS line
LEFT JOIN (
    SELECT request.order_id, part.line_no, sum(part.shipped) AS shipped,
        sum(part.quantity - part.shipped - part.short - part.cancelled) AS outstanding
    FROM fulfillment.request AS request
    JOIN fulfillment.request_line AS part ON part.merchant_id = %(merchant_id)s::bigint
        AND part.fulfillment_id = request.fulfillment_id
    WHERE request.merchant_id = %(merchant_id)s::bigint
    GROUP BY request.order_id, part.line_no) AS asked ON asked.order_id = line.order_id AND asked.line_no = line.line_no
WHERE line.merchant_id = %(merchant_id)s::bigint
    AND (line.released <> coalesce(asked.outstanding, 0) OR coalesce(asked.shipped, 0) > line.shipped);

-- name: lines_make_the_total
-- The frozen amounts of the lines make the total that the order was accepted with; history is as it was stated.
-- when: now
SELECT header.order_id, header.number, header.total_minor, sums.total_minor AS lines_minor
FROM ordering.order_header AS header
JOIN (
    SELECT line.order_id, sum(line.goods_minor - line.discount_minor + line.shipping_minor + line.tax_minor
        + line.duties_minor) AS total_minor
    FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.order_id) AS sums ON sums.order_id = header.order_id
WHERE header.merchant_id = %(merchant_id)s::bigint AND NOT header.is_history AND header.step NOT IN ('done', 'capture')
    AND header.total_minor <> sums.total_minor
    AND NOT EXISTS (
        SELECT FROM ordering.hold AS hold
        WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id = header.order_id
            AND hold.name = 'total_mismatch' AND hold.cleared_at IS NULL);

-- name: refunds_add_up
-- What was given back of an order is what was given back before shipment and of its lines.
-- when: now
SELECT header.order_id, header.refunded_minor, header.refunded_before_minor, sums.refunded_minor AS lines_minor
FROM ordering.order_header AS header
JOIN (
    SELECT line.order_id, sum(line.refunded_minor) AS refunded_minor
    FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.order_id) AS sums ON sums.order_id = header.order_id
WHERE header.merchant_id = %(merchant_id)s::bigint
    AND header.refunded_minor <> header.refunded_before_minor + sums.refunded_minor;

-- name: state_follows_lines
-- The fulfillment state on an order is what its lines amount to: those that are sent, or all where none is.
-- when: now
SELECT header.order_id, header.number, header.fulfillment_state, derived.state
FROM ordering.order_header AS header
JOIN (
    SELECT line.order_id,
        CASE
            WHEN sum(line.ordered - line.cancelled) = 0 THEN 'cancelled'
            WHEN sum(line.shipped) = sum(line.ordered - line.cancelled) THEN 'shipped'
            WHEN bool_or(known.is_history) THEN 'history'
            WHEN sum(line.shipped) > 0 THEN 'partially_shipped'
            WHEN sum(line.backordered) = sum(line.ordered - line.cancelled) THEN 'backordered'
            WHEN sum(line.backordered) > 0 THEN 'partially_backordered'
            WHEN sum(line.released) = sum(line.ordered - line.cancelled) THEN 'released'
            WHEN sum(line.allocated) = sum(line.ordered - line.cancelled) THEN 'reserved'
            WHEN sum(line.allocated) > 0 THEN 'partially_reserved'
            ELSE 'open' END AS state
    FROM ordering.line AS line
    JOIN ordering.order_header AS known ON known.merchant_id = %(merchant_id)s::bigint AND known.order_id = line.order_id
    WHERE line.merchant_id = %(merchant_id)s::bigint AND (line.ships OR NOT EXISTS (
        SELECT FROM ordering.line AS sent
        WHERE sent.merchant_id = %(merchant_id)s::bigint AND sent.order_id = line.order_id AND sent.ships))
    GROUP BY line.order_id) AS derived ON derived.order_id = header.order_id
WHERE header.merchant_id = %(merchant_id)s::bigint
    AND CASE header.fulfillment_state WHEN 'picked' THEN 'released' ELSE header.fulfillment_state END <> derived.state;

-- name: done_is_done
-- An order is done exactly when it is history or nothing of it is open, backordered or allocated.
-- when: now
SELECT header.order_id, header.number, header.step, sums.left_units
FROM ordering.order_header AS header
JOIN (
    SELECT line.order_id, sum(line.open + line.backordered + line.allocated) AS left_units
    FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.order_id) AS sums ON sums.order_id = header.order_id
WHERE header.merchant_id = %(merchant_id)s::bigint
    AND (header.step = 'done') <> (header.is_history OR sums.left_units = 0);

-- name: waits_have_a_reason
-- What waits has a reason: stock or a site where something is backordered, a hold where one is open; nothing that could be
-- released stays.
-- when: now
SELECT header.order_id, header.number, header.step, header.waits_for, sums.backordered, sums.unreleased, holds.held
FROM ordering.order_header AS header
JOIN (
    SELECT line.order_id, sum(line.open + line.backordered) FILTER (WHERE line.ships) AS backordered,
        sum(CASE WHEN line.ships THEN line.allocated - line.released ELSE line.open END) AS unreleased
    FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.order_id) AS sums ON sums.order_id = header.order_id
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM ordering.hold AS hold
        WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id = header.order_id
            AND hold.cleared_at IS NULL) AS held) AS holds
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.step <> 'done'
    AND ((header.waits_for IN ('stock', 'inbound', 'site') AND coalesce(sums.backordered, 0) = 0)
        OR (header.waits_for IN ('hold', 'payment', 'total') AND NOT holds.held)
        OR (header.waits_for = 'site_confirmation' AND coalesce(sums.backordered, 0) + sums.unreleased > 0)
        OR header.waits_for = '');

-- name: order_has_lines
-- Every order has lines.
-- when: now
SELECT header.order_id, header.number
FROM ordering.order_header AS header
WHERE header.merchant_id = %(merchant_id)s::bigint AND NOT EXISTS (
    SELECT FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint AND line.order_id = header.order_id);

-- name: line_belongs_to_an_order
-- No line is left without its order.
-- when: now
SELECT line.order_id, line.line_no
FROM ordering.line AS line
WHERE line.merchant_id = %(merchant_id)s::bigint AND NOT EXISTS (
    SELECT FROM ordering.order_header AS header
    WHERE header.merchant_id = %(merchant_id)s::bigint AND header.order_id = line.order_id);

-- name: hold_belongs_to_an_order
-- Every hold belongs to an order.
-- when: now
SELECT hold.order_id, hold.name
FROM ordering.hold AS hold
WHERE hold.merchant_id = %(merchant_id)s::bigint AND NOT EXISTS (
    SELECT FROM ordering.order_header AS header
    WHERE header.merchant_id = %(merchant_id)s::bigint AND header.order_id = hold.order_id);

-- name: promises_belong_to_lines
-- A promise belongs to a line; one that cannot be kept belongs to a line that waits.
-- when: now
SELECT promise.order_id, promise.line_no, promise.broken_by, line.backordered
FROM ordering.promise AS promise
LEFT JOIN ordering.line AS line ON line.merchant_id = %(merchant_id)s::bigint AND line.order_id = promise.order_id
    AND line.line_no = promise.line_no
WHERE promise.merchant_id = %(merchant_id)s::bigint
    AND (line.order_id IS NULL OR (promise.broken_by IS NOT NULL AND line.backordered = 0));

-- name: broken_promises_are_cases
-- A promise that cannot be kept stands in an open case of its inbound, and nothing else does.
-- when: now
SELECT coalesce(promise.order_id, waiter.subject_id) AS order_id, promise.broken_by, waiter.cause_key
FROM (
    SELECT DISTINCT order_id, broken_by, 'inbound/' || broken_by AS cause_key
    FROM ordering.promise WHERE merchant_id = %(merchant_id)s::bigint AND broken_by IS NOT NULL
) AS promise
FULL JOIN (
    SELECT waiter.subject_id, one.cause_key
    FROM worklist.pub_waiter AS waiter
    JOIN worklist.pub_case AS one ON one.merchant_id = %(merchant_id)s::bigint AND one.case_id = waiter.case_id
        AND one.state = 'open' AND one.kind = 'promise_broken'
    WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = 'order' AND waiter.left_at IS NULL
) AS waiter ON waiter.subject_id = promise.order_id AND waiter.cause_key = promise.cause_key
WHERE promise.order_id IS NULL OR waiter.subject_id IS NULL;

-- name: waits_for_inbound_are_claims
-- What waits for inbound claims some, or something has arrived for it.
-- when: at cursor of resume
SELECT header.order_id, header.number
FROM ordering.order_header AS header
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.waits_for = 'inbound' AND NOT EXISTS (
    SELECT FROM inventory.inbound_claim AS claim
    WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.order_id = header.order_id
        AND claim.claimed + claim.arrived > 0);

-- name: rank_is_as_it_was_decided
-- An order ranks as the rule that fitted it says.
-- when: now
SELECT precedence.order_id, precedence.rank, header.priority
FROM ordering.precedence AS precedence
LEFT JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint
    AND header.order_id = precedence.order_id
WHERE precedence.merchant_id = %(merchant_id)s::bigint AND header.priority IS DISTINCT FROM precedence.rank;

-- name: waits_are_cases
-- What waits for stock, a site, a listing or a total waits in an open case of that kind.
-- when: now
SELECT header.order_id, header.number, header.waits_for
FROM ordering.order_header AS header
JOIN (VALUES ('stock', 'no_stock'), ('site', 'no_site'), ('listing', 'unmapped_listing'), ('total', 'total_mismatch'))
    AS wanted (waits_for, kind) ON wanted.waits_for = header.waits_for
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.step <> 'done' AND NOT EXISTS (
    SELECT FROM worklist.pub_waiter AS waiter
    JOIN worklist.pub_case AS one ON one.merchant_id = %(merchant_id)s::bigint AND one.case_id = waiter.case_id
        AND one.state = 'open' AND one.kind = wanted.kind
    WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = 'order'
        AND waiter.subject_id = header.order_id AND waiter.left_at IS NULL);

-- name: cases_are_waits
-- No order is left waiting in a case whose cause it does not have any more.
-- when: now
SELECT header.order_id, header.number, one.kind, one.cause_key
FROM worklist.pub_case AS one
JOIN worklist.pub_waiter AS waiter ON waiter.merchant_id = %(merchant_id)s::bigint AND waiter.case_id = one.case_id
    AND waiter.subject = 'order' AND waiter.left_at IS NULL
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint
    AND header.order_id = waiter.subject_id
WHERE one.merchant_id = %(merchant_id)s::bigint AND one.state = 'open'
    AND one.kind IN ('no_stock', 'no_site', 'unmapped_listing', 'total_mismatch', 'fraud_review', 'address')
    AND (header.step = 'done'
        OR (one.kind IN ('no_stock', 'no_site') AND NOT EXISTS (
            SELECT FROM ordering.line AS line
            WHERE line.merchant_id = %(merchant_id)s::bigint AND line.order_id = header.order_id
                AND line.backordered > 0))
        OR (one.kind = 'unmapped_listing' AND header.waits_for <> 'listing')
        OR (one.kind IN ('total_mismatch', 'fraud_review', 'address') AND NOT EXISTS (
            SELECT FROM ordering.hold AS hold
            WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id = header.order_id
                AND hold.cleared_at IS NULL
                AND one.kind = CASE hold.name WHEN 'currency' THEN 'total_mismatch' ELSE hold.name END)));

-- name: holds_to_decide_are_cases
-- What is held until somebody decides about it waits in an open case, once its listings are mapped.
-- when: now
SELECT hold.order_id, header.number, hold.name
FROM ordering.hold AS hold
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint AND header.order_id = hold.order_id
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.cleared_at IS NULL
    AND hold.name IN ('total_mismatch', 'currency', 'address', 'fraud_review')
    AND header.step <> 'done' AND header.waits_for <> 'listing' AND NOT EXISTS (
        SELECT FROM worklist.pub_waiter AS waiter
        JOIN worklist.pub_case AS one ON one.merchant_id = %(merchant_id)s::bigint AND one.case_id = waiter.case_id
            AND one.state = 'open'
            AND one.kind = CASE hold.name WHEN 'currency' THEN 'total_mismatch' ELSE hold.name END
        WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = 'order'
            AND waiter.subject_id = hold.order_id AND waiter.left_at IS NULL);

-- name: holds_are_kept_for_orders_that_cannot_reserve
-- A hold that outlasts its time is kept for an order that waits for a listing.
-- when: now
SELECT hold.hold_id, hold.reference, hold.order_id, header.step
FROM inventory.hold AS hold
LEFT JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint
    AND header.order_id = hold.order_id
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id IS NOT NULL
    AND (header.order_id IS NULL OR (hold.state = 'held' AND header.step <> 'capture'));
