-- What is scanned is looked up by its barcode; one that two SKUs have is for people to clear.
CREATE INDEX sku_by_barcode ON catalog.sku (merchant_id, barcode) WHERE barcode <> '';
