-- What we told whom; the books.

CREATE SCHEMA publication;
CREATE TABLE publication.changed (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT changed_pk PRIMARY KEY (merchant_id, sku_id)
);
CREATE TABLE publication.publication (
    merchant_id bigint NOT NULL,
    publication_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    published_at timestamptz NOT NULL,
    listings bigint NOT NULL,
    path text NOT NULL,
    CONSTRAINT publication_pk PRIMARY KEY (merchant_id, publication_id)
);
CREATE INDEX publication_by_channel ON publication.publication (merchant_id, channel_id, published_at);
-- What each publication said of each listing, kept for good.
CREATE TABLE publication.told (
    merchant_id bigint NOT NULL,
    publication_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    shown bigint NOT NULL,
    ats bigint NOT NULL,
    CONSTRAINT told_pk PRIMARY KEY (merchant_id, publication_id, listing),
    CONSTRAINT told_of_publication FOREIGN KEY (merchant_id, publication_id) REFERENCES publication.publication
);
-- The last word to each channel about each listing: a projection of told.
CREATE TABLE publication.last_told (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    shown bigint NOT NULL,
    told_at timestamptz NOT NULL,
    publication_id bigint NOT NULL,
    CONSTRAINT last_told_pk PRIMARY KEY (merchant_id, channel_id, listing)
);
CREATE INDEX last_told_by_sku ON publication.last_told (merchant_id, sku_id);

CREATE SCHEMA finance;
-- A journal's id is the position of its event: one journal an event, a repeat cannot post twice.
CREATE TABLE finance.journal (
    merchant_id bigint NOT NULL,
    journal_id bigint NOT NULL,
    entity text NOT NULL,
    event_kind text NOT NULL,
    subject text NOT NULL,
    subject_id bigint NOT NULL,
    occurred_on date NOT NULL,
    recorded_at timestamptz NOT NULL,
    description text NOT NULL,
    CONSTRAINT journal_pk PRIMARY KEY (merchant_id, journal_id)
);
CREATE INDEX journal_by_subject ON finance.journal (merchant_id, subject_id);
CREATE INDEX journal_by_date ON finance.journal (merchant_id, occurred_on, journal_id);
-- Debits are positive, credits negative; amount in the currency of the transaction, book in the entity's.
CREATE TABLE finance.entry (
    merchant_id bigint NOT NULL,
    journal_id bigint NOT NULL,
    entry_no integer NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    book_minor bigint NOT NULL,
    sku_id bigint,
    quantity bigint,
    CONSTRAINT entry_pk PRIMARY KEY (merchant_id, journal_id, entry_no),
    CONSTRAINT entry_of_journal FOREIGN KEY (merchant_id, journal_id) REFERENCES finance.journal
);
CREATE INDEX entry_by_account ON finance.entry (merchant_id, account, journal_id);
-- Trial balance: a projection of entries.
CREATE TABLE finance.balance (
    merchant_id bigint NOT NULL,
    entity text NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    month date NOT NULL,
    debit_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    book_debit_minor bigint NOT NULL,
    book_credit_minor bigint NOT NULL,
    CONSTRAINT balance_pk PRIMARY KEY (merchant_id, entity, account, currency, month)
);
-- The sub-ledger of an order: what the customer has paid ahead, and what is owed to us, both >= 0.
CREATE TABLE finance.order_balance (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    currency text NOT NULL,
    deposits_minor bigint NOT NULL,
    deposits_book_minor bigint NOT NULL,
    receivable_minor bigint NOT NULL,
    receivable_book_minor bigint NOT NULL,
    CONSTRAINT order_balance_pk PRIMARY KEY (merchant_id, order_id)
);
-- Moving average: total value and quantity per SKU and legal entity, never a rounded unit cost.
CREATE TABLE finance.valuation (
    merchant_id bigint NOT NULL,
    entity text NOT NULL,
    sku_id bigint NOT NULL,
    quantity bigint NOT NULL,
    value_minor bigint NOT NULL,
    last_cost_minor bigint NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT valuation_pk PRIMARY KEY (merchant_id, entity, sku_id),
    CONSTRAINT valuation_not_negative CHECK (quantity >= 0 AND value_minor >= 0)
);
CREATE TABLE finance.valuation_entry (
    merchant_id bigint NOT NULL,
    entity text NOT NULL,
    sku_id bigint NOT NULL,
    sequence bigint NOT NULL,
    journal_id bigint NOT NULL,
    delta_quantity bigint NOT NULL,
    delta_minor bigint NOT NULL,
    quantity_after bigint NOT NULL,
    value_after_minor bigint NOT NULL,
    CONSTRAINT valuation_entry_pk PRIMARY KEY (merchant_id, entity, sku_id, sequence)
);
