-- What the operating model gives to one role alone: read with whoever asks to come in.

CREATE TABLE access.override (
    merchant_id bigint NOT NULL,
    permission text NOT NULL,
    role text NOT NULL,
    version integer NOT NULL,
    CONSTRAINT override_pk PRIMARY KEY (merchant_id, permission)
);
