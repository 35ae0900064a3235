-- What lies in bins, and what moved in and out of them.

-- name: load_bins
-- Every bin of some stock rows, empty ones too; row by row, whatever the planner knows of the table.
SELECT bin.stock_id, bin.bin, bin.quantity, bin.sequence
FROM unnest(%(stock_ids)s::bigint[]) AS wanted (stock_id)
JOIN inventory.bin AS bin ON bin.merchant_id = %(merchant_id)s::bigint AND bin.stock_id = wanted.stock_id
ORDER BY bin.stock_id, bin.bin;

-- name: load_bins_at
-- What some stock rows had in bins at an instant.
SELECT bin.stock_id, bin.bin, last.quantity_after AS quantity, last.sequence
FROM inventory.bin AS bin
CROSS JOIN LATERAL (
    SELECT move.quantity_after, move.sequence
    FROM inventory.bin_move AS move
    WHERE move.merchant_id = bin.merchant_id AND move.stock_id = bin.stock_id AND move.bin = bin.bin
        AND move.recorded_at <= %(at)s::timestamptz
    ORDER BY move.sequence DESC
    LIMIT 1
) AS last
WHERE bin.merchant_id = %(merchant_id)s::bigint AND bin.stock_id = ANY(%(stock_ids)s::bigint[]) AND last.quantity_after > 0
ORDER BY bin.stock_id, bin.bin;

-- name: load_bins_moved_after
-- By how much the bins of stock rows changed after an instant of each.
SELECT wanted.stock_id, move.bin, sum(move.delta)::bigint AS units
FROM unnest(%(stock_ids)s::bigint[], %(times)s::timestamptz[]) AS wanted (stock_id, as_of)
JOIN inventory.bin_move AS move ON move.merchant_id = %(merchant_id)s::bigint AND move.stock_id = wanted.stock_id
    AND move.occurred_at > wanted.as_of
GROUP BY wanted.stock_id, move.bin;

-- name: load_put_by_receipt
-- What receipts put into the bins of stock rows, less what their corrections took out.
SELECT reference_id AS receipt_id, stock_id, bin, sum(delta)::bigint AS units
FROM inventory.bin_move
WHERE merchant_id = %(merchant_id)s::bigint AND reference = 'receipt' AND reference_id = ANY(%(receipt_ids)s::bigint[])
GROUP BY reference_id, stock_id, bin
HAVING sum(delta) <> 0
ORDER BY reference_id, stock_id, bin;

-- name: load_fetched
-- What was picked out of bins for some requests, less what of it has left or was brought back, by stock row.
SELECT reference_id AS fulfillment_id, stock_id, sum(delta)::bigint AS units
FROM inventory.bin_move
WHERE merchant_id = %(merchant_id)s::bigint AND bin = 'picked' AND reference = 'fulfillment'
    AND reference_id = ANY(%(fulfillment_ids)s::bigint[])
GROUP BY reference_id, stock_id
HAVING sum(delta) > 0
ORDER BY reference_id, stock_id;

-- name: change_bins
-- What lies in bins now; of the rows the SKUs are locked.
INSERT INTO inventory.bin AS bin (merchant_id, stock_id, bin, quantity, sequence, site_id)
SELECT %(merchant_id)s::bigint, fresh.stock_id, fresh.bin, fresh.quantity, fresh.sequence, stock.site_id
FROM unnest(%(stock_ids)s::bigint[], %(bins)s::text[], %(quantities)s::bigint[], %(sequences)s::bigint[])
    AS fresh (stock_id, bin, quantity, sequence)
JOIN inventory.stock AS stock ON stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = fresh.stock_id
ORDER BY fresh.stock_id, fresh.bin
ON CONFLICT (merchant_id, stock_id, bin) DO UPDATE SET quantity = excluded.quantity, sequence = excluded.sequence;

-- copy: bin_move inventory.bin_move (merchant_id, stock_id, bin, sequence, delta, quantity_after, reason, reference,
--     reference_id, actor, occurred_at, recorded_at)
-- The ledger of bins is append-only.

-- name: note_bin_counts
-- To which instant what a count said of the bins of rows is true; an earlier one changes nothing.
INSERT INTO inventory.bin_count AS known (merchant_id, stock_id, counted_at)
SELECT %(merchant_id)s::bigint, fresh.stock_id, fresh.counted_at
FROM unnest(%(stock_ids)s::bigint[], %(times)s::timestamptz[]) AS fresh (stock_id, counted_at)
ORDER BY fresh.stock_id
ON CONFLICT (merchant_id, stock_id) DO UPDATE SET counted_at = greatest(known.counted_at, excluded.counted_at);

-- name: load_bin_counts
-- When the bins of rows were last counted.
SELECT stock_id, counted_at
FROM inventory.bin_count
WHERE merchant_id = %(merchant_id)s::bigint AND stock_id = ANY(%(stock_ids)s::bigint[]);

