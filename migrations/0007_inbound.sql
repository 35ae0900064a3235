-- What is on its way to a site, and every word that was said about it.

-- Goods that a supplier, another site or a workshop will deliver. Whoever changes inbound of a SKU holds that SKU's lock.
-- received counts up to what was expected; what came beyond it is excess. Undated or unconfirmed inbound is no promise.
CREATE TABLE inventory.inbound (
    merchant_id bigint NOT NULL,
    inbound_id bigint NOT NULL,
    kind text NOT NULL,
    reference text NOT NULL,
    line text NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    lot text NOT NULL,
    supplier text NOT NULL,
    expected bigint NOT NULL,
    received bigint NOT NULL,
    cancelled bigint NOT NULL,
    open bigint NOT NULL,
    excess bigint NOT NULL,
    expected_at timestamptz,
    confirmed_at timestamptz,
    cost_minor bigint,
    state text NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT inbound_pk PRIMARY KEY (merchant_id, inbound_id),
    CONSTRAINT inbound_once UNIQUE (merchant_id, kind, reference, line, sku_id, site_id, lot),
    CONSTRAINT inbound_adds_up CHECK (expected = received + cancelled + open
        AND received >= 0 AND cancelled >= 0 AND open >= 0 AND excess >= 0 AND (excess = 0 OR open = 0)),
    CONSTRAINT inbound_kind_known CHECK (kind IN ('purchase', 'transfer', 'production')),
    CONSTRAINT inbound_state_is_its_figures CHECK (state = CASE
        WHEN open > 0 THEN 'open'
        WHEN cancelled = 0 THEN 'received'
        WHEN received + excess > 0 THEN 'closed'
        ELSE 'cancelled' END),
    CONSTRAINT inbound_cost_not_negative CHECK (cost_minor >= 0)
) WITH (fillfactor = 80);
-- What comes of a SKU, the soonest first.
CREATE INDEX inbound_coming ON inventory.inbound (merchant_id, sku_id, expected_at) WHERE state = 'open';
CREATE INDEX inbound_due ON inventory.inbound (merchant_id, expected_at, inbound_id) WHERE state = 'open';
CREATE INDEX inbound_by_reference ON inventory.inbound (merchant_id, reference);
-- Append-only: the figures after each change, who said so and when; the row above is the last of them.
CREATE TABLE inventory.inbound_change (
    merchant_id bigint NOT NULL,
    inbound_id bigint NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL,
    expected bigint NOT NULL,
    received bigint NOT NULL,
    cancelled bigint NOT NULL,
    open bigint NOT NULL,
    excess bigint NOT NULL,
    expected_at timestamptz,
    confirmed_at timestamptz,
    cost_minor bigint,
    reason text NOT NULL,
    reference text NOT NULL,
    reference_id bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT inbound_change_pk PRIMARY KEY (merchant_id, inbound_id, version),
    CONSTRAINT inbound_change_of_inbound FOREIGN KEY (merchant_id, inbound_id) REFERENCES inventory.inbound,
    CONSTRAINT inbound_change_kind_known CHECK (kind IN ('confirmed', 'changed', 'received', 'closed'))
);
