-- Supply (stock rows, moves), demand (what is wanted, the reservation ledger), rules of what is offered; payments.

CREATE SCHEMA inventory;
-- One narrow row a SKU: whoever changes its stock, demand or reservations locks it first. A batch locks a row for each of
-- its SKUs where it would have to lock one for each of their sites, and locking writes no new version of it.
CREATE TABLE inventory.item (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    CONSTRAINT item_pk PRIMARY KEY (merchant_id, sku_id)
);
-- discrepancy: units that the row carries or has given although its site does not have them (real = quantity - discrepancy);
-- a receipt or a count reverses it first. counted_at: the instant that the last snapshot spoke of.
CREATE TABLE inventory.stock (
    merchant_id bigint NOT NULL,
    stock_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    status text NOT NULL,
    owner text NOT NULL,
    lot text NOT NULL,
    quantity bigint NOT NULL,
    allocated bigint NOT NULL,
    discrepancy bigint NOT NULL,
    sequence bigint NOT NULL,
    counted_at timestamptz,
    CONSTRAINT stock_pk PRIMARY KEY (merchant_id, stock_id),
    CONSTRAINT stock_once UNIQUE (merchant_id, sku_id, site_id, status, owner, lot),
    CONSTRAINT stock_never_over_allocated CHECK (allocated >= 0 AND allocated <= quantity),
    CONSTRAINT stock_discrepancy_not_negative CHECK (discrepancy >= 0)
) WITH (fillfactor = 50);
-- Every change of quantity: delta on one row, where it came from or went to, and both balances after it.
CREATE TABLE inventory.move (
    merchant_id bigint NOT NULL,
    stock_id bigint NOT NULL,
    sequence bigint NOT NULL,
    delta bigint NOT NULL,
    quantity_after bigint NOT NULL,
    allocated_after bigint NOT NULL,
    reason text NOT NULL,
    counterpart text NOT NULL,
    reference text NOT NULL,
    reference_id bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT move_pk PRIMARY KEY (merchant_id, stock_id, sequence),
    CONSTRAINT move_not_empty CHECK (delta <> 0)
);
-- What happened after an instant that a snapshot speaks of, and any quantity as of an instant.
CREATE INDEX move_by_time ON inventory.move (merchant_id, stock_id, occurred_at);
-- What an order line (or a hold) wants of one stocked SKU; kits stand here as their components.
CREATE TABLE inventory.demand (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    sku_id bigint NOT NULL,
    kind text NOT NULL,
    channel_id bigint NOT NULL,
    priority integer NOT NULL,
    placed_at timestamptz NOT NULL,
    per_unit bigint NOT NULL,
    wanted bigint NOT NULL,
    allocated bigint NOT NULL,
    short bigint NOT NULL,
    consumed bigint NOT NULL,
    cancelled bigint NOT NULL,
    CONSTRAINT demand_pk PRIMARY KEY (merchant_id, order_id, line_no, sku_id),
    CONSTRAINT demand_adds_up CHECK (wanted = allocated + short + consumed + cancelled
        AND allocated >= 0 AND short >= 0 AND consumed >= 0 AND cancelled >= 0),
    CONSTRAINT demand_kind_known CHECK (kind IN ('order', 'hold'))
) WITH (fillfactor = 80);
CREATE INDEX demand_waiting ON inventory.demand (merchant_id, sku_id, priority, placed_at) WHERE short > 0;
-- The reservation ledger, append-only: what a demand took from or gave back to a stock row.
CREATE TABLE inventory.reservation (
    merchant_id bigint NOT NULL,
    stock_id bigint NOT NULL,
    sequence bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    delta bigint NOT NULL,
    allocated_after bigint NOT NULL,
    reason text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT reservation_pk PRIMARY KEY (merchant_id, stock_id, sequence),
    CONSTRAINT reservation_not_empty CHECK (delta <> 0)
);
CREATE INDEX reservation_by_order ON inventory.reservation (merchant_id, order_id);
CREATE TABLE inventory.hold (
    merchant_id bigint NOT NULL,
    hold_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT hold_pk PRIMARY KEY (merchant_id, hold_id),
    CONSTRAINT hold_reference_once UNIQUE (merchant_id, channel_id, reference),
    CONSTRAINT hold_state_known CHECK (state IN ('held', 'released', 'expired'))
);
CREATE INDEX hold_under_way ON inventory.hold (merchant_id, expires_at) WHERE state = 'held';
-- Safety stock at a SKU x site (over the site's default, which the configuration holds) and set-aside (level) of a
-- channel; written by `apply`.
CREATE TABLE inventory.safety_stock (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT safety_stock_pk PRIMARY KEY (merchant_id, sku_id, site_id),
    CONSTRAINT safety_stock_positive CHECK (quantity >= 0)
);
CREATE TABLE inventory.set_aside (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT set_aside_pk PRIMARY KEY (merchant_id, sku_id, channel_id),
    CONSTRAINT set_aside_positive CHECK (quantity >= 0)
);

CREATE SCHEMA payments;
CREATE TABLE payments.payment (
    merchant_id bigint NOT NULL,
    payment_id bigint NOT NULL,
    order_id bigint NOT NULL,
    method text NOT NULL,
    reference text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    captured_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    state text NOT NULL,
    authorized_until timestamptz,
    updated_at timestamptz NOT NULL,
    CONSTRAINT payment_pk PRIMARY KEY (merchant_id, payment_id),
    CONSTRAINT payment_state_known CHECK (state IN ('pending', 'authorized', 'captured', 'partially_refunded', 'refunded', 'voided', 'expired', 'failed')),
    CONSTRAINT payment_refund_capped CHECK (captured_minor >= 0 AND refunded_minor >= 0 AND refunded_minor <= captured_minor)
) WITH (fillfactor = 85);
CREATE INDEX payment_by_order ON payments.payment (merchant_id, order_id);
