-- The rules of what a channel is offered: stored, loaded, counted and listed.

-- copy: rule inventory.rule (merchant_id, rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode,
--     quantity, days, over_days, starts_at, ends_at, counts_from, by_person, actor, recorded_at, replaced_at)
-- New versions of rules.

-- name: load_rules
-- The rules that are meant now, of some SKUs (0: those for a category or everything).
SELECT rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode, quantity, days, over_days, starts_at,
    ends_at, counts_from, by_person, actor, recorded_at, replaced_at
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND replaced_at IS NULL;

-- name: load_rules_at
-- The rules that were meant at an instant, of some SKUs (0: the general ones).
SELECT rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode, quantity, days, over_days, starts_at,
    ends_at, counts_from, by_person, actor, recorded_at, replaced_at
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
    AND recorded_at <= %(at)s::timestamptz AND coalesce(replaced_at > %(at)s::timestamptz, true);

-- name: load_all_rules
-- Every rule that is meant now.
SELECT rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode, quantity, days, over_days, starts_at,
    ends_at, counts_from, by_person, actor, recorded_at, replaced_at
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND replaced_at IS NULL
ORDER BY kind, channel_id, scope, by_person;

-- name: load_rules_by_id
-- Rules by id, meant still or not.
SELECT rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode, quantity, days, over_days, starts_at,
    ends_at, counts_from, by_person, actor, recorded_at, replaced_at
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND rule_id = ANY(%(rule_ids)s::bigint[]);

-- name: load_ended_rules
-- Rules that are not meant any more, of some SKUs (0: the general ones) or of all (none), the latest first.
SELECT rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode, quantity, days, over_days, starts_at,
    ends_at, counts_from, by_person, actor, recorded_at, replaced_at
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND replaced_at IS NOT NULL
    AND (cardinality(%(sku_ids)s::bigint[]) = 0 OR sku_id = ANY(%(sku_ids)s::bigint[]))
ORDER BY replaced_at DESC, rule_id DESC
LIMIT %(limit)s::bigint;

-- name: load_stated_rules
-- What the configuration states now.
SELECT rule_id, scope, mode, quantity, days, over_days
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND replaced_at IS NULL AND NOT by_person;

-- name: load_counting_rules
-- Quotas and shares that may count demand of some SKUs.
SELECT sku_id, channel_id, category, counts_from
FROM inventory.rule
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND replaced_at IS NULL
    AND counts_from IS NOT NULL;

-- name: load_categories
-- The categories of some SKUs.
SELECT sku_id, category
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_categories_at
-- The categories that some SKUs had at an instant: what ended first after it, else what they have now.
SELECT sku.sku_id, coalesce(past.category, sku.category)
FROM catalog.pub_sku AS sku
LEFT JOIN LATERAL (
    SELECT category
    FROM catalog.pub_past_category
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = sku.sku_id AND until_at > %(at)s::timestamptz
    ORDER BY until_at, sequence
    LIMIT 1
) AS past ON true
WHERE sku.merchant_id = %(merchant_id)s::bigint AND sku.sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: load_category_skus
-- The SKUs of some categories, in key order.
SELECT sku_id
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND category = ANY(%(categories)s::text[])
ORDER BY sku_id;

-- name: replace_rules
-- Rules that are not meant any more.
UPDATE inventory.rule
SET replaced_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND rule_id = ANY(%(rule_ids)s::bigint[]) AND replaced_at IS NULL;

-- name: insert_rule_head
-- The version of the rules before the first of them.
INSERT INTO inventory.rule_head (merchant_id, version, actor, changed_at)
VALUES (%(merchant_id)s::bigint, 0, '', %(now)s::timestamptz)
ON CONFLICT (merchant_id) DO NOTHING;

-- name: lock_rule_head
-- The version of the rules, locked while they are changed.
SELECT version FROM inventory.rule_head WHERE merchant_id = %(merchant_id)s::bigint FOR UPDATE;

-- name: load_rule_version
-- The version of the rules.
SELECT version FROM inventory.rule_head WHERE merchant_id = %(merchant_id)s::bigint;

-- name: move_rule_head
-- One change more.
UPDATE inventory.rule_head
SET version = version + 1, actor = %(actor)s::text, changed_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_usage
-- What channels used of some SKUs since their quotas and shares began.
SELECT sku_id, channel_id, since, used, accepted
FROM inventory.usage
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]);

