-- Steps of a transfer come in any order: what arrived before its source said that it left is ahead of that word, what left
-- after it was cancelled is not cancelled any more, and that nothing more will arrive is remembered.

ALTER TABLE inventory.transfer ADD COLUMN closed_at timestamptz;
ALTER TABLE inventory.transfer_line ADD COLUMN ahead bigint NOT NULL DEFAULT 0;
ALTER TABLE inventory.transfer_line ALTER COLUMN ahead DROP DEFAULT;
ALTER TABLE inventory.transfer_line ADD CONSTRAINT transfer_line_ahead_left CHECK (ahead >= 0 AND ahead <= shipped);
ALTER TABLE inventory.transfer_change DROP CONSTRAINT transfer_change_kind_known;
ALTER TABLE inventory.transfer_change ADD CONSTRAINT transfer_change_kind_known CHECK (kind IN
    ('ordered', 'shipped', 'cancelled', 'arrived', 'damaged', 'lost', 'claimed', 'returned', 'ahead', 'told',
    'uncancelled'));
