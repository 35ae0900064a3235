-- Customs duties that customers pay with an order: on top of goods, shipping and tax, owed to the customs.

ALTER TABLE ordering.order_header ADD COLUMN duties_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE ordering.order_header ALTER COLUMN duties_minor DROP DEFAULT;
ALTER TABLE ordering.line ADD COLUMN duties_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE ordering.line ALTER COLUMN duties_minor DROP DEFAULT;
