-- What changed, how listings stand, what waits, what was told, how fast it sells, how channels keep up.

-- name: lock_publication
-- Waits until nobody else changes how the merchant's listings stand; the first lock of such a command.
SELECT pg_advisory_xact_lock(hashtextextended('publication', %(merchant_id)s::bigint));

-- name: mark_changed
-- Note the event that last touched each SKU; it stays noted until it was looked at.
INSERT INTO publication.changed AS known (merchant_id, sku_id, position)
SELECT %(merchant_id)s::bigint, fresh.sku_id, fresh.position
FROM unnest(%(sku_ids)s::bigint[], %(positions)s::bigint[]) AS fresh (sku_id, position)
ORDER BY fresh.sku_id
ON CONFLICT (merchant_id, sku_id) DO UPDATE SET position = greatest(known.position, excluded.position);

-- name: load_changed
-- The SKUs that are to be looked at; 0 among them stands for all.
SELECT sku_id FROM publication.changed WHERE merchant_id = %(merchant_id)s::bigint;

-- name: take_all_changed
-- Whether every SKU is to be looked at; then it is noted no more.
DELETE FROM publication.changed
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = 0 RETURNING position;

-- name: take_changed
-- Some SKUs that are to be looked at, in key order, so that whoever notes others waits in the same order.
WITH taken AS MATERIALIZED (
    SELECT sku_id FROM publication.changed
    WHERE merchant_id = %(merchant_id)s::bigint
    ORDER BY sku_id
    LIMIT %(limit)s::bigint
    FOR UPDATE
)
DELETE FROM publication.changed AS changed USING taken
WHERE changed.merchant_id = %(merchant_id)s::bigint AND changed.sku_id = taken.sku_id
RETURNING changed.sku_id;

-- name: has_changed
-- Whether any SKU is still to be looked at.
SELECT EXISTS (SELECT FROM publication.changed WHERE merchant_id = %(merchant_id)s::bigint);

-- name: load_standings
-- How the listings of some SKUs stand.
SELECT channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed, told, told_at, publication_id, acknowledged,
    word_at, word_id, exposure, since
FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_standings_named
-- How some listings stand, whatever SKU they stood for.
SELECT standing.channel_id, standing.listing, sku_id, pack_quantity, ats, shown, most, listed, told, told_at, publication_id,
    acknowledged, word_at, word_id, exposure, since
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[]) AS wanted (channel_id, listing)
JOIN publication.standing AS standing ON standing.merchant_id = %(merchant_id)s::bigint
    AND standing.channel_id = wanted.channel_id AND standing.listing = wanted.listing;

-- name: load_standings_of_channel
-- How all that a channel was ever told stands.
SELECT channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed, told, told_at, publication_id, acknowledged,
    word_at, word_id, exposure, since
FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
    AND (%(sku_ids)s::bigint[] = '{}' OR sku_id = ANY(%(sku_ids)s::bigint[]))
    AND (listed OR told > 0);

-- copy: standing publication.standing (merchant_id, channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed,
--     told, told_at, publication_id, acknowledged, word_at, word_id, exposure, since)
-- Listings that are seen for the first time.

-- name: change_standings
-- How listings stand now.
UPDATE publication.standing AS known
SET sku_id = fresh.sku_id, pack_quantity = fresh.pack_quantity, ats = fresh.ats, shown = fresh.shown, most = fresh.most,
    listed = fresh.listed, told = fresh.told, told_at = fresh.told_at, publication_id = fresh.publication_id,
    acknowledged = fresh.acknowledged, word_at = fresh.word_at, word_id = fresh.word_id, exposure = fresh.exposure, since = fresh.since
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[], %(sku_ids)s::bigint[], %(packs)s::bigint[], %(ats)s::bigint[],
    %(shown)s::bigint[], %(most)s::bigint[], %(listed)s::boolean[], %(told)s::bigint[], %(told_ats)s::timestamptz[],
    %(publication_ids)s::bigint[], %(acknowledged)s::bigint[], %(word_ats)s::timestamptz[], %(word_ids)s::bigint[], %(exposures)s::text[],
    %(sinces)s::timestamptz[])
    AS fresh (channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed, told, told_at, publication_id,
        acknowledged, word_at, word_id, exposure, since)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.channel_id = fresh.channel_id AND known.listing = fresh.listing;

-- copy: exposure publication.exposure (merchant_id, channel_id, listing, from_at, until_at, sku_id, exposure, shown, most,
--     acknowledged)
-- How listings stood for a stretch of time that is over.

-- name: load_told
-- The last word about listings that wait or belong to some SKUs.
SELECT channel_id, listing, sku_id, told, told_at, publication_id
FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND told IS NOT NULL
ORDER BY channel_id, listing;

-- name: count_told
-- How many listings were ever told to a channel.
SELECT count(*) FROM publication.standing WHERE merchant_id = %(merchant_id)s::bigint AND told IS NOT NULL;

