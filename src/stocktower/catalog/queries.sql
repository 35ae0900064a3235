-- SKUs, kits, units and listings.

-- copy: sku catalog.sku (merchant_id, sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor,
--     price_minor, currency, backorder, active, tracking)
-- New SKUs.

-- name: resolve_listings
-- What channels' keys stand for: the listing, else the active SKU with that code, else (for `name:` keys) the one active
-- SKU with that name. Kits come with their components.
WITH found AS (
    SELECT wanted.channel_id, wanted.key, coalesce(listing.sku_id, alias.sku_id, coded.sku_id, named.sku_id) AS sku_id,
        coalesce(listing.pack_quantity, 1) AS pack_quantity
    FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[], %(names)s::text[]) AS wanted (channel_id, key, name)
    LEFT JOIN catalog.listing AS listing ON listing.merchant_id = %(merchant_id)s::bigint
        AND listing.channel_id = wanted.channel_id AND listing.key = wanted.key
    LEFT JOIN catalog.alias AS alias ON listing.sku_id IS NULL AND alias.merchant_id = %(merchant_id)s::bigint
        AND alias.code = wanted.key
    LEFT JOIN catalog.sku AS coded ON listing.sku_id IS NULL AND coded.merchant_id = %(merchant_id)s::bigint
        AND coded.code = wanted.key AND coded.active
    LEFT JOIN LATERAL (
        SELECT min(sku.sku_id) AS sku_id
        FROM catalog.sku AS sku
        WHERE listing.sku_id IS NULL AND coded.sku_id IS NULL AND wanted.name <> ''
            AND sku.merchant_id = %(merchant_id)s::bigint AND sku.name = wanted.name AND sku.active
        HAVING count(*) = 1
    ) AS named ON true
)
SELECT found.channel_id, found.key, found.sku_id, found.pack_quantity, part.part_id, part.quantity
FROM found
LEFT JOIN catalog.part AS part ON part.merchant_id = %(merchant_id)s::bigint AND part.kit_id = found.sku_id
WHERE found.sku_id IS NOT NULL
ORDER BY found.channel_id, found.key, part.part_id;

-- name: load_skus
-- SKUs by id.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_tracking
-- How SKUs are tracked, of those that are.
SELECT sku_id, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND tracking <> 'none';

-- name: load_skus_by_code
-- SKUs by code.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND code = ANY(%(codes)s::text[]);

-- name: load_skus_by_barcode
-- SKUs by barcode, in the order of their codes.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND barcode = ANY(%(barcodes)s::text[]) AND barcode <> ''
ORDER BY code;

-- name: lock_skus_by_code
-- SKUs by code, locked in code order while they are changed.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND code = ANY(%(codes)s::text[])
ORDER BY code
FOR NO KEY UPDATE;

-- name: search_skus
-- A page of SKUs whose code, name or barcode holds a text (empty: all), the exact code first, then by code.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND (%(text)s::text = ''
    OR strpos(lower(code), lower(%(text)s::text)) > 0 OR strpos(lower(name), lower(%(text)s::text)) > 0
    OR barcode = %(text)s::text)
ORDER BY lower(code) <> lower(%(text)s::text), code
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: load_sku_page
-- The SKUs after a code, by code.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND code > %(after)s::text
ORDER BY code
LIMIT %(limit)s::bigint;

-- name: load_sku_page_of_category
-- The SKUs of a category after a code, by code.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND category = %(category)s::text AND code > %(after)s::text
ORDER BY code
LIMIT %(limit)s::bigint;

-- name: load_sku_page_of_ids
-- Those of some SKUs after a code, by code.
SELECT sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder,
    active, tracking
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND code > %(after)s::text
    AND (%(category)s::text = '' OR category = %(category)s::text)
ORDER BY code
LIMIT %(limit)s::bigint;

-- name: count_skus
-- How many SKUs search_skus finds in all.
SELECT count(*)
FROM catalog.sku
WHERE merchant_id = %(merchant_id)s::bigint AND (%(text)s::text = ''
    OR strpos(lower(code), lower(%(text)s::text)) > 0 OR strpos(lower(name), lower(%(text)s::text)) > 0
    OR barcode = %(text)s::text);

