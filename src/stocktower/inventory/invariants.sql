-- What must always be true of supply and demand: each statement returns the rows that break it.

-- name: row_is_the_sum_of_its_moves
-- when: now
-- A stock row's quantity is the sum of its moves and what the last of them says.
SELECT stock.stock_id, stock.quantity, coalesce(ledger.units, 0) AS moved, ledger.last_quantity
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT move.stock_id, sum(move.delta) AS units,
        (array_agg(move.quantity_after ORDER BY move.sequence DESC))[1] AS last_quantity
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint
    GROUP BY move.stock_id
) AS ledger ON ledger.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint
    AND (stock.quantity <> coalesce(ledger.units, 0) OR stock.quantity <> coalesce(ledger.last_quantity, 0));

-- name: usage_is_its_last_change
-- when: now
-- What a channel used is what its last change says, and the changes are numbered without a gap in the order of time.
SELECT told.sku_id, told.channel_id, told.since
FROM (
    SELECT DISTINCT ON (sku_id, channel_id, since) sku_id, channel_id, since, used_after, accepted_after,
        sequence, count(*) OVER one AS entries,
        max(recorded_at) OVER one AS last_at, recorded_at
    FROM inventory.usage_change
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW one AS (PARTITION BY sku_id, channel_id, since)
    ORDER BY sku_id, channel_id, since, sequence DESC
) AS told
LEFT JOIN inventory.usage AS known ON known.merchant_id = %(merchant_id)s::bigint AND known.sku_id = told.sku_id
    AND known.channel_id = told.channel_id AND known.since = told.since
WHERE told.sequence <> told.entries OR told.recorded_at <> told.last_at
    OR known.sku_id IS NOT NULL AND (known.used, known.accepted) <> (told.used_after, told.accepted_after)
UNION ALL
SELECT known.sku_id, known.channel_id, known.since
FROM inventory.usage AS known
WHERE known.merchant_id = %(merchant_id)s::bigint AND NOT EXISTS (
    SELECT FROM inventory.usage_change AS told
    WHERE told.merchant_id = known.merchant_id AND told.sku_id = known.sku_id AND told.channel_id = known.channel_id
        AND told.since = known.since
);

-- name: past_lots_end_in_order
-- when: now
-- What was known of a lot before is numbered without a gap, and no stretch ended before the one before it.
SELECT past.sku_id, past.lot, past.sequence
FROM (
    SELECT sku_id, lot, sequence, until_at, lag(sequence, 1, 0) OVER one AS before, lag(until_at) OVER one AS ended_at
    FROM inventory.past_lot
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW one AS (PARTITION BY sku_id, lot ORDER BY sequence)
) AS past
WHERE past.sequence <> past.before + 1 OR past.until_at < past.ended_at;

-- name: usage_is_what_demand_says
-- when: now
-- What counts against a quota or share is what the demand placed since it began has.
SELECT coalesce(known.sku_id, counted.sku_id) AS sku_id, coalesce(known.channel_id, counted.channel_id) AS channel_id,
    coalesce(known.since, counted.since) AS since, known.used, known.accepted, counted.used AS counted
FROM (SELECT * FROM inventory.usage WHERE merchant_id = %(merchant_id)s::bigint) AS known
FULL JOIN (
    SELECT demand.sku_id, demand.channel_id, start.counts_from AS since,
        sum(demand.allocated + demand.consumed) AS used, sum(demand.allocated + demand.consumed + demand.short) AS accepted
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
) AS counted USING (sku_id, channel_id, since)
WHERE coalesce(known.used, 0) <> coalesce(counted.used, 0)
    OR coalesce(known.accepted, 0) <> coalesce(counted.accepted, 0);

-- name: one_version_of_a_rule_is_meant
-- when: now
-- The versions of a rule follow each other: none is meant while another one is.
SELECT one.rule_id, other.rule_id AS other_id, one.scope
FROM inventory.rule AS one
JOIN inventory.rule AS other ON other.merchant_id = one.merchant_id AND other.scope = one.scope
    AND other.by_person = one.by_person AND other.rule_id > one.rule_id