-- name: load_ats
-- What was last found available of some SKUs in one channel.
SELECT sku_id, max(ats) FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
    AND sku_id = ANY(%(sku_ids)s::bigint[]) AND listed
GROUP BY sku_id;

-- name: load_tight_skus
-- The SKUs of which a channel is shown less while it does not keep up: those that are low, and those that others sell.
SELECT sku_id FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND listed
    AND ats <= %(low_stock)s::bigint AND most > 0
UNION
SELECT sku_id FROM publication.velocity
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND elsewhere > 0;

-- name: load_pending_of
-- What waits of the listings of some SKUs.
SELECT channel_id, listing, sku_id, pace, turn_at, danger, since, resend FROM publication.pending
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_next
-- What a channel is told next, in turn.
SELECT channel_id, listing, sku_id, pace, turn_at, danger, since, resend FROM publication.pending
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND pace = ANY(%(paces)s::text[])
ORDER BY turn_at, danger DESC, listing
LIMIT %(limit)s::bigint;

-- name: load_waiting_channels
-- Of some channels those for which something waits.
SELECT wanted.channel_id FROM unnest(%(channel_ids)s::bigint[]) AS wanted (channel_id)
WHERE EXISTS (
    SELECT FROM publication.pending AS pending
    WHERE pending.merchant_id = %(merchant_id)s::bigint AND pending.channel_id = wanted.channel_id);

-- name: load_pending_skus
-- The SKUs of which something waits.
SELECT DISTINCT sku_id FROM publication.pending WHERE merchant_id = %(merchant_id)s::bigint;

-- name: upsert_pending
-- What waits; newer figures take the place of older ones, and it keeps since when it waits.
INSERT INTO publication.pending AS known
    (merchant_id, channel_id, listing, sku_id, pace, turn_at, danger, since, resend)
SELECT %(merchant_id)s::bigint, fresh.channel_id, fresh.listing, fresh.sku_id, fresh.pace, fresh.turn_at, fresh.danger,
    fresh.since, fresh.resend
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[], %(sku_ids)s::bigint[], %(paces)s::text[],
    %(turn_ats)s::timestamptz[], %(dangers)s::bigint[], %(sinces)s::timestamptz[], %(resends)s::boolean[])
    AS fresh (channel_id, listing, sku_id, pace, turn_at, danger, since, resend)
ON CONFLICT (merchant_id, channel_id, listing) DO UPDATE
SET sku_id = excluded.sku_id, pace = excluded.pace, turn_at = excluded.turn_at, danger = excluded.danger,
    since = excluded.since, resend = excluded.resend;

-- name: delete_pending
-- What was told, or is not worth telling any more.
DELETE FROM publication.pending AS known
USING unnest(%(channel_ids)s::bigint[], %(listings)s::text[]) AS done (channel_id, listing)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.channel_id = done.channel_id AND known.listing = done.listing;

-- name: load_backlogs
-- What waits by channel and pace, and since when.
SELECT channel_id, pace, count(*), min(since) FROM publication.pending
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY channel_id, pace
ORDER BY channel_id, pace;

-- name: record_publications
-- What was told to channels at once.
INSERT INTO publication.publication (merchant_id, publication_id, channel_id, published_at, listings, path, acknowledged_at,
    acknowledged_by)
SELECT %(merchant_id)s::bigint, made.publication_id, made.channel_id, %(now)s::timestamptz, made.listings, made.path,
    CASE WHEN made.assumed THEN %(now)s::timestamptz END, CASE WHEN made.assumed THEN 'assumed' END
FROM unnest(%(publication_ids)s::bigint[], %(channel_ids)s::bigint[], %(listings)s::bigint[], %(paths)s::text[],
    %(assumed)s::boolean[]) AS made (publication_id, channel_id, listings, path, assumed);

-- copy: told publication.told (merchant_id, publication_id, channel_id, listing, sku_id, shown, ats, told_at)
-- What a publication said of each listing.

-- name: load_not_sent
-- The files of publications that were recorded and of which nobody noted that they are at their channel's disposal.
SELECT publication_id, path FROM publication.publication
WHERE merchant_id = %(merchant_id)s::bigint AND sent_at IS NULL
ORDER BY publication_id;

-- name: record_sent
-- Publications are at the disposal of their channels.
UPDATE publication.publication SET sent_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND publication_id = ANY(%(publication_ids)s::bigint[]) AND sent_at IS NULL;

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

-- name: find_publications
-- Publications by id or by the path of their file.
SELECT publication_id, channel_id, published_at, listings, path, sent_at, acknowledged_at, acknowledged_by
FROM publication.publication
WHERE merchant_id = %(merchant_id)s::bigint
    AND (publication_id = ANY(%(publication_ids)s::bigint[]) OR path = ANY(%(paths)s::text[]))
