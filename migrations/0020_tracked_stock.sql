-- How SKUs are tracked, for the rules of other rooms on their units.
CREATE OR REPLACE VIEW catalog.pub_sku AS
    SELECT merchant_id, sku_id, code, name, kind, stock_unit, barcode, category, weight_grams, cost_minor, price_minor,
        currency, active, tracking
    FROM catalog.sku;
