-- What must always be true of the catalogue: each statement returns the rows that break it.

-- name: kits_have_components
-- when: now
-- A kit holds at least one component, and only a kit holds any.
SELECT sku.sku_id, sku.code, sku.kind
FROM catalog.sku AS sku
WHERE sku.merchant_id = %(merchant_id)s::bigint AND (sku.kind = 'kit') <> EXISTS (
    SELECT FROM catalog.component AS component
    WHERE component.merchant_id = sku.merchant_id AND component.kit_id = sku.sku_id
);

-- name: parts_are_what_kits_come_down_to
-- when: now
-- The parts of a kit are what its components come down to, exactly.
WITH RECURSIVE below AS (
    SELECT kit_id, component_id, quantity::numeric AS quantity, ARRAY[kit_id] AS way
    FROM catalog.component
    WHERE merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT below.kit_id, inner_one.component_id, below.quantity * inner_one.quantity, below.way || inner_one.kit_id
    FROM below
    JOIN catalog.component AS inner_one ON inner_one.merchant_id = %(merchant_id)s::bigint
        AND inner_one.kit_id = below.component_id
    WHERE inner_one.kit_id <> ALL(below.way)
)
SELECT coalesce(stated.kit_id, part.kit_id) AS kit_id, coalesce(stated.component_id, part.part_id) AS part_id,
    stated.quantity AS stated, part.quantity AS written
FROM (
    SELECT below.kit_id, below.component_id, sum(below.quantity) AS quantity
    FROM below
    JOIN catalog.sku AS sku ON sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = below.component_id
    WHERE sku.kind <> 'kit'
    GROUP BY below.kit_id, below.component_id
) AS stated
FULL JOIN (SELECT * FROM catalog.part WHERE merchant_id = %(merchant_id)s::bigint) AS part
    ON part.kit_id = stated.kit_id AND part.part_id = stated.component_id
WHERE stated.quantity IS DISTINCT FROM part.quantity;

-- name: no_kit_holds_itself
-- when: now
-- No kit and no assembled SKU is made of itself, however deep.
WITH RECURSIVE way AS (
    SELECT one.top, one.below
    FROM (
        SELECT kit_id AS top, component_id AS below FROM catalog.component WHERE merchant_id = %(merchant_id)s::bigint
        UNION
        SELECT assembled_id, material_id FROM catalog.material WHERE merchant_id = %(merchant_id)s::bigint
    ) AS one
    UNION
    SELECT way.top, step.below
    FROM way
    JOIN (
        SELECT kit_id AS top, component_id AS below FROM catalog.component WHERE merchant_id = %(merchant_id)s::bigint
        UNION
        SELECT assembled_id, material_id FROM catalog.material WHERE merchant_id = %(merchant_id)s::bigint
    ) AS step ON step.top = way.below
)
SELECT top FROM way WHERE top = below;

-- name: assembled_have_materials
-- when: now
-- An assembled SKU is made of at least one other, never of a kit, and only an assembled SKU is made of others.
SELECT sku.sku_id, sku.code, sku.kind
FROM catalog.sku AS sku
WHERE sku.merchant_id = %(merchant_id)s::bigint AND ((sku.kind = 'assembled') <> EXISTS (
    SELECT FROM catalog.material AS material
    WHERE material.merchant_id = sku.merchant_id AND material.assembled_id = sku.sku_id
) OR sku.kind = 'kit' AND EXISTS (
    SELECT FROM catalog.material AS material
    WHERE material.merchant_id = sku.merchant_id AND material.material_id = sku.sku_id
));

-- name: listing_is_its_last_version
-- when: now
-- A listing stands for what the last of its versions says, and has every version.
SELECT listing.channel_id, listing.key, listing.version, told.versions
FROM catalog.listing AS listing
LEFT JOIN (
    SELECT channel_id, key, count(*) AS versions, max(version) AS last,
        (array_agg(ROW(sku_id, pack_quantity)::text ORDER BY version DESC))[1] AS meaning
    FROM catalog.listing_version
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY channel_id, key
) AS told ON told.channel_id = listing.channel_id AND told.key = listing.key
WHERE listing.merchant_id = %(merchant_id)s::bigint AND (told.versions IS DISTINCT FROM listing.version::bigint
    OR told.last IS DISTINCT FROM listing.version
    OR told.meaning IS DISTINCT FROM ROW(listing.sku_id, listing.pack_quantity)::text);

-- name: listings_have_a_channel
-- when: now
-- A listing is of a channel that is there.
SELECT listing.channel_id, listing.key
FROM catalog.listing AS listing
LEFT JOIN network.pub_channel AS channel ON channel.merchant_id = listing.merchant_id
    AND channel.channel_id = listing.channel_id
WHERE listing.merchant_id = %(merchant_id)s::bigint AND channel.channel_id IS NULL;

-- name: merged_skus_are_not_sold
-- when: now
-- The SKU of an alias is inactive and has the alias for its code; what it stands for is no alias itself.
SELECT alias.code, alias.merged_id, alias.sku_id
FROM catalog.alias AS alias
JOIN catalog.sku AS merged ON merged.merchant_id = alias.merchant_id AND merged.sku_id = alias.merged_id
LEFT JOIN catalog.alias AS further ON further.merchant_id = alias.merchant_id AND further.merged_id = alias.sku_id
WHERE alias.merchant_id = %(merchant_id)s::bigint
    AND (merged.active OR merged.code <> alias.code OR further.code IS NOT NULL);

-- name: stock_unit_is_no_other_unit
-- when: now
-- The stock unit of a SKU, where it stands among the units, is one of itself.
SELECT unit.sku_id, unit.unit, unit.factor
FROM catalog.unit AS unit
JOIN catalog.sku AS sku ON sku.merchant_id = unit.merchant_id AND sku.sku_id = unit.sku_id
WHERE unit.merchant_id = %(merchant_id)s::bigint AND unit.unit = sku.stock_unit AND unit.factor <> 1;

-- name: past_ends_in_order
-- when: now
-- What kits, categories, names and supply were before is numbered without a gap, and no stretch ended before the one before it.
SELECT past.what, past.id, past.sequence
FROM (
    SELECT 'kit' AS what, kit_id AS id, sequence, until_at,
        lag(sequence, 1, 0) OVER kit AS before, lag(until_at) OVER kit AS ended_at
    FROM catalog.past_kit
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW kit AS (PARTITION BY kit_id ORDER BY sequence)
    UNION ALL
    SELECT 'category', sku_id, sequence, until_at,
        lag(sequence, 1, 0) OVER sku, lag(until_at) OVER sku
    FROM catalog.past_category
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW sku AS (PARTITION BY sku_id ORDER BY sequence)
    UNION ALL
    SELECT 'name', sku_id, sequence, until_at,
        lag(sequence, 1, 0) OVER called, lag(until_at) OVER called
    FROM catalog.past_name
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW called AS (PARTITION BY sku_id ORDER BY sequence)
    UNION ALL
    SELECT 'supply', sku_id, sequence, until_at,
        lag(sequence, 1, 0) OVER ordered, lag(until_at) OVER ordered
    FROM catalog.past_supply
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW ordered AS (PARTITION BY sku_id ORDER BY sequence)
) AS past
WHERE past.sequence <> past.before + 1 OR past.until_at < past.ended_at;
