-- What came in, delivery by delivery.

-- A delivery that a site reported, known by its number there. The same number again with other figures is a correction:
-- only the difference is entered.
CREATE TABLE inventory.receipt (
    merchant_id bigint NOT NULL,
    receipt_id bigint NOT NULL,
    site_id bigint NOT NULL,
    reference text NOT NULL,
    inbound_reference text NOT NULL,
    received_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT receipt_pk PRIMARY KEY (merchant_id, receipt_id),
    CONSTRAINT receipt_once UNIQUE (merchant_id, site_id, reference)
);
CREATE INDEX receipt_by_inbound ON inventory.receipt (merchant_id, inbound_reference) WHERE inbound_reference <> '';
-- Units that a delivery brought (corrections are below zero): the stock row that they went to, and the inbound that they
-- were expected under; inbound_id 0: under none. Append-only.
CREATE TABLE inventory.receipt_line (
    merchant_id bigint NOT NULL,
    receipt_id bigint NOT NULL,
    sequence bigint NOT NULL,
    stock_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    status text NOT NULL,
    lot text NOT NULL,
    line text NOT NULL,
    inbound_id bigint NOT NULL,
    units bigint NOT NULL,
    cost_minor bigint,
    message_id bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT receipt_line_pk PRIMARY KEY (merchant_id, receipt_id, sequence),
    CONSTRAINT receipt_line_of_receipt FOREIGN KEY (merchant_id, receipt_id) REFERENCES inventory.receipt,
    CONSTRAINT receipt_line_not_empty CHECK (units <> 0)
);
CREATE INDEX receipt_line_by_inbound ON inventory.receipt_line (merchant_id, inbound_id) WHERE inbound_id <> 0;
