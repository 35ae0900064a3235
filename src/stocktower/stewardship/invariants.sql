-- What must always be true of master data: each statement returns the rows that break it.

-- name: scores_count_what_fails
-- when: now
-- The quality of a SKU counts the checks that it fails.
SELECT quality.sku_id, quality.failing, coalesce(failed.checks, 0) AS failed
FROM stewardship.quality AS quality
LEFT JOIN (
    SELECT sku_id, count(*) AS checks
    FROM stewardship.failing
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY sku_id
) AS failed ON failed.sku_id = quality.sku_id
WHERE quality.merchant_id = %(merchant_id)s::bigint AND quality.failing <> coalesce(failed.checks, 0);

-- name: stake_is_a_part_of_sales
-- when: now
-- The money touched is the share of sales that is missing from the score.
SELECT sku_id, score, sold_minor, at_stake_minor
FROM stewardship.quality
WHERE merchant_id = %(merchant_id)s::bigint AND at_stake_minor <> sold_minor * (100 - score) / 100;

-- name: what_fails_is_a_sku
-- when: now
-- Only SKUs that are there fail checks.
SELECT failing.sku_id, failing.check_name
FROM stewardship.failing AS failing
LEFT JOIN catalog.pub_sku AS sku ON sku.merchant_id = failing.merchant_id AND sku.sku_id = failing.sku_id
WHERE failing.merchant_id = %(merchant_id)s::bigint AND sku.sku_id IS NULL;

-- name: merges_stand_as_aliases
-- when: now
-- A merge that stands has its alias, and an alias its merge.
SELECT coalesce(merge.loser_id, alias.merged_id) AS loser_id, merge.merge_id, alias.code
FROM (SELECT * FROM stewardship.merge WHERE merchant_id = %(merchant_id)s::bigint AND undone_at IS NULL) AS merge
FULL JOIN (SELECT * FROM catalog.pub_alias WHERE merchant_id = %(merchant_id)s::bigint) AS alias
    ON alias.merged_id = merge.loser_id
WHERE merge.merge_id IS NULL OR alias.code IS NULL;

-- name: merged_skus_have_no_stock
-- when: now
-- What was merged holds nothing that is promised.
SELECT alias.code, demand.order_id
FROM catalog.pub_alias AS alias
JOIN inventory.pub_demand AS demand ON demand.merchant_id = alias.merchant_id AND demand.sku_id = alias.merged_id
    AND (demand.allocated > 0 OR demand.short > 0)
WHERE alias.merchant_id = %(merchant_id)s::bigint;
