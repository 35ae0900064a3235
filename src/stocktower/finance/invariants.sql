-- What must always be true of the books: each statement returns the rows that break it.

-- name: journal_balances
-- when: now
-- Debits equal credits in every journal: in each currency, and in the book currency of each entity.
SELECT entity, journal_id, currency, sum(amount_minor) AS amount_minor, NULL::numeric AS book_minor
FROM finance.entry
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY entity, journal_id, currency
HAVING sum(amount_minor) <> 0
UNION ALL
SELECT entity, journal_id, NULL, NULL, sum(book_minor)
FROM finance.entry
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY entity, journal_id
HAVING sum(book_minor) <> 0;

-- name: journal_has_entries
-- when: now
-- No journal is empty, and its entries are of its day.
SELECT journal.journal_id
FROM finance.journal AS journal
LEFT JOIN finance.entry AS entry ON entry.merchant_id = journal.merchant_id AND entry.journal_id = journal.journal_id
WHERE journal.merchant_id = %(merchant_id)s::bigint
    AND (entry.journal_id IS NULL OR entry.occurred_on <> journal.occurred_on);

-- name: journal_is_of_its_event
-- when: now
-- A journal bears the position, kind and subject of its event.
SELECT journal.journal_id, journal.event_kind
FROM finance.journal AS journal
LEFT JOIN platform.event AS event ON event.merchant_id = journal.merchant_id AND event.position = journal.journal_id
WHERE journal.merchant_id = %(merchant_id)s::bigint AND (event.position IS NULL
    OR (event.kind, event.subject, event.subject_id) <> (journal.event_kind, journal.subject, journal.subject_id));

-- name: book_amount_is_the_amount
-- when: now
-- In an entity's own currency both amounts of an entry are one.
SELECT entry.journal_id, entry.entry_no, entry.amount_minor, entry.book_minor
FROM finance.entry AS entry
JOIN finance.entity AS entity ON entity.merchant_id = entry.merchant_id AND entity.entity = entry.entity
    AND entity.currency = entry.currency
WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.amount_minor <> entry.book_minor;

-- name: trial_balance_is_its_entries
-- when: now
-- The trial balance is the sum of the entries, by entity, account, currency and day.
SELECT entity, account, currency, occurred_on
FROM (
    SELECT entity, account, currency, occurred_on, debit_minor, credit_minor, book_debit_minor, book_credit_minor
    FROM finance.balance
    WHERE merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT entity, account, currency, occurred_on,
        -sum(greatest(amount_minor, 0)), -sum(greatest(-amount_minor, 0)), -sum(greatest(book_minor, 0)),
        -sum(greatest(-book_minor, 0))
    FROM finance.entry
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY entity, account, currency, occurred_on) AS both_sides
GROUP BY entity, account, currency, occurred_on
HAVING sum(debit_minor) <> 0 OR sum(credit_minor) <> 0 OR sum(book_debit_minor) <> 0 OR sum(book_credit_minor) <> 0;

-- name: valuation_is_its_ledger
-- when: now
-- A valuation is the sum of its ledger, whose last entry shows the same totals.
SELECT coalesce(valuation.entity, ledger.entity) AS entity, coalesce(valuation.sku_id, ledger.sku_id) AS sku_id
FROM (SELECT * FROM finance.valuation WHERE merchant_id = %(merchant_id)s::bigint) AS valuation
FULL JOIN (
    SELECT entity, sku_id, sum(delta_quantity) AS quantity, sum(delta_minor) AS value_minor, max(sequence) AS sequence,
        count(*) AS entries, (array_agg(quantity_after ORDER BY sequence DESC))[1] AS quantity_after,
        (array_agg(value_after_minor ORDER BY sequence DESC))[1] AS value_after_minor
    FROM finance.valuation_entry
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY entity, sku_id) AS ledger ON ledger.entity = valuation.entity AND ledger.sku_id = valuation.sku_id
WHERE (valuation.quantity, valuation.value_minor, valuation.sequence, valuation.sequence, valuation.quantity, valuation.value_minor)
    IS DISTINCT FROM
    (ledger.quantity, ledger.value_minor, ledger.sequence, ledger.entries, ledger.quantity_after, ledger.value_after_minor);

