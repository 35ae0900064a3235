-- Master data discipline: codes of merged SKUs, checks that fail, quality by SKU, duplicates, merges.

-- A code that a merge took over: it stands for the survivor for good, unless the merge is undone.
CREATE TABLE catalog.alias (
    merchant_id bigint NOT NULL,
    code text NOT NULL,
    sku_id bigint NOT NULL,
    merged_id bigint NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT alias_pk PRIMARY KEY (merchant_id, code),
    CONSTRAINT alias_of_sku FOREIGN KEY (merchant_id, sku_id) REFERENCES catalog.sku,
    CONSTRAINT alias_of_merged FOREIGN KEY (merchant_id, merged_id) REFERENCES catalog.sku,
    CONSTRAINT alias_of_another CHECK (sku_id <> merged_id)
);
CREATE INDEX alias_by_sku ON catalog.alias (merchant_id, sku_id);
CREATE VIEW catalog.pub_alias AS SELECT merchant_id, code, sku_id, merged_id FROM catalog.alias;
CREATE VIEW catalog.pub_part AS SELECT merchant_id, kit_id, part_id, quantity FROM catalog.part;
CREATE VIEW catalog.pub_listing_since AS
    SELECT merchant_id, channel_id, key, sku_id, pack_quantity, mapped_at FROM catalog.listing;
CREATE VIEW inventory.pub_inbound AS SELECT merchant_id, inbound_id, reference, sku_id, site_id, open FROM inventory.inbound;
CREATE VIEW publication.pub_told AS
    SELECT merchant_id, channel_id, listing, sku_id, told_at FROM publication.standing WHERE told_at IS NOT NULL;
-- What was ordered of a SKU, in stock units, with the value of its goods.
CREATE VIEW ordering.pub_line AS
    SELECT line.merchant_id, line.order_id, line.line_no, line.sku_id, line.listing, header.channel_id, header.placed_at,
        header.currency, line.ordered * line.pack_quantity AS units, line.goods_minor
    FROM ordering.line AS line
    JOIN ordering.order_header AS header ON header.merchant_id = line.merchant_id AND header.order_id = line.order_id;

CREATE SCHEMA stewardship;
-- Checks that a SKU fails now, and since when.
CREATE TABLE stewardship.failing (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    check_name text NOT NULL,
    detail text NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT failing_pk PRIMARY KEY (merchant_id, sku_id, check_name)
);
CREATE INDEX failing_by_check ON stewardship.failing (merchant_id, check_name);
-- 100 less the weights of what fails; the money that it touches: what was sold in the last days, times what is missing.
CREATE TABLE stewardship.quality (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    score smallint NOT NULL,
    failing smallint NOT NULL,
    units_sold bigint NOT NULL,
    sold_minor bigint NOT NULL,
    at_stake_minor bigint NOT NULL,
    checked_at timestamptz NOT NULL,
    CONSTRAINT quality_pk PRIMARY KEY (merchant_id, sku_id),
    CONSTRAINT quality_score_known CHECK (score BETWEEN 0 AND 100 AND failing >= 0 AND (score < 100) = (failing > 0))
) WITH (fillfactor = 80);
CREATE INDEX quality_by_stake ON stewardship.quality (merchant_id, at_stake_minor, sku_id) WHERE score < 100;
-- Two SKUs that may be one, the older id first; what a person said of them stays.
CREATE TABLE stewardship.duplicate (
    merchant_id bigint NOT NULL,
    first_id bigint NOT NULL,
    second_id bigint NOT NULL,
    score smallint NOT NULL,
    reasons text NOT NULL,
    state text NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by text,
    decided_at timestamptz,
    CONSTRAINT duplicate_pk PRIMARY KEY (merchant_id, first_id, second_id),
    CONSTRAINT duplicate_in_order CHECK (first_id < second_id),
    CONSTRAINT duplicate_state_known CHECK (state IN ('proposed', 'merged', 'dismissed')),
    CONSTRAINT duplicate_decided CHECK ((state = 'proposed') = (decided_by IS NULL AND decided_at IS NULL))
);
-- Merges, with what has to be put back to undo one.
CREATE TABLE stewardship.merge (
    merchant_id bigint NOT NULL,
    merge_id bigint NOT NULL,
    loser_id bigint NOT NULL,
    survivor_id bigint NOT NULL,
    actor text NOT NULL,
    note text NOT NULL,
    merged_at timestamptz NOT NULL,
    undone_at timestamptz,
    undone_by text,
    data jsonb NOT NULL,
    CONSTRAINT merge_pk PRIMARY KEY (merchant_id, merge_id),
    CONSTRAINT merge_of_two CHECK (loser_id <> survivor_id),
    CONSTRAINT merge_undone_by_somebody CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE UNIQUE INDEX merge_once ON stewardship.merge (merchant_id, loser_id) WHERE undone_at IS NULL;
CREATE INDEX merge_by_survivor ON stewardship.merge (merchant_id, survivor_id);
