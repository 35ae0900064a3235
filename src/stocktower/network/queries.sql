-- The ids of sites and channels; what they are stands in the applied configuration.

-- name: load_ids
-- The code and id of every site and channel that was ever applied.
SELECT 'site' AS place, code, site_id AS id FROM network.site WHERE merchant_id = %(merchant_id)s::bigint
UNION ALL
SELECT 'channel', code, channel_id FROM network.channel WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY 1, 2;

-- name: insert_sites
-- Give sites their ids; a code that has one keeps it.
INSERT INTO network.site (merchant_id, site_id, code)
SELECT %(merchant_id)s::bigint, fresh.site_id, fresh.code
FROM unnest(%(site_ids)s::bigint[], %(codes)s::text[]) AS fresh (site_id, code)
ORDER BY fresh.code
ON CONFLICT (merchant_id, code) DO NOTHING;

-- name: insert_channels
-- Give channels their ids; a code that has one keeps it.
INSERT INTO network.channel (merchant_id, channel_id, code)
SELECT %(merchant_id)s::bigint, fresh.channel_id, fresh.code
FROM unnest(%(channel_ids)s::bigint[], %(codes)s::text[]) AS fresh (channel_id, code)
ORDER BY fresh.code
ON CONFLICT (merchant_id, code) DO NOTHING;