WHERE one.merchant_id = %(merchant_id)s::bigint AND one.recorded_at < coalesce(other.replaced_at, 'infinity')
    AND other.recorded_at < coalesce(one.replaced_at, 'infinity');

-- name: cover_is_of_rules_of_days
-- when: now
-- Days of cover are kept of rules of days alone, once for a place at any instant.
SELECT cover.rule_id, cover.sku_id, cover.site_id
FROM inventory.cover AS cover
JOIN inventory.rule AS rule ON rule.merchant_id = cover.merchant_id AND rule.rule_id = cover.rule_id
WHERE cover.merchant_id = %(merchant_id)s::bigint
GROUP BY cover.rule_id, cover.sku_id, cover.site_id, rule.mode
HAVING rule.mode <> 'days' OR count(*) FILTER (WHERE cover.replaced_at IS NULL) > 1;

-- name: row_is_the_sum_of_its_reservations
-- when: now
-- What is allocated of a stock row is the sum of its reservations and what the last of them says.
SELECT stock.stock_id, stock.allocated, coalesce(ledger.units, 0) AS reserved, ledger.last_allocated
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT reservation.stock_id, sum(reservation.delta) AS units,
        (array_agg(reservation.allocated_after ORDER BY reservation.sequence DESC))[1] AS last_allocated
    FROM inventory.reservation AS reservation
    WHERE reservation.merchant_id = %(merchant_id)s::bigint
    GROUP BY reservation.stock_id
) AS ledger ON ledger.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint
    AND (stock.allocated <> coalesce(ledger.units, 0) OR stock.allocated <> coalesce(ledger.last_allocated, 0));

-- name: never_over_allocated
-- when: now
-- No stock row has more allocated than there is.
SELECT stock_id, quantity, allocated
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND (allocated < 0 OR allocated > quantity);

-- name: balances_run
-- when: now
-- Along a row's moves each balance is the one before it and the difference.
SELECT step.stock_id, step.sequence, step.quantity_after, step.delta, step.before
FROM (
    SELECT stock_id, sequence, delta, quantity_after,
        lag(quantity_after, 1, 0::bigint) OVER (PARTITION BY stock_id ORDER BY sequence) AS before
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint
) AS step
WHERE step.quantity_after <> step.before + step.delta OR step.quantity_after < 0;

-- name: reservations_run
-- when: now
-- Along a row's reservations what is allocated is what was before and the difference.
SELECT step.stock_id, step.sequence, step.allocated_after, step.delta, step.before
FROM (
    SELECT stock_id, sequence, delta, allocated_after,
        lag(allocated_after, 1, 0::bigint) OVER (PARTITION BY stock_id ORDER BY sequence) AS before
    FROM inventory.reservation
    WHERE merchant_id = %(merchant_id)s::bigint
) AS step
WHERE step.allocated_after <> step.before + step.delta OR step.allocated_after < 0;

-- name: sequence_is_the_last_entry
-- when: now
-- A stock row stands at the sequence of its last move or reservation.
SELECT stock.stock_id, stock.sequence, entry.last
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT one.stock_id, max(one.sequence) AS last
    FROM (
        SELECT stock_id, sequence FROM inventory.move WHERE merchant_id = %(merchant_id)s::bigint
        UNION ALL
        SELECT stock_id, sequence FROM inventory.reservation WHERE merchant_id = %(merchant_id)s::bigint
    ) AS one
    GROUP BY one.stock_id
) AS entry ON entry.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.sequence <> coalesce(entry.last, 0);

-- name: recorded_in_order
-- when: now
-- Along a stock row's entries time never goes back, and the row was written with the last of them.
SELECT step.stock_id, step.sequence, step.recorded_at, step.before
FROM (
    SELECT entry.stock_id, entry.sequence, entry.recorded_at,
        lag(entry.recorded_at) OVER (PARTITION BY entry.stock_id ORDER BY entry.sequence, entry.recorded_at) AS before
    FROM (
        SELECT stock_id, sequence, recorded_at FROM inventory.move WHERE merchant_id = %(merchant_id)s::bigint
        UNION ALL
        SELECT stock_id, sequence, recorded_at FROM inventory.reservation WHERE merchant_id = %(merchant_id)s::bigint
        UNION ALL
        SELECT stock_id, sequence, recorded_at FROM inventory.stock WHERE merchant_id = %(merchant_id)s::bigint
    ) AS entry
) AS step
WHERE step.recorded_at < step.before;

