-- Supply, demand, reservations, holds, and the rules of what is offered.

-- name: lock_items
-- Lock SKUs in key order, and say how many of them have a row to lock.
SELECT count(*)
FROM (
    SELECT sku_id
    FROM inventory.item
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
    ORDER BY sku_id
    FOR UPDATE
) AS locked;

-- name: insert_items
-- Give SKUs the row that they are locked by, and lock it.
INSERT INTO inventory.item AS item (merchant_id, sku_id)
SELECT %(merchant_id)s::bigint, wanted.sku_id
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
ORDER BY wanted.sku_id
ON CONFLICT (merchant_id, sku_id) DO UPDATE SET sku_id = item.sku_id;

-- name: load_free_rows
-- Sellable stock rows that have something free, and of SKUs that may be given back all rows that somebody has units of.
SELECT stock_id, sku_id, site_id, quantity, allocated, sequence, owner, lot, expires_at,
    sellable AND coalesce(expires_at > %(now)s::timestamptz, true) AS sellable
FROM inventory.stock_state
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
    AND (quantity > allocated AND sellable AND coalesce(expires_at > %(now)s::timestamptz, true)
        OR allocated > 0 AND sku_id = ANY(%(given_sku_ids)s::bigint[]));

-- name: load_claims
-- What waits of some SKUs, by channel.
SELECT waiting.sku_id, waiting.channel_id, waiting.units
FROM unnest(%(sku_ids)s::bigint[]) AS given (sku_id)
CROSS JOIN LATERAL (
    SELECT sku_id, channel_id, sum(short)::bigint AS units
    FROM inventory.demand
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = given.sku_id AND short > 0
    GROUP BY sku_id, channel_id
) AS waiting;

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
-- Differences of what channels used.
INSERT INTO inventory.usage AS known (merchant_id, sku_id, channel_id, since, used, accepted)
SELECT %(merchant_id)s::bigint, fresh.sku_id, fresh.channel_id, fresh.since, fresh.used, fresh.accepted
FROM unnest(%(sku_ids)s::bigint[], %(channel_ids)s::bigint[], %(since)s::timestamptz[], %(used)s::bigint[],
    %(accepted)s::bigint[]) AS fresh (sku_id, channel_id, since, used, accepted)
ORDER BY fresh.sku_id, fresh.channel_id, fresh.since
ON CONFLICT (merchant_id, sku_id, channel_id, since) DO UPDATE
SET used = known.used + excluded.used, accepted = known.accepted + excluded.accepted;

-- name: count_usage
-- What a channel's demand has of some SKUs since an instant, from demand itself: when a quota or share begins to count.
INSERT INTO inventory.usage (merchant_id, sku_id, channel_id, since, used, accepted)
SELECT merchant_id, sku_id, channel_id, %(since)s::timestamptz, sum(allocated + consumed),
    sum(allocated + consumed + short)
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = %(channel_id)s::bigint
    AND placed_at >= %(since)s::timestamptz AND sku_id = ANY(%(sku_ids)s::bigint[])
GROUP BY merchant_id, sku_id, channel_id
ON CONFLICT (merchant_id, sku_id, channel_id, since) DO UPDATE SET used = excluded.used, accepted = excluded.accepted;

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

-- name: load_used_at
-- What a channel had allocated of some SKUs by an instant, shipped or not, for what was placed since another.
SELECT demand.sku_id, sum(entry.delta)::bigint AS units
FROM inventory.demand AS demand
JOIN inventory.reservation AS entry ON entry.merchant_id = demand.merchant_id AND entry.order_id = demand.order_id
    AND entry.line_no = demand.line_no AND entry.recorded_at <= %(at)s::timestamptz AND entry.reason <> 'shipped'
JOIN inventory.stock AS stock ON stock.merchant_id = entry.merchant_id AND stock.stock_id = entry.stock_id
    AND stock.sku_id = demand.sku_id
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.sku_id = ANY(%(sku_ids)s::bigint[])
    AND demand.channel_id = %(channel_id)s::bigint AND demand.placed_at >= %(since)s::timestamptz
GROUP BY demand.sku_id;

-- name: load_waiting
-- Demand of orders that is short, in the order in which it is served.
SELECT order_id, line_no, sku_id, channel_id, priority, placed_at, per_unit, short
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND short > 0
ORDER BY priority, placed_at, order_id, line_no, sku_id
LIMIT %(limit)s::bigint;

-- name: reserve_stock
-- Change what is allocated of stock rows, by differences; the row's own constraint refuses more than there is.
UPDATE inventory.stock AS stock
SET allocated = stock.allocated + change.units, sequence = stock.sequence + change.entries,
    recorded_at = greatest(stock.recorded_at, %(now)s::timestamptz)
FROM unnest(%(stock_ids)s::bigint[], %(units)s::bigint[], %(entries)s::bigint[]) AS change (stock_id, units, entries)
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = change.stock_id
RETURNING stock.stock_id, stock.sequence, stock.allocated, stock.recorded_at;

-- name: change_stock
-- Change stock rows by differences, where they still stand at the sequence that the change was computed from: how many
-- were there, beside each of those that somebody wrote who began later (one row without any where there are none).
WITH changed AS (
    UPDATE inventory.stock AS stock
    SET quantity = stock.quantity + change.quantity, allocated = stock.allocated + change.allocated,
        discrepancy = change.discrepancy, sequence = change.sequence, counted_at = change.counted_at,
        recorded_at = greatest(stock.recorded_at, %(now)s::timestamptz)
    FROM unnest(%(stock_ids)s::bigint[], %(before)s::bigint[], %(quantities)s::bigint[], %(allocateds)s::bigint[],
        %(discrepancies)s::bigint[], %(sequences)s::bigint[], %(counted)s::timestamptz[])
        AS change (stock_id, before, quantity, allocated, discrepancy, sequence, counted_at)
    WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = change.stock_id
        AND stock.sequence = change.before
    RETURNING stock.stock_id, stock.recorded_at
)
SELECT counted.found, late.stock_id, late.recorded_at
FROM (SELECT count(*) AS found FROM changed) AS counted
LEFT JOIN changed AS late ON late.recorded_at > %(now)s::timestamptz;

-- copy: stock inventory.stock (merchant_id, stock_id, sku_id, site_id, status, owner, lot, quantity, allocated,
--     discrepancy, sequence, counted_at, recorded_at)
-- New stock rows, with their first moves beside them.

-- copy: move inventory.move (merchant_id, stock_id, sequence, delta, quantity_after, allocated_after, reason, counterpart,
--     reference, reference_id, actor, occurred_at, recorded_at)
-- Moves are append-only.

-- copy: reservation inventory.reservation (merchant_id, stock_id, sequence, order_id, line_no, delta, allocated_after,
--     reason, recorded_at)
-- The reservation ledger is append-only.

-- copy: demand inventory.demand (merchant_id, order_id, line_no, sku_id, kind, channel_id, priority, placed_at, per_unit,
--     wanted, allocated, short, consumed, cancelled)
-- New demand.

-- name: change_demands
-- What became of demand, whose sum is kept by the row's own constraint: how many rows were there, and of those that are short
-- of more or less than before the difference. What is read before is true: the SKUs are locked.
WITH changed AS (
UPDATE inventory.demand AS demand
SET wanted = change.wanted, allocated = change.allocated, short = change.short, consumed = change.consumed,
    cancelled = change.cancelled
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(wanteds)s::bigint[],
    %(allocateds)s::bigint[], %(shorts)s::bigint[], %(consumeds)s::bigint[], %(cancelleds)s::bigint[])
    AS change (order_id, line_no, sku_id, wanted, allocated, short, consumed, cancelled)
    JOIN inventory.demand AS before ON before.merchant_id = %(merchant_id)s::bigint AND before.order_id = change.order_id
        AND before.line_no = change.line_no AND before.sku_id = change.sku_id
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = change.order_id
    AND demand.line_no = change.line_no AND demand.sku_id = change.sku_id