ORDER BY published_at, publication_id;

-- name: record_acknowledged
-- A channel says that it has these publications; who said it first stands, an assumption is overruled.
UPDATE publication.publication
SET acknowledged_at = %(now)s::timestamptz, acknowledged_by = %(by)s::text,
    sent_at = coalesce(sent_at, %(now)s::timestamptz)
WHERE merchant_id = %(merchant_id)s::bigint AND publication_id = ANY(%(publication_ids)s::bigint[])
    AND (acknowledged_at IS NULL OR acknowledged_by = 'assumed')
RETURNING publication_id;

-- name: load_words
-- What some publications said, with the instant at which they were told; the newest word of each listing.
SELECT DISTINCT ON (told.channel_id, told.listing) told.channel_id, told.listing, told.shown, made.published_at,
    made.publication_id
FROM publication.told AS told
JOIN publication.publication AS made
    ON made.merchant_id = told.merchant_id AND made.publication_id = told.publication_id
WHERE told.merchant_id = %(merchant_id)s::bigint AND told.publication_id = ANY(%(publication_ids)s::bigint[])
ORDER BY told.channel_id, told.listing, made.published_at DESC, made.publication_id DESC;

-- name: load_publications
-- The latest publications, of one channel or of all (0).
SELECT publication_id, channel_id, published_at, listings, path, sent_at, acknowledged_at, acknowledged_by
FROM publication.publication
WHERE merchant_id = %(merchant_id)s::bigint AND (%(channel_id)s::bigint = 0 OR channel_id = %(channel_id)s::bigint)
ORDER BY published_at DESC, publication_id DESC
LIMIT %(limit)s::integer;

-- name: load_silence
-- Since when each channel has something that it did not acknowledge, of what was told after its last full refresh.
SELECT made.channel_id, min(coalesce(made.sent_at, made.published_at))
FROM publication.publication AS made
LEFT JOIN publication.channel AS channel
    ON channel.merchant_id = %(merchant_id)s::bigint AND channel.channel_id = made.channel_id
WHERE made.merchant_id = %(merchant_id)s::bigint AND made.acknowledged_at IS NULL
    AND made.published_at >= coalesce(channel.refreshed_at, '-infinity')
GROUP BY made.channel_id;

-- name: load_channels
-- How the channels keep up.
SELECT channel_id, state, reason, since, room, filled_at, normal_at, slow_at, refreshed_at, lag_p50_seconds, lag_p95_seconds,
    lag_samples
FROM publication.channel
WHERE merchant_id = %(merchant_id)s::bigint;

-- name: upsert_channels
-- How channels keep up now.
INSERT INTO publication.channel (merchant_id, channel_id, state, reason, since, room, filled_at, normal_at, slow_at,
    refreshed_at, lag_p50_seconds, lag_p95_seconds, lag_samples)
SELECT %(merchant_id)s::bigint, fresh.channel_id, fresh.state, fresh.reason, fresh.since, fresh.room, fresh.filled_at,
    fresh.normal_at, fresh.slow_at, fresh.refreshed_at, fresh.p50, fresh.p95, fresh.samples
FROM unnest(%(channel_ids)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(sinces)s::timestamptz[],
    %(rooms)s::bigint[], %(filled_ats)s::timestamptz[], %(normal_ats)s::timestamptz[], %(slow_ats)s::timestamptz[],
    %(refreshed_ats)s::timestamptz[], %(p50s)s::bigint[], %(p95s)s::bigint[], %(samples)s::bigint[])
    AS fresh (channel_id, state, reason, since, room, filled_at, normal_at, slow_at, refreshed_at, p50, p95, samples)
ORDER BY fresh.channel_id
ON CONFLICT (merchant_id, channel_id) DO UPDATE
SET state = excluded.state, reason = excluded.reason, since = excluded.since, room = excluded.room,
    filled_at = excluded.filled_at, normal_at = excluded.normal_at, slow_at = excluded.slow_at,
    refreshed_at = excluded.refreshed_at, lag_p50_seconds = excluded.lag_p50_seconds,
    lag_p95_seconds = excluded.lag_p95_seconds, lag_samples = excluded.lag_samples;

-- name: measure_lags
-- From told to effective, by channel: as acknowledged, and as sales of what was gone show.
SELECT channel_id, percentile_disc(0.5) WITHIN GROUP (ORDER BY seconds), percentile_disc(0.95) WITHIN GROUP (ORDER BY seconds),
    count(*)
FROM (
    SELECT channel_id, greatest(0, ceil(extract(epoch FROM acknowledged_at - sent_at)))::bigint AS seconds
    FROM publication.publication
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = ANY(%(channel_ids)s::bigint[])
        AND acknowledged_at >= %(since)s::timestamptz AND acknowledged_by <> 'assumed'
    UNION ALL
    SELECT channel_id, lag_seconds FROM publication.stale_sale
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = ANY(%(channel_ids)s::bigint[])
        AND placed_at >= %(since)s::timestamptz AND lag_seconds IS NOT NULL
) AS measured
GROUP BY channel_id;

