-- What each channel says of its listings, whether they are mapped or not; what they stand for is catalog.listing.
CREATE TABLE catalog.stated_listing (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    key text NOT NULL,
    sku_code text NOT NULL,
    barcode text NOT NULL,
    pack_quantity bigint,
    title text NOT NULL,
    price_minor bigint,
    currency text NOT NULL,
    status text NOT NULL,
    stated_at timestamptz NOT NULL,
    CONSTRAINT stated_listing_pk PRIMARY KEY (merchant_id, channel_id, key),
    CONSTRAINT stated_listing_status_known CHECK (status IN ('active', 'inactive', 'removed')),
    CONSTRAINT stated_listing_figures CHECK (coalesce(pack_quantity, 1) > 0 AND coalesce(price_minor, 0) >= 0)
);
CREATE INDEX stated_listing_by_code ON catalog.stated_listing (merchant_id, sku_code) WHERE sku_code <> '';
CREATE INDEX stated_listing_by_barcode ON catalog.stated_listing (merchant_id, barcode) WHERE barcode <> '';
CREATE VIEW catalog.pub_stated_listing AS
    SELECT merchant_id, channel_id, key, barcode, status FROM catalog.stated_listing;
