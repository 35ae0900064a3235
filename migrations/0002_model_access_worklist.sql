-- Configuration versions; people, tokens, audit; cases.

CREATE SCHEMA model;
CREATE TABLE model.configuration (
    merchant_id bigint NOT NULL,
    version integer NOT NULL,
    base_version integer NOT NULL,
    author text NOT NULL,
    applied_at timestamptz NOT NULL,
    text text NOT NULL,
    sha256 text NOT NULL,
    CONSTRAINT configuration_pk PRIMARY KEY (merchant_id, version)
);

CREATE SCHEMA access;
CREATE TABLE access.person (
    merchant_id bigint NOT NULL,
    person_id bigint NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz,
    CONSTRAINT person_pk PRIMARY KEY (merchant_id, person_id),
    CONSTRAINT person_name_once UNIQUE (merchant_id, name)
);
-- Bearer tokens, browser sessions and one-time sign-in links: only their SHA-256 is stored.
CREATE TABLE access.token (
    merchant_id bigint NOT NULL,
    token_id bigint NOT NULL,
    person_id bigint NOT NULL,
    kind text NOT NULL,
    sha256 bytea NOT NULL,
    label text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT token_pk PRIMARY KEY (merchant_id, token_id),
    CONSTRAINT token_hash_once UNIQUE (merchant_id, sha256),
    CONSTRAINT token_kind_known CHECK (kind IN ('api', 'session', 'link')),
    CONSTRAINT token_of_person FOREIGN KEY (merchant_id, person_id) REFERENCES access.person
);
-- Append-only, each row hashing the one before it.
CREATE TABLE access.audit (
    merchant_id bigint NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    subject_id bigint NOT NULL,
    data jsonb NOT NULL,
    previous_sha256 bytea NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT audit_pk PRIMARY KEY (merchant_id, sequence)
);
-- The end of the audit's chain: the lock under which it grows, and what shows that rows were cut off at its end.
CREATE TABLE access.chain_head (
    merchant_id bigint NOT NULL,
    sequence bigint NOT NULL,
    sha256 bytea NOT NULL,
    CONSTRAINT chain_head_pk PRIMARY KEY (merchant_id)
);

CREATE SCHEMA worklist;
-- Case numbers: short, never given twice, and taken without a lock (a counter row makes openers wait for each other).
CREATE SEQUENCE worklist.case_number AS bigint START 101;
CREATE TABLE worklist.case_file (
    merchant_id bigint NOT NULL,
    case_id bigint NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    cause_key text NOT NULL,
    title text NOT NULL,
    state text NOT NULL,
    role text NOT NULL,
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text,
    outcome text,
    data jsonb NOT NULL,
    CONSTRAINT case_pk PRIMARY KEY (merchant_id, case_id),
    CONSTRAINT case_number_once UNIQUE (merchant_id, number),
    CONSTRAINT case_state_known CHECK (state IN ('open', 'closed')),
    CONSTRAINT case_closed_with_outcome CHECK ((state = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND outcome IS NOT NULL))
);
CREATE UNIQUE INDEX case_open_once ON worklist.case_file (merchant_id, kind, cause_key) WHERE state = 'open';
CREATE INDEX case_by_closing ON worklist.case_file (merchant_id, closed_at, case_id) WHERE state = 'closed';
-- What a case holds up: orders, messages, fulfillments, SKUs; units and money at risk in book currency.
-- It waits until left_at; the row stays as evidence of what the cause held up.
CREATE TABLE worklist.waiter (
    merchant_id bigint NOT NULL,
    case_id bigint NOT NULL,
    subject text NOT NULL,
    subject_id bigint NOT NULL,
    units bigint NOT NULL,
    money_minor bigint NOT NULL,
    due_at timestamptz,
    since timestamptz NOT NULL,
    left_at timestamptz,
    CONSTRAINT waiter_pk PRIMARY KEY (merchant_id, case_id, subject, subject_id),
    CONSTRAINT waiter_of_case FOREIGN KEY (merchant_id, case_id) REFERENCES worklist.case_file
);
CREATE INDEX waiter_by_subject ON worklist.waiter (merchant_id, subject_id);
-- Who waits, or ever waited, for a case, as other rooms read it.
CREATE VIEW worklist.pub_waiter AS
    SELECT merchant_id, case_id, subject, subject_id, units, money_minor, since, left_at FROM worklist.waiter;
-- What a case is about, as other rooms read it.
CREATE VIEW worklist.pub_case AS SELECT merchant_id, case_id, kind, cause_key, state FROM worklist.case_file;
CREATE TABLE worklist.history (
    merchant_id bigint NOT NULL,
    case_id bigint NOT NULL,
    sequence integer NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    data jsonb NOT NULL,
    CONSTRAINT case_history_pk PRIMARY KEY (merchant_id, case_id, sequence),
    CONSTRAINT case_history_of_case FOREIGN KEY (merchant_id, case_id) REFERENCES worklist.case_file
);