-- name: short_is_the_sum_of_its_shortages
-- when: now
-- What a demand is short of is what the ledger of shortages adds up to.
SELECT coalesce(demand.order_id, ledger.order_id) AS order_id, coalesce(demand.line_no, ledger.line_no) AS line_no,
    coalesce(demand.sku_id, ledger.sku_id) AS sku_id, demand.short, ledger.units
FROM (SELECT * FROM inventory.demand WHERE merchant_id = %(merchant_id)s::bigint AND short > 0) AS demand
FULL JOIN (
    SELECT order_id, line_no, sku_id, channel_id, sum(delta) AS units
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY order_id, line_no, sku_id, channel_id
    HAVING sum(delta) <> 0
) AS ledger ON ledger.order_id = demand.order_id AND ledger.line_no = demand.line_no AND ledger.sku_id = demand.sku_id
    AND ledger.channel_id = demand.channel_id
WHERE coalesce(demand.short, 0) <> coalesce(ledger.units, 0);

-- name: shortages_run
-- when: now
-- Along a SKU's shortages sequences have no gap, time never goes back, and what a channel waits for is what it waited for
-- before and the difference.
SELECT step.sku_id, step.sequence, step.waiting_after, step.delta, step.before
FROM (
    SELECT sku_id, sequence, delta, waiting_after, recorded_at,
        lag(waiting_after, 1, 0::bigint) OVER (PARTITION BY sku_id, channel_id ORDER BY sequence) AS before,
        lag(recorded_at) OVER (PARTITION BY sku_id ORDER BY sequence) AS earlier,
        row_number() OVER (PARTITION BY sku_id ORDER BY sequence) AS place
    FROM inventory.shortage
    WHERE merchant_id = %(merchant_id)s::bigint
) AS step
WHERE step.waiting_after <> step.before + step.delta OR step.sequence <> step.place OR step.recorded_at < step.earlier;

-- name: demand_is_the_sum_of_its_reservations
-- when: now
-- What is allocated to a demand is what the ledger says that it holds.
SELECT coalesce(demand.order_id, ledger.order_id) AS order_id, coalesce(demand.line_no, ledger.line_no) AS line_no,
    coalesce(demand.sku_id, ledger.sku_id) AS sku_id, demand.allocated, ledger.units
FROM (SELECT * FROM inventory.demand WHERE merchant_id = %(merchant_id)s::bigint) AS demand
FULL JOIN (
    SELECT reservation.order_id, reservation.line_no, stock.sku_id, sum(reservation.delta) AS units
    FROM inventory.reservation AS reservation
    JOIN inventory.stock AS stock USING (merchant_id, stock_id)
    WHERE reservation.merchant_id = %(merchant_id)s::bigint
    GROUP BY reservation.order_id, reservation.line_no, stock.sku_id
) AS ledger ON ledger.order_id = demand.order_id AND ledger.line_no = demand.line_no AND ledger.sku_id = demand.sku_id
WHERE coalesce(demand.allocated, 0) <> coalesce(ledger.units, 0);

-- name: nobody_takes_back_more_than_taken
-- when: now
-- No demand holds less than nothing of a stock row.
SELECT order_id, line_no, stock_id, sum(delta) AS units
FROM inventory.reservation
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY order_id, line_no, stock_id
HAVING sum(delta) < 0;

-- name: kits_are_whole
-- when: now
-- The components of a line are wanted in whole sold units, as many of each.
SELECT order_id, line_no, min(sku_id) AS one, max(sku_id) AS other
FROM inventory.demand
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY order_id, line_no
HAVING min(wanted / per_unit) <> max(wanted / per_unit) OR max(wanted %% per_unit) <> 0;