-- name: update_skus
-- What is stated of SKUs that are there.
UPDATE catalog.sku AS sku
SET name = stated.name, kind = stated.kind, barcode = stated.barcode, category = stated.category,
    weight_grams = stated.weight_grams, cost_minor = stated.cost_minor, price_minor = stated.price_minor,
    currency = stated.currency, backorder = stated.backorder, active = stated.active,
    tracking = stated.tracking
FROM unnest(%(sku_ids)s::bigint[], %(names)s::text[], %(kinds)s::text[], %(barcodes)s::text[], %(categories)s::text[],
    %(weights)s::bigint[], %(costs)s::bigint[], %(prices)s::bigint[], %(currencies)s::text[], %(backorders)s::boolean[],
    %(actives)s::boolean[], %(trackings)s::text[])
    AS stated (sku_id, name, kind, barcode, category, weight_grams, cost_minor, price_minor, currency, backorder, active,
        tracking)
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = stated.sku_id;

-- name: record_past_categories
-- The categories that SKUs had until now, of those that get another.
INSERT INTO catalog.past_category (merchant_id, sku_id, sequence, category, until_at)
SELECT sku.merchant_id, sku.sku_id, coalesce(last.sequence, 0) + 1, sku.category,
    greatest(last.until_at, %(now)s::timestamptz)
FROM unnest(%(sku_ids)s::bigint[], %(categories)s::text[]) AS stated (sku_id, category)
JOIN catalog.sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = stated.sku_id
    AND sku.category <> stated.category
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM catalog.past_category
    WHERE merchant_id = sku.merchant_id AND sku_id = sku.sku_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true;

-- name: record_past_names
-- The names that SKUs had until now, of those that get another.
INSERT INTO catalog.past_name (merchant_id, sku_id, sequence, name, until_at)
SELECT sku.merchant_id, sku.sku_id, coalesce(last.sequence, 0) + 1, sku.name,
    greatest(last.until_at, %(now)s::timestamptz)
FROM unnest(%(sku_ids)s::bigint[], %(names)s::text[]) AS stated (sku_id, name)
JOIN catalog.sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = stated.sku_id
    AND sku.name <> stated.name
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM catalog.past_name
    WHERE merchant_id = sku.merchant_id AND sku_id = sku.sku_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true;

-- name: load_words_at
-- The names and categories that SKUs had at an instant and have no more: what ended first after it; NULL: it is still so.
SELECT wanted.sku_id, called.name, sorted.category
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
LEFT JOIN LATERAL (
    SELECT name
    FROM catalog.past_name
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND until_at > %(at)s::timestamptz
    ORDER BY until_at, sequence
    LIMIT 1
) AS called ON true
LEFT JOIN LATERAL (
    SELECT category
    FROM catalog.past_category
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND until_at > %(at)s::timestamptz
    ORDER BY until_at, sequence
    LIMIT 1
) AS sorted ON true
WHERE called.name IS NOT NULL OR sorted.category IS NOT NULL;

-- name: load_ids_of_category_at
-- The SKUs that were of a category at an instant: those that are of it now or were once, by what ended first after it.
SELECT known.sku_id
FROM (
    SELECT sku_id, category FROM catalog.sku
    WHERE merchant_id = %(merchant_id)s::bigint AND category = %(category)s::text
    UNION
    SELECT sku_id, NULL FROM catalog.past_category
    WHERE merchant_id = %(merchant_id)s::bigint AND category = %(category)s::text
) AS known
LEFT JOIN LATERAL (
    SELECT category
    FROM catalog.past_category
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = known.sku_id AND until_at > %(at)s::timestamptz
    ORDER BY until_at, sequence
    LIMIT 1
) AS sorted ON true
WHERE coalesce(sorted.category, known.category) = %(category)s::text
GROUP BY known.sku_id;

-- name: load_direct_assembled
-- The assembled SKUs that are made of a SKU.
SELECT sku.code
FROM catalog.material AS material
JOIN catalog.sku AS sku ON sku.merchant_id = material.merchant_id AND sku.sku_id = material.assembled_id
WHERE material.merchant_id = %(merchant_id)s::bigint AND material.material_id = %(material_id)s::bigint
ORDER BY sku.code;