RETURNING demand.sku_id, demand.channel_id, demand.order_id, demand.line_no, demand.short - before.short AS units
)
SELECT (SELECT count(*) FROM changed) AS rows, changed.sku_id, changed.channel_id, changed.order_id, changed.line_no,
    changed.units
FROM (SELECT) AS always
LEFT JOIN changed ON changed.units <> 0
ORDER BY changed.sku_id, changed.order_id, changed.line_no;

-- copy: shortage inventory.shortage (merchant_id, sku_id, sequence, channel_id, order_id, line_no, delta, waiting_after,
--     recorded_at)
-- The ledger of what demand is short of is append-only.

-- name: load_last_shortages
-- Where the ledger of a SKU stands: its last sequence and instant, and what a channel waits for of it.
SELECT wanted.sku_id, wanted.channel_id, coalesce(last.sequence, 0) AS sequence,
    greatest(last.recorded_at, %(now)s::timestamptz) AS recorded_at, coalesce(own.waiting_after, 0) AS waiting
FROM unnest(%(sku_ids)s::bigint[], %(channel_ids)s::bigint[]) AS wanted (sku_id, channel_id)
LEFT JOIN LATERAL (
    SELECT sequence, recorded_at
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT waiting_after
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND channel_id = wanted.channel_id
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS own ON true;

-- name: load_demands
-- All demand of some orders or holds.
SELECT order_id, line_no, sku_id, kind, channel_id, priority, placed_at, per_unit, wanted, allocated, short, consumed,
    cancelled
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, line_no, sku_id;

-- name: load_allocations
-- What some orders or holds have of stock rows: the fold of their reservations, looked up order by order. Of these units
-- those count as seen that were taken before the row was last counted; the first taken are the first to leave.
SELECT taken.order_id, taken.line_no, taken.sku_id, taken.stock_id, taken.site_id, taken.units, taken.seen
FROM unnest(%(order_ids)s::bigint[]) AS wanted (order_id)
CROSS JOIN LATERAL (
    SELECT entry.order_id, entry.line_no, stock.sku_id, entry.stock_id, stock.site_id, sum(entry.delta)::bigint AS units,
        greatest(0, coalesce(sum(entry.delta) FILTER (
            WHERE entry.delta < 0 OR entry.recorded_at < stock.counted_at), 0))::bigint AS seen
    FROM inventory.reservation AS entry
    JOIN inventory.stock AS stock
        ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = entry.stock_id
    WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.order_id = wanted.order_id
    GROUP BY entry.order_id, entry.line_no, stock.sku_id, entry.stock_id, stock.site_id
    HAVING sum(entry.delta) <> 0
) AS taken
ORDER BY taken.order_id, taken.line_no, taken.sku_id, taken.stock_id;

-- name: load_allocated_orders
-- The orders and holds that have units of some stock rows.
SELECT DISTINCT taken.order_id
FROM (
    SELECT order_id
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    GROUP BY stock_id, order_id
    HAVING sum(delta) <> 0
) AS taken
ORDER BY taken.order_id;

-- name: load_rows
-- Stock rows of some SKUs, at one site or at all (0). A look-up for each SKU, whatever the planner knows of the table: a
-- plan that was made while it was empty would read all rows of the merchant.
SELECT stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot, stock.quantity,
    stock.allocated, stock.discrepancy, stock.sequence, stock.counted_at, stock.expires_at,
    stock.sellable AND coalesce(stock.expires_at > %(now)s::timestamptz, true) AS sellable
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.stock_state
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id
        AND (%(site_id)s::bigint = 0 OR site_id = %(site_id)s::bigint)
    ORDER BY sku_id, site_id, status, owner, lot
) AS stock
ORDER BY stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot;

-- name: load_rows_taken
-- Stock rows of some SKUs at one site that somebody has units of.
SELECT stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot, stock.quantity,
    stock.allocated, stock.discrepancy, stock.sequence, stock.counted_at, stock.expires_at,
    stock.sellable AND coalesce(stock.expires_at > %(now)s::timestamptz, true) AS sellable
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.stock_state
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND site_id = %(site_id)s::bigint
        AND allocated > 0
    ORDER BY sku_id, site_id, status, owner, lot
) AS stock
ORDER BY stock.sku_id, stock.status, stock.owner, stock.lot;

-- name: load_rows_by_id
-- Stock rows by id.
SELECT stock_id, sku_id, site_id, status, owner, lot, quantity, allocated, discrepancy, sequence, counted_at, expires_at,
    sellable AND coalesce(expires_at > %(now)s::timestamptz, true) AS sellable
FROM inventory.stock_state
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
ORDER BY stock_id;

-- name: load_moved_after
-- The sum of what happened to stock rows after an instant, and is recorded already. Units found to record what happened,
-- and their reversal, never came or went: they say what we did not know.
SELECT stock_id, sum(delta)::bigint AS units
FROM inventory.move
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    AND occurred_at > %(as_of)s::timestamptz AND reason <> 'discrepancy'
GROUP BY stock_id;

-- name: load_moved_after_each
-- The same after an instant of each row.
SELECT wanted.stock_id, moved.units
FROM unnest(%(stock_ids)s::bigint[], %(times)s::timestamptz[]) AS wanted (stock_id, as_of)
CROSS JOIN LATERAL (
    SELECT sum(delta)::bigint AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id AND occurred_at > wanted.as_of
        AND reason <> 'discrepancy'
) AS moved
WHERE moved.units IS NOT NULL;

-- name: load_held_at
-- What rows of a site that we own held at an instant of each, as far as is recorded: in one look, so that nothing comes
-- between a row and its moves.
SELECT wanted.place, (stock.quantity - stock.discrepancy - coalesce(moved.units, 0))::bigint AS units
FROM unnest(%(sku_ids)s::bigint[], %(statuses)s::text[], %(lots)s::text[], %(times)s::timestamptz[])
    WITH ORDINALITY AS wanted (sku_id, status, lot, as_of, place)
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = wanted.sku_id
    AND stock.site_id = %(site_id)s::bigint AND stock.status = wanted.status AND stock.owner = 'own'
    AND stock.lot = wanted.lot
CROSS JOIN LATERAL (
    SELECT sum(move.delta) AS units
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
        AND move.occurred_at > wanted.as_of AND move.reason <> 'discrepancy'
) AS moved;

-- name: load_site_rows
-- Every row of a site, with what left it after an instant, and when it was first and last moved.
SELECT stock.stock_id, stock.sku_id, stock.status, stock.owner, stock.lot, stock.quantity, stock.discrepancy,
    coalesce(moved.shipped, 0)::bigint AS shipped, moved.surprised_at, first.occurred_at AS opened_at,
    last.occurred_at AS moved_at
FROM inventory.stock AS stock
CROSS JOIN LATERAL (
    SELECT -sum(move.delta) FILTER (WHERE move.reason = 'shipped') AS shipped,
        max(move.occurred_at) FILTER (WHERE move.reason = 'discrepancy') AS surprised_at
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
        AND move.occurred_at > %(since)s::timestamptz
) AS moved
LEFT JOIN LATERAL (
    SELECT move.occurred_at FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
    ORDER BY move.sequence LIMIT 1
) AS first ON true
LEFT JOIN LATERAL (
    SELECT move.occurred_at FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
    ORDER BY move.sequence DESC LIMIT 1
) AS last ON true
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.site_id = %(site_id)s::bigint
ORDER BY stock.sku_id, stock.status, stock.lot;

-- name: end_statuses
-- Statuses that are not stated any more, or mean something else now, end; of those that ended something may be in stock.
UPDATE inventory.status AS status
SET until = %(now)s::timestamptz
WHERE status.merchant_id = %(merchant_id)s::bigint AND status.until IS NULL AND NOT EXISTS (
    SELECT FROM unnest(%(codes)s::text[], %(names)s::text[], %(sellables)s::boolean[]) AS stated (code, name, sellable)
    WHERE stated.code = status.code AND stated.name = status.name AND stated.sellable = status.sellable
)
RETURNING status.code;

