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

-- name: components_are_stocked
-- when: now
-- The components of a kit are stocked themselves.
SELECT component.kit_id, component.component_id, part.code
FROM catalog.component AS component
JOIN catalog.sku AS part ON part.merchant_id = component.merchant_id AND part.sku_id = component.component_id
WHERE component.merchant_id = %(merchant_id)s::bigint AND part.kind <> 'stocked';

-- name: listings_have_a_channel
-- when: now
-- A listing is of a channel that is there.
SELECT listing.channel_id, listing.key
FROM catalog.listing AS listing
LEFT JOIN network.pub_channel AS channel ON channel.merchant_id = listing.merchant_id
    AND channel.channel_id = listing.channel_id
WHERE listing.merchant_id = %(merchant_id)s::bigint AND channel.channel_id IS NULL;

-- name: stock_unit_is_no_other_unit
-- when: now
-- The stock unit of a SKU, where it stands among the units, is one of itself.
SELECT unit.sku_id, unit.unit, unit.factor
FROM catalog.unit AS unit
JOIN catalog.sku AS sku ON sku.merchant_id = unit.merchant_id AND sku.sku_id = unit.sku_id
WHERE unit.merchant_id = %(merchant_id)s::bigint AND unit.unit = sku.stock_unit AND unit.factor <> 1;
