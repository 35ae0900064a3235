-- What must always be true of places: each statement returns the rows that break it.

-- name: place_ids_are_not_shared
-- when: now
-- An id names a site or a channel, never both.
SELECT site.site_id, site.code AS site, channel.code AS channel
FROM network.site AS site
JOIN network.channel AS channel ON channel.merchant_id = site.merchant_id AND channel.channel_id = site.site_id
WHERE site.merchant_id = %(merchant_id)s::bigint;