-- name: begin_statuses
-- Statuses that are new, or mean something else from now on.
INSERT INTO inventory.status AS status (merchant_id, code, since, until, name, sellable)
SELECT %(merchant_id)s::bigint, stated.code, %(now)s::timestamptz, NULL, stated.name, stated.sellable
FROM unnest(%(codes)s::text[], %(names)s::text[], %(sellables)s::boolean[]) AS stated (code, name, sellable)
WHERE NOT EXISTS (
    SELECT FROM inventory.status AS known
    WHERE known.merchant_id = %(merchant_id)s::bigint AND known.code = stated.code AND known.until IS NULL
)
ON CONFLICT (merchant_id, code, since) DO UPDATE
SET until = NULL, name = excluded.name, sellable = excluded.sellable
RETURNING status.code;

-- name: load_skus_in
-- The SKUs that there is something of in some statuses.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND status = ANY(%(statuses)s::text[]) AND quantity > 0
ORDER BY sku_id;

-- name: load_expired
-- Stock rows whose lot has expired and that are in a status which could be sold.
SELECT stock.stock_id
FROM inventory.stock_state AS stock
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = ANY(%(sku_ids)s::bigint[]) AND stock.lot <> ''
    AND stock.quantity > 0 AND stock.expires_at <= %(now)s::timestamptz
    AND (stock.status = 'available' OR EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = stock.merchant_id AND own.code = stock.status AND own.until IS NULL AND own.sellable))
ORDER BY stock.stock_id;

-- name: load_expiring_skus
-- The SKUs of which a lot expires after now.
SELECT DISTINCT sku_id
FROM inventory.lot
WHERE merchant_id = %(merchant_id)s::bigint AND expires_at > %(now)s::timestamptz
ORDER BY sku_id;

-- name: load_rows_of_lots
-- The stock rows of lots that somebody has units of, whatever SKU they are of.
SELECT stock.stock_id
FROM inventory.lot AS lot
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.sku_id = lot.sku_id
    AND stock.lot = lot.lot
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.lot = ANY(%(lots)s::text[]) AND stock.allocated > 0
ORDER BY stock.stock_id;

-- name: load_known_lots
-- Lots by SKU and code.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.made_on, lot.received_at, lot.state, lot.recorded_at
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[]) AS wanted (sku_id, lot)
JOIN inventory.lot AS lot ON lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = wanted.sku_id
    AND lot.lot = wanted.lot;

-- name: load_lots_of
-- The lots of some SKUs, the first to expire before the others.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.made_on, lot.received_at, lot.state, lot.recorded_at
FROM inventory.lot AS lot
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY lot.sku_id, lot.expires_at NULLS LAST, lot.lot;

-- copy: lot inventory.lot (merchant_id, sku_id, lot, expires_at, made_on, received_at, state, recorded_at)
-- New lots.

-- name: change_lots
-- What is known of lots now.
UPDATE inventory.lot AS lot
SET expires_at = known.expires_at, made_on = known.made_on, state = known.state
FROM unnest(%(sku_ids)s::bigint[], %(lots)s::text[], %(expiries)s::timestamptz[], %(made)s::date[], %(states)s::text[])
    AS known (sku_id, lot, expires_at, made_on, state)
WHERE lot.merchant_id = %(merchant_id)s::bigint AND lot.sku_id = known.sku_id AND lot.lot = known.lot;

-- copy: hold inventory.hold (merchant_id, hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id)
-- New holds.

-- name: find_holds
-- Holds by channel and reference: a look-up for each, whatever the planner knew of the table when it made its plan.
SELECT hold.hold_id, hold.channel_id, hold.reference, hold.state, hold.created_at, hold.expires_at, hold.ended_at,
    hold.order_id
FROM unnest(%(channel_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (channel_id, reference)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.hold
    WHERE merchant_id = %(merchant_id)s::bigint AND channel_id = wanted.channel_id AND reference = wanted.reference
    LIMIT 1
) AS hold;

-- name: lock_holds
-- Holds under way by id that no order has taken, locked in key order.
SELECT hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id
FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND hold_id = ANY(%(hold_ids)s::bigint[]) AND state = 'held'
    AND order_id IS NULL
ORDER BY hold_id
FOR UPDATE;

-- name: lock_carts
-- Holds of carts by channel and reference, whatever became of them, locked in key order.
SELECT hold.hold_id, hold.channel_id, hold.reference, hold.state, hold.created_at, hold.expires_at, hold.ended_at,
    hold.order_id
FROM unnest(%(channel_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (channel_id, reference)
JOIN inventory.hold AS hold ON hold.merchant_id = %(merchant_id)s::bigint
    AND hold.channel_id = wanted.channel_id AND hold.reference = wanted.reference
ORDER BY hold.hold_id
FOR UPDATE OF hold;

-- name: lock_holds_of_orders
-- Holds under way that wait for their orders to reserve, locked in key order.
SELECT hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id
FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]) AND state = 'held'
ORDER BY hold_id
FOR UPDATE;

-- name: set_hold_orders
-- Holds whose orders have come: they end with them, or wait for them to reserve.
UPDATE inventory.hold AS hold
SET order_id = taken.order_id
FROM unnest(%(hold_ids)s::bigint[], %(order_ids)s::bigint[]) AS taken (hold_id, order_id)
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.hold_id = taken.hold_id;

-- name: end_holds
-- Holds that are over.
UPDATE inventory.hold
SET state = %(state)s::text, ended_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND hold_id = ANY(%(hold_ids)s::bigint[]);

-- name: extend_holds
-- Holds that last longer.
UPDATE inventory.hold AS hold
SET expires_at = longer.expires_at
FROM unnest(%(hold_ids)s::bigint[], %(times)s::timestamptz[]) AS longer (hold_id, expires_at)
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.hold_id = longer.hold_id AND hold.state = 'held';

-- name: load_open_holds
-- Holds under way, the one that ends first before the others.
SELECT hold_id, channel_id, reference, state, created_at, expires_at, ended_at, order_id
FROM inventory.hold
WHERE merchant_id = %(merchant_id)s::bigint AND state = 'held'
ORDER BY expires_at, hold_id
LIMIT %(limit)s::bigint;

-- name: load_moves
-- The last moves of some stock rows, the newest first; each row is read from its own end.
SELECT move.stock_id, move.sequence, move.delta, move.quantity_after, move.allocated_after, move.reason,
    move.counterpart, move.reference, move.reference_id, move.actor, move.occurred_at, move.recorded_at
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
    ORDER BY sequence DESC
    LIMIT %(limit)s::bigint
) AS move
ORDER BY move.recorded_at DESC, move.stock_id, move.sequence DESC
LIMIT %(limit)s::bigint;

-- name: load_rows_at
-- Stock rows of some SKUs as they were known at some instants: the last entry of each of a row's ledgers by then, one look-up
-- each, however long the history. What a row lacked then is not kept; rows that came later are not there.
SELECT instant.at, stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot,
    coalesce(moved.quantity_after, 0) AS quantity,
    CASE WHEN coalesce(taken.sequence, 0) >= coalesce(moved.sequence, 0) THEN taken.allocated_after
        ELSE moved.allocated_after END AS allocated,
    0::bigint AS discrepancy, greatest(moved.sequence, taken.sequence) AS sequence, NULL::timestamptz AS counted_at,
    lot.expires_at,
    (stock.status = 'available' OR EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = %(merchant_id)s::bigint AND own.code = stock.status AND own.sellable
            AND own.since <= instant.at AND coalesce(own.until > instant.at, true)
    )) AND (stock.lot = '' OR coalesce(lot.state = 'open', false))
        AND coalesce(lot.expires_at > instant.at, true) AS sellable