-- name: record_lags
-- How long channels lag.
UPDATE publication.channel AS known
SET lag_p50_seconds = fresh.p50, lag_p95_seconds = fresh.p95, lag_samples = fresh.samples
FROM unnest(%(channel_ids)s::bigint[], %(p50s)s::bigint[], %(p95s)s::bigint[], %(samples)s::bigint[])
    AS fresh (channel_id, p50, p95, samples)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.channel_id = fresh.channel_id;

-- name: add_sales
-- Units accepted.
INSERT INTO publication.sales AS known (merchant_id, sku_id, channel_id, day, units)
SELECT %(merchant_id)s::bigint, fresh.sku_id, fresh.channel_id, fresh.day, fresh.units
FROM unnest(%(sku_ids)s::bigint[], %(channel_ids)s::bigint[], %(days)s::date[], %(units)s::bigint[])
    AS fresh (sku_id, channel_id, day, units)
ORDER BY fresh.sku_id, fresh.channel_id, fresh.day
ON CONFLICT (merchant_id, sku_id, channel_id, day) DO UPDATE SET units = known.units + excluded.units;

-- name: load_sold
-- Units accepted since a day, by channel and SKU.
SELECT channel_id, sku_id, sum(units)::bigint FROM publication.sales
WHERE merchant_id = %(merchant_id)s::bigint AND day >= %(since)s::date
GROUP BY channel_id, sku_id;

-- name: load_first_day
-- The first day on which anything was accepted.
SELECT min(day) FROM publication.sales WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_velocities
-- How fast some SKUs sell in every channel.
SELECT channel_id, sku_id, velocity, set_by, units, elsewhere, days, buffer, changed_at FROM publication.velocity
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_velocities_of_channel
-- How fast SKUs sell in one channel.
SELECT channel_id, sku_id, velocity, set_by, units, elsewhere, days, buffer, changed_at FROM publication.velocity
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint;

-- name: upsert_velocities
-- How fast SKUs sell, and the buffers held back.
INSERT INTO publication.velocity (merchant_id, channel_id, sku_id, velocity, set_by, units, elsewhere, days, buffer,
    changed_at)
SELECT %(merchant_id)s::bigint, fresh.channel_id, fresh.sku_id, fresh.velocity, fresh.set_by, fresh.units, fresh.elsewhere,
    fresh.days, fresh.buffer, fresh.changed_at
FROM unnest(%(channel_ids)s::bigint[], %(sku_ids)s::bigint[], %(velocities)s::text[], %(set_bys)s::text[],
    %(units)s::bigint[], %(elsewheres)s::bigint[], %(days)s::bigint[], %(buffers)s::bigint[], %(changed_ats)s::timestamptz[])
    AS fresh (channel_id, sku_id, velocity, set_by, units, elsewhere, days, buffer, changed_at)
ON CONFLICT (merchant_id, channel_id, sku_id) DO UPDATE
SET velocity = excluded.velocity, set_by = excluded.set_by, units = excluded.units, elsewhere = excluded.elsewhere,
    days = excluded.days, buffer = excluded.buffer, changed_at = excluded.changed_at;

-- name: record_past_velocities
-- What velocities and buffers were until now, of those that become others; without a row a SKU was slow.
INSERT INTO publication.past_velocity (merchant_id, channel_id, sku_id, sequence, velocity, elsewhere, buffer, until_at)
SELECT %(merchant_id)s::bigint, fresh.channel_id, fresh.sku_id, coalesce(last.sequence, 0) + 1,
    coalesce(known.velocity, 'slow'), coalesce(known.elsewhere, 0), coalesce(known.buffer, 0),
    greatest(last.until_at, %(now)s::timestamptz)
FROM unnest(%(channel_ids)s::bigint[], %(sku_ids)s::bigint[], %(velocities)s::text[], %(elsewheres)s::bigint[],
    %(buffers)s::bigint[]) AS fresh (channel_id, sku_id, velocity, elsewhere, buffer)
LEFT JOIN publication.velocity AS known ON known.merchant_id = %(merchant_id)s::bigint
    AND known.channel_id = fresh.channel_id AND known.sku_id = fresh.sku_id
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM publication.past_velocity
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = fresh.channel_id AND sku_id = fresh.sku_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
WHERE (coalesce(known.velocity, 'slow'), coalesce(known.elsewhere, 0) > 0, coalesce(known.buffer, 0))
    <> (fresh.velocity, fresh.elsewhere > 0, fresh.buffer);