-- name: ended_holds_hold_nothing
-- when: now
-- A hold that is over has given everything back.
SELECT hold.hold_id, hold.state, demand.sku_id, demand.allocated
FROM inventory.hold AS hold
JOIN inventory.demand AS demand ON demand.merchant_id = hold.merchant_id AND demand.order_id = hold.hold_id
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.state <> 'held' AND demand.allocated > 0;

-- name: holds_wait_for_an_order_or_expire
-- when: now
-- A hold under way ends by itself, unless its order has come.
SELECT hold.hold_id, hold.reference, hold.expires_at
FROM inventory.hold AS hold
WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.state = 'held' AND hold.order_id IS NULL AND NOT EXISTS (
    SELECT FROM platform.due AS due
    WHERE due.merchant_id = %(merchant_id)s::bigint AND due.kind = 'hold.expiry' AND due.key = hold.hold_id);

-- name: inbound_is_claimed_by_its_claims
-- when: now
-- What is claimed of an inbound is what its claims add up to, and no more than is open of it.
SELECT inbound.inbound_id, inbound.open, inbound.claimed, coalesce(claims.units, 0) AS units
FROM inventory.inbound AS inbound
LEFT JOIN (
    SELECT inbound_id, sum(claimed) AS units
    FROM inventory.inbound_claim WHERE merchant_id = %(merchant_id)s::bigint GROUP BY inbound_id
) AS claims ON claims.inbound_id = inbound.inbound_id
WHERE inbound.merchant_id = %(merchant_id)s::bigint
    AND (inbound.claimed <> coalesce(claims.units, 0) OR inbound.claimed > inbound.open);

-- name: claims_follow_their_ledger
-- when: now
-- A claim is the sum of its changes.
SELECT coalesce(claim.inbound_id, ledger.inbound_id) AS inbound_id, coalesce(claim.order_id, ledger.order_id) AS order_id,
    claim.claimed, claim.arrived, ledger.claimed AS claimed_in_ledger, ledger.arrived AS arrived_in_ledger
FROM (SELECT * FROM inventory.inbound_claim WHERE merchant_id = %(merchant_id)s::bigint) AS claim
FULL JOIN (
    SELECT inbound_id, order_id, line_no, sku_id, sum(claimed) AS claimed, sum(arrived) AS arrived
    FROM inventory.inbound_claim_change
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY inbound_id, order_id, line_no, sku_id
) AS ledger ON ledger.inbound_id = claim.inbound_id AND ledger.order_id = claim.order_id
    AND ledger.line_no = claim.line_no AND ledger.sku_id = claim.sku_id
WHERE claim.claimed IS DISTINCT FROM ledger.claimed OR claim.arrived IS DISTINCT FROM ledger.arrived;

-- name: lines_claim_what_they_are_short_of
-- when: now
-- A line claims no more of inbound than it waits for.
SELECT claims.order_id, claims.line_no, claims.sku_id, claims.units, demand.short
FROM (
    SELECT order_id, line_no, sku_id, sum(claimed + arrived) AS units
    FROM inventory.inbound_claim WHERE merchant_id = %(merchant_id)s::bigint GROUP BY order_id, line_no, sku_id
) AS claims
LEFT JOIN inventory.demand AS demand ON demand.merchant_id = %(merchant_id)s::bigint
    AND demand.order_id = claims.order_id AND demand.line_no = claims.line_no AND demand.sku_id = claims.sku_id
WHERE claims.units > coalesce(demand.short, 0);

-- name: stock_can_be_locked
-- when: now
-- Every SKU that has stock has the row that it is locked by.
SELECT stock.stock_id, stock.sku_id
FROM inventory.stock AS stock
LEFT JOIN inventory.item AS item ON item.merchant_id = stock.merchant_id AND item.sku_id = stock.sku_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND item.sku_id IS NULL;