-- name: add_usage
-- Differences of what channels used, and what they used after them.
WITH counted AS (
    INSERT INTO inventory.usage AS known (merchant_id, sku_id, channel_id, since, used, accepted)
    SELECT %(merchant_id)s::bigint, fresh.sku_id, fresh.channel_id, fresh.since, fresh.used, fresh.accepted
    FROM unnest(%(sku_ids)s::bigint[], %(channel_ids)s::bigint[], %(since)s::timestamptz[], %(used)s::bigint[],
        %(accepted)s::bigint[]) AS fresh (sku_id, channel_id, since, used, accepted)
    ORDER BY fresh.sku_id, fresh.channel_id, fresh.since
    ON CONFLICT (merchant_id, sku_id, channel_id, since) DO UPDATE
    SET used = known.used + excluded.used, accepted = known.accepted + excluded.accepted
    RETURNING sku_id, channel_id, since, used, accepted
)
INSERT INTO inventory.usage_change (merchant_id, sku_id, channel_id, since, sequence, used_after, accepted_after, recorded_at)
SELECT %(merchant_id)s::bigint, counted.sku_id, counted.channel_id, counted.since, coalesce(last.sequence, 0) + 1,
    counted.used, counted.accepted, greatest(last.recorded_at, %(now)s::timestamptz)
