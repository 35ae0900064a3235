-- copy: order_header ordering.order_header (merchant_id, order_id, channel_id, order_ref, number, message_id,
-- configuration_version, is_history, placed_at, captured_at, released_at, ship_by_at, priority, currency, tax_included,
-- marketplace_tax, terms_days, goods_minor, discount_minor, shipping_minor, tax_minor, duties_minor, total_minor,
-- refunded_minor, refunded_before_minor, book_total_minor, ship_country, ship_region, step, waits_for,
-- fulfillment_state, payment_state, return_state, revision)
-- New orders, in the state that their first decision brought them to.

-- copy: line ordering.line (merchant_id, order_id, line_no, line_ref, listing, name, sku_id, pack_quantity, ordered, open,
-- backordered, allocated, released, shipped, cancelled, priced, goods_minor, discount_minor, shipping_minor, tax_minor,
-- duties_minor, refunded_minor, ships)
-- Lines of new orders, and lines that joined an order.

-- name: lock_orders_by_ref
-- The orders of channels that are known already, locked in id order.
SELECT known.order_id, known.channel_id, known.order_ref, known.number, known.message_id, known.configuration_version,
    known.is_history, known.placed_at, known.captured_at, known.released_at, known.ship_by_at, known.priority,
    known.currency, known.tax_included, known.marketplace_tax, known.terms_days, known.goods_minor, known.discount_minor,
    known.shipping_minor, known.tax_minor, known.duties_minor, known.total_minor, known.refunded_minor,
    known.refunded_before_minor, known.book_total_minor, known.ship_country, known.ship_region, known.step, known.waits_for, known.fulfillment_state,
    known.payment_state, known.return_state, known.revision
FROM unnest(%(channel_ids)s::bigint[], %(order_refs)s::text[]) AS stated (channel_id, order_ref)
JOIN ordering.order_header AS known ON known.merchant_id = %(merchant_id)s::bigint
    AND known.channel_id = stated.channel_id AND known.order_ref = stated.order_ref
ORDER BY known.order_id
FOR UPDATE OF known;

-- name: lock_orders
-- Orders by id, locked in id order.
SELECT order_id, channel_id, order_ref, number, message_id, configuration_version, is_history, placed_at, captured_at,
    released_at, ship_by_at, priority, currency, tax_included, marketplace_tax, terms_days, goods_minor, discount_minor,
    shipping_minor, tax_minor, duties_minor, total_minor, refunded_minor, refunded_before_minor, book_total_minor,
    ship_country, ship_region, step, waits_for, fulfillment_state, payment_state, return_state, revision
FROM ordering.order_header
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id
FOR UPDATE;

-- name: find_orders_by_number
-- Orders by number or by the channel's reference, whichever the text is; of any channel, or of one.
SELECT wanted.name, header.order_id, header.channel_id
FROM unnest(%(names)s::text[]) AS wanted (name)
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint AND header.number = wanted.name
UNION
SELECT wanted.name, header.order_id, header.channel_id
FROM unnest(%(names)s::text[]) AS wanted (name)
CROSS JOIN unnest(%(channel_ids)s::bigint[]) AS channel (channel_id)
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint
    AND header.channel_id = channel.channel_id AND header.order_ref = wanted.name;

-- name: load_lines
-- The lines of some orders; the orders are locked.
SELECT order_id, line_no, line_ref, listing, name, sku_id, pack_quantity, ordered, open, backordered, allocated, released,
    shipped, cancelled, priced, goods_minor, discount_minor, shipping_minor, tax_minor, duties_minor,
    refunded_minor, ships
FROM ordering.line
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, line_no;

-- name: load_accepted
-- The lines of some orders that stand for a SKU and are sent, but of history.
SELECT line.order_id, line.line_no, header.channel_id, line.listing, line.sku_id, line.pack_quantity, line.ordered,
    line.backordered, header.placed_at
FROM ordering.line AS line
JOIN ordering.order_header AS header ON header.merchant_id = line.merchant_id AND header.order_id = line.order_id
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.order_id = ANY(%(order_ids)s::bigint[])
    AND line.sku_id IS NOT NULL AND line.ships AND line.ordered > 0 AND NOT header.is_history