-- name: load_aliases
-- The survivors that codes of merged SKUs stand for.
SELECT code, sku_id
FROM catalog.alias
WHERE merchant_id = %(merchant_id)s::bigint AND code = ANY(%(codes)s::text[]);

-- name: load_survivors
-- What merged SKUs among some became.
SELECT merged_id, sku_id
FROM catalog.alias
WHERE merchant_id = %(merchant_id)s::bigint AND merged_id = ANY(%(sku_ids)s::bigint[]);

-- name: insert_alias
-- The code of a merged SKU stands for its survivor.
INSERT INTO catalog.alias (merchant_id, code, sku_id, merged_id, since)
VALUES (%(merchant_id)s::bigint, %(code)s::text, %(sku_id)s::bigint, %(merged_id)s::bigint, %(now)s::timestamptz);

-- name: redirect_aliases
-- What stood for a SKU that is merged stands for its survivor too.
UPDATE catalog.alias
SET sku_id = %(survivor_id)s::bigint
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(loser_id)s::bigint
RETURNING code;

-- name: return_aliases
-- Codes stand again for a SKU whose merge is undone.
UPDATE catalog.alias
SET sku_id = %(loser_id)s::bigint
WHERE merchant_id = %(merchant_id)s::bigint AND code = ANY(%(codes)s::text[]);

-- name: delete_alias
-- A code stands for itself again.
DELETE FROM catalog.alias WHERE merchant_id = %(merchant_id)s::bigint AND code = %(code)s::text;

-- name: load_direct_kits
-- The kits that were stated to hold some SKUs.
SELECT DISTINCT kit_id
FROM catalog.component
WHERE merchant_id = %(merchant_id)s::bigint AND component_id = ANY(%(component_ids)s::bigint[])
ORDER BY kit_id;

-- name: load_components
-- What kits were stated to hold.
SELECT kit_id, component_id, quantity
FROM catalog.component
WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = ANY(%(kit_ids)s::bigint[])
ORDER BY kit_id, component_id;

-- name: load_components_below
-- What kits hold, and what the kits in them hold, down to what is stocked.
WITH RECURSIVE below AS (
    SELECT kit_id, component_id, quantity
    FROM catalog.component
    WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = ANY(%(kit_ids)s::bigint[])
    UNION
    SELECT inner_one.kit_id, inner_one.component_id, inner_one.quantity
    FROM below
    JOIN catalog.component AS inner_one ON inner_one.merchant_id = %(merchant_id)s::bigint
        AND inner_one.kit_id = below.component_id
)
SELECT kit_id, component_id, quantity FROM below ORDER BY kit_id, component_id;

-- name: load_kits_above
-- The kits that hold some SKUs, themselves or in other kits.
WITH RECURSIVE above AS (
    SELECT kit_id
    FROM catalog.component
    WHERE merchant_id = %(merchant_id)s::bigint AND component_id = ANY(%(component_ids)s::bigint[])
    UNION
    SELECT outer_one.kit_id
    FROM above
    JOIN catalog.component AS outer_one ON outer_one.merchant_id = %(merchant_id)s::bigint
        AND outer_one.component_id = above.kit_id
)
SELECT kit_id FROM above ORDER BY kit_id;

-- name: lock_parts
-- One writer of parts at a time; given back with the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('catalog.part', %(merchant_id)s::bigint))::text;

-- name: load_parts
-- The stocked SKUs that kits come down to.
SELECT kit_id, part_id, quantity
FROM catalog.part
WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = ANY(%(kit_ids)s::bigint[])
ORDER BY kit_id, part_id;

-- name: record_past_kits
-- What kits came down to until now.
INSERT INTO catalog.past_kit (merchant_id, kit_id, sequence, part_ids, quantities, until_at)
SELECT part.merchant_id, part.kit_id, coalesce(last.sequence, 0) + 1, array_agg(part.part_id ORDER BY part.part_id),
    array_agg(part.quantity ORDER BY part.part_id), greatest(last.until_at, %(now)s::timestamptz)
FROM catalog.part AS part
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM catalog.past_kit
    WHERE merchant_id = part.merchant_id AND kit_id = part.kit_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