-- name: inbound_is_its_last_word
-- when: now
-- An inbound is what the last entry of its history says, and its history has no gap.
SELECT inbound.inbound_id, inbound.version, word.last_version, word.words
FROM inventory.inbound AS inbound
LEFT JOIN (
    SELECT change.inbound_id, max(change.version) AS last_version, count(*) AS words,
        (array_agg(ROW(change.expected, change.received, change.cancelled, change.open, change.excess,
            change.expected_at, change.confirmed_at, change.cost_minor, change.supplier)::text
            ORDER BY change.version DESC))[1] AS figures
    FROM inventory.inbound_change AS change
    WHERE change.merchant_id = %(merchant_id)s::bigint
    GROUP BY change.inbound_id
) AS word ON word.inbound_id = inbound.inbound_id
WHERE inbound.merchant_id = %(merchant_id)s::bigint
    AND (word.last_version IS DISTINCT FROM inbound.version OR word.words IS DISTINCT FROM inbound.version
        OR word.figures IS DISTINCT FROM ROW(inbound.expected, inbound.received, inbound.cancelled, inbound.open,
            inbound.excess, inbound.expected_at, inbound.confirmed_at, inbound.cost_minor, inbound.supplier)::text);

-- name: lots_are_known
-- when: now
-- The lot of a stock row stands in the table of lots.
SELECT stock.stock_id, stock.sku_id, stock.lot
FROM inventory.stock AS stock
LEFT JOIN inventory.lot AS lot ON lot.merchant_id = stock.merchant_id AND lot.sku_id = stock.sku_id AND lot.lot = stock.lot
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.lot <> '' AND lot.lot IS NULL;

-- name: statuses_follow_each_other
-- when: now
-- A status means one thing at a time.
SELECT one.code, one.since, one.until, other.since AS other_since
FROM inventory.status AS one
JOIN inventory.status AS other ON other.merchant_id = one.merchant_id AND other.code = one.code AND other.since > one.since
WHERE one.merchant_id = %(merchant_id)s::bigint AND (one.until IS NULL OR one.until > other.since);

-- name: bins_add_up
-- when: now
-- What lies in the bins of a stock row is what the row has in bins (and never more than its quantity, by its constraint).
SELECT stock.stock_id, stock.quantity, stock.binned, coalesce(kept.units, 0) AS units
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT stock_id, sum(quantity) AS units FROM inventory.bin WHERE merchant_id = %(merchant_id)s::bigint GROUP BY stock_id
) AS kept ON kept.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.binned <> coalesce(kept.units, 0);

-- name: bin_is_the_sum_of_its_moves
-- when: now
-- What lies in a bin is the sum of its moves and what the last of them says.
SELECT coalesce(bin.stock_id, ledger.stock_id) AS stock_id, coalesce(bin.bin, ledger.bin) AS bin, bin.quantity, ledger.units
FROM (SELECT * FROM inventory.bin WHERE merchant_id = %(merchant_id)s::bigint) AS bin
FULL JOIN (
    SELECT stock_id, bin, sum(delta) AS units, max(sequence) AS sequence,
        (array_agg(quantity_after ORDER BY sequence DESC))[1] AS last_quantity
    FROM inventory.bin_move
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY stock_id, bin
) AS ledger ON ledger.stock_id = bin.stock_id AND ledger.bin = bin.bin
WHERE coalesce(bin.quantity, 0) <> coalesce(ledger.units, 0) OR bin.sequence IS DISTINCT FROM ledger.sequence
    OR bin.quantity <> ledger.last_quantity;

-- name: bin_moves_run
-- when: now
-- Along the moves of a bin sequences have no gap, time never goes back, and each balance is the one before and the difference.
SELECT step.stock_id, step.bin, step.sequence, step.quantity_after, step.delta, step.before
FROM (
    SELECT stock_id, bin, sequence, delta, quantity_after, recorded_at,
        lag(quantity_after, 1, 0::bigint) OVER along AS before, lag(recorded_at) OVER along AS earlier,
        row_number() OVER along AS place
    FROM inventory.bin_move
    WHERE merchant_id = %(merchant_id)s::bigint
    WINDOW along AS (PARTITION BY stock_id, bin ORDER BY sequence)
) AS step
WHERE step.quantity_after <> step.before + step.delta OR step.quantity_after < 0 OR step.sequence <> step.place
    OR step.recorded_at < step.earlier;

