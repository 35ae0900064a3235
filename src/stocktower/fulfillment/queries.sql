-- copy: request fulfillment.request (merchant_id, fulfillment_id, order_id, number, channel_id, site_id, state, released_at,
-- acknowledge_by_at, acknowledged_at, shipped_at, short_at, carrier, tracking, units)
-- New requests to sites.

-- copy: request_line fulfillment.request_line (merchant_id, fulfillment_id, line_no, sku_id, quantity, picked, packed, shipped,
-- short, cancelled, ahead)
-- The lines of new requests.

-- copy: confirmation fulfillment.confirmation (merchant_id, message_id, fulfillment_id, kind, digest, occurred_at, recorded_at,
-- data)
-- What sites reported, in the order of arrival.

-- name: load_requests_of_orders
-- Every request of some orders, the first released first; their orders are locked, and with them the requests.
SELECT fulfillment_id, order_id, number, channel_id, site_id, state, released_at, acknowledge_by_at, acknowledged_at,
    shipped_at, short_at, carrier, tracking, units
FROM fulfillment.request
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, fulfillment_id;

-- name: load_requests
-- Requests by id.
SELECT fulfillment_id, order_id, number, channel_id, site_id, state, released_at, acknowledge_by_at, acknowledged_at,
    shipped_at, short_at, carrier, tracking, units
FROM fulfillment.request
WHERE merchant_id = %(merchant_id)s::bigint AND fulfillment_id = ANY(%(fulfillment_ids)s::bigint[])
ORDER BY fulfillment_id;

-- name: load_request_lines
-- The lines of some requests.
SELECT fulfillment_id, line_no, sku_id, quantity, picked, packed, shipped, short, cancelled, ahead
FROM fulfillment.request_line
WHERE merchant_id = %(merchant_id)s::bigint AND fulfillment_id = ANY(%(fulfillment_ids)s::bigint[])
ORDER BY fulfillment_id, line_no;

-- name: update_requests
-- What changed about requests.
UPDATE fulfillment.request AS request
SET state = changed.state, acknowledged_at = changed.acknowledged_at, shipped_at = changed.shipped_at,
    short_at = changed.short_at, carrier = changed.carrier, tracking = changed.tracking
FROM unnest(%(fulfillment_ids)s::bigint[], %(states)s::text[], %(acknowledged_ats)s::timestamptz[],
    %(shipped_ats)s::timestamptz[], %(short_ats)s::timestamptz[], %(carriers)s::text[], %(trackings)s::text[])
    AS changed (fulfillment_id, state, acknowledged_at, shipped_at, short_at, carrier, tracking)
WHERE request.merchant_id = %(merchant_id)s::bigint AND request.fulfillment_id = changed.fulfillment_id;

-- name: update_request_lines
-- What changed about the lines of requests.
UPDATE fulfillment.request_line AS line
SET picked = changed.picked, packed = changed.packed, shipped = changed.shipped, short = changed.short,
    cancelled = changed.cancelled, ahead = changed.ahead
FROM unnest(%(fulfillment_ids)s::bigint[], %(line_nos)s::integer[], %(pickeds)s::bigint[], %(packeds)s::bigint[],
    %(shippeds)s::bigint[], %(shorts)s::bigint[], %(cancelleds)s::bigint[], %(aheads)s::bigint[])
    AS changed (fulfillment_id, line_no, picked, packed, shipped, short, cancelled, ahead)
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.fulfillment_id = changed.fulfillment_id
    AND line.line_no = changed.line_no;

-- name: load_confirmed
-- Which reports of some requests are known already.
SELECT fulfillment_id, kind, digest
FROM fulfillment.confirmation
WHERE merchant_id = %(merchant_id)s::bigint AND fulfillment_id = ANY(%(fulfillment_ids)s::bigint[]);

-- name: load_open_at_site
-- What a site still has to ship, the first released first.
SELECT fulfillment_id, order_id, number, channel_id, site_id, state, released_at, acknowledge_by_at, acknowledged_at,
    shipped_at, short_at, carrier, tracking, units
FROM fulfillment.request
WHERE merchant_id = %(merchant_id)s::bigint AND site_id = %(site_id)s::bigint AND state NOT IN ('shipped', 'cancelled')
ORDER BY released_at, fulfillment_id
LIMIT %(limit)s::bigint;

-- name: count_open
-- Open requests by site and state, with the first that should have been acknowledged.
SELECT site_id, state, count(*), sum(units)::bigint, min(released_at), min(acknowledge_by_at)
FROM fulfillment.request
WHERE merchant_id = %(merchant_id)s::bigint AND state NOT IN ('shipped', 'cancelled')
GROUP BY site_id, state
ORDER BY site_id, state;

-- name: load_short_picks
-- What a site did not find after an instant, and when it last did not.
SELECT line.sku_id, max(request.short_at) AS short_at
FROM fulfillment.request AS request
JOIN fulfillment.request_line AS line
    ON line.merchant_id = %(merchant_id)s::bigint AND line.fulfillment_id = request.fulfillment_id
WHERE request.merchant_id = %(merchant_id)s::bigint AND request.site_id = %(site_id)s::bigint
    AND request.short_at > %(since)s::timestamptz AND line.short > 0
GROUP BY line.sku_id;