FROM unnest(%(instants)s::timestamptz[]) AS instant (at)
CROSS JOIN unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT stock_id, sku_id, site_id, status, owner, lot
    FROM inventory.stock
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id
    ORDER BY sku_id, site_id, status, owner, lot
) AS stock
LEFT JOIN LATERAL (
    SELECT sequence, quantity_after, allocated_after
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id AND recorded_at <= instant.at
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS moved ON true
LEFT JOIN LATERAL (
    SELECT sequence, allocated_after
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id AND recorded_at <= instant.at
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS taken ON true
LEFT JOIN LATERAL (
    SELECT expires_at, state
    FROM inventory.lot
    WHERE stock.lot <> '' AND merchant_id = %(merchant_id)s::bigint AND sku_id = stock.sku_id AND lot = stock.lot
    LIMIT 1
) AS lot ON true
WHERE moved.sequence IS NOT NULL OR taken.sequence IS NOT NULL
ORDER BY instant.at, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot;

-- name: load_late_news
-- By how much stock rows of some SKUs were other than known at an instant: what had happened by then and was recorded later,
-- and what was recorded by then and happened later; with what it took of the units that were allocated.
SELECT stock.stock_id, coalesce(late.units, 0)::bigint - coalesce(early.units, 0)::bigint AS quantity,
    coalesce(late.taken, 0)::bigint AS allocated
FROM unnest(%(stock_ids)s::bigint[]) AS stock (stock_id)
LEFT JOIN LATERAL (
    SELECT sum(move.delta) AS units, sum(taken.delta) AS taken
    FROM inventory.move AS move
    LEFT JOIN inventory.reservation AS taken ON taken.merchant_id = %(merchant_id)s::bigint
        AND taken.stock_id = move.stock_id AND taken.sequence = move.sequence
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = stock.stock_id
        AND move.recorded_at > %(at)s::timestamptz AND move.occurred_at <= %(at)s::timestamptz
) AS late ON true
LEFT JOIN LATERAL (
    SELECT sum(delta) AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = stock.stock_id
        AND occurred_at > %(at)s::timestamptz AND recorded_at <= %(at)s::timestamptz
) AS early ON true
WHERE coalesce(late.units, 0) <> coalesce(early.units, 0) OR coalesce(late.taken, 0) <> 0;

-- name: load_waiting_at
-- What each channel waited for of some SKUs at some instants: the last entry of its ledger by then, one look-up each.
SELECT instant.at, wanted.sku_id, channel.channel_id, last.waiting_after
FROM unnest(%(instants)s::timestamptz[]) AS instant (at)
CROSS JOIN unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN unnest(%(channel_ids)s::bigint[]) AS channel (channel_id)
CROSS JOIN LATERAL (
    SELECT waiting_after
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND channel_id = channel.channel_id
        AND recorded_at <= instant.at
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT 1
) AS last
WHERE last.waiting_after > 0;

-- name: load_waiting_orders_at
-- Who waited for a SKU at an instant, the most units first.
SELECT shortage.order_id, shortage.line_no, shortage.channel_id, sum(shortage.delta)::bigint AS units,
    max(shortage.recorded_at) AS since
FROM inventory.shortage AS shortage
WHERE shortage.merchant_id = %(merchant_id)s::bigint AND shortage.sku_id = %(sku_id)s::bigint
    AND shortage.recorded_at <= %(at)s::timestamptz
GROUP BY shortage.order_id, shortage.line_no, shortage.channel_id
HAVING sum(shortage.delta) > 0
ORDER BY units DESC, shortage.order_id, shortage.line_no;

-- name: load_holders_at
-- The orders and holds that had units of some stock rows at an instant, the most units first.
SELECT order_id, line_no, stock_id, sum(delta)::bigint AS units, max(recorded_at) AS since
FROM inventory.reservation
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    AND recorded_at <= %(at)s::timestamptz
GROUP BY order_id, line_no, stock_id
HAVING sum(delta) > 0
ORDER BY units DESC, order_id, line_no, stock_id;

-- name: load_change_instants
-- When something was recorded of some stock rows after an instant and up to another, the newest first.
SELECT DISTINCT entry.recorded_at
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    (SELECT recorded_at FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
        AND recorded_at > %(after)s::timestamptz AND recorded_at <= %(until)s::timestamptz
    ORDER BY recorded_at DESC
    LIMIT %(limit)s::bigint)
    UNION ALL
    (SELECT recorded_at FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
        AND recorded_at > %(after)s::timestamptz AND recorded_at <= %(until)s::timestamptz
    ORDER BY recorded_at DESC
    LIMIT %(limit)s::bigint)
) AS entry
ORDER BY entry.recorded_at DESC
LIMIT %(limit)s::bigint;

-- name: load_history
-- The entries of some stock rows in both ledgers, the newest first, from before a place on: each row read from that place.
SELECT entry.recorded_at, entry.stock_id, entry.sequence, entry.is_move, entry.delta, entry.quantity_after,
    entry.allocated_after, entry.reason, entry.counterpart, entry.reference, entry.reference_id, entry.line_no, entry.actor,
    entry.occurred_at
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
CROSS JOIN LATERAL (
    (SELECT recorded_at, stock_id, sequence, true AS is_move, delta, quantity_after, allocated_after, reason, counterpart,
        reference, reference_id, 0 AS line_no, actor, occurred_at
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = wanted.stock_id
        AND recorded_at <= %(at)s::timestamptz
        AND (recorded_at, stock_id, sequence) < (%(at)s::timestamptz, %(stock_id)s::bigint, %(sequence)s::bigint)
    ORDER BY recorded_at DESC, sequence DESC
    LIMIT %(limit)s::bigint)
    UNION ALL
    (SELECT entry.recorded_at, entry.stock_id, entry.sequence, false, entry.delta, coalesce(moved.quantity_after, 0),
        entry.allocated_after, entry.reason, '', 'order', entry.order_id, entry.line_no, '', entry.recorded_at
    FROM inventory.reservation AS entry
    LEFT JOIN LATERAL (
        SELECT quantity_after
        FROM inventory.move
        WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = entry.stock_id AND sequence <= entry.sequence
        ORDER BY sequence DESC
        LIMIT 1
    ) AS moved ON true
    WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.stock_id = wanted.stock_id
        AND entry.recorded_at <= %(at)s::timestamptz
        AND (entry.recorded_at, entry.stock_id, entry.sequence)
            < (%(at)s::timestamptz, %(stock_id)s::bigint, %(sequence)s::bigint)
    ORDER BY entry.recorded_at DESC, entry.sequence DESC
    LIMIT %(limit)s::bigint)
) AS entry
ORDER BY entry.recorded_at DESC, entry.stock_id DESC, entry.sequence DESC, entry.is_move DESC
LIMIT %(limit)s::bigint;

-- name: load_holders
-- The orders and holds that have units of some stock rows, who took them last before the others.
SELECT taken.order_id, taken.line_no, taken.stock_id, stock.site_id, taken.units, taken.since
FROM (
    SELECT order_id, line_no, stock_id, sum(delta)::bigint AS units, max(recorded_at) AS since
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    GROUP BY order_id, line_no, stock_id
    HAVING sum(delta) > 0
) AS taken
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = taken.stock_id
ORDER BY taken.since DESC, taken.order_id DESC, taken.line_no
LIMIT %(limit)s::bigint;

-- name: load_held
-- What holds under way have of the stock rows of some SKUs.
SELECT taken.stock_id, sum(taken.delta)::bigint AS units
FROM inventory.hold AS hold
JOIN inventory.demand AS demand ON demand.merchant_id = hold.merchant_id AND demand.order_id = hold.hold_id
    AND demand.sku_id = ANY(%(sku_ids)s::bigint[]) AND demand.allocated > 0
JOIN inventory.reservation AS taken ON taken.merchant_id = hold.merchant_id AND taken.order_id = hold.hold_id
    AND taken.line_no = demand.line_no
JOIN inventory.stock AS stock ON stock.merchant_id = hold.merchant_id AND stock.stock_id = taken.stock_id
    AND stock.sku_id = demand.sku_id
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.state = 'held'
GROUP BY taken.stock_id;

-- name: load_move_batch
-- Moves recorded by an instant, by row and sequence, after a place.
SELECT stock_id, sequence, delta, quantity_after, allocated_after, reason, counterpart, reference, reference_id, actor,
    occurred_at, recorded_at
FROM inventory.move
WHERE merchant_id = %(merchant_id)s::bigint AND (stock_id, sequence) > (%(stock_id)s::bigint, %(sequence)s::bigint)
    AND recorded_at <= %(until)s::timestamptz
ORDER BY stock_id, sequence
LIMIT %(limit)s::bigint;

-- name: load_reservation_batch
-- Reservations recorded by an instant, by row and sequence, after a place.
SELECT stock_id, sequence, order_id, line_no, delta, allocated_after, reason, recorded_at
FROM inventory.reservation
WHERE merchant_id = %(merchant_id)s::bigint AND (stock_id, sequence) > (%(stock_id)s::bigint, %(sequence)s::bigint)
    AND recorded_at <= %(until)s::timestamptz
ORDER BY stock_id, sequence
LIMIT %(limit)s::bigint;

-- name: load_skus_of_statuses
-- The SKUs that have rows in statuses other than available.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND status = ANY(%(statuses)s::text[]) AND status <> 'available';

-- name: load_skus_of_owners
-- The SKUs that have rows of owners other than us.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND owner = ANY(%(owners)s::text[]) AND owner <> 'own';

-- name: load_skus_of_lots
-- The SKUs that have one of some lots.
SELECT DISTINCT sku_id
FROM inventory.lot
WHERE merchant_id = %(merchant_id)s::bigint AND lot = ANY(%(lots)s::text[]);

-- name: load_skus_expiring
-- The SKUs that have a lot which expires before an instant.
SELECT DISTINCT sku_id
FROM inventory.lot
WHERE merchant_id = %(merchant_id)s::bigint AND expires_at IS NOT NULL AND expires_at <= %(until)s::timestamptz;

-- name: load_rows_by_figure
-- Stock rows by a figure (of what is on hand, allocated or free; negative: the most first), after a place.
SELECT row.value, row.stock_id
FROM (
    SELECT stock_id, %(sign)s::bigint * CASE %(figure)s::text
        WHEN 'on_hand' THEN quantity WHEN 'allocated' THEN allocated ELSE quantity - allocated END AS value
    FROM inventory.stock
    WHERE merchant_id = %(merchant_id)s::bigint
        AND (cardinality(%(site_ids)s::bigint[]) = 0 OR site_id = ANY(%(site_ids)s::bigint[]))
        AND (cardinality(%(statuses)s::text[]) = 0 OR status = ANY(%(statuses)s::text[]))
        AND (cardinality(%(owners)s::text[]) = 0 OR owner = ANY(%(owners)s::text[]))
        AND (cardinality(%(lots)s::text[]) = 0 OR lot = ANY(%(lots)s::text[]))
        AND (%(all_skus)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]))
        AND quantity - allocated > %(above)s::bigint AND quantity - allocated < %(below)s::bigint
) AS row
WHERE (row.value, row.stock_id) > (%(value)s::bigint, %(stock_id)s::bigint)
ORDER BY row.value, row.stock_id
LIMIT %(limit)s::bigint;

