-- What a merged SKU became, by its id.
CREATE INDEX alias_by_merged ON catalog.alias (merchant_id, merged_id);
