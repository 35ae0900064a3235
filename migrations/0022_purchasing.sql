-- The first reorder trigger: what should be ordered of whom, and why.

CREATE SCHEMA purchasing;
CREATE TABLE purchasing.proposal (
    merchant_id bigint NOT NULL,
    proposal_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    supplier text NOT NULL,
    quantity bigint NOT NULL,
    state text NOT NULL,
    -- A person stated the quantity: it is not computed over.
    is_changed boolean NOT NULL,
    -- Every figure that the quantity rests on, as [{name, value}].
    figures jsonb NOT NULL,
    computed_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text NOT NULL,
    note text NOT NULL,
    -- Of the inbound that it became.
    reference text NOT NULL,
    CONSTRAINT proposal_pk PRIMARY KEY (merchant_id, proposal_id),
    CONSTRAINT proposal_quantity_positive CHECK (quantity > 0),
    CONSTRAINT proposal_state_known CHECK (state IN ('open', 'accepted', 'dismissed', 'superseded'))
);
CREATE UNIQUE INDEX proposal_open_once ON purchasing.proposal (merchant_id, sku_id, site_id) WHERE state = 'open';
-- Deliveries of a SKU, for its lead time.
CREATE INDEX inbound_by_sku ON inventory.inbound (merchant_id, sku_id, confirmed_at);
