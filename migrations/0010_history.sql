-- The past, one look-up away: what every figure was as of any instant.

-- When the last entry of a stock row was recorded: the next one is recorded then or later, so that along a row's ledgers
-- time never goes back, whoever waited for its lock. (A transaction's instant is that of its beginning.)
ALTER TABLE inventory.stock ADD COLUMN recorded_at timestamptz;
CREATE TEMPORARY TABLE entry_time ON COMMIT DROP AS
SELECT merchant_id, stock_id, sequence,
    max(recorded_at) OVER (PARTITION BY merchant_id, stock_id ORDER BY sequence) AS recorded_at
FROM (
    SELECT merchant_id, stock_id, sequence, recorded_at FROM inventory.move
    UNION ALL
    SELECT merchant_id, stock_id, sequence, recorded_at FROM inventory.reservation
) AS entry;
UPDATE inventory.move AS move
SET recorded_at = entry_time.recorded_at
FROM entry_time
WHERE entry_time.merchant_id = move.merchant_id AND entry_time.stock_id = move.stock_id
    AND entry_time.sequence = move.sequence AND entry_time.recorded_at > move.recorded_at;
UPDATE inventory.reservation AS reservation
SET recorded_at = entry_time.recorded_at
FROM entry_time
WHERE entry_time.merchant_id = reservation.merchant_id AND entry_time.stock_id = reservation.stock_id
    AND entry_time.sequence = reservation.sequence AND entry_time.recorded_at > reservation.recorded_at;
UPDATE inventory.stock AS stock
SET recorded_at = coalesce((
    SELECT max(entry_time.recorded_at) FROM entry_time
    WHERE entry_time.merchant_id = stock.merchant_id AND entry_time.stock_id = stock.stock_id
), head.recorded_at)
FROM platform.head AS head
WHERE head.merchant_id = stock.merchant_id;
ALTER TABLE inventory.stock ALTER COLUMN recorded_at SET NOT NULL;
-- The last entry of a row by an instant: its balance then. Within one instant the later sequence stands.
CREATE INDEX move_by_record ON inventory.move (merchant_id, stock_id, recorded_at, sequence);
CREATE INDEX reservation_by_record ON inventory.reservation (merchant_id, stock_id, recorded_at, sequence);

-- Append-only: every change of what a demand is short of, with what its channel waits for of the SKU after it. The sequence
-- counts the SKU's entries; whoever writes one holds the SKU's lock.
CREATE TABLE inventory.shortage (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    sequence bigint NOT NULL,
    channel_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no integer NOT NULL,
    delta bigint NOT NULL,
    waiting_after bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT shortage_pk PRIMARY KEY (merchant_id, sku_id, sequence),
    CONSTRAINT shortage_not_empty CHECK (delta <> 0),
    CONSTRAINT shortage_waiting_not_negative CHECK (waiting_after >= 0)
);
CREATE INDEX shortage_by_record ON inventory.shortage (merchant_id, sku_id, channel_id, recorded_at, sequence);
-- What waits already has no history: it stands as of the last event that was recorded.
INSERT INTO inventory.shortage (merchant_id, sku_id, sequence, channel_id, order_id, line_no, delta, waiting_after,
    recorded_at)
SELECT demand.merchant_id, demand.sku_id,
    row_number() OVER (PARTITION BY demand.merchant_id, demand.sku_id ORDER BY demand.placed_at, demand.order_id, demand.line_no),
    demand.channel_id, demand.order_id, demand.line_no, demand.short,
    sum(demand.short) OVER (PARTITION BY demand.merchant_id, demand.sku_id, demand.channel_id
        ORDER BY demand.placed_at, demand.order_id, demand.line_no),
    head.recorded_at
FROM inventory.demand AS demand
JOIN platform.head AS head ON head.merchant_id = demand.merchant_id
WHERE demand.short > 0;

-- What was told when: its publication's instant, beside the word itself, so that the last word by an instant is one look-up.
ALTER TABLE publication.told ADD COLUMN told_at timestamptz;
UPDATE publication.told AS told
SET told_at = made.published_at
FROM publication.publication AS made
WHERE made.merchant_id = told.merchant_id AND made.publication_id = told.publication_id;
ALTER TABLE publication.told ALTER COLUMN told_at SET NOT NULL;
CREATE INDEX told_by_sku ON publication.told (merchant_id, sku_id, channel_id, listing, told_at);
