-- The platform: merchants, the event log with its head row, cursors of subscribers, parked events, due work.

CREATE SCHEMA platform;

-- Blocks of 1,024 ids; a process takes a block and counts inside it, so that rows know their ids before they are written.
CREATE SEQUENCE platform.id_block AS bigint;

CREATE TABLE platform.merchant (
    merchant_id bigint NOT NULL,
    code text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT merchant_pk PRIMARY KEY (merchant_id),
    CONSTRAINT merchant_code_once UNIQUE (code)
);

-- One row a merchant, updated once per transaction and last: positions are gapless and in commit order.
CREATE TABLE platform.head (
    merchant_id bigint NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT head_pk PRIMARY KEY (merchant_id)
);

CREATE TABLE platform.event (
    merchant_id bigint NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    version smallint NOT NULL DEFAULT 1,
    subject text NOT NULL,
    subject_id bigint NOT NULL,
    owner text NOT NULL,
    actor text NOT NULL,
    cause_id bigint,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT event_pk PRIMARY KEY (merchant_id, position)
);
CREATE INDEX event_by_subject ON platform.event (merchant_id, subject_id, position);

CREATE TABLE platform.cursor (
    merchant_id bigint NOT NULL,
    subscriber text NOT NULL,
    position bigint NOT NULL DEFAULT 0,
    CONSTRAINT cursor_pk PRIMARY KEY (merchant_id, subscriber)
);

CREATE TABLE platform.parked_event (
    merchant_id bigint NOT NULL,
    subscriber text NOT NULL,
    position bigint NOT NULL,
    subject text NOT NULL,
    subject_id bigint NOT NULL,
    error text NOT NULL,
    parked_at timestamptz NOT NULL,
    CONSTRAINT parked_event_pk PRIMARY KEY (merchant_id, subscriber, position)
);
CREATE INDEX parked_event_by_subject ON platform.parked_event (merchant_id, subscriber, subject, subject_id);

-- Expiry, deadlines and resumes: a row says what is to be looked at again, and when.
CREATE TABLE platform.due (
    merchant_id bigint NOT NULL,
    kind text NOT NULL,
    key bigint NOT NULL,
    due_at timestamptz NOT NULL,
    CONSTRAINT due_pk PRIMARY KEY (merchant_id, kind, key)
);
CREATE INDEX due_by_time ON platform.due (merchant_id, kind, due_at);