-- name: inventory_is_its_entries
-- when: now
-- What the entries put on inventory of each SKU is its valuation, in units and in value.
SELECT coalesce(valuation.entity, posted.entity) AS entity, coalesce(valuation.sku_id, posted.sku_id) AS sku_id,
    posted.quantity AS quantity_posted, valuation.quantity, posted.book_minor, valuation.value_minor
FROM (SELECT * FROM finance.valuation WHERE merchant_id = %(merchant_id)s::bigint) AS valuation
FULL JOIN (
    SELECT entity, sku_id, sum(quantity) AS quantity, sum(book_minor) AS book_minor
    FROM finance.entry
    WHERE merchant_id = %(merchant_id)s::bigint AND sku_id IS NOT NULL
    GROUP BY entity, sku_id) AS posted ON posted.entity = valuation.entity AND posted.sku_id = valuation.sku_id
WHERE (posted.quantity, posted.book_minor) IS DISTINCT FROM (valuation.quantity, valuation.value_minor);

-- name: inventory_account_is_valuation
-- when: now
-- The inventory accounts of each entity hold the value of its stock (not checked where they serve another role too).
WITH inventory_account AS (
    SELECT account, count(*) FILTER (WHERE role <> 'inventory') AS others
    FROM finance.account
    WHERE merchant_id = %(merchant_id)s::bigint AND account IN (
        SELECT account FROM finance.account WHERE merchant_id = %(merchant_id)s::bigint AND role = 'inventory')
    GROUP BY account)
SELECT entity, sum(ledger_minor) AS ledger_minor, sum(value_minor) AS value_minor
FROM (
    SELECT balance.entity, balance.book_debit_minor - balance.book_credit_minor AS ledger_minor, 0 AS value_minor
    FROM finance.balance AS balance
    JOIN inventory_account ON inventory_account.account = balance.account
    WHERE balance.merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT entity, 0, value_minor FROM finance.valuation WHERE merchant_id = %(merchant_id)s::bigint) AS both_sides
WHERE NOT EXISTS (SELECT FROM inventory_account WHERE others > 0)
GROUP BY entity
HAVING sum(ledger_minor) <> sum(value_minor);

-- name: order_balances_are_their_accounts
-- when: now
-- What customers paid ahead and owe, order by order, is what the accounts hold (not checked where accounts serve two roles).
WITH kept AS (
    SELECT entity, currency, 'customer_deposits' AS role, -sum(deposits_minor) AS amount_minor,
        -sum(deposits_book_minor) AS book_minor
    FROM finance.order_balance
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY entity, currency
    UNION ALL
    SELECT entity, currency, 'receivable', sum(receivable_minor), sum(receivable_book_minor)
    FROM finance.order_balance
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY entity, currency),
own_account AS (
    SELECT account, min(role) AS role FROM finance.account
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY account
    HAVING count(*) = 1),
shared AS (
    SELECT account.role FROM finance.account AS account
    WHERE account.merchant_id = %(merchant_id)s::bigint
        AND NOT EXISTS (SELECT FROM own_account WHERE own_account.account = account.account)),
held AS (
    SELECT balance.entity, balance.currency, own_account.role, sum(balance.debit_minor - balance.credit_minor) AS amount_minor,
        sum(balance.book_debit_minor - balance.book_credit_minor) AS book_minor
    FROM finance.balance AS balance
    JOIN own_account ON own_account.account = balance.account AND own_account.role IN ('customer_deposits', 'receivable')
    WHERE balance.merchant_id = %(merchant_id)s::bigint
    GROUP BY balance.entity, balance.currency, own_account.role)
