-- Bins are kept: what lies in them, what moved among them, and when they were counted.

-- Units of a stock row that lie in bins; the rest is not put away. The row's own constraint keeps them no more than it has.
ALTER TABLE inventory.stock ADD COLUMN binned bigint NOT NULL DEFAULT 0;
ALTER TABLE inventory.stock ADD CONSTRAINT stock_bins_hold_no_more CHECK (binned >= 0 AND binned <= quantity);
CREATE INDEX stock_binned ON inventory.stock (merchant_id, site_id, sku_id) WHERE binned > 0;
ALTER TABLE inventory.bin ADD CONSTRAINT bin_has_a_code CHECK (bin <> '');
CREATE INDEX bin_by_code ON inventory.bin (merchant_id, bin) WHERE quantity > 0;
CREATE INDEX bin_move_of_receipt ON inventory.bin_move (merchant_id, reference_id) WHERE reference = 'receipt';
-- To which instant the last count that spoke of the bins of a row is true: what moved among them before it is in it.
CREATE TABLE inventory.bin_count (
    merchant_id bigint NOT NULL,
    stock_id bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    CONSTRAINT bin_count_pk PRIMARY KEY (merchant_id, stock_id),
    CONSTRAINT bin_count_of_stock FOREIGN KEY (merchant_id, stock_id) REFERENCES inventory.stock
) WITH (fillfactor = 80);
-- What went from bin to bin at a site, known by its number there; append-only. moved: its bin moves are those of its id;
-- counted: a count of the bins saw all of it already.
CREATE TABLE inventory.relocation (
    merchant_id bigint NOT NULL,
    relocation_id bigint NOT NULL,
    site_id bigint NOT NULL,
    reference text NOT NULL,
    digest bytea NOT NULL,
    lines integer NOT NULL,
    units bigint NOT NULL,
    state text NOT NULL,
    message_id bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT relocation_pk PRIMARY KEY (merchant_id, relocation_id),
    CONSTRAINT relocation_once UNIQUE (merchant_id, site_id, reference),
    CONSTRAINT relocation_state_known CHECK (state IN ('moved', 'counted')),
    CONSTRAINT relocation_not_empty CHECK (lines > 0 AND units > 0)
);
-- The view of rows says it too.
CREATE OR REPLACE VIEW inventory.stock_state AS
SELECT stock.merchant_id, stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot, stock.quantity,
    stock.allocated, stock.discrepancy, stock.sequence, stock.counted_at, lot.expires_at,
    (stock.status = 'available' OR EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = stock.merchant_id AND own.code = stock.status AND own.until IS NULL AND own.sellable
    )) AND (stock.lot = '' OR coalesce(lot.state = 'open', false)) AS sellable, stock.binned
FROM inventory.stock AS stock
LEFT JOIN LATERAL (
    SELECT one.expires_at, one.state
    FROM inventory.lot AS one
    WHERE stock.lot <> '' AND one.merchant_id = stock.merchant_id AND one.sku_id = stock.sku_id AND one.lot = stock.lot
    LIMIT 1
) AS lot ON true;