-- name: load_short_skus
-- The SKUs that some demand lacks units of.
SELECT DISTINCT sku_id
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND short > 0
ORDER BY sku_id;

-- name: load_used_skus
-- Of some SKUs, those that have stock rows.
SELECT DISTINCT sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id;

-- name: load_stocked_skus
-- Every SKU that has a row to lock, in key order.
SELECT sku_id FROM inventory.item WHERE merchant_id = %(merchant_id)s::bigint ORDER BY sku_id;

-- name: rebuild_stock
-- Stock rows as their ledgers say, where that is not what they say themselves.
SELECT stock.stock_id, stock.quantity, stock.allocated, stock.sequence,
    coalesce(moved.units, 0)::bigint AS moved, coalesce(taken.units, 0)::bigint AS taken,
    greatest(coalesce(moved.sequence, 0), coalesce(taken.sequence, 0)) AS last_sequence
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT stock_id, sum(delta) AS units, max(sequence) AS sequence
    FROM inventory.move WHERE merchant_id = %(merchant_id)s::bigint GROUP BY stock_id
) AS moved ON moved.stock_id = stock.stock_id
LEFT JOIN (
    SELECT stock_id, sum(delta) AS units, max(sequence) AS sequence
    FROM inventory.reservation WHERE merchant_id = %(merchant_id)s::bigint GROUP BY stock_id
) AS taken ON taken.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint
    AND (stock.quantity <> coalesce(moved.units, 0) OR stock.allocated <> coalesce(taken.units, 0)
        OR stock.sequence <> greatest(coalesce(moved.sequence, 0), coalesce(taken.sequence, 0)))
ORDER BY stock.stock_id;

-- name: count_projections
-- How many rows the projections of inventory have: stock, demand, inbound, bins.
SELECT (SELECT count(*) FROM inventory.stock WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM inventory.demand WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM inventory.inbound WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM inventory.bin WHERE merchant_id = %(merchant_id)s::bigint);

-- name: find_unlike_demand
-- Demand that has, or is short of, something else than its ledgers say: with what has been shipped of what it had.
SELECT demand.order_id, demand.line_no, demand.sku_id, demand.wanted, demand.allocated, demand.short, demand.consumed,
    demand.cancelled, coalesce(taken.units, 0)::bigint AS taken, coalesce(lacks.units, 0)::bigint AS lacks,
    coalesce(taken.shipped, 0)::bigint AS shipped
FROM inventory.demand AS demand
LEFT JOIN (
    SELECT reservation.order_id, reservation.line_no, stock.sku_id, sum(reservation.delta) AS units,
        -sum(reservation.delta) FILTER (WHERE reservation.reason = 'shipped') AS shipped
    FROM inventory.reservation AS reservation
    JOIN inventory.stock AS stock
        ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = reservation.stock_id
    WHERE reservation.merchant_id = %(merchant_id)s::bigint
    GROUP BY reservation.order_id, reservation.line_no, stock.sku_id
) AS taken ON taken.order_id = demand.order_id AND taken.line_no = demand.line_no AND taken.sku_id = demand.sku_id
LEFT JOIN (
    SELECT order_id, line_no, sku_id, sum(delta) AS units
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY order_id, line_no, sku_id
) AS lacks ON lacks.order_id = demand.order_id AND lacks.line_no = demand.line_no AND lacks.sku_id = demand.sku_id
WHERE demand.merchant_id = %(merchant_id)s::bigint
    AND (demand.allocated <> coalesce(taken.units, 0) OR demand.short <> coalesce(lacks.units, 0))
ORDER BY demand.order_id, demand.line_no, demand.sku_id;

-- name: restore_demand
-- Set demand to what its ledgers say; no shortage is noted, the ledger of shortages is the truth.
UPDATE inventory.demand AS demand
SET allocated = truth.allocated, short = truth.short, consumed = truth.consumed, cancelled = truth.cancelled
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(allocateds)s::bigint[],
    %(shorts)s::bigint[], %(consumeds)s::bigint[], %(cancelleds)s::bigint[])
    AS truth (order_id, line_no, sku_id, allocated, short, consumed, cancelled)
WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = truth.order_id
    AND demand.line_no = truth.line_no AND demand.sku_id = truth.sku_id;

-- name: find_unlike_inbound
-- Inbound that says something else than the last word about it.
SELECT inbound.inbound_id, inbound.expected, inbound.received, inbound.cancelled, inbound.open, inbound.excess,
    inbound.version, last.expected, last.received, last.cancelled, last.open, last.excess, last.version
FROM inventory.inbound AS inbound
JOIN LATERAL (
    SELECT expected, received, cancelled, open, excess, version
    FROM inventory.inbound_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = inbound.inbound_id
    ORDER BY version DESC
    LIMIT 1
) AS last ON true
WHERE inbound.merchant_id = %(merchant_id)s::bigint
    AND (inbound.expected, inbound.received, inbound.cancelled, inbound.open, inbound.excess, inbound.version)
        <> (last.expected, last.received, last.cancelled, last.open, last.excess, last.version)
