-- What the availability grid looks rows up by: what is not plain stock of our own is rare, and is found without reading the rest.
CREATE INDEX stock_not_available ON inventory.stock (merchant_id, status, sku_id) WHERE status <> 'available';
CREATE INDEX stock_not_own ON inventory.stock (merchant_id, owner, sku_id) WHERE owner <> 'own';
CREATE INDEX sku_by_category ON catalog.sku (merchant_id, category, code);
