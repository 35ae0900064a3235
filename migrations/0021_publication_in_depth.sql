-- Publication in depth: how each listing stands, what waits, how fast it sells, how each channel keeps up, what was right when.

-- How each listing stands: what is true, what was told, what the channel is known to show. One row a listing; since: from
-- when on it stands so. most: packs that could be sold without the buffer; whoever shows more is over-exposed.
CREATE TABLE publication.standing (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    pack_quantity bigint NOT NULL,
    ats bigint NOT NULL,
    shown bigint NOT NULL,
    most bigint NOT NULL,
    listed boolean NOT NULL,
    told bigint,
    told_at timestamptz,
    publication_id bigint,
    acknowledged bigint,
    -- When the acknowledged word was told: an older acknowledgement changes nothing any more.
    word_at timestamptz,
    word_id bigint,
    exposure text NOT NULL,
    since timestamptz NOT NULL,
    CONSTRAINT standing_pk PRIMARY KEY (merchant_id, channel_id, listing),
    CONSTRAINT standing_exposure_known CHECK (exposure IN ('unlisted', 'right', 'wrong', 'over')),
    CONSTRAINT standing_told_whole CHECK ((told IS NULL) = (told_at IS NULL) AND (told IS NULL) = (publication_id IS NULL)),
    CONSTRAINT standing_acknowledged_whole CHECK ((acknowledged IS NULL) = (word_at IS NULL)
        AND (acknowledged IS NULL) = (word_id IS NULL))
) WITH (fillfactor = 60);
CREATE INDEX standing_by_sku ON publication.standing (merchant_id, sku_id);
INSERT INTO publication.standing (merchant_id, channel_id, listing, sku_id, pack_quantity, ats, shown, most, listed, told,
    told_at, publication_id, acknowledged, word_at, word_id, exposure, since)
SELECT merchant_id, channel_id, listing, sku_id, 1, shown, shown, shown, true, shown, told_at, publication_id, shown, told_at,
    publication_id, 'right', told_at
FROM publication.last_told;
DROP TABLE publication.last_told;

-- How listings stood before: one row for each stretch of time, append-only; it ends when truth or the known word changes.
CREATE TABLE publication.exposure (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    from_at timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    sku_id bigint NOT NULL,
    exposure text NOT NULL,
    shown bigint NOT NULL,
    most bigint NOT NULL,
    acknowledged bigint,
    CONSTRAINT exposure_pk PRIMARY KEY (merchant_id, channel_id, listing, from_at),
    CONSTRAINT exposure_lasts CHECK (from_at < until_at),
    CONSTRAINT exposure_known CHECK (exposure IN ('unlisted', 'right', 'wrong', 'over'))
);
CREATE INDEX exposure_by_time ON publication.exposure (merchant_id, channel_id, until_at);

-- What is worth telling and was not told yet; the value is the standing's, so that the newest wins. turn_at: who comes first.
CREATE TABLE publication.pending (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    pace text NOT NULL,
    turn_at timestamptz NOT NULL,
    danger bigint NOT NULL,
    since timestamptz NOT NULL,
    resend boolean NOT NULL,
    CONSTRAINT pending_pk PRIMARY KEY (merchant_id, channel_id, listing),
    CONSTRAINT pending_pace_known CHECK (pace IN ('now', 'normal', 'slow')),
    CONSTRAINT pending_danger_not_negative CHECK (danger >= 0)
);
CREATE INDEX pending_by_turn ON publication.pending (merchant_id, channel_id, pace, turn_at, danger DESC, listing);
CREATE INDEX pending_by_sku ON publication.pending (merchant_id, sku_id);

-- Units accepted, by day (UTC); of kits and packs in units of the SKU that the listing names.
CREATE TABLE publication.sales (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    day date NOT NULL,
    units bigint NOT NULL,
    CONSTRAINT sales_pk PRIMARY KEY (merchant_id, sku_id, channel_id, day),
    CONSTRAINT sales_positive CHECK (units > 0)
);
CREATE INDEX sales_by_day ON publication.sales (merchant_id, day);

