-- Holds that their order takes over, and payments under way for carts.

-- order_id: the order that took the hold over, or will as soon as it can reserve; until then the hold does not expire.
ALTER TABLE inventory.hold ADD COLUMN order_id bigint;
ALTER TABLE inventory.hold DROP CONSTRAINT hold_state_known;
ALTER TABLE inventory.hold ADD CONSTRAINT hold_state_known CHECK (state IN ('held', 'released', 'expired', 'superseded'));
ALTER TABLE inventory.hold ADD CONSTRAINT hold_superseded_by_its_order CHECK (state <> 'superseded' OR order_id IS NOT NULL);
CREATE INDEX hold_of_order ON inventory.hold (merchant_id, order_id) WHERE state = 'held' AND order_id IS NOT NULL;
-- A payment of a cart, before there is an order that it could be a tender of.
CREATE TABLE payments.attempt (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    reference text NOT NULL,
    state text NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT attempt_pk PRIMARY KEY (merchant_id, channel_id, reference),
    CONSTRAINT attempt_state_known CHECK (state IN ('pending', 'authorizing', 'authorized', 'failed', 'abandoned'))
);
