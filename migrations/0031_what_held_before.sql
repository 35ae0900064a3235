-- What held before: one row for each stretch of time that is over, append-only, so that any figure can be had as of any instant.
-- What holds now stands in the table that it was changed in. The row of an instant is the first that ended after it; none: it
-- holds still. Along the rows of one key until_at never goes back, whoever waited for a lock.

-- What a kit came down to in stocked SKUs: how many of each is in one.
CREATE TABLE catalog.past_kit (
    merchant_id bigint NOT NULL,
    kit_id bigint NOT NULL,
    sequence integer NOT NULL,
    part_ids bigint[] NOT NULL,
    quantities bigint[] NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_kit_pk PRIMARY KEY (merchant_id, kit_id, sequence),
    CONSTRAINT past_kit_whole CHECK (cardinality(part_ids) = cardinality(quantities) AND 0 < ALL (quantities))
);
CREATE INDEX past_kit_by_time ON catalog.past_kit (merchant_id, kit_id, until_at, sequence);
-- The category of a SKU.
CREATE TABLE catalog.past_category (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    sequence integer NOT NULL,
    category text NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_category_pk PRIMARY KEY (merchant_id, sku_id, sequence)
);
CREATE INDEX past_category_by_time ON catalog.past_category (merchant_id, sku_id, until_at, sequence);
-- For the rules of other rooms that go by category.
CREATE VIEW catalog.pub_past_category AS
    SELECT merchant_id, sku_id, sequence, category, until_at FROM catalog.past_category;
-- Every listing that ever stood for a SKU.
CREATE INDEX listing_version_by_sku ON catalog.listing_version (merchant_id, sku_id);

-- How fast a SKU sold in a channel, whether others sold of it, and what was held back there.
CREATE TABLE publication.past_velocity (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    sequence integer NOT NULL,
    velocity text NOT NULL,
    elsewhere bigint NOT NULL,
    buffer bigint NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_velocity_pk PRIMARY KEY (merchant_id, channel_id, sku_id, sequence),
    CONSTRAINT past_velocity_known CHECK (velocity IN ('fast', 'normal', 'slow')),
    CONSTRAINT past_velocity_not_negative CHECK (elsewhere >= 0 AND buffer >= 0)
);
CREATE INDEX past_velocity_by_time ON publication.past_velocity (merchant_id, sku_id, channel_id, until_at, sequence);
-- How a channel kept up.
CREATE TABLE publication.past_channel (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    sequence integer NOT NULL,
    state text NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_channel_pk PRIMARY KEY (merchant_id, channel_id, sequence),
    CONSTRAINT past_channel_state_known CHECK (state IN ('normal', 'behind', 'dark'))
);
CREATE INDEX past_channel_by_time ON publication.past_channel (merchant_id, channel_id, until_at, sequence);

-- What was known of a lot: its dates, and whether it was held.
CREATE TABLE inventory.past_lot (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    lot text NOT NULL,
    sequence integer NOT NULL,
    expires_at timestamptz,
    made_on date,
    state text NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_lot_pk PRIMARY KEY (merchant_id, sku_id, lot, sequence),
    CONSTRAINT past_lot_state_known CHECK (state IN ('open', 'held'))
);
CREATE INDEX past_lot_by_time ON inventory.past_lot (merchant_id, sku_id, lot, until_at, sequence);

-- What channels used of quotas and shares, after each change: the ledger of inventory.usage. The sequence counts the entries of
-- one SKU, channel and beginning; whoever writes one holds the SKU's lock.
CREATE TABLE inventory.usage_change (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    since timestamptz NOT NULL,
    sequence bigint NOT NULL,
    used_after bigint NOT NULL,
    accepted_after bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT usage_change_pk PRIMARY KEY (merchant_id, sku_id, channel_id, since, sequence)
);
CREATE INDEX usage_change_by_record ON inventory.usage_change
    (merchant_id, sku_id, channel_id, since, recorded_at, sequence);
-- What was used already has no history: it stands from the beginning on.
INSERT INTO inventory.usage_change (merchant_id, sku_id, channel_id, since, sequence, used_after, accepted_after, recorded_at)
SELECT merchant_id, sku_id, channel_id, since, 1, used, accepted, since FROM inventory.usage;
