-- Lines of count sheets go by bin where a site keeps bins: by_bin says that the line counts one place of a row, bin which
-- (none: what lies in no bin of it). leads: the first line of its row on the sheet.
ALTER TABLE counting.line ADD COLUMN by_bin boolean NOT NULL DEFAULT false;
ALTER TABLE counting.line ADD COLUMN bin text NOT NULL DEFAULT '';
ALTER TABLE counting.line ADD COLUMN leads boolean NOT NULL DEFAULT true;
ALTER TABLE counting.line ADD CONSTRAINT line_bin_where_by_bin CHECK (by_bin OR bin = '');
ALTER TABLE counting.line ADD CONSTRAINT line_whole_row_leads CHECK (by_bin OR leads);
ALTER TABLE counting.line DROP CONSTRAINT line_once;
ALTER TABLE counting.line ADD CONSTRAINT line_once UNIQUE (merchant_id, sheet_id, sku_id, status, lot, bin);
DROP INDEX counting.line_under_way;
-- A row is on one unfinished sheet at most, with all of its places.
CREATE UNIQUE INDEX line_under_way ON counting.line (merchant_id, site_id, sku_id, status, lot)
    WHERE leads AND state IN ('open', 'agreed', 'disputed');
-- What moved in and out of the bins of a row since it was counted.
CREATE INDEX bin_move_by_time ON inventory.bin_move (merchant_id, stock_id, occurred_at);
-- The ledger of bins is read by time, the last first.
CREATE INDEX bin_move_by_log ON inventory.bin_move (merchant_id, recorded_at);