-- copy: relocation inventory.relocation (merchant_id, relocation_id, site_id, reference, digest:bytea, lines, units, state,
--     message_id, actor, occurred_at, recorded_at)
-- What went from bin to bin, by its number.

-- name: find_relocations
-- Relocations by the number that their sites gave them.
SELECT relocation.relocation_id, relocation.site_id, relocation.reference, relocation.digest, relocation.state
FROM unnest(%(site_ids)s::bigint[], %(reference_texts)s::text[]) AS wanted (site_id, reference)
JOIN inventory.relocation AS relocation ON relocation.merchant_id = %(merchant_id)s::bigint
    AND relocation.site_id = wanted.site_id AND relocation.reference = wanted.reference;

-- name: load_binned_rows
-- Stock rows of some sites that have units in bins, with their SKUs.
SELECT stock_id, sku_id
FROM inventory.stock
WHERE merchant_id = %(merchant_id)s::bigint AND site_id = ANY(%(site_ids)s::bigint[]) AND binned > 0
ORDER BY sku_id, stock_id;

-- name: find_in_bins
-- What lies in bins: of some SKUs (none: all), at some sites, in bins with some codes or beginnings, after a place; site by
-- site as people walk.
SELECT bin.site_id, bin.bin, bin.stock_id, bin.quantity, stock.sku_id, stock.status, stock.owner, stock.lot,
    stock.quantity AS row_quantity, stock.allocated
FROM inventory.bin AS bin
JOIN inventory.stock AS stock ON stock.merchant_id = bin.merchant_id AND stock.stock_id = bin.stock_id
WHERE bin.merchant_id = %(merchant_id)s::bigint AND bin.quantity > 0
    AND (cardinality(%(codes)s::text[]) = 0 OR bin.bin = ANY(%(codes)s::text[])
        OR EXISTS (SELECT FROM unnest(%(beginnings)s::text[]) AS named (code) WHERE starts_with(bin.bin, named.code)))
    AND (cardinality(%(site_ids)s::bigint[]) = 0 OR bin.site_id = ANY(%(site_ids)s::bigint[]))
    AND (cardinality(%(sku_ids)s::bigint[]) = 0 OR stock.sku_id = ANY(%(sku_ids)s::bigint[]))
    AND (bin.site_id, bin.walk, bin.bin COLLATE "C", bin.stock_id)
        > (%(site_id)s::bigint, %(walk)s::text, %(bin)s::text, %(stock_id)s::bigint)
ORDER BY bin.site_id, bin.walk, bin.bin COLLATE "C", bin.stock_id
LIMIT %(limit)s::bigint;

-- name: load_moves_in_bins
-- What moved in and out of some bins or zones (none: of all), of some SKUs (none: all), before a place, the last recorded
-- first: bin by bin, the last of each.
SELECT move.recorded_at, move.occurred_at, move.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot,
    move.bin, move.sequence, move.delta, move.quantity_after, move.reason, move.reference, move.reference_id, move.actor
FROM inventory.bin AS bin
JOIN inventory.stock AS stock ON stock.merchant_id = bin.merchant_id AND stock.stock_id = bin.stock_id
CROSS JOIN LATERAL (
    SELECT *
    FROM inventory.bin_move AS one
    WHERE one.merchant_id = %(merchant_id)s::bigint AND one.stock_id = bin.stock_id AND one.bin = bin.bin
        AND (one.recorded_at, one.stock_id, one.bin, one.sequence)
            < (%(recorded_at)s::timestamptz, %(stock_id)s::bigint, %(bin)s::text, %(sequence)s::bigint)
    ORDER BY one.sequence DESC
    LIMIT %(limit)s::bigint
) AS move
WHERE bin.merchant_id = %(merchant_id)s::bigint
    AND (cardinality(%(codes)s::text[]) = 0 OR bin.bin = ANY(%(codes)s::text[])
        OR EXISTS (SELECT FROM unnest(%(beginnings)s::text[]) AS named (code) WHERE starts_with(bin.bin, named.code)))
    AND (cardinality(%(site_ids)s::bigint[]) = 0 OR stock.site_id = ANY(%(site_ids)s::bigint[]))
    AND (cardinality(%(sku_ids)s::bigint[]) = 0 OR stock.sku_id = ANY(%(sku_ids)s::bigint[]))
ORDER BY move.recorded_at DESC, move.stock_id DESC, move.bin DESC, move.sequence DESC
LIMIT %(limit)s::bigint;

-- name: load_bin_moves
-- What moved in and out of the bins of some sites (none: of all), before a place, the last recorded first.
SELECT move.recorded_at, move.occurred_at, move.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot,
    move.bin, move.sequence, move.delta, move.quantity_after, move.reason, move.reference, move.reference_id, move.actor
