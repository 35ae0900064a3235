-- Rules of what channels are offered, dated; what channels used of quotas and shares; safety stock by days of cover.

-- One rule: for a channel (0: every one, of safety stock), of a SKU, a category or everything (0 and ''), at a site, a group
-- of sites or the whole network, in a window or always. quantity: units, of a share percent; mode: level or quota of what
-- is set aside, days of safety stock (then quantity is the least). A rule is never overwritten: another version of it has
-- its own row, and replaced_at says until when this one was meant. scope is what both versions speak of.
CREATE TABLE inventory.rule (
    merchant_id bigint NOT NULL,
    rule_id bigint NOT NULL,
    scope text NOT NULL,
    kind text NOT NULL,
    channel_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    category text NOT NULL,
    site_id bigint NOT NULL,
    site_group text NOT NULL,
    mode text NOT NULL,
    quantity bigint NOT NULL,
    days integer NOT NULL,
    over_days integer NOT NULL,
    starts_at timestamptz,
    ends_at timestamptz,
    counts_from timestamptz,
    by_person boolean NOT NULL,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    CONSTRAINT rule_pk PRIMARY KEY (merchant_id, rule_id),
    CONSTRAINT rule_kind_known CHECK (kind IN ('set_aside', 'share', 'cap', 'floor', 'exclusive', 'safety_stock')),
    CONSTRAINT rule_mode_known CHECK (mode IN ('', 'level', 'quota', 'days')),
    CONSTRAINT rule_quantity_not_negative CHECK (quantity >= 0 AND days >= 0 AND over_days >= 0),
    CONSTRAINT rule_ends_later CHECK (ends_at > starts_at),
    CONSTRAINT rule_counts CHECK ((counts_from IS NOT NULL) = (kind = 'share' OR mode = 'quota'))
);
CREATE UNIQUE INDEX rule_now ON inventory.rule (merchant_id, scope, by_person) WHERE replaced_at IS NULL;
CREATE INDEX rule_by_sku ON inventory.rule (merchant_id, sku_id, recorded_at);
CREATE INDEX rule_that_counts ON inventory.rule (merchant_id, sku_id) WHERE replaced_at IS NULL AND counts_from IS NOT NULL;
-- How often rules were changed: a change is made on the version that it was based on, or refused.
CREATE TABLE inventory.rule_head (
    merchant_id bigint NOT NULL,
    version bigint NOT NULL,
    actor text NOT NULL,
    changed_at timestamptz NOT NULL,
    CONSTRAINT rule_head_pk PRIMARY KEY (merchant_id)
);
-- What a channel's orders and holds, placed since an instant, have of a SKU: used (allocated or shipped), and accepted (what
-- still waits included). A projection of demand, kept for SKUs under a quota or a share.
CREATE TABLE inventory.usage (
    merchant_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    channel_id bigint NOT NULL,
    since timestamptz NOT NULL,
    used bigint NOT NULL,
    accepted bigint NOT NULL,
    CONSTRAINT usage_pk PRIMARY KEY (merchant_id, sku_id, channel_id, since)
) WITH (fillfactor = 70);
-- What a rule of days of cover came to at a SKU x site by the demand that was measured; dated.
CREATE TABLE inventory.cover (
    merchant_id bigint NOT NULL,
    rule_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    site_id bigint NOT NULL,
    quantity bigint NOT NULL,
    shipped bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz,
    CONSTRAINT cover_pk PRIMARY KEY (merchant_id, sku_id, site_id, rule_id, recorded_at),
    CONSTRAINT cover_of_rule FOREIGN KEY (merchant_id, rule_id) REFERENCES inventory.rule,
    CONSTRAINT cover_not_negative CHECK (quantity >= 0 AND shipped >= 0)
);
CREATE INDEX cover_of ON inventory.cover (merchant_id, rule_id);

-- What stood there as two tables is rules from now on: the same scope that the configuration gives them when it is applied.
INSERT INTO inventory.rule (merchant_id, rule_id, scope, kind, channel_id, sku_id, category, site_id, site_group, mode, quantity,
    days, over_days, by_person, actor, recorded_at)
SELECT one.merchant_id, nextval('platform.id_block') * 1024,
    concat_ws('/', one.kind, coalesce(channel.code, ''), 'sku:' || sku.code,
        CASE WHEN site.code IS NULL THEN '' ELSE 'site:' || site.code END, '', ''),
    one.kind, one.channel_id, one.sku_id, '', one.site_id, '', one.mode, one.quantity, 0, 0, false, 'system',
    one.recorded_at
FROM (
    SELECT merchant_id, 'safety_stock' AS kind, 0::bigint AS channel_id, sku_id, site_id, '' AS mode, quantity,
        '1970-01-01T00:00:00Z'::timestamptz AS recorded_at
    FROM inventory.safety_stock
    UNION ALL
    SELECT merchant_id, 'set_aside', channel_id, sku_id, 0, 'level', quantity,
        '1970-01-01T00:00:00Z'
    FROM inventory.set_aside
) AS one
JOIN catalog.sku AS sku ON sku.merchant_id = one.merchant_id AND sku.sku_id = one.sku_id
LEFT JOIN network.site AS site ON site.merchant_id = one.merchant_id AND site.site_id = one.site_id
LEFT JOIN network.channel AS channel ON channel.merchant_id = one.merchant_id AND channel.channel_id = one.channel_id;
DROP TABLE inventory.safety_stock;
DROP TABLE inventory.set_aside;
