-- The inbox; SKUs, kits, listings; sites and channels; people.

CREATE SCHEMA exchange;
-- Immutable and durable before it is acknowledged; a body can be erased (set to NULL), never changed. The sequence counts the
-- different messages of one key in the order of their receipt: ids are taken in blocks by each process and do not tell it.
CREATE TABLE exchange.message (
    merchant_id bigint NOT NULL,
    message_id bigint NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    sequence integer NOT NULL,
    content_hash bytea NOT NULL,
    body bytea,
    origin text NOT NULL,
    import_id bigint,
    received_at timestamptz NOT NULL,
    erased_at timestamptz,
    CONSTRAINT message_pk PRIMARY KEY (merchant_id, message_id),
    CONSTRAINT message_once UNIQUE (merchant_id, source, kind, key, content_hash)
);
CREATE INDEX message_of_import ON exchange.message (merchant_id, import_id);
-- What is still to be worked; a row leaves when its message is done. `waiting` and `parked` hold up the later ones of their key.
CREATE TABLE exchange.work (
    merchant_id bigint NOT NULL,
    message_id bigint NOT NULL,
    lane smallint NOT NULL,
    source text NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    sequence integer NOT NULL,
    state text NOT NULL,
    cause text,
    attempts smallint NOT NULL,
    CONSTRAINT work_pk PRIMARY KEY (merchant_id, message_id),
    CONSTRAINT work_of_message FOREIGN KEY (merchant_id, message_id) REFERENCES exchange.message,
    CONSTRAINT work_state_known CHECK (state IN ('ready', 'waiting', 'parked'))
) WITH (fillfactor = 80);
CREATE INDEX work_by_lane ON exchange.work (merchant_id, lane, message_id) WHERE state = 'ready';
CREATE INDEX work_by_key ON exchange.work (merchant_id, source, kind, key, sequence);
CREATE INDEX work_by_cause ON exchange.work (merchant_id, cause) WHERE state = 'waiting';
CREATE TABLE exchange.file_import (
    merchant_id bigint NOT NULL,
    import_id bigint NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    format text NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    state text NOT NULL,
    rows_read bigint NOT NULL,
    rows_new bigint NOT NULL,
    rows_changed bigint NOT NULL,
    rows_repeated bigint NOT NULL,
    rows_kept bigint NOT NULL,
    orders bigint NOT NULL,
    lines bigint NOT NULL,
    cases bigint NOT NULL,
    actor text NOT NULL,
    notes text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT file_import_pk PRIMARY KEY (merchant_id, import_id),
    CONSTRAINT file_import_adds_up CHECK (rows_read = rows_new + rows_changed + rows_repeated + rows_kept),
    CONSTRAINT file_import_state_known CHECK (state IN ('running', 'done', 'failed'))
);
-- The answer given to a keyed write, so that a repeat gets the same answer and a different body is refused.
CREATE TABLE exchange.idempotency (
    merchant_id bigint NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    response bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT idempotency_pk PRIMARY KEY (merchant_id, key)
);

CREATE SCHEMA catalog;
CREATE TABLE catalog.sku (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    stock_unit text NOT NULL,
    barcode text NOT NULL,
    category text NOT NULL,
    weight_grams bigint,
    cost_minor bigint,
    price_minor bigint,
    currency text NOT NULL,
    backorder boolean NOT NULL,
    active boolean NOT NULL,
    CONSTRAINT sku_pk PRIMARY KEY (merchant_id, sku_id),
    CONSTRAINT sku_code_once UNIQUE (merchant_id, code),
    CONSTRAINT sku_kind_known CHECK (kind IN ('stocked', 'kit'))
);
CREATE INDEX sku_by_name ON catalog.sku (merchant_id, name);
CREATE TABLE catalog.component (
    merchant_id bigint NOT NULL,
    kit_id bigint NOT NULL,
    component_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT component_pk PRIMARY KEY (merchant_id, kit_id, component_id),
    CONSTRAINT component_quantity_positive CHECK (quantity > 0),
    CONSTRAINT component_of_kit FOREIGN KEY (merchant_id, kit_id) REFERENCES catalog.sku,
    CONSTRAINT component_is_sku FOREIGN KEY (merchant_id, component_id) REFERENCES catalog.sku
);
CREATE INDEX component_by_component ON catalog.component (merchant_id, component_id);
-- Other units of measure of a SKU: 1 unit = factor stock units.
CREATE TABLE catalog.unit (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    unit text NOT NULL,
    factor bigint NOT NULL,
    CONSTRAINT unit_pk PRIMARY KEY (merchant_id, sku_id, unit),
    CONSTRAINT unit_factor_positive CHECK (factor > 0),
    CONSTRAINT unit_of_sku FOREIGN KEY (merchant_id, sku_id) REFERENCES catalog.sku
);
-- How a channel names a SKU: key is its SKU text, or `name:` and the listing name where the channel gives no SKU.
CREATE TABLE catalog.listing (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    key text NOT NULL,
    sku_id bigint NOT NULL,
    pack_quantity bigint NOT NULL,
    mapped_by text NOT NULL,
    mapped_at timestamptz NOT NULL,
    CONSTRAINT listing_pk PRIMARY KEY (merchant_id, channel_id, key),
    CONSTRAINT listing_pack_positive CHECK (pack_quantity > 0),
    CONSTRAINT listing_of_sku FOREIGN KEY (merchant_id, sku_id) REFERENCES catalog.sku
);
CREATE INDEX listing_by_sku ON catalog.listing (merchant_id, sku_id);

CREATE SCHEMA network;
-- Ids of sites and channels; what they are stands in the applied configuration version.
CREATE TABLE network.site (
    merchant_id bigint NOT NULL,
    site_id bigint NOT NULL,
    code text NOT NULL,
    CONSTRAINT site_pk PRIMARY KEY (merchant_id, site_id),
    CONSTRAINT site_code_once UNIQUE (merchant_id, code)
);
CREATE TABLE network.channel (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    code text NOT NULL,
    CONSTRAINT channel_pk PRIMARY KEY (merchant_id, channel_id),
    CONSTRAINT channel_code_once UNIQUE (merchant_id, code)
);
-- For other rooms: which channel has which id.
CREATE VIEW network.pub_channel AS SELECT merchant_id, channel_id, code FROM network.channel;

CREATE SCHEMA customers;
-- The only table with personal data beside erasable message bodies; one row an order, erased by setting details to NULL.
CREATE TABLE customers.contact (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    email_hash bytea,
    details jsonb,
    erased_at timestamptz,
    CONSTRAINT contact_pk PRIMARY KEY (merchant_id, order_id)
);
CREATE INDEX contact_by_email ON customers.contact (merchant_id, email_hash) WHERE email_hash IS NOT NULL;