-- How fast a SKU sells in a channel, and the units held back there for what the others sell during its lag. No row: slow.
CREATE TABLE publication.velocity (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    velocity text NOT NULL,
    -- Who set it by hand; empty: computed.
    set_by text NOT NULL,
    units bigint NOT NULL,
    elsewhere bigint NOT NULL,
    days bigint NOT NULL,
    buffer bigint NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT velocity_pk PRIMARY KEY (merchant_id, channel_id, sku_id),
    CONSTRAINT velocity_known CHECK (velocity IN ('fast', 'normal', 'slow')),
    CONSTRAINT velocity_not_negative CHECK (units >= 0 AND elsewhere >= 0 AND days > 0 AND buffer >= 0)
);
CREATE INDEX velocity_by_sku ON publication.velocity (merchant_id, sku_id);

-- How a channel keeps up: its state, its rate limit's bucket, its rounds, its lag.
CREATE TABLE publication.channel (
    merchant_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    room bigint NOT NULL,
    filled_at timestamptz NOT NULL,
    normal_at timestamptz,
    slow_at timestamptz,
    -- The last full refresh: what was told before it is not waited for any more.
    refreshed_at timestamptz,
    lag_p50_seconds bigint NOT NULL,
    lag_p95_seconds bigint NOT NULL,
    lag_samples bigint NOT NULL,
    CONSTRAINT channel_pk PRIMARY KEY (merchant_id, channel_id),
    CONSTRAINT channel_state_known CHECK (state IN ('normal', 'behind', 'dark')),
    CONSTRAINT channel_not_negative CHECK (room >= 0 AND lag_p50_seconds >= 0 AND lag_p95_seconds >= 0 AND lag_samples >= 0)
) WITH (fillfactor = 50);
INSERT INTO publication.channel (merchant_id, channel_id, state, reason, since, room, filled_at, normal_at, slow_at,
    refreshed_at, lag_p50_seconds, lag_p95_seconds, lag_samples)
SELECT merchant_id, channel_id, 'normal', '', looked_at, 0, looked_at, looked_at, looked_at, NULL, 0, 0, 0
FROM publication.look;
-- What changed is looked at once, for all channels: which event a channel has seen is asked no more.
DROP TABLE publication.look;
DELETE FROM publication.changed;
INSERT INTO publication.changed (merchant_id, sku_id, position) SELECT merchant_id, 0, 0 FROM platform.merchant;
DROP INDEX publication.changed_by_position;

-- When each publication was at its channel's disposal, and when the channel said that it has it.
ALTER TABLE publication.publication ADD COLUMN sent_at timestamptz, ADD COLUMN acknowledged_at timestamptz,
    ADD COLUMN acknowledged_by text;
UPDATE publication.publication SET sent_at = published_at, acknowledged_at = published_at, acknowledged_by = 'assumed';
CREATE INDEX publication_by_path ON publication.publication (merchant_id, path);
CREATE INDEX publication_not_sent ON publication.publication (merchant_id, publication_id) WHERE sent_at IS NULL;
CREATE INDEX publication_not_acknowledged ON publication.publication (merchant_id, channel_id, published_at)
    WHERE acknowledged_at IS NULL;
CREATE INDEX publication_by_acknowledgement ON publication.publication (merchant_id, channel_id, acknowledged_at);

-- Lines that a channel accepted for more than was true: what it knew, how long it had been told, what could not be allocated.
CREATE TABLE publication.stale_sale (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    line_no bigint NOT NULL,
    channel_id bigint NOT NULL,
    listing text NOT NULL,
    sku_id bigint NOT NULL,
    ordered bigint NOT NULL,
    -- What could be sold when it was placed, and what the channel was known to show; packs.
    most bigint NOT NULL,
    acknowledged bigint,
    -- How long the channel had been told less; NULL: it had not been told.
    lag_seconds bigint,
    placed_at timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL,
    oversold bigint NOT NULL,
    CONSTRAINT stale_sale_pk PRIMARY KEY (merchant_id, order_id, line_no),
    CONSTRAINT stale_sale_is_stale CHECK (ordered > most AND oversold >= 0)
);
CREATE INDEX stale_sale_by_time ON publication.stale_sale (merchant_id, channel_id, placed_at);
CREATE INDEX stale_sale_by_sku ON publication.stale_sale (merchant_id, sku_id, placed_at);
INSERT INTO platform.due (merchant_id, kind, key, due_at)
SELECT channel.merchant_id, work.kind, channel.channel_id, timestamptz 'epoch'
FROM network.channel AS channel
CROSS JOIN (VALUES ('publication.velocity'), ('publication.watch')) AS work (kind)
ON CONFLICT DO NOTHING;
