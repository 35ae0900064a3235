-- Bins are listed as people walk: A-2 before A-10. Where each lies in the walk is kept beside it, with its site, so that a page
-- of a long list is one look-up.
ALTER TABLE inventory.bin ADD COLUMN site_id bigint;
UPDATE inventory.bin AS bin
SET site_id = stock.site_id
FROM inventory.stock AS stock
WHERE stock.merchant_id = bin.merchant_id AND stock.stock_id = bin.stock_id;
ALTER TABLE inventory.bin ALTER COLUMN site_id SET NOT NULL;
-- Capitals, and each number at ten digits at least.
ALTER TABLE inventory.bin ADD COLUMN walk text COLLATE "C" NOT NULL GENERATED ALWAYS AS (
    regexp_replace(
        regexp_replace(upper(bin COLLATE "C"), '([0-9]+)', '0000000000\1', 'g'), '0+([0-9]{10,})', '\1', 'g'
    )
) STORED;
CREATE INDEX bin_by_walk ON inventory.bin (merchant_id, site_id, walk, bin COLLATE "C", stock_id) WHERE quantity > 0;
