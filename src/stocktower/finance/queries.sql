-- copy: journal finance.journal (merchant_id, journal_id, entity, event_kind, subject, subject_id, occurred_on, recorded_at, description)
-- Journals are append-only; one COPY per batch.

-- copy: entry finance.entry (merchant_id, journal_id, entry_no, entity, account, occurred_on, currency, amount_minor, book_minor, sku_id, quantity)
-- Entries are append-only; one COPY per batch.

-- copy: valuation_entry finance.valuation_entry (merchant_id, entity, sku_id, sequence, journal_id, delta_quantity, delta_minor, quantity_after, value_after_minor)
-- The valuation ledger is append-only; one COPY per batch.

-- name: load_posted
-- Which of these events have their journal already.
SELECT journal_id FROM finance.journal
WHERE merchant_id = %(merchant_id)s::bigint AND journal_id = ANY(%(journal_ids)s::bigint[]);

-- name: load_known_currencies
-- The book currency of every entity that was ever posted in.
SELECT entity, currency FROM finance.entity WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_known_accounts
-- Every account that ever stood for a posting role.
SELECT role, account FROM finance.account WHERE merchant_id = %(merchant_id)s::bigint;

-- name: load_known_places
-- Where the goods of each site were last valued.
SELECT site_id, entity, valued FROM finance.place WHERE merchant_id = %(merchant_id)s::bigint;

-- name: insert_currencies
-- The book currency of entities that are posted in from now on.
INSERT INTO finance.entity (merchant_id, entity, currency)
SELECT %(merchant_id)s::bigint, fresh.entity, fresh.currency
FROM unnest(%(entities)s::text[], %(currencies)s::text[]) AS fresh (entity, currency)
ON CONFLICT (merchant_id, entity) DO NOTHING;

-- name: insert_accounts
-- Accounts that stand for a posting role from now on.
INSERT INTO finance.account (merchant_id, role, account)
SELECT %(merchant_id)s::bigint, fresh.role, fresh.account
FROM unnest(%(roles)s::text[], %(accounts)s::text[]) AS fresh (role, account)
ON CONFLICT (merchant_id, role, account) DO NOTHING;

-- name: upsert_places
-- Where the goods of each site are valued from now on.
INSERT INTO finance.place (merchant_id, site_id, entity, valued)
SELECT %(merchant_id)s::bigint, fresh.site_id, fresh.entity, fresh.valued
FROM unnest(%(site_ids)s::bigint[], %(entities)s::text[], %(valued)s::boolean[]) AS fresh (site_id, entity, valued)
ON CONFLICT (merchant_id, site_id) DO UPDATE SET entity = excluded.entity, valued = excluded.valued;

-- name: lock_order_balances
-- The balances of orders, locked in key order.
SELECT order_id, entity, currency, deposits_minor, deposits_book_minor, receivable_minor, receivable_book_minor
FROM finance.order_balance
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[])
ORDER BY order_id
FOR NO KEY UPDATE;

-- name: lock_valuations
-- The valuations of SKUs in every entity, locked in key order.
SELECT entity, sku_id, quantity, value_minor, last_cost_minor, sequence
FROM finance.valuation
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY entity, sku_id
FOR NO KEY UPDATE;

-- name: upsert_order_balances
-- The balances of orders as they stand after a batch.
INSERT INTO finance.order_balance
    (merchant_id, order_id, entity, currency, deposits_minor, deposits_book_minor, receivable_minor, receivable_book_minor)
SELECT %(merchant_id)s::bigint, item.order_id, item.entity, item.currency, item.deposits_minor, item.deposits_book_minor,
    item.receivable_minor, item.receivable_book_minor
FROM unnest(%(order_ids)s::bigint[], %(entities)s::text[], %(currencies)s::text[], %(deposits)s::bigint[],
    %(deposits_book)s::bigint[], %(receivables)s::bigint[], %(receivables_book)s::bigint[])
    AS item (order_id, entity, currency, deposits_minor, deposits_book_minor, receivable_minor, receivable_book_minor)
