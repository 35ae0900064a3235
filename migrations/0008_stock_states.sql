-- Stock in all its states: statuses of the merchant's own, lots and serials with their dates, bins.

-- A status that the merchant adds to the built-in ones, dated: what it means from an instant on, until another meaning or
-- none. Of the built-in ones only `available` is sellable.
CREATE TABLE inventory.status (
    merchant_id bigint NOT NULL,
    code text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz,
    name text NOT NULL,
    sellable boolean NOT NULL,
    CONSTRAINT status_pk PRIMARY KEY (merchant_id, code, since),
    CONSTRAINT status_ends_later CHECK (until >= since),
    CONSTRAINT status_not_built_in CHECK (code NOT IN
        ('available', 'quarantine', 'damaged', 'returns_hold', 'in_transit', 'expired'))
);
CREATE UNIQUE INDEX status_now ON inventory.status (merchant_id, code) WHERE until IS NULL;
-- A batch of a SKU, or one piece of it (a serial number). expires_at is the first instant at which it may not be sold any
-- more: a date that is stated counts through its end, in the merchant's zone; NULL: it does not expire. made_on is the
-- date that the maker states; received_at when the first of it came. `held`: its rows are not sellable, whatever their status.
CREATE TABLE inventory.lot (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    lot text NOT NULL,
    expires_at timestamptz,
    made_on date,
    received_at timestamptz NOT NULL,
    state text NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT lot_pk PRIMARY KEY (merchant_id, sku_id, lot),
    CONSTRAINT lot_has_a_code CHECK (lot <> ''),
    CONSTRAINT lot_state_known CHECK (state IN ('open', 'held'))
);
CREATE INDEX lot_by_code ON inventory.lot (merchant_id, lot);
CREATE INDEX lot_by_expiry ON inventory.lot (merchant_id, expires_at) WHERE expires_at IS NOT NULL;
-- Where the units of a stock row lie inside a site that keeps bins: physical sub-rows, which add up to the row's quantity
-- (bin '': not put away). They are not promised: reservations are on the row.
CREATE TABLE inventory.bin (
    merchant_id bigint NOT NULL,
    stock_id bigint NOT NULL,
    bin text NOT NULL,
    quantity bigint NOT NULL,
    sequence bigint NOT NULL,
    CONSTRAINT bin_pk PRIMARY KEY (merchant_id, stock_id, bin),
    CONSTRAINT bin_not_negative CHECK (quantity >= 0),
    CONSTRAINT bin_of_stock FOREIGN KEY (merchant_id, stock_id) REFERENCES inventory.stock
) WITH (fillfactor = 80);
-- Every change of what lies in a bin, append-only.
CREATE TABLE inventory.bin_move (
    merchant_id bigint NOT NULL,
    stock_id bigint NOT NULL,
    bin text NOT NULL,
    sequence bigint NOT NULL,
    delta bigint NOT NULL,
    quantity_after bigint NOT NULL,
    reason text NOT NULL,
    reference text NOT NULL,
    reference_id bigint NOT NULL,
    actor text NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT bin_move_pk PRIMARY KEY (merchant_id, stock_id, bin, sequence),
    CONSTRAINT bin_move_not_empty CHECK (delta <> 0)
);
-- Stock rows with what their lot and status say of them. Whoever reads it still compares expires_at with an instant.
-- The lot is looked up row by row, and only of rows that have one, whatever the planner knows of the tables.
CREATE VIEW inventory.stock_state AS
SELECT stock.merchant_id, stock.stock_id, stock.sku_id, stock.site_id, stock.status, stock.owner, stock.lot, stock.quantity,
    stock.allocated, stock.discrepancy, stock.sequence, stock.counted_at, lot.expires_at,
    (stock.status = 'available' OR EXISTS (
        SELECT FROM inventory.status AS own
        WHERE own.merchant_id = stock.merchant_id AND own.code = stock.status AND own.until IS NULL AND own.sellable
    )) AND (stock.lot = '' OR coalesce(lot.state = 'open', false)) AS sellable
FROM inventory.stock AS stock
LEFT JOIN LATERAL (
    SELECT one.expires_at, one.state
    FROM inventory.lot AS one
    WHERE stock.lot <> '' AND one.merchant_id = stock.merchant_id AND one.sku_id = stock.sku_id AND one.lot = stock.lot
    LIMIT 1
) AS lot ON true;