SELECT coalesce(kept.entity, held.entity) AS entity, coalesce(kept.currency, held.currency) AS currency,
    coalesce(kept.role, held.role) AS role, kept.amount_minor, held.amount_minor AS account_minor, kept.book_minor,
    held.book_minor AS account_book_minor
FROM kept
FULL JOIN held ON held.entity = kept.entity AND held.currency = kept.currency AND held.role = kept.role
WHERE coalesce(kept.role, held.role) NOT IN (SELECT role FROM shared)
    AND (coalesce(kept.amount_minor, 0) <> coalesce(held.amount_minor, 0)
        OR coalesce(kept.book_minor, 0) <> coalesce(held.book_minor, 0));

-- name: valuation_is_own_stock
-- when: at cursor of finance
-- What is valued of each SKU is what our stock rows hold at the sites of the entity; parked events are still to be posted.
WITH parked AS (
    SELECT event.kind, event.data
    FROM platform.parked_event AS parked_event
    JOIN platform.event AS event ON event.merchant_id = parked_event.merchant_id AND event.position = parked_event.position
    WHERE parked_event.merchant_id = %(merchant_id)s::bigint AND parked_event.subscriber = 'finance'),
moved AS (
    SELECT stock.site_id, stock.sku_id, stock.quantity
    FROM inventory.stock AS stock
    WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.owner = 'own' AND stock.status <> 'in_transit'
    UNION ALL
    SELECT (data ->> CASE WHEN kind = 'transfer.arrived' THEN 'to_site_id' ELSE 'from_site_id' END)::bigint,
        (item ->> 'sku_id')::bigint, CASE WHEN kind = 'transfer.shipped' THEN 1 ELSE -1 END * (item ->> 'units')::bigint
    FROM parked, jsonb_array_elements(data -> 'lines') AS item
    WHERE kind IN ('transfer.shipped', 'transfer.arrived', 'transfer.returned') AND item ->> 'owner' = 'own'
    UNION ALL
    SELECT (data ->> 'site_id')::bigint, (data ->> 'sku_id')::bigint, -(data ->> 'delta')::bigint
    FROM parked
    WHERE kind LIKE 'stock.%%' AND data ->> 'owner' = 'own'
    UNION ALL
    SELECT (data ->> 'site_id')::bigint, (item ->> 'sku_id')::bigint, -(item ->> 'units')::bigint
    FROM parked, jsonb_array_elements(data -> 'lines') AS item
    WHERE kind IN ('assembly.made', 'assembly.undone')
    UNION ALL
    SELECT (data ->> 'site_id')::bigint, (item ->> 'sku_id')::bigint, (item ->> 'quantity')::bigint
    FROM parked, jsonb_array_elements(data -> 'stock') AS item
    WHERE kind = 'fulfillment.shipped' AND coalesce(item ->> 'owner', 'own') = 'own')
SELECT entity, sku_id, sum(on_hand) AS on_hand, sum(valued) AS valued
FROM (
    SELECT place.entity, moved.sku_id, moved.quantity AS on_hand, 0 AS valued
    FROM moved
    JOIN finance.place AS place ON place.merchant_id = %(merchant_id)s::bigint AND place.site_id = moved.site_id
    UNION ALL
    SELECT entity, sku_id, 0, quantity FROM finance.valuation WHERE merchant_id = %(merchant_id)s::bigint) AS both_sides
GROUP BY entity, sku_id
HAVING sum(on_hand) <> sum(valued);

