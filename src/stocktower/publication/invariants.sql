-- What must always be true of what was told: each statement returns the rows that break it.

-- name: last_told_is_last
-- when: now
-- The last word about each listing is the newest of all that was told.
SELECT newest.channel_id, newest.listing, newest.shown, known.told
FROM (
    SELECT DISTINCT ON (told.channel_id, told.listing) told.channel_id, told.listing, told.shown, made.published_at
    FROM publication.told AS told
    JOIN publication.publication AS made
        ON made.merchant_id = told.merchant_id AND made.publication_id = told.publication_id
    WHERE told.merchant_id = %(merchant_id)s::bigint
    ORDER BY told.channel_id, told.listing, made.published_at DESC, made.publication_id DESC
) AS newest
FULL JOIN (
    SELECT * FROM publication.standing WHERE merchant_id = %(merchant_id)s::bigint AND told IS NOT NULL
) AS known ON known.channel_id = newest.channel_id AND known.listing = newest.listing
WHERE known.told_at IS DISTINCT FROM newest.published_at;

-- name: told_says_what_was_told
-- when: now
-- The last word about each listing is what its publication says.
SELECT known.channel_id, known.listing, known.told, told.shown
FROM publication.standing AS known
LEFT JOIN publication.told AS told ON told.merchant_id = known.merchant_id
    AND told.publication_id = known.publication_id AND told.listing = known.listing
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.told IS NOT NULL AND known.told IS DISTINCT FROM told.shown;

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

-- name: acknowledged_is_the_last_acknowledged
-- when: now
-- What a channel is known to show is the newest word that it acknowledged.
SELECT newest.channel_id, newest.listing, newest.published_at, known.word_at
FROM (
    SELECT told.channel_id, told.listing, max(made.published_at) AS published_at
    FROM publication.told AS told
    JOIN publication.publication AS made
        ON made.merchant_id = told.merchant_id AND made.publication_id = told.publication_id
    WHERE told.merchant_id = %(merchant_id)s::bigint AND made.acknowledged_at IS NOT NULL
    GROUP BY told.channel_id, told.listing
) AS newest
FULL JOIN (
    SELECT * FROM publication.standing WHERE merchant_id = %(merchant_id)s::bigint AND acknowledged IS NOT NULL
) AS known ON known.channel_id = newest.channel_id AND known.listing = newest.listing
WHERE known.word_at IS DISTINCT FROM newest.published_at;

-- name: acknowledged_after_sent
-- when: now
-- Nothing is acknowledged before it was made, and who did it is known.
SELECT publication_id, published_at, acknowledged_at, acknowledged_by
FROM publication.publication
WHERE merchant_id = %(merchant_id)s::bigint
    AND (acknowledged_at < published_at OR sent_at < published_at OR (acknowledged_at IS NULL) <> (acknowledged_by IS NULL));

-- name: stretches_have_no_gap
-- when: now
-- The stretches of a listing follow each other without gap or overlap, up to how it stands now.
SELECT stretch.channel_id, stretch.listing, stretch.until_at, stretch.follows_at
FROM (
    SELECT exposure.channel_id, exposure.listing, exposure.until_at,
        coalesce(lead(exposure.from_at) OVER (PARTITION BY exposure.channel_id, exposure.listing ORDER BY exposure.from_at),
            standing.since) AS follows_at
    FROM publication.exposure AS exposure
    LEFT JOIN publication.standing AS standing ON standing.merchant_id = exposure.merchant_id
        AND standing.channel_id = exposure.channel_id AND standing.listing = exposure.listing
    WHERE exposure.merchant_id = %(merchant_id)s::bigint
) AS stretch
WHERE stretch.until_at IS DISTINCT FROM stretch.follows_at;

-- name: over_means_more_than_could_be_sold
-- when: now
-- Over-exposed is exactly what shows more than could be sold; never is it shown more than could be sold.
SELECT one.channel_id, one.listing, one.exposure, one.acknowledged, one.shown, one.most
FROM (
    SELECT channel_id, listing, exposure, acknowledged, shown, most FROM publication.standing
    WHERE merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT channel_id, listing, exposure, acknowledged, shown, most FROM publication.exposure
    WHERE merchant_id = %(merchant_id)s::bigint
) AS one
WHERE (one.exposure = 'over') <> (coalesce(one.acknowledged, 0) > one.most) OR one.shown > one.most OR one.shown < 0
    OR (one.exposure = 'right' AND one.acknowledged IS NULL);

-- name: pending_is_known
-- when: now
-- What waits stands for a listing of this SKU.
SELECT pending.channel_id, pending.listing
FROM publication.pending AS pending
LEFT JOIN publication.standing AS standing ON standing.merchant_id = pending.merchant_id
    AND standing.channel_id = pending.channel_id AND standing.listing = pending.listing AND standing.sku_id = pending.sku_id