WHERE part.merchant_id = %(merchant_id)s::bigint AND part.kit_id = ANY(%(kit_ids)s::bigint[])
GROUP BY part.merchant_id, part.kit_id, last.sequence, last.until_at;

-- name: load_parts_at
-- The stocked SKUs that kits came down to at some instants: what ended first after each, else what they come down to now.
SELECT instant.at, wanted.kit_id, held.part_id, held.quantity
FROM unnest(%(instants)s::timestamptz[]) AS instant (at)
CROSS JOIN unnest(%(kit_ids)s::bigint[]) AS wanted (kit_id)
LEFT JOIN LATERAL (
    SELECT part_ids, quantities
    FROM catalog.past_kit
    WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = wanted.kit_id AND until_at > instant.at
    ORDER BY until_at, sequence
    LIMIT 1
) AS past ON true
CROSS JOIN LATERAL (
    SELECT part_id, quantity FROM unnest(past.part_ids, past.quantities) AS former (part_id, quantity)
    UNION ALL
    SELECT part_id, quantity
    FROM catalog.part
    WHERE past.part_ids IS NULL AND merchant_id = %(merchant_id)s::bigint AND kit_id = wanted.kit_id
) AS held
ORDER BY instant.at, wanted.kit_id, held.part_id;

-- name: load_kits_of
-- The kits that come down to some stocked SKUs.
SELECT kit_id, part_id, quantity
FROM catalog.part
WHERE merchant_id = %(merchant_id)s::bigint AND part_id = ANY(%(part_ids)s::bigint[])
ORDER BY kit_id, part_id;

-- name: load_touched
-- Some SKUs, the stocked SKUs that they come down to, and every kit that comes down to one of them all.
WITH parted AS (
    SELECT asked.sku_id FROM unnest(%(sku_ids)s::bigint[]) AS asked (sku_id)
    UNION
    SELECT part_id FROM catalog.part
    WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = ANY(%(sku_ids)s::bigint[])
)
SELECT sku_id FROM parted
UNION
SELECT part.kit_id
FROM parted
JOIN catalog.part AS part ON part.merchant_id = %(merchant_id)s::bigint AND part.part_id = parted.sku_id;

-- name: delete_parts
-- Take the parts of kits away, before they are written anew.
DELETE FROM catalog.part WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = ANY(%(kit_ids)s::bigint[]);

-- name: insert_parts
-- The parts of kits.
INSERT INTO catalog.part (merchant_id, kit_id, part_id, quantity)
SELECT %(merchant_id)s::bigint, found.kit_id, found.part_id, found.quantity
FROM unnest(%(kit_ids)s::bigint[], %(part_ids)s::bigint[], %(quantities)s::bigint[]) AS found (kit_id, part_id, quantity);

-- name: load_materials_below
-- What assembled SKUs are made of, and what those are made of in their turn.
WITH RECURSIVE below AS (
    SELECT assembled_id, material_id, quantity
    FROM catalog.material
    WHERE merchant_id = %(merchant_id)s::bigint AND assembled_id = ANY(%(assembled_ids)s::bigint[])
    UNION
    SELECT inner_one.assembled_id, inner_one.material_id, inner_one.quantity
    FROM below
    JOIN catalog.material AS inner_one ON inner_one.merchant_id = %(merchant_id)s::bigint
        AND inner_one.assembled_id = below.material_id
)
SELECT assembled_id, material_id, quantity FROM below ORDER BY assembled_id, material_id;

-- name: load_materials
-- What one unit of assembled SKUs is made of.
SELECT assembled_id, material_id, quantity
FROM catalog.material
WHERE merchant_id = %(merchant_id)s::bigint AND assembled_id = ANY(%(assembled_ids)s::bigint[])
ORDER BY assembled_id, material_id;

-- name: delete_materials
-- Take the materials of assembled SKUs away, before they are written anew.
DELETE FROM catalog.material
WHERE merchant_id = %(merchant_id)s::bigint AND assembled_id = ANY(%(assembled_ids)s::bigint[]);