ORDER BY line.order_id, line.line_no;

-- name: load_holds
-- The holds of some orders, also those that were cleared.
SELECT order_id, name, reason, set_at, set_by, cleared_at, cleared_by
FROM ordering.hold
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, set_at, name;

-- name: upsert_holds
-- Holds that were set or cleared.
INSERT INTO ordering.hold (merchant_id, order_id, name, reason, set_at, set_by, cleared_at, cleared_by)
SELECT %(merchant_id)s::bigint, stated.order_id, stated.name, stated.reason, stated.set_at, stated.set_by,
    stated.cleared_at, stated.cleared_by
FROM unnest(%(order_ids)s::bigint[], %(names)s::text[], %(reasons)s::text[], %(set_ats)s::timestamptz[],
    %(set_bys)s::text[], %(cleared_ats)s::timestamptz[], %(cleared_bys)s::text[])
    AS stated (order_id, name, reason, set_at, set_by, cleared_at, cleared_by)
ORDER BY stated.order_id, stated.name
ON CONFLICT (merchant_id, order_id, name) DO UPDATE
SET reason = excluded.reason, set_at = excluded.set_at, set_by = excluded.set_by, cleared_at = excluded.cleared_at,
    cleared_by = excluded.cleared_by;

-- name: update_orders
-- What changed about orders.
UPDATE ordering.order_header AS header
SET message_id = changed.message_id, released_at = changed.released_at, ship_by_at = changed.ship_by_at,
    goods_minor = changed.goods_minor, discount_minor = changed.discount_minor, shipping_minor = changed.shipping_minor,
    tax_minor = changed.tax_minor, duties_minor = changed.duties_minor, total_minor = changed.total_minor,
    refunded_minor = changed.refunded_minor,
    refunded_before_minor = changed.refunded_before_minor, book_total_minor = changed.book_total_minor,
    ship_country = changed.ship_country, ship_region = changed.ship_region, step = changed.step,
    waits_for = changed.waits_for, fulfillment_state = changed.fulfillment_state, payment_state = changed.payment_state,
    revision = changed.revision
FROM unnest(%(order_ids)s::bigint[], %(message_ids)s::bigint[], %(released_ats)s::timestamptz[],
    %(ship_by_ats)s::timestamptz[], %(goods_minors)s::bigint[], %(discount_minors)s::bigint[],
    %(shipping_minors)s::bigint[], %(tax_minors)s::bigint[], %(duties_minors)s::bigint[], %(total_minors)s::bigint[],
    %(refunded_minors)s::bigint[], %(refunded_before_minors)s::bigint[], %(book_total_minors)s::bigint[], %(ship_countries)s::text[],
    %(ship_regions)s::text[], %(steps)s::text[], %(waits_fors)s::text[], %(fulfillment_states)s::text[],
    %(payment_states)s::text[], %(revisions)s::integer[])
    AS changed (order_id, message_id, released_at, ship_by_at, goods_minor, discount_minor, shipping_minor, tax_minor,
    duties_minor, total_minor, refunded_minor, refunded_before_minor, book_total_minor, ship_country, ship_region, step, waits_for,
    fulfillment_state, payment_state, revision)
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.order_id = changed.order_id;

-- name: update_states
-- Where orders stand, when nothing else about them changed.
UPDATE ordering.order_header AS header
SET step = changed.step, waits_for = changed.waits_for, fulfillment_state = changed.fulfillment_state
FROM unnest(%(order_ids)s::bigint[], %(steps)s::text[], %(waits_fors)s::text[], %(fulfillment_states)s::text[])
    AS changed (order_id, step, waits_for, fulfillment_state)
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.order_id = changed.order_id;