ORDER BY inbound.inbound_id;

-- name: load_skus_of_inbound
-- The SKUs that some inbound is of.
SELECT DISTINCT sku_id FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = ANY(%(inbound_ids)s::bigint[]);

-- name: restore_inbound
-- Set inbound to the last word about it; its state is what its figures say.
UPDATE inventory.inbound AS inbound
SET expected = truth.expected, received = truth.received, cancelled = truth.cancelled, open = truth.open,
    excess = truth.excess, version = truth.version, state = CASE
        WHEN truth.open > 0 THEN 'open'
        WHEN truth.cancelled = 0 THEN 'received'
        WHEN truth.received + truth.excess > 0 THEN 'closed'
        ELSE 'cancelled' END
FROM unnest(%(inbound_ids)s::bigint[], %(expecteds)s::bigint[], %(receiveds)s::bigint[], %(cancelleds)s::bigint[],
    %(opens)s::bigint[], %(excesses)s::bigint[], %(versions)s::bigint[])
    AS truth (inbound_id, expected, received, cancelled, open, excess, version)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = truth.inbound_id;

-- name: find_unlike_bins
-- Bins that hold something else than their moves say.
SELECT bin.stock_id, bin.bin, bin.quantity, bin.sequence, last.quantity_after, last.sequence
FROM inventory.bin AS bin
JOIN LATERAL (
    SELECT quantity_after, sequence
    FROM inventory.bin_move
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = bin.stock_id AND bin_move.bin = bin.bin
    ORDER BY sequence DESC
    LIMIT 1
) AS last ON true
WHERE bin.merchant_id = %(merchant_id)s::bigint
    AND (bin.quantity, bin.sequence) <> (last.quantity_after, last.sequence)
ORDER BY bin.stock_id, bin.bin;

-- name: restore_bins
-- Set bins to what their moves say.
UPDATE inventory.bin AS bin
SET quantity = truth.quantity, sequence = truth.sequence
FROM unnest(%(stock_ids)s::bigint[], %(bins)s::text[], %(quantities)s::bigint[], %(sequences)s::bigint[])
    AS truth (stock_id, bin, quantity, sequence)
WHERE bin.merchant_id = %(merchant_id)s::bigint AND bin.stock_id = truth.stock_id AND bin.bin = truth.bin;

-- name: restore_stock
-- Set stock rows to what their ledgers say.
UPDATE inventory.stock AS stock
SET quantity = truth.quantity, allocated = truth.allocated, sequence = truth.sequence
FROM unnest(%(stock_ids)s::bigint[], %(quantities)s::bigint[], %(allocateds)s::bigint[], %(sequences)s::bigint[])
    AS truth (stock_id, quantity, allocated, sequence)
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = truth.stock_id;

-- name: load_coming
-- Inbound of some SKUs that is open, the soonest first and the undated last.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND state = 'open'
ORDER BY sku_id, expected_at, inbound_id;

-- name: load_delivery_times
-- How long the newest deliveries of SKUs took from their confirmation until the last of them was received, in seconds.
SELECT inbound.sku_id, inbound.kind, inbound.supplier,
    greatest(0, extract(epoch FROM came.at - inbound.confirmed_at))::bigint AS seconds
FROM unnest(%(sku_ids)s::bigint[]) AS wanted (sku_id)
CROSS JOIN LATERAL (
    SELECT inbound_id, sku_id, kind, supplier, confirmed_at
    FROM inventory.inbound
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = wanted.sku_id AND state IN ('received', 'closed')
        AND confirmed_at IS NOT NULL AND kind IN ('purchase', 'production')
    ORDER BY confirmed_at DESC, inbound_id DESC
    LIMIT %(limit)s::bigint
) AS inbound
CROSS JOIN LATERAL (
    SELECT max(occurred_at) AS at
    FROM inventory.inbound_change
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = inbound.inbound_id AND kind = 'received'
) AS came
WHERE came.at IS NOT NULL
ORDER BY inbound.sku_id, inbound.kind, inbound.supplier, inbound.confirmed_at DESC;

-- name: load_inbound_claims
-- What lines of some orders still wait for of inbound, the soonest first.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.order_id = ANY(%(order_ids)s::bigint[])
    AND claim.claimed + claim.arrived > 0
ORDER BY claim.order_id, claim.line_no, inbound.expected_at, claim.inbound_id;

-- name: load_inbound_claims_of_skus
-- Every claim on inbound of some SKUs, the soonest first.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.sku_id = ANY(%(sku_ids)s::bigint[])
    AND claim.claimed + claim.arrived > 0
ORDER BY claim.sku_id, inbound.expected_at, claim.inbound_id, claim.order_id, claim.line_no;

-- name: load_claims_on
-- The claims on some inbound of which something is still to come.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.inbound_id = ANY(%(inbound_ids)s::bigint[])
    AND claim.claimed > 0
ORDER BY claim.inbound_id, claim.priority, claim.placed_at, claim.order_id, claim.line_no;

-- name: load_claims_with_demand
-- The claims of some orders, with what each line is short of.
SELECT claim.order_id, claim.line_no, claim.sku_id, claim.inbound_id, claim.channel_id, claim.priority, claim.placed_at,
    claim.claimed, claim.arrived, inbound.site_id, inbound.expected_at,
    demand.short
FROM inventory.inbound_claim AS claim
JOIN inventory.inbound AS inbound ON inbound.merchant_id = %(merchant_id)s::bigint
    AND inbound.inbound_id = claim.inbound_id
JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = claim.order_id
    AND demand.line_no = claim.line_no AND demand.sku_id = claim.sku_id
WHERE claim.merchant_id = %(merchant_id)s::bigint AND claim.order_id = ANY(%(order_ids)s::bigint[])
    AND claim.claimed + claim.arrived > 0
ORDER BY claim.order_id, claim.line_no, inbound.expected_at, claim.inbound_id;

-- name: load_arrived_orders
-- Orders for which something arrived that is not allocated to them yet, in the order in which they are served.
SELECT order_id
FROM inventory.inbound_claim
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[]) AND arrived > 0
GROUP BY order_id
ORDER BY min(priority), min(placed_at), order_id;

-- name: load_claiming_orders
-- The orders that claim some inbound.
SELECT DISTINCT order_id
FROM inventory.inbound_claim
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = ANY(%(inbound_ids)s::bigint[]) AND claimed + arrived > 0
ORDER BY order_id;

-- name: upsert_inbound_claims
-- Claims as they are now.
INSERT INTO inventory.inbound_claim (merchant_id, order_id, line_no, sku_id, inbound_id, channel_id, priority, placed_at,
    claimed, arrived)
SELECT %(merchant_id)s::bigint, stated.order_id, stated.line_no, stated.sku_id, stated.inbound_id, stated.channel_id,
    stated.priority, stated.placed_at, stated.claimed, stated.arrived
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(inbound_ids)s::bigint[],
    %(channel_ids)s::bigint[], %(priorities)s::integer[], %(times)s::timestamptz[], %(claimeds)s::bigint[],
    %(arriveds)s::bigint[])
    AS stated (order_id, line_no, sku_id, inbound_id, channel_id, priority, placed_at, claimed, arrived)
ON CONFLICT (merchant_id, order_id, line_no, sku_id, inbound_id)
DO UPDATE SET claimed = excluded.claimed, arrived = excluded.arrived;

-- name: change_claimed
-- What is claimed of inbound, by differences; no more than is open of it.
UPDATE inventory.inbound AS inbound
SET claimed = inbound.claimed + change.delta
FROM unnest(%(inbound_ids)s::bigint[], %(deltas)s::bigint[]) AS change (inbound_id, delta)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = change.inbound_id;

-- copy: inbound_claim_change inventory.inbound_claim_change (merchant_id, change_id, inbound_id, order_id, line_no, sku_id,
--     claimed, arrived, reason, recorded_at)
-- The ledger of claims is append-only.

