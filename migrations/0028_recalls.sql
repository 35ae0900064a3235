-- Which lots each recall holds: its own (root) and those that units of it went into; open while ended_at is NULL. A lot is
-- held for as long as one recall holds it.
CREATE TABLE inventory.recall_lot (
    merchant_id bigint NOT NULL,
    entry_id bigint NOT NULL,
    root_sku_id bigint NOT NULL,
    root_lot text NOT NULL,
    sku_id bigint NOT NULL,
    lot text NOT NULL,
    note text NOT NULL,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    end_note text,
    CONSTRAINT recall_lot_pk PRIMARY KEY (merchant_id, sku_id, lot, root_sku_id, root_lot, entry_id),
    CONSTRAINT recall_lot_names_lots CHECK (root_lot <> '' AND lot <> ''),
    CONSTRAINT recall_lot_ends_whole CHECK (
        (ended_at IS NULL AND ended_by IS NULL AND end_note IS NULL)
        OR (ended_at >= recorded_at AND ended_by IS NOT NULL AND end_note IS NOT NULL)
    )
);
CREATE UNIQUE INDEX recall_lot_once_open ON inventory.recall_lot (merchant_id, root_sku_id, root_lot, sku_id, lot)
    WHERE ended_at IS NULL;
-- What was held before is a recall of itself.
INSERT INTO inventory.recall_lot (merchant_id, entry_id, root_sku_id, root_lot, sku_id, lot, note, actor, recorded_at)
    SELECT merchant_id, 0, sku_id, lot, sku_id, lot, '', '', recorded_at
    FROM inventory.lot
    WHERE state = 'held' AND lot <> '';
-- From a lot to the assemblies that it went into or came out of.
CREATE INDEX assembly_line_by_lot ON inventory.assembly_line (merchant_id, sku_id, lot) WHERE lot <> '';