-- name: load_velocities_at
-- How fast a SKU sold in every channel at an instant, and what was held back: what ended first after it, else what is now.
SELECT known.channel_id, known.velocity, known.elsewhere, known.buffer
FROM publication.velocity AS known
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.sku_id = %(sku_id)s::bigint AND NOT EXISTS (
    SELECT FROM publication.past_velocity AS past
    WHERE past.merchant_id = known.merchant_id AND past.sku_id = known.sku_id AND past.channel_id = known.channel_id
        AND past.until_at > %(at)s::timestamptz
)
UNION ALL
(SELECT DISTINCT ON (channel_id) channel_id, velocity, elsewhere, buffer
FROM publication.past_velocity
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND until_at > %(at)s::timestamptz
ORDER BY channel_id, until_at, sequence);

-- name: record_past_channels
-- How channels kept up until now; one without a row kept up.
INSERT INTO publication.past_channel (merchant_id, channel_id, sequence, state, until_at)
SELECT %(merchant_id)s::bigint, moved.channel_id, coalesce(last.sequence, 0) + 1, coalesce(known.state, 'normal'),
    greatest(last.until_at, %(now)s::timestamptz)
FROM unnest(%(channel_ids)s::bigint[]) AS moved (channel_id)
LEFT JOIN publication.channel AS known ON known.merchant_id = %(merchant_id)s::bigint
    AND known.channel_id = moved.channel_id
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM publication.past_channel
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = moved.channel_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true;

-- name: load_states_at
-- How channels kept up at an instant: what ended first after it, else what is now.
SELECT known.channel_id, coalesce(past.state, known.state)
FROM publication.channel AS known
LEFT JOIN LATERAL (
    SELECT state
    FROM publication.past_channel
    WHERE merchant_id = known.merchant_id AND channel_id = known.channel_id AND until_at > %(at)s::timestamptz
    ORDER BY until_at, sequence
    LIMIT 1
) AS past ON true
WHERE known.merchant_id = %(merchant_id)s::bigint;

-- name: delete_velocities
-- SKUs that sell no more are slow without a row.
DELETE FROM publication.velocity
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: record_stale_sales
-- Of accepted lines those for more than was true when they were placed, with what the channel knew and for how long. It
-- lags only where it knew enough not long before: who sells what it never had, or had long ago, does not heed our words.
INSERT INTO publication.stale_sale (merchant_id, order_id, line_no, channel_id, listing, sku_id, ordered, most, acknowledged,
    lag_seconds, placed_at, accepted_at, oversold)
SELECT %(merchant_id)s::bigint, line.order_id, line.line_no, line.channel_id, line.listing, line.sku_id, line.ordered,
    stood.most, stood.acknowledged,
    CASE WHEN stood.acknowledged < line.ordered AND enough.until_at > line.placed_at - %(longest)s::interval
        THEN greatest(0, ceil(extract(epoch FROM line.placed_at - enough.until_at)))::bigint END,
    line.placed_at, line.accepted_at, line.oversold
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::bigint[], %(channel_ids)s::bigint[], %(listings)s::text[],
    %(sku_ids)s::bigint[], %(ordered)s::bigint[], %(placed_ats)s::timestamptz[], %(accepted_ats)s::timestamptz[],
    %(oversolds)s::bigint[])
    AS line (order_id, line_no, channel_id, listing, sku_id, ordered, placed_at, accepted_at, oversold)
CROSS JOIN LATERAL (
    SELECT standing.most, standing.acknowledged, standing.since AS from_at FROM publication.standing AS standing
    WHERE standing.merchant_id = %(merchant_id)s::bigint AND standing.channel_id = line.channel_id
        AND standing.listing = line.listing AND standing.since <= line.placed_at
    UNION ALL
    (SELECT exposure.most, exposure.acknowledged, exposure.from_at FROM publication.exposure AS exposure
    WHERE exposure.merchant_id = %(merchant_id)s::bigint AND exposure.channel_id = line.channel_id
        AND exposure.listing = line.listing AND exposure.from_at <= line.placed_at AND exposure.until_at > line.placed_at
    ORDER BY exposure.from_at DESC LIMIT 1)
    LIMIT 1
) AS stood
LEFT JOIN LATERAL (
    SELECT exposure.until_at FROM publication.exposure AS exposure
    WHERE exposure.merchant_id = %(merchant_id)s::bigint AND exposure.channel_id = line.channel_id
        AND exposure.listing = line.listing AND exposure.from_at <= line.placed_at
        AND exposure.acknowledged >= line.ordered
    ORDER BY exposure.from_at DESC LIMIT 1
) AS enough ON true
WHERE line.ordered > stood.most
ON CONFLICT (merchant_id, order_id, line_no) DO NOTHING;

