-- name: mark_changed
-- Note the event that last touched each SKU.
INSERT INTO publication.changed AS known (merchant_id, sku_id, position)
SELECT %(merchant_id)s::bigint, fresh.sku_id, fresh.position
FROM unnest(%(sku_ids)s::bigint[], %(positions)s::bigint[]) AS fresh (sku_id, position)
ORDER BY fresh.sku_id
ON CONFLICT (merchant_id, sku_id) DO UPDATE SET position = excluded.position
WHERE known.position < excluded.position;

-- name: load_changed
-- The SKUs touched after an event.
SELECT sku_id FROM publication.changed
WHERE merchant_id = %(merchant_id)s::bigint AND position > %(position)s::bigint;

-- name: load_looks
-- When each channel was last looked at, and up to which event.
SELECT channel_id, looked_at, position FROM publication.look WHERE merchant_id = %(merchant_id)s::bigint;

-- name: record_look
-- A channel was looked at.
INSERT INTO publication.look (merchant_id, channel_id, looked_at, position)
VALUES (%(merchant_id)s::bigint, %(channel_id)s::bigint, %(now)s::timestamptz, %(position)s::bigint)
ON CONFLICT (merchant_id, channel_id) DO UPDATE SET looked_at = excluded.looked_at, position = excluded.position;

-- name: record_publication
-- What was told to a channel at once.
INSERT INTO publication.publication (merchant_id, publication_id, channel_id, published_at, listings, path)
VALUES (%(merchant_id)s::bigint, %(publication_id)s::bigint, %(channel_id)s::bigint, %(now)s::timestamptz,
    %(listings)s::bigint, %(path)s::text);

-- copy: told publication.told (merchant_id, publication_id, channel_id, listing, sku_id, shown, ats, told_at)
-- What a publication said of each listing.

-- name: record_last_told
-- The last word about each listing.
INSERT INTO publication.last_told (merchant_id, channel_id, listing, sku_id, shown, told_at, publication_id)
SELECT %(merchant_id)s::bigint, %(channel_id)s::bigint, fresh.listing, fresh.sku_id, fresh.shown, %(now)s::timestamptz,
    %(publication_id)s::bigint
FROM unnest(%(listings)s::text[], %(sku_ids)s::bigint[], %(shown)s::bigint[]) AS fresh (listing, sku_id, shown)
ON CONFLICT (merchant_id, channel_id, listing) DO UPDATE
SET sku_id = excluded.sku_id, shown = excluded.shown, told_at = excluded.told_at,
    publication_id = excluded.publication_id;

-- name: load_told
-- The last word to one channel about these listings.
SELECT channel_id, listing, sku_id, shown, told_at, publication_id FROM publication.last_told
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND listing = ANY(%(listings)s::text[]);

-- name: load_told_of_sku
-- The last word of every channel about the listings of a SKU.
SELECT channel_id, listing, sku_id, shown, told_at, publication_id FROM publication.last_told
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint
ORDER BY channel_id, listing;

-- name: load_told_at
-- The last word by an instant about each listing of a SKU: its channels and listings one by one, a look-up each, however
-- often they were told.
WITH RECURSIVE listed (channel_id, listing) AS (
    (SELECT channel_id, listing FROM publication.told
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint
    ORDER BY channel_id, listing
    LIMIT 1)
    UNION ALL
    SELECT next.channel_id, next.listing
    FROM listed
    CROSS JOIN LATERAL (
        SELECT told.channel_id, told.listing FROM publication.told AS told
        WHERE told.merchant_id = %(merchant_id)s::bigint AND told.sku_id = %(sku_id)s::bigint
            AND (told.channel_id, told.listing) > (listed.channel_id, listed.listing)
        ORDER BY told.channel_id, told.listing
        LIMIT 1
    ) AS next
)
SELECT last.channel_id, last.listing, last.sku_id, last.shown, last.told_at, last.publication_id
FROM listed
CROSS JOIN LATERAL (
    SELECT channel_id, listing, sku_id, shown, told_at, publication_id
    FROM publication.told
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND channel_id = listed.channel_id
        AND listing = listed.listing AND told_at <= %(at)s::timestamptz
    ORDER BY told_at DESC, publication_id DESC
    LIMIT 1
) AS last
ORDER BY last.channel_id, last.listing;

-- name: load_told_batch
-- What was told by an instant, by publication and listing, after a place.
SELECT publication_id, listing, channel_id, sku_id, shown, ats, told_at
FROM publication.told
WHERE merchant_id = %(merchant_id)s::bigint
    AND (publication_id, listing) > (%(publication_id)s::bigint, %(listing)s::text)
    AND told_at <= %(until)s::timestamptz
ORDER BY publication_id, listing
LIMIT %(limit)s::bigint;

-- name: load_told_between
-- What was told of a SKU after an instant and up to another, in order.
SELECT channel_id, listing, sku_id, shown, told_at, publication_id
FROM publication.told
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND told_at > %(after)s::timestamptz
    AND told_at <= %(until)s::timestamptz
ORDER BY told_at, publication_id, listing
LIMIT %(limit)s::bigint;

-- name: load_recorded_paths
-- Which of these files stand for a publication that was made.
SELECT path FROM publication.publication
WHERE merchant_id = %(merchant_id)s::bigint AND path = ANY(%(paths)s::text[]);

-- name: load_publications
-- The latest publications, of one channel or of all (0).
SELECT publication_id, channel_id, published_at, listings, path FROM publication.publication
WHERE merchant_id = %(merchant_id)s::bigint AND (%(channel_id)s::bigint = 0 OR channel_id = %(channel_id)s::bigint)
ORDER BY published_at DESC, publication_id DESC
LIMIT %(limit)s::integer;

-- name: count_told
-- How many listings were ever told to a channel.
SELECT count(*) FROM publication.last_told WHERE merchant_id = %(merchant_id)s::bigint;
