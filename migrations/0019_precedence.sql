-- Why orders rank as they do: frozen when they were captured.

CREATE TABLE ordering.precedence (
    merchant_id bigint NOT NULL,
    order_id bigint NOT NULL,
    rank integer NOT NULL,
    rule text NOT NULL,
    reasons text[] NOT NULL,
    takes boolean NOT NULL,
    gives boolean NOT NULL,
    protect_hours integer NOT NULL,
    CONSTRAINT precedence_pk PRIMARY KEY (merchant_id, order_id),
    CONSTRAINT precedence_hours_not_negative CHECK (protect_hours >= 0)
);