ON CONFLICT (merchant_id, order_id) DO UPDATE
SET entity = excluded.entity, currency = excluded.currency, deposits_minor = excluded.deposits_minor,
    deposits_book_minor = excluded.deposits_book_minor, receivable_minor = excluded.receivable_minor,
    receivable_book_minor = excluded.receivable_book_minor;

-- name: upsert_valuations
-- The valuations as they stand after a batch.
INSERT INTO finance.valuation (merchant_id, entity, sku_id, quantity, value_minor, last_cost_minor, sequence)
SELECT %(merchant_id)s::bigint, item.entity, item.sku_id, item.quantity, item.value_minor, item.last_cost_minor,
    item.sequence
FROM unnest(%(entities)s::text[], %(sku_ids)s::bigint[], %(quantities)s::bigint[], %(values)s::bigint[],
    %(last_costs)s::bigint[], %(sequences)s::bigint[])
    AS item (entity, sku_id, quantity, value_minor, last_cost_minor, sequence)
ON CONFLICT (merchant_id, entity, sku_id) DO UPDATE
SET quantity = excluded.quantity, value_minor = excluded.value_minor, last_cost_minor = excluded.last_cost_minor,
    sequence = excluded.sequence;

-- name: add_to_balances
-- What a batch adds to the trial balance.
INSERT INTO finance.balance AS known
    (merchant_id, entity, account, currency, occurred_on, debit_minor, credit_minor, book_debit_minor, book_credit_minor)
SELECT %(merchant_id)s::bigint, item.entity, item.account, item.currency, item.occurred_on, item.debit_minor,
    item.credit_minor, item.book_debit_minor, item.book_credit_minor
FROM unnest(%(entities)s::text[], %(accounts)s::text[], %(currencies)s::text[], %(days)s::date[], %(debits)s::bigint[],
    %(credits)s::bigint[], %(book_debits)s::bigint[], %(book_credits)s::bigint[])
    AS item (entity, account, currency, occurred_on, debit_minor, credit_minor, book_debit_minor, book_credit_minor)
ON CONFLICT (merchant_id, entity, account, currency, occurred_on) DO UPDATE
SET debit_minor = known.debit_minor + excluded.debit_minor, credit_minor = known.credit_minor + excluded.credit_minor,
    book_debit_minor = known.book_debit_minor + excluded.book_debit_minor,
    book_credit_minor = known.book_credit_minor + excluded.book_credit_minor;

-- name: sum_balances
-- What every account held at the end of a day.
SELECT entity, account, currency, sum(debit_minor - credit_minor)::bigint, sum(book_debit_minor - book_credit_minor)::bigint
FROM finance.balance
WHERE merchant_id = %(merchant_id)s::bigint AND occurred_on <= %(as_of)s::date
GROUP BY entity, account, currency
ORDER BY entity, account, currency;

-- name: sum_account_before
-- What an account held in book currency before an entry: whole days from the projection, its day from the entries.
SELECT (
    SELECT coalesce(sum(book_debit_minor - book_credit_minor), 0) FROM finance.balance
    WHERE merchant_id = %(merchant_id)s::bigint AND entity = %(entity)s::text AND account = %(account)s::text
        AND occurred_on < %(occurred_on)s::date)::bigint + (
    SELECT coalesce(sum(book_minor), 0) FROM finance.entry
    WHERE merchant_id = %(merchant_id)s::bigint AND entity = %(entity)s::text AND account = %(account)s::text
        AND occurred_on = %(occurred_on)s::date
        AND (journal_id, entry_no) < (%(journal_id)s::bigint, %(entry_no)s::bigint))::bigint;

-- name: load_account_entries
-- A page of an account, the newest entry first, before an entry.
SELECT entry.journal_id, entry.entry_no, entry.occurred_on, journal.description, journal.event_kind, journal.subject,
    journal.subject_id, entry.currency, entry.amount_minor, entry.book_minor, entry.sku_id, entry.quantity
FROM finance.entry AS entry
JOIN finance.journal AS journal ON journal.merchant_id = %(merchant_id)s::bigint AND journal.journal_id = entry.journal_id
WHERE entry.merchant_id = %(merchant_id)s::bigint AND entry.entity = %(entity)s::text AND entry.account = %(account)s::text
    AND (entry.occurred_on, entry.journal_id, entry.entry_no)
        < (%(occurred_on)s::date, %(journal_id)s::bigint, %(entry_no)s::bigint)
