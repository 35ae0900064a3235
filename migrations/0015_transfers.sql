-- Goods that go from site to site, and what is valued on the way.

CREATE TABLE inventory.transfer (
    merchant_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    reference text NOT NULL,
    from_site_id bigint NOT NULL,
    to_site_id bigint NOT NULL,
    state text NOT NULL,
    expected_at timestamptz,
    ordered_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT transfer_pk PRIMARY KEY (merchant_id, transfer_id),
    CONSTRAINT transfer_once UNIQUE (merchant_id, reference),
    CONSTRAINT transfer_goes_elsewhere CHECK (from_site_id <> to_site_id),
    CONSTRAINT transfer_state_known CHECK (state IN ('ordered', 'in_transit', 'closed', 'cancelled'))
) WITH (fillfactor = 80);
CREATE INDEX transfer_under_way ON inventory.transfer (merchant_id, expected_at, transfer_id)
    WHERE state IN ('ordered', 'in_transit');
-- ordered = open + shipped + cancelled; shipped = in transit + arrived + damaged + lost + claimed + returned.
CREATE TABLE inventory.transfer_line (
    merchant_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    line_no integer NOT NULL,
    sku_id bigint NOT NULL,
    status text NOT NULL,
    owner text NOT NULL,
    lot text NOT NULL,
    ordered bigint NOT NULL,
    shipped bigint NOT NULL,
    cancelled bigint NOT NULL,
    arrived bigint NOT NULL,
    damaged bigint NOT NULL,
    lost bigint NOT NULL,
    claimed bigint NOT NULL,
    returned bigint NOT NULL,
    CONSTRAINT transfer_line_pk PRIMARY KEY (merchant_id, transfer_id, line_no),
    CONSTRAINT transfer_line_once UNIQUE (merchant_id, transfer_id, sku_id, status, owner, lot),
    CONSTRAINT transfer_line_of_transfer FOREIGN KEY (merchant_id, transfer_id) REFERENCES inventory.transfer,
    CONSTRAINT transfer_line_adds_up CHECK (ordered >= shipped + cancelled
        AND shipped >= arrived + damaged + lost + claimed + returned AND shipped >= 0 AND cancelled >= 0 AND arrived >= 0
        AND damaged >= 0 AND lost >= 0 AND claimed >= 0 AND returned >= 0)
) WITH (fillfactor = 80);
CREATE INDEX transfer_line_by_sku ON inventory.transfer_line (merchant_id, sku_id);
-- Every step of every line, append-only: the figures above are their sums.
CREATE TABLE inventory.transfer_change (
    merchant_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    sequence bigint NOT NULL,
    line_no integer NOT NULL,
    kind text NOT NULL,
    units bigint NOT NULL,
    document text NOT NULL,
    message_id bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT transfer_change_pk PRIMARY KEY (merchant_id, transfer_id, sequence),
    CONSTRAINT transfer_change_of_transfer FOREIGN KEY (merchant_id, transfer_id) REFERENCES inventory.transfer,
    CONSTRAINT transfer_change_kind_known CHECK (kind IN
        ('ordered', 'shipped', 'cancelled', 'arrived', 'damaged', 'lost', 'claimed', 'returned')),
    CONSTRAINT transfer_change_not_empty CHECK (units > 0)
);
-- What a transfer wants at its source is demand too; it is never short, only less.
ALTER TABLE inventory.demand DROP CONSTRAINT demand_kind_known;
ALTER TABLE inventory.demand ADD CONSTRAINT demand_kind_known CHECK (kind IN ('order', 'hold', 'transfer'));

-- What our goods in transit are worth, line by line: the cost at which they left comes in again, to the last minor unit.
-- The entity is that of the site they go to.
CREATE TABLE finance.transit (
    merchant_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    line_no integer NOT NULL,
    entity text NOT NULL,
    sku_id bigint NOT NULL,
    quantity bigint NOT NULL,
    value_minor bigint NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT transit_pk PRIMARY KEY (merchant_id, transfer_id, line_no),
    CONSTRAINT transit_not_negative CHECK (quantity >= 0 AND value_minor >= 0),
    CONSTRAINT transit_empty_is_worth_nothing CHECK (quantity > 0 OR value_minor = 0)
) WITH (fillfactor = 80);
CREATE INDEX transit_by_sku ON finance.transit (merchant_id, sku_id) WHERE quantity > 0;
CREATE TABLE finance.transit_entry (
    merchant_id bigint NOT NULL,
    transfer_id bigint NOT NULL,
    line_no integer NOT NULL,
    sequence bigint NOT NULL,
    journal_id bigint NOT NULL,
    delta_quantity bigint NOT NULL,
    delta_minor bigint NOT NULL,
    quantity_after bigint NOT NULL,
    value_after_minor bigint NOT NULL,
    CONSTRAINT transit_entry_pk PRIMARY KEY (merchant_id, transfer_id, line_no, sequence),
    CONSTRAINT transit_entry_of_journal FOREIGN KEY (merchant_id, journal_id) REFERENCES finance.journal
);