-- name: insert_materials
-- The materials of assembled SKUs.
INSERT INTO catalog.material (merchant_id, assembled_id, material_id, quantity)
SELECT %(merchant_id)s::bigint, stated.assembled_id, stated.material_id, stated.quantity
FROM unnest(%(assembled_ids)s::bigint[], %(material_ids)s::bigint[], %(quantities)s::bigint[])
    AS stated (assembled_id, material_id, quantity);

-- name: delete_components
-- Take the components of kits away, before they are written anew.
DELETE FROM catalog.component WHERE merchant_id = %(merchant_id)s::bigint AND kit_id = ANY(%(kit_ids)s::bigint[]);

-- name: insert_components
-- The components of kits.
INSERT INTO catalog.component (merchant_id, kit_id, component_id, quantity)
SELECT %(merchant_id)s::bigint, stated.kit_id, stated.component_id, stated.quantity
FROM unnest(%(kit_ids)s::bigint[], %(component_ids)s::bigint[], %(quantities)s::bigint[])
    AS stated (kit_id, component_id, quantity);

-- name: load_units
-- The other units of measure of some SKUs, in stock units.
SELECT sku_id, unit, factor
FROM catalog.unit
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id, unit;

-- name: insert_units
-- New units of measure; one that is there stays as it is.
INSERT INTO catalog.unit (merchant_id, sku_id, unit, factor)
SELECT %(merchant_id)s::bigint, stated.sku_id, stated.unit, stated.factor
FROM unnest(%(sku_ids)s::bigint[], %(units)s::text[], %(factors)s::bigint[]) AS stated (sku_id, unit, factor)
ORDER BY stated.sku_id, stated.unit
ON CONFLICT (merchant_id, sku_id, unit) DO NOTHING;

-- name: load_supply
-- How SKUs are ordered, of those of which it is stated.
SELECT sku_id, supplier, moq, order_multiple, lead_time_days
FROM catalog.supply
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_supply_at
-- How SKUs were ordered at an instant, of those of which it was stated by then: what ended first after it, else what holds.
SELECT supply.sku_id, coalesce(past.supplier, supply.supplier) AS supplier,
    CASE WHEN past.supplier IS NULL THEN supply.moq ELSE past.moq END AS moq,
    CASE WHEN past.supplier IS NULL THEN supply.order_multiple ELSE past.order_multiple END AS order_multiple,
    CASE WHEN past.supplier IS NULL THEN supply.lead_time_days ELSE past.lead_time_days END AS lead_time_days
FROM catalog.supply AS supply
LEFT JOIN LATERAL (
    SELECT supplier, moq, order_multiple, lead_time_days
    FROM catalog.past_supply
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = supply.sku_id AND until_at > %(at)s::timestamptz
    ORDER BY until_at, sequence
    LIMIT 1
) AS past ON true
WHERE supply.merchant_id = %(merchant_id)s::bigint AND supply.sku_id = ANY(%(sku_ids)s::bigint[])
    AND supply.stated_at <= %(at)s::timestamptz;

-- name: record_past_supply
-- How SKUs were ordered until now, of those of which something was stated.
INSERT INTO catalog.past_supply (merchant_id, sku_id, sequence, supplier, moq, order_multiple, lead_time_days, until_at)
SELECT supply.merchant_id, supply.sku_id, coalesce(last.sequence, 0) + 1, supply.supplier, supply.moq,
    supply.order_multiple, supply.lead_time_days, greatest(last.until_at, %(now)s::timestamptz)