ORDER BY entry.occurred_on DESC, entry.journal_id DESC, entry.entry_no DESC
LIMIT %(limit)s::bigint;

-- name: load_journals
-- Journals by id.
SELECT journal_id, entity, event_kind, subject, subject_id, occurred_on, recorded_at, description
FROM finance.journal
WHERE merchant_id = %(merchant_id)s::bigint AND journal_id = ANY(%(journal_ids)s::bigint[])
ORDER BY journal_id;

-- name: load_journals_of
-- The journals of one subject, in the order of posting.
SELECT journal_id, entity, event_kind, subject, subject_id, occurred_on, recorded_at, description
FROM finance.journal
WHERE merchant_id = %(merchant_id)s::bigint AND subject = %(subject)s::text AND subject_id = %(subject_id)s::bigint
ORDER BY journal_id
LIMIT %(limit)s::bigint;

-- name: load_journals_before
-- A page of all journals, the newest day first, before a journal.
SELECT journal_id, entity, event_kind, subject, subject_id, occurred_on, recorded_at, description
FROM finance.journal
WHERE merchant_id = %(merchant_id)s::bigint
    AND (occurred_on, journal_id) < (%(occurred_on)s::date, %(journal_id)s::bigint)
ORDER BY occurred_on DESC, journal_id DESC
LIMIT %(limit)s::bigint;

-- name: load_journals_after
-- A run of all journals, the oldest day first, after a journal.
SELECT journal_id, entity, event_kind, subject, subject_id, occurred_on, recorded_at, description
FROM finance.journal
WHERE merchant_id = %(merchant_id)s::bigint
    AND (occurred_on, journal_id) > (%(occurred_on)s::date, %(journal_id)s::bigint)
ORDER BY occurred_on, journal_id
LIMIT %(limit)s::bigint;

-- name: load_entries
-- The entries of journals.
SELECT journal_id, entity, account, currency, amount_minor, book_minor, sku_id, quantity
FROM finance.entry
WHERE merchant_id = %(merchant_id)s::bigint AND journal_id = ANY(%(journal_ids)s::bigint[])
ORDER BY journal_id, entry_no;

-- name: load_opened_accounts
-- Every account that was ever posted to, with the first day and its currencies.
SELECT entity, account, min(occurred_on), array_agg(DISTINCT currency ORDER BY currency)
FROM finance.balance
WHERE merchant_id = %(merchant_id)s::bigint
GROUP BY entity, account
ORDER BY entity, account;

-- name: load_order_balances
-- What customers have paid ahead and what they owe, by order.
SELECT order_id, entity, currency, deposits_minor, deposits_book_minor, receivable_minor, receivable_book_minor
FROM finance.order_balance
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]);

-- name: load_valuations
-- What SKUs are worth in each entity.
SELECT entity, sku_id, quantity, value_minor, last_cost_minor, sequence
FROM finance.valuation
WHERE merchant_id = %(merchant_id)s::bigint AND sku_id = ANY(%(sku_ids)s::bigint[])
ORDER BY sku_id, entity;

-- name: load_stock_values
-- What the stock of each entity is worth by the valuation, and what its inventory accounts hold.
SELECT entity.entity, entity.currency,
    (SELECT coalesce(sum(valuation.quantity), 0) FROM finance.valuation AS valuation
        WHERE valuation.merchant_id = %(merchant_id)s::bigint AND valuation.entity = entity.entity)::bigint,
    (SELECT coalesce(sum(valuation.value_minor), 0) FROM finance.valuation AS valuation
        WHERE valuation.merchant_id = %(merchant_id)s::bigint AND valuation.entity = entity.entity)::bigint,
    (SELECT coalesce(sum(balance.book_debit_minor - balance.book_credit_minor), 0) FROM finance.balance AS balance
        WHERE balance.merchant_id = %(merchant_id)s::bigint AND balance.entity = entity.entity AND balance.account IN (
            SELECT account.account FROM finance.account AS account
            WHERE account.merchant_id = %(merchant_id)s::bigint AND account.role = 'inventory'))::bigint
