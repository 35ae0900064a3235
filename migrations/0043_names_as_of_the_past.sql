-- The names that SKUs had before: one row for each stretch of time that is over, append-only, like their categories.
CREATE TABLE catalog.past_name (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    sequence integer NOT NULL,
    name text NOT NULL,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_name_pk PRIMARY KEY (merchant_id, sku_id, sequence)
);
CREATE INDEX past_name_by_time ON catalog.past_name (merchant_id, sku_id, until_at, sequence);
-- The SKUs that were of a category before.
CREATE INDEX past_category_by_category ON catalog.past_category (merchant_id, category);