-- name: relocations_leave_rows_as_they_are
-- when: now
-- Bin moves of one number are of its site, and what goes from bin to bin stays on its row: there is a relocation behind each.
SELECT move.stock_id, move.reference_id
FROM inventory.bin_move AS move
JOIN inventory.stock AS stock ON stock.merchant_id = move.merchant_id AND stock.stock_id = move.stock_id
LEFT JOIN inventory.relocation AS relocation ON relocation.merchant_id = move.merchant_id
    AND relocation.relocation_id = move.reference_id AND relocation.site_id = stock.site_id
    AND relocation.state = 'moved'
WHERE move.merchant_id = %(merchant_id)s::bigint AND move.reference = 'relocation'
    AND (relocation.relocation_id IS NULL OR EXISTS (
        SELECT FROM inventory.move AS of_row
        WHERE of_row.merchant_id = move.merchant_id AND of_row.stock_id = move.stock_id
            AND of_row.reference = 'relocation' AND of_row.reference_id = move.reference_id));

-- name: receipts_are_their_moves
-- when: now
-- What was entered of a receipt is what its moves brought to each stock row.
SELECT coalesce(entered.receipt_id, moved.receipt_id) AS receipt_id, coalesce(entered.stock_id, moved.stock_id) AS stock_id,
    entered.units AS entered, moved.units AS moved
FROM (
    SELECT receipt_id, stock_id, sum(units) AS units
    FROM inventory.receipt_line
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY receipt_id, stock_id
) AS entered
FULL JOIN (
    SELECT reference_id AS receipt_id, stock_id, sum(delta) AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND reference = 'receipt' AND reason = 'receipt'
    GROUP BY reference_id, stock_id
) AS moved ON moved.receipt_id = entered.receipt_id AND moved.stock_id = entered.stock_id
WHERE entered.units IS DISTINCT FROM moved.units;

-- name: inbound_is_its_receipts
-- when: now
-- What came of an inbound that is no transfer is what its receipts say.
SELECT inbound.inbound_id, inbound.received + inbound.excess AS received, coalesce(entered.units, 0) AS entered
FROM inventory.inbound AS inbound
LEFT JOIN (
    SELECT inbound_id, sum(units) AS units
    FROM inventory.receipt_line
    WHERE merchant_id = %(merchant_id)s::bigint AND inbound_id <> 0
    GROUP BY inbound_id
) AS entered ON entered.inbound_id = inbound.inbound_id
WHERE inbound.merchant_id = %(merchant_id)s::bigint AND inbound.kind <> 'transfer'
    AND inbound.received + inbound.excess <> coalesce(entered.units, 0);

-- name: transfer_lines_are_their_steps
-- when: now
-- The figures of a transfer's line are the sums of its steps; only what was shipped beyond the order raises it silently.
SELECT line.transfer_id, line.line_no
FROM inventory.transfer_line AS line
LEFT JOIN (
    SELECT transfer_id, line_no,
        coalesce(sum(units) FILTER (WHERE kind = 'ordered'), 0) AS ordered,
        coalesce(sum(units) FILTER (WHERE kind = 'shipped'), 0) AS shipped,
        coalesce(sum(CASE kind WHEN 'cancelled' THEN units WHEN 'uncancelled' THEN -units END), 0) AS cancelled,
        coalesce(sum(CASE kind WHEN 'ahead' THEN units WHEN 'told' THEN -units END), 0) AS ahead,
        coalesce(sum(units) FILTER (WHERE kind = 'arrived'), 0) AS arrived,
        coalesce(sum(units) FILTER (WHERE kind = 'damaged'), 0) AS damaged,
        coalesce(sum(units) FILTER (WHERE kind = 'lost'), 0) AS lost,
        coalesce(sum(units) FILTER (WHERE kind = 'claimed'), 0) AS claimed,
        coalesce(sum(units) FILTER (WHERE kind = 'returned'), 0) AS returned
    FROM inventory.transfer_change
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY transfer_id, line_no
) AS step ON step.transfer_id = line.transfer_id AND step.line_no = line.line_no
WHERE line.merchant_id = %(merchant_id)s::bigint
    AND ((line.shipped, line.cancelled, line.arrived, line.damaged, line.lost, line.claimed, line.returned, line.ahead)
        IS DISTINCT FROM (step.shipped, step.cancelled, step.arrived, step.damaged, step.lost, step.claimed, step.returned,
            step.ahead)
        OR line.ordered < step.ordered);