FROM finance.entity AS entity
WHERE entity.merchant_id = %(merchant_id)s::bigint
ORDER BY entity.entity;

-- name: load_customer_totals
-- What all customers owe less what they paid ahead, in book currency: order by order, and by the accounts.
SELECT entity.entity, entity.currency,
    (SELECT coalesce(sum(kept.receivable_book_minor - kept.deposits_book_minor), 0) FROM finance.order_balance AS kept
        WHERE kept.merchant_id = %(merchant_id)s::bigint AND kept.entity = entity.entity)::bigint,
    (SELECT coalesce(sum(balance.book_debit_minor - balance.book_credit_minor), 0) FROM finance.balance AS balance
        WHERE balance.merchant_id = %(merchant_id)s::bigint AND balance.entity = entity.entity AND balance.account IN (
            SELECT account.account FROM finance.account AS account
            WHERE account.merchant_id = %(merchant_id)s::bigint
                AND account.role IN ('customer_deposits', 'receivable')))::bigint
FROM finance.entity AS entity
WHERE entity.merchant_id = %(merchant_id)s::bigint
ORDER BY entity.entity;

-- name: lock_transits
-- What lines of transfers have in transit, locked in key order.
SELECT transit.transfer_id, transit.line_no, transit.entity, transit.sku_id, transit.quantity, transit.value_minor,
    transit.sequence
FROM finance.transit AS transit
WHERE transit.merchant_id = %(merchant_id)s::bigint AND (transit.transfer_id, transit.line_no) IN (
    SELECT transfer_id, line_no FROM unnest(%(transfer_ids)s::bigint[], %(line_nos)s::integer[])
        AS wanted (transfer_id, line_no))
ORDER BY transit.transfer_id, transit.line_no
FOR UPDATE;

-- copy: transit_entry finance.transit_entry (merchant_id, transfer_id, line_no, sequence, journal_id, delta_quantity,
--     delta_minor, quantity_after, value_after_minor)
-- Changes of what is in transit, append-only.

-- name: upsert_transits
-- What lines of transfers have in transit after a batch.
INSERT INTO finance.transit AS transit
    (merchant_id, transfer_id, line_no, entity, sku_id, quantity, value_minor, sequence)
SELECT %(merchant_id)s::bigint, line.transfer_id, line.line_no, line.entity, line.sku_id, line.quantity, line.value_minor,
    line.sequence
FROM unnest(%(transfer_ids)s::bigint[], %(line_nos)s::integer[], %(entities)s::text[], %(sku_ids)s::bigint[],
    %(quantities)s::bigint[], %(values)s::bigint[], %(sequences)s::bigint[])
    AS line (transfer_id, line_no, entity, sku_id, quantity, value_minor, sequence)
ORDER BY line.transfer_id, line.line_no
ON CONFLICT (merchant_id, transfer_id, line_no) DO UPDATE
    SET quantity = excluded.quantity, value_minor = excluded.value_minor, sequence = excluded.sequence;

-- name: count_projections
-- How many rows the projections of the books have: valuations, balances, balances of orders, what is in transit.
SELECT (SELECT count(*) FROM finance.valuation WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM finance.balance WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM finance.order_balance WHERE merchant_id = %(merchant_id)s::bigint),
    (SELECT count(*) FROM finance.transit WHERE merchant_id = %(merchant_id)s::bigint);

-- name: find_unlike_valuations
-- Valuations that are not what their ledger adds up to; the last known cost is no sum, and stays.
SELECT coalesce(known.entity, ledger.entity) AS entity, coalesce(known.sku_id, ledger.sku_id) AS sku_id,
    known.quantity, known.value_minor, known.sequence, ledger.quantity, ledger.value_minor, ledger.sequence