-- name: update_lines
-- What changed about lines.
UPDATE ordering.line AS line
SET sku_id = changed.sku_id, pack_quantity = changed.pack_quantity, ordered = changed.ordered, open = changed.open,
    backordered = changed.backordered, allocated = changed.allocated, released = changed.released,
    shipped = changed.shipped, cancelled = changed.cancelled, priced = changed.priced, goods_minor = changed.goods_minor,
    discount_minor = changed.discount_minor, shipping_minor = changed.shipping_minor, tax_minor = changed.tax_minor,
    duties_minor = changed.duties_minor, refunded_minor = changed.refunded_minor
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(sku_ids)s::bigint[], %(pack_quantities)s::bigint[],
    %(ordereds)s::bigint[], %(opens)s::bigint[], %(backordereds)s::bigint[], %(allocateds)s::bigint[],
    %(releaseds)s::bigint[], %(shippeds)s::bigint[], %(cancelleds)s::bigint[], %(priceds)s::bigint[],
    %(goods_minors)s::bigint[], %(discount_minors)s::bigint[], %(shipping_minors)s::bigint[], %(tax_minors)s::bigint[],
    %(duties_minors)s::bigint[], %(refunded_minors)s::bigint[])
    AS changed (order_id, line_no, sku_id, pack_quantity, ordered, open, backordered, allocated, released, shipped,
    cancelled, priced, goods_minor, discount_minor, shipping_minor, tax_minor, duties_minor, refunded_minor)
WHERE line.merchant_id = %(merchant_id)s::bigint AND line.order_id = changed.order_id AND line.line_no = changed.line_no;

-- name: find_unmapped
-- Orders with an open line of one of these listings of a channel that nobody has mapped.
SELECT DISTINCT line.order_id
FROM unnest(%(channel_ids)s::bigint[], %(listings)s::text[]) AS mapped (channel_id, listing)
JOIN ordering.line AS line ON line.merchant_id = %(merchant_id)s::bigint AND line.listing = mapped.listing
    AND line.sku_id IS NULL AND line.ships AND line.open > 0
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint AND header.order_id = line.order_id
    AND (mapped.channel_id = 0 OR header.channel_id = mapped.channel_id) AND NOT header.is_history
ORDER BY line.order_id;

-- name: load_promises
-- What some orders are worth in book currency, and until when they were promised.
SELECT order_id, book_total_minor, ship_by_at
FROM ordering.order_header
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]);