FROM catalog.supply AS supply
LEFT JOIN LATERAL (
    SELECT sequence, until_at
    FROM catalog.past_supply
    WHERE merchant_id = supply.merchant_id AND sku_id = supply.sku_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
WHERE supply.merchant_id = %(merchant_id)s::bigint AND supply.sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: upsert_supply
-- How SKUs are ordered.
INSERT INTO catalog.supply (merchant_id, sku_id, supplier, moq, order_multiple, lead_time_days, stated_at)
SELECT %(merchant_id)s::bigint, stated.sku_id, stated.supplier, stated.moq, stated.order_multiple, stated.lead_time_days,
    %(now)s::timestamptz
FROM unnest(%(sku_ids)s::bigint[], %(suppliers)s::text[], %(moqs)s::bigint[], %(multiples)s::bigint[],
    %(lead_times)s::bigint[]) AS stated (sku_id, supplier, moq, order_multiple, lead_time_days)
ORDER BY stated.sku_id
ON CONFLICT (merchant_id, sku_id) DO UPDATE
SET supplier = excluded.supplier, moq = excluded.moq, order_multiple = excluded.order_multiple,
    lead_time_days = excluded.lead_time_days;

-- name: load_channels
-- The ids of channels by code.
SELECT code, channel_id FROM network.pub_channel WHERE merchant_id = %(merchant_id)s::bigint ORDER BY code;

-- name: upsert_listings
-- What channels' keys stand for; gives back those that are new or stand for something else now.
INSERT INTO catalog.listing AS known (merchant_id, channel_id, key, sku_id, pack_quantity, mapped_by, mapped_at, version)
SELECT %(merchant_id)s::bigint, stated.channel_id, stated.key, stated.sku_id, stated.pack_quantity, %(mapped_by)s::text,
    %(now)s::timestamptz, 1
FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[], %(sku_ids)s::bigint[], %(pack_quantities)s::bigint[])
    AS stated (channel_id, key, sku_id, pack_quantity)
ORDER BY stated.channel_id, stated.key
ON CONFLICT (merchant_id, channel_id, key) DO UPDATE
SET sku_id = excluded.sku_id, pack_quantity = excluded.pack_quantity, mapped_by = excluded.mapped_by,
    mapped_at = greatest(known.mapped_at, excluded.mapped_at), version = known.version + 1
WHERE (known.sku_id, known.pack_quantity) <> (excluded.sku_id, excluded.pack_quantity)
RETURNING channel_id, key, version, sku_id, pack_quantity, mapped_by, mapped_at;

-- copy: listing_version catalog.listing_version (merchant_id, channel_id, key, version, sku_id, pack_quantity, mapped_by,
--     mapped_at)
-- What listings stood for, append-only.

-- name: load_listing_versions
-- Everything that a listing ever stood for, the first first.
SELECT channel_id, key, version, sku_id, pack_quantity, mapped_by, mapped_at
FROM catalog.listing_version
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND key = %(key)s::text
ORDER BY version;

-- name: load_versions_of_sku
-- Everything that those listings ever stood for which once stood for a SKU, by channel and key, the first first.
SELECT version.channel_id, version.key, version.version, version.sku_id, version.pack_quantity, version.mapped_by,
    version.mapped_at
FROM (
    SELECT DISTINCT channel_id, key
    FROM catalog.listing_version
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint
) AS named
JOIN catalog.listing_version AS version ON version.merchant_id = %(merchant_id)s::bigint
    AND version.channel_id = named.channel_id AND version.key = named.key
ORDER BY version.channel_id, version.key, version.version;

-- name: load_listings_of
-- The listings of some SKUs.
SELECT channel_id, key, sku_id, pack_quantity, mapped_by
FROM catalog.listing
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id, channel_id, key;

-- name: load_listings_of_channel
-- All listings of a channel.
SELECT channel_id, key, sku_id, pack_quantity, mapped_by
FROM catalog.listing
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
ORDER BY key;

-- name: load_active_ids
-- Every SKU that is sold.
SELECT sku_id FROM catalog.sku WHERE merchant_id = %(merchant_id)s::bigint AND active ORDER BY sku_id;

-- name: load_listings_by_key
-- Listings by channel and key; those that are not mapped are missing.
SELECT listing.channel_id, listing.key, listing.sku_id, listing.pack_quantity, listing.mapped_by
FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[]) AS wanted (channel_id, key)
JOIN catalog.listing AS listing ON listing.merchant_id = %(merchant_id)s::bigint
    AND listing.channel_id = wanted.channel_id AND listing.key = wanted.key;

-- name: lock_stated_listings
-- What channels said of listings, locked in the order of their keys.
SELECT stated.channel_id, stated.key, stated.sku_code, stated.barcode, stated.pack_quantity, stated.title,
    stated.price_minor, stated.currency, stated.status
FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[]) AS wanted (channel_id, key)
JOIN catalog.stated_listing AS stated ON stated.merchant_id = %(merchant_id)s::bigint
    AND stated.channel_id = wanted.channel_id AND stated.key = wanted.key