-- name: what_is_missing_is_not_free
-- when: now
-- A row carries units that its site does not have only as long as they are allocated.
SELECT stock_id, sku_id, site_id, quantity, allocated, discrepancy
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND discrepancy > 0 AND quantity > allocated;

-- name: transit_is_its_transfers
-- when: now
-- What lies in transit to a site is what the transfers there have shipped and not concluded.
SELECT coalesce(held.sku_id, sent.sku_id) AS sku_id, coalesce(held.site_id, sent.site_id) AS site_id,
    coalesce(held.lot, sent.lot) AS lot, held.units AS held, sent.units AS sent
FROM (
    SELECT sku_id, site_id, owner, lot, sum(quantity - discrepancy) AS units
    FROM inventory.stock
    WHERE merchant_id = %(merchant_id)s::bigint AND status = 'in_transit'
    GROUP BY sku_id, site_id, owner, lot
) AS held
FULL JOIN (
    SELECT line.sku_id, transfer.to_site_id AS site_id, line.owner, line.lot,
        sum(line.shipped - line.arrived - line.damaged - line.lost - line.claimed - line.returned) AS units
    FROM inventory.transfer_line AS line
    JOIN inventory.transfer AS transfer ON transfer.merchant_id = line.merchant_id
        AND transfer.transfer_id = line.transfer_id
    WHERE line.merchant_id = %(merchant_id)s::bigint
    GROUP BY line.sku_id, transfer.to_site_id, line.owner, line.lot
) AS sent ON sent.sku_id = held.sku_id AND sent.site_id = held.site_id AND sent.owner = held.owner AND sent.lot = held.lot
WHERE coalesce(held.units, 0) <> coalesce(sent.units, 0);

-- name: transfers_reserve_what_is_open
-- when: now
-- A transfer has no more units reserved at its source than it has still to ship.
SELECT line.transfer_id, line.line_no, demand.allocated, line.ordered - line.shipped - line.cancelled AS open
FROM inventory.transfer_line AS line
JOIN inventory.demand AS demand ON demand.merchant_id = line.merchant_id AND demand.order_id = line.transfer_id
    AND demand.line_no = line.line_no AND demand.sku_id = line.sku_id
WHERE line.merchant_id = %(merchant_id)s::bigint AND demand.kind = 'transfer'
    AND demand.allocated > line.ordered - line.shipped - line.cancelled;

-- name: adjustments_are_their_moves
-- when: now
-- An adjustment that is posted is one move of its row, one that is not is none.
SELECT adjustment.adjustment_id, adjustment.state, adjustment.delta, moved.units
FROM inventory.adjustment AS adjustment
LEFT JOIN (
    SELECT move.reference_id, move.reason, sum(move.delta) AS units
    FROM inventory.move AS move
    WHERE move.merchant_id = %(merchant_id)s::bigint AND move.reference = 'adjustment'
    GROUP BY move.reference_id, move.reason
) AS moved ON moved.reference_id = adjustment.adjustment_id AND moved.reason = adjustment.reason
WHERE adjustment.merchant_id = %(merchant_id)s::bigint
    AND coalesce(moved.units, 0) <> CASE WHEN adjustment.state = 'posted' THEN adjustment.delta ELSE 0 END;

-- name: tracked_units_have_lots
-- when: now
-- Units of a SKU that is tracked by lot or serial number are of one.
SELECT stock.stock_id, stock.sku_id, stock.lot, sku.tracking
FROM inventory.stock AS stock
JOIN catalog.pub_sku AS sku ON sku.merchant_id = stock.merchant_id AND sku.sku_id = stock.sku_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.quantity > 0 AND sku.tracking <> 'none' AND stock.lot = '';

