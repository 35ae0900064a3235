-- Units of an assembled SKU that were made of its materials at a site, or taken apart; append-only.
CREATE TABLE inventory.assembly (
    merchant_id bigint NOT NULL,
    assembly_id bigint NOT NULL,
    reference text NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    units bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT assembly_pk PRIMARY KEY (merchant_id, assembly_id),
    CONSTRAINT assembly_once UNIQUE (merchant_id, reference),
    CONSTRAINT assembly_not_empty CHECK (units <> 0)
);
CREATE INDEX assembly_by_sku ON inventory.assembly (merchant_id, sku_id);
-- What each did to stock rows: per_unit by the bill of then, 1 for the assembled SKU, below zero for its materials.
CREATE TABLE inventory.assembly_line (
    merchant_id bigint NOT NULL,
    assembly_id bigint NOT NULL,
    line_no integer NOT NULL,
    stock_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    lot text NOT NULL,
    per_unit bigint NOT NULL,
    delta bigint NOT NULL,
    CONSTRAINT assembly_line_pk PRIMARY KEY (merchant_id, assembly_id, line_no),
    CONSTRAINT assembly_line_once UNIQUE (merchant_id, assembly_id, stock_id),
    CONSTRAINT assembly_line_of_assembly FOREIGN KEY (merchant_id, assembly_id) REFERENCES inventory.assembly,
    CONSTRAINT assembly_line_not_empty CHECK (delta <> 0 AND (per_unit = 1 OR per_unit < 0))
);
