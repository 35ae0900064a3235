-- Available-to-sell of any SKU and channel, now and as of a past instant.

-- name: load_level_columns
-- What is free of sellable rows, of some SKUs or of every one: with the place of the owner among the given (0: none of
-- them) and the instant of expiry in microseconds.
SELECT sku_id, site_id, coalesce(array_position(%(owners)s::text[], owner), 0)::bigint AS owner,
    coalesce((extract(epoch FROM expires_at) * 1000000)::bigint, 9223372036854775807) AS expires,
    quantity - allocated AS units
FROM inventory.stock_state
WHERE merchant_id = %(merchant_id)s::bigint AND (%(every)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]))
    AND quantity > allocated AND sellable AND coalesce(expires_at > %(now)s::timestamptz, true);

-- name: load_waiting_columns
-- What waits of some SKUs or of every one, by channel.
SELECT sku_id, channel_id, sum(short)::bigint AS units
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND (%(every)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[])) AND short > 0
GROUP BY sku_id, channel_id;