FROM counted
LEFT JOIN LATERAL (
    SELECT sequence, recorded_at
    FROM inventory.usage_change
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = counted.sku_id AND channel_id = counted.channel_id
        AND since = counted.since
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true;

-- name: count_usage
-- What a channel's demand has of some SKUs since an instant, from demand itself: when a quota or share begins to count.
WITH counted AS (
    INSERT INTO inventory.usage AS known (merchant_id, sku_id, channel_id, since, used, accepted)
    SELECT merchant_id, sku_id, channel_id, %(since)s::timestamptz, sum(allocated + consumed),
        sum(allocated + consumed + short)
    FROM inventory.demand
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
        AND placed_at >= %(since)s::timestamptz AND sku_id = ANY(%(sku_ids)s::bigint[])
    GROUP BY merchant_id, sku_id, channel_id
    ON CONFLICT (merchant_id, sku_id, channel_id, since) DO UPDATE
    SET used = excluded.used, accepted = excluded.accepted
    WHERE (known.used, known.accepted) <> (excluded.used, excluded.accepted)
    RETURNING sku_id, channel_id, since, used, accepted
)
INSERT INTO inventory.usage_change (merchant_id, sku_id, channel_id, since, sequence, used_after, accepted_after, recorded_at)
SELECT %(merchant_id)s::bigint, counted.sku_id, counted.channel_id, counted.since, coalesce(last.sequence, 0) + 1,
    counted.used, counted.accepted, greatest(last.recorded_at, %(now)s::timestamptz)
FROM counted
LEFT JOIN LATERAL (
    SELECT sequence, recorded_at
    FROM inventory.usage_change
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = counted.sku_id AND channel_id = counted.channel_id
        AND since = counted.since
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true;

-- name: load_usage_at
-- What channels had used of some SKUs by an instant, since quotas and shares that were meant then had begun: the last change of
-- each by then, one look-up.
SELECT wanted.sku_id, begun.channel_id, begun.since, last.used_after, last.accepted_after
FROM unnest(%(channel_ids)s::bigint[], %(since)s::timestamptz[]) AS begun (channel_id, since)
CROSS JOIN unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT used_after, accepted_after
    FROM inventory.usage_change
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND channel_id = begun.channel_id
        AND since = begun.since AND recorded_at <= %(at)s::timestamptz
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS last;

-- name: forget_usage
-- What is counted no more of some SKUs, such as when they came into another category; those that are counted are named.
WITH gone AS (
    DELETE FROM inventory.usage AS usage
    WHERE usage.merchant_id = %(merchant_id)s::bigint AND usage.sku_id = ANY(%(sku_ids)s::bigint[]) AND NOT EXISTS (
        SELECT FROM unnest(%(counted_ids)s::bigint[], %(channel_ids)s::bigint[], %(since)s::timestamptz[])
            AS counted (sku_id, channel_id, since)
        WHERE counted.sku_id = usage.sku_id AND counted.channel_id = usage.channel_id AND counted.since = usage.since
    )
    RETURNING sku_id, channel_id, since
)
INSERT INTO inventory.usage_change (merchant_id, sku_id, channel_id, since, sequence, used_after, accepted_after, recorded_at)
SELECT %(merchant_id)s::bigint, gone.sku_id, gone.channel_id, gone.since, last.sequence + 1, 0, 0,
    greatest(last.recorded_at, %(now)s::timestamptz)
FROM gone
CROSS JOIN LATERAL (
    SELECT sequence, recorded_at
    FROM inventory.usage_change
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = gone.sku_id AND channel_id = gone.channel_id
        AND since = gone.since
    ORDER BY sequence DESC
    LIMIT 1
) AS last;

-- name: drop_usage
-- What no quota or share counts any more.
DELETE FROM inventory.usage AS usage
WHERE usage.merchant_id = %(merchant_id)s::bigint AND NOT EXISTS (
    SELECT FROM inventory.rule AS rule
    WHERE rule.merchant_id = usage.merchant_id AND rule.channel_id = usage.channel_id AND rule.counts_from = usage.since
        AND rule.replaced_at IS NULL AND rule.sku_id IN (0, usage.sku_id)
);

-- copy: cover inventory.cover (merchant_id, rule_id, sku_id, site_id, quantity, shipped, recorded_at, replaced_at)
-- What days of cover came to.

-- name: load_cover
-- What days of cover came to for some SKUs, as it was at an instant.
SELECT rule_id, sku_id, site_id, quantity
FROM inventory.cover
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
    AND recorded_at <= %(at)s::timestamptz AND coalesce(replaced_at > %(at)s::timestamptz, true);

-- name: load_rule_cover
-- What a rule of days of cover comes to now.
SELECT sku_id, site_id, quantity
FROM inventory.cover
WHERE merchant_id = %(merchant_id)s::bigint AND rule_id = %(rule_id)s::bigint AND replaced_at IS NULL;

-- name: end_cover
-- What a rule came to at some places until now.
UPDATE inventory.cover AS cover
SET replaced_at = %(now)s::timestamptz
FROM unnest(%(sku_ids)s::bigint[], %(site_ids)s::bigint[]) AS ended (sku_id, site_id)
WHERE cover.merchant_id = %(merchant_id)s::bigint AND cover.rule_id = %(rule_id)s::bigint
    AND cover.sku_id = ended.sku_id AND cover.site_id = ended.site_id AND cover.replaced_at IS NULL;

-- name: measure_cover
-- What was shipped of some SKUs, or of every one, by site since an instant; each row's moves are read from then on only.
SELECT stock.sku_id, stock.site_id, sum(shipped.units)::bigint AS units
FROM inventory.stock AS stock
CROSS JOIN LATERAL (
    SELECT -sum(move.delta) AS units
    FROM inventory.move AS move
    WHERE move.merchant_id = stock.merchant_id AND move.stock_id = stock.stock_id
        AND move.occurred_at > %(since)s::timestamptz AND move.reason = 'shipped'
) AS shipped
WHERE stock.merchant_id = %(merchant_id)s::bigint AND (%(every)s::boolean OR stock.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND shipped.units > 0
GROUP BY stock.sku_id, stock.site_id;

-- name: load_rule_columns
-- The rules of some SKUs, or of every one, that hold now, the stronger ones of a place last.
SELECT rule.rule_id, rule.sku_id, array_position(%(kinds)s::text[], rule.kind)::bigint AS kind, rule.channel_id,
    rule.site_id, coalesce(array_position(%(groups)s::text[], rule.site_group), 0)::bigint AS site_group,
    rule.quantity, (rule.mode = 'quota')::int::bigint AS quota, coalesce(usage.used, 0)::bigint AS used,
    coalesce(usage.accepted, 0)::bigint AS accepted
FROM inventory.rule AS rule
LEFT JOIN inventory.usage AS usage ON usage.merchant_id = rule.merchant_id AND usage.sku_id = rule.sku_id
    AND usage.channel_id = rule.channel_id AND usage.since = rule.counts_from
WHERE rule.merchant_id = %(merchant_id)s::bigint AND rule.replaced_at IS NULL AND rule.sku_id <> 0
    AND (%(every)s::boolean OR rule.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND coalesce(rule.starts_at <= %(now)s::timestamptz, true) AND coalesce(rule.ends_at > %(now)s::timestamptz, true)
ORDER BY (rule.starts_at IS NOT NULL OR rule.ends_at IS NOT NULL), rule.by_person, rule.recorded_at, rule.rule_id;

-- name: load_category_columns
-- The categories of some SKUs, or of every one, as places among the given ones.
SELECT sku_id, array_position(%(categories)s::text[], category)::bigint AS category
FROM catalog.pub_sku
WHERE merchant_id = %(merchant_id)s::bigint AND category = ANY(%(categories)s::text[])
    AND (%(every)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]));

-- name: load_usage_columns
-- What a channel used since an instant, by SKU.
SELECT sku_id, used, accepted
FROM inventory.usage
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint AND since = %(since)s::timestamptz;

-- name: load_cover_columns
-- What days of cover come to now.
SELECT rule_id, sku_id, site_id, quantity
FROM inventory.cover
WHERE merchant_id = %(merchant_id)s::bigint AND replaced_at IS NULL;

-- name: count_usage_rows
-- How many quotas and shares of SKUs are counted.
SELECT count(*) FROM inventory.usage WHERE merchant_id = %(merchant_id)s::bigint;

-- name: find_unlike_usage
-- What is counted against quotas and shares, where the demand that was placed since they began has something else.
SELECT coalesce(known.sku_id, counted.sku_id) AS sku_id, coalesce(known.channel_id, counted.channel_id) AS channel_id,
    coalesce(known.since, counted.since) AS since, known.used, known.accepted, counted.used, counted.accepted
FROM (SELECT * FROM inventory.usage WHERE merchant_id = %(merchant_id)s::bigint) AS known
FULL JOIN (
    SELECT demand.sku_id, demand.channel_id, start.counts_from AS since,
        sum(demand.allocated + demand.consumed)::bigint AS used,
        sum(demand.allocated + demand.consumed + demand.short)::bigint AS accepted
    FROM (
        SELECT DISTINCT sku.sku_id, rule.channel_id, rule.counts_from
        FROM inventory.rule AS rule
        JOIN catalog.pub_sku AS sku ON sku.merchant_id = rule.merchant_id AND rule.sku_id IN (0, sku.sku_id)
            AND rule.category IN ('', sku.category)
        WHERE rule.merchant_id = %(merchant_id)s::bigint AND rule.replaced_at IS NULL AND rule.counts_from IS NOT NULL
    ) AS start
    JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.sku_id = start.sku_id
        AND demand.channel_id = start.channel_id AND demand.placed_at >= start.counts_from
    GROUP BY demand.sku_id, demand.channel_id, start.counts_from
) AS counted ON counted.sku_id = known.sku_id AND counted.channel_id = known.channel_id AND counted.since = known.since
WHERE coalesce(known.used, 0) <> coalesce(counted.used, 0)
    OR coalesce(known.accepted, 0) <> coalesce(counted.accepted, 0)
ORDER BY 1, 2, 3;

-- name: restore_usage
-- Make what is counted what demand says; its ledger gets an entry where its last one says something else.
WITH truth AS (
    SELECT sku_id, channel_id, since, used, accepted
    FROM unnest(%(sku_ids)s::bigint[], %(channel_ids)s::bigint[], %(since)s::timestamptz[], %(used)s::bigint[],
        %(accepted)s::bigint[]) AS given (sku_id, channel_id, since, used, accepted)
), restored AS (
    INSERT INTO inventory.usage (merchant_id, sku_id, channel_id, since, used, accepted)
    SELECT %(merchant_id)s::bigint, sku_id, channel_id, since, used, accepted FROM truth
    ON CONFLICT (merchant_id, sku_id, channel_id, since) DO UPDATE
    SET used = excluded.used, accepted = excluded.accepted
)
INSERT INTO inventory.usage_change (merchant_id, sku_id, channel_id, since, sequence, used_after, accepted_after, recorded_at)
SELECT %(merchant_id)s::bigint, truth.sku_id, truth.channel_id, truth.since, coalesce(last.sequence, 0) + 1, truth.used,
    truth.accepted, greatest(last.recorded_at, %(now)s::timestamptz)
FROM truth
LEFT JOIN LATERAL (
    SELECT sequence, used_after, accepted_after, recorded_at
    FROM inventory.usage_change
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = truth.sku_id AND channel_id = truth.channel_id
        AND since = truth.since
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
WHERE (truth.used, truth.accepted) IS DISTINCT FROM (last.used_after, last.accepted_after);
