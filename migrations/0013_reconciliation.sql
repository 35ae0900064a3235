-- Reconciliation: what outside systems state of our stock, runs that compare it, what differs and why.

-- What other rooms compare: supply, its ledgers, and the catalogue.
CREATE VIEW inventory.pub_stock AS
    SELECT merchant_id, stock_id, sku_id, site_id, status, owner, lot, quantity, allocated, discrepancy FROM inventory.stock;
CREATE VIEW inventory.pub_move AS
    SELECT merchant_id, stock_id, sequence, delta, quantity_after, reason, reference, reference_id, occurred_at, recorded_at
    FROM inventory.move;
CREATE VIEW inventory.pub_demand AS
    SELECT merchant_id, order_id, line_no, sku_id, kind, channel_id, placed_at, wanted, allocated, short, consumed
    FROM inventory.demand;
CREATE VIEW catalog.pub_sku AS
    SELECT merchant_id, sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor,
        currency, active
    FROM catalog.sku;
CREATE VIEW catalog.pub_unit AS SELECT merchant_id, sku_id, unit, factor FROM catalog.unit;
CREATE VIEW catalog.pub_listing AS SELECT merchant_id, channel_id, key, sku_id, pack_quantity FROM catalog.listing;
-- What sites were asked for, and what lies in the inbox and is not worked yet.
CREATE OR REPLACE VIEW fulfillment.pub_request AS
    SELECT merchant_id, fulfillment_id, order_id, site_id, state, released_at FROM fulfillment.request;
CREATE VIEW exchange.pub_unworked AS
    SELECT work.merchant_id, work.message_id, work.kind, work.source, message.body
    FROM exchange.work AS work
    JOIN exchange.message AS message ON message.merchant_id = work.merchant_id AND message.message_id = work.message_id;

