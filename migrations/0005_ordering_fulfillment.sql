-- Orders and their lines; requests to sites.

CREATE SCHEMA ordering;
CREATE TABLE ordering.order_header (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    order_ref text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    -- The last message of the channel that was taken over; refused ones are named by their events.
    message_id bigint,
    configuration_version integer NOT NULL,
    is_history boolean NOT NULL,
    placed_at timestamptz NOT NULL,
    captured_at timestamptz NOT NULL,
    released_at timestamptz,
    ship_by_at timestamptz,
    priority integer NOT NULL,
    currency text NOT NULL,
    tax_included boolean NOT NULL,
    marketplace_tax boolean NOT NULL,
    terms_days integer,
    -- As the channel states them: with tax where prices include it.
    goods_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    shipping_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    -- The part of refunded_minor that was given back for what had not shipped.
    refunded_before_minor bigint NOT NULL,
    book_total_minor bigint NOT NULL,
    ship_country text NOT NULL,
    ship_region text NOT NULL,
    step text NOT NULL,
    waits_for text NOT NULL,
    fulfillment_state text NOT NULL,
    payment_state text NOT NULL,
    return_state text NOT NULL,
    revision integer NOT NULL,
    CONSTRAINT order_pk PRIMARY KEY (merchant_id, order_id),
    CONSTRAINT order_ref_once UNIQUE (merchant_id, channel_id, order_ref)
) WITH (fillfactor = 85);
CREATE INDEX order_by_number ON ordering.order_header (merchant_id, number);
CREATE INDEX order_by_placed ON ordering.order_header (merchant_id, placed_at);
-- Only what is under way: cheap whatever the history.
CREATE INDEX order_under_way ON ordering.order_header (merchant_id, step, waits_for, placed_at) WHERE step <> 'done';
CREATE TABLE ordering.line (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    line_ref text NOT NULL,
    listing text NOT NULL,
    name text NOT NULL,
    sku_id bigint,
    pack_quantity bigint NOT NULL,
    ordered bigint NOT NULL,
    open bigint NOT NULL,
    backordered bigint NOT NULL,
    allocated bigint NOT NULL,
    released bigint NOT NULL,
    shipped bigint NOT NULL,
    cancelled bigint NOT NULL,
    -- Frozen amounts of `priced` units, without tax where prices include it; what each shipped unit earns is its share.
    priced bigint NOT NULL,
    goods_minor bigint NOT NULL,
    discount_minor bigint NOT NULL,
    shipping_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    -- Given back after shipment.
    refunded_minor bigint NOT NULL,
    -- False: nothing is sent for it (a tip, a service, a digital good); it needs no SKU and no stock.
    ships boolean NOT NULL,
    CONSTRAINT line_pk PRIMARY KEY (merchant_id, order_id, line_no),
    CONSTRAINT line_adds_up CHECK (ordered = open + backordered + allocated + shipped + cancelled
        AND open >= 0 AND backordered >= 0 AND allocated >= 0 AND shipped >= 0 AND cancelled >= 0
        AND released >= 0 AND released <= allocated)
) WITH (fillfactor = 85);
-- Without a condition: columns of a condition count as indexed, and each change of a line would write its index entries anew.
CREATE INDEX line_by_sku ON ordering.line (merchant_id, sku_id, order_id);
CREATE INDEX line_unmapped ON ordering.line (merchant_id, listing) WHERE sku_id IS NULL AND ships;
CREATE TABLE ordering.hold (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    name text NOT NULL,
    reason text NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    cleared_at timestamptz,
    cleared_by text,
    CONSTRAINT order_hold_pk PRIMARY KEY (merchant_id, order_id, name)
);

CREATE SCHEMA fulfillment;
CREATE TABLE fulfillment.request (
    merchant_id bigint NOT NULL,
    fulfillment_id bigint NOT NULL,
    order_id bigint NOT NULL,
    number text NOT NULL,
    channel_id bigint NOT NULL,
    site_id bigint NOT NULL,
    state text NOT NULL,
    released_at timestamptz NOT NULL,
    acknowledge_by_at timestamptz NOT NULL,
    acknowledged_at timestamptz,
    shipped_at timestamptz,
    -- When the site last did not find something: its stock is in doubt until it is counted or received again.
    short_at timestamptz,
    carrier text NOT NULL,
    tracking text NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT request_pk PRIMARY KEY (merchant_id, fulfillment_id),
    CONSTRAINT request_state_known CHECK (state IN ('released', 'acknowledged', 'picked', 'packed', 'partially_shipped', 'shipped', 'cancelled'))
) WITH (fillfactor = 85);
CREATE INDEX request_by_order ON fulfillment.request (merchant_id, order_id);
CREATE INDEX request_by_site ON fulfillment.request (merchant_id, site_id, state, released_at) WHERE state NOT IN ('shipped', 'cancelled');
CREATE TABLE fulfillment.request_line (
    merchant_id bigint NOT NULL,
    fulfillment_id bigint NOT NULL,
    line_no integer NOT NULL,
    sku_id bigint NOT NULL,
    quantity bigint NOT NULL,
    picked bigint NOT NULL,
    packed bigint NOT NULL,
    shipped bigint NOT NULL,
    short bigint NOT NULL,
    cancelled bigint NOT NULL,
    -- Shipped units that only the channel has told of: the site's own word about them is a repeat.
    ahead bigint NOT NULL,
    CONSTRAINT request_line_pk PRIMARY KEY (merchant_id, fulfillment_id, line_no),
    CONSTRAINT request_line_capped CHECK (quantity > 0 AND shipped >= 0 AND short >= 0 AND cancelled >= 0
        AND ahead >= 0 AND ahead <= shipped AND shipped + short + cancelled <= quantity AND picked <= quantity AND packed <= picked)
) WITH (fillfactor = 85);
-- What a site reported of a request, once per content: the same report in another file changes nothing.
CREATE TABLE fulfillment.confirmation (
    merchant_id bigint NOT NULL,
    message_id bigint NOT NULL,
    fulfillment_id bigint NOT NULL,
    kind text NOT NULL,
    digest bigint NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT confirmation_pk PRIMARY KEY (merchant_id, fulfillment_id, kind, digest)
);
-- Which requests an order has, for the rooms above.
CREATE VIEW fulfillment.pub_request AS SELECT merchant_id, fulfillment_id, order_id, site_id, state FROM fulfillment.request;