FROM (SELECT * FROM finance.valuation WHERE merchant_id = %(merchant_id)s::bigint) AS known
FULL JOIN (
    SELECT entity, sku_id, sum(delta_quantity)::bigint AS quantity, sum(delta_minor)::bigint AS value_minor,
        max(sequence) AS sequence
    FROM finance.valuation_entry
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY entity, sku_id
) AS ledger ON ledger.entity = known.entity AND ledger.sku_id = known.sku_id
WHERE (known.quantity, known.value_minor, known.sequence)
    IS DISTINCT FROM (ledger.quantity, ledger.value_minor, ledger.sequence)
ORDER BY 1, 2;

-- name: restore_valuations
-- Make valuations what their ledger adds up to; one that is missing knows no last cost.
INSERT INTO finance.valuation (merchant_id, entity, sku_id, quantity, value_minor, last_cost_minor, sequence)
SELECT %(merchant_id)s::bigint, truth.entity, truth.sku_id, truth.quantity, truth.value_minor,
    CASE WHEN truth.quantity > 0 THEN truth.value_minor / truth.quantity ELSE 0 END, truth.sequence
FROM unnest(%(entities)s::text[], %(sku_ids)s::bigint[], %(quantities)s::bigint[], %(values)s::bigint[],
    %(sequences)s::bigint[]) AS truth (entity, sku_id, quantity, value_minor, sequence)
ON CONFLICT (merchant_id, entity, sku_id) DO UPDATE
SET quantity = excluded.quantity, value_minor = excluded.value_minor, sequence = excluded.sequence;

-- name: delete_valuations
-- Take away valuations that no ledger knows.
DELETE FROM finance.valuation AS known
USING unnest(%(entities)s::text[], %(sku_ids)s::bigint[]) AS gone (entity, sku_id)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.entity = gone.entity AND known.sku_id = gone.sku_id;

-- name: find_unlike_balances
-- Days of accounts whose sums are not those of their entries.
SELECT coalesce(known.entity, posted.entity) AS entity, coalesce(known.account, posted.account) AS account,
    coalesce(known.currency, posted.currency) AS currency, coalesce(known.occurred_on, posted.occurred_on) AS occurred_on,
    known.debit_minor, known.credit_minor, known.book_debit_minor, known.book_credit_minor,
    posted.debit_minor, posted.credit_minor, posted.book_debit_minor, posted.book_credit_minor
FROM (SELECT * FROM finance.balance WHERE merchant_id = %(merchant_id)s::bigint) AS known
FULL JOIN (
    SELECT entity, account, currency, occurred_on,
        sum(greatest(amount_minor, 0))::bigint AS debit_minor, sum(greatest(-amount_minor, 0))::bigint AS credit_minor,
        sum(greatest(book_minor, 0))::bigint AS book_debit_minor, sum(greatest(-book_minor, 0))::bigint AS book_credit_minor
    FROM finance.entry
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY entity, account, currency, occurred_on
) AS posted ON posted.entity = known.entity AND posted.account = known.account AND posted.currency = known.currency
    AND posted.occurred_on = known.occurred_on
WHERE (known.debit_minor, known.credit_minor, known.book_debit_minor, known.book_credit_minor)
    IS DISTINCT FROM (posted.debit_minor, posted.credit_minor, posted.book_debit_minor, posted.book_credit_minor)
ORDER BY 1, 2, 3, 4;

-- name: delete_balances
-- Take days of accounts away, before they are written anew.
DELETE FROM finance.balance AS known
USING unnest(%(entities)s::text[], %(accounts)s::text[], %(currencies)s::text[], %(days)s::date[])
    AS gone (entity, account, currency, occurred_on)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.entity = gone.entity AND known.account = gone.account
    AND known.currency = gone.currency AND known.occurred_on = gone.occurred_on;

-- copy: balance finance.balance (merchant_id, entity, account, currency, occurred_on, debit_minor, credit_minor,
--     book_debit_minor, book_credit_minor)
-- Days of accounts as their entries say.