-- name: find_matching
-- The orders that a filter asks for, the last placed first, from a place on; empty lists filter nothing.
SELECT header.order_id, header.placed_at
FROM ordering.order_header AS header
WHERE header.merchant_id = %(merchant_id)s::bigint
    AND (header.placed_at, header.order_id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
    AND header.placed_at >= %(placed_from)s::timestamptz AND header.placed_at < %(placed_before)s::timestamptz
    AND (%(states)s::text[] = '{}' OR header.fulfillment_state = ANY(%(states)s::text[]))
    AND (%(payments)s::text[] = '{}' OR header.payment_state = ANY(%(payments)s::text[]))
    AND (%(steps)s::text[] = '{}' OR header.step = ANY(%(steps)s::text[]))
    AND (%(waits)s::text[] = '{}' OR header.waits_for = ANY(%(waits)s::text[]))
    AND (%(channel_ids)s::bigint[] = '{}' OR header.channel_id = ANY(%(channel_ids)s::bigint[]))
    AND (%(countries)s::text[] = '{}' OR header.ship_country = ANY(%(countries)s::text[]))
    AND header.book_total_minor >= %(total_above)s::bigint AND header.book_total_minor <= %(total_below)s::bigint
    AND (%(is_history)s::boolean IS NULL OR header.is_history = %(is_history)s::boolean)
    AND (%(is_done)s::boolean IS NULL OR (header.step = 'done') = %(is_done)s::boolean)
    AND (%(holds)s::text[] = '{}' OR EXISTS (
        SELECT FROM ordering.hold AS hold
        WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id = header.order_id
            AND hold.name = ANY(%(holds)s::text[]) AND hold.cleared_at IS NULL))
    AND (%(site_ids)s::bigint[] = '{}' OR EXISTS (
        SELECT FROM fulfillment.pub_request AS request
        WHERE request.merchant_id = %(merchant_id)s::bigint AND request.order_id = header.order_id
            AND request.site_id = ANY(%(site_ids)s::bigint[])))
ORDER BY header.placed_at DESC, header.order_id DESC
LIMIT %(limit)s::bigint;

-- name: find_with_skus
-- The same among the orders with a line of some SKUs, by the index on these.
SELECT header.order_id, header.placed_at
FROM (
    SELECT DISTINCT line.order_id FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint AND line.sku_id = ANY(%(sku_ids)s::bigint[])) AS wanted
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint
    AND header.order_id = wanted.order_id
WHERE header.merchant_id = %(merchant_id)s::bigint
    AND (header.placed_at, header.order_id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
    AND header.placed_at >= %(placed_from)s::timestamptz AND header.placed_at < %(placed_before)s::timestamptz
    AND (%(states)s::text[] = '{}' OR header.fulfillment_state = ANY(%(states)s::text[]))
    AND (%(payments)s::text[] = '{}' OR header.payment_state = ANY(%(payments)s::text[]))
    AND (%(steps)s::text[] = '{}' OR header.step = ANY(%(steps)s::text[]))
    AND (%(waits)s::text[] = '{}' OR header.waits_for = ANY(%(waits)s::text[]))
    AND (%(channel_ids)s::bigint[] = '{}' OR header.channel_id = ANY(%(channel_ids)s::bigint[]))
    AND (%(countries)s::text[] = '{}' OR header.ship_country = ANY(%(countries)s::text[]))
    AND header.book_total_minor >= %(total_above)s::bigint AND header.book_total_minor <= %(total_below)s::bigint
    AND (%(is_history)s::boolean IS NULL OR header.is_history = %(is_history)s::boolean)
    AND (%(is_done)s::boolean IS NULL OR (header.step = 'done') = %(is_done)s::boolean)
    AND (%(holds)s::text[] = '{}' OR EXISTS (
        SELECT FROM ordering.hold AS hold
        WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id = header.order_id
            AND hold.name = ANY(%(holds)s::text[]) AND hold.cleared_at IS NULL))
    AND (%(site_ids)s::bigint[] = '{}' OR EXISTS (
        SELECT FROM fulfillment.pub_request AS request
        WHERE request.merchant_id = %(merchant_id)s::bigint AND request.order_id = header.order_id
            AND request.site_id = ANY(%(site_ids)s::bigint[])))
ORDER BY header.placed_at DESC, header.order_id DESC
LIMIT %(limit)s::bigint;

-- name: find_under_way
-- The same among the orders that are not done, by the small index that only these are in.
SELECT header.order_id, header.placed_at
FROM ordering.order_header AS header
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.step <> 'done'
    AND (header.placed_at, header.order_id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
    AND header.placed_at >= %(placed_from)s::timestamptz AND header.placed_at < %(placed_before)s::timestamptz
    AND (%(states)s::text[] = '{}' OR header.fulfillment_state = ANY(%(states)s::text[]))
    AND (%(payments)s::text[] = '{}' OR header.payment_state = ANY(%(payments)s::text[]))
    AND (%(steps)s::text[] = '{}' OR header.step = ANY(%(steps)s::text[]))
    AND (%(waits)s::text[] = '{}' OR header.waits_for = ANY(%(waits)s::text[]))
    AND (%(channel_ids)s::bigint[] = '{}' OR header.channel_id = ANY(%(channel_ids)s::bigint[]))
    AND (%(countries)s::text[] = '{}' OR header.ship_country = ANY(%(countries)s::text[]))
    AND header.book_total_minor >= %(total_above)s::bigint AND header.book_total_minor <= %(total_below)s::bigint
    AND (%(is_history)s::boolean IS NULL OR header.is_history = %(is_history)s::boolean)
    AND (%(holds)s::text[] = '{}' OR EXISTS (
        SELECT FROM ordering.hold AS hold
        WHERE hold.merchant_id = %(merchant_id)s::bigint AND hold.order_id = header.order_id
            AND hold.name = ANY(%(holds)s::text[]) AND hold.cleared_at IS NULL))
    AND (%(site_ids)s::bigint[] = '{}' OR EXISTS (
        SELECT FROM fulfillment.pub_request AS request
        WHERE request.merchant_id = %(merchant_id)s::bigint AND request.order_id = header.order_id
            AND request.site_id = ANY(%(site_ids)s::bigint[])))
ORDER BY header.placed_at DESC, header.order_id DESC
LIMIT %(limit)s::bigint;

-- name: find_by_beginning
-- Orders whose number or reference begins with a text, the last placed first.
SELECT found.order_id, header.placed_at
FROM (
    SELECT by_number.order_id FROM ordering.order_header AS by_number
    WHERE by_number.merchant_id = %(merchant_id)s::bigint
        AND by_number.number >= %(text)s::text AND by_number.number < %(text)s::text || U&'\+10FFFF'
    UNION
    SELECT by_ref.order_id
    FROM unnest(%(channel_ids)s::bigint[]) AS channel (channel_id)
    JOIN ordering.order_header AS by_ref ON by_ref.merchant_id = %(merchant_id)s::bigint
        AND by_ref.channel_id = channel.channel_id
        AND by_ref.order_ref >= %(text)s::text AND by_ref.order_ref < %(text)s::text || U&'\+10FFFF'
    ) AS found
JOIN ordering.order_header AS header ON header.merchant_id = %(merchant_id)s::bigint
    AND header.order_id = found.order_id
WHERE (header.placed_at, header.order_id) < (%(before_at)s::timestamptz, %(before_id)s::bigint)
ORDER BY header.placed_at DESC, header.order_id DESC
LIMIT %(limit)s::bigint;

-- name: load_rows
-- Orders as they stand in lists, with their units.
SELECT header.order_id, header.number, header.order_ref, header.channel_id, header.is_history, header.placed_at,
    header.captured_at, header.released_at, header.ship_by_at, header.step, header.waits_for, header.fulfillment_state,
    header.payment_state, header.return_state, header.ship_country, header.ship_region,
    coalesce(sums.units, 0)::bigint, header.currency, header.total_minor, header.book_total_minor
FROM ordering.order_header AS header
LEFT JOIN LATERAL (
    SELECT sum(line.ordered - line.cancelled) AS units
    FROM ordering.line AS line
    WHERE line.merchant_id = %(merchant_id)s::bigint AND line.order_id = header.order_id) AS sums ON true
WHERE header.merchant_id = %(merchant_id)s::bigint AND header.order_id = ANY(%(order_ids)s::bigint[]);

-- name: load_order
-- One order, whole, without a lock.
SELECT order_id, channel_id, order_ref, number, message_id, configuration_version, is_history, placed_at, captured_at,
    released_at, ship_by_at, priority, currency, tax_included, marketplace_tax, terms_days, goods_minor, discount_minor,
    shipping_minor, tax_minor, duties_minor, total_minor, refunded_minor, refunded_before_minor, book_total_minor,
    ship_country, ship_region, step, waits_for, fulfillment_state, payment_state, return_state, revision
FROM ordering.order_header
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = %(order_id)s::bigint;

-- name: count_flow
-- What stands at each step and waits, with the oldest, its worth, and how many are past their promise.
SELECT step, waits_for, count(*), min(placed_at), sum(book_total_minor)::bigint,
    count(*) FILTER (WHERE ship_by_at < %(now)s::timestamptz)
FROM ordering.order_header
WHERE merchant_id = %(merchant_id)s::bigint AND step <> 'done'
GROUP BY step, waits_for;

-- name: count_states
-- Orders by fulfillment state.
SELECT fulfillment_state, count(*)
FROM ordering.order_header
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY fulfillment_state
ORDER BY fulfillment_state;

-- name: count_untouched
-- Of the orders that are not history: all, and those that went through alone: never held, never in a case (nor a request
-- of theirs), not cancelled, not refunded.
SELECT count(*), count(*) FILTER (WHERE hold.order_id IS NULL AND waited.order_id IS NULL AND header.refunded_minor = 0
    AND header.fulfillment_state <> 'cancelled')
FROM ordering.order_header AS header
LEFT JOIN (
    SELECT DISTINCT one.order_id FROM ordering.hold AS one
    WHERE one.merchant_id = %(merchant_id)s::bigint) AS hold ON hold.order_id = header.order_id
LEFT JOIN (
    SELECT waiter.subject_id AS order_id FROM worklist.pub_waiter AS waiter
    WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = 'order'
    UNION
    SELECT request.order_id FROM worklist.pub_waiter AS waiter
    JOIN fulfillment.pub_request AS request
        ON request.merchant_id = waiter.merchant_id AND request.fulfillment_id = waiter.subject_id
    WHERE waiter.merchant_id = %(merchant_id)s::bigint AND waiter.subject = 'fulfillment') AS waited
    ON waited.order_id = header.order_id
WHERE header.merchant_id = %(merchant_id)s::bigint AND NOT header.is_history;

-- name: load_line_promises
-- Promises of lines of some orders that were not served from stock at once; the orders are locked.
SELECT order_id, line_no, first_on, promised_on, told_on, inbound_id, broken_by
FROM ordering.promise
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id, line_no;

-- name: upsert_line_promises
-- Promises that are new or changed; the first date of each is kept.
INSERT INTO ordering.promise (merchant_id, order_id, line_no, first_on, promised_on, told_on, inbound_id, broken_by,
    changed_at)
SELECT %(merchant_id)s::bigint, stated.order_id, stated.line_no, stated.first_on, stated.promised_on, stated.told_on,
    stated.inbound_id, stated.broken_by, %(now)s::timestamptz
FROM unnest(%(order_ids)s::bigint[], %(line_nos)s::integer[], %(firsts)s::date[], %(promiseds)s::date[],
    %(tolds)s::date[], %(inbound_ids)s::bigint[], %(brokens)s::bigint[])
    AS stated (order_id, line_no, first_on, promised_on, told_on, inbound_id, broken_by)
ON CONFLICT (merchant_id, order_id, line_no) DO UPDATE SET promised_on = excluded.promised_on, told_on = excluded.told_on,
    inbound_id = excluded.inbound_id, broken_by = excluded.broken_by, changed_at = excluded.changed_at;

-- name: find_broken
-- The orders whose promise cannot be kept because of an inbound.
SELECT DISTINCT order_id
FROM ordering.promise
WHERE merchant_id = %(merchant_id)s::bigint AND broken_by = %(inbound_id)s::bigint
ORDER BY order_id;

-- copy: precedence ordering.precedence (merchant_id, order_id, rank, rule, reasons, takes, gives, protect_hours)
-- Why new orders rank as they do.

-- name: load_precedences
-- Why some orders rank as they do.
SELECT order_id, rank, rule, reasons, takes, gives, protect_hours
FROM ordering.precedence
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]);

-- name: find_givers
-- Orders that have allocated what some orders are short of, rank after them and may give it, the last in rank first; to be
-- looked at again under their locks. Only orders under way that are not with their sites are read.
SELECT giver.order_id
FROM ordering.order_header AS header
JOIN ordering.precedence AS giver ON giver.merchant_id = %(merchant_id)s::bigint AND giver.order_id = header.order_id
    AND giver.gives
JOIN inventory.pub_demand AS holding ON holding.merchant_id = %(merchant_id)s::bigint AND holding.order_id = header.order_id
    AND holding.allocated > 0
JOIN (
    SELECT demand.sku_id, min(taker.rank) AS rank
    FROM inventory.pub_demand AS demand
    JOIN ordering.precedence AS taker ON taker.merchant_id = %(merchant_id)s::bigint AND taker.order_id = demand.order_id
        AND taker.takes
    WHERE demand.merchant_id = %(merchant_id)s::bigint AND demand.order_id = ANY(%(order_ids)s::bigint[])
        AND demand.short > 0
    GROUP BY demand.sku_id
) AS lacking ON lacking.sku_id = holding.sku_id AND lacking.rank < giver.rank
WHERE header.merchant_id = %(merchant_id)s::bigint
    AND header.step IN ('capture', 'validate', 'reserve', 'route', 'release') AND header.step <> 'done'
    AND (header.ship_by_at IS NULL OR header.ship_by_at > %(now)s::timestamptz + make_interval(hours => giver.protect_hours))
    AND NOT header.order_id = ANY(%(order_ids)s::bigint[])
GROUP BY giver.order_id, giver.rank, header.placed_at
ORDER BY giver.rank DESC, header.placed_at DESC, giver.order_id DESC
LIMIT %(limit)s::bigint;