ORDER BY stated.channel_id, stated.key
FOR UPDATE OF stated;

-- name: upsert_stated_listings
-- What channels say of listings now.
INSERT INTO catalog.stated_listing (merchant_id, channel_id, key, sku_code, barcode, pack_quantity, title, price_minor,
    currency, status, stated_at)
SELECT %(merchant_id)s::bigint, stated.channel_id, stated.key, stated.sku_code, stated.barcode, stated.pack_quantity,
    stated.title, stated.price_minor, stated.currency, stated.status, %(now)s::timestamptz
FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[], %(codes)s::text[], %(barcodes)s::text[], %(packs)s::bigint[],
    %(titles)s::text[], %(prices)s::bigint[], %(currencies)s::text[], %(statuses)s::text[])
    AS stated (channel_id, key, sku_code, barcode, pack_quantity, title, price_minor, currency, status)
ORDER BY stated.channel_id, stated.key
ON CONFLICT (merchant_id, channel_id, key) DO UPDATE
SET sku_code = excluded.sku_code, barcode = excluded.barcode, pack_quantity = excluded.pack_quantity,
    title = excluded.title, price_minor = excluded.price_minor, currency = excluded.currency, status = excluded.status,
    stated_at = excluded.stated_at;

-- name: load_unmapped
-- Listings that stand for nothing yet, and name one of some codes, or one of some barcodes.
SELECT stated.channel_id, stated.key, stated.sku_code, stated.barcode, stated.pack_quantity, stated.title,
    stated.price_minor, stated.currency, stated.status
FROM catalog.stated_listing AS stated
WHERE stated.merchant_id = %(merchant_id)s::bigint
    AND (stated.sku_code = ANY(%(codes)s::text[]) AND stated.sku_code <> ''
        OR stated.barcode = ANY(%(barcodes)s::text[]) AND stated.barcode <> '')
    AND NOT EXISTS (
        SELECT FROM catalog.listing AS listing
        WHERE listing.merchant_id = %(merchant_id)s::bigint AND listing.channel_id = stated.channel_id
            AND listing.key = stated.key
    )
ORDER BY stated.channel_id, stated.key;

-- name: load_listing_views
-- Listings after a key, with what they stand for and what their channels say of them.
SELECT coalesce(listing.channel_id, stated.channel_id) AS channel_id, coalesce(listing.key, stated.key) AS key,
    coalesce(listing.sku_id, 0)::bigint AS sku_id,
    coalesce(listing.pack_quantity, stated.pack_quantity, 1)::bigint AS pack_quantity,
    coalesce(listing.mapped_by, '') AS mapped_by, coalesce(stated.title, '') AS title,
    coalesce(stated.barcode, '') AS barcode, stated.price_minor, coalesce(stated.currency, '') AS currency,
    coalesce(stated.status, '') AS status
FROM (SELECT * FROM catalog.listing WHERE merchant_id = %(merchant_id)s::bigint) AS listing
FULL JOIN (SELECT * FROM catalog.stated_listing WHERE merchant_id = %(merchant_id)s::bigint) AS stated
    ON stated.channel_id = listing.channel_id AND stated.key = listing.key
WHERE (%(channel_id)s::bigint = 0 OR coalesce(listing.channel_id, stated.channel_id) = %(channel_id)s::bigint)
    AND (%(sku_id)s::bigint = 0 OR listing.sku_id = %(sku_id)s::bigint)
    AND (%(status)s::text = '' OR stated.status = %(status)s::text)
    AND (NOT %(unmapped)s::boolean OR listing.sku_id IS NULL)
    AND (coalesce(listing.channel_id, stated.channel_id), coalesce(listing.key, stated.key))
        > (%(after_channel)s::bigint, %(after_key)s::text)
ORDER BY 1, 2
LIMIT %(limit)s::bigint;

-- name: count_projections
-- How many rows the projections of the catalogue have: parts, listings.
SELECT (SELECT count(*) FROM catalog.part WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM catalog.listing WHERE merchant_id = %(merchant_id)s::bigint);