-- name: find_unlike_order_balances
-- Balances of orders that are not what the entries of their journals add up to, in the currency of the last of them (not looked
-- at where an account of deposits or receivables serves another role too: its entries do not say which).
WITH own_account AS (
    SELECT account, min(role) AS role, count(*) AS roles
    FROM finance.account
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY account
    HAVING bool_or(role IN ('customer_deposits', 'receivable'))
), posted AS (
    SELECT DISTINCT ON (summed.order_id) summed.*
    FROM (
        SELECT journal.subject_id AS order_id, entry.entity, entry.currency, max(journal.journal_id) AS last_id,
            coalesce(-sum(entry.amount_minor) FILTER (WHERE own_account.role = 'customer_deposits'), 0)::bigint AS deposits,
            coalesce(-sum(entry.book_minor) FILTER (WHERE own_account.role = 'customer_deposits'), 0)::bigint
                AS deposits_book,
            coalesce(sum(entry.amount_minor) FILTER (WHERE own_account.role = 'receivable'), 0)::bigint AS receivable,
            coalesce(sum(entry.book_minor) FILTER (WHERE own_account.role = 'receivable'), 0)::bigint AS receivable_book
        FROM finance.journal AS journal
        JOIN finance.entry AS entry ON entry.merchant_id = journal.merchant_id AND entry.journal_id = journal.journal_id
        JOIN own_account ON own_account.account = entry.account
        WHERE journal.merchant_id = %(merchant_id)s::bigint AND journal.subject = 'order'
        GROUP BY journal.subject_id, entry.entity, entry.currency
    ) AS summed
    ORDER BY summed.order_id, summed.last_id DESC
)
SELECT coalesce(known.order_id, posted.order_id) AS order_id, known.entity, known.currency, known.deposits_minor,
    known.deposits_book_minor, known.receivable_minor, known.receivable_book_minor, posted.entity, posted.currency,
    posted.deposits, posted.deposits_book, posted.receivable, posted.receivable_book
FROM (SELECT * FROM finance.order_balance WHERE merchant_id = %(merchant_id)s::bigint) AS known
FULL JOIN posted ON posted.order_id = known.order_id
WHERE NOT EXISTS (SELECT FROM own_account WHERE roles > 1)
    AND (known.entity, known.currency, known.deposits_minor, known.deposits_book_minor, known.receivable_minor,
        known.receivable_book_minor) IS DISTINCT FROM (posted.entity, posted.currency, posted.deposits,
        posted.deposits_book, posted.receivable, posted.receivable_book)
ORDER BY 1;

-- name: delete_order_balances
-- Take away balances of orders that no entry knows.
DELETE FROM finance.order_balance
WHERE merchant_id = %(merchant_id)s::bigint AND order_id = ANY(%(order_ids)s::bigint[]);

-- name: find_unlike_transits
-- What lines of transfers have in transit, where their ledger adds up to something else.
SELECT known.transfer_id, known.line_no, known.quantity, known.value_minor, known.sequence, ledger.quantity,
    ledger.value_minor, ledger.sequence
FROM finance.transit AS known
LEFT JOIN (
    SELECT transfer_id, line_no, sum(delta_quantity)::bigint AS quantity, sum(delta_minor)::bigint AS value_minor,
        max(sequence) AS sequence
    FROM finance.transit_entry
    WHERE merchant_id = %(merchant_id)s::bigint
    GROUP BY transfer_id, line_no
) AS ledger ON ledger.transfer_id = known.transfer_id AND ledger.line_no = known.line_no
WHERE known.merchant_id = %(merchant_id)s::bigint AND (known.quantity, known.value_minor, known.sequence)
    IS DISTINCT FROM (ledger.quantity, ledger.value_minor, ledger.sequence)
ORDER BY known.transfer_id, known.line_no;

-- name: restore_transits
-- Make what lines have in transit what their ledger adds up to.
UPDATE finance.transit AS known
SET quantity = truth.quantity, value_minor = truth.value_minor, sequence = truth.sequence
FROM unnest(%(transfer_ids)s::bigint[], %(line_nos)s::integer[], %(quantities)s::bigint[], %(values)s::bigint[],
    %(sequences)s::bigint[]) AS truth (transfer_id, line_no, quantity, value_minor, sequence)
WHERE known.merchant_id = %(merchant_id)s::bigint AND known.transfer_id = truth.transfer_id
    AND known.line_no = truth.line_no;