-- name: serials_are_single
-- when: now
-- A serial number stands for at most one unit, wherever it lies.
SELECT stock.sku_id, stock.lot, sum(stock.quantity) AS units
FROM inventory.stock AS stock
JOIN catalog.pub_sku AS sku ON sku.merchant_id = stock.merchant_id AND sku.sku_id = stock.sku_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND sku.tracking = 'serial' AND stock.lot <> ''
GROUP BY stock.sku_id, stock.lot
HAVING sum(stock.quantity) > 1;

-- name: statuses_are_known
-- when: now
-- A stock row is in a status that is built in, or that was stated once.
SELECT stock.stock_id, stock.status
FROM inventory.stock AS stock
WHERE stock.merchant_id = %(merchant_id)s::bigint
    AND stock.status NOT IN ('available', 'quarantine', 'damaged', 'returns_hold', 'in_transit', 'expired')
    AND NOT EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = stock.merchant_id AND own.code = stock.status
    );

-- name: assemblies_are_their_bills
-- when: now
-- What went in and what came out of an assembly is its units by the bill of then, which has the SKU itself and a material.
SELECT assembly.assembly_id, line.sku_id, line.delta, line.per_unit, assembly.units
FROM inventory.assembly AS assembly
LEFT JOIN (
    SELECT assembly_id, sku_id, per_unit, sum(delta) AS delta,
        bool_or(per_unit = 1) OVER of_one AND bool_or(per_unit < 0) OVER of_one AS is_whole
    FROM inventory.assembly_line
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY assembly_id, sku_id, per_unit
    WINDOW of_one AS (PARTITION BY assembly_id)
) AS line ON line.assembly_id = assembly.assembly_id
WHERE assembly.merchant_id = %(merchant_id)s::bigint
    AND (line.is_whole IS NOT TRUE OR line.delta <> assembly.units * line.per_unit
        OR (line.per_unit = 1) <> (line.sku_id = assembly.sku_id));

-- name: assemblies_are_their_moves
-- when: now
-- What an assembly did to each stock row is what its moves say.
SELECT coalesce(line.assembly_id, moved.assembly_id) AS assembly_id, coalesce(line.stock_id, moved.stock_id) AS stock_id,
    line.delta, moved.units
FROM (SELECT * FROM inventory.assembly_line WHERE merchant_id = %(merchant_id)s::bigint) AS line
FULL JOIN (
    SELECT reference_id AS assembly_id, stock_id, sum(delta) AS units
    FROM inventory.move
    WHERE merchant_id = %(merchant_id)s::bigint AND reference = 'assembly' AND reason = 'assembly'
    GROUP BY reference_id, stock_id
) AS moved ON moved.assembly_id = line.assembly_id AND moved.stock_id = line.stock_id
WHERE line.delta IS DISTINCT FROM moved.units;

-- name: lots_are_held_by_recalls
-- when: now
-- A lot is held exactly while a recall holds it, and a recall holds its own lot for as long as it goes on.
SELECT lot.sku_id, lot.lot, lot.state AS found
FROM inventory.lot AS lot
WHERE lot.merchant_id = %(merchant_id)s::bigint AND (lot.state = 'held') <> EXISTS (
    SELECT FROM inventory.recall_lot AS recall
    WHERE recall.merchant_id = lot.merchant_id AND recall.sku_id = lot.sku_id AND recall.lot = lot.lot
        AND recall.ended_at IS NULL
)
UNION ALL
SELECT recall.sku_id, recall.lot, 'not held with its recall'
FROM inventory.recall_lot AS recall
WHERE recall.merchant_id = %(merchant_id)s::bigint AND recall.ended_at IS NULL AND NOT EXISTS (
    SELECT FROM inventory.recall_lot AS root
    WHERE root.merchant_id = recall.merchant_id AND root.sku_id = recall.root_sku_id AND root.lot = recall.root_lot
        AND root.root_sku_id = recall.root_sku_id AND root.root_lot = recall.root_lot AND root.ended_at IS NULL
);