-- name: transit_is_its_ledger
-- when: now
-- What a line has in transit is the sum of its ledger, whose last entry shows the same totals.
SELECT coalesce(transit.transfer_id, ledger.transfer_id) AS transfer_id, coalesce(transit.line_no, ledger.line_no) AS line_no
FROM (SELECT * FROM finance.transit WHERE merchant_id = %(merchant_id)s::bigint) AS transit
FULL JOIN (
    SELECT transfer_id, line_no, sum(delta_quantity) AS quantity, sum(delta_minor) AS value_minor,
        max(sequence) AS sequence, count(*) AS entries,
        (array_agg(quantity_after ORDER BY sequence DESC))[1] AS quantity_after,
        (array_agg(value_after_minor ORDER BY sequence DESC))[1] AS value_after_minor
    FROM finance.transit_entry
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY transfer_id, line_no) AS ledger ON ledger.transfer_id = transit.transfer_id AND ledger.line_no = transit.line_no
WHERE (transit.quantity, transit.value_minor, transit.sequence, transit.sequence, transit.quantity, transit.value_minor)
    IS DISTINCT FROM
    (ledger.quantity, ledger.value_minor, ledger.sequence, ledger.entries, ledger.quantity_after, ledger.value_after_minor);

-- name: transit_account_is_what_is_in_transit
-- when: now
-- The accounts of inventory in transit hold the value of what is in transit (not checked where they serve another role too).
WITH transit_account AS (
    SELECT account, count(*) FILTER (WHERE role <> 'inventory_in_transit') AS others
    FROM finance.account
    WHERE merchant_id = %(merchant_id)s::bigint AND account IN (
        SELECT account FROM finance.account
        WHERE merchant_id = %(merchant_id)s::bigint AND role = 'inventory_in_transit')
    GROUP BY account)
SELECT entity, sum(ledger_minor) AS ledger_minor, sum(value_minor) AS value_minor
FROM (
    SELECT balance.entity, balance.book_debit_minor - balance.book_credit_minor AS ledger_minor, 0 AS value_minor
    FROM finance.balance AS balance
    JOIN transit_account ON transit_account.account = balance.account
    WHERE balance.merchant_id = %(merchant_id)s::bigint
    UNION ALL
    SELECT entity, 0, value_minor FROM finance.transit WHERE merchant_id = %(merchant_id)s::bigint) AS both_sides
WHERE NOT EXISTS (SELECT FROM transit_account WHERE others > 0)
GROUP BY entity
HAVING sum(ledger_minor) <> sum(value_minor);

-- name: transit_is_own_stock_in_transit
-- when: at cursor of finance
-- What is valued in transit of each SKU is what our rows in transit hold; parked events are still to be posted.
WITH parked AS (
    SELECT event.kind, (event.data ->> 'to_site_id')::bigint AS site_id, (item ->> 'sku_id')::bigint AS sku_id,
        (item ->> 'units')::bigint AS units
    FROM platform.parked_event AS parked_event
    JOIN platform.event AS event ON event.merchant_id = parked_event.merchant_id AND event.position = parked_event.position,
        jsonb_array_elements(event.data -> 'lines') AS item
    WHERE parked_event.merchant_id = %(merchant_id)s::bigint AND parked_event.subscriber = 'finance'
        AND event.kind IN ('transfer.shipped', 'transfer.arrived', 'transfer.lost', 'transfer.claimed', 'transfer.returned')
        AND item ->> 'owner' = 'own')
SELECT entity, sku_id, sum(on_hand) AS on_hand, sum(valued) AS valued
FROM (
    SELECT place.entity, stock.sku_id, stock.quantity AS on_hand, 0 AS valued
    FROM inventory.stock AS stock
    JOIN finance.place AS place ON place.merchant_id = stock.merchant_id AND place.site_id = stock.site_id AND place.valued
    WHERE stock.merchant_id = %(merchant_id)s::bigint AND stock.owner = 'own' AND stock.status = 'in_transit'
    UNION ALL
    SELECT place.entity, parked.sku_id, CASE WHEN parked.kind = 'transfer.shipped' THEN -parked.units ELSE parked.units END, 0
    FROM parked
    JOIN finance.place AS place ON place.merchant_id = %(merchant_id)s::bigint AND place.site_id = parked.site_id
    UNION ALL
    SELECT entity, sku_id, 0, quantity FROM finance.transit WHERE merchant_id = %(merchant_id)s::bigint) AS both_sides
GROUP BY entity, sku_id
HAVING sum(on_hand) <> sum(valued);
