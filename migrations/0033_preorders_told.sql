-- What channels that take preorders are told beside stock: packs that may be ordered ahead, and from when on they ship.
CREATE TABLE publication.preorder (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    -- What is true: 0 without a day where nothing can be promised.
    quantity bigint NOT NULL,
    available_on date,
    -- The last word; NULL: never told.
    told_quantity bigint,
    told_on date,
    publication_id bigint,
    CONSTRAINT preorder_pk PRIMARY KEY (merchant_id, channel_id, listing),
    CONSTRAINT preorder_has_a_day CHECK (quantity >= 0 AND (quantity > 0) = (available_on IS NOT NULL)),
    CONSTRAINT preorder_told_whole CHECK ((told_quantity IS NULL) = (publication_id IS NULL)
        AND (coalesce(told_quantity, 0) > 0) = (told_on IS NOT NULL))
);
CREATE INDEX preorder_by_sku ON publication.preorder (merchant_id, sku_id);
-- What each publication said of it, kept for good.
CREATE TABLE publication.told_preorder (
    merchant_id bigint NOT NULL,
    publication_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    quantity bigint NOT NULL,
    available_on date,
    CONSTRAINT told_preorder_pk PRIMARY KEY (merchant_id, publication_id, listing),
    CONSTRAINT told_preorder_of_publication FOREIGN KEY (merchant_id, publication_id) REFERENCES publication.publication
);
