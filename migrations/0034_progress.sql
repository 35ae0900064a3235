-- How far an import is: the rows of its file, and of each message, so that what is worked is known in rows.

ALTER TABLE exchange.message ADD COLUMN rows integer NOT NULL DEFAULT 1;
ALTER TABLE exchange.message ALTER COLUMN rows DROP DEFAULT;
ALTER TABLE exchange.file_import ADD COLUMN rows_total bigint NOT NULL DEFAULT 0;
ALTER TABLE exchange.file_import ALTER COLUMN rows_total DROP DEFAULT;