-- name: load_stale_sales
-- Lines that a channel (0: any) accepted on a stale word about a SKU (0: any) since an instant, the last first.
SELECT order_id, line_no, channel_id, listing, sku_id, ordered, most, acknowledged, lag_seconds, placed_at, accepted_at, oversold
FROM publication.stale_sale
WHERE merchant_id = %(merchant_id)s::bigint AND placed_at >= %(since)s::timestamptz
    AND (%(channel_id)s::bigint = 0 OR channel_id = %(channel_id)s::bigint)
    AND (%(sku_id)s::bigint = 0 OR sku_id = %(sku_id)s::bigint)
ORDER BY placed_at DESC, order_id, line_no
LIMIT %(limit)s::bigint;

-- name: measure_accuracy
-- Seconds listed, right and over-exposed between two instants, by channel: what is over and what still stands.
SELECT channel_id, sum(seconds)::bigint, (coalesce(sum(seconds) FILTER (WHERE exposure = 'right'), 0))::bigint,
    (coalesce(sum(seconds) FILTER (WHERE exposure = 'over'), 0))::bigint
FROM (
    SELECT channel_id, exposure, sum(extract(epoch FROM least(until_at, %(until)s::timestamptz)
        - greatest(from_at, %(since)s::timestamptz))) AS seconds
    FROM publication.exposure
    WHERE merchant_id = %(merchant_id)s::bigint AND until_at > %(since)s::timestamptz AND from_at < %(until)s::timestamptz
        AND exposure <> 'unlisted'
    GROUP BY channel_id, exposure
    UNION ALL
    SELECT channel_id, exposure, sum(extract(epoch FROM %(until)s::timestamptz - greatest(since, %(since)s::timestamptz)))
    FROM publication.standing
    WHERE merchant_id = %(merchant_id)s::bigint AND since < %(until)s::timestamptz AND exposure <> 'unlisted'
    GROUP BY channel_id, exposure
) AS stretch
GROUP BY channel_id;

-- name: measure_accuracy_of_skus
-- The same by SKU and channel, of some SKUs.
SELECT channel_id, sku_id, sum(seconds)::bigint, (coalesce(sum(seconds) FILTER (WHERE exposure = 'right'), 0))::bigint,
    (coalesce(sum(seconds) FILTER (WHERE exposure = 'over'), 0))::bigint
FROM (
    SELECT standing.channel_id, standing.sku_id, exposure.exposure, extract(epoch FROM
        least(exposure.until_at, %(until)s::timestamptz) - greatest(exposure.from_at, %(since)s::timestamptz)) AS seconds
    FROM publication.standing AS standing
    JOIN publication.exposure AS exposure ON exposure.merchant_id = %(merchant_id)s::bigint
        AND exposure.channel_id = standing.channel_id AND exposure.listing = standing.listing
    WHERE standing.merchant_id = %(merchant_id)s::bigint AND standing.sku_id = ANY(%(sku_ids)s::bigint[])
        AND exposure.until_at > %(since)s::timestamptz AND exposure.from_at < %(until)s::timestamptz
        AND exposure.exposure <> 'unlisted'
    UNION ALL
    SELECT channel_id, sku_id, exposure, extract(epoch FROM %(until)s::timestamptz - greatest(since, %(since)s::timestamptz))
    FROM publication.standing
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
        AND since < %(until)s::timestamptz AND exposure <> 'unlisted'
) AS stretch
GROUP BY channel_id, sku_id
ORDER BY sku_id, channel_id;

-- name: measure_accuracy_by_day
-- The same by day of one channel; days begin at midnight in a zone, and where its clocks change they last 23 or 25 hours.
SELECT day::date, sum(seconds)::bigint, (coalesce(sum(seconds) FILTER (WHERE exposure = 'right'), 0))::bigint,
    (coalesce(sum(seconds) FILTER (WHERE exposure = 'over'), 0))::bigint
FROM (
    SELECT day.day, stretch.exposure,
        extract(epoch FROM least(stretch.until_at, (day.day + interval '1 day') AT TIME ZONE %(zone)s::text)
            - greatest(stretch.from_at, day.day AT TIME ZONE %(zone)s::text)) AS seconds
    FROM (
        SELECT exposure, greatest(from_at, %(since)s::timestamptz) AS from_at, least(until_at, %(until)s::timestamptz) AS until_at
        FROM publication.exposure
        WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
            AND until_at > %(since)s::timestamptz AND from_at < %(until)s::timestamptz AND exposure <> 'unlisted'
        UNION ALL
        SELECT exposure, greatest(since, %(since)s::timestamptz), %(until)s::timestamptz
        FROM publication.standing
        WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
            AND since < %(until)s::timestamptz AND exposure <> 'unlisted'
    ) AS stretch
    CROSS JOIN LATERAL generate_series(date_trunc('day', stretch.from_at AT TIME ZONE %(zone)s::text),
        stretch.until_at AT TIME ZONE %(zone)s::text, interval '1 day') AS day (day)
    WHERE day.day AT TIME ZONE %(zone)s::text < stretch.until_at
) AS part
GROUP BY day
ORDER BY day;

