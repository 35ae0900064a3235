-- What must always be true of what was told: each statement returns the rows that break it.

-- name: last_told_is_last
-- when: now
-- The last word about each listing is the newest of all that was told.
SELECT newest.channel_id, newest.listing, newest.shown, known.shown
FROM (
    SELECT DISTINCT ON (told.channel_id, told.listing) told.channel_id, told.listing, told.shown, made.published_at
    FROM publication.told AS told
    JOIN publication.publication AS made
        ON made.merchant_id = told.merchant_id AND made.publication_id = told.publication_id
    WHERE told.merchant_id = %(merchant_id)s::bigint
    ORDER BY told.channel_id, told.listing, made.published_at DESC, made.publication_id DESC
) AS newest
LEFT JOIN publication.last_told AS known
    ON known.merchant_id = %(merchant_id)s::bigint AND known.channel_id = newest.channel_id AND known.listing = newest.listing
WHERE known.told_at IS DISTINCT FROM newest.published_at;

-- name: publication_counts_its_listings
-- when: now
-- A publication says how many listings it told.
SELECT made.publication_id, made.listings, count(told.listing)
FROM publication.publication AS made
LEFT JOIN publication.told AS told
    ON told.merchant_id = made.merchant_id AND told.publication_id = made.publication_id
WHERE made.merchant_id = %(merchant_id)s::bigint
GROUP BY made.publication_id, made.listings
HAVING made.listings <> count(told.listing);

-- name: told_when_published
-- when: now
-- A word was told at the instant of its publication.
SELECT told.publication_id, told.listing, told.told_at, made.published_at
FROM publication.told AS told
LEFT JOIN publication.publication AS made
    ON made.merchant_id = told.merchant_id AND made.publication_id = told.publication_id
WHERE told.merchant_id = %(merchant_id)s::bigint AND told.told_at IS DISTINCT FROM made.published_at;
