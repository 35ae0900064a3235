-- What we told whom; the books.

CREATE SCHEMA publication;
-- The event that last touched what may be offered of a SKU; sku_id 0: of all.
CREATE TABLE publication.changed (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT changed_pk PRIMARY KEY (merchant_id, sku_id)
) WITH (fillfactor = 70);
CREATE INDEX changed_by_position ON publication.changed (merchant_id, position);
-- A look at a channel that was due: up to which event it saw, and when; it may have had nothing to tell.
CREATE TABLE publication.look (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    looked_at timestamptz NOT NULL,
    position bigint NOT NULL,
    CONSTRAINT look_pk PRIMARY KEY (merchant_id, channel_id)
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
-- What postings rest on: the book currency of an entity (it never changes once posted in), the accounts that ever stood
-- for a posting role, and where a site's goods are valued (not valued: they are a supplier's).
CREATE TABLE finance.entity (
    merchant_id bigint NOT NULL,
    entity text NOT NULL,
    currency text NOT NULL,
    CONSTRAINT entity_pk PRIMARY KEY (merchant_id, entity)
);
CREATE TABLE finance.account (
    merchant_id bigint NOT NULL,
    role text NOT NULL,
    account text NOT NULL,
    CONSTRAINT account_pk PRIMARY KEY (merchant_id, role, account)
);
CREATE TABLE finance.place (
    merchant_id bigint NOT NULL,
    site_id bigint NOT NULL,
    entity text NOT NULL,
    valued boolean NOT NULL,
    CONSTRAINT place_pk PRIMARY KEY (merchant_id, site_id)
);
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
-- The entity is the journal's, save where one event moves the books of two; occurred_on is the journal's.
CREATE TABLE finance.entry (
    merchant_id bigint NOT NULL,
    journal_id bigint NOT NULL,
    entry_no integer NOT NULL,
    entity text NOT NULL,
    account text NOT NULL,
    occurred_on date NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    book_minor bigint NOT NULL,
    sku_id bigint,
    quantity bigint,
    CONSTRAINT entry_pk PRIMARY KEY (merchant_id, journal_id, entry_no),
    CONSTRAINT entry_of_journal FOREIGN KEY (merchant_id, journal_id) REFERENCES finance.journal
);
CREATE INDEX entry_by_account ON finance.entry (merchant_id, account, entity, occurred_on, journal_id, entry_no);
-- Trial balance: a projection of entries, by day, so that any day's is a sum over few rows.
CREATE TABLE finance.balance (
    merchant_id bigint NOT NULL,
    entity text NOT NULL,
    account text NOT NULL,
    currency text NOT NULL,
    occurred_on date NOT NULL,
    debit_minor bigint NOT NULL,
    credit_minor bigint NOT NULL,
    book_debit_minor bigint NOT NULL,
    book_credit_minor bigint NOT NULL,
    CONSTRAINT balance_pk PRIMARY KEY (merchant_id, entity, account, currency, occurred_on)
);
-- The sub-ledger of an order: what the customer has paid ahead, and what is owed to us.
CREATE TABLE finance.order_balance (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    entity text NOT NULL,
    currency text NOT NULL,
    deposits_minor bigint NOT NULL,
    deposits_book_minor bigint NOT NULL,
    receivable_minor bigint NOT NULL,
    receivable_book_minor bigint NOT NULL,
    CONSTRAINT order_balance_pk PRIMARY KEY (merchant_id, order_id),
    CONSTRAINT order_balance_not_negative CHECK (deposits_minor >= 0 AND deposits_book_minor >= 0
        AND receivable_minor >= 0 AND receivable_book_minor >= 0)
) WITH (fillfactor = 50);
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
    CONSTRAINT valuation_not_negative CHECK (quantity >= 0 AND value_minor >= 0),
    CONSTRAINT valuation_empty_is_worth_nothing CHECK (quantity > 0 OR value_minor = 0)
) WITH (fillfactor = 50);
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
    CONSTRAINT valuation_entry_pk PRIMARY KEY (merchant_id, entity, sku_id, sequence),
    CONSTRAINT valuation_entry_of_journal FOREIGN KEY (merchant_id, journal_id) REFERENCES finance.journal
);