-- name: load_over_exposed
-- Listings of which a channel (0: any) shows more than could be sold, the most units first.
SELECT channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed, told, told_at, publication_id, acknowledged,
    word_at, word_id, exposure, since
FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND exposure = 'over'
    AND (%(channel_id)s::bigint = 0 OR channel_id = %(channel_id)s::bigint)
ORDER BY (acknowledged - most) * pack_quantity DESC, channel_id, listing
LIMIT %(limit)s::bigint;

-- name: count_listings
-- By channel: listings that are listed, and those of which it shows more than could be sold, with the stock units.
SELECT channel_id, count(*) FILTER (WHERE listed), count(*) FILTER (WHERE exposure = 'over'),
    coalesce(sum((acknowledged - most) * pack_quantity) FILTER (WHERE exposure = 'over'), 0)::bigint
FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY channel_id;

-- name: sum_buffers
-- By channel: how many SKUs have a buffer, the units in all, and the velocity classes.
SELECT channel_id, count(*) FILTER (WHERE buffer > 0), coalesce(sum(buffer), 0)::bigint,
    count(*) FILTER (WHERE velocity = 'fast'), count(*) FILTER (WHERE velocity = 'normal')
FROM publication.velocity
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY channel_id;

-- name: sum_oversold
-- By channel: units oversold on lines accepted on a stale word since an instant.
SELECT channel_id, sum(oversold)::bigint FROM publication.stale_sale
WHERE merchant_id = %(merchant_id)s::bigint AND placed_at >= %(since)s::timestamptz
GROUP BY channel_id;
-- name: count_standings
-- How many listings have a standing.
SELECT count(*) FROM publication.standing WHERE merchant_id = %(merchant_id)s::bigint;

-- name: lock_standings_by_key
-- Keep some listings from being told anything until the commit.
SELECT standing.listing
FROM publication.standing AS standing
JOIN unnest(%(channel_ids)s::bigint[], %(listings)s::text[]) AS wanted (channel_id, listing)
    ON wanted.channel_id = standing.channel_id AND wanted.listing = standing.listing
WHERE standing.merchant_id = %(merchant_id)s::bigint
ORDER BY standing.channel_id, standing.listing
FOR UPDATE OF standing;

-- name: load_every_standing
-- How every listing of a channel stands.
SELECT channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed, told, told_at, publication_id, acknowledged,
    word_at, word_id, exposure, since
FROM publication.standing
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
ORDER BY listing;

-- name: load_standing_channels
-- The channels that listings stand in.
SELECT DISTINCT channel_id FROM publication.standing WHERE merchant_id = %(merchant_id)s::bigint ORDER BY channel_id;

-- name: load_newest_words
-- The newest of all that a channel was told of each listing, and the newest of it that it acknowledged.
SELECT newest.listing, newest.shown, newest.told_at, newest.publication_id, known.shown, known.told_at,
    known.publication_id
FROM (
    SELECT DISTINCT ON (listing) listing, shown, told_at, publication_id
    FROM publication.told
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
    ORDER BY listing, told_at DESC, publication_id DESC
) AS newest
LEFT JOIN (
    SELECT DISTINCT ON (told.listing) told.listing, told.shown, told.told_at, told.publication_id
    FROM publication.told AS told
    JOIN publication.publication AS made ON made.merchant_id = told.merchant_id
        AND made.publication_id = told.publication_id AND made.acknowledged_at IS NOT NULL
    WHERE told.merchant_id = %(merchant_id)s::bigint AND told.channel_id = %(channel_id)s::bigint
    ORDER BY told.listing, told.told_at DESC, told.publication_id DESC
) AS known ON known.listing = newest.listing;

-- name: restore_words
-- Make the last word about listings, the word that their channels are known to show, and what that is worth.
UPDATE publication.standing AS known
SET told = truth.told, told_at = truth.told_at, publication_id = truth.publication_id, acknowledged = truth.acknowledged,
    word_at = truth.word_at, word_id = truth.word_id, exposure = truth.exposure
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[], %(tolds)s::bigint[], %(times)s::timestamptz[],
    %(publication_ids)s::bigint[], %(acknowledgeds)s::bigint[], %(word_ats)s::timestamptz[], %(word_ids)s::bigint[],
    %(exposures)s::text[])
    AS truth (channel_id, listing, told, told_at, publication_id, acknowledged, word_at, word_id, exposure)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.channel_id = truth.channel_id
    AND known.listing = truth.listing;

-- name: load_preorders
-- What may be ordered ahead of the listings of some SKUs, or of all, and what was told of it.
SELECT channel_id, listing, sku_id, quantity, available_on, told_quantity, told_on, publication_id
FROM publication.preorder
WHERE merchant_id = %(merchant_id)s::bigint
    AND (cardinality(%(sku_ids)s::bigint[]) = 0 OR sku_id = ANY(%(sku_ids)s::bigint[]))