WHERE pending.merchant_id = %(merchant_id)s::bigint AND standing.listing IS NULL;

-- name: nothing_is_forgotten
-- when: now
-- A listing that was never told, or shows more than could be sold, or something where it should show nothing, waits.
SELECT standing.channel_id, standing.listing, standing.told, standing.shown, standing.most
FROM publication.standing AS standing
LEFT JOIN publication.pending AS pending ON pending.merchant_id = standing.merchant_id
    AND pending.channel_id = standing.channel_id AND pending.listing = standing.listing
WHERE standing.merchant_id = %(merchant_id)s::bigint AND pending.listing IS NULL
    AND ((standing.listed AND standing.told IS NULL) OR standing.told > standing.most
        OR ((standing.told = 0) <> (standing.shown = 0) AND standing.told IS NOT NULL));

-- name: stale_sales_are_of_known_listings
-- when: now
-- A line that was accepted on a stale word names a listing that stands.
SELECT stale_sale.order_id, stale_sale.line_no, stale_sale.listing
FROM publication.stale_sale AS stale_sale
LEFT JOIN publication.standing AS standing ON standing.merchant_id = stale_sale.merchant_id
    AND standing.channel_id = stale_sale.channel_id AND standing.listing = stale_sale.listing
WHERE stale_sale.merchant_id = %(merchant_id)s::bigint AND standing.listing IS NULL;

-- name: buffers_rest_on_sales
-- when: now
-- A buffer is held back only of what sells elsewhere; a velocity that is computed and does not sell is slow.
SELECT channel_id, sku_id, velocity, units, elsewhere, buffer
FROM publication.velocity
WHERE merchant_id = %(merchant_id)s::bigint AND set_by = '' AND units = 0 AND velocity <> 'slow';

-- name: channels_know_their_lag
-- when: now
-- The median of a channel's lag is not above its 95th percentile, and a channel that keeps up has no reason to be tight.
SELECT channel_id, state, reason, lag_p50_seconds, lag_p95_seconds
FROM publication.channel
WHERE merchant_id = %(merchant_id)s::bigint
    AND (lag_p50_seconds > lag_p95_seconds OR (state = 'normal') <> (reason = ''));

-- name: past_ends_in_order
-- when: now
-- What velocities, buffers and states were before is numbered without a gap, and no stretch ended before the one before it.
SELECT past.channel_id, past.sku_id, past.sequence
FROM (
    SELECT channel_id, sku_id, sequence, until_at,
        lag(sequence, 1, 0) OVER one AS before, lag(until_at) OVER one AS ended_at
    FROM publication.past_velocity
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW one AS (PARTITION BY channel_id, sku_id ORDER BY sequence)
    UNION ALL
    SELECT channel_id, 0, sequence, until_at, lag(sequence, 1, 0) OVER one, lag(until_at) OVER one
    FROM publication.past_channel
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW one AS (PARTITION BY channel_id ORDER BY sequence)
) AS past
WHERE past.sequence <> past.before + 1 OR past.until_at < past.ended_at;

-- name: ahead_stood_one_way_at_a_time
-- when: now
-- How what may be ordered ahead of a listing stood before: no stretch begins before the last one ended.
SELECT stretch.channel_id, stretch.listing, stretch.from_at, stretch.ended_at
FROM (
    SELECT channel_id, listing, from_at, lag(until_at) OVER (PARTITION BY channel_id, listing ORDER BY from_at) AS ended_at
    FROM (
        SELECT channel_id, listing, from_at, until_at FROM publication.past_preorder
        WHERE merchant_id = %(merchant_id)s::bigint
        UNION ALL
        SELECT channel_id, listing, since, NULL FROM publication.preorder WHERE merchant_id = %(merchant_id)s::bigint
    ) AS stood
) AS stretch
WHERE stretch.from_at < stretch.ended_at;

-- name: preorders_say_what_was_told
-- when: now
-- The last word about what may be ordered ahead is what the newest publication that spoke of it says.
SELECT known.channel_id, known.listing, known.told_quantity, newest.quantity
FROM (SELECT * FROM publication.preorder WHERE merchant_id = %(merchant_id)s::bigint) AS known
FULL JOIN (
    SELECT DISTINCT ON (channel_id, listing) channel_id, listing, publication_id, quantity, available_on
    FROM publication.told_preorder
    WHERE merchant_id = %(merchant_id)s::bigint
    ORDER BY channel_id, listing, publication_id DESC
) AS newest ON newest.channel_id = known.channel_id AND newest.listing = known.listing
WHERE (known.told_quantity, known.told_on, known.publication_id)
    IS DISTINCT FROM (newest.quantity, newest.available_on, newest.publication_id);
