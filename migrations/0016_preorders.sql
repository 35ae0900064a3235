-- Preorders: lines that were promised units of a named inbound, and when.

-- What is claimed of an inbound by lines that were promised it: never more than is still to come.
ALTER TABLE inventory.inbound ADD COLUMN claimed bigint NOT NULL DEFAULT 0;
ALTER TABLE inventory.inbound ADD CONSTRAINT inbound_claims_are_open CHECK (claimed >= 0 AND claimed <= open);
-- What a line still waits for of an inbound. arrived: received for it and not allocated to it yet.
CREATE TABLE inventory.inbound_claim (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    sku_id bigint NOT NULL,
    inbound_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    priority integer NOT NULL,
    placed_at timestamptz NOT NULL,
    claimed bigint NOT NULL,
    arrived bigint NOT NULL,
    CONSTRAINT inbound_claim_pk PRIMARY KEY (merchant_id, order_id, line_no, sku_id, inbound_id),
    CONSTRAINT inbound_claim_not_negative CHECK (claimed >= 0 AND arrived >= 0),
    CONSTRAINT inbound_claim_of_inbound FOREIGN KEY (merchant_id, inbound_id) REFERENCES inventory.inbound
) WITH (fillfactor = 80);
CREATE INDEX inbound_claim_by_inbound ON inventory.inbound_claim (merchant_id, inbound_id);
CREATE INDEX inbound_claim_by_sku ON inventory.inbound_claim (merchant_id, sku_id);
-- Append-only: every change of a claim, by its differences.
CREATE TABLE inventory.inbound_claim_change (
    merchant_id bigint NOT NULL,
    change_id bigint NOT NULL,
    inbound_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    sku_id bigint NOT NULL,
    claimed bigint NOT NULL,
    arrived bigint NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT inbound_claim_change_pk PRIMARY KEY (merchant_id, change_id),
    CONSTRAINT inbound_claim_change_reason_known CHECK (reason IN ('preordered', 'arrived', 'lost', 'served'))
);
CREATE INDEX inbound_claim_change_by_inbound ON inventory.inbound_claim_change (merchant_id, inbound_id);
-- Until when a line was promised that could not be served from stock; what is served from stock is promised by the order's
-- ship_by_at. promised_on: NULL where nobody knows any more. told_on: what the customer was told last. broken_by: the
-- inbound because of which the promise cannot be kept, until the line is served or the customer was told.
CREATE TABLE ordering.promise (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    first_on date NOT NULL,
    promised_on date,
    told_on date,
    inbound_id bigint NOT NULL,
    broken_by bigint,
    changed_at timestamptz NOT NULL,
    CONSTRAINT promise_pk PRIMARY KEY (merchant_id, order_id, line_no)
) WITH (fillfactor = 80);
CREATE INDEX promise_broken ON ordering.promise (merchant_id, broken_by) WHERE broken_by IS NOT NULL;
