-- How what may be ordered ahead stood before, so that it can be had as of any instant and what was told of it be measured.

-- Since when it stands so, the word about it included.
ALTER TABLE publication.preorder ADD COLUMN since timestamptz NOT NULL DEFAULT '-infinity';
UPDATE publication.preorder AS known
SET since = last.published_at
FROM publication.publication AS last
WHERE last.merchant_id = known.merchant_id AND last.publication_id = known.publication_id;
ALTER TABLE publication.preorder ALTER COLUMN since DROP DEFAULT;
-- One row for each stretch of time that is over, append-only; it ends when the truth or what was told changes.
CREATE TABLE publication.past_preorder (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    from_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    sku_id bigint NOT NULL,
    quantity bigint NOT NULL,
    available_on date,
    told_quantity bigint,
    told_on date,
    CONSTRAINT past_preorder_pk PRIMARY KEY (merchant_id, channel_id, listing, from_at),
    CONSTRAINT past_preorder_lasts CHECK (from_at < until_at)
);
CREATE INDEX past_preorder_by_sku ON publication.past_preorder (merchant_id, sku_id, until_at);
CREATE INDEX past_preorder_by_time ON publication.past_preorder (merchant_id, until_at);