-- name: load_inbound_of_references
-- Every line of some references, open or not.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY expected_at, inbound_id;

-- name: load_inbound_by_id
-- Inbound by id.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = ANY(%(inbound_ids)s::bigint[])
ORDER BY inbound_id;

-- copy: inbound inventory.inbound (merchant_id, inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected,
--     received, cancelled, open, excess, expected_at, confirmed_at, cost_minor, state, version)
-- New inbound.

-- name: change_inbound
-- What became of inbound, where it still stands at the version that the change was computed from.
UPDATE inventory.inbound AS inbound
SET supplier = change.supplier, expected = change.expected, received = change.received, cancelled = change.cancelled,
    open = change.open, excess = change.excess, expected_at = change.expected_at, confirmed_at = change.confirmed_at,
    cost_minor = change.cost_minor, state = change.state, version = change.version
FROM unnest(%(inbound_ids)s::bigint[], %(before)s::bigint[], %(versions)s::bigint[], %(suppliers)s::text[],
    %(expecteds)s::bigint[], %(receiveds)s::bigint[], %(cancelleds)s::bigint[], %(opens)s::bigint[],
    %(excesses)s::bigint[], %(expected_ats)s::timestamptz[], %(confirmed_ats)s::timestamptz[],
    %(cost_minors)s::bigint[], %(states)s::text[])
    AS change (inbound_id, before, version, supplier, expected, received, cancelled, open, excess, expected_at,
        confirmed_at, cost_minor, state)
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.inbound_id = change.inbound_id
    AND inbound.version = change.before;

-- copy: inbound_change inventory.inbound_change (merchant_id, inbound_id, version, kind, expected, received, cancelled, open,
--     excess, expected_at, confirmed_at, cost_minor, reason, reference, reference_id, actor, occurred_at, recorded_at)
-- The history of inbound is append-only.

-- name: load_inbound_changes
-- The history of one inbound, the first word first.
SELECT inbound_id, version, kind, expected, received, cancelled, open, excess, expected_at, confirmed_at, cost_minor,
    reason, reference, reference_id, actor, occurred_at, recorded_at
FROM inventory.inbound_change
WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id = %(inbound_id)s::bigint
ORDER BY version;

-- copy: receipt inventory.receipt (merchant_id, receipt_id, site_id, reference, inbound_reference, received_at, recorded_at)
-- New receipts.

-- copy: receipt_line inventory.receipt_line (merchant_id, receipt_id, sequence, stock_id, sku_id, status, lot, line,
--     inbound_id, units, cost_minor, message_id, actor, occurred_at, recorded_at)
-- What was received, append-only.