ORDER BY channel_id, listing;

-- name: load_preorders_at
-- The same of some SKUs as it stood at an instant.
SELECT channel_id, listing, sku_id, quantity, available_on, told_quantity, told_on, NULL::bigint AS publication_id
FROM (
    SELECT channel_id, listing, sku_id, quantity, available_on, told_quantity, told_on
    FROM publication.past_preorder
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
        AND until_at > %(at)s::timestamptz AND from_at <= %(at)s::timestamptz
    UNION ALL
    SELECT channel_id, listing, sku_id, quantity, available_on, told_quantity, told_on
    FROM publication.preorder
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
        AND since <= %(at)s::timestamptz
) AS stood
ORDER BY channel_id, listing;

-- name: record_past_preorders
-- How what may be ordered ahead of some listings stood until now; nothing where it did not stand so for any time.
INSERT INTO publication.past_preorder (merchant_id, channel_id, listing, from_at, until_at, sku_id, quantity, available_on,
    told_quantity, told_on)
SELECT known.merchant_id, known.channel_id, known.listing, known.since, %(now)s::timestamptz, known.sku_id, known.quantity,
    known.available_on, known.told_quantity, known.told_on
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[]) AS changed (channel_id, listing)
JOIN publication.preorder AS known ON known.merchant_id = %(merchant_id)s::bigint
    AND known.channel_id = changed.channel_id AND known.listing = changed.listing
WHERE known.since < %(now)s::timestamptz;

-- name: measure_accuracy_ahead
-- Seconds in which something could be ordered ahead or was told to be, in which the word was right, and in which it promised
-- too much or too soon, by channel and SKU between two instants: what is over and what still stands.
SELECT channel_id, sku_id, sum(seconds)::bigint,
    (coalesce(sum(seconds) FILTER (WHERE told_quantity = quantity AND told_on IS NOT DISTINCT FROM available_on), 0))::bigint,
    (coalesce(sum(seconds) FILTER (WHERE told_quantity > quantity OR available_on > told_on), 0))::bigint
FROM (
    SELECT channel_id, sku_id, quantity, available_on, told_quantity, told_on,
        extract(epoch FROM least(until_at, %(until)s::timestamptz) - greatest(from_at, %(since)s::timestamptz)) AS seconds
    FROM publication.past_preorder
    WHERE merchant_id = %(merchant_id)s::bigint AND until_at > %(since)s::timestamptz AND from_at < %(until)s::timestamptz
    UNION ALL
    SELECT channel_id, sku_id, quantity, available_on, told_quantity, told_on,
        extract(epoch FROM %(until)s::timestamptz - greatest(since, %(since)s::timestamptz))
    FROM publication.preorder
    WHERE merchant_id = %(merchant_id)s::bigint AND since < %(until)s::timestamptz
) AS stretch
WHERE quantity > 0 OR told_quantity > 0
GROUP BY channel_id, sku_id
ORDER BY channel_id, sku_id;

-- name: load_preorders_named
-- What may be ordered ahead of some listings of a channel.
SELECT channel_id, listing, sku_id, quantity, available_on, told_quantity, told_on, publication_id
FROM publication.preorder
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND listing = ANY(%(listings)s::text[])
ORDER BY listing;

-- name: upsert_preorders
-- What may be ordered ahead now; what was told stays.
INSERT INTO publication.preorder AS known (merchant_id, channel_id, listing, sku_id, quantity, available_on, since)
SELECT %(merchant_id)s::bigint, fresh.channel_id, fresh.listing, fresh.sku_id, fresh.quantity, fresh.available_on,
    %(now)s::timestamptz
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[], %(sku_ids)s::bigint[], %(quantities)s::bigint[],
    %(days)s::date[]) AS fresh (channel_id, listing, sku_id, quantity, available_on)
ORDER BY fresh.channel_id, fresh.listing
ON CONFLICT (merchant_id, channel_id, listing) DO UPDATE
SET sku_id = excluded.sku_id, quantity = excluded.quantity, available_on = excluded.available_on,
    since = greatest(known.since, excluded.since);

-- name: note_told_preorders
-- What may be ordered ahead of some listings was told as it is.
UPDATE publication.preorder AS known
SET told_quantity = known.quantity, told_on = known.available_on, publication_id = %(publication_id)s::bigint,
    since = CASE WHEN (known.told_quantity, known.told_on) IS DISTINCT FROM (known.quantity, known.available_on)
        THEN greatest(known.since, %(now)s::timestamptz) ELSE known.since END
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[]) AS told (channel_id, listing)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.channel_id = told.channel_id AND known.listing = told.listing;

-- copy: told_preorder publication.told_preorder (merchant_id, publication_id, channel_id, listing, sku_id, quantity,
--     available_on)
-- What each publication said of what may be ordered ahead, kept for good.
