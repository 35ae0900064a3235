-- How SKUs are ordered, as their products state it; what is not stated is empty or NULL.
CREATE TABLE catalog.supply (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    supplier text NOT NULL,
    moq bigint,
    order_multiple bigint,
    lead_time_days bigint,
    CONSTRAINT supply_pk PRIMARY KEY (merchant_id, sku_id),
    CONSTRAINT supply_of_sku FOREIGN KEY (merchant_id, sku_id) REFERENCES catalog.sku,
    CONSTRAINT supply_can_be_ordered CHECK (coalesce(moq, 1) >= 1 AND coalesce(order_multiple, 1) >= 1 AND coalesce(lead_time_days, 0) >= 0)
);
CREATE VIEW catalog.pub_supply AS SELECT merchant_id, sku_id, supplier, moq, order_multiple, lead_time_days FROM catalog.supply;
-- What was bought at all, for the checks of master data.
CREATE OR REPLACE VIEW inventory.pub_inbound AS
    SELECT merchant_id, inbound_id, reference, sku_id, site_id, open, kind FROM inventory.inbound;
