-- Cycle counts: sheets, their lines, what counters entered, and the counts that came of it.

CREATE SCHEMA counting;
-- Sheet numbers: short, never given twice, and taken without a lock.
CREATE SEQUENCE counting.sheet_number AS bigint START 1;
-- What one site is to count. open: lines are to be counted; approval: somebody has to look at the differences.
CREATE TABLE counting.sheet (
    merchant_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    number bigint NOT NULL,
    site_id bigint NOT NULL,
    origin text NOT NULL,
    planned_on date NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    closed_at timestamptz,
    closed_by text,
    outcome text,
    CONSTRAINT sheet_pk PRIMARY KEY (merchant_id, sheet_id),
    CONSTRAINT sheet_number_once UNIQUE (merchant_id, number),
    CONSTRAINT sheet_state_known CHECK (state IN ('open', 'approval', 'applied', 'rejected')),
    CONSTRAINT sheet_origin_known CHECK (origin IN ('plan', 'asked')),
    CONSTRAINT sheet_closed_with_outcome CHECK ((state IN ('applied', 'rejected'))
        = (closed_at IS NOT NULL AND closed_by IS NOT NULL AND outcome IS NOT NULL))
) WITH (fillfactor = 85);
CREATE INDEX sheet_by_site ON counting.sheet (merchant_id, site_id, created_at);
CREATE INDEX sheet_unfinished ON counting.sheet (merchant_id, number) WHERE state IN ('open', 'approval');
-- One stock row to be counted, which may not be there yet (stock_id comes when it is applied). book_quantity: what the row
-- was thought to hold when the sheet was made. round: how often it was asked for. counted, expected, counted_at: the count
-- that stands, and what was thought to be there at its instant; no page shows them while anything is to be counted.
CREATE TABLE counting.line (
    merchant_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    line_no integer NOT NULL,
    site_id bigint NOT NULL,
    sku_id bigint NOT NULL,
    status text NOT NULL,
    lot text NOT NULL,
    grade text NOT NULL,
    why text NOT NULL,
    state text NOT NULL,
    round integer NOT NULL,
    book_quantity bigint NOT NULL,
    cost_minor bigint,
    counted bigint,
    expected bigint,
    counted_at timestamptz,
    stock_id bigint,
    moved bigint,
    CONSTRAINT line_pk PRIMARY KEY (merchant_id, sheet_id, line_no),
    CONSTRAINT line_of_sheet FOREIGN KEY (merchant_id, sheet_id) REFERENCES counting.sheet,
    CONSTRAINT line_once UNIQUE (merchant_id, sheet_id, sku_id, status, lot),
    CONSTRAINT line_state_known CHECK (state IN ('open', 'agreed', 'disputed', 'applied', 'rejected', 'superseded')),
    CONSTRAINT line_grade_known CHECK (grade IN ('A', 'B', 'C')),
    CONSTRAINT line_round_counts CHECK (round >= 1),
    CONSTRAINT line_count_whole CHECK (counted >= 0
        AND (counted IS NULL) = (expected IS NULL) AND (counted IS NULL) = (counted_at IS NULL)),
    CONSTRAINT line_decided_is_counted CHECK (state IN ('open', 'rejected') OR counted IS NOT NULL),
    CONSTRAINT line_applied_to_a_row CHECK ((state = 'applied') = (stock_id IS NOT NULL AND moved IS NOT NULL))
) WITH (fillfactor = 80);
-- A row is on one unfinished sheet at most.
CREATE UNIQUE INDEX line_under_way ON counting.line (merchant_id, site_id, sku_id, status, lot)
    WHERE state IN ('open', 'agreed', 'disputed');
-- When a row was last counted.
CREATE INDEX line_last_count ON counting.line (merchant_id, site_id, sku_id, status, lot, counted_at) WHERE state = 'applied';
-- What counters wrote, append-only: of a line and a round the last one stands, and all are by one person.
CREATE TABLE counting.entry (
    merchant_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    line_no integer NOT NULL,
    round integer NOT NULL,
    sequence integer NOT NULL,
    quantity bigint NOT NULL,
    stated bigint NOT NULL,
    unit text NOT NULL,
    counted_at timestamptz NOT NULL,
    counted_by text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    CONSTRAINT entry_pk PRIMARY KEY (merchant_id, sheet_id, line_no, round, sequence),
    CONSTRAINT entry_of_line FOREIGN KEY (merchant_id, sheet_id, line_no) REFERENCES counting.line,
    CONSTRAINT entry_not_negative CHECK (quantity >= 0 AND stated >= 0)
);
-- The counts of finished rounds: what was entered last, against what was thought to be there at that instant.
CREATE TABLE counting.count (
    merchant_id bigint NOT NULL,
    sheet_id bigint NOT NULL,
    line_no integer NOT NULL,
    round integer NOT NULL,
    quantity bigint NOT NULL,
    expected bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    counted_by text NOT NULL,
    CONSTRAINT count_pk PRIMARY KEY (merchant_id, sheet_id, line_no, round),
    CONSTRAINT count_of_line FOREIGN KEY (merchant_id, sheet_id, line_no) REFERENCES counting.line,
    CONSTRAINT count_not_negative CHECK (quantity >= 0)
);