-- name: find_receipts
-- Receipts by the number that their sites gave them.
SELECT receipt.site_id, receipt.reference, receipt.receipt_id
FROM unnest(%(site_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (site_id, reference)
JOIN inventory.receipt AS receipt ON receipt.merchant_id = %(merchant_id)s::bigint
    AND receipt.site_id = wanted.site_id AND receipt.reference = wanted.reference;

-- name: load_receipt_lines
-- All that was entered of some receipts, in order.
SELECT line.receipt_id, line.sequence, line.stock_id, line.sku_id, line.status, line.lot, line.line, line.inbound_id,
    line.units, line.cost_minor, line.message_id, line.actor, line.occurred_at, line.recorded_at
FROM unnest(%(site_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (site_id, reference)
JOIN inventory.receipt AS receipt ON receipt.merchant_id = %(merchant_id)s::bigint
    AND receipt.site_id = wanted.site_id AND receipt.reference = wanted.reference
JOIN inventory.receipt_line AS line ON line.merchant_id = receipt.merchant_id AND line.receipt_id = receipt.receipt_id
ORDER BY line.receipt_id, line.sequence;

-- name: set_lot_state
-- Hold a lot or let it back, and say in which state it was; no row where the lot is not known.
WITH before AS (
    SELECT state
    FROM inventory.lot
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND lot = %(lot)s::text
    FOR UPDATE
), changed AS (
    UPDATE inventory.lot
    SET state = %(state)s::text
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = %(sku_id)s::bigint AND lot = %(lot)s::text
        AND state <> %(state)s::text
)
SELECT state FROM before;

-- name: load_lots
-- Lots, the first to expire first, with what is on hand of each.
SELECT lot.sku_id, lot.lot, lot.expires_at, lot.received_at, lot.state,
    coalesce(held.quantity, 0)::bigint AS quantity, coalesce(held.allocated, 0)::bigint AS allocated
FROM inventory.lot AS lot
LEFT JOIN LATERAL (
    SELECT sum(stock.quantity) AS quantity, sum(stock.allocated) AS allocated
    FROM inventory.stock AS stock
    WHERE stock.merchant_id = lot.merchant_id AND stock.sku_id = lot.sku_id AND stock.lot = lot.lot
) AS held ON true
WHERE lot.merchant_id = %(merchant_id)s::bigint AND starts_with(lot.lot, %(code)s::text)
    AND (%(sku_id)s::bigint = 0 OR lot.sku_id = %(sku_id)s::bigint)
    AND (%(state)s::text = '' OR lot.state = %(state)s::text)
ORDER BY lot.expires_at NULLS LAST, lot.lot, lot.sku_id
LIMIT %(limit)s::bigint;

-- name: load_lot_moves
-- All moves of some stock rows, in the order in which they were recorded.
SELECT move.stock_id, move.sequence, stock.site_id, stock.status, move.delta, move.quantity_after, move.reason,
    move.counterpart, move.reference, move.reference_id, move.occurred_at, move.recorded_at
FROM inventory.move AS move
JOIN inventory.stock AS stock ON stock.merchant_id = move.merchant_id AND stock.stock_id = move.stock_id
WHERE move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = ANY(%(stock_ids)s::bigint[])
ORDER BY move.recorded_at, move.stock_id, move.sequence;

-- name: load_lot_holders
-- Who has units of some stock rows now.
SELECT taken.order_id, taken.line_no, demand.kind, stock.site_id, taken.units
FROM (
    SELECT order_id, line_no, stock_id, sum(delta)::bigint AS units
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[])
    GROUP BY order_id, line_no, stock_id
    HAVING sum(delta) > 0
) AS taken
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = taken.stock_id
JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = taken.order_id
    AND demand.line_no = taken.line_no AND demand.sku_id = stock.sku_id
ORDER BY taken.order_id, taken.line_no, stock.site_id;

-- name: load_lots_of_orders
-- What lines of some orders have or had of lots; order by order, whatever the planner knows of the ledger.
SELECT taken.order_id, taken.line_no, taken.sku_id, taken.lot, taken.site_id, taken.allocated, taken.shipped
FROM unnest(%(order_ids)s::bigint[]) AS wanted (order_id)
CROSS JOIN LATERAL (
    SELECT entry.order_id, entry.line_no, stock.sku_id, stock.lot, stock.site_id, sum(entry.delta)::bigint AS allocated,
        coalesce(-sum(entry.delta) FILTER (WHERE entry.reason = 'shipped'), 0)::bigint AS shipped
    FROM inventory.reservation AS entry
    JOIN inventory.stock AS stock ON stock.merchant_id = entry.merchant_id AND stock.stock_id = entry.stock_id
    WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.order_id = wanted.order_id AND stock.lot <> ''
    GROUP BY entry.order_id, entry.line_no, stock.sku_id, stock.lot, stock.site_id
) AS taken
WHERE taken.allocated <> 0 OR taken.shipped <> 0
ORDER BY taken.order_id, taken.line_no, taken.sku_id, taken.lot, taken.site_id;

-- name: load_level_columns
-- What is free of sellable rows, of some SKUs or of every one: with the place of the owner among the given (0: none of
-- them) and the instant of expiry in microseconds.
SELECT sku_id, site_id, coalesce(array_position(%(owners)s::text[], owner), 0)::bigint AS owner,
    coalesce((extract(epoch FROM expires_at) * 1000000)::bigint, 9223372036854775807) AS expires,
    quantity - allocated AS units
FROM inventory.stock_state
WHERE merchant_id = %(merchant_id)s::bigint AND (%(every)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[]))
    AND quantity > allocated AND sellable AND coalesce(expires_at > %(now)s::timestamptz, true);

-- name: load_waiting_columns
-- What waits of some SKUs or of every one, by channel.
SELECT sku_id, channel_id, sum(short)::bigint AS units
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint AND (%(every)s::boolean OR sku_id = ANY(%(sku_ids)s::bigint[])) AND short > 0
GROUP BY sku_id, channel_id;

-- name: lock_transfers
-- Transfers by reference, locked in the order of their ids: before stock, like orders.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY transfer_id
FOR UPDATE;

-- name: find_transfer
-- The transfer of a reference.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND reference = %(reference)s::text;

-- name: load_transfers
-- Transfers by id.
SELECT transfer_id, reference, from_site_id, to_site_id, state, expected_at, ordered_at, recorded_at
FROM inventory.transfer
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
ORDER BY transfer_id;

-- name: load_transfer_lines
-- The lines of transfers, in order.
SELECT transfer_id, line_no, sku_id, status, owner, lot, ordered, shipped, cancelled, arrived, damaged, lost, claimed,
    returned
FROM inventory.transfer_line
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
ORDER BY transfer_id, line_no;

-- name: load_transfer_changes
-- Every step of transfers, in order.
SELECT transfer_id, sequence, line_no, kind, units, document, message_id, actor, occurred_at, recorded_at
FROM inventory.transfer_change
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
ORDER BY transfer_id, sequence;

-- name: load_last_transfer_changes
-- The last sequence of the steps of transfers.
SELECT transfer_id, max(sequence)
FROM inventory.transfer_change
WHERE merchant_id = %(merchant_id)s::bigint AND transfer_id = ANY(%(transfer_ids)s::bigint[])
GROUP BY transfer_id;

-- copy: transfer inventory.transfer (merchant_id, transfer_id, reference, from_site_id, to_site_id, state, expected_at,
--     ordered_at, recorded_at)
-- New transfers.

-- copy: transfer_line inventory.transfer_line (merchant_id, transfer_id, line_no, sku_id, status, owner, lot, ordered,
--     shipped, cancelled, arrived, damaged, lost, claimed, returned)
-- New lines of transfers.

-- copy: transfer_change inventory.transfer_change (merchant_id, transfer_id, sequence, line_no, kind, units, document,
--     message_id, actor, occurred_at, recorded_at)
-- The steps of transfers are append-only.

-- name: change_transfers
-- What became of transfers.
UPDATE inventory.transfer AS transfer
SET state = change.state, expected_at = change.expected_at
FROM unnest(%(transfer_ids)s::bigint[], %(states)s::text[], %(expected_ats)s::timestamptz[])
    AS change (transfer_id, state, expected_at)
WHERE transfer.merchant_id = %(merchant_id)s::bigint AND transfer.transfer_id = change.transfer_id;

-- name: change_transfer_lines
-- What became of lines of transfers.
UPDATE inventory.transfer_line AS line
SET ordered = change.ordered, shipped = change.shipped, cancelled = change.cancelled, arrived = change.arrived,
    damaged = change.damaged, lost = change.lost, claimed = change.claimed, returned = change.returned
FROM unnest(%(transfer_ids)s::bigint[], %(line_nos)s::integer[], %(ordered_units)s::bigint[], %(shipped_units)s::bigint[],
    %(cancelled_units)s::bigint[], %(arrived_units)s::bigint[], %(damaged_units)s::bigint[], %(lost_units)s::bigint[],
    %(claimed_units)s::bigint[], %(returned_units)s::bigint[])
    AS change (transfer_id, line_no, ordered, shipped, cancelled, arrived, damaged, lost, claimed, returned)
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.transfer_id = change.transfer_id
    AND line.line_no = change.line_no;

-- name: find_adjustments
-- Adjustments by reference.
SELECT adjustment_id, reference, sku_id, site_id, status, owner, lot, delta, reason, account_role, note, cost_minor,
    value_minor, state, requested_by, occurred_at, recorded_at, message_id, decided_by, decided_at
FROM inventory.adjustment
WHERE merchant_id = %(merchant_id)s::bigint AND reference = ANY(%(reference_texts)s::text[])
ORDER BY adjustment_id;

-- name: lock_adjustment
-- An adjustment by id, locked.
SELECT adjustment_id, reference, sku_id, site_id, status, owner, lot, delta, reason, account_role, note, cost_minor,
    value_minor, state, requested_by, occurred_at, recorded_at, message_id, decided_by, decided_at
FROM inventory.adjustment
WHERE merchant_id = %(merchant_id)s::bigint AND adjustment_id = %(adjustment_id)s::bigint
FOR UPDATE;

-- copy: adjustment inventory.adjustment (merchant_id, adjustment_id, reference, sku_id, site_id, status, owner, lot, delta,
--     reason, account_role, note, cost_minor, value_minor, state, requested_by, occurred_at, recorded_at, message_id,
--     decided_by, decided_at)
-- New adjustments.

-- name: decide_adjustment
-- How a second person decided.
UPDATE inventory.adjustment
SET state = %(state)s::text, decided_by = %(decided_by)s::text, decided_at = %(now)s::timestamptz
WHERE merchant_id = %(merchant_id)s::bigint AND adjustment_id = %(adjustment_id)s::bigint;

-- name: load_coming_page
-- A page of inbound, the soonest first and the undated last, with how many match.
SELECT inbound_id, kind, reference, line, sku_id, site_id, lot, supplier, expected, received, cancelled, open, excess,
    expected_at, confirmed_at, cost_minor, state, version, count(*) OVER () AS total
FROM inventory.inbound
WHERE merchant_id = %(merchant_id)s::bigint AND (%(state)s::text = '' OR state = %(state)s::text)
    AND (%(sku_id)s::bigint = 0 OR sku_id = %(sku_id)s::bigint)
    AND (%(site_id)s::bigint = 0 OR site_id = %(site_id)s::bigint)
    AND (%(reference)s::text = '' OR reference = %(reference)s::text)
    AND (NOT %(late)s::boolean OR (open > 0 AND expected_at < %(now)s::timestamptz))
ORDER BY expected_at, inbound_id
LIMIT %(limit)s::bigint OFFSET %(offset)s::bigint;

-- name: load_move_rows
-- Moves of a span of time with their places, the last recorded first.
SELECT move.stock_id, move.sequence, stock.sku_id, stock.site_id, stock.status, stock.lot, move.delta, move.quantity_after,
    move.reason, move.counterpart, move.reference, move.reference_id, move.actor, move.occurred_at, move.recorded_at
FROM inventory.move AS move
JOIN inventory.stock AS stock ON stock.merchant_id = move.merchant_id AND stock.stock_id = move.stock_id
WHERE move.merchant_id = %(merchant_id)s::bigint
    AND (%(sku_id)s::bigint = 0 OR stock.sku_id = %(sku_id)s::bigint)
    AND (%(site_id)s::bigint = 0 OR stock.site_id = %(site_id)s::bigint)
    AND (%(reason)s::text = '' OR move.reason = %(reason)s::text)
    AND (%(reference_id)s::bigint = 0 OR move.reference_id = %(reference_id)s::bigint)
    AND move.recorded_at >= %(since)s::timestamptz AND move.recorded_at < %(until)s::timestamptz
ORDER BY move.recorded_at DESC, move.stock_id DESC, move.sequence DESC
LIMIT %(limit)s::bigint;

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

-- name: load_assembly_lines
-- The lines of assemblies, in order.
SELECT assembly_id, line_no, stock_id, sku_id, lot, per_unit, delta
FROM inventory.assembly_line
WHERE merchant_id = %(merchant_id)s::bigint AND assembly_id = ANY(%(assembly_ids)s::bigint[])
ORDER BY assembly_id, line_no;
