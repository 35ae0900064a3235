-- What was picked out of bins for requests, by request: it leaves from where it lies, and nobody else is sent to it.
CREATE INDEX bin_move_of_fetching ON inventory.bin_move (merchant_id, reference_id)
    WHERE bin = 'picked' AND reference = 'fulfillment';