-- name: find_unlike_parts
-- Parts that are not what the components of their kits come down to.
WITH RECURSIVE below AS (
    SELECT kit_id, component_id, quantity, ARRAY[kit_id] AS way
    FROM catalog.component
    WHERE merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT below.kit_id, inner_one.component_id, below.quantity * inner_one.quantity, below.way || inner_one.kit_id
    FROM below
    JOIN catalog.component AS inner_one ON inner_one.merchant_id = %(merchant_id)s::bigint
        AND inner_one.kit_id = below.component_id
    WHERE inner_one.kit_id <> ALL(below.way)
)
SELECT coalesce(part.kit_id, stated.kit_id) AS kit_id, coalesce(part.part_id, stated.part_id) AS part_id, part.quantity,
    stated.quantity
FROM (SELECT * FROM catalog.part WHERE merchant_id = %(merchant_id)s::bigint) AS part
FULL JOIN (
    SELECT below.kit_id, below.component_id AS part_id, sum(below.quantity)::bigint AS quantity
    FROM below
    JOIN catalog.sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = below.component_id
    WHERE sku.kind <> 'kit'
    GROUP BY below.kit_id, below.component_id
) AS stated ON stated.kit_id = part.kit_id AND stated.part_id = part.part_id
WHERE part.quantity IS DISTINCT FROM stated.quantity
ORDER BY 1, 2;

-- name: find_unlike_listings
-- Listings that do not stand for what the last of their versions says.
SELECT coalesce(listing.channel_id, last.channel_id) AS channel_id, coalesce(listing.key, last.key) AS key,
    listing.sku_id, listing.pack_quantity, listing.mapped_by, listing.mapped_at, listing.version,
    last.sku_id, last.pack_quantity, last.mapped_by, last.mapped_at, last.version
FROM (SELECT * FROM catalog.listing WHERE merchant_id = %(merchant_id)s::bigint) AS listing
FULL JOIN (
    SELECT DISTINCT ON (channel_id, key) channel_id, key, sku_id, pack_quantity, mapped_by, mapped_at, version
    FROM catalog.listing_version
    WHERE merchant_id = %(merchant_id)s::bigint
    ORDER BY channel_id, key, version DESC
) AS last ON last.channel_id = listing.channel_id AND last.key = listing.key
WHERE (listing.sku_id, listing.pack_quantity, listing.mapped_by, listing.mapped_at, listing.version)
    IS DISTINCT FROM (last.sku_id, last.pack_quantity, last.mapped_by, last.mapped_at, last.version)
ORDER BY 1, 2;

-- name: lock_listings
-- Keep what some listings stand for until the commit.
SELECT listing.key
FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[]) AS wanted (channel_id, key)
JOIN catalog.listing AS listing ON listing.merchant_id = %(merchant_id)s::bigint
    AND listing.channel_id = wanted.channel_id AND listing.key = wanted.key
ORDER BY listing.channel_id, listing.key
FOR UPDATE OF listing;

-- name: restore_listings
-- Make listings stand for what the last of their versions says.
INSERT INTO catalog.listing (merchant_id, channel_id, key, sku_id, pack_quantity, mapped_by, mapped_at, version)
SELECT %(merchant_id)s::bigint, truth.channel_id, truth.key, truth.sku_id, truth.pack_quantity, truth.mapped_by,
    truth.mapped_at, truth.version
FROM unnest(%(channel_ids)s::bigint[], %(keys)s::text[], %(sku_ids)s::bigint[], %(pack_quantities)s::bigint[],
    %(mapped_bys)s::text[], %(times)s::timestamptz[], %(versions)s::integer[])
    AS truth (channel_id, key, sku_id, pack_quantity, mapped_by, mapped_at, version)
ON CONFLICT (merchant_id, channel_id, key) DO UPDATE
SET sku_id = excluded.sku_id, pack_quantity = excluded.pack_quantity, mapped_by = excluded.mapped_by,
    mapped_at = excluded.mapped_at, version = excluded.version;

-- name: delete_listings
-- Take away listings that no version knows.
DELETE FROM catalog.listing AS listing
USING unnest(%(channel_ids)s::bigint[], %(keys)s::text[]) AS gone (channel_id, key)
WHERE listing.merchant_id = %(merchant_id)s::bigint AND listing.channel_id = gone.channel_id AND listing.key = gone.key;