CREATE SCHEMA reconciliation;
-- The systems of the configuration: the row that a comparison locks, and the last instant that each spoke of.
CREATE TABLE reconciliation.system (
    merchant_id bigint NOT NULL,
    system_id bigint NOT NULL,
    code text NOT NULL,
    since timestamptz NOT NULL,
    last_as_of timestamptz,
    CONSTRAINT system_pk PRIMARY KEY (merchant_id, system_id),
    CONSTRAINT system_code_once UNIQUE (merchant_id, code)
);
CREATE TABLE reconciliation.statement (
    merchant_id bigint NOT NULL,
    statement_id bigint NOT NULL,
    system_id bigint NOT NULL,
    as_of timestamptz NOT NULL,
    digest text NOT NULL,
    complete boolean NOT NULL,
    -- How many parts there are, known with the last one; and how many are here.
    parts integer,
    received integer NOT NULL,
    lines bigint NOT NULL,
    unreadable bigint NOT NULL,
    message_id bigint NOT NULL,
    received_at timestamptz NOT NULL,
    compared_at timestamptz,
    CONSTRAINT statement_pk PRIMARY KEY (merchant_id, statement_id),
    CONSTRAINT statement_once UNIQUE (merchant_id, system_id, as_of, digest),
    CONSTRAINT statement_parts_within CHECK (received >= 0 AND (parts IS NULL OR received <= parts)),
    CONSTRAINT statement_of_system FOREIGN KEY (merchant_id, system_id) REFERENCES reconciliation.system
) WITH (fillfactor = 85);
-- The rows of the statements that are not older than the last comparison of their system; the inbox keeps them all.
CREATE TABLE reconciliation.line (
    merchant_id bigint NOT NULL,
    statement_id bigint NOT NULL,
    part integer NOT NULL,
    place integer NOT NULL,
    location text NOT NULL,
    sku text NOT NULL,
    status text NOT NULL,
    unit text NOT NULL,
    lot text NOT NULL,
    quantity bigint NOT NULL,
    row_no bigint NOT NULL,
    CONSTRAINT line_pk PRIMARY KEY (merchant_id, statement_id, part, place)
);
-- A comparison: compared = matched + within + different; the figures of units and money are of the lines compared.
CREATE TABLE reconciliation.run (
    merchant_id bigint NOT NULL,
    run_id bigint NOT NULL,
    system_id bigint NOT NULL,
    statement_id bigint NOT NULL,
    as_of timestamptz NOT NULL,
    ran_at timestamptz NOT NULL,
    stated bigint NOT NULL,
    unknown bigint NOT NULL,
    compared bigint NOT NULL,
    matched bigint NOT NULL,
    within bigint NOT NULL,
    different bigint NOT NULL,
    resolved bigint NOT NULL,
    units_ours bigint NOT NULL,
    units_theirs bigint NOT NULL,
    units_apart bigint NOT NULL,
    value_minor bigint NOT NULL,
    value_apart_minor bigint NOT NULL,
    CONSTRAINT run_pk PRIMARY KEY (merchant_id, run_id),
    CONSTRAINT run_adds_up CHECK (compared = matched + within + different AND unknown <= stated),
    CONSTRAINT run_of_statement FOREIGN KEY (merchant_id, statement_id) REFERENCES reconciliation.statement
);
CREATE INDEX run_by_system ON reconciliation.run (merchant_id, system_id, as_of, run_id);
-- A line that differs: theirs - ours = delta, both as of the instant. `ours` counts what had happened by then, whenever it
-- was learned; `recorded` what we knew by then. since_at: the instant of the first statement of this difference.
CREATE TABLE reconciliation.difference (
    merchant_id bigint NOT NULL,
    run_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    status text NOT NULL,
    lot text NOT NULL,
    ours bigint NOT NULL,
    recorded bigint NOT NULL,
    theirs bigint NOT NULL,
    before bigint,
    since_at timestamptz NOT NULL,
    within boolean NOT NULL,
    cause text NOT NULL,
    confidence smallint NOT NULL,
    value_minor bigint NOT NULL,
    evidence jsonb NOT NULL,
    CONSTRAINT difference_pk PRIMARY KEY (merchant_id, run_id, sku_id, site_id, status, lot),
    CONSTRAINT difference_is_one CHECK (theirs <> ours),
    CONSTRAINT difference_of_run FOREIGN KEY (merchant_id, run_id) REFERENCES reconciliation.run
) WITH (fillfactor = 60);
CREATE INDEX difference_by_sku ON reconciliation.difference (merchant_id, sku_id, run_id);
-- What each system holds to be different now: the run that last said so. It leaves when a later statement agrees.
CREATE TABLE reconciliation.standing (
    merchant_id bigint NOT NULL,
    system_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    status text NOT NULL,
    lot text NOT NULL,
    run_id bigint NOT NULL,
    as_of timestamptz NOT NULL,
    since_at timestamptz NOT NULL,
    delta bigint NOT NULL,
    within boolean NOT NULL,
    cause text NOT NULL,
    value_minor bigint NOT NULL,
    CONSTRAINT standing_pk PRIMARY KEY (merchant_id, system_id, sku_id, site_id, status, lot),
    CONSTRAINT standing_is_one CHECK (delta <> 0)
) WITH (fillfactor = 70);
-- Lines of a statement that name nothing of ours.
CREATE TABLE reconciliation.unknown (
    merchant_id bigint NOT NULL,
    run_id bigint NOT NULL,
    place bigint NOT NULL,
    location text NOT NULL,
    sku text NOT NULL,
    status text NOT NULL,
    unit text NOT NULL,
    quantity bigint NOT NULL,
    problem text NOT NULL,
    row_no bigint NOT NULL,
    CONSTRAINT unknown_pk PRIMARY KEY (merchant_id, run_id, place),
    CONSTRAINT unknown_of_run FOREIGN KEY (merchant_id, run_id) REFERENCES reconciliation.run
);
-- Differences of a run by cause, for the trend.
CREATE TABLE reconciliation.run_cause (
    merchant_id bigint NOT NULL,
    run_id bigint NOT NULL,
    cause text NOT NULL,
    lines bigint NOT NULL,
    units bigint NOT NULL,
    value_minor bigint NOT NULL,
    CONSTRAINT run_cause_pk PRIMARY KEY (merchant_id, run_id, cause),
    CONSTRAINT run_cause_of_run FOREIGN KEY (merchant_id, run_id) REFERENCES reconciliation.run
);
-- Differences that somebody chose to leave out of the cases, up to a size and until a time, with the reason.
CREATE TABLE reconciliation.allowance (
    merchant_id bigint NOT NULL,
    allowance_id bigint NOT NULL,
    system_id bigint NOT NULL,
    cause text NOT NULL,
    units bigint NOT NULL,
    reason text NOT NULL,
    actor text NOT NULL,
    made_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT allowance_pk PRIMARY KEY (merchant_id, allowance_id),
    CONSTRAINT allowance_positive CHECK (units > 0),
    CONSTRAINT allowance_has_a_reason CHECK (reason <> '')
);
CREATE INDEX allowance_by_system ON reconciliation.allowance (merchant_id, system_id, until_at);
