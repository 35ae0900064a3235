-- Master data: the checks (each gives SKUs and what is wrong), scores, duplicates, merges.
-- `everything`: of all SKUs; else of those named.

-- name: check_clashing_barcode
-- Active SKUs whose barcode another active SKU has.
SELECT sku.sku_id, 'barcode ' || sku.barcode || ' is also of ' || min(other.code)
FROM catalog.pub_sku AS sku
JOIN catalog.pub_sku AS other ON other.merchant_id = sku.merchant_id AND other.barcode = sku.barcode
    AND other.sku_id <> sku.sku_id AND other.active
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.active AND sku.barcode <> ''
    AND (%(everything)s::boolean OR sku.sku_id = ANY(%(sku_ids)s::bigint[]))
GROUP BY sku.sku_id, sku.barcode;

-- name: check_kit_of_inactive
-- Active kits that come down to a SKU which is not active.
SELECT part.kit_id, min(held.code) || ' is not active'
FROM catalog.pub_part AS part
JOIN catalog.pub_sku AS held ON held.merchant_id = part.merchant_id AND held.sku_id = part.part_id AND NOT held.active
JOIN catalog.pub_sku AS kit ON kit.merchant_id = part.merchant_id AND kit.sku_id = part.kit_id AND kit.active
WHERE part.merchant_id = %(merchant_id)s::bigint
    AND (%(everything)s::boolean OR part.kit_id = ANY(%(sku_ids)s::bigint[]))
GROUP BY part.kit_id;

-- name: check_unit_mismatch
-- Active SKUs that channels list under one key in packs of different sizes.
SELECT listing.sku_id, 'listing ' || listing.key || ' is ' || min(listing.pack_quantity) || ' on one channel and '
    || max(listing.pack_quantity) || ' on another'
FROM catalog.pub_listing AS listing
JOIN catalog.pub_sku AS sku ON sku.merchant_id = listing.merchant_id AND sku.sku_id = listing.sku_id AND sku.active
WHERE listing.merchant_id = %(merchant_id)s::bigint
    AND (%(everything)s::boolean OR listing.sku_id = ANY(%(sku_ids)s::bigint[]))
GROUP BY listing.sku_id, listing.key
HAVING min(listing.pack_quantity) <> max(listing.pack_quantity);

-- name: check_orphan_listing
-- SKUs that are not active, and that a channel lists, as far as it says; what was merged has given its listings away.
SELECT listing.sku_id, 'listed as ' || min(listing.key)
FROM catalog.pub_listing AS listing
JOIN catalog.pub_sku AS sku ON sku.merchant_id = listing.merchant_id AND sku.sku_id = listing.sku_id AND NOT sku.active
LEFT JOIN catalog.pub_stated_listing AS stated ON stated.merchant_id = listing.merchant_id
    AND stated.channel_id = listing.channel_id AND stated.key = listing.key
WHERE listing.merchant_id = %(merchant_id)s::bigint AND coalesce(stated.status, 'active') = 'active'
    AND (%(everything)s::boolean OR listing.sku_id = ANY(%(sku_ids)s::bigint[]))
GROUP BY listing.sku_id;

-- name: check_missing_cost
-- Active SKUs that are stocked, without a cost.
SELECT sku_id, ''
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND active AND kind <> 'kit' AND cost_minor IS NULL
    AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_missing_weight
-- Active SKUs that are stocked, without a weight.
SELECT sku_id, ''
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND active AND kind <> 'kit' AND coalesce(weight_grams, 0) = 0
    AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_invalid_gtin
