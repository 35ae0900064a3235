-- The ledger of moves across all rows, the newest first: looked for in a window of time. Rows come in the order of time, so
-- that a few pages of block ranges serve it at no cost to those who write.
CREATE INDEX move_by_recording ON inventory.move USING brin (merchant_id, recorded_at) WITH (pages_per_range = 32);
