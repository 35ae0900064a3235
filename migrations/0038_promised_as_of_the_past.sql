-- What could be promised as of a past instant: who brought goods, and how SKUs were ordered.

-- Who was to bring an inbound, after each word about it; what was said before is taken to have been of whom it is now.
ALTER TABLE inventory.inbound_change ADD COLUMN supplier text NOT NULL DEFAULT '';
UPDATE inventory.inbound_change AS word
SET supplier = inbound.supplier
FROM inventory.inbound AS inbound
WHERE inbound.merchant_id = word.merchant_id AND inbound.inbound_id = word.inbound_id;
ALTER TABLE inventory.inbound_change ALTER COLUMN supplier DROP DEFAULT;

-- How a SKU is ordered is known from the first product that states it on; what was stated already stands from the beginning on.
ALTER TABLE catalog.supply ADD COLUMN stated_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE catalog.supply ALTER COLUMN stated_at DROP DEFAULT;
-- How SKUs were ordered before: one row for each stretch of time that is over, append-only.
CREATE TABLE catalog.past_supply (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    sequence integer NOT NULL,
    supplier text NOT NULL,
    moq bigint,
    order_multiple bigint,
    lead_time_days bigint,
    until_at timestamptz NOT NULL,
    CONSTRAINT past_supply_pk PRIMARY KEY (merchant_id, sku_id, sequence)
);
CREATE INDEX past_supply_by_time ON catalog.past_supply (merchant_id, sku_id, until_at, sequence);