-- Active SKUs whose barcode has the form of a GTIN, and another check digit than its digits make.
SELECT sku.sku_id, 'barcode ' || sku.barcode
FROM catalog.pub_sku AS sku
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.active
    AND (%(everything)s::boolean OR sku.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND CASE WHEN sku.barcode ~ '^([0-9]{8}|[0-9]{12,14})$' THEN (
        SELECT (10 - sum(substr(lpad(sku.barcode, 14, '0'), place, 1)::integer * CASE place %% 2 WHEN 1 THEN 3 ELSE 1 END) %% 10) %% 10
        FROM generate_series(1, 13) AS place
    ) <> right(sku.barcode, 1)::integer ELSE false END;

-- name: check_duplicate_name
-- Active SKUs with the name of another active SKU, but for case and punctuation.
SELECT named.sku_id, 'named like ' || named.other
FROM (
    SELECT sku.sku_id, sku.code, count(*) OVER alike AS skus,
        CASE WHEN min(sku.code) OVER alike = sku.code THEN max(sku.code) OVER alike ELSE min(sku.code) OVER alike END AS other
    FROM catalog.pub_sku AS sku
    WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.active AND sku.name <> sku.code
    WINDOW alike AS (PARTITION BY regexp_replace(lower(sku.name), '[^[:alnum:]]+', '', 'g')
        RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
) AS named
WHERE named.skus > 1 AND (%(everything)s::boolean OR named.sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_missing_barcode
-- Active SKUs that are stocked, without a barcode.
SELECT sku_id, ''
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND active AND kind <> 'kit' AND barcode = ''
    AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_missing_price
-- Active SKUs without a price.
SELECT sku_id, ''
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND active AND price_minor IS NULL
    AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_pack_without_unit
-- Active SKUs that a channel sells in packs of a size that is no unit of theirs.
SELECT listing.sku_id, 'listing ' || min(listing.key) || ' holds ' || min(listing.pack_quantity)
FROM catalog.pub_listing AS listing
JOIN catalog.pub_sku AS sku ON sku.merchant_id = listing.merchant_id AND sku.sku_id = listing.sku_id AND sku.active
WHERE listing.merchant_id = %(merchant_id)s::bigint AND listing.pack_quantity > 1 AND sku.kind <> 'kit'
    AND (%(everything)s::boolean OR listing.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND NOT EXISTS (
        SELECT FROM catalog.pub_unit AS unit
        WHERE unit.merchant_id = listing.merchant_id AND unit.sku_id = listing.sku_id AND unit.factor = listing.pack_quantity
    )
GROUP BY listing.sku_id;

-- name: check_other_barcode
-- Active SKUs that a channel lists under another barcode than theirs: the listing may be mapped to the wrong one.
SELECT listing.sku_id, 'listing ' || min(listing.key) || ' has barcode ' || min(stated.barcode)
FROM catalog.pub_stated_listing AS stated
JOIN catalog.pub_listing AS listing ON listing.merchant_id = stated.merchant_id
    AND listing.channel_id = stated.channel_id AND listing.key = stated.key
JOIN catalog.pub_sku AS sku ON sku.merchant_id = stated.merchant_id AND sku.sku_id = listing.sku_id AND sku.active
WHERE stated.merchant_id = %(merchant_id)s::bigint AND stated.status <> 'removed' AND listing.pack_quantity = 1
    AND stated.barcode <> '' AND sku.barcode <> '' AND ltrim(stated.barcode, '0') <> ltrim(sku.barcode, '0')
    AND (%(everything)s::boolean OR listing.sku_id = ANY(%(sku_ids)s::bigint[]))
GROUP BY listing.sku_id;

-- name: check_no_supplier
-- Active SKUs that are stocked as they are bought and sold, themselves or in kits: a purchase of them came, or the merchant
-- says of others how they come. Those of which it is known fall out after.
SELECT sku.sku_id, ''
FROM catalog.pub_sku AS sku
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.active AND sku.kind = 'stocked'
    AND (%(everything)s::boolean OR sku.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND (%(is_planned)s::boolean
        OR EXISTS (SELECT FROM catalog.pub_supply AS supply WHERE supply.merchant_id = %(merchant_id)s::bigint)
        OR EXISTS (SELECT FROM inventory.pub_inbound AS inbound WHERE inbound.merchant_id = %(merchant_id)s::bigint
            AND inbound.sku_id = sku.sku_id AND inbound.kind = 'purchase'))
    AND sku.sku_id IN (
        SELECT line.sku_id FROM ordering.pub_line AS line WHERE line.merchant_id = %(merchant_id)s::bigint
        UNION
        SELECT part.part_id FROM catalog.pub_part AS part
        JOIN ordering.pub_line AS line ON line.merchant_id = %(merchant_id)s::bigint AND line.sku_id = part.kit_id
        WHERE part.merchant_id = %(merchant_id)s::bigint
    );

-- name: check_no_lead_time
-- Active SKUs that are bought or made, and sold, themselves or in kits. Those of which it is known fall out after.
SELECT sku.sku_id, ''
FROM catalog.pub_sku AS sku
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.active AND sku.kind <> 'kit'
    AND (%(everything)s::boolean OR sku.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND (%(is_planned)s::boolean
        OR EXISTS (SELECT FROM catalog.pub_supply AS supply WHERE supply.merchant_id = %(merchant_id)s::bigint)
        OR EXISTS (SELECT FROM inventory.pub_inbound AS inbound WHERE inbound.merchant_id = %(merchant_id)s::bigint
            AND inbound.sku_id = sku.sku_id AND inbound.kind IN ('purchase', 'production')))
    AND sku.sku_id IN (
        SELECT line.sku_id FROM ordering.pub_line AS line WHERE line.merchant_id = %(merchant_id)s::bigint
        UNION
        SELECT part.part_id FROM catalog.pub_part AS part
        JOIN ordering.pub_line AS line ON line.merchant_id = %(merchant_id)s::bigint AND line.sku_id = part.kit_id
        WHERE part.merchant_id = %(merchant_id)s::bigint
    );

-- name: check_not_listed
-- Active SKUs with stock, which no channel lists, was told of, or ever sold, nor in a kit.
SELECT sku.sku_id, held.units || ' units in stock'
FROM catalog.pub_sku AS sku
CROSS JOIN LATERAL (
    SELECT sum(stock.quantity) AS units
    FROM inventory.pub_stock AS stock
    WHERE stock.merchant_id = sku.merchant_id AND stock.sku_id = sku.sku_id
) AS held
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.active AND held.units > 0
    AND (%(everything)s::boolean OR sku.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND NOT EXISTS (SELECT FROM catalog.pub_listing AS listing
        WHERE listing.merchant_id = sku.merchant_id AND listing.sku_id = sku.sku_id)
    AND NOT EXISTS (SELECT FROM publication.pub_told AS told
        WHERE told.merchant_id = sku.merchant_id AND told.sku_id = sku.sku_id)
    AND NOT EXISTS (SELECT FROM catalog.pub_part AS part
        WHERE part.merchant_id = sku.merchant_id AND part.part_id = sku.sku_id)
    AND NOT EXISTS (SELECT FROM ordering.pub_line AS line
        WHERE line.merchant_id = sku.merchant_id AND line.sku_id = sku.sku_id);

-- name: check_missing_category
-- Active SKUs without a category.
SELECT sku_id, ''
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND active AND category = ''
    AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_name_is_code
-- Active SKUs that nobody has named.
SELECT sku_id, ''
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND active AND name = code
    AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: check_silent_listing
-- Active SKUs with a listing that stood for weeks, and was never told of and never ordered.
SELECT listing.sku_id, 'listing ' || min(listing.key)
FROM catalog.pub_listing_since AS listing
JOIN catalog.pub_sku AS sku ON sku.merchant_id = listing.merchant_id AND sku.sku_id = listing.sku_id AND sku.active
LEFT JOIN publication.pub_told AS told ON told.merchant_id = listing.merchant_id AND told.channel_id = listing.channel_id
    AND told.listing = listing.key
WHERE listing.merchant_id = %(merchant_id)s::bigint AND listing.mapped_at < %(before)s::timestamptz AND told.listing IS NULL
    AND (%(everything)s::boolean OR listing.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND NOT EXISTS (
        SELECT FROM ordering.pub_line AS line
        WHERE line.merchant_id = listing.merchant_id AND line.sku_id = listing.sku_id
            AND line.channel_id = listing.channel_id AND line.listing = listing.key
    )
GROUP BY listing.sku_id;

-- name: lock_checking
-- One check at a time, so that a score counts what fails with it; given back with the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('stewardship', %(merchant_id)s::bigint))::text;

-- name: record_failing
-- What fails a check now; since when stays.
INSERT INTO stewardship.failing AS known (merchant_id, sku_id, check_name, detail, since)
SELECT %(merchant_id)s::bigint, found.sku_id, %(name)s::text, max(found.detail), %(now)s::timestamptz
FROM unnest(%(sku_ids)s::bigint[], %(details)s::text[]) AS found (sku_id, detail)
GROUP BY found.sku_id
ORDER BY found.sku_id
ON CONFLICT (merchant_id, sku_id, check_name) DO UPDATE SET detail = excluded.detail
WHERE known.detail <> excluded.detail;

-- name: clear_failing
-- What does not fail a check any more, of those looked at.
DELETE FROM stewardship.failing AS known
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.check_name = %(name)s::text
    AND (%(everything)s::boolean OR known.sku_id = ANY(%(looked_at)s::bigint[]))
    AND NOT EXISTS (SELECT FROM unnest(%(sku_ids)s::bigint[]) AS found (sku_id) WHERE found.sku_id = known.sku_id);

-- name: record_quality
-- The score of SKUs by what they fail, and the money that it touches: what was sold since, times the share that is missing.
-- One sum over all parts: a join would be as slow as its plan, made while the tables were small, is bad.
INSERT INTO stewardship.quality AS known (merchant_id, sku_id, score, failing, units_sold, sold_minor, at_stake_minor, checked_at)
SELECT %(merchant_id)s::bigint, summed.sku_id, greatest(0, 100 - summed.weight), summed.checks, summed.units, summed.money,
    summed.money * (100 - greatest(0, 100 - summed.weight)) / 100, %(now)s::timestamptz
FROM (
    SELECT part.sku_id, sum(part.weight)::bigint AS weight, sum(part.checks)::bigint AS checks,
        sum(part.units)::bigint AS units, round(sum(part.money))::bigint AS money
    FROM (
        SELECT sku_id, true AS is_sku, 0 AS weight, 0 AS checks, 0::bigint AS units, 0::numeric AS money
        FROM catalog.pub_sku
        WHERE merchant_id = %(merchant_id)s::bigint
            AND (%(everything)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]))
        UNION ALL
        SELECT failing.sku_id, false, declared.weight, 1, 0, 0
        FROM stewardship.failing AS failing
        JOIN unnest(%(names)s::text[], %(weights)s::integer[]) AS declared (name, weight)
            ON declared.name = failing.check_name
        WHERE failing.merchant_id = %(merchant_id)s::bigint
            AND (%(everything)s::boolean OR failing.sku_id = ANY(%(sku_ids)s::bigint[]))
        UNION ALL
        SELECT line.sku_id, false, 0, 0, line.units,
            line.goods_minor * coalesce(rate.top, 0) / coalesce(rate.bottom, 1)::numeric
        FROM ordering.pub_line AS line
        LEFT JOIN unnest(%(currencies)s::text[], %(tops)s::bigint[], %(bottoms)s::bigint[]) AS rate (currency, top, bottom)
            ON rate.currency = line.currency
        WHERE line.merchant_id = %(merchant_id)s::bigint AND line.placed_at > %(since)s::timestamptz
            AND (%(everything)s::boolean OR line.sku_id = ANY(%(sku_ids)s::bigint[]))
    ) AS part
    GROUP BY part.sku_id
    HAVING bool_or(part.is_sku)
) AS summed
ORDER BY summed.sku_id
ON CONFLICT (merchant_id, sku_id) DO UPDATE
SET score = excluded.score, failing = excluded.failing, units_sold = excluded.units_sold, sold_minor = excluded.sold_minor,
    at_stake_minor = excluded.at_stake_minor, checked_at = excluded.checked_at;

-- name: load_neighbours
-- SKUs whose checks depend on some SKUs: the same barcode or name, kits of them.
SELECT other.sku_id
FROM catalog.pub_sku AS sku
JOIN catalog.pub_sku AS other ON other.merchant_id = sku.merchant_id AND other.barcode = sku.barcode
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = ANY(%(sku_ids)s::bigint[]) AND sku.barcode <> ''
UNION
SELECT other.sku_id
FROM catalog.pub_sku AS sku
JOIN catalog.pub_sku AS other ON other.merchant_id = sku.merchant_id AND other.name = sku.name
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = ANY(%(sku_ids)s::bigint[])
UNION
SELECT part.kit_id
FROM catalog.pub_part AS part
WHERE part.merchant_id = %(merchant_id)s::bigint AND part.part_id = ANY(%(sku_ids)s::bigint[])
UNION
SELECT failing.sku_id
FROM stewardship.failing AS failing
JOIN stewardship.failing AS mine ON mine.merchant_id = failing.merchant_id AND mine.check_name = failing.check_name
    AND mine.sku_id = ANY(%(sku_ids)s::bigint[])
WHERE failing.merchant_id = %(merchant_id)s::bigint AND failing.check_name IN ('clashing_barcode', 'duplicate_name');

-- name: load_quality
-- The quality of some SKUs.
SELECT sku_id, score, failing, units_sold, sold_minor, at_stake_minor, checked_at
FROM stewardship.quality
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id;

-- name: load_queue
-- SKUs that fail something ('': anything), the most money touched first.
SELECT quality.sku_id, quality.score, quality.failing, quality.units_sold, quality.sold_minor, quality.at_stake_minor,
    quality.checked_at
FROM stewardship.quality AS quality
WHERE quality.merchant_id = %(merchant_id)s::bigint AND quality.score < 100
    AND (%(name)s::text = '' OR EXISTS (
        SELECT FROM stewardship.failing AS failing
        WHERE failing.merchant_id = quality.merchant_id AND failing.sku_id = quality.sku_id
            AND failing.check_name = %(name)s::text))
ORDER BY quality.at_stake_minor DESC, quality.score, quality.sku_id
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: load_failing_of
-- What some SKUs fail, the first found first.
SELECT sku_id, check_name, detail, since
FROM stewardship.failing
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id, since, check_name;

-- name: count_failing
-- How many SKUs fail each check, how many of them were sold, and the money that it touches.
SELECT failing.check_name, count(*), count(*) FILTER (WHERE quality.sold_minor > 0),
    coalesce(sum(quality.at_stake_minor), 0)::bigint
FROM stewardship.failing AS failing
LEFT JOIN stewardship.quality AS quality ON quality.merchant_id = failing.merchant_id AND quality.sku_id = failing.sku_id
WHERE failing.merchant_id = %(merchant_id)s::bigint
GROUP BY failing.check_name
ORDER BY failing.check_name;

-- name: count_quality
-- How many SKUs were checked, how many fail nothing, and the sum of their scores.
SELECT count(*), count(*) FILTER (WHERE score = 100), coalesce(sum(score), 0)::bigint
FROM stewardship.quality
WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_costly
-- SKUs that were sold and fail a check, the most money first.
SELECT failing.sku_id, quality.units_sold, quality.sold_minor
FROM stewardship.failing AS failing
JOIN stewardship.quality AS quality ON quality.merchant_id = failing.merchant_id AND quality.sku_id = failing.sku_id
WHERE failing.merchant_id = %(merchant_id)s::bigint AND failing.check_name = %(name)s::text AND quality.sold_minor > 0
ORDER BY quality.sold_minor DESC, failing.sku_id
LIMIT %(limit)s::bigint;

-- name: load_blocks
-- Active SKUs that share a barcode, a name but for case and punctuation, or category, weight and price: they may be one.
SELECT block.kind, block.key, sku.sku_id, sku.code, sku.name, sku.kind, sku.stock_unit, sku.barcode, sku.category,
    sku.weight_grams, sku.price_minor, sku.currency
FROM (
    SELECT kind, key, unnest(members) AS sku_id
    FROM (
        SELECT 'barcode' AS kind, barcode AS key, array_agg(sku_id) AS members
        FROM catalog.pub_sku
        WHERE merchant_id = %(merchant_id)s::bigint AND active AND kind <> 'kit' AND barcode <> ''
        GROUP BY barcode
        HAVING count(*) BETWEEN 2 AND %(largest)s::bigint
            AND (%(everything)s::boolean OR array_agg(sku_id) && %(sku_ids)s::bigint[])
        UNION ALL
        SELECT 'name', regexp_replace(lower(name), '[^[:alnum:]]+', '', 'g'), array_agg(sku_id)
        FROM catalog.pub_sku
        WHERE merchant_id = %(merchant_id)s::bigint AND active AND kind <> 'kit'
        GROUP BY 2
        HAVING count(*) BETWEEN 2 AND %(largest)s::bigint
            AND (%(everything)s::boolean OR array_agg(sku_id) && %(sku_ids)s::bigint[])
        UNION ALL
        SELECT 'figures', category || '/' || weight_grams || '/' || price_minor || currency, array_agg(sku_id)
        FROM catalog.pub_sku
        WHERE merchant_id = %(merchant_id)s::bigint AND active AND kind <> 'kit' AND weight_grams > 0 AND price_minor > 0
        GROUP BY 2
        HAVING count(*) BETWEEN 2 AND %(largest)s::bigint
            AND (%(everything)s::boolean OR array_agg(sku_id) && %(sku_ids)s::bigint[])
    ) AS blocks
) AS block
JOIN catalog.pub_sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = block.sku_id
ORDER BY block.kind, block.key, sku.sku_id;

-- name: record_duplicates
-- Pairs that may be one SKU; what a person has said of a pair stays.
INSERT INTO stewardship.duplicate AS known (merchant_id, first_id, second_id, score, reasons, state, proposed_at)
SELECT %(merchant_id)s::bigint, found.first_id, found.second_id, found.score, found.reasons, 'proposed', %(now)s::timestamptz
FROM unnest(%(first_ids)s::bigint[], %(second_ids)s::bigint[], %(scores)s::smallint[], %(reasons)s::text[])
    AS found (first_id, second_id, score, reasons)
ORDER BY found.first_id, found.second_id
ON CONFLICT (merchant_id, first_id, second_id) DO UPDATE SET score = excluded.score, reasons = excluded.reasons
WHERE known.state = 'proposed';

-- name: clear_duplicates
-- Proposals that are no longer likely.
DELETE FROM stewardship.duplicate AS known
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.state = 'proposed'
    AND (%(everything)s::boolean OR known.first_id = ANY(%(sku_ids)s::bigint[])
        OR known.second_id = ANY(%(sku_ids)s::bigint[]))
    AND NOT EXISTS (
    SELECT FROM unnest(%(first_ids)s::bigint[], %(second_ids)s::bigint[]) AS found (first_id, second_id)
    WHERE found.first_id = known.first_id AND found.second_id = known.second_id
);

-- name: load_duplicates
-- Pairs that are proposed, the likeliest first.
SELECT first_id, second_id, score, reasons, state, proposed_at
FROM stewardship.duplicate
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'proposed'
ORDER BY score DESC, first_id, second_id
LIMIT %(limit)s::bigint;

-- name: decide_duplicate
-- What a person said of a pair.
INSERT INTO stewardship.duplicate AS known (merchant_id, first_id, second_id, score, reasons, state, proposed_at, decided_by,
    decided_at)
VALUES (%(merchant_id)s::bigint, %(first_id)s::bigint, %(second_id)s::bigint, 0, 'by hand', %(state)s::text,
    %(now)s::timestamptz, %(decided_by)s::text, %(now)s::timestamptz)
ON CONFLICT (merchant_id, first_id, second_id) DO UPDATE
SET state = excluded.state, decided_by = excluded.decided_by, decided_at = excluded.decided_at;

-- name: load_holdings
-- Where a SKU still has stock.
SELECT site_id, status, lot, sum(quantity)::bigint AS units
FROM inventory.pub_stock
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND quantity > 0
GROUP BY site_id, status, lot
ORDER BY site_id, status, lot;

-- name: count_wanting
-- How many orders and holds have units of a SKU or wait for them.
SELECT count(DISTINCT order_id)
FROM inventory.pub_demand
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND (allocated > 0 OR short > 0);

-- name: load_expected
-- What suppliers are still to deliver of a SKU.
SELECT reference FROM inventory.pub_inbound
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND open > 0
ORDER BY reference
LIMIT 5;

-- name: insert_merge
-- A merge, with what has to be put back to undo it.
INSERT INTO stewardship.merge (merchant_id, merge_id, loser_id, survivor_id, actor, note, merged_at, undone_at, undone_by, data)
VALUES (%(merchant_id)s::bigint, %(merge_id)s::bigint, %(loser_id)s::bigint, %(survivor_id)s::bigint, %(actor)s::text,
    %(note)s::text, %(now)s::timestamptz, NULL, NULL, %(data)s::jsonb);

-- name: find_merge
-- The merge of a SKU that stands.
SELECT merge_id, loser_id, survivor_id, actor, note, merged_at, undone_at, undone_by, data
FROM stewardship.merge
WHERE merchant_id = %(merchant_id)s::bigint AND loser_id = %(loser_id)s::bigint AND undone_at IS NULL;

-- name: note_undone
-- A merge was undone.
UPDATE stewardship.merge
SET undone_at = %(now)s::timestamptz, undone_by = %(undone_by)s::text
WHERE merchant_id = %(merchant_id)s::bigint AND merge_id = %(merge_id)s::bigint AND undone_at IS NULL;

-- name: load_merges
-- The last merges.
SELECT merge_id, loser_id, survivor_id, actor, note, merged_at, undone_at, undone_by, data
FROM stewardship.merge
WHERE merchant_id = %(merchant_id)s::bigint
ORDER BY merged_at DESC, merge_id DESC
LIMIT %(limit)s::bigint;
