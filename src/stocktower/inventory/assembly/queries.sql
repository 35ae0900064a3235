-- Assembled SKUs made of their materials.

-- copy: assembly inventory.assembly (merchant_id, assembly_id, reference, sku_id, site_id, units, actor, occurred_at,
--     recorded_at)
-- Assemblies are append-only.

-- copy: assembly_line inventory.assembly_line (merchant_id, assembly_id, line_no, stock_id, sku_id, lot, per_unit, delta)
-- What each did, append-only.

-- name: find_assemblies
-- Assemblies by reference.
SELECT assembly_id, reference, sku_id, site_id, units, actor, occurred_at, recorded_at
FROM inventory.assembly
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY assembly_id;

-- name: load_assemblies
-- Assemblies by id.
SELECT assembly_id, reference, sku_id, site_id, units, actor, occurred_at, recorded_at
FROM inventory.assembly
WHERE merchant_id = %(merchant_id)s::bigint AND assembly_id = ANY(%(assembly_ids)s::bigint[])
ORDER BY assembly_id;

-- name: load_assembly_lines
-- The lines of assemblies, in order.
SELECT assembly_id, line_no, stock_id, sku_id, lot, per_unit, delta
FROM inventory.assembly_line
WHERE merchant_id = %(merchant_id)s::bigint AND assembly_id = ANY(%(assembly_ids)s::bigint[])
ORDER BY assembly_id, line_no;
