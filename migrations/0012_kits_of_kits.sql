-- Kits of kits, assembled SKUs with what they are made of, how a SKU is tracked, and every meaning that a listing had.

ALTER TABLE catalog.sku DROP CONSTRAINT sku_kind_known;
ALTER TABLE catalog.sku ADD CONSTRAINT sku_kind_known CHECK (kind IN ('stocked', 'kit', 'assembled'));
ALTER TABLE catalog.sku ADD COLUMN tracking text NOT NULL DEFAULT 'none';
ALTER TABLE catalog.sku ALTER COLUMN tracking DROP DEFAULT;
ALTER TABLE catalog.sku ADD CONSTRAINT sku_tracking_known CHECK (tracking IN ('none', 'lot', 'serial') AND (tracking = 'none' OR kind <> 'kit'));
-- catalog.component says what a kit was stated to hold, other kits among it; catalog.part what it comes down to in stocked
-- SKUs: a projection, written anew with every change below a kit, so that nobody has to walk down.
CREATE TABLE catalog.part (
    merchant_id bigint NOT NULL,
    kit_id bigint NOT NULL,
    part_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT part_pk PRIMARY KEY (merchant_id, kit_id, part_id),
    CONSTRAINT part_quantity_positive CHECK (quantity > 0),
    CONSTRAINT part_of_kit FOREIGN KEY (merchant_id, kit_id) REFERENCES catalog.sku,
    CONSTRAINT part_is_sku FOREIGN KEY (merchant_id, part_id) REFERENCES catalog.sku
);
CREATE INDEX part_by_part ON catalog.part (merchant_id, part_id);
INSERT INTO catalog.part (merchant_id, kit_id, part_id, quantity)
SELECT merchant_id, kit_id, component_id, quantity FROM catalog.component;
-- What one unit of an assembled SKU, which is stocked itself, is made of.
CREATE TABLE catalog.material (
    merchant_id bigint NOT NULL,
    assembled_id bigint NOT NULL,
    material_id bigint NOT NULL,
    quantity bigint NOT NULL,
    CONSTRAINT material_pk PRIMARY KEY (merchant_id, assembled_id, material_id),
    CONSTRAINT material_quantity_positive CHECK (quantity > 0),
    CONSTRAINT material_of_sku FOREIGN KEY (merchant_id, assembled_id) REFERENCES catalog.sku,
    CONSTRAINT material_is_sku FOREIGN KEY (merchant_id, material_id) REFERENCES catalog.sku
);
CREATE INDEX material_by_material ON catalog.material (merchant_id, material_id);
-- Every meaning that a listing ever had, append-only; catalog.listing is the last of them. Orders keep the one they came with.
ALTER TABLE catalog.listing ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE catalog.listing ALTER COLUMN version DROP DEFAULT;
CREATE TABLE catalog.listing_version (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    key text NOT NULL,
    version integer NOT NULL,
    sku_id bigint NOT NULL,
    pack_quantity bigint NOT NULL,
    mapped_by text NOT NULL,
    mapped_at timestamptz NOT NULL,
    CONSTRAINT listing_version_pk PRIMARY KEY (merchant_id, channel_id, key, version)
);
INSERT INTO catalog.listing_version (merchant_id, channel_id, key, version, sku_id, pack_quantity, mapped_by, mapped_at)
SELECT merchant_id, channel_id, key, version, sku_id, pack_quantity, mapped_by, mapped_at FROM catalog.listing;