FROM inventory.bin_move AS move
JOIN inventory.stock AS stock ON stock.merchant_id = move.merchant_id AND stock.stock_id = move.stock_id
WHERE move.merchant_id = %(merchant_id)s::bigint AND move.recorded_at <= %(recorded_at)s::timestamptz
    AND (move.recorded_at, move.stock_id, move.bin, move.sequence)
        < (%(recorded_at)s::timestamptz, %(stock_id)s::bigint, %(bin)s::text, %(sequence)s::bigint)
    AND (cardinality(%(site_ids)s::bigint[]) = 0 OR stock.site_id = ANY(%(site_ids)s::bigint[]))
ORDER BY move.recorded_at DESC, move.stock_id DESC, move.bin DESC, move.sequence DESC
LIMIT %(limit)s::bigint;

-- name: load_bin_move_batch
-- What moved in and out of bins and was recorded by an instant, by row, bin and sequence, after a place.
SELECT stock_id, bin, sequence, delta, quantity_after, reason, reference, reference_id, actor, occurred_at, recorded_at
FROM inventory.bin_move
WHERE merchant_id = %(merchant_id)s::bigint
    AND (stock_id, bin, sequence) > (%(stock_id)s::bigint, %(bin)s::text, %(sequence)s::bigint)
    AND recorded_at <= %(until)s::timestamptz
ORDER BY stock_id, bin, sequence
LIMIT %(limit)s::bigint;

-- name: name_relocations
-- The numbers that sites gave to what went from bin to bin, and the messages that said so.
SELECT relocation_id, reference, message_id
FROM inventory.relocation
WHERE merchant_id = %(merchant_id)s::bigint AND relocation_id = ANY(%(relocation_ids)s::bigint[]);

-- name: find_rows_in_bins
-- Stock rows that have units in bins with some codes or beginnings, with their SKUs.
SELECT DISTINCT stock.sku_id, stock.stock_id
FROM inventory.bin AS bin
JOIN inventory.stock AS stock ON stock.merchant_id = bin.merchant_id AND stock.stock_id = bin.stock_id
WHERE bin.merchant_id = %(merchant_id)s::bigint AND bin.quantity > 0 AND (bin.bin = ANY(%(codes)s::text[])
    OR EXISTS (SELECT FROM unnest(%(beginnings)s::text[]) AS named (code) WHERE starts_with(bin.bin, named.code)))
ORDER BY stock.sku_id, stock.stock_id;

-- name: count_bins
-- How many bins are kept of stock rows, and how many rows have any.
SELECT count(*), count(DISTINCT stock_id) FROM inventory.bin WHERE merchant_id = %(merchant_id)s::bigint;

-- name: find_unlike_bins
-- Bins that hold something else than their moves say, are missing, or never had a move.
SELECT coalesce(bin.stock_id, last.stock_id), coalesce(bin.bin, last.bin), bin.quantity, bin.sequence,
    last.quantity_after, last.sequence
FROM (SELECT * FROM inventory.bin WHERE merchant_id = %(merchant_id)s::bigint) AS bin
FULL JOIN (
    SELECT DISTINCT ON (stock_id, bin) stock_id, bin, quantity_after, sequence
    FROM inventory.bin_move
    WHERE merchant_id = %(merchant_id)s::bigint
    ORDER BY stock_id, bin, sequence DESC
) AS last ON last.stock_id = bin.stock_id AND last.bin = bin.bin
WHERE (bin.quantity, bin.sequence) IS DISTINCT FROM (last.quantity_after, last.sequence)
ORDER BY 1, 2;

-- name: find_unlike_binned
-- Stock rows that have something else in bins than the moves of those say.
SELECT stock.stock_id, stock.binned, coalesce(moved.units, 0)::bigint AS units
FROM inventory.stock AS stock
LEFT JOIN (
    SELECT stock_id, sum(delta) AS units
    FROM inventory.bin_move
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY stock_id
) AS moved ON moved.stock_id = stock.stock_id
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.binned <> coalesce(moved.units, 0)
ORDER BY stock.stock_id;

-- name: drop_bins
-- Bins that never had anything.
DELETE FROM inventory.bin AS bin
USING unnest(%(stock_ids)s::bigint[], %(bins)s::text[]) AS unknown (stock_id, bin)
WHERE bin.merchant_id = %(merchant_id)s::bigint AND bin.stock_id = unknown.stock_id AND bin.bin = unknown.bin;

-- name: restore_binned
-- What stock rows have in bins.
UPDATE inventory.stock AS stock
SET binned = truth.binned
FROM unnest(%(stock_ids)s::bigint[], %(binned)s::bigint[]) AS truth (stock_id, binned)
WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.stock_id = truth.stock_id;
